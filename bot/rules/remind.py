"""Who is told what on which morning: one message for each person and local day; pure, time is an argument."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.rules.idle_finding import Finding
from bot.rules.policy_idle import Idle, Reminders

WEEK = timedelta(days=7)
WORTH_A_CHANGE = 1.0  # USD a month that gp3 must save to be spoken of
YOUNG = timedelta(days=1)  # what is unknown for less is not worth a word


@dataclass(frozen=True, slots=True)
class Told:
    """When somebody was last told of a resource."""

    day: date  # theirs
    marks: int = 0  # how many of the days 1, 3, 7, 14 ... had come by then
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads one morning message, and which of their days it is."""

    to: str  # Slack user id, or channel id
    owner: str | None  # None: a channel
    day: date
    where: ZoneInfo
    unknown_told: date | None = None  # the last of their days whose message named something unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One morning message, ranked by money."""

    to: str  # Slack user id, or channel id
    day: date
    owner: str | None = None  # None: for a channel, with Claim
    items: tuple[Finding, ...] = ()
    small: tuple[Finding, ...] = ()  # below small_usd_per_day each: one line for all
    unknown: tuple[Finding, ...] = ()
    cheaper: tuple[Finding, ...] = ()  # in use, and it would cost less as gp3; most saved first
    escalated: frozenset[str] = frozenset()  # refs that somebody else was told of and did not answer

    @property
    def everything(self) -> tuple[Finding, ...]:
        """All that it names."""
        return (*self.items, *self.small, *self.unknown, *self.cheaper)

    @property
    def usd_since(self) -> float:
        """USD spent on all of it while idle, where known."""
        return sum(found.usd_since or 0 for found in (*self.items, *self.small))

    @property
    def usd_per_month(self) -> float:
        """USD a month if nobody does anything, where known."""
        return sum(found.usd_per_month or 0 for found in (*self.items, *self.small))


def zone(name: str, otherwise: str = "UTC") -> ZoneInfo:
    """The zone called *name*, or *otherwise* where nobody knows such a zone."""
    try:
        return ZoneInfo(name or otherwise)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(otherwise)


def morning(now: datetime, where: ZoneInfo, rules: Reminders) -> date | None:
    """
    The local day whose message may be sent as of *now*; None before its hour, late in the evening, or at a weekend off.

    A message is sent once for each day that this returns, so neither a clock change nor a restart repeats it, a bot
    that slept at the hour sends it late, and one that slept for days sends one.
    """
    local = now.astimezone(where)
    if not rules.hour <= local.hour < rules.last_hour:
        return None
    if local.weekday() >= 5 and not rules.weekends:
        return None
    return local.date()


def next_morning(after: datetime, where: ZoneInfo, rules: Reminders) -> datetime:
    """The first moment after *after* at which a message may be sent, in UTC."""
    day = after.astimezone(where).date()
    while True:
        at = datetime(day.year, day.month, day.day, rules.hour, tzinfo=where).astimezone(UTC)
        if at > after and (rules.weekends or day.weekday() < 5):
            return at
        day += timedelta(days=1)


def is_small(found: Finding, rules: Idle) -> bool:
    """Whether it is summed up instead of named."""
    per_day = found.usd_per_day
    return per_day is not None and per_day < rules.small_usd_per_day


def marks(begun: date, day: date, rules: Idle) -> int:
    """How many of the policy's days, and of the weeks after them, have come since *begun*."""
    days, steps = (day - begun).days, sorted(rules.resting_days)
    come = bisect_right(steps, days)
    return come + (max(0, days - steps[-1]) // 7 if steps else days // 7)


def due(found: Finding, told: Told | None, day: date, where: ZoneInfo, rules: Idle) -> bool:
    """
    Whether *found* is worth a word on *day*.

    What runs idle is named every morning; what is stopped, free or small change on the policy's days, then weekly;
    what is unknown, or would be cheaper as gp3, once a week; what is held, sleeps by its schedule or costs nothing,
    never.
    """
    if found.hold or found.outcome or found.asleep or found.resource.usd_per_hour == 0:
        return False
    told = _of_this_episode(found, told)
    if found.verdict.level == "unknown":
        begun = found.resource.since or found.at
        return found.at - begun >= YOUNG and (told is None or day - told.day >= WEEK)
    if found.usd_saved_as_gp3 >= WORTH_A_CHANGE:
        return told is None or day - told.day >= WEEK
    if found.verdict.level != "idle":
        return False
    if found.at_work and not is_small(found, rules):
        return told is None or told.day < day
    return _marks(found, day, where, rules) > (told.marks if told else 0)


def telling(found: Finding, day: date, where: ZoneInfo, rules: Idle) -> Told:
    """What to remember after *found* was named on *day*."""
    return Told(day, _marks(found, day, where, rules), found.at)


def digest(
    found: Iterable[Finding],
    told: Mapping[str, Told],
    rules: Idle,
    reader: Reader,
    *,
    escalated: frozenset[str] = frozenset(),
) -> Digest | None:
    """
    The message to *reader*, or None when there is nothing to say.

    What is unknown rides along with the rest; a message of nothing else comes a week after the last word of any.
    """
    worth = [one for one in found if due(one, told.get(one.ref), reader.day, reader.where, rules)]
    if not worth or (all(_is_unknown(one) for one in worth) and _lately(reader)):
        return None
    idle = by_money(one for one in worth if one.verdict.level == "idle")
    return Digest(
        to=reader.to,
        day=reader.day,
        owner=reader.owner,
        items=tuple(one for one in idle if not is_small(one, rules)),
        small=tuple(one for one in idle if is_small(one, rules)),
        unknown=by_money(one for one in worth if _is_unknown(one)),
        cheaper=tuple(sorted((one for one in worth if one.usd_saved_as_gp3), key=lambda one: -one.usd_saved_as_gp3)),
        escalated=escalated & {one.ref for one in worth},
    )


def _is_unknown(one: Finding) -> bool:
    return one.verdict.level == "unknown"


def _lately(reader: Reader) -> bool:
    """Whether the reader heard within a week of something unknown."""
    return reader.unknown_told is not None and reader.day - reader.unknown_told < WEEK


def by_money(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Most money first; what has no known price comes first of all, for nobody can say that it is little."""

    def rank(one: Finding) -> tuple[bool, float, float, str]:
        spent = one.usd_since if one.usd_since is not None else one.usd_per_day
        return (one.resource.usd_per_hour is not None, -(spent or 0), -(one.usd_per_day or 0), one.resource.id)

    return tuple(sorted(found, key=rank))


def recipients(found: Finding, rules: Reminders, reachable: Callable[[str], bool]) -> tuple[str, ...]:
    """
    Who hears of *found*: its owner; the channel when it has none or they did not answer; then the leads as well.

    *reachable* says whether a Slack user can still be written to.
    """
    owner = found.owner if found.owner and reachable(found.owner) else None
    to = [owner] if owner else []
    if owner is None or found.told >= rules.escalate_after:
        to.append(rules.channel)
    if found.told >= 2 * rules.escalate_after:
        to += [lead for lead in rules.leads if lead != owner and reachable(lead)]
    return tuple(one for one in to if one)


def _marks(found: Finding, day: date, where: ZoneInfo, rules: Idle) -> int:
    begun = found.verdict.since or found.at
    return marks(begun.astimezone(where).date(), day, rules)


def _of_this_episode(found: Finding, told: Told | None) -> Told | None:
    """Nothing, where it began only after the telling: it was stopped since, or worked in between."""
    since = found.verdict.since
    return None if told and told.at and since and since >= told.at else told
