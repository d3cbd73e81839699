"""Time against cost of the choices, with those that nothing beats in both joined by a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.charts import labels
from bot.charts.paper import (
    BLUE,
    DPI,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SHEET,
    SMALL,
    SOFT,
    WIDTH,
    Format,
    Picture,
    around,
    legend,
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
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

# Colour and shape: who cannot tell the colours tells the shapes.
MARKETS = {
    "on-demand": (BLUE, "o"),
    "spot": (GREEN, "D"),
    "savings-plan-1y": (ORANGE, "s"),
    "savings-plan-3y": (PURPLE, "p"),
}
OTHER = (RED, "^")  # reservations
PATIENCE_HOURS = 90 * 24.0
Spot = tuple[float, float]  # hours of a job, or milliseconds of a service; and USD


def choices(found: Answer, *, kind: Format = "png") -> Picture | None:
    """The chart of an answer; None where fewer than two choices have a time and a cost."""
    rows = _rows(found)
    if len(rows) < 2:
        return None
    best = front([spot for row in rows if not _is_plan(row) and (spot := place(row)) is not None])
    return Picture(
        f"choices.{kind}", "Time against cost", words(found, rows, best), printed(drawn(found, rows, best), kind)
    )


def drawn(found: Answer, rows: Sequence[Option], best: Sequence[Spot]) -> Figure:
    """The figure."""
    timed = rows[0].hours is not None
    across = "time" if timed else "time to the first token" if rows[0].estimate.ttft_ms else "latency"
    figure, axes = sheet(4.4, found.asked, f"{across.capitalize()} against cost; lower left is better")
    named = _by_place(found)
    _scales(axes, rows, named, timed)
    axes.set_xlabel(across, fontsize=SMALL, color=SOFT)
    axes.set_ylabel(f"cost of {found.per}" if found.per else "cost", fontsize=SMALL, color=SOFT)
    _points(axes, rows, best, named)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # labels are placed on the axes as they stand now
    _label(axes, rows, best, named)
    return figure


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
    said = [f"{len(rows)} choices by time and cost; nothing beats {len(best)} of them in both."]
    said += [f"{_spoken(names)}: {row.label}, {_said(row)}." for names, row in _by_place(found).values()]
    return " ".join(said)


def _spoken(names: Sequence[str]) -> str:
    return " and ".join(names).capitalize()


def _said(row: Option) -> str:
    latency = _time(row)
    time = units.duration_range(row.hours) if row.hours else units.milliseconds(latency.mid if latency else None)
    return f"{time}, {units.money_range(row.usd)}"


def _rows(found: Answer) -> tuple[Option, ...]:
    """What has a place; of jobs none that takes longer than 90 days, unless it is named: nobody waits for it."""
    part = found.parts[0] if found.parts else found
    named = tuple(row for row in (part.best, part.cheapest, part.fastest) if row is not None)
    every = {(row.label, row.region): row for row in (*part.options, *named) if row.estimate.fits}.values()
    placed = [row for row in every if place(row) is not None]
    longest = max([PATIENCE_HOURS, *(row.hours.mid for row in named if row.hours)])
    soon = tuple(row for row in placed if row.hours is None or row.hours.mid <= longest)
    return soon or tuple(placed)


def _is_plan(row: Option) -> bool:
    """A plan is a commitment of a year or three: it beats nothing that is bought by the hour."""
    return row.market.startswith("savings-plan")


Named = Mapping[Spot, tuple[list[str], Option]]


def _by_place(found: Answer) -> Named:
    """Best, cheapest and fastest by where they stand; two names for one place stand together."""
    part = found.parts[0] if found.parts else found
    named: dict[Spot, tuple[list[str], Option]] = {}
    for name, row in (("best", part.best), ("cheapest", part.cheapest), ("fastest", part.fastest)):
        if row is not None and (spot := place(row)) is not None:
            named.setdefault(spot, ([], row))[0].append(name)
    return named


def _time(row: Option) -> Range | None:
    if row.hours is not None:
        return row.hours
    return row.estimate.ttft_ms or row.estimate.tpot_ms


def _points(axes: Axes, rows: Sequence[Option], best: Sequence[Spot], named: Named) -> None:
    for market in dict.fromkeys(row.market for row in rows):
        shown = [spot for row in rows if row.market == market and (spot := place(row)) is not None]
        colour, marker = MARKETS.get(market, OTHER)
        across, up = zip(*shown, strict=True)
        axes.scatter(across, up, s=34, color=colour, marker=marker, edgecolor=SHEET, linewidth=0.8, zorder=3)
        axes.scatter([], [], s=34, color=colour, marker=marker, label=market.replace("savings-plan-", "plan "))
    if len(best) > 1:  # a staircase: between two of them there is nothing to buy
        axes.step(*zip(*best, strict=True), where="post", color=INK, linewidth=1.4, zorder=2, label="Pareto front")
    for spot, (_, row) in named.items():
        _range(axes, row, spot)
    legend(axes)


def _range(axes: Axes, row: Option, spot: Spot) -> None:
    """A named choice larger, with its 80 % range both ways."""
    time, (colour, marker) = _time(row), MARKETS.get(row.market, OTHER)
    if time is None or row.usd is None:
        return
    axes.plot([time.low, time.high], [spot[1], spot[1]], color=colour, alpha=0.5, linewidth=2, zorder=2.5)
    axes.plot([spot[0], spot[0]], [row.usd.low, row.usd.high], color=colour, alpha=0.5, linewidth=2, zorder=2.5)
    axes.scatter([spot[0]], [spot[1]], s=95, color=colour, marker=marker, edgecolor=INK, linewidth=1.3, zorder=4)


def _scales(axes: Axes, rows: Sequence[Option], named: Named, timed: bool) -> None:
    """Axes that hold every point, and the ranges that are drawn."""
    places = [spot for row in rows if (spot := place(row)) is not None]
    ranged = [(time, row.usd) for _, row in named.values() if (time := _time(row)) is not None and row.usd is not None]
    across = [spot[0] for spot in places] + [value for time, _ in ranged for value in (time.low, time.high)]
    up = [spot[1] for spot in places] + [value for _, usd in ranged for value in (usd.low, usd.high)]
    bounds = [around([value for value in values if value > 0]) for values in (across, up)]
    logarithmic(axes, "x", bounds[0], units.duration if timed else units.milliseconds)
    logarithmic(axes, "y", bounds[1], units.money)


def _label(axes: Axes, rows: Sequence[Option], best: Sequence[Spot], named: Named) -> None:
    """Words beside the named choices, and beside those of the front where there is room."""
    by_place = {spot: row for row in rows if not _is_plan(row) and (spot := place(row)) is not None}
    told = {spot: f"{_spoken(names)}: {row.label}\n{_figures(row)}" for spot, (names, row) in named.items()}
    told |= {spot: by_place[spot].label for spot in best if spot not in named}
    texts = [_text(axes, spot, said, bold=spot in named) for spot, said in told.items()]
    wishes = [_wish(axes, spot, text, needed=spot in named) for spot, text in zip(told, texts, strict=True)]
    frame = axes.get_window_extent()
    bounds = labels.Box(frame.x0 + 6, frame.y0 + 6, WIDTH * DPI - 12, frame.y1)
    found = labels.place(wishes, bounds=bounds, taken=_taken(axes, rows, best, named))
    for spot, text, wish, box in zip(told, texts, wishes, found, strict=True):
        if box is None:
            text.remove()
            continue
        text.set_position(((box.left - wish.x) * 72 / DPI, (box.bottom - wish.y) * 72 / DPI))
        if start := labels.led_from(wish, box):
            away = ((start[0] - wish.x) * 72 / DPI, (start[1] - wish.y) * 72 / DPI)
            line = {"arrowstyle": "-", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", spot, xytext=away, textcoords="offset points", arrowprops=line, zorder=2.8)


def _text(axes: Axes, spot: Spot, said: str, *, bold: bool) -> Annotation:
    from matplotlib.patheffects import withStroke

    return axes.annotate(
        said,
        spot,
        xytext=(0, 0),
        textcoords="offset points",
        fontsize=SMALL,
        color=INK,
        fontweight="bold" if bold else "normal",
        linespacing=1.25,
        path_effects=[withStroke(linewidth=3, foreground=SHEET)],
        parse_math=False,
        zorder=6,
    )


def _wish(axes: Axes, spot: Spot, text: Annotation, *, needed: bool) -> labels.Wish:
    size = text.get_window_extent()
    return labels.Wish(*_at(axes, *spot), float(size.width), float(size.height), needed=needed)


def _at(axes: Axes, time: float, cost: float) -> Spot:
    x, y = axes.transData.transform((time, cost))
    return float(x), float(y)


def _taken(axes: Axes, rows: Sequence[Option], best: Sequence[Spot], named: Named) -> list[labels.Box]:
    """Where points, ranges and the front's line are."""
    found = []
    for spot in (spot for row in rows if (spot := place(row)) is not None):
        (x, y), reach = _at(axes, *spot), 17 if spot in named else 12
        found.append(labels.Box(x - reach, y - reach, x + reach, y + reach))
    for spot, (_, row) in named.items():
        if (time := _time(row)) is not None and row.usd is not None:
            (x, y), (left, bottom) = _at(axes, *spot), _at(axes, time.low, row.usd.low)
            right, top = _at(axes, time.high, row.usd.high)
            found += [labels.Box(left, y - 6, right, y + 6), labels.Box(x - 6, bottom, x + 6, top)]
    for (x, y), (next_x, next_y) in pairwise(_at(axes, *spot) for spot in best):
        found += [labels.Box(x, y - 6, next_x, y + 6), labels.Box(next_x - 6, next_y, next_x + 6, y)]
    return found


def _figures(row: Option) -> str:
    time = _time(row)
    said = units.duration(row.hours.mid) if row.hours else units.milliseconds(time.mid if time else None)
    return f"{said}, {units.money(row.usd.mid if row.usd else None)}"
