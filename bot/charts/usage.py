"""What a machine did over the window that a verdict rests on: a line for each signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.charts.paper import (
    BLUE,
    GREEN,
    GREY,
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
    shown = [signal for signal in signals if len(signal.points) > 1]
    if not shown:
        return None
    figure = drawn(shown, title=title, why=why, since=since, zone=zone)
    return Picture(f"usage.{kind}", "Use over the window", words(shown, since), printed(figure, kind))


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
        _frame(axes, shown, unit, zone, bottom=axes is made[-1])
    return figure


def _line(axes: Axes, one: Signal, colour: str) -> None:
    times, values = zip(*one.points, strict=True)
    axes.plot(times, values, color=colour, linewidth=1.6, label=f"{one.name}, {one.unit}")
    axes.fill_between(times, values, color=colour, alpha=0.15, linewidth=0)
    if one.limit is not None:
        axes.axhline(one.limit, color=colour, linewidth=0.8, linestyle=(0, (4, 3)))


def words(signals: Sequence[Signal], since: datetime | None) -> str:
    """Peak and last reading of each signal."""
    said = [
        f"{signal.name}: at most {max(value for _, value in signal.points):.3g} {signal.unit}, "
        f"last {signal.points[-1][1]:.3g}"
        for signal in signals
    ]
    begun = f" Idle since {since:%Y-%m-%d %H:%M} UTC." if since else ""
    return f"{'; '.join(said)}.{begun}"


def _frame(axes: Axes, signals: Sequence[Signal], unit: str, zone: str, *, bottom: bool) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    where = ZoneInfo(zone)
    places = AutoDateLocator(tz=where, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(places)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(places, tz=where, show_offset=False))  # type: ignore[no-untyped-call]
    if bottom:
        axes.set_xlabel(f"time in {zone}", fontsize=SMALL, color=SOFT)
    else:
        axes.tick_params(labelbottom=False)
    peak = max(value for signal in signals for _, value in signal.points)
    percent = unit == "%"
    axes.set_ylim(0, 105 if percent and peak > 25 else max(peak * 1.25, 5 if percent else 0.001))
    axes.locator_params(axis="y", nbins=4)
    axes.tick_params(axis="x", pad=8)
    legend(axes)


def series(values: Sequence[float], end: datetime, begin: datetime) -> tuple[tuple[datetime, float], ...]:
    """Evenly spaced readings between two times."""
    if len(values) < 2:
        return ()
    step = (end - begin) / (len(values) - 1)
    return tuple((begin + step * number, value) for number, value in enumerate(values))
