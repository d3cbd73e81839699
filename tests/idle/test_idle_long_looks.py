"""At most so many looks over 14 days a scan, and each place and machine has its turn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot import idle, idle_scan
from bot.idle_looks import LongLooks
from tests.idle.idle_world import ENG, IdleWorld, launch, load

EAST, WEST = ("default", "us-east-1"), ("default", "us-west-2")


def test_a_large_place_leaves_a_small_one_its_share() -> None:
    looks = LongLooks(40, [EAST, WEST])
    assert looks.take(1000, EAST) == 20
    assert looks.take(1000, EAST) == 0
    assert looks.take(5, WEST) == 5
    looks.done(WEST)
    assert looks.take(1000, EAST) == 15


def test_all_places_together_never_take_more() -> None:
    for many in range(1, 60):
        places = [("default", f"r{n}") for n in range(many)]
        looks = LongLooks(40, places, turn=many)
        assert sum(looks.take(100, place) for place in places) == 40


def test_with_more_places_than_looks_each_has_its_turn() -> None:
    places = [("default", f"r{n}") for n in range(90)]
    seen = set()
    for turn in range(90):
        looks = LongLooks(40, places, turn=turn)
        seen |= {place for place in reversed(places) if looks.take(1, place)}
    assert seen == set(places)


def looked_at(world: IdleWorld) -> list[str]:
    with world.parts.store.reading() as tx:
        return [row["aws_id"] for row in tx.all("SELECT aws_id FROM history JOIN resource USING (ref) ORDER BY at")]


@pytest.mark.parametrize("chunk", [2, 125])
def test_each_machine_has_its_turn_the_dearest_first(
    idle_world: IdleWorld, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(idle_scan, "LONG_LOOKS", 2)
    monkeypatch.setattr("bot.idle_survey.CHUNK", chunk)
    small = [launch(idle_world, owner=ENG, kind="g5.xlarge") for _ in range(4)]
    large = launch(idle_world, owner=ENG, kind="g5.8xlarge")
    per_scan: list[Any] = []
    for _ in range(3):
        for machine in (*small, large):
            load(idle_world, machine, hours=31)
        before = len(looked_at(idle_world))
        idle.scan(idle_world.parts, idle_world.clock.now())
        per_scan.append(looked_at(idle_world)[before:])
        idle_world.clock.advance(timedelta(minutes=15))
    assert [len(found) for found in per_scan] == [2, 2, 1]
    assert large in per_scan[0]
    assert set(looked_at(idle_world)) == {*small, large}
