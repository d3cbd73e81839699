"""The parts of memory on one accelerator against what the card can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.charts.paper import GREEN, INK, LINE, RED, SERIES, SHEET, SMALL, SOFT, Format, Picture, printed, sheet
from estimator import margin, units
from estimator.result import Memory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST = 0.012  # of the scale; a smaller part is drawn with the others
BESIDE = 0.09  # of the scale; a part as wide holds its figure


def memory(found: Memory, machines: str, *, kind: Format = "png") -> Picture:
    """One bar of parts, the card's limit as a line, and the room that is left or missing."""
    figure = drawn(found, machines)
    return Picture(f"memory.{kind}", "Memory against the card", words(found, machines), printed(figure, kind))


def drawn(found: Memory, machines: str) -> Figure:
    """The figure."""
    need, usable = found.per_accelerator, found.usable_gb
    scale = max(usable, need.high) * 1.04
    figure, axes = sheet(3.1, f"Memory per accelerator: {_margin(found)}", machines)
    start = 0.0
    for number, (name, size) in enumerate(_parts(found, scale)):
        colour = SERIES[number % len(SERIES)]
        axes.barh(0, size, left=start, height=0.5, color=colour, label=f"{name} {units.gigabytes(size)}")
        if size > scale * BESIDE:
            axes.text(start + size / 2, 0, units.figure(size), ha="center", va="center", fontsize=SMALL, color=SHEET)
        start += size
    axes.barh(0, max(0.0, usable - start), left=start, height=0.5, color=LINE, zorder=0)
    axes.plot([need.low, need.high], [0.36, 0.36], color=INK, linewidth=1.4)
    axes.plot([need.mid], [0.36], marker="o", markersize=4, color=INK)
    axes.axvline(usable, color=GREEN if found.fits else RED, linewidth=2)
    axes.text(usable, 0.58, f"usable {units.gigabytes(usable)} ", ha="right", fontsize=SMALL, color=SOFT)
    _frame(axes, scale)
    figure.legend(fontsize=SMALL, frameon=False, ncols=3, loc="outside lower center", labelcolor=INK)
    return figure


def words(found: Memory, machines: str) -> str:
    """The bar in a sentence."""
    parts = ", ".join(f"{name} {units.gigabytes(size)}" for name, size in _sorted(found))
    return f"Memory per accelerator on {machines}: {_margin(found)}. {parts}."


def _margin(found: Memory) -> str:
    need, usable = units.gigabytes(found.per_accelerator.mid), units.gigabytes(found.usable_gb)
    return f"{need} of {usable}, {margin.margin(found)}"


def _sorted(found: Memory) -> list[tuple[str, float]]:
    return sorted(((name, size) for name, size in found.parts.items() if size > 0), key=lambda part: -part[1])


def _parts(found: Memory, scale: float) -> list[tuple[str, float]]:
    """The parts, largest first; what is too thin to see is one."""
    every = _sorted(found)
    shown = [part for part in every if part[1] >= scale * LEAST]
    rest = sum(size for _, size in every) - sum(size for _, size in shown)
    return [*shown, ("the rest", rest)] if rest > 0 else shown


def _frame(axes: Axes, scale: float) -> None:
    axes.set_xlim(0, scale)
    axes.set_ylim(-0.3, 0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("GB; the line above the bar is the 80 % range", fontsize=SMALL, color=SOFT)
