"""Charts can be read: large enough, dark enough, nothing over anything else, told apart by who is colour-blind."""

from __future__ import annotations

import gc
import subprocess
import sys
import warnings
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axis import Axis
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from bot import charts
from bot.charts import Day, Signal, labels, paper
from bot.charts.choices import _is_plan, _rows, front, place
from bot.charts.choices import drawn as choices_drawn
from bot.charts.memory import drawn as memory_drawn
from bot.charts.spend import drawn as spend_drawn
from bot.charts.usage import drawn as usage_drawn
from data import load
from estimator.answer import Answer, answer
from estimator.parse import parse

CATALOG = load()
END = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
NARROW = 360  # pixels that Slack gives a picture at least
ASKED = (
    "finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs",
    "infer llama-3-8b qps=5 input=512 output=256",
    "train llama-2-7b tokens=2T",
    "train llama-2-7b tokens=2T seq=4096 on 64 x p4d.24xlarge",
)


def answered(words: str) -> Answer:
    return answer(parse(words, CATALOG), CATALOG, date(2026, 11, 21))


def choices_figure(words: str) -> Figure:
    found = answered(words)
    rows = _rows(found)
    best = front([spot for row in rows if not _is_plan(row) and (spot := place(row)) is not None])
    return choices_drawn(found, rows, best)


def memory_figure(words: str) -> Figure:
    shown = answered(words).shown
    assert shown is not None
    assert shown.estimate.memory is not None
    return memory_drawn(shown.estimate.memory, shown.label)


def spend_figure(days: int, owners: int) -> Figure:
    by_day = [Day(f"Mon {n}", 180.0 + 60 * (n % 3), 60, 30) for n in range(1, days + 1)]
    by_owner = [Day(f"a person of number {n}", 6000 / n, 900 / n) for n in range(1, owners + 1)]
    return spend_drawn(by_day, by_owner, "1 Nov to 30 Nov")


def usage_figure(hours: int) -> Figure:
    points = tuple((END - timedelta(minutes=5 * n), 0.0 if n < 60 else 80.0) for n in range(hours * 12, -1, -1))
    signals = [Signal("GPU", "%", points), Signal("CPU", "%", points), Signal("network", "MB/s", points)]
    since = END - timedelta(hours=5)
    return usage_drawn(signals, title="notebook " * 20, why="GPU 0 % for 5 h", since=since, zone="Asia/Kolkata")


FIGURES = {
    **{f"choices: {words}": (choices_figure, words) for words in ASKED},
    **{f"memory: {words}": (memory_figure, words) for words in (*ASKED, "does llama-3-70b qlora fit one g6e.xlarge?")},
    **{f"spend: {days} and {owners}": (spend_figure, days, owners) for days, owners in ((7, 4), (30, 8), (1, 0))},
    **{f"use: {hours} h": (usage_figure, hours) for hours in (6, 24, 72)},
}


@pytest.fixture(scope="module", params=FIGURES)
def figure(request: pytest.FixtureRequest) -> Figure:
    draw, *given_ = FIGURES[request.param]
    found: Figure = draw(*given_)
    found.canvas.draw()
    return found


def texts(figure: Figure) -> list[Text]:
    """What is drawn: of ticks only those within the axes."""
    ticks = {text for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for text in axis.findobj(Text)}
    within = {text for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for text in _within(axis)}
    found = [one for one in figure.findobj(Text) if one not in ticks or one in within]
    return [one for one in found if one.get_visible() and one.get_text().strip()]


