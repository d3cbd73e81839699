"""Who is who: users.*, usergroups.*, team, bots, dnd, auth."""

from __future__ import annotations

from typing import Any

from bot.playground.slack import people
from bot.playground.slack.errors import Refused
from bot.playground.slack.methods.call import Answer, Call, Method, page_of
from bot.playground.slack.workspace import Quiet


def api_test(call: Call) -> Answer:
    """api.test gives back what it was given."""
    if error := call.text("error"):
        raise Refused(error)
    return {"args": {name: value for name, value in call.args.items() if name != "token"}}


def auth_test(call: Call) -> Answer:
    """auth.test: who the token is."""
    return {
        "url": call.workspace.base_url + "/",
        "team": "Local",
        "user": "mlbot",
        "team_id": call.workspace.team,
        "user_id": people.BOT_USER,
        "bot_id": people.BOT,
        "is_enterprise_install": False,
    }


def user_info(call: Call) -> Answer:
    """users.info."""
    told = call.workspace.user(call.need("user", "user_not_found")).as_slack(call.workspace.clock)
    if not call.flag("include_locale"):
        told.pop("locale")
    return {"user": told}


def user_list(call: Call) -> Answer:
    """users.list."""
    found = [user.as_slack(call.workspace.clock) for user in call.workspace.users.values()]
    return page_of(found, call, "members", 1000)


def user_by_email(call: Call) -> Answer:
    """users.lookupByEmail."""
    for user in call.workspace.users.values():
        if user.profile()["email"] == call.text("email") and not user.deleted:
            return {"user": user.as_slack(call.workspace.clock)}
    raise Refused("users_not_found")


def user_conversations(call: Call) -> Answer:
    """users.conversations."""
    user = call.text("user", people.BOT_USER)
    channels = call.workspace.conversations.channels.values()
    return page_of([c.as_slack() for c in channels if user in c.members], call, "channels", 999)


def profile(call: Call) -> Answer:
    """users.profile.get."""
    return {"profile": call.workspace.user(call.text("user", people.BOT_USER)).profile()}


def groups(call: Call) -> Answer:
    """usergroups.list."""
    shown = call.flag("include_users")
    return {"usergroups": [_group(group, shown, call.workspace.team) for group in call.workspace.groups.values()]}


def _group(group: dict[str, Any], with_users: bool, team: str) -> Answer:
    users = {"users": group["users"]} if with_users else {}
    told = {name: group[name] for name in ("id", "handle", "name")}
    return {**told, "team_id": team, "is_usergroup": True, "user_count": len(group["users"]), **users}


def group_users(call: Call) -> Answer:
    """usergroups.users.list."""
    group = call.workspace.groups.get(call.text("usergroup"))
    if group is None:
        raise Refused("no_such_subteam")
    return {"users": list(group["users"])}


def dnd(call: Call) -> Answer:
    """dnd.info."""
    user = call.workspace.user(call.text("user", people.BOT_USER))
    quiet = call.workspace.quiet.get(user.id, Quiet())
    return {
        "dnd_enabled": quiet.enabled,
        "next_dnd_start_ts": quiet.starts,
        "next_dnd_end_ts": quiet.ends,
        "snooze_enabled": quiet.snoozed,
    }


def team(call: Call) -> Answer:
    """team.info."""
    names = {"name": "Local", "domain": people.TEAM_DOMAIN, "email_domain": "", "icon": {}}
    return {"team": {"id": call.workspace.team, **names}}


def bot(call: Call) -> Answer:
    """bots.info."""
    if call.text("bot", people.BOT) != people.BOT:
        raise Refused("bot_not_found")
    told = {"id": people.BOT, "deleted": False, "name": "mlbot", "app_id": people.APP, "user_id": people.BOT_USER}
    return {"bot": told}


METHODS = {
    "api.test": Method(run=api_test, token="none", tier=4),
    "auth.test": Method(run=auth_test, tier=0),
    "users.info": Method(run=user_info, scope="users:read", tier=4, form_only=True),
    "users.list": Method(run=user_list, scope="users:read", tier=2, form_only=True),
    "users.lookupByEmail": Method(run=user_by_email, scope="users:read.email", form_only=True),
    "users.conversations": Method(run=user_conversations, scope="channels:read|im:read", form_only=True),
    "users.profile.get": Method(run=profile, scope="users.profile:read", tier=4, form_only=True),
    "usergroups.list": Method(run=groups, scope="usergroups:read", tier=2, form_only=True),
    "usergroups.users.list": Method(run=group_users, scope="usergroups:read", tier=2, form_only=True),
    "dnd.info": Method(run=dnd, scope="dnd:read", form_only=True),
    "team.info": Method(run=team, scope="team:read", form_only=True),
    "bots.info": Method(run=bot, scope="users:read", form_only=True),
}
