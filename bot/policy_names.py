"""What a policy names and a type cannot know: Slack's ids by their letters, regions and families by the catalog."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from data import Catalog

USER, GROUP, CHANNEL = r"[UW][A-Z0-9]+", r"S[A-Z0-9]+", r"[CG][A-Z0-9]+"
IDS: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (("approvals", "channel"), CHANNEL, "a channel's id (in its details, at the bottom)", "C0123456789"),
    (("reminders", "channel"), CHANNEL, "a channel's id (in its details, at the bottom)", "C0123456789"),
    (("approvals", "approvers"), f"{USER}|{GROUP}", "a Slack user's or user group's id", "U0123456789"),
    (("approvals", "groups"), GROUP, "a Slack user group's id", "S0123456789"),
    (("approvals", "denied"), USER, "a Slack user's id (in the profile, under the three dots)", "U0123456789"),
    (("approvals", "break_glass"), USER, "a Slack user's id (in the profile, under the three dots)", "U0123456789"),
    (("reminders", "leads"), USER, "a Slack user's id (in the profile, under the three dots)", "U0123456789"),
    (("access", "operators"), USER, "a Slack user's id (in the profile, under the three dots)", "U0123456789"),
)


class Problem(NamedTuple):
    """A value that nothing answers to, and one that something does."""

    place: tuple[str, ...]
    why: str
    example: str


def problems(raw: dict[str, Any], catalog: Catalog) -> Iterator[Problem]:
    """Every name that means nothing; what has the wrong type is the models' to refuse."""
    for place, pattern, what, example in IDS:
        values, many = _texts(raw, place)
        for value in values:
            if value and not re.fullmatch(pattern, value):
                shown = f'{place[-1]} = ["{example}"]' if many else f'{place[-1]} = "{example}"'
                yield Problem(place, f"{value!r} is no id; it must be {what}", shown)
    yield from _budgets(raw)
    families = sorted({one.family for one in catalog.instances.values()})
    yield from _known(raw, ("limits", "regions"), catalog.regions, "region")
    yield from _known(raw, ("limits", "families"), families, "instance family")
    yield from _known(raw, ("limits", "denied_families"), families, "instance family")


def _budgets(raw: dict[str, Any]) -> Iterator[Problem]:
    budgets = raw.get("budgets")
    if not isinstance(budgets, dict):
        return
    people, teams = budgets.get("people"), budgets.get("teams")
    for user in people if isinstance(people, dict) else ():
        if not re.fullmatch(USER, user):
            why = f"{user!r} is no id; it must be a Slack user's id"
            yield Problem(("budgets", "people", user), why, 'people = {"U0123456789" = 5000}')
    for name in teams if isinstance(teams, dict) else ():
        place = ("budgets", "teams", name, "members")
        for user in _texts(raw, place)[0]:
            if not re.fullmatch(USER, user):
                yield Problem(place, f"{user!r} is no id; it must be a Slack user's id", 'members = ["U0123456789"]')


def _known(raw: dict[str, Any], place: tuple[str, ...], known: Sequence[str], what: str) -> Iterator[Problem]:
    for value in _texts(raw, place)[0]:
        if value not in known:
            near = next(iter(difflib.get_close_matches(value, known, n=1, cutoff=0.5)), "")
            hint = f"; did you mean {near}?" if near else ""
            yield Problem(
                place, f"the catalog knows no {what} {value!r}{hint}", f'{place[-1]} = ["{near or known[0]}"]'
            )


def _texts(raw: dict[str, Any], place: tuple[str, ...]) -> tuple[list[str], bool]:
    """The texts at a place, and whether they stand in a list."""
    found: Any = raw
    for part in place:
        found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, str):
        return [found], False
    return ([one for one in found if isinstance(one, str)], True) if isinstance(found, list) else ([], False)
