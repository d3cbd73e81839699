"""What a machine did over the window that a verdict rests on: a line for each signal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.charts.paper import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SHADE,
    SMALL,
    SOFT,
    Format,
    Picture,
    headed,
    legend,
    panels,
    printed,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAY = 24 * 60  # minutes
STEPS = (5, 10, 15, 30, 60, 120, 180, 360, 720, DAY, 2 * DAY, 7 * DAY, 14 * DAY)  # minutes between two ticks
MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Signal:
    """Readings of one metric, oldest first; *limit* is what still counts as idle."""

    name: str
    unit: str
    points: tuple[tuple[datetime, float], ...]
    limit: float | None = None


def usage(
    signals: Sequence[Signal],
    *,
    title: str,
    why: str,
    since: datetime | None = None,
    zone: str = "UTC",
    kind: Format = "png",
) -> Picture | None:
    """The signals over time in *zone*, the idle stretch shaded; None without two readings of one of them."""
    shown = [_readable(signal) for signal in signals if len(signal.points) > 1]
    if not shown:
        return None
    figure = drawn(shown, title=title, why=why, since=since, zone=zone)
    return Picture(f"usage.{kind}", "Use over the window", words(shown, since, zone), printed(figure, kind))


def _readable(signal: Signal) -> Signal:
    """In kB/s where MB/s would be a row of zeros."""
    small = signal.unit == "MB/s" and max(value for _, value in signal.points) < 0.5
    if not small:
        return signal
    limit = None if signal.limit is None else signal.limit * 1000
    return Signal(signal.name, "kB/s", tuple((at, value * 1000) for at, value in signal.points), limit)


def drawn(signals: Sequence[Signal], *, title: str, why: str, since: datetime | None, zone: str) -> Figure:
    """The figure: a panel for each unit, over one time."""
    from matplotlib.dates import date2num

    by_unit = {
        unit: [one for one in signals if one.unit == unit] for unit in dict.fromkeys(one.unit for one in signals)
    }
    figure, made = panels(1.1 + 1.5 * len(by_unit), (1.0,) * len(by_unit))
    headed(figure, title, why)
    first = min(one.points[0][0] for one in signals)
    last = max(one.points[-1][0] for one in signals)
    colours = dict(zip((one.name for one in signals), (BLUE, PURPLE, GREEN, ORANGE), strict=False))
    for axes, (unit, shown) in zip(made, by_unit.items(), strict=True):
        for one in shown:
            _line(axes, one, colours.get(one.name, GREY))
        if since is not None and since < last:
            shaded = date2num([max(since, first), last])  # type: ignore[no-untyped-call]
            label = "idle" if axes is made[0] else None
            axes.axvspan(*shaded, color=SHADE, linewidth=0, zorder=0, label=label)
        axes.set_xlim(*date2num([first, last]))  # type: ignore[no-untyped-call]
        _frame(axes, shown, unit, clock_ticks(first, last, zone), bottom=axes is made[-1])
    return figure


def _line(axes: Axes, one: Signal, colour: str) -> None:
    times, values = zip(*one.points, strict=True)
    axes.plot(times, values, color=colour, linewidth=1.6, label=f"{one.name}, {one.unit}")
    axes.fill_between(times, values, color=colour, alpha=0.15, linewidth=0)
    if one.limit is not None:
        axes.axhline(one.limit, color=colour, linewidth=0.8, linestyle=(0, (4, 3)))


def words(signals: Sequence[Signal], since: datetime | None, zone: str) -> str:
    """Peak and last reading of each signal, and since when it is idle by the reader's clock."""
    said = [
        f"{signal.name}: at most {max(value for _, value in signal.points):.3g} {signal.unit}, "
        f"last {signal.points[-1][1]:.3g}"
        for signal in signals
    ]
    begun = f" Idle since {since.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})." if since else ""
    return f"{'; '.join(said)}.{begun}"


def _frame(axes: Axes, signals: Sequence[Signal], unit: str, places: Sequence[datetime], *, bottom: bool) -> None:
    from matplotlib.dates import date2num

    axes.set_xticks(date2num(list(places)), [_clock(place) for place in places])  # type: ignore[no-untyped-call]
    if bottom:
        axes.set_xlabel(_under(places), fontsize=SMALL, color=SOFT)
    else:
        axes.tick_params(labelbottom=False)
    _high(axes, max(value for signal in signals for _, value in signal.points), percent=unit == "%")
    axes.tick_params(axis="x", pad=8)
    legend(axes)


def _high(axes: Axes, peak: float, *, percent: bool) -> None:
    """From a little below 0, so that a line at 0 is seen; where all is 0, that is written."""
    top = 105 if percent and peak > 25 else max(peak * 1.25, 5 if percent else 0.0) or 1.0
    axes.set_ylim(-0.05 * top, top)
    if peak > 0:
        axes.locator_params(axis="y", nbins=4)
        axes.set_yticks([place for place in axes.get_yticks() if 0 <= place <= top])
        return
    axes.set_yticks([0, top])
    middle: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center"}
    axes.text(0.5, 0.5, "0 all the time", fontsize=SMALL, color=INK, **middle)


def clock_ticks(first: datetime, last: datetime, zone: str) -> list[datetime]:
    """Two to seven round times of the wall clock in *zone* between two times, whatever the length."""
    where = ZoneInfo(zone)
    for minutes in (step for step in STEPS if (last - first) / timedelta(minutes=step) <= MOST_TICKS + 1):
        found = [place for place in _round(first, last, minutes, where) if first <= place <= last]
        if len(found) <= MOST_TICKS:
            return found
    return []


def _round(first: datetime, last: datetime, minutes: int, where: ZoneInfo) -> Iterator[datetime]:
    """Every so many minutes from each local midnight on; those of days count from one day for all."""
    day, end = first.astimezone(where).date(), last.astimezone(where).date()
    while day <= end:
        if minutes <= DAY or day.toordinal() % (minutes // DAY) == 0:
            for minute in range(0, DAY, min(minutes, DAY)):
                yield datetime.combine(day, time(minute // 60, minute % 60), tzinfo=where)
        day += timedelta(days=1)


def _clock(place: datetime) -> str:
    """The day at midnight, else the time."""
    return f"{place:%H:%M}" if place.hour or place.minute else f"{place.day} {place:%b}"


def _under(places: Sequence[datetime]) -> str:
    """Whose time it is, and which day where no tick says so."""
    if not places:
        return ""
    zone, midnights = places[0].tzinfo, [place for place in places if not (place.hour or place.minute)]
    return f"time in {zone}" if midnights else f"{places[0]:%a} {places[0].day} {places[0]:%b}, time in {zone}"


def series(values: Sequence[float], end: datetime, begin: datetime) -> tuple[tuple[datetime, float], ...]:
    """Evenly spaced readings between two times."""
    if len(values) < 2:
        return ()
    step = (end - begin) / (len(values) - 1)
    return tuple((begin + step * number, value) for number, value in enumerate(values))
