"""References to what was found in the accounts: an opaque id of ours for account, region, kind and AWS id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.store.db import Row, Tx
from bot.store.values import new_id, pack, stamp


def see(
    tx: Tx, *, account: str, region: str, kind: str, aws_id: str, now: datetime, data: Mapping[str, Any] | None = None
) -> str:
    """Note that it exists and return its reference (r_...), the same one every time."""
    at = stamp(now)
    row = tx.one(
        "INSERT INTO resource (ref, account, region, kind, aws_id, data, first_seen, last_seen)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account, region, kind, aws_id) DO UPDATE SET last_seen = excluded.last_seen, gone_at = NULL,"
        " data = CASE excluded.data WHEN '{}' THEN resource.data ELSE excluded.data END RETURNING ref",
        new_id("r"),
        account,
        region,
        kind,
        aws_id,
        pack(data or {}),
        at,
        at,
    )
    assert row is not None
    return str(row["ref"])


def ref(tx: Tx, *, account: str, region: str, kind: str, aws_id: str) -> str:
    """The reference of what was seen before; empty for what never was."""
    sql = "SELECT ref FROM resource WHERE account = ? AND region = ? AND kind = ? AND aws_id = ?"
    return str(tx.value(sql, account, region, kind, aws_id) or "")


def find(tx: Tx, ref: str) -> Row | None:
    """The row of a reference; None for one that was never given out."""
    return tx.one("SELECT * FROM resource WHERE ref = ?", ref)
