"""What scans count: pauses, regions that were not seen, what is gone, and scans as of another time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot import home, idle
from bot.store import money
from bot.store.money import Spend
from handlers.views import home as views
from tests.idle.idle_world import ENG, IdleWorld, launch

RATE = pytest.approx


def scan(world: IdleWorld, hours: float = 0) -> None:
    world.clock.advance(timedelta(hours=hours))
    idle.scan(world.parts, world.clock.now())


def days(world: IdleWorld) -> dict[date, Spend]:
    with world.parts.store.reading() as tx:
        return dict(money.by_day(tx, date(2026, 11, 1), date(2026, 12, 31)))


def rate(world: IdleWorld, identity: str) -> float:
    one = next(one for one in idle.findings(world.parts, user=None) if one.resource.id == identity)
    assert one.resource.usd_per_hour is not None
    return one.resource.usd_per_hour


def test_a_pause_of_days_is_counted_day_by_day(idle_world: IdleWorld) -> None:
    one = launch(idle_world, owner=ENG)
    scan(idle_world)
    scan(idle_world, 60)  # Monday noon to Wednesday midnight
    per_hour, found = rate(idle_world, one), days(idle_world)
    assert {day: spend.usd for day, spend in found.items()} == {
        date(2026, 11, 23): RATE(12 * per_hour),
        date(2026, 11, 24): RATE(24 * per_hour),
        date(2026, 11, 25): RATE(24 * per_hour),
    }
    assert sum(spend.unseen for spend in found.values()) == 0


def test_a_region_that_was_not_seen_is_counted_when_it_is_seen_again(idle_world: IdleWorld) -> None:
    assert idle_world.aws
    one = launch(idle_world, owner=ENG)
    scan(idle_world)
    idle_world.aws.fail("DescribeInstances", "UnauthorizedOperation", status=403, times=9)
    scan(idle_world, 2)
    assert sum(spend.usd for spend in days(idle_world).values()) == 0
    idle_world.aws.faults.clear()
    scan(idle_world, 2)
    assert sum(spend.usd for spend in days(idle_world).values()) == RATE(4 * rate(idle_world, one))


def test_what_went_while_nobody_looked_is_told_apart_and_said(idle_world: IdleWorld) -> None:
    one = launch(idle_world, owner=ENG)
    scan(idle_world)
    per_hour = rate(idle_world, one)
    idle_world.parts.cloud.client("ec2", "us-east-1").terminate_instances(InstanceIds=[one])
    scan(idle_world, 5)
    (spend,) = days(idle_world).values()
    assert (spend.usd, spend.unseen) == (0, RATE(5 * per_hour, rel=0.02))
    scan(idle_world, 1)
    assert days(idle_world) == {date(2026, 11, 23): spend}
    said = str(views.home(home.of(idle_world.parts, ENG)))
    assert "While nobody looked, up to $5.0" in said
    assert "more of everybody's may have passed this month." in said


def test_a_scan_as_of_the_past_or_the_same_time_counts_nothing_twice(idle_world: IdleWorld) -> None:
    one = launch(idle_world, owner=ENG)
    scan(idle_world)
    scan(idle_world, 3)
    for hours in (0, 2, 3):
        idle.scan(idle_world.parts, idle_world.clock.now() - timedelta(hours=hours))
    scan(idle_world, 1)
    assert sum(spend.usd for spend in days(idle_world).values()) == RATE(4 * rate(idle_world, one))
