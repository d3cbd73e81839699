"""Durable work: a row first, then a worker claims it with a lease, and only the holder of the lease may finish it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from bot import outbox
from bot.parts import Parts
from bot.rules.errors import CloudError, SlackError
from bot.store import ops as table
from bot.store.db import Row, Tx
from bot.store.values import unpack

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RENEW_SECONDS = 10.0  # a slow op keeps its lease for as long as its process lives
POLL_SECONDS = 0.5  # for rows of other replicas, and for what becomes due
AT_ONCE = timedelta()
LONGEST_PAUSE = timedelta(seconds=60)
TRIES = 10  # of an op that meets a bug; what AWS or Slack refuses is tried for as long as its function says


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """A claimed piece of work; *owner* is the claim and not the process."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, Any]
    owner: str
    attempts: int  # this one counted
    failures: int = 0  # in a row, before this one


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: it is early (*after*), or it failed, and then the pause doubles with each failure in a row."""

    reason: str
    after: timedelta | None = None


Outcome = Done | Retry
OpFunction = Callable[[Parts, Op], Outcome]


class LeaseLost(Exception):
    """Somebody else holds this op by now; what this worker found out is thrown away."""


def enqueue(
    tx: Tx, *, kind: str, key: str, payload: Mapping[str, Any], now: datetime, due: datetime | None = None
) -> bool:
    """Write down work; False when this key is known, so that a resend changes nothing."""
    return table.add(tx, kind=kind, key=key, payload=payload, now=now, due=due or now)


def finish(tx: Tx, op: Op, now: datetime) -> None:
    """End *op* in the transaction that commits its effect; raises LeaseLost, which rolls that back."""
    if not table.finish(tx, op=op.id, owner=op.owner, now=now):
        raise LeaseLost


def hold(tx: Tx, op: Op, now: datetime) -> None:
    """Keep the lease for a call that comes next; raises LeaseLost when it is somebody else's by now."""
    if not table.renew(tx, op=op.id, owner=op.owner, lease=now + LEASE):
        raise LeaseLost


def again(
    tx: Tx, *, kind: str, key: str, payload: Mapping[str, Any], now: datetime, due: datetime | None = None
) -> None:
    """Have work done once more, whether it ended before or never was; work that waits stays as it is."""
    table.again(tx, kind=kind, key=key, payload=payload, now=now, due=due or now)


def hasten(tx: Tx, *, kind: str, key: str, now: datetime) -> None:
    """Have work that waits done now."""
    table.hasten(tx, kind=kind, key=key, now=now)


def pause(failures: int) -> timedelta:
    """How long to wait after so many failures before this one: 1, 2, 4 ... 60 s."""
    return min(timedelta(seconds=2.0 ** min(failures, 10)), LONGEST_PAUSE)


