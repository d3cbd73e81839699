"""How mlbot itself does, as far as the database and this process know: no call to AWS or Slack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.parts import Parts
from bot.rules.idle_finding import Gap
from bot.store import health as table
from bot.store import idle, state
from bot.store.db import Tx
from bot.store.values import moment, unpack
from data import OLD_PRICES

DOOR = "door"  # the note of how events come in
LATE = timedelta(minutes=1)  # less is not worth a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What operators look at first; *late_since* and *unsent_since* are None while nothing waits for long."""

    door: str  # how Slack's events come in, in words; empty when nobody has noted it yet
    door_is_good: bool
    late_since: datetime | None  # work that waits
    unsent: int
    unsent_since: datetime | None  # messages that wait
    failed: int  # ops that were given up
    last_scan: datetime | None
    alarm: str
    gaps: tuple[Gap, ...]
    prices_as_of: date | None  # half of those in the policy's regions are of that day or older; None: there are none
    prices_old: bool


def health(parts: Parts, tx: Tx, now: datetime) -> Health:
    """As things stand."""
    counts, scan, door = table.counts(tx, now), idle.last_scan(tx), state.get(tx, DOOR)
    data = unpack(scan["data"]) if scan else {}
    words = str(door["value"]) if door else ""
    priced = parts.catalog.prices_of(parts.policy().limits.regions)
    return Health(
        door=words,
        door_is_good=not words.endswith("dead"),
        late_since=now - counts.oldest_op if counts.oldest_op >= LATE else None,
        unsent=counts.outbox,
        unsent_since=now - counts.oldest_message if counts.oldest_message >= LATE else None,
        failed=counts.ops.get("failed", 0),
        last_scan=moment(scan["at"]) if scan else None,
        alarm=str(data.get("alarm") or ""),
        gaps=tuple(Gap(one["account"], one["region"], one["kind"], one["reason"]) for one in data.get("gaps", ())),
        prices_as_of=priced,
        prices_old=priced is None or now.date() - priced > OLD_PRICES,
    )


def note_door(parts: Parts, *, socket_alive: bool | None) -> None:
    """Keep how Slack's events come in when that changed; None: by HTTP."""
    words = {None: "HTTP", True: "socket alive", False: "socket dead"}[socket_alive]
    with parts.store.reading() as tx:
        known = state.get(tx, DOOR)
    if known is None or known["value"] != words:
        with parts.store.transaction() as tx:
            state.put(tx, DOOR, words, by="mlbot", now=parts.clock.now())
