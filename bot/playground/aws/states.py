"""Instances take their time: pending, stopping and shutting-down end by the clock, and what is gone is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.playground.aws.request import Refused

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
ENDS_IN = {"pending": "running", "stopping": "stopped", "shutting-down": "terminated"}
TAKES = {"pending": timedelta(seconds=3), "stopping": timedelta(seconds=3), "shutting-down": timedelta(seconds=2)}
FORGOTTEN = timedelta(hours=1)  # how long EC2 still shows a terminated instance

# From which states a verb works; what already is where it should be stays there without an error.
MAY = {
    "StartInstances": ("stopped", "pending", "running"),
    "StopInstances": ("running", "stopping", "stopped"),
    "RebootInstances": ("running",),
}
WORD = {"StartInstances": "started", "StopInstances": "stopped", "RebootInstances": "rebooted"}


@dataclass(slots=True)
class Change:
    """A state that will end: *to* at *at*; an empty *to* means forgotten."""

    to: str
    at: datetime


class States:
    """The states of one account and region's instances, as the clock has them; call with the server's lock held."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changes: dict[str, Change] = {}
        self.takes = dict(TAKES)

    def settle(self, backend: Any) -> None:
        """Let every change whose time has come happen in moto's *backend*."""
        now = self._clock.now()
        for identity, change in list(self._changes.items()):
            if change.at <= now and (instance := backend.get_instance_by_id(identity)) is not None:
                self._happen(backend, instance, change)

    @staticmethod
    def put(instance: Any, name: str) -> None:
        """Set moto's *instance* to a state."""
        instance._state.name, instance._state.code = name, CODES[name]

    def begin(self, instance: Any, name: str) -> None:
        """Put *instance* into the passing state *name*, to end when its time is over."""
        self.put(instance, name)
        self._changes[instance.id] = Change(ENDS_IN[name], self._clock.now() + self.takes[name])

    def end(self, instance: Any, name: str) -> None:
        """Put *instance* into a lasting state at once."""
        self.put(instance, name)
        self._changes.pop(instance.id, None)

    def check(self, backend: Any, action: str, identities: tuple[str, ...]) -> None:
        """Refuse what EC2 refuses for the state that an instance is in."""
        for identity in identities:
            instance = backend.get_instance_by_id(identity)
            if instance is not None and action in MAY and instance.state not in MAY[action]:
                raise Refused(
                    "IncorrectInstanceState",
                    f"The instance '{identity}' is not in a state from which it can be {WORD[action]}.",
                )

    def _happen(self, backend: Any, instance: Any, change: Change) -> None:
        del self._changes[instance.id]
        if not change.to:
            _forget(backend, instance)
            return
        self.put(instance, change.to)
        if change.to == "terminated":
            self._changes[instance.id] = Change("", change.at + FORGOTTEN)


def _forget(backend: Any, instance: Any) -> None:
    for key, reservation in list(backend.reservations.items()):
        reservation.instances = [one for one in reservation.instances if one.id != instance.id]
        if not reservation.instances:
            del backend.reservations[key]
