"""One row per decision and effect, in the transaction of the change; hash-chained, so that an edit shows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store import audit as table
from bot.store import homes, state
from bot.store.db import Row, Store, Tx
from bot.store.values import pack, stamp, unpack

POSTED = "audit_head_posted"  # the setting that holds the newest head that was posted, ROW:HASH
BOT = "mlbot"  # the actor of what nobody pressed
CHAINED = ("seq", "at", "actor", "team", "action", "subject", "detail", "previous")


@dataclass(frozen=True, slots=True)
class Report:
    """What verify found: how many rows are sound, the newest hash, and the first row that is not."""

    rows: int
    head: str
    broken_at: int | None = None
    why: str = ""


def record(
    tx: Tx,
    *,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    team: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """
    Add a row about *subject* (a launch, an instance, the policy).

    *detail* says what a reader needs later: before, after, reason, price, aws_request_id, slack_ts, outcome.
    """
    seq, previous = table.head(tx)
    row = {
        "seq": seq + 1,
        "at": stamp(now),
        "actor": actor,
        "team": team,
        "action": action,
        "subject": subject,
        "detail": pack(detail or {}),
        "previous": previous,
    }
    table.append(tx, **row, hash=digest(row))
    homes.touch(tx, now)


def digest(row: Mapping[str, Any] | Row) -> str:
    """The hash of a row and, through *previous*, of all before it."""
    return hashlib.sha256(pack([row[column] for column in CHAINED]).encode()).hexdigest()


def head(store: Store) -> tuple[int, str]:
    """How many rows there are and the newest one's hash; kept elsewhere, it proves that no tail was cut off."""
    with store.reading() as tx:
        return table.head(tx)


def story(store: Store, subject: str) -> list[dict[str, Any]]:
    """Every row about *subject*, and about what it came from or led to: a machine's request, a request's machines."""
    found = export(store)
    about = {subject}
    for row in found:
        machines = row["detail"].get("instance_ids") or []
        if subject == row["subject"] or subject in machines:
            about |= {row["subject"], *machines}
    return [row for row in found if row["subject"] in about]


def verify(store: Store, *, published: tuple[int, str] | None = None) -> Report:
    """
    Walk the chain; *published* is a number and hash that were written down elsewhere before.

    Without one the head that the bot noted when it posted it is taken; who can cut the log can change that note too.
    """
    seq, previous = 0, ""
    with store.reading() as tx:
        published = published or _posted(tx)
        seen = published is None
        for row in table.rows(tx):
            if row["seq"] != seq + 1:
                return Report(seq, previous, seq + 1, f"row {seq + 1} is missing")
            if row["previous"] != previous or row["hash"] != digest(row):
                return Report(seq, previous, seq + 1, f"row {seq + 1} was changed")
            seq, previous = row["seq"], row["hash"]
            seen = seen or (seq, previous) == published
    if not seen and published is not None:
        return Report(seq, previous, published[0], f"the published hash of row {published[0]} is not in the log")
    return Report(seq, previous)


def _posted(tx: Tx) -> tuple[int, str] | None:
    noted = state.get(tx, POSTED)
    row, _, digest = noted["value"].partition(":") if noted else ("", "", "")
    return (int(row), digest) if row.isdigit() and row != "0" else None


def export(store: Store, *, subject: str = "", since: datetime | None = None) -> list[dict[str, Any]]:
    """Every row as plain values, *detail* unpacked."""
    begin = stamp(since) if since else ""
    with store.reading() as tx:
        return [{**dict(row), "detail": unpack(row["detail"])} for row in table.rows(tx, subject=subject, since=begin)]
