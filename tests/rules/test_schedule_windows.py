"""The hours of a machine by the wall clock: edges over clock changes, overrides that end, what it saves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.errors import Unclear
from bot.rules.schedule import EVERY_DAY, WEEKDAYS, Hours, Kept, Schedule, back_at, hours_of, saves_a_month

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo")
WORK = Hours(days=WEEKDAYS, start=time(8), end=time(19), zone="Europe/Berlin")
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def plan(hours: Hours = WORK, *, done: datetime = MONDAY_NOON, kept: Kept | None = None) -> Schedule:
    return Schedule(hours=hours, by="U1", set_at=done, done=done, kept=kept)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# --- examples -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "edge", "on"),
    [
        ("2026-11-23T12:00+01:00", "2026-11-23T19:00+01:00", False),
        ("2026-11-23T19:00+01:00", "2026-11-24T08:00+01:00", True),
        ("2026-11-27T20:00+01:00", "2026-11-30T08:00+01:00", True),  # over the weekend
        ("2026-03-27T20:00+01:00", "2026-03-30T08:00+02:00", True),  # over the change to summer time
        ("2026-10-23T20:00+02:00", "2026-10-26T08:00+01:00", True),  # and back
    ],
)
def test_the_next_edge_is_by_the_owners_clock(after: str, edge: str, on: bool) -> None:
    found = plan().next_edge(at(after))
    assert (found.at, found.on) == (at(edge), on)


def test_hours_over_midnight_end_on_the_next_day() -> None:
    nights = Hours(days=WEEKDAYS, start=time(22), end=time(6), zone="UTC")
    assert nights.hours_a_week == 40
    friday = plan(nights).next_edge(at("2026-11-27T23:00+00:00"))
    assert (friday.at, friday.on) == (at("2026-11-28T06:00+00:00"), False)


def test_windows_that_touch_have_no_edge_between_them() -> None:
    whole_days = Hours(days=WEEKDAYS, start=time(0), end=time(0), zone="UTC")
    found = plan(whole_days).next_edge(at("2026-11-23T12:00+00:00"))
    assert (found.at, found.on) == (at("2026-11-28T00:00+00:00"), False)


def test_a_window_inside_the_skipped_hour_is_an_hour_later_and_one_that_comes_twice_is_its_first() -> None:
    early = Hours(days=EVERY_DAY, start=time(2, 15), end=time(2, 45), zone="Europe/Berlin")
    skipped = plan(early).next_edge(at("2026-03-29T00:00+01:00"))
    assert skipped.at == at("2026-03-29T03:15+02:00")
    twice = plan(early).next_edge(at("2026-10-25T00:00+02:00"))
    assert twice.at == at("2026-10-25T02:15+02:00")
    assert plan(early).next_edge(at("2026-10-25T02:50+02:00")).at == at("2026-10-26T02:15+01:00")


def test_a_window_of_which_the_change_leaves_nothing_does_not_happen() -> None:
    gone = Hours(days=EVERY_DAY, start=time(2, 30), end=time(3, 15), zone="Europe/Berlin")
    found = plan(gone).next_edge(at("2026-03-29T00:00+01:00"))
    assert found.at == at("2026-03-30T02:30+02:00")


def test_a_midnight_that_does_not_exist_is_one_oclock() -> None:
    whole = Hours(days=(6,), start=time(0), end=time(12), zone="America/Sao_Paulo")
    found = plan(whole).next_edge(at("2018-11-03T20:00-03:00"))
    assert found.at == at("2018-11-04T01:00-02:00")


def test_after_days_of_downtime_only_the_latest_edge_is_due_and_then_none() -> None:
    late = plan().due(at("2026-11-26T12:00+01:00"))
    assert late is not None
    assert (late.at, late.on) == (at("2026-11-26T08:00+01:00"), True)
    assert plan(done=late.at).due(at("2026-11-26T12:00+01:00")) is None


def test_keeping_it_on_takes_the_edges_away_and_ends_by_itself() -> None:
    tonight = at("2026-11-23T18:00+01:00")
    kept = plan(kept=Kept(tonight, at("2026-11-25T01:00+01:00")))
    found = kept.next_edge(tonight)
    assert (found.at, found.on) == (at("2026-11-25T01:00+01:00"), False)
    assert kept.due(at("2026-11-24T12:00+01:00")) is None
    assert kept.next_edge(found.at).at == at("2026-11-25T08:00+01:00")


def test_keeping_it_on_while_it_is_off_starts_it_at_once() -> None:
    night = at("2026-11-23T22:00+01:00")
    kept = plan(done=at("2026-11-23T19:00+01:00"), kept=Kept(night, at("2026-11-24T09:00+01:00")))
    found = kept.due(night)
    assert found is not None
    assert (found.at, found.on) == (night, True)
    assert kept.next_edge(night).at == at("2026-11-24T19:00+01:00")


@pytest.mark.parametrize(
    ("choice", "now", "until"),
    [
        ("keep_day", "2026-11-23T23:30+01:00", "2026-11-24T09:00+01:00"),
        ("keep_day", "2026-03-28T20:00+01:00", "2026-03-29T09:00+02:00"),
        ("keep_week", "2026-11-27T17:00+01:00", "2026-11-30T09:00+01:00"),
        ("keep_week", "2026-11-23T08:00+01:00", "2026-11-30T09:00+01:00"),
    ],
)
def test_kept_on_means_until_nine_by_the_owners_clock(choice: str, now: str, until: str) -> None:
    assert back_at(choice, at(now), "Europe/Berlin") == at(until)


def test_weekday_hours_save_two_thirds_and_an_unknown_price_saves_nobody_knows_what() -> None:
    assert WORK.hours_a_week == 55
    assert saves_a_month(1.0, WORK) == pytest.approx(730 * (1 - 55 / 168))
    assert saves_a_month(None, WORK) is None


@pytest.mark.parametrize(
    ("given_hours", "field"),
    [
        (("someday", "08:00", "19:00", "UTC"), "days"),
        (("weekdays", "8 o'clock", "19:00", "UTC"), "start"),
        (("weekdays", "08:00", "25:00", "UTC"), "end"),
        (("weekdays", "08:00", "19:60", "UTC"), "end"),
        (("weekdays", "08:00", "19:00", "Mars/Olympus"), "zone"),
        (("weekdays", "08:00", "19:00", "/etc/passwd"), "zone"),
        (("weekdays", "08:00", "19:00", ""), "zone"),
        (("every day", "00:00", "24:00", "UTC"), "end"),
    ],
)
def test_hours_that_nobody_can_keep_are_refused_at_their_field(given_hours: tuple[str, ...], field: str) -> None:
    with pytest.raises(Unclear) as told:
        hours_of(*given_hours)
    assert told.value.field == field


@pytest.mark.parametrize("text", ["8", "08", "8:00", "0800", " 08:00 "])
def test_a_time_is_read_as_people_write_it(text: str) -> None:
    assert hours_of("weekdays", text, "24:00", "UTC").words == "weekdays 08:00-00:00, UTC time"


def test_what_runs_outside_its_hours_stops_next_and_what_sleeps_starts_next() -> None:
    sunday = at("2026-11-22T12:00+01:00")
    assert plan().coming(sunday, running=True).at == at("2026-11-23T19:00+01:00")
    assert plan().coming(sunday, running=False).at == at("2026-11-23T08:00+01:00")
    assert plan().coming(MONDAY_NOON, running=True).at == at("2026-11-23T19:00+01:00")
    assert plan().coming(MONDAY_NOON, running=False).at == at("2026-11-24T08:00+01:00")


# --- properties -----------------------------------------------------------------------------------------------------

any_hours = st.builds(
    lambda days, start, minutes, zone: Hours(
        days=tuple(sorted(days)),
        start=time(start // 60, start % 60),
        end=time((start + minutes) % 1440 // 60, (start + minutes) % 60),
        zone=zone,
    ),
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.integers(0, 95).map(lambda n: n * 15),
    minutes=st.integers(1, 92).map(lambda n: n * 15),
    zone=st.sampled_from(ZONES),
)
# 2018 is in it for Sao Paulo, which had summer time until 2019.
FIRST = datetime(2018, 1, 1, tzinfo=UTC)
moments = st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))


def walled(hours: Hours, moment: datetime) -> bool:
    """Whether it shall be on, read straight off the wall clock and the day; true where no clock changes nearby."""
    there = moment.astimezone(ZoneInfo(hours.zone))
    clock, day = there.time(), there.weekday()
    if hours.start < hours.end:
        return day in hours.days and hours.start <= clock < hours.end
    return (day in hours.days and clock >= hours.start) or ((day - 1) % 7 in hours.days and clock < hours.end)


def calm(zone: str, moment: datetime) -> bool:
    """Whether no clock changes within a day and a half of *moment*."""
    where, near = ZoneInfo(zone), timedelta(hours=36)
    offsets = {(moment + step).astimezone(where).utcoffset() for step in (-near, timedelta(), near)}
    return len(offsets) == 1


@settings(max_examples=150, deadline=None)
@given(any_hours, moments)
def test_on_is_what_the_wall_clock_says(hours: Hours, moment: datetime) -> None:
    if calm(hours.zone, moment):
        assert plan(hours).on(moment) == walled(hours, moment)


@settings(max_examples=100, deadline=None)
@given(any_hours, moments)
def test_edges_follow_each_other_turn_about_within_a_week_and_an_hour(hours: Hours, moment: datetime) -> None:
    schedule = plan(hours)
    edge = schedule.last_edge(moment)
    assert edge.at <= moment
    for _ in range(6):
        following = schedule.next_edge(edge.at)
        assert edge.at < following.at <= edge.at + timedelta(days=7, hours=25)
        assert following.on != edge.on
        assert schedule.last_edge(following.at) == following
        edge = following


@settings(max_examples=60, deadline=None)
@given(any_hours, moments, st.integers(0, 10_000))
def test_a_clock_that_looks_at_random_takes_each_edge_at_most_once_and_ends_in_its_state(
    hours: Hours, moment: datetime, seed: int
) -> None:
    import random

    chance = random.Random(seed)
    schedule, now, taken = plan(hours, done=moment), moment, []
    for _ in range(30):
        now += timedelta(minutes=chance.choice([1, 10, 60, 600, 3000]))
        if edge := schedule.due(now):
            taken.append(edge)
            schedule = plan(hours, done=edge.at)
            assert edge.on == schedule.on(now)
    assert len({edge.at for edge in taken}) == len(taken)
    assert [edge.at for edge in taken] == sorted(edge.at for edge in taken)


@settings(max_examples=80, deadline=None)
@given(any_hours, moments, st.integers(1, 14 * 24), st.integers(-24 * 12, 24 * 20))
def test_an_override_changes_only_its_own_time(hours: Hours, begun: datetime, length: int, look: int) -> None:
    kept = plan(hours, kept=Kept(begun, begun + timedelta(hours=length)))
    moment = begun + timedelta(hours=look)
    inside = begun <= moment < begun + timedelta(hours=length)
    assert kept.on(moment) == (True if inside else plan(hours).on(moment))


def test_a_year_of_edges_in_each_zone_is_one_on_and_one_off_a_working_day() -> None:
    for zone in ZONES:
        hours = Hours(days=WEEKDAYS, start=time(8), end=time(19), zone=zone)
        schedule, edge = plan(hours), plan(hours).next_edge(datetime(2026, 1, 1, tzinfo=UTC))
        days: dict[date, list[str]] = {}
        while (there := edge.at.astimezone(ZoneInfo(zone))).year == 2026:
            days.setdefault(there.date(), []).append(f"{there:%H:%M} {'on' if edge.on else 'off'}")
            edge = schedule.next_edge(edge.at)
        assert all(day.weekday() < 5 for day in days)
        assert set(map(tuple, days.values())) == {("08:00 on", "19:00 off")}
        assert len(days) == 261
