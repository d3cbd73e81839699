"""What people answered: holds that keep a resource out of the reminders, and the log of every answer."""

from __future__ import annotations

from datetime import datetime

from bot.rules.idle_facts import Hold
from bot.rules.idle_finding import Outcome
from bot.store.db import Row, Tx
from bot.store.values import moment, stamp


def put(tx: Tx, ref: str, hold: Hold, *, now: datetime) -> None:
    """Hold it; the latest answer counts."""
    tx.run(
        "INSERT INTO hold (ref, what, until, by, reason, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE SET"
        " what = excluded.what, until = excluded.until, by = excluded.by, reason = excluded.reason, at = excluded.at",
        ref,
        hold.what,
        stamp(hold.until),
        hold.by,
        hold.reason,
        stamp(now),
    )


def lift(tx: Tx, ref: str) -> bool:
    """End a hold; False when there was none."""
    return tx.run("DELETE FROM hold WHERE ref = ?", ref) == 1


def find(tx: Tx, ref: str) -> Hold | None:
    """The hold on one resource, lapsed or not."""
    row = tx.one("SELECT * FROM hold WHERE ref = ?", ref)
    return _hold(row, "") if row else None


def every(tx: Tx) -> dict[str, Hold]:
    """Every hold by reference."""
    return {row["ref"]: _hold(row, "") for row in tx.all("SELECT * FROM hold")}


def of_row(row: Row) -> Hold | None:
    """The hold that a joined row carries in its hold_* columns."""
    return _hold(row, "hold_") if row["hold_what"] else None


def answered(tx: Tx, ref: str, outcome: Outcome) -> None:
    """Write down an answer; none is ever overwritten."""
    tx.insert("answer", ref=ref, at=stamp(outcome.at), what=outcome.what, by=outcome.by, words=outcome.words)


def latest(tx: Tx) -> dict[str, Outcome]:
    """The newest answer about each resource."""
    found = tx.all("SELECT * FROM answer WHERE id IN (SELECT MAX(id) FROM answer GROUP BY ref)")
    return {row["ref"]: Outcome(row["what"], row["by"], moment(row["at"]), row["words"]) for row in found}


def _hold(row: Row, prefix: str) -> Hold:
    return Hold(
        what=row[f"{prefix}what"],
        until=moment(row[f"{prefix}until"]),
        by=row[f"{prefix}by"],
        reason=row[f"{prefix}reason"],
    )
