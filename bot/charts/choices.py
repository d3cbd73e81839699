"""Time against cost of the choices, with those that nothing beats in both joined by a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.charts.paper import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SHEET,
    Format,
    Picture,
    around,
    logarithmic,
    printed,
    sheet,
)
from estimator import units
from estimator.answer import Answer
from estimator.option import Option
from estimator.result import Range

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"on-demand": BLUE, "spot": GREEN, "savings-plan-1y": ORANGE, "savings-plan-3y": PURPLE}
OTHER = RED  # reservations
Spot = tuple[float, float]  # hours of a job, or milliseconds of a service; and USD


def choices(found: Answer, *, kind: Format = "png") -> Picture | None:
    """The chart of an answer; None where fewer than two choices have a time and a cost."""
    rows = [row for row in _rows(found) if place(row) is not None]
    if len(rows) < 2:
        return None
    best = front([spot for row in rows if (spot := place(row)) is not None])
    timed = rows[0].hours is not None
    across = "time" if timed else "time to the first token" if rows[0].estimate.ttft_ms else "latency"
    figure, axes = sheet(7.2, 4.3, f"{across.capitalize()} against cost", found.asked[:95])
    _points(axes, rows, best)
    _scales(axes, rows, timed)
    axes.set_xlabel(f"{across}, best guess and 80 % range", fontsize=8.5, color=INK)
    axes.set_ylabel(f"cost of {found.per}" if found.per else "cost", fontsize=8.5, color=INK)
    _named(axes, found)
    return Picture(f"choices.{kind}", "Time against cost", words(found, rows, best), printed(figure, kind))


def front(places: Sequence[Spot]) -> list[Spot]:
    """Those that no other beats in time and cost, the fastest first."""
    found: list[Spot] = []
    for spot in sorted(set(places)):
        if not found or spot[1] < found[-1][1]:
            found.append(spot)
    return found


def place(row: Option) -> Spot | None:
    """Where a choice stands: hours of a job (milliseconds of a service) and USD; None where one is unknown."""
    time = _time(row)
    if time is None or row.usd is None or time.mid <= 0 or row.usd.mid <= 0:
        return None
    return time.mid, row.usd.mid


def words(found: Answer, rows: Sequence[Option], best: Sequence[Spot]) -> str:
    """What the chart shows, for who does not see it."""
    first = (found.parts[0] if found.parts else found).best
    named = f" Best: {first.label}, {_said(first)}." if first else ""
    return f"{len(rows)} choices by time and cost; nothing beats {len(best)} of them in both.{named}"


def _said(row: Option) -> str:
    latency = _time(row)
    time = units.duration_range(row.hours) if row.hours else units.milliseconds(latency.mid if latency else None)
    return f"{time}, {units.money_range(row.usd)}"


def _rows(found: Answer) -> tuple[Option, ...]:
    part = found.parts[0] if found.parts else found
    named = tuple(row for row in (part.best, part.cheapest, part.fastest) if row is not None)
    return tuple({(row.label, row.region): row for row in (*part.options, *named) if row.estimate.fits}.values())


def _time(row: Option) -> Range | None:
    if row.hours is not None:
        return row.hours
    return row.estimate.ttft_ms or row.estimate.tpot_ms


def _points(axes: Axes, rows: Sequence[Option], best: Sequence[Spot]) -> None:
    axes.plot(*zip(*best, strict=True), color=GREY, linewidth=1.2, zorder=2, label="nothing is faster and cheaper")
    for market in dict.fromkeys(row.market for row in rows):
        shown = [spot for row in rows if row.market == market and (spot := place(row)) is not None]
        colour = COLOURS.get(market, OTHER)
        across, up = zip(*shown, strict=True)
        axes.scatter(across, up, s=26, color=colour, edgecolor=SHEET, linewidth=0.6, zorder=3, label=market)
    for row in rows:
        if (spot := place(row)) in best and spot is not None:
            _range(axes, row, spot)
    axes.legend(fontsize=7.5, frameon=False, loc="best", labelcolor=INK)


def _range(axes: Axes, row: Option, spot: Spot) -> None:
    """The 80 % range of a choice on the line, both ways."""
    time = _time(row)
    if time is None or row.usd is None:
        return
    axes.plot([time.low, time.high], [spot[1], spot[1]], color=COLOURS.get(row.market, OTHER), alpha=0.35, linewidth=1)
    axes.plot([spot[0], spot[0]], [row.usd.low, row.usd.high], color=COLOURS.get(row.market, OTHER), alpha=0.35, lw=1)


def _scales(axes: Axes, rows: Sequence[Option], timed: bool) -> None:
    spans = [(time, row.usd) for row in rows if (time := _time(row)) is not None and row.usd is not None]
    across = [value for time, _ in spans for value in (time.low, time.high)]
    up = [value for _, usd in spans for value in (usd.low, usd.high) if value > 0]
    logarithmic(axes, "x", around(across), units.duration if timed else units.milliseconds)
    logarithmic(axes, "y", around(up, 0.16), units.money)


def _named(axes: Axes, found: Answer) -> None:
    """Best, cheapest and fastest by name; two names for one place stand together."""
    part = found.parts[0] if found.parts else found
    labels: dict[Spot, tuple[list[str], Option]] = {}
    for name, row in (("best", part.best), ("cheapest", part.cheapest), ("fastest", part.fastest)):
        if row is not None and (spot := place(row)) is not None:
            labels.setdefault(spot, ([], row))[0].append(name)
    low, high = axes.get_xlim()
    for (x, y), (names, row) in labels.items():
        left = x > (low * high) ** 0.5
        axes.annotate(
            f"{' and '.join(names)}: {row.label}",
            (x, y),
            xytext=(-8 if left else 8, 9),
            textcoords="offset points",
            ha="right" if left else "left",
            fontsize=8,
            color=INK,
            fontweight="bold",
            bbox={"facecolor": SHEET, "edgecolor": "none", "alpha": 0.85, "pad": 1},
            zorder=5,
        )
        axes.scatter([x], [y], s=90, facecolor="none", edgecolor=INK, linewidth=1.1, zorder=4)
