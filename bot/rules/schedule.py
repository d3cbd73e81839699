"""The hours a machine shall run: windows by a wall clock, the edges between on and off, what that saves; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.rules.errors import Unclear
from bot.rules.idle_facts import HOURS_PER_MONTH

DAY = timedelta(days=1)
AROUND = timedelta(days=9)  # a week's pattern and a bit: any moment has an edge before and after it within these
HOURS_PER_WEEK = 168
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAYS, EVERY_DAY = (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5, 6)
DAYS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"weekdays": WEEKDAYS, "mon-sat": (0, 1, 2, 3, 4, 5), "every day": EVERY_DAY, "weekend": (5, 6)}
)
CLOCK = re.compile(r"(\d{1,2})(?::?(\d{2}))?")
BACK_AT = time(9)  # "keep on until tomorrow 09:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """On from *start* to *end* by the wall clock of *zone*, on *days*; an end at or before the start is a day later."""

    days: tuple[int, ...]  # Monday is 0
    start: time
    end: time
    zone: str

    @property
    def length(self) -> timedelta:
        """How long one day's window is, where no clock changes in it."""
        gone = datetime.combine(date.min, self.end) - datetime.combine(date.min, self.start)
        return gone if gone > timedelta() else gone + DAY

    @property
    def hours_a_week(self) -> float:
        """Hours of a plain week in which it is on."""
        return len(self.days) * (self.length / timedelta(hours=1))

    @property
    def words(self) -> str:
        """weekdays 08:00-19:00, Berlin time."""
        return f"{days_in_words(self.days)} {self.start:%H:%M}-{self.end:%H:%M}, {place(self.zone)} time"


@dataclass(frozen=True, slots=True)
class Kept:
    """Somebody's wish to have it on from *since* to *until*, whatever the hours say; it ends by itself."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Edge:
    """A moment at which it shall go on, or off."""

    at: datetime  # UTC
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The hours of one machine as they were set, what overrides them, and what came of them so far."""

    hours: Hours
    by: str  # Slack id of who set it
    set_at: datetime
    done: datetime  # the edge that was taken last, or when it was set: what lies before is past
    kept: Kept | None = None
    asleep_at: datetime | None = None  # when an edge stopped it; None: it is not this schedule that stopped it
    note: str = ""  # why the last edge did nothing, or waits

    def last_edge(self, at: datetime) -> Edge:
        """The edge at or before *at*."""
        return max((edge for edge in self._edges(at) if edge.at <= at), key=lambda edge: edge.at)

    def next_edge(self, after: datetime) -> Edge:
        """The first edge later than *after*."""
        return min((edge for edge in self._edges(after) if edge.at > after), key=lambda edge: edge.at)

    def coming(self, now: datetime, *, running: bool) -> Edge:
        """The next edge that changes anything for a machine that is *running* now, or is not."""
        edge = self.next_edge(now)
        return self.next_edge(edge.at) if edge.on == running else edge

    def on(self, at: datetime) -> bool:
        """Whether it shall be on at *at*."""
        return self.last_edge(at).on

    def due(self, now: datetime) -> Edge | None:
        """The edge to act on by *now*: the latest, once; those that passed while nobody looked are past."""
        edge = self.last_edge(now)
        return edge if edge.at > self.done else None

    def _edges(self, at: datetime) -> list[Edge]:
        first, last = at, at
        windows = []
        if self.kept and self.kept.since < self.kept.until:
            windows.append((self.kept.since.astimezone(UTC), self.kept.until.astimezone(UTC)))
            first, last = min(at, self.kept.since), max(at, self.kept.until)
        windows += _windows(self.hours, first - AROUND, last + AROUND)
        joined = _joined(sorted(windows))
        return [edge for begun, ended in joined for edge in (Edge(begun, True), Edge(ended, False))]


def _windows(hours: Hours, first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """
    Each day's window as UTC, from the local day of *first* to that of *last*.

    A time that a clock change skips is taken as far after the change as it was to be after midnight; one that comes
    twice is its first. A window of which a change leaves nothing does not happen that day.
    """
    zone = ZoneInfo(hours.zone)
    day, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    over_midnight = DAY if hours.end <= hours.start else timedelta()
    while day <= end:
        if day.weekday() in hours.days:
            begun = datetime.combine(day, hours.start, zone).astimezone(UTC)
            ended = datetime.combine(day + over_midnight, hours.end, zone).astimezone(UTC)
            if begun < ended:
                yield begun, ended
        day += DAY


def _joined(windows: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Sorted windows, those that touch as one."""
    found: list[tuple[datetime, datetime]] = []
    for begun, ended in windows:
        if found and begun <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ended))
        else:
            found.append((begun, ended))
    return found


def preset(name: str, zone: str) -> Hours | None:
    """The hours of a preset, in *zone*; None for a name that there is not."""
    return replace(PRESETS[name], zone=zone) if name in PRESETS else None


PRESETS: Mapping[str, Hours] = MappingProxyType(
    {
        "work": Hours(days=WEEKDAYS, start=time(8), end=time(19), zone="UTC"),
        "daily": Hours(days=EVERY_DAY, start=time(8), end=time(22), zone="UTC"),
    }
)


def hours_of(days: str, start: str, end: str, zone: str) -> Hours:
    """Hours from a form's words; raises Unclear with the field at fault."""
    if days not in DAYS:
        raise Unclear(f"{days!r} are no days.", field="days", nearest="weekdays", example="weekdays")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unclear(f"{zone!r} is no time zone.", field="zone", example="Europe/Berlin") from None
    found = Hours(days=DAYS[days], start=_clock(start, "start"), end=_clock(end, "end"), zone=zone)
    if found.hours_a_week >= HOURS_PER_WEEK:
        raise Unclear("These hours never end, so it would never be stopped.", field="end", example="19:00")
    return found


def _clock(text: str, field: str) -> time:
    found = CLOCK.fullmatch(text.strip())
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if hour == 24 and minute == 0:
        hour = 0
    if hour > 23 or minute > 59:
        raise Unclear(f"{text!r} is no time of day.", field=field, example="08:00")
    return time(hour, minute)


def back_at(choice: str, now: datetime, zone: str) -> datetime:
    """When *keep on* ends: tomorrow 09:00 by the wall clock of *zone*, or (keep_week) on the next Monday."""
    local = now.astimezone(ZoneInfo(zone)).date()
    ahead = 7 - local.weekday() if choice == "keep_week" else 1
    return datetime.combine(local + ahead * DAY, BACK_AT, ZoneInfo(zone)).astimezone(UTC)


def saves_a_month(usd_per_hour: float | None, hours: Hours) -> float | None:
    """USD a month that the hours off save against running all the time; *usd_per_hour* is what a stop ends."""
    if usd_per_hour is None:
        return None
    return usd_per_hour * HOURS_PER_MONTH * (1 - hours.hours_a_week / HOURS_PER_WEEK)


def days_in_words(days: tuple[int, ...]) -> str:
    """weekdays, every day, Mon-Sat, weekend, or their names."""
    named = {WEEKDAYS: "weekdays", EVERY_DAY: "every day", DAYS["mon-sat"]: "Mon-Sat", DAYS["weekend"]: "weekends"}
    return named.get(days) or ", ".join(NAMES[day] for day in days)


def place(zone: str) -> str:
    """America/New_York -> New York; what a person calls their time."""
    return zone.rpartition("/")[2].replace("_", " ")


def local(at: datetime, zone: str) -> str:
    """Mon 23 Nov 19:00, by the wall clock of *zone*."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"
