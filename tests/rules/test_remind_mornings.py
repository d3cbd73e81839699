"""Whose morning has come, what is worth a word, and who hears it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.rules.idle import Hold, Verdict
from bot.rules.idle_finding import Finding, Outcome
from bot.rules.policy_idle import Idle, Reminders
from bot.rules.remind import Reader, Told, by_money, digest, due, marks, morning, next_morning, recipients, telling
from tests.rules.idle_made import HOUR, NOW, machine

BERLIN, YORK, KOLKATA, PAULO = (
    ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo")
)
UTC_ZONE = ZoneInfo("UTC")
RULES, REMINDERS = Idle(), Reminders(channel="C0ML")
TODAY = NOW.date()


def finding(*, idle_hours: float = 31, level: str = "idle", **changed: Any) -> Finding:
    of_resource = {"usd_per_hour", "state", "kind", "id", "since", "tags"}
    resource = machine(**{key: changed.pop(key) for key in list(changed) if key in of_resource})
    verdict = Verdict(level=level, reason="GPU 0 %", since=NOW - idle_hours * HOUR if level == "idle" else None)
    given = {"ref": "r_1", "resource": resource, "verdict": verdict, "owner": "U1", "at": NOW, **changed}
    return Finding(**given)


def resting(days: float, **changed: Any) -> Finding:
    return finding(idle_hours=days * 24, state="stopped", **changed)


# --- mornings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "utc", "day"),
    [
        (BERLIN, "2026-11-23T07:59", None),
        (BERLIN, "2026-11-23T08:00", "2026-11-23"),
        (BERLIN, "2026-07-01T07:00", "2026-07-01"),
        (KOLKATA, "2026-11-23T03:29", None),
        (KOLKATA, "2026-11-23T03:30", "2026-11-23"),
        (YORK, "2026-11-23T14:00", "2026-11-23"),
        (YORK, "2026-11-23T03:00", "2026-11-22"),
        (PAULO, "2026-11-23T12:00", "2026-11-23"),
    ],
)
def test_the_morning_is_the_readers(where: ZoneInfo, utc: str, day: str | None) -> None:
    found = morning(datetime.fromisoformat(utc).replace(tzinfo=UTC), where, REMINDERS)
    assert found == (date.fromisoformat(day) if day else None)


def test_a_late_evening_waits_for_the_next_morning_where_the_policy_says_so() -> None:
    quiet = Reminders(last_hour=20)
    assert morning(datetime(2026, 11, 23, 19, 59, tzinfo=UTC), UTC_ZONE, quiet) == TODAY
    assert morning(datetime(2026, 11, 23, 20, 0, tzinfo=UTC), UTC_ZONE, quiet) is None


def test_weekends_are_off_where_the_policy_says_so() -> None:
    saturday = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert morning(saturday, UTC_ZONE, REMINDERS) == saturday.date()
    assert morning(saturday, UTC_ZONE, Reminders(weekends=False)) is None


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_clock_change_makes_neither_two_mornings_nor_none(day: date) -> None:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - 6 * HOUR
    for hour in (1, 2, 3, 9):
        found = {morning(at + timedelta(minutes=10 * i), BERLIN, Reminders(hour=hour)) for i in range(6 * 40)}
        assert day in found


def test_the_next_morning_skips_a_weekend_off() -> None:
    friday = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert next_morning(friday, BERLIN, REMINDERS) == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert next_morning(friday, BERLIN, Reminders(weekends=False)) == datetime(2026, 11, 23, 8, tzinfo=UTC)


# --- what is due ----------------------------------------------------------------------------------------------------


def test_an_idle_machine_is_named_every_morning() -> None:
    assert due(finding(), None, TODAY, UTC_ZONE, RULES)
    assert due(finding(), Told(TODAY - timedelta(days=1)), TODAY, UTC_ZONE, RULES)
    assert not due(finding(), Told(TODAY), TODAY, UTC_ZONE, RULES)


@pytest.mark.parametrize(
    "quiet",
    [
        finding(hold=Hold(what="keep", until=NOW + HOUR, by="U1")),
        finding(outcome=Outcome("stopped", "U1", NOW, "Stopped.")),
        finding(usd_per_hour=0.0),
        finding(level="active"),
    ],
)
def test_what_is_held_answered_free_or_at_work_is_not(quiet: Finding) -> None:
    assert not due(quiet, None, TODAY, UTC_ZONE, RULES)


def named_on(make: Any, days: int = 40) -> list[int]:
    """The days after it began to rest on which it is named, when every morning is looked at."""
    told: Told | None = None
    found = []
    for day in range(days):
        one = make(day)
        if due(one, told, TODAY, UTC_ZONE, RULES):
            found.append(day)
            told = telling(one, TODAY, UTC_ZONE, RULES)
            told = Told(TODAY - timedelta(days=1), told.marks)
        elif told:
            told = Told(told.day - timedelta(days=1), told.marks)
    return found


def test_a_stopped_machine_is_named_after_one_three_and_seven_days_then_weekly() -> None:
    assert named_on(lambda day: resting(day, usd_per_hour=0.5)) == [1, 3, 7, 14, 21, 28, 35]


def test_a_missed_day_is_made_up_once() -> None:
    late = resting(5, usd_per_hour=0.5)
    assert due(late, Told(TODAY - timedelta(days=4), 1), TODAY, UTC_ZONE, RULES)
    assert telling(late, TODAY, UTC_ZONE, RULES).marks == marks(TODAY - timedelta(days=3), TODAY, RULES)


def test_small_change_is_named_as_rarely_as_a_stopped_machine() -> None:
    assert not due(finding(idle_hours=3, usd_per_hour=0.01), None, TODAY, UTC_ZONE, RULES)
    assert due(finding(idle_hours=31, usd_per_hour=0.01), None, TODAY, UTC_ZONE, RULES)
    assert not due(finding(idle_hours=48, usd_per_hour=0.01), Told(TODAY, 1), TODAY, UTC_ZONE, RULES)


def test_what_is_unknown_is_named_once_a_week_and_not_on_its_first_day() -> None:
    unknown = finding(level="unknown")
    assert due(unknown, None, TODAY, UTC_ZONE, RULES)
    assert not due(unknown, Told(TODAY - timedelta(days=6)), TODAY, UTC_ZONE, RULES)
    assert due(unknown, Told(TODAY - timedelta(days=7)), TODAY, UTC_ZONE, RULES)
    assert not due(finding(level="unknown", since=NOW - 5 * HOUR), None, TODAY, UTC_ZONE, RULES)


def test_a_new_episode_starts_the_days_anew() -> None:
    again = resting(1.5, usd_per_hour=0.5)
    assert due(again, Told(TODAY - timedelta(days=10), 4, NOW - timedelta(days=10)), TODAY, UTC_ZONE, RULES)
    assert not due(resting(20), Told(TODAY - timedelta(days=1), 4, NOW - HOUR), TODAY, UTC_ZONE, RULES)


# --- the message ----------------------------------------------------------------------------------------------------


def read(*found: Finding, told: dict[str, Told] | None = None):
    return digest(found, told or {}, RULES, Reader("U1", "U1", TODAY, UTC_ZONE))


def test_the_message_ranks_by_money_and_sums_small_change() -> None:
    dear, cheap = finding(ref="r_dear", usd_per_hour=30.0), finding(ref="r_cheap", usd_per_hour=1.0)
    old = finding(ref="r_old", usd_per_hour=2.0, idle_hours=1000)
    disk = resting(8, ref="r_disk", usd_per_hour=0.01)
    blind = finding(ref="r_blind", level="unknown")
    found = read(cheap, disk, blind, old, dear)
    assert [one.ref for one in found.items] == ["r_old", "r_dear", "r_cheap"]
    assert [one.ref for one in found.small] == ["r_disk"]
    assert [one.ref for one in found.unknown] == ["r_blind"]
    assert found.usd_since == pytest.approx(2000 + 30 * 31 + 31 + 0.01 * 8 * 24)


def test_with_nothing_to_say_there_is_no_message() -> None:
    assert read(finding(level="active")) is None
    assert read(finding(), told={"r_1": Told(TODAY)}) is None


def test_an_unknown_price_ranks_first_and_counts_as_nothing_known() -> None:
    blind = finding(ref="r_blind", usd_per_hour=None)
    assert [one.ref for one in by_money([finding(), blind])] == ["r_blind", "r_1"]
    assert blind.usd_since is None
    assert blind.usd_per_month is None


def test_money_is_since_it_turned_idle_and_beside_the_plan() -> None:
    one = Finding(
        ref="r_1",
        resource=machine(since=NOW - 10 * HOUR, until=NOW - 4 * HOUR, usd_per_hour=2.0),
        verdict=Verdict(level="idle", reason="", since=NOW - 3 * HOUR),
        at=NOW,
    )
    assert (one.usd_since, one.usd_planned, one.usd_so_far) == (6.0, 12.0, 20.0)


@pytest.mark.parametrize(
    ("changed", "to"),
    [
        ({}, ("U1",)),
        ({"owner": None}, ("C0ML",)),
        ({"owner": "UGONE"}, ("C0ML",)),
        ({"told": 4}, ("U1",)),
        ({"told": 5}, ("U1", "C0ML")),
        ({"told": 10}, ("U1", "C0ML", "ULEAD")),
    ],
)
def test_the_owner_hears_first_then_the_channel_then_the_leads(changed: dict[str, Any], to: tuple[str, ...]) -> None:
    rules = Reminders(channel="C0ML", leads=("ULEAD",))
    assert recipients(finding(**changed), rules, lambda user: user != "UGONE") == to


def test_without_a_channel_nobody_is_written_to_for_what_has_no_owner() -> None:
    assert recipients(finding(owner=None), Reminders(), lambda user: True) == ()


def test_a_message_of_unknown_things_alone_comes_weekly_whichever_they_are() -> None:
    fresh = finding(ref="r_fresh", level="unknown")

    def told(days_ago: int | None) -> Reader:
        last = None if days_ago is None else TODAY - timedelta(days=days_ago)
        return Reader("U1", "U1", TODAY, UTC_ZONE, last)

    assert digest([fresh], {}, RULES, told(None)) is not None
    assert digest([fresh], {}, RULES, told(6)) is None
    assert digest([fresh], {}, RULES, told(7)) is not None
    along = digest([fresh, finding()], {}, RULES, told(1))
    assert along is not None
    assert [one.ref for one in along.unknown] == ["r_fresh"]
