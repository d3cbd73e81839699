"""Who muted reminders hears none until then, and hears of it afterwards; the others hear theirs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot import audit, mute
from bot.clock import FixedClock
from tests.idle.idle_world import ENG, MONDAY, OTHER, IdleWorld, at_home, build
from tests.idle.test_idle_mornings import look, machine, to_at


@pytest.fixture
def world(tmp_path: Path) -> IdleWorld:
    made = build(tmp_path, FixedClock(MONDAY))
    for user in (ENG, OTHER):
        at_home(made, user, "Europe/Berlin")
    return made


def mornings(world: IdleWorld, *days: int) -> list[tuple[str, str]]:
    """Who got a message on which day, when everybody's machine is idle on all of them."""
    found = (machine(ENG), machine(OTHER, name="i-2"))
    for day in days:
        to_at(world, f"2026-11-{day}T09:05:00+01:00")
        look(world, *found)
    return sorted((row["subject"][-2:], row["dest"]) for row in world.posts("reminder"))


def test_the_muted_hear_nothing_until_then_and_the_others_do(world: IdleWorld) -> None:
    look(world)
    mute.switch(world.parts, "mute 2d", user=ENG, team="T1")
    assert mornings(world, 24, 25, 26) == [("24", OTHER), ("25", OTHER), ("26", ENG), ("26", OTHER)]


def test_who_unmutes_hears_the_same_morning(world: IdleWorld) -> None:
    look(world)
    mute.switch(world.parts, "mute", user=ENG, team="T1")
    assert mornings(world, 24) == [("24", OTHER)]
    mute.switch(world.parts, "unmute", user=ENG, team="T1")
    world.clock.advance(timedelta(minutes=30))
    look(world, machine(ENG), machine(OTHER, name="i-2"))
    assert [row["dest"] for row in world.posts("reminder") if row["dest"] == ENG] == [ENG]


def test_a_mute_outlives_a_restart_and_is_in_the_log(world: IdleWorld, tmp_path: Path) -> None:
    mute.switch(world.parts, "mute 3d", user=ENG, team="T1")
    again = build(tmp_path, FixedClock(MONDAY))
    with again.parts.store.reading() as tx:
        assert mute.until(tx, ENG, MONDAY) == MONDAY + timedelta(days=3)
        assert mute.until(tx, ENG, MONDAY + timedelta(days=4)) is None
        assert mute.until(tx, OTHER, MONDAY) is None
    rows, _ = audit.head(again.parts.store)
    assert rows == 1
