"""Durable work: done once, by who holds the lease, again later when it cannot be done now."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from store_desk import NOON, parts

from bot import ops
from bot.ops import Done, Op, Outcome, Retry, Workers
from bot.parts import Parts
from bot.rules.errors import CloudError, Unsure
from bot.store import ops as table


def put(at: Parts, key: str = "k", *, kind: str = "work", due: timedelta = timedelta(), **payload: object) -> bool:
    with at.store.transaction() as tx:
        return ops.enqueue(tx, kind=kind, key=key, payload=payload, now=NOON, due=NOON + due)


def counts(at: Parts) -> dict[str, int]:
    with at.store.reading() as tx:
        return dict(table.counts(tx))


def recorder(seen: list[str], outcome: Callable[[Op], Outcome] = lambda op: Done()) -> Callable[[Parts, Op], Outcome]:
    def work(at: Parts, op: Op) -> Outcome:
        seen.append(op.key)
        return outcome(op)

    return work


def test_work_is_written_once_by_its_key_and_done_once(tmp_path: Path) -> None:
    at, seen = parts(tmp_path), []
    assert [put(at), put(at), put(at, kind="other")] == [True, False, True]
    workers = Workers(at, {"work": recorder(seen), "other": recorder(seen)})
    assert workers.run_due() == 2
    assert workers.run_due() == 0
    assert put(at) is False
    assert seen == ["k", "k"]
    assert counts(at) == {"done": 2}


def test_work_waits_for_its_time_and_the_longest_due_comes_first(tmp_path: Path) -> None:
    at, seen = parts(tmp_path), []
    put(at, "late", due=timedelta(hours=2))
    put(at, "soon", due=timedelta(hours=1))
    workers = Workers(at, {"work": recorder(seen)})
    assert workers.run_due() == 0
    at.clock.advance(timedelta(hours=3))
    assert workers.run_due() == 2
    assert seen == ["soon", "late"]


def test_failures_in_a_row_wait_longer_and_longer_and_what_is_early_does_not_count(tmp_path: Path) -> None:
    at, seen = parts(tmp_path), []
    answers = iter([Retry("no"), Retry("no"), Retry("early", timedelta(seconds=5)), Retry("no"), Done()])
    put(at)
    workers = Workers(at, {"work": recorder(seen, lambda op: next(answers))})
    waited = []
    for _ in range(5):
        assert workers.run_due() == 1
        with at.store.reading() as tx:
            due = tx.value("SELECT next_at FROM op")
        waited.append(round((datetime.fromisoformat(due) - at.clock.now()).total_seconds()))
        at.clock.advance(timedelta(seconds=max(waited[-1], 0)))
    assert waited[:4] == [1, 2, 5, 1]
    assert counts(at) == {"done": 1}
    assert ops.pause(50) == timedelta(seconds=60)


def test_a_worker_that_died_is_followed_by_another_after_its_lease_and_not_before(tmp_path: Path) -> None:
    at, seen = parts(tmp_path), []
    put(at)

    def die(_: Parts, op: Op) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Workers(at, {"work": die}).run_due()
    second = Workers(at, {"work": recorder(seen)})
    at.clock.advance(timedelta(seconds=29))
    assert second.run_due() == 0
    at.clock.advance(timedelta(seconds=1))
    assert second.run_due() == 1
    assert timedelta(seconds=30) >= ops.LEASE


def test_who_lost_the_lease_cannot_finish_nor_commit_its_effect(tmp_path: Path) -> None:
    at = parts(tmp_path)
    put(at)

    def slow(_: Parts, op: Op) -> Outcome:
        at.clock.advance(timedelta(seconds=31))
        assert Workers(at, {"work": recorder([])}).run_due() == 1  # another worker takes over and finishes
        with at.store.transaction() as tx:
            tx.insert("tick", job="effect", due="", at="")
            ops.finish(tx, op, at.clock.now())
        return Done()

    assert Workers(at, {"work": slow}).run_due() == 1
    with at.store.reading() as tx:
        assert tx.value("SELECT COUNT(*) FROM tick") == 0
    assert counts(at) == {"done": 1}


def test_a_lease_is_held_for_the_next_call_or_known_to_be_lost(tmp_path: Path) -> None:
    at = parts(tmp_path)
    put(at)
    held: list[bool] = []

    def slow(_: Parts, op: Op) -> Outcome:
        at.clock.advance(timedelta(seconds=20))
        with at.store.transaction() as tx:
            ops.hold(tx, op, at.clock.now())
        at.clock.advance(timedelta(seconds=20))
        held.append(Workers(at, {"work": recorder([])}).run_due() == 0)
        at.clock.advance(timedelta(seconds=20))
        Workers(at, {"work": recorder([])}).run_due()
        with at.store.transaction() as tx:
            ops.hold(tx, op, at.clock.now())
        return Done()

    Workers(at, {"work": slow}).run_due()
    assert held == [True]


def test_what_aws_refuses_is_tried_for_ever_and_a_bug_is_given_up_and_told(tmp_path: Path) -> None:
    at = parts(tmp_path)
    put(at, "cloud", kind="cloud")
    put(at, "bug", kind="bug", user="U1", channel="C1")

    def cloud(_: Parts, op: Op) -> Outcome:
        raise Unsure("AWS did not answer.", code="Timeout")

    def bug(_: Parts, op: Op) -> Outcome:
        raise ZeroDivisionError("oh")

    workers = Workers(at, {"cloud": cloud, "bug": bug})
    for _ in range(20):
        workers.run_due()
        at.clock.advance(timedelta(seconds=61))
    assert counts(at) == {"failed": 1, "ready": 1}
    with at.store.reading() as tx:
        row = tx.one("SELECT what, dest, data FROM outbox")
        assert row is not None
        assert (row["what"], row["dest"]) == ("whisper", "U1")
        assert tx.value("SELECT error FROM op WHERE kind = 'bug'") == "ZeroDivisionError: oh"
    assert issubclass(Unsure, CloudError)


def test_done_work_can_be_wanted_again_and_waiting_work_stays_as_it_is(tmp_path: Path) -> None:
    at, seen = parts(tmp_path), []
    workers = Workers(at, {"work": recorder(seen)})
    for due in (timedelta(), timedelta(), timedelta(hours=1), timedelta()):
        with at.store.transaction() as tx:
            ops.again(tx, kind="work", key="k", payload={}, now=NOON, due=NOON + due)
        workers.run_due()
    assert seen == ["k", "k"]
    with at.store.transaction() as tx:
        ops.hasten(tx, kind="work", key="k", now=NOON)
    assert workers.run_due() == 1


def test_threads_share_the_work_and_stop_when_told(tmp_path: Path) -> None:
    rung = threading.Event()
    at, seen, all_done = parts(tmp_path, wake=rung.set), [], threading.Event()
    lock = threading.Lock()

    def work(_: Parts, op: Op) -> Outcome:
        with lock:
            seen.append(op.key)
            if len(seen) == 40:
                all_done.set()
        return Done()

    workers = Workers(at, {"work": work}, threads=3)
    workers.start()
    for n in range(40):
        put(at, str(n))
    workers.wake()
    assert all_done.wait(10)
    workers.stop(5)
    assert sorted(seen) == sorted(str(n) for n in range(40))
    assert workers.idle_seconds() < 10
    assert rung.is_set()
    put(at, "after the end")
    assert counts(at)["ready"] == 1


def test_stopping_waits_for_what_runs(tmp_path: Path) -> None:
    at = parts(tmp_path)
    begun, may_end = threading.Event(), threading.Event()

    def work(_: Parts, op: Op) -> Outcome:
        begun.set()
        may_end.wait(10)
        return Done()

    workers = Workers(at, {"work": work}, threads=1)
    workers.start()
    put(at)
    workers.wake()
    assert begun.wait(5)
    threading.Timer(0.05, may_end.set).start()
    workers.stop(10)
    assert counts(at) == {"done": 1}


def test_the_leases_of_a_process_that_died_are_free_at_once_and_those_of_a_living_one_are_not(tmp_path: Path) -> None:
    at, seen = parts(tmp_path), []
    put(at)
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2]);"
        "from pathlib import Path; from store_desk import parts; from bot.ops import Workers;"
        "at = parts(Path(sys.argv[1])); at.store.presence.show(); work = Workers(at, {});"
        "assert work._claim(); print('held', flush=True); sys.stdin.readline(); os._exit(9)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    workers = Workers(at, {"work": recorder(seen)})
    assert at.store.bury() == 0
    assert workers.run_due() == 0
    other.communicate("\n")
    assert at.store.bury() == 1
    assert at.store.bury() == 0
    assert workers.run_due() == 1


def test_what_people_wait_for_comes_first_and_the_freeze_before_all(tmp_path: Path) -> None:
    at, seen = parts(tmp_path), []
    kinds = ("launch.check", "launch.drive", "launch.answer", "launch.freeze")
    for n, kind in enumerate(kinds):
        put(at, kind, kind=kind, due=timedelta(seconds=n))
    at.clock.advance(timedelta(minutes=1))
    Workers(at, dict.fromkeys(kinds, recorder(seen))).run_due()
    assert seen == ["launch.freeze", "launch.answer", "launch.drive", "launch.check"]
