"""Charts: what stands on them, what they say in words, and that they are files of the right kind."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from bot import charts
from bot.charts import Day, Signal
from bot.charts.choices import front, place
from bot.charts.paper import DPI, WIDTH, around, ticks, times
from bot.charts.usage import clock_ticks, drawn
from data import load
from estimator.answer import Answer, answer
from estimator.parse import parse

TODAY = date(2026, 11, 21)
BEGIN = datetime(2026, 11, 19, tzinfo=UTC)
spots = st.lists(st.tuples(st.floats(1e-3, 1e6), st.floats(1e-3, 1e9)), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def tuned() -> Answer:
    return answer(parse("finetune llama-3-8b lora samples=50k seq=512 epochs=3", load()), load(), TODAY)


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@settings(deadline=None)
@given(spots)
def test_nothing_beats_a_choice_on_the_front_and_each_other_is_beaten(many: list[tuple[float, float]]) -> None:
    best = front(many)
    assert best == sorted(best)
    for spot in set(many):
        beaten = any(one != spot and one[0] <= spot[0] and one[1] <= spot[1] for one in many)
        assert beaten == (spot not in best)


@settings(deadline=None)
@given(st.floats(1e-6, 1e9), st.floats(1.5, 1e6))
def test_an_axis_has_at_most_seven_ticks_and_none_outside(low: float, factor: float) -> None:
    for found in (ticks(low, low * factor), times(low, low * factor)):
        assert len(found) <= 7
        assert all(low <= tick <= low * factor for tick in found)


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1e9), min_size=1))
def test_bounds_leave_room_on_both_sides(values: list[float]) -> None:
    low, high = around(values)
    assert low < min(values) <= max(values) < high


def test_the_choices_are_a_picture_of_the_size_that_slack_shows(tuned: Answer) -> None:
    picture = charts.choices(tuned)
    assert picture is not None
    assert size(picture.content) == (round(WIDTH * DPI), round(4.4 * DPI))
    assert len(picture.content) < 200_000


def test_the_words_of_the_choices_name_how_many_and_the_best(tuned: Answer) -> None:
    picture = charts.choices(tuned, kind="svg")
    assert picture is not None
    assert tuned.best is not None
    assert picture.content.startswith(b"<?xml")
    assert f"Best: {tuned.best.label}" in picture.alt
    assert f"{sum(place(row) is not None for row in tuned.options)} choices" in picture.alt
    assert "Cheapest: " in picture.alt
    assert "Fastest: " in picture.alt


def test_one_choice_alone_is_no_chart() -> None:
    words = "train gpt2 tokens=1B on 8 x RTX-4090"
    assert charts.choices(answer(parse(words, load()), load(), TODAY)) is None


@pytest.mark.parametrize(("card", "margin"), [("p5.48xlarge", "free"), ("g4dn.xlarge", "too much")])
def test_the_memory_says_its_margin_either_way(card: str, margin: str) -> None:
    found = answer(parse(f"finetune llama-3-8b full tokens=1M batch=1 on {card}", load()), load(), TODAY)
    shown = found.shown
    assert shown is not None
    assert shown.estimate.memory is not None
    assert margin in charts.memory(shown.estimate.memory, shown.label).alt


def test_use_is_drawn_in_the_readers_zone_with_its_idle_stretch() -> None:
    points = tuple((BEGIN + timedelta(minutes=5 * n), 80.0 if n < 100 else 0.0) for n in range(300))
    picture = charts.usage(
        [Signal("GPU", "%", points)], title="<nightly> $5", why="GPU 0 %", since=points[100][0], zone="Asia/Kolkata"
    )
    assert picture is not None
    assert picture.alt == "GPU: at most 80 %, last 0. Idle since 2026-11-19 13:50 (Asia/Kolkata)."
    assert size(picture.content)[0] == round(WIDTH * DPI)


@pytest.mark.parametrize("count", [0, 1])
def test_use_without_two_readings_is_no_chart(count: int) -> None:
    points = tuple((BEGIN + timedelta(minutes=n), 1.0) for n in range(count))
    assert charts.usage([Signal("GPU", "%", points)], title="x", why="") is None


def test_spend_says_its_sums_and_who_spent_most() -> None:
    days = [Day("Mon 16", 10, 4, 1), Day("Tue 17", 20, 0, 0)]
    picture = charts.spend(days, [Day("Lee", 5), Day("Ann", 25, 4)], title="A week")
    assert picture is not None
    assert picture.alt == ("Spend by day: $30.00 spent, $4.00 of it idle, $1.00 saved by stopping. Most: Ann, $25.00.")
    assert charts.spend([Day("Mon 16", 0)], [], title="A week") is None


def use_of(hours: float, value: float, unit: str = "%", zone: str = "Europe/Berlin") -> Figure:
    end = BEGIN + timedelta(hours=hours)
    points = tuple((BEGIN + timedelta(minutes=5 * n), value) for n in range(round(hours * 12) + 1))
    return drawn([Signal("GPU", unit, points)], title="x", why="", since=end - timedelta(hours=1), zone=zone)


def labels(figure: Figure) -> list[str]:
    return [tick.get_text() for tick in figure.axes[-1].get_xticklabels()]


def test_a_chart_of_zeros_says_so_and_shows_its_line() -> None:
    (axes,) = use_of(72, 0.0, "in 5 min").axes
    assert [text.get_text() for text in axes.texts] == ["0 all the time"]
    assert axes.get_ylim()[0] < 0
    assert list(axes.get_yticks()) == [0, 1]


@pytest.mark.parametrize("hours", [0.2, 0.5, 3, 24, 72, 14 * 24, 60 * 24])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/New_York"])
def test_the_times_under_a_chart_are_round_and_few(hours: float, zone: str) -> None:
    found = clock_ticks(BEGIN, BEGIN + timedelta(hours=hours), zone)
    assert 1 <= len(found) <= 8
    assert found == sorted(set(found))
    assert all(place.minute % 5 == 0 for place in found)


def test_midnight_is_the_day_and_a_short_window_names_its_day_below() -> None:
    assert "20 Nov" in labels(use_of(72, 50.0))
    short = use_of(0.5, 50.0)
    assert all(":" in label for label in labels(short))
    assert short.axes[-1].get_xlabel().startswith("Thu 19 Nov, time in Europe/Berlin")


def test_no_warning_is_raised_for_any_window(recwarn: pytest.WarningsRecorder) -> None:
    for hours in (0.2, 5, 72, 24 * 60):
        use_of(hours, 3.0).canvas.draw()
    assert not recwarn.list


def test_a_little_traffic_is_drawn_in_kb() -> None:
    points = tuple((BEGIN + timedelta(minutes=5 * n), 0.004) for n in range(9))
    picture = charts.usage([Signal("network", "MB/s", points)], title="x", why="")
    assert picture is not None
    assert picture.alt == "network: at most 4 kB/s, last 4."
