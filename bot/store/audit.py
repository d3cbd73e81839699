"""The audit table: rows are only added, each with the hash of the one before; triggers refuse everything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.store.db import Row, Tx

PAGE = 1000


def head(tx: Tx) -> tuple[int, str]:
    """The newest row's number and hash; (0, "") while there is none."""
    row = tx.one("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
    return (0, "") if row is None else (row["seq"], row["hash"])


def append(tx: Tx, **row: Any) -> None:
    """Add one row."""
    tx.insert("audit", **row)


def rows(tx: Tx, *, subject: str = "", since: str = "") -> Iterator[Row]:
    """Every row, or those about *subject*, oldest first."""
    seq = 0
    while page := tx.all(
        "SELECT * FROM audit WHERE seq > ? AND (? = '' OR subject = ?) AND at >= ? ORDER BY seq LIMIT ?",
        seq,
        subject,
        subject,
        since,
        PAGE,
    ):
        yield from page
        seq = page[-1]["seq"]
