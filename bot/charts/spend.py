"""Money by day and by owner: what worked, what lay idle, what stopping saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bot.charts.paper import BLUE, GREEN, INK, RED, SMALL, Format, Picture, drawable, headed, legend, panels, printed
from estimator import units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OWNERS = 8


@dataclass(frozen=True, slots=True)
class Day:
    """USD of one bar; *idle* is part of *usd*, *saved* was not spent."""

    label: str
    usd: float
    idle: float = 0.0
    saved: float = 0.0


def days(first: date, found: Sequence[tuple[date, Day]]) -> tuple[Day, ...]:
    """The bars of consecutive days, those without money included."""
    known = dict(found)
    last = max(known, default=first)
    every = [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
    return tuple(known.get(day) or Day(f"{day:%a %d}", 0.0) for day in every)


def spend(by_day: Sequence[Day], by_owner: Sequence[Day], *, title: str, kind: Format = "png") -> Picture | None:
    """Two panels, days above owners; None where no money is known."""
    if not any(bar.usd or bar.saved for bar in by_day):
        return None
    owners = sorted(by_owner, key=lambda bar: -bar.usd)[:OWNERS]
    figure = drawn(by_day, owners, title)
    return Picture(f"spend.{kind}", "Spend by day and owner", words(by_day, owners), printed(figure, kind))


def drawn(by_day: Sequence[Day], owners: Sequence[Day], title: str) -> Figure:
    """The figure."""
    lower_inches = 0.2 + 0.3 * len(owners)
    figure, (upper, *lower) = panels(3.1 + lower_inches, (2.1, lower_inches)[: 1 + bool(owners)])
    headed(figure, _point(by_day), title)
    _days(upper, by_day)
    for axes in lower:
        _owners(axes, owners)
    return figure


def words(by_day: Sequence[Day], owners: Sequence[Day]) -> str:
    """The totals, and who spent most."""
    most = f" Most: {owners[0].label}, {units.money(owners[0].usd)}." if owners else ""
    return f"Spend by day: {_point(by_day)}.{most}"


def _point(bars: Sequence[Day]) -> str:
    usd, idle, saved = (sum(getattr(bar, name) for bar in bars) for name in ("usd", "idle", "saved"))
    stopping = f", {units.money(saved)} saved by stopping" if saved >= 0.01 else ""
    return f"{units.money(usd)} spent, {units.money(idle)} of it idle{stopping}"


def _days(axes: Axes, bars: Sequence[Day]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    across = range(len(bars))
    busy = [bar.usd - bar.idle for bar in bars]
    axes.bar(across, busy, color=BLUE, width=0.62, label="worked")
    axes.bar(across, [bar.idle for bar in bars], bottom=busy, color=RED, width=0.62, label="idle")
    if any(bar.saved for bar in bars):
        top = [bar.usd for bar in bars]
        axes.bar(
            across,
            [bar.saved for bar in bars],
            bottom=top,
            color="none",
            edgecolor=GREEN,
            width=0.62,
            label="saved",
            hatch="////",
        )
    every = max(1, -(-len(bars) // 8))
    axes.set_xticks(list(across)[::every], [bar.label for bar in bars][::every])
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: units.money(value) if value else "$0"))
    legend(axes)
    axes.margins(y=0.06)


def _owners(axes: Axes, bars: Sequence[Day]) -> None:
    places = range(len(bars))
    axes.barh(places, [bar.usd - bar.idle for bar in bars], color=BLUE, height=0.6)
    axes.barh(places, [bar.idle for bar in bars], left=[bar.usd - bar.idle for bar in bars], color=RED, height=0.6)
    for place, bar in enumerate(bars):
        idle = f", {units.money(bar.idle)} idle" if bar.idle else ""
        axes.text(bar.usd, place, f"  {units.money(bar.usd)}{idle}", va="center", fontsize=SMALL, color=INK)
    axes.set_yticks(list(places), [drawable(bar.label[:18]) for bar in bars])
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.set_xlim(0, 1.7 * max(bar.usd for bar in bars) or 1.0)
