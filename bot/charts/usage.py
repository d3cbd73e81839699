"""What a machine did over the window that a verdict rests on: a line for each signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.charts.paper import INK, ORANGE, SERIES, SOFT, Format, Picture, printed, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    from matplotlib.dates import date2num

    figure, axes = sheet(7.2, 2.7, title[:80], why[:110])
    for number, signal in enumerate(shown):
        times, values = zip(*signal.points, strict=True)
        axes.plot(times, values, color=SERIES[number], linewidth=1.3, label=f"{signal.name}, {signal.unit}")
        axes.fill_between(times, values, color=SERIES[number], alpha=0.15, linewidth=0)
        if signal.limit is not None:
            axes.axhline(signal.limit, color=SERIES[number], linewidth=0.8, linestyle=(0, (4, 3)))
    first, last = shown[0].points[0][0], shown[0].points[-1][0]
    if since is not None and since < last:
        shaded = date2num([max(since, first), last])  # type: ignore[no-untyped-call]
        axes.axvspan(*shaded, color=ORANGE, alpha=0.14, linewidth=0, label="idle")
    _frame(axes, shown, zone)
    return Picture(f"usage.{kind}", "Use over the window", words(shown, since), printed(figure, kind))


def words(signals: Sequence[Signal], since: datetime | None) -> str:
    """Peak and last reading of each signal."""
    said = [
        f"{signal.name}: at most {max(value for _, value in signal.points):.3g} {signal.unit}, "
        f"last {signal.points[-1][1]:.3g}"
        for signal in signals
    ]
    begun = f" Idle since {since:%Y-%m-%d %H:%M} UTC." if since else ""
    return f"{'; '.join(said)}.{begun}"


def _frame(axes: Axes, signals: Sequence[Signal], zone: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    where = ZoneInfo(zone)
    places = AutoDateLocator(tz=where, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(places)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(places, tz=where, show_offset=False))  # type: ignore[no-untyped-call]
    percent = all(signal.unit == "%" for signal in signals)
    peak = max(value for signal in signals for _, value in signal.points)
    axes.set_ylim(0, 105 if percent and peak > 25 else max(peak * 1.25, 5 if percent else 1))
    axes.set_ylabel("%" if percent else signals[0].unit, fontsize=8.5, color=INK)
    axes.set_xlabel(f"time in {zone}", fontsize=8, color=SOFT)
    axes.margins(x=0.01)
    axes.legend(fontsize=7.5, frameon=False, ncols=4, loc="upper right", labelcolor=INK)


def series(values: Sequence[float], end: datetime, begin: datetime) -> tuple[tuple[datetime, float], ...]:
    """Evenly spaced readings between two times."""
    if len(values) < 2:
        return ()
    step = (end - begin) / (len(values) - 1)
    return tuple((begin + step * number, value) for number, value in enumerate(values))
