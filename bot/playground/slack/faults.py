"""A Slack that is slow, broken, silent or busy, on demand."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

How = Literal["error", "limit", "slow", "hang", "lost", "reset"]


@dataclass(slots=True, kw_only=True)
class Fault:
    """
    What goes wrong with the next *times* calls of *method* (empty: any; None times: until mended).

    error: HTTP *status* with *code*. limit: 429 with *retry_after*. slow: *seconds* late. hang: no answer until
    mended. lost: done, but the answer is lost. reset: not done, connection closed.
    """

    how: How
    method: str = ""
    code: str = "internal_error"
    status: int = 200
    retry_after: int = 1
    seconds: float = 0.0
    times: int | None = 1


class Faults:
    """What is to go wrong, in the order in which it was said."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.released = threading.Event()  # set: what hangs, ends

    def add(self, fault: Fault) -> Fault:
        """From now on."""
        with self._lock:
            self.released.clear()
            self._waiting.append(fault)
        return fault

    def strike(self, method: str) -> Fault | None:
        """The fault of this call, if any."""
        with self._lock:
            for fault in self._waiting:
                if fault.method in ("", method):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._waiting.remove(fault)
                    return fault
        return None

    def mend(self) -> None:
        """All is well again; what hangs, ends."""
        with self._lock:
            self._waiting.clear()
            self.released.set()
