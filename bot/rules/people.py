"""Who somebody is, as Slack told it last, and what mlbot lets strangers do: nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack user; *team* is the workspace they belong to."""

    id: str
    name: str = ""
    team: str = ""
    tz: str = "UTC"  # IANA zone name
    locale: str = "en-US"
    is_bot: bool = False
    deleted: bool = False
    guest: bool = False


def may_act(person: Person, *, team: str) -> str | None:
    """Why *person* may press nothing here, or None; *team* is the workspace of the bot, empty when unknown."""
    if person.deleted:
        return "This Slack account is deactivated."
    if person.is_bot:
        return "Bots may not press buttons here."
    if person.guest:
        return "Guests may not do this; ask a member of the team."
    if team and person.team and person.team != team:
        return "People from other workspaces may not do this."
    return None
