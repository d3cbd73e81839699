"""Money by day and by owner: what worked, what lay idle, what stopping saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from bot.charts.paper import BLUE, GREEN, INK, ORANGE, Format, Picture, headed, panels, printed
from estimator import units

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    figure, (upper, *lower) = panels(7.2, 3.0 + 0.28 * len(owners), (2.2, 0.3 + 0.35 * len(owners))[: 1 + bool(owners)])
    headed(upper, title, _point(by_day))
    _days(upper, by_day)
    for axes in lower:
        _owners(axes, owners)
    return Picture(f"spend.{kind}", "Spend by day and owner", words(by_day, owners), printed(figure, kind))


def words(by_day: Sequence[Day], owners: Sequence[Day]) -> str:
    """The totals, and who spent most."""
    most = f" Most: {owners[0].label}, {units.money(owners[0].usd)}." if owners else ""
    return f"Spend by day: {_point(by_day)}.{most}"


def _point(bars: Sequence[Day]) -> str:
    usd, idle, saved = (sum(getattr(bar, name) for bar in bars) for name in ("usd", "idle", "saved"))
    return f"{units.money(usd)} spent, {units.money(idle)} of it idle, {units.money(saved)} saved by stopping"


def _days(axes: Axes, bars: Sequence[Day]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    across = range(len(bars))
    busy = [bar.usd - bar.idle for bar in bars]
    axes.bar(across, busy, color=BLUE, width=0.62, label="worked")
    axes.bar(across, [bar.idle for bar in bars], bottom=busy, color=ORANGE, width=0.62, label="idle")
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
            linestyle="--",
        )
    every = max(1, -(-len(bars) // 10))
    axes.set_xticks(list(across)[::every], [bar.label for bar in bars][::every])
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: units.money(value)))
    axes.legend(fontsize=7.5, frameon=False, ncols=3, loc="upper left", labelcolor=INK)
    axes.margins(y=0.22)


def _owners(axes: Axes, bars: Sequence[Day]) -> None:
    places = range(len(bars))
    axes.barh(places, [bar.usd - bar.idle for bar in bars], color=BLUE, height=0.6)
    axes.barh(places, [bar.idle for bar in bars], left=[bar.usd - bar.idle for bar in bars], color=ORANGE, height=0.6)
    for place, bar in enumerate(bars):
        idle = f", {units.money(bar.idle)} idle" if bar.idle else ""
        axes.text(bar.usd, place, f"  {units.money(bar.usd)}{idle}", va="center", fontsize=8, color=INK)
    axes.set_yticks(list(places), [bar.label[:24] for bar in bars])
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.margins(x=0.28)
