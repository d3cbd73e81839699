"""A machine that AWS never starts is not asked about for ever, and people hear of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import ASKER, NOON, Desk, desk
from fake_ec2 import FakeCloud, World

from bot.clock import FixedClock


@pytest.fixture
def world() -> World:
    return World(FixedClock(NOON))


@pytest.fixture
def at(tmp_path: Path, world: World) -> Desk:
    made = desk(tmp_path, lambda settings, policy: FakeCloud(world), clock=world.clock)  # type: ignore[arg-type]
    made.rules(POLICY)
    return made


POLICY = """
[approvals]
channel = "C0APPROVALS"
approvers = ["U0LEAD"]
[limits]
regions = ["us-east-1"]
[launch]
image = "ami-0fee1dee9a0c10001"
"""


def wait(at: Desk, minutes: int) -> None:
    for _ in range(minutes):
        at.pass_time(minutes=1)


def test_after_half_an_hour_of_pending_only_the_sweep_looks_and_the_owner_hears_of_it(at: Desk, world: World) -> None:
    identity = at.approved()
    wait(at, 32)
    found = at.find(identity)
    assert (found.state, found.progress) == ("launching", "stuck")
    assert "has not started" in at.told(ASKER)
    assert "launching | stuck" in at.card()
    world.calls.clear()
    wait(at, 30)
    assert world.calls["describe_instances"] <= 7, "one look of the sweep in five minutes"


def test_one_that_starts_after_all_is_followed_to_its_end(at: Desk, world: World) -> None:
    identity = at.approved()
    wait(at, 32)
    world.age()
    wait(at, 7)
    assert (at.find(identity).state, at.find(identity).progress) == ("running", "ready")


def test_one_that_aws_never_shows_has_failed(at: Desk, world: World) -> None:
    identity = at.approved()
    world.machines.clear()
    wait(at, 32)
    found = at.find(identity)
    assert found.state == "failed"
    assert "AWS does not show it" in found.error