class Workers:
    """Threads that do what is due; *functions* by kind of op."""

    def __init__(self, parts: Parts, functions: Mapping[str, OpFunction], *, threads: int = 8) -> None:
        self._parts = parts
        self._functions = functions
        self._size = threads
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._bell = threading.Condition()
        self._rung = 0
        self._held: dict[int, Op] = {}
        self._lock = threading.Lock()
        self._beat = time.monotonic()

    def start(self) -> None:
        """Begin to work."""
        self._stopping.clear()
        self._parts.store.presence.show()
        names = [*(f"worker-{n}" for n in range(self._size)), "lease-keeper"]
        targets = [*([self._work] * self._size), self._keep]
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True) for target, name in zip(targets, names, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that a row was written."""
        with self._bell:
            self._rung += 1
            self._bell.notify_all()

    def stop(self, drain_seconds: float = 20) -> None:
        """Take nothing more and wait for what runs; what does not end keeps its lease for the next process."""
        self._stopping.set()
        self.wake()
        deadline = time.monotonic() + drain_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._threads = []

    def run_due(self) -> int:
        """Do all that is due, in this thread; returns how many ops that were."""
        done = 0
        while self._one():
            done += 1
        return done

    def idle_seconds(self) -> float:
        """How long ago a worker last looked for work, by a monotonic clock."""
        return time.monotonic() - self._beat

    def _work(self) -> None:
        while not self._stopping.is_set():
            rung = self._rung
            try:
                if self._one():
                    continue
            except Exception:
                log.exception("a worker could not reach its database")
            with self._bell:
                if rung == self._rung and not self._stopping.is_set():
                    self._bell.wait(POLL_SECONDS)
        self._parts.store.close()

    def _one(self) -> bool:
        """Claim and do one op; False when nothing is due."""
        self._beat = time.monotonic()
        op = self._claim()
        if op is None:
            return False
        with self._lock:
            self._held[op.id] = op
        try:
            self._do(op)
        finally:
            with self._lock:
                self._held.pop(op.id, None)
        self._parts.wake()
        return True

    def _claim(self) -> Op | None:
        now = self._parts.clock.now()
        with self._parts.store.reading() as tx:
            if not table.is_due(tx, now):
                return None
        with self._parts.store.transaction() as tx:
            row = table.claim(tx, owner=f"{self._parts.store.presence.name}:{uuid4().hex}", now=now, lease=LEASE)
        return None if row is None else _op(row)

    def _do(self, op: Op) -> None:
        try:
            outcome = self._functions[op.kind](self._parts, op)
        except LeaseLost:
            log.info("op %s %s was taken over by another worker", op.kind, op.key)
            return
        except (CloudError, SlackError) as error:
            outcome = Retry(str(error))
        except Exception as error:
            log.exception("op %s %s failed", op.kind, op.key)
            if op.failures + 1 >= TRIES:
                self._give_up(op, error)
                return
            outcome = Retry(f"{type(error).__name__}: {error}")
        self._settle(op, outcome)

    def _settle(self, op: Op, outcome: Outcome) -> None:
        now = self._parts.clock.now()
        if isinstance(outcome, Done):
            with self._parts.store.reading() as tx:
                ended = not table.is_ready(tx, op.id)  # most functions end it together with their effect
            if ended:
                return
        with self._parts.store.transaction() as tx:
            if isinstance(outcome, Done):
                table.finish(tx, op=op.id, owner=op.owner, now=now)
                return
            failed = outcome.after is None
            until = now + (pause(op.failures) if outcome.after is None else outcome.after)
            table.postpone(tx, op=op.id, owner=op.owner, until=until, error=outcome.reason, failed=failed)

    def _give_up(self, op: Op, error: Exception) -> None:
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            reason = f"{type(error).__name__}: {error}"
            if table.finish(tx, op=op.id, owner=op.owner, now=now, state="failed", error=reason):
                _tell(tx, op, now)

    def _keep(self) -> None:
        while not self._stopping.wait(RENEW_SECONDS):
            with self._lock:
                held = list(self._held.values())
            try:
                self._renew(held)
            except Exception:
                log.exception("leases could not be renewed")
        self._parts.store.close()

    def _renew(self, held: list[Op]) -> None:
        if not held:
            return
        lease = self._parts.clock.now() + LEASE
        with self._parts.store.transaction() as tx:
            for op in held:
                table.renew(tx, op=op.id, owner=op.owner, lease=lease)


def _op(row: Row) -> Op:
    return Op(
        id=row["id"],
        kind=row["kind"],
        key=row["key"],
        payload=unpack(row["payload"]),
        owner=row["owner"],
        attempts=row["attempts"],
        failures=row["failures"],
    )


def _tell(tx: Tx, op: Op, now: datetime) -> None:
    user = str(op.payload.get("user") or op.payload.get("asker") or "")
    if not user:
        return
    text = f"Something went wrong on mlbot's side; nothing more happens by itself. Tell an operator: op {op.id}."
    where = {name: str(op.payload.get(name) or "") for name in ("channel", "response_url")}
    outbox.say(tx, what="whisper", subject=op.key, to=user, now=now, data={**where, "text": text}, key=f"op:{op.id}")
