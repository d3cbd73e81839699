"""Errands to several places at once; one that keeps a scan waiting for too long is given up and never stops it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from bot.rules.errors import NoAnswer

FREE = 5.0  # seconds that any answer may take
MOST = 17.0  # seconds beyond that, over all calls, retries and pages to one place
GIVEN_UP = f"AWS did not answer within {FREE + MOST:.0f} s."
LOOK_AGAIN = 0.2  # seconds after which it is seen who takes too long
T = TypeVar("T")


class Patience:
    """How much longer one place may keep a scan waiting; asked by its own thread, and by the one that waits."""

    def __init__(self, *, free: float = FREE, most: float = MOST) -> None:
        self.given_up = False
        self._free, self._left = free, most
        self._asked: float | None = None  # when the open call or page began
        self._lock = threading.Lock()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call; raises NoAnswer where no more time is left for it."""
        self._asks()
        try:
            yield
        finally:
            self.hears()

    def hears(self, *, more: bool = False) -> None:
        """An answer has come, and *more* is asked for; raises NoAnswer where nobody waits for it any more."""
        with self._lock:
            if self._asked is not None:
                self._left -= max(0.0, time.monotonic() - self._asked - self._free)
                self._asked = None
        if more or self.given_up:
            self._asks()

    def give_up(self) -> bool:
        """Wait no longer if the open call has taken too long; what the place still says is then ignored."""
        with self._lock:
            if self._asked is not None and time.monotonic() - self._asked > self._free + self._left:
                self.given_up = True
            return self.given_up

    def _asks(self) -> None:
        with self._lock:
            if self.given_up or self._left <= 0:
                raise NoAnswer(GIVEN_UP, code="NoAnswerInTime")
            self._asked = time.monotonic()


def run(
    errands: Sequence[Callable[[Patience], T]], *, threads: int, patience: Callable[[], Patience] = Patience
) -> list[T | None]:
    """What each errand returns, in their order, *threads* of them at once; None for one that was given up."""
    done: SimpleQueue[tuple[int, T | BaseException]] = SimpleQueue()
    todo, at_work = deque(range(len(errands))), dict[int, Patience]()
    found: list[T | None] = [None] * len(errands)
    while todo or at_work:
        while todo and len(at_work) < threads:
            number = todo.popleft()
            at_work[number] = patience()
            # A daemon: a call that nobody waits for any more must not hold up the end of the process.
            threading.Thread(target=_go, args=(errands[number], at_work[number], number, done), daemon=True).start()
        with suppress(Empty):
            number, outcome = done.get(timeout=LOOK_AGAIN)
            if at_work.pop(number, None) is None:
                continue
            if isinstance(outcome, BaseException):
                raise outcome
            found[number] = outcome
        at_work = {number: one for number, one in at_work.items() if not one.give_up()}
    return found


def _go(
    errand: Callable[[Patience], T], patience: Patience, number: int, done: SimpleQueue[tuple[int, T | BaseException]]
) -> None:
    try:
        done.put((number, errand(patience)))
    except BaseException as error:
        done.put((number, error))
