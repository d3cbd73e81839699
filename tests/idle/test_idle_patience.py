"""A place that does not answer costs a bounded time and holds up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.idle_scan import NOW, Account, Client, parts
from bot import idle, idle_patience
from bot.idle_patience import Patience
from bot.kinds.once import Once
from bot.rules.errors import Unsure

SOON = 0.05  # seconds


def short() -> Patience:
    return Patience(free=0.0, most=SOON)


@contextmanager
def never() -> Iterator[threading.Event]:
    """An answer that does not come before the test is over."""
    event = threading.Event()
    try:
        yield event
    finally:
        event.set()


def waiting(patience: Patience, event: threading.Event) -> str:
    with patience.call():
        event.wait()
    return "late"


def test_who_does_not_answer_is_given_up_and_the_others_are_heard() -> None:
    with never() as event:
        errands = [lambda patience: waiting(patience, event), lambda _: "b", lambda _: "c"]
        assert idle_patience.run(errands, threads=2, patience=short) == [None, "b", "c"]


def test_places_that_all_hang_cost_their_rounds_and_not_their_sum() -> None:
    with never() as event:
        errands = [lambda patience: waiting(patience, event)] * 6
        assert idle_patience.run(errands, threads=3, patience=short) == [None] * 6


def test_what_a_place_does_itself_is_not_counted_as_waiting() -> None:
    with never() as event:
        assert idle_patience.run([lambda _: event.wait(4 * SOON)], threads=1, patience=short) == [False]


def test_the_budget_is_one_for_all_calls_and_pages() -> None:
    patience = Patience(free=0.0, most=SOON)
    with never() as event:
        with patience.call():
            event.wait(0.6 * SOON)
            patience.hears(more=True)  # a page
            event.wait(0.6 * SOON)
        with pytest.raises(Unsure, match="did not answer"), patience.call():
            raise AssertionError("it was asked again")


def test_an_answer_that_comes_after_it_was_given_up_is_not_taken() -> None:
    patience, answer, given_up = short(), threading.Event(), threading.Event()
    heard: list[object] = []

    def place() -> None:
        try:
            with patience.call():
                answer.set()
                given_up.wait()
        except Unsure as error:
            heard.append(error.code)

    thread = threading.Thread(target=place)
    thread.start()
    answer.wait()
    while not patience.give_up():
        pass
    given_up.set()
    thread.join()
    assert heard == ["NoAnswerInTime"]


def test_a_bug_in_one_place_is_raised_and_not_taken_for_silence() -> None:
    with pytest.raises(ZeroDivisionError):
        idle_patience.run([lambda _: 1 / 0], threads=1)


class Slow:
    """Reads what the event lets it read."""

    def __init__(self, event: threading.Event) -> None:
        self.event, self.reads = event, 0

    @Once
    def answer(self) -> str:
        self.reads += 1
        self.event.wait()
        return "read"


def test_one_object_that_waits_for_its_answer_does_not_hold_up_another() -> None:
    with never() as event:
        threading.Thread(target=lambda: Slow(event).answer, daemon=True).start()
        ready = threading.Event()
        ready.set()
        quick = Slow(ready)
        assert (quick.answer, quick.answer, quick.reads) == ("read", "read", 1)


def test_a_region_that_hangs_is_one_gap_and_what_was_known_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account(40, 2, 0, 0.0)
    bot = parts(account, tmp_path)
    known = {one.ref for one in idle.scan(bot, NOW).findings}
    hurried = partial(idle_patience.run, patience=lambda: Patience(free=0.0, most=20 * SOON))
    monkeypatch.setattr(idle_patience, "run", hurried)
    with never() as event:
        monkeypatch.setattr(Client, "_ask", lambda client, operation: _hang(client, event))
        report = idle.scan(bot, NOW)
    assert [(gap.region, gap.kind) for gap in report.gaps] == [("us-east-1", "")]
    assert "did not answer" in report.gaps[0].reason
    assert len(report.findings) == 20
    assert {one.ref for one in idle.findings(bot, user=None)} == known


def _hang(client: Any, event: threading.Event) -> None:
    if client.region == "us-east-1":
        event.wait()
