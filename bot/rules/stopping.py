"""Who may work on a machine, by the policy's [stop]; pure, time is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.rules.launch_text import hours, person
from bot.rules.policy_stop import Stopping

OPEN = ("stop", "stop_idle")  # what may be opened to everybody: a stop can be taken back
PARK, HOURS = "save or park", "set the hours of"  # no verbs of AWS, but what people do
CLAIMED = (*OPEN, "start", "start_idle", "change_gp3", PARK, HOURS)  # what a claim allows: nothing that is final


def may_work(
    user: str, verb: str, *, owner: str | None, approver: bool, until: datetime | None, rules: Stopping, now: datetime
) -> bool:
    """Whether *user* may do *verb* to something of *owner*'s whose planned end is *until*."""
    if not user:
        return False
    if (approver and rules.approvers) or (rules.owner and user == owner):
        return True
    return verb in OPEN and (rules.team or _over(until, rules, now))


def owner_for(verb: str, tagged: str | None, claimant: str, rules: Stopping) -> str | None:
    """Who counts as the owner for *verb*: who claimed it as nobody's, where a claim is enough, else who is *tagged*."""
    return claimant if claimant and rules.claims and verb in CLAIMED else tagged


def who_may(verb: str, owner: str | None, rules: Stopping) -> str:
    """The words of a refusal: who may instead."""
    word = verb.removesuffix("_idle").replace("_", " ")
    named = [f"its owner {person(owner)}"] if rules.owner and owner else []
    named += ["an approver"] if rules.approvers else []
    later = ""
    if verb in OPEN and rules.anyone_after_hours is not None:
        later = f" {hours(rules.anyone_after_hours)} after its planned end everybody may."
    if rules.owner and not owner:
        rest = f"so only {named[0]} may {word} it" if named else f"so nobody may {word} it"
        return f"Nobody is named as its owner (tag mlbot:owner), {rest}.{later}"
    return f"Only {' or '.join(named) or 'nobody'} may {word} it.{later}"


def _over(until: datetime | None, rules: Stopping, now: datetime) -> bool:
    if until is None or rules.anyone_after_hours is None:
        return False
    return now >= until + timedelta(hours=rules.anyone_after_hours)
