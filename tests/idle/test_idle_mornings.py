"""Morning messages over a database: once for each person and day, late but once, and only with something to say."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import idle
from bot.clock import FixedClock
from bot.rules.idle import Resource, Verdict
from bot.rules.idle_finding import Finding
from bot.rules.people import Person
from bot.store import idle as table
from bot.store import resources
from tests.idle.idle_world import ENG, LEAD, MONDAY, OTHER, IdleWorld, at_home, build

HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> IdleWorld:
    """No AWS: findings are written as a scan would."""
    return build(tmp_path, FixedClock(MONDAY))


def seen(world: IdleWorld, *found: Finding, alarm: str = "") -> None:
    """As if a scan had just found these."""
    now = world.clock.now()
    with world.parts.store.transaction() as tx:
        for one in found:
            place = {"account": "default", "region": "us-east-1", "kind": one.resource.kind, "aws_id": one.resource.id}
            ref = resources.see(tx, **place, now=now)
            table.save(tx, replace(one, ref=ref, at=now), written=now)
        table.scanned(tx, now=now, counts={}, gaps=(), alarm=alarm)


def machine(
    owner: str | None, *, name: str = "i-1", since: datetime = MONDAY - 10 * HOUR, level: str = "idle"
) -> Finding:
    resource = Resource(
        id=name,
        kind="ec2_instance",
        account="default",
        region="us-east-1",
        type="g5.xlarge",
        state="running",
        owner=owner,
        since=MONDAY - 100 * HOUR,
        usd_per_hour=1.0,
    )
    verdict = Verdict(level=level, reason="GPU 0 %", since=since)
    return Finding(ref="", resource=resource, verdict=verdict, owner=owner, owner_by="tag", at=MONDAY, verbs=("stop",))


def look(world: IdleWorld, *found: Finding) -> int:
    seen(world, *found)
    return idle.remind(world.parts, world.clock.now())


def to_at(world: IdleWorld, when: str) -> None:
    at = datetime.fromisoformat(when).astimezone(UTC)
    world.clock.advance(at - world.clock.now())


def test_each_owner_hears_in_their_own_morning(world: IdleWorld) -> None:
    at_home(world, ENG, "Europe/Berlin")
    at_home(world, OTHER, "America/New_York")
    found = (machine(ENG), machine(OTHER, name="i-2"))
    look(world, *found)
    heard = {}
    for step in range(24 * 4):
        world.clock.advance(timedelta(minutes=15))
        look(world, *found)
        for row in world.posts("reminder"):
            heard.setdefault((row["dest"], row["subject"]), world.clock.now())
        assert step < 96
    assert heard == {
        (ENG, "2026-11-24"): datetime(2026, 11, 24, 8, 0, tzinfo=UTC),
        (OTHER, "2026-11-23"): datetime(2026, 11, 23, 14, 0, tzinfo=UTC),
    }


def test_somebody_who_flies_west_does_not_hear_of_the_same_day_twice(world: IdleWorld) -> None:
    at_home(world, ENG, "Asia/Kolkata")
    look(world, machine(ENG))
    to_at(world, "2026-11-24T09:00+05:30")
    assert look(world, machine(ENG)) == 1
    at_home(world, ENG, "America/New_York")
    for hours in range(1, 37):
        to_at(world, "2026-11-24T09:00+05:30")
        world.clock.advance(timedelta(hours=hours))
        look(world, machine(ENG))
    assert [row["subject"] for row in world.posts("reminder")] == ["2026-11-24", "2026-11-25"]


def test_a_bot_that_slept_at_nine_says_it_at_twenty_to_ten_once(world: IdleWorld) -> None:
    look(world, machine(ENG))
    to_at(world, "2026-11-24T09:40+00:00")
    assert look(world, machine(ENG)) == 1
    assert look(world, machine(ENG)) == 0


def test_a_bot_that_slept_for_three_days_says_it_once(world: IdleWorld) -> None:
    look(world, machine(ENG))
    to_at(world, "2026-11-27T10:00+00:00")
    assert look(world, machine(ENG)) == 1
    assert len(world.posts("reminder")) == 1


def test_a_new_bot_does_not_begin_with_a_late_message_unless_it_is_asked(world: IdleWorld) -> None:
    assert look(world, machine(ENG)) == 0
    assert idle.remind(world.parts, world.clock.now(), asked=True) == 1


def test_a_morning_with_nothing_to_say_stays_silent_all_day_unless_somebody_asks(world: IdleWorld) -> None:
    look(world, machine(ENG, level="active"))
    to_at(world, "2026-11-24T09:00+00:00")
    look(world, machine(ENG, level="active"))
    to_at(world, "2026-11-24T15:00+00:00")
    assert look(world, machine(ENG)) == 0
    assert idle.remind(world.parts, world.clock.now(), asked=True) == 1
    assert idle.remind(world.parts, world.clock.now(), asked=True) == 0


def test_old_findings_are_not_told(world: IdleWorld) -> None:
    seen(world, machine(ENG))
    to_at(world, "2026-11-24T09:00+00:00")
    assert idle.remind(world.parts, world.clock.now()) == 0


def test_nobody_hears_anything_under_an_alarm_but_the_channel_once(world: IdleWorld) -> None:
    seen(world, machine(ENG), alarm="This scan sees 1 resources")
    to_at(world, "2026-11-24T09:00+00:00")
    for _ in range(3):
        seen(world, machine(ENG), alarm="This scan sees 1 resources")
        idle.remind(world.parts, world.clock.now())
    assert [(row["what"], row["dest"]) for row in world.posts()] == [("notice", "C0ML")]


def test_somebody_whom_slack_does_not_know_is_told_in_the_channel(world: IdleWorld) -> None:
    world.slack.people[OTHER] = Person(OTHER, deleted=True)
    seen(world, machine("U0GONE"), machine(OTHER, name="i-2"))
    to_at(world, "2026-11-24T09:00+00:00")
    look(world, machine("U0GONE"), machine(OTHER, name="i-2"))
    assert [(row["dest"], row["what"]) for row in world.posts()] == [("C0ML", "reminder")]


def test_while_slack_does_not_answer_nobody_is_taken_for_gone(world: IdleWorld) -> None:
    seen(world, machine(ENG))
    to_at(world, "2026-11-24T09:00+00:00")
    world.slack.down = True
    assert look(world, machine(ENG)) == 0
    world.slack.down = False
    assert look(world, machine(ENG)) == 1
    assert [row["dest"] for row in world.posts()] == [ENG]


def test_three_unanswered_mornings_are_counted_and_the_fifth_reaches_the_channel(world: IdleWorld) -> None:
    look(world, machine(ENG))
    for day in range(24, 30):
        to_at(world, f"2026-11-{day}T09:00+00:00")
        look(world, machine(ENG))
    told = idle.findings(world.parts, user=ENG)[0].told
    assert told == 6
    channel = [row["subject"] for row in world.posts("reminder") if row["dest"] == "C0ML"]
    assert channel == ["2026-11-29"]
    found = idle.morning_message(world.parts, "C0ML", date(2026, 11, 29))
    assert found is not None
    assert found.escalated == {found.items[0].ref}


def test_the_message_is_kept_as_it_was_written(world: IdleWorld) -> None:
    look(world, machine(ENG))
    to_at(world, "2026-11-24T09:00+00:00")
    look(world, machine(ENG))
    found = idle.morning_message(world.parts, ENG, date(2026, 11, 24))
    assert found is not None
    assert found.owner == ENG
    assert found.items[0].usd_since == pytest.approx(31)
    world.clock.advance(5 * HOUR)
    look(world, machine(ENG, level="active"))
    assert idle.morning_message(world.parts, ENG, date(2026, 11, 24)) == found
    assert idle.morning_message(world.parts, ENG, date(2026, 11, 25)) is None


def test_leads_get_the_week_in_money_on_monday(world: IdleWorld) -> None:
    world.set_policy(reminders={"leads": [LEAD]})
    from bot.store import money

    for day in range(8):
        with world.parts.store.transaction() as tx:
            money.add(tx, day=date(2026, 11, 23 + day), owner=ENG, spend=money.Spend(24.0, 10.0, 2.0, 0.0))
    look(world)
    to_at(world, "2026-11-30T09:00+00:00")
    assert look(world) == 1
    assert look(world) == 0
    assert [(row["what"], row["dest"], row["subject"]) for row in world.posts()] == [("digest", LEAD, "2026-11-30")]
    found = idle.week(world.parts, LEAD, date(2026, 11, 30))
    assert (found.total.usd, found.total.idle, found.total.kept) == (168.0, 70.0, 14.0)
    assert len(found.by_day) == 7


# --- a year ---------------------------------------------------------------------------------------------------------

ZONES = {
    "UBERLIN": "Europe/Berlin",
    "UYORK": "America/New_York",
    "UKOLKATA": "Asia/Kolkata",
    "UPAULO": "America/Sao_Paulo",
}


def test_a_year_of_mornings_in_four_zones_with_restarts_at_random(tmp_path: Path) -> None:
    """The bot is up at random; on some days there is something to say to an owner, on others there is not."""
    chance = random.Random(7)
    start = datetime(2026, 1, 1, 0, 0, tzinfo=UTC)
    clock = FixedClock(start)
    world = build(tmp_path, clock)
    world.set_policy(reminders={"channel": ""})
    for user, zone in ZONES.items():
        world.slack.people[user] = Person(user, tz=zone)
    busy = {(user, start.date() + timedelta(days=n)) for user in ZONES for n in range(-1, 368) if chance.random() < 0.3}
    expected: set[tuple[str, date]] = set()
    decided: set[tuple[str, date]] = set()
    while clock.now() < start + timedelta(days=365):
        now = clock.now()
        found = []
        for user, zone in ZONES.items():
            local = now.astimezone(ZoneInfo(zone))
            day = (user, local.date())
            found.append(machine(user, name=user, since=start, level="active" if day in busy else "idle"))
            if local.hour >= 9 and now - start > timedelta(hours=33) and day not in decided:
                decided.add(day)
                expected |= {day} if day not in busy else set()
        seen(world, *found)
        idle.remind(world.parts, now)
        if chance.random() < 0.1:
            world.parts.store.close()  # a restart
            world = replace_bot(world, tmp_path)
            clock = world.clock
        nap = chance.choice([5, 15, 15, 60, 240, 60 * chance.randint(1, 40)])
        clock.advance(timedelta(minutes=nap))
    rows = [(row["dest"], date.fromisoformat(row["subject"])) for row in world.posts("reminder")]
    first = {day for day in rows if day[1] <= date(2026, 1, 2)}
    assert set(rows) - first == {day for day in expected if day[1] > date(2026, 1, 2)}
    assert max(Counter(rows).values()) == 1
    assert {row["version"] for row in world.posts("reminder")} == {1}, "none is written a second time"
    assert len(rows) > 600


def replace_bot(world: IdleWorld, folder: Path) -> IdleWorld:
    """Another process on the same database."""
    again = build(folder, FixedClock(world.clock.now()))
    again.slack.people.update(world.slack.people)
    again.policy.update(world.policy)
    return again
