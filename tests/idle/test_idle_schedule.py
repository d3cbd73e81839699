"""What the clock starts: once over all replicas, late but once, whatever fails."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import FixedClock
from bot.schedule import Job, Schedule, moment
from tests.idle.idle_world import IdleWorld, build

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def world(tmp_path: Path) -> IdleWorld:
    return build(tmp_path, FixedClock(NINE))


def test_one_replica_of_three_runs_each_moment(tmp_path: Path) -> None:
    worlds = [build(tmp_path, FixedClock(NINE)) for _ in range(3)]
    ran: list[datetime] = []
    job = Job("scan", QUARTER, lambda: ran.append(worlds[0].clock.now()))
    replicas = [Schedule(one.parts, [job]) for one in worlds]
    for _ in range(12):
        for replica in replicas:
            replica.run_due()
        for one in worlds:
            one.clock.advance(timedelta(minutes=5))
    assert ran == [NINE + n * QUARTER for n in range(4)]


def test_replicas_that_look_at_the_same_time_run_it_once(tmp_path: Path) -> None:
    worlds = [build(tmp_path, FixedClock(NINE)) for _ in range(6)]
    ran: list[int] = []
    gate = threading.Barrier(6)

    def race(one: IdleWorld) -> None:
        gate.wait()
        Schedule(one.parts, [Job("scan", QUARTER, lambda: ran.append(1))]).run_due()
        one.parts.store.close()

    threads = [threading.Thread(target=race, args=(one,)) for one in worlds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [1]


def test_after_downtime_it_runs_once_and_not_for_each_missed_moment(world: IdleWorld) -> None:
    ran: list[int] = []
    job = Job("scan", QUARTER, lambda: ran.append(1))
    Schedule(world.parts, [job]).run_due()
    world.clock.advance(timedelta(days=3, minutes=7))
    after_restart = Schedule(world.parts, [job])
    assert after_restart.run_due() == ["scan"]
    assert after_restart.run_due() == []
    assert len(ran) == 2


def test_moments_are_whole_steps_whatever_the_start(world: IdleWorld) -> None:
    assert moment(NINE + timedelta(minutes=14, seconds=59), QUARTER) == NINE
    assert moment(NINE + QUARTER, QUARTER) == NINE + QUARTER


def test_a_job_that_fails_neither_stops_the_others_nor_its_next_moment(world: IdleWorld) -> None:
    done = threading.Event()
    tried: list[int] = []

    def fails() -> None:
        tried.append(1)
        raise RuntimeError("no network")

    schedule = Schedule(world.parts, [Job("bad", QUARTER, fails), Job("good", QUARTER, done.set)])
    for job in schedule._jobs:
        schedule._wake(job)
    assert done.is_set()
    world.clock.advance(QUARTER)
    schedule._wake(schedule._jobs[0])
    assert tried == [1, 1]


def test_it_runs_by_itself_and_stops_when_told(world: IdleWorld) -> None:
    done = threading.Event()
    schedule = Schedule(world.parts, [Job("scan", timedelta(milliseconds=50), done.set)])
    schedule.start()
    assert done.wait(5)
    schedule.stop()
    schedule.stop()
