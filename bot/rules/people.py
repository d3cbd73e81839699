"""Who somebody is, as Slack told it last, and what mlbot lets strangers do: nothing, unless the policy says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.rules.policy_access import Access


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack user; *team* is the workspace they belong to, *teams* are those of their organisation with them in it."""

    id: str
    name: str = ""
    team: str = ""
    tz: str = "UTC"  # IANA zone name
    locale: str = "en-US"
    is_bot: bool = False
    deleted: bool = False
    guest: bool = False
    stranger: bool = False  # met in a channel that is shared through Slack Connect
    teams: tuple[str, ...] = ()


def admitted(person: Person, access: Access) -> Person:
    """*person* as the policy takes them: whom it lets in is a guest, a bot or a stranger no more."""
    if person.team in access.workspaces:
        person = replace(person, team="", stranger=False)
    return replace(person, guest=person.guest and not access.guests, is_bot=person.is_bot and not access.bots)


def may_act(person: Person, *, team: str) -> str | None:
    """Why *person* may press nothing here, or None; *team* is the workspace of the bot, empty when unknown."""
    if person.deleted:
        return "This Slack account is deactivated."
    if person.is_bot:
        return "Bots may not press buttons here."
    if person.stranger or (team and person.team and team not in (person.team, *person.teams)):
        return "People from other workspaces, as met in channels shared through Slack Connect, may not do this."
    if person.guest:
        return "Guests may not do this; ask a member of the team."
    return None
