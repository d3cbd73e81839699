"""The paper that every chart is drawn on: its colours, its sizes, and how it becomes bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from estimator import units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Format = Literal["png", "svg"]

# A light sheet of its own reads the same on Slack's light and dark themes. Every colour stands out from it at least
# 3 : 1, as a mark and under white figures; who is colour-blind tells neighbours of SERIES apart (tests hold both).
SHEET, INK, SOFT, LINE = "#fbfbfc", "#1d1c1d", "#55545a", "#d9dade"
BLUE, ORANGE, GREEN, SKY, RED, PURPLE = "#0072b2", "#946500", "#00805a", "#2b86bf", "#c14a00", "#a34f8a"
NAVY, GREY, FAINT, SHADE = "#1f3a5f", "#74747a", "#b9b9b4", "#f3dcc8"
SERIES = (BLUE, ORANGE, NAVY, PURPLE, GREEN, RED, SKY, GREY)
DPI = 200  # Slack shows a picture some 360 to 700 pixels wide; this is drawn at twice that
WIDTH = 6.0  # inches
SMALL, LARGE = 10.0, 13.0  # points; SMALL is 8.3 pixels where Slack is narrowest


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart: *content* is the file, *alt* says in words what it shows."""

    name: str
    title: str
    alt: str
    content: bytes


def sheet(height: float, title: str, under: str = "") -> tuple[Figure, Axes]:
    """A figure of so many inches with one pair of axes, a title and a line under it."""
    figure, (axes,) = panels(height, (1.0,))
    headed(figure, title, under)
    return figure, axes


def panels(height: float, ratios: Sequence[float]) -> tuple[Figure, tuple[Axes, ...]]:
    """A figure of so many inches with axes one above another, as high as *ratios* say."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.07)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=SHEET, layout=layout)
    FigureCanvasAgg(figure)
    made = figure.subplots(len(ratios), 1, squeeze=False, height_ratios=list(ratios))[:, 0]
    for axes in made:
        axes.set_facecolor(SHEET)
        _calm(axes)
    return figure, tuple(made)


def headed(figure: Figure, title: str, under: str) -> None:
    """The title, which is the point, and a line under it; the axes keep clear of both."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    points = figure.get_figheight() * 72
    _fitted(figure, title, 1 - 24 / points, size=LARGE, color=INK, fontweight="bold")
    _fitted(figure, under, 1 - 42 / points, size=SMALL, color=SOFT)
    layout = figure.get_layout_engine()
    if isinstance(layout, ConstrainedLayoutEngine):
        layout.set(rect=(0, 0, 1, 1 - (50 if under else 32) / points))


def _fitted(figure: Figure, words: str, y: float, *, size: float, **look: Any) -> None:
    """One line across the figure: smaller where it is long, never too small to read, and then cut."""
    words = drawable(words)
    text = figure.text(0.02, y, words, fontsize=size, parse_math=False, in_layout=False, **look)
    room = 0.96 * WIDTH * DPI
    wide = float(text.get_window_extent().width)
    if wide > room:
        text.set_fontsize(max(SMALL, size * room / wide))
    while len(words) > 1 and text.get_window_extent().width > room:
        words = words[: max(1, int(len(words) * 0.97) - 1)].rstrip(" .,;")
        text.set_text(words + "…")


def _calm(axes: Axes) -> None:
    """Only what helps to read: a faint grid, no frame."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LINE)
    axes.tick_params(colors=SOFT, labelsize=SMALL, length=0)
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


def legend(axes: Axes, columns: int = 5) -> None:
    """Over the axes, where it hides nothing."""
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "ncols": columns}
    spacing: dict[str, Any] = {"columnspacing": 0.9, "handletextpad": 0.25, "handlelength": 1.3, "borderpad": 0.2}
    axes.legend(fontsize=SMALL, frameon=False, labelcolor=SOFT, **place, **spacing)


def drawable(words: str) -> str:
    """*words* without what the font has no sign for (a name in another script)."""
    known = _signs()
    return "".join(sign if ord(sign) in known or sign == "\n" else "·" for sign in words)


@cache
def _signs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())


def printed(figure: Figure, kind: Format) -> bytes:
    """The figure as a file."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a dollar is a dollar
    out = io.BytesIO()
    figure.savefig(out, format=kind, facecolor=SHEET)
    return out.getvalue()