def _within(axis: Axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    labels_ = [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [*labels_, axis.label, axis.get_offset_text()]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((light_of(one), light_of(other)))
    return (light + 0.05) / (dark + 0.05)


def linear(colour: str) -> list[float]:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def light_of(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_can_be_read_where_a_picture_is_narrow(figure: Figure) -> None:
    for text in texts(figure):
        pixels = text.get_fontsize() * paper.DPI / 72
        assert pixels * NARROW / (paper.WIDTH * paper.DPI) >= 8, text.get_text()
        colour = to_hex(text.get_color())
        if colour != paper.SHEET:  # inside a bar
            assert contrast(colour, paper.SHEET) >= 4.5, text.get_text()


def test_no_text_lies_over_another_or_beyond_the_sheet(figure: Figure) -> None:
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    high = figure.get_figheight() * paper.DPI
    for words, box in boxes:
        assert box.x0 >= 0, words
        assert box.y0 >= 0, words
        assert box.x1 <= paper.WIDTH * paper.DPI, words
        assert box.y1 <= high, words
    for (one, first), (other, second) in combinations(boxes, 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        tall = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert wide <= 1 or tall <= 4, f"{one!r} lies over {other!r}"


def test_the_front_leaves_out_plans_and_what_nobody_waits_for() -> None:
    rows = _rows(answered("train llama-2-7b tokens=2T"))
    assert all(row.hours is not None and row.hours.mid <= 90 * 24 for row in rows)
    assert not any(_is_plan(row) for row in rows if row.pareto)


def test_colours_stand_out_from_the_sheet_and_carry_white_figures() -> None:
    for colour in paper.SERIES:
        assert contrast(colour, paper.SHEET) >= 3, colour
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


# Machado, Oliveira and Fernandes (2009), severity 1.0, linear RGB.
BLINDNESS = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def lab(colour: str, seen_by: str) -> tuple[float, float, float]:
    seen = [sum(a * b for a, b in zip(row, linear(colour), strict=True)) for row in BLINDNESS[seen_by]]
    red, green, blue = (min(1.0, max(0.0, part)) for part in seen)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("seen_by", BLINDNESS)
def test_neighbours_are_told_apart_by_who_is_colour_blind(seen_by: str) -> None:
    neighbours = [*pairwise(paper.SERIES), (paper.BLUE, paper.RED)]  # parts of memory; worked and idle
    for one, other in neighbours:
        distance = sum((a - b) ** 2 for a, b in zip(lab(one, seen_by), lab(other, seen_by), strict=True)) ** 0.5
        assert distance > 10, (one, other, distance)


wishes = st.builds(
    labels.Wish, x=st.floats(100, 900), y=st.floats(100, 500), wide=st.floats(20, 400), high=st.floats(20, 80)
)


@settings(deadline=None)
@given(st.lists(wishes, max_size=8), st.integers(0, 3))
def test_labels_never_lie_over_each_other_or_outside(given_: list[labels.Wish], needed: int) -> None:
    bounds = labels.Box(0, 0, 1000, 600)
    asked = [labels.Wish(one.x, one.y, one.wide, one.high, n < needed) for n, one in enumerate(given_)]
    boxes = [box for box in labels.place(asked, bounds=bounds, taken=()) if box is not None]
    assert all(bounds.holds(box) for box in boxes)
    assert all(one.overlap(other) == 0 for n, one in enumerate(boxes) for other in boxes[:n])


def test_a_label_that_is_not_needed_covers_nothing() -> None:
    taken = [labels.Box(0, 0, 1000, 600)]
    wish = labels.Wish(500, 300, 100, 30)
    assert labels.place([wish], bounds=taken[0], taken=taken) == [None]


def test_a_name_in_another_script_is_drawn_without_what_the_font_lacks() -> None:
    assert paper.drawable("Nguyễn Văn An") == "Nguyễn Văn An"
    assert paper.drawable("山田 kei") == "·· kei"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert charts.spend([Day("Mon", 1)], [Day("山田 $5 $6", 1)], title="山田") is not None


def test_a_drawn_figure_is_not_kept() -> None:
    for _ in range(3):
        charts.choices(answered(ASKED[0]))
    before = figures()
    for _ in range(3):
        charts.choices(answered(ASKED[0]))
    assert figures() <= before


def figures() -> int:
    gc.collect()
    return sum(isinstance(one, Figure) for one in gc.get_objects())


def test_nothing_is_imported_for_pictures_before_the_first_is_drawn() -> None:
    heavy = "any(name in sys.modules for name in ('matplotlib', 'numpy'))"
    code = f"import sys, bot.wiring, bot.commands.estimate; sys.exit({heavy})"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
