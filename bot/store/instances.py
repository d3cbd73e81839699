"""What the verbs of a machine change in a launch's row."""

from __future__ import annotations

from datetime import datetime

from bot.store.db import Tx
from bot.store.values import stamp


def extend(tx: Tx, launch: str, *, until: datetime, now: datetime) -> bool:
    """Move the planned end of a launch that runs; never to an earlier time."""
    changed = tx.run(
        "UPDATE launch SET until = ?, changed_at = ? WHERE id = ? AND state = 'running'"
        " AND (until IS NULL OR until < ?)",
        stamp(until),
        stamp(now),
        launch,
        stamp(until),
    )
    return changed == 1
