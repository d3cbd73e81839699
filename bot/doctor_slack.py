"""The doctor at Slack's door: token, scopes, socket, clock, and the channels and people that the policy names."""

from __future__ import annotations

from bot.doctor import Line, Lines, bad, by_slack, good, skew, unknown
from bot.parts import Parts
from bot.rules.errors import SlackError
from bot.rules.people import may_act
from bot.slack_scopes import SCOPES

NEW_APP = "Take the Bot User OAuth Token (xoxb-...) of the app that is installed in your workspace."
REINSTALL = "Add them under OAuth & Permissions of the app (manifest.json has all) and install it again."
INVITE = "Write /invite @mlbot in that channel."


def examine(parts: Parts) -> Lines:
    """Everything about Slack; without a token that works, nothing more is asked."""
    if not parts.settings.slack_bot_token.get_secret_value():
        yield unknown("Slack", "There is no token to ask with.")
        return
    try:
        told = parts.slack.whoami()
        scopes, date = parts.slack.granted()
    except SlackError as error:
        yield by_slack("Slack token", error, NEW_APP)
        return
    yield good("Slack token", f"It is {told.get('user')} in {told.get('team')} ({told.get('team_id')}).")
    yield _scopes(scopes)
    yield skew("Slack's clock", date, parts.clock.now())
    if app_token := parts.settings.slack_app_token.get_secret_value():
        yield _socket(parts, app_token)
    policy = parts.policy()
    for name, channel in (("requests", policy.approvals.channel), ("reminders", policy.reminders.channel)):
        if channel:
            yield _channel(parts, name, channel)
    yield from _approvers(parts, str(told.get("team_id") or ""))


def _scopes(granted: frozenset[str] | None) -> Line:
    if granted is None:
        return unknown("Slack scopes", "Slack does not say which scopes the token has.")
    missing = sorted(SCOPES - granted)
    if missing:
        return bad("Slack scopes", f"Missing: {', '.join(missing)}.", REINSTALL)
    return good("Slack scopes", f"All {len(SCOPES)} are there.")


def _socket(parts: Parts, app_token: str) -> Line:
    try:
        parts.slack.socket_works(app_token)
    except SlackError as error:
        mend = "Make an app-level token (xapp-...) with connections:write and turn Socket Mode on."
        return by_slack("Slack socket", error, mend)
    return good("Slack socket", "Slack opens one for the app-level token.")


def _channel(parts: Parts, name: str, channel: str) -> Line:
    what = f"channel for {name}"
    try:
        found = parts.slack.channel(channel)
    except SlackError as error:
        if error.code == "missing_scope":
            mend = f"{INVITE} With the scopes channels:read and groups:read this can be looked at."
            return unknown(what, f"The token may not look at {channel}.", mend)
        return by_slack(what, error, f"Name the id of a channel (it begins with C), not {channel}. {INVITE}")
    if found.get("is_archived"):
        return bad(what, f"#{found.get('name')} is archived.", "Name another channel in the policy file.")
    if not found.get("is_member"):
        return bad(what, f"mlbot is not in #{found.get('name')}.", INVITE)
    return good(what, f"mlbot is in #{found.get('name')}.")


def _approvers(parts: Parts, team: str) -> Lines:
    approvals = parts.policy().approvals
    lines = [line for user in approvals.approvers if (line := _person(parts, user, team))]
    lines += [line for group in approvals.groups if (line := _group(parts, group))]
    yield from lines
    if not lines and (approvals.approvers or approvals.groups):
        yield good(
            "approvers", f"{len(approvals.approvers)} people and {len(approvals.groups)} groups, all known to Slack."
        )


def _person(parts: Parts, user: str, team: str) -> Line | None:
    """What is the matter with an approver, if anything is."""
    mend = f"Take {user} out of [approvals] approvers, or name the right id."
    try:
        why = may_act(parts.slack.person(user), team=team)
    except SlackError as error:
        return by_slack(f"approver {user}", error, mend)
    return bad(f"approver {user}", why, mend) if why else None


def _group(parts: Parts, group: str) -> Line | None:
    try:
        members = parts.slack.group_members(group)
    except SlackError as error:
        return by_slack(f"group {group}", error, f"Take {group} out of [approvals] groups, or name the right id.")
    return None if members else bad(f"group {group}", "Nobody is in it.", "Add people to the user group in Slack.")
