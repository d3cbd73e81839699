"""Faults queued for calls to come: what AWS and the network do on bad days."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

from bot.playground.aws.request import Request

How = Literal[
    "error",  # refused with code and status, nothing ran
    "lost",  # it ran; the connection drops before the answer
    "reset",  # the connection drops before it ran
    "delay",  # it runs and answers after *seconds*
    "hang",  # accepted and never answered
    "unseen",  # a describe does not see it yet: NotFound by id, empty by filter
]

NOT_IN_A_DRY_RUN = ("InsufficientInstanceCapacity", "VcpuLimitExceeded")  # a dry run checks rights and parameters


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule; empty fields match everything, *times* None means for ever."""

    how: How
    action: str = ""
    service: str = ""
    region: str = ""
    zone: str = ""
    instance_type: str = ""
    times: int | None = 1
    code: str = "InternalError"
    message: str = "An internal error has occurred"
    status: int = 500
    seconds: float = 0.0
    hits: int = field(default=0, init=False)

    def matches(self, request: Request, zone: str) -> bool:
        """Whether this rule is meant for *request*, which names *zone* (itself or by its subnet)."""
        if request.params.get("DryRun") == "true" and self.code in NOT_IN_A_DRY_RUN:
            return False
        wanted = (self.action, self.service, self.region, self.zone, self.instance_type)
        actual = (request.action, request.service, request.region, zone, request.params.get("InstanceType", ""))
        return all(not want or want == have for want, have in zip(wanted, actual, strict=True))


class Faults:
    """The rules that stand, oldest first; a call meets at most one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Queue *fault*; its *hits* tells later how often it struck."""
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        """Fair weather."""
        with self._lock:
            self._rules.clear()

    def waiting(self) -> int:
        """How many have not struck out yet."""
        with self._lock:
            return len(self._rules)

    def strike(self, request: Request, zone: str) -> Fault | None:
        """The first rule that matches, used up by one."""
        with self._lock:
            for fault in self._rules:
                if fault.matches(request, zone):
                    self._use(fault)
                    return fault
        return None

    def _use(self, fault: Fault) -> None:
        fault.hits += 1
        if fault.times is not None and fault.hits >= fault.times:
            self._rules.remove(fault)
