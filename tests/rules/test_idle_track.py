"""A track says the same as looking at every datapoint again."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.idle import Series
from bot.rules.idle_track import Track
from tests.rules.idle_made import MINUTE, NOW, series

STEP = 5 * MINUTE
values = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 0.5, 3.0, 12.0, 80.0])), min_size=1, max_size=60).filter(
    lambda found: any(value is not None for value in found)
)


def steps_of(track: Track, points: Series):
    for at, _ in points.points:
        track.advance(at)
        yield at


@given(values, st.sampled_from([1.0, 5.0, 10.0]))
def test_quiet_is_the_time_since_the_last_loud_datapoint_or_hole(found: list[float | None], limit: float) -> None:
    points = series(found)
    moving = Track(points, at_end=False)
    for now in steps_of(moving, points):
        seen = [(at, value) for at, value in points.points if at <= now]
        start = seen[0][0] - STEP
        for earlier, (at, value) in zip([None, *[at for at, _ in seen]], seen, strict=False):
            if earlier is not None and at - earlier > timedelta(minutes=30):
                start = at - STEP
            if value >= limit:
                start = at
        assert moving.quiet(limit) == now - start


@given(values, st.integers(1, 40))
def test_coverage_is_the_share_of_expected_datapoints(found: list[float | None], steps: int) -> None:
    points = series(found)
    window = steps * STEP
    moving = Track(points, at_end=False)
    for now in steps_of(moving, points):
        there = sum(1 for at, _ in points.points if now - window < at <= now)
        assert abs(moving.coverage(window) - there / steps) < 1e-9


@given(values, st.integers(1, 40))
def test_the_peak_is_the_highest_of_the_window(found: list[float | None], steps: int) -> None:
    points = series(found)
    track = Track(points)
    last = points.points[-1][0]
    inside = [value for at, value in points.points if at > last - steps * STEP]
    peak = track.peak(steps * STEP)
    assert peak is not None
    assert peak[1] == max(inside)


@given(values)
def test_asking_at_the_end_and_asking_on_the_way_say_the_same(found: list[float | None]) -> None:
    points = series(found)
    moving, at_end = Track(points, at_end=False), Track(points)
    for _ in steps_of(moving, points):
        moving.quiet(10.0)
        moving.coverage(12 * STEP)
    for limit in (1.0, 10.0):
        assert moving.quiet(limit) == at_end.quiet(limit)
        assert moving.pause(limit, timedelta(days=1)) == at_end.pause(limit, timedelta(days=1))
    assert moving.coverage(12 * STEP) == at_end.coverage(12 * STEP)


def test_a_pause_is_counted_between_two_spells_of_work_and_only_while_it_is_remembered() -> None:
    found = series([0.0] * 20 + [90.0] + [0.0] * 12 + [90.0] + [0.0] * 6)
    track = Track(found)
    assert track.pause(10, timedelta(days=1)) == timedelta(hours=1)
    assert track.pause(10, 20 * MINUTE) == timedelta()


def test_a_pause_without_data_is_no_pause() -> None:
    found = series([90.0] + [None] * 12 + [90.0])
    assert Track(found).pause(10, timedelta(days=1)) == timedelta()


def test_uneven_sampling_around_a_minute_is_full_coverage() -> None:
    seconds = [0, 58, 121, 180, 243, 299, 360, 425, 480, 541]
    points = tuple((NOW + timedelta(seconds=second), 0.0) for second in seconds)
    track = Track(Series(timedelta(seconds=60), points))
    assert track.coverage(timedelta(minutes=9)) == 1.0
