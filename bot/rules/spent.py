"""What a thing cost from one look at it to the next: what is certain, and what may have passed unseen; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from bot.rules.idle_facts import Resource
from bot.rules.idle_finding import Finding, Outcome
from bot.rules.instances import rate_when_running

LONGEST = timedelta(days=31)  # what passed before that, while nobody looked, is in no sum
HOUR = timedelta(hours=1)
ENDS = ("terminated", "deleted", "parked")  # answers after which nothing bills


@dataclass(frozen=True, slots=True)
class Billed:
    """How far the spending of one thing is counted, and what it billed then; None where the price is not known."""

    until: datetime
    usd_per_hour: float | None
    at_work: bool = False
    owner: str = ""  # Slack id; empty: nobody's


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which one rate held: USD per hour that are certain, and those that may have come on top."""

    begin: datetime
    end: datetime
    usd_per_hour: float
    unseen: float = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """USD of one thing on one day: idle is part of usd, kept is part of idle; *unseen* may have come on top of usd."""

    usd: float
    idle: float
    kept: float
    unseen: float


def rate(found: Resource) -> float | None:
    """USD per hour to count; what is counted with something else adds nothing."""
    return 0.0 if found.details.get("counted_with") else found.usd_per_hour


def stretches(before: Billed | None, found: Finding, since: datetime) -> list[Stretch]:
    """
    What is known of the time until *found* was seen.

    It begins where the counting stopped, or for something new at *since*, the scan before. The state at both ends
    holds in between unless AWS says since when it is what it is; a restart leaves open how long it rested.
    """
    one, now = found.resource, found.at
    begin = max(before.until if before else since, now - LONGEST)
    turned = one.since or one.created
    if before is None:
        return _newcomer(found, begin)
    if turned is None or not begin < turned <= now:
        return _steady(begin, now, before.usd_per_hour, rate(one))
    return _steady(begin, turned, *_until_it_turned(before, found)) + _steady(turned, now, rate(one), rate(one))


def _newcomer(found: Finding, begin: datetime) -> list[Stretch]:
    one = found.resource
    born, turned = one.created or one.since, one.since or one.created
    if born is None or turned is None:
        return []
    at_first = _steady(max(begin, born), turned, one.usd_per_hour_stopped, rate_when_running(one))
    return at_first + _steady(max(begin, turned), found.at, rate(one), rate(one))


def _until_it_turned(before: Billed, found: Finding) -> tuple[float | None, float | None]:
    """The rates between which it billed until it became what it is now."""
    if before.at_work and found.at_work:
        return found.resource.usd_per_hour_stopped or 0.0, before.usd_per_hour
    if before.at_work or found.at_work:
        return before.usd_per_hour, before.usd_per_hour
    return before.usd_per_hour, rate_when_running(found.resource) or before.usd_per_hour


def after_it_went(before: Billed, answer: Outcome | None, now: datetime) -> list[Stretch]:
    """What is known of something that is gone: when, only where somebody ended it through mlbot."""
    begin, usd = max(before.until, now - LONGEST), before.usd_per_hour
    if answer and answer.what in ENDS and before.until <= answer.at <= now:
        return _steady(begin, answer.at, usd, usd)
    return _steady(begin, now, 0.0, usd)


def _steady(begin: datetime, end: datetime, one: float | None, other: float | None) -> list[Stretch]:
    """The lesser of two rates is certain, the difference may have passed; nothing is said without a price."""
    if begin >= end or one is None or other is None:
        return []
    return [Stretch(begin, end, min(one, other), abs(one - other))]


def by_day(stretch: Stretch, found: Finding | None = None) -> Iterator[tuple[date, Share]]:
    """*stretch* cut at midnight UTC; *found* says which part of it was idle or kept on purpose."""
    begin = stretch.begin.astimezone(UTC)
    while begin < stretch.end:
        end = min(datetime.combine(begin.date() + timedelta(days=1), time(), UTC), stretch.end)
        usd, idle = _usd(stretch, begin, end), 0.0
        held = found is not None and found.hold is not None and found.hold.stands(found.at)
        if held:
            idle = usd
        elif found is not None and found.verdict.level == "idle":
            idle = _usd(stretch, max(begin, found.verdict.since or begin), end)
        yield begin.date(), Share(usd, idle, usd if held else 0.0, _usd(_unseen(stretch), begin, end))
        begin = end


def _unseen(stretch: Stretch) -> Stretch:
    return replace(stretch, usd_per_hour=stretch.unseen)


def _usd(stretch: Stretch, begin: datetime, end: datetime) -> float:
    return stretch.usd_per_hour * max((end - begin) / HOUR, 0.0)


def now_billed(found: Finding, before: Billed | None) -> Billed:
    """How far it is counted after *found*; a look into the past takes nothing back."""
    if before is not None and before.until >= found.at:
        return before
    return Billed(found.at, rate(found.resource), found.at_work, found.owner or "")
