"""The paper that every chart is drawn on: its colours, its sizes, and how it becomes bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from estimator import units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Format = Literal["png", "svg"]

# A light sheet of its own reads the same on Slack's light and dark themes. Colours: Okabe and Ito (2008), which the
# colour-blind tell apart; the yellow is left out, as it is too faint on a light sheet.
SHEET, INK, SOFT, LINE = "#fbfbfc", "#1d1c1d", "#5c5d60", "#d9dade"
BLUE, ORANGE, GREEN, SKY, RED, PURPLE = "#0072b2", "#e69f00", "#009e73", "#56b4e9", "#d55e00", "#cc79a7"
GREY = "#8d8f94"
SERIES = (BLUE, ORANGE, GREEN, SKY, PURPLE, RED, GREY, "#4b4d9e", "#7a5a1e")
DPI = 200  # Slack shows a picture at about half its pixels


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart: *content* is the file, *alt* says in words what it shows."""

    name: str
    title: str
    alt: str
    content: bytes


def sheet(width: float, height: float, title: str, under: str = "") -> tuple[Figure, Axes]:
    """A figure of so many inches with one pair of axes, a title and a line under it."""
    figure, (axes,) = panels(width, height, (1.0,))
    headed(axes, title, under)
    return figure, axes


def panels(width: float, height: float, ratios: Sequence[float]) -> tuple[Figure, tuple[Axes, ...]]:
    """A figure of so many inches with axes one above another, as high as *ratios* say."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=SHEET, layout="constrained")
    made = figure.subplots(len(ratios), 1, squeeze=False, height_ratios=list(ratios))[:, 0]
    for axes in made:
        axes.set_facecolor(SHEET)
        _calm(axes)
    return figure, tuple(made)


def headed(axes: Axes, title: str, under: str) -> None:
    """The title, which is the point, and a line under it."""
    axes.set_title(title, loc="left", fontsize=11, color=INK, fontweight="bold", pad=22 if under else 8)
    axes.annotate(
        under, (0, 1), xytext=(0, 7), xycoords="axes fraction", textcoords="offset points", fontsize=8.5, color=SOFT
    )


def _calm(axes: Axes) -> None:
    """Only what helps to read: a faint grid, no frame."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)
    axes.tick_params(colors=SOFT, labelsize=8.5, length=0)
    axes.grid(color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)


# Times that people name, in hours: from a second to twenty years.
_TIMES = [step / 3600 for step in (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)]
_TIMES += [1, 2, 3, 6, 12, 24, *(24.0 * day for day in (2, 4, 7, 14, 30, 60))]
_TIMES += [730.0 * month for month in (4, 6, 12)] + [8760.0 * year for year in (2, 5, 10, 20)]


def times(low: float, high: float) -> list[float]:
    """Places on a logarithmic axis of hours, at most seven."""
    inside = [place for place in _TIMES if low <= place <= high]
    return inside[:: max(1, -(-len(inside) // 7))]


def ticks(low: float, high: float) -> list[float]:
    """Round places on a logarithmic axis, at most seven."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        inside = [place for place in found if low <= place <= high]
        if len(inside) <= 7:
            return inside
    return inside[:: -(-len(inside) // 6)]


def logarithmic(
    axes: Axes, which: Literal["x", "y"], bounds: tuple[float, float], words: Callable[[float], str]
) -> None:
    """A logarithmic axis over *bounds* whose ticks read as people say them; those of hours are times that one names."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xlim if which == "x" else axes.set_ylim)(*bounds)
    axis.set_major_locator(FixedLocator((times if words is units.duration else ticks)(*bounds)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: words(value)))


def around(values: Iterable[float], room: float = 0.12) -> tuple[float, float]:
    """Bounds of a logarithmic axis with some room on both sides."""
    found = list(values)
    low, high = math.log10(min(found)), math.log10(max(found))
    extra = max((high - low) * room, 0.12)
    return 10 ** (low - extra), 10 ** (high + extra)


def printed(figure: Figure, kind: Format) -> bytes:
    """The figure as a file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a dollar is a dollar
    FigureCanvasAgg(figure)
    out = io.BytesIO()
    figure.savefig(out, format=kind, facecolor=SHEET)
    return out.getvalue()
