"""Which processes of this database are alive: each holds a lock on a file beside it for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from bot.store.db import Tx


class Presence:
    """
    This process among those that share a database; *name* begins every lease that it takes.

    The kernel lets go of the lock when a process ends, however it ends, so its leases need not be waited for.
    """

    def __init__(self, database: Path) -> None:
        self.name = uuid4().hex[:12]
        self._folder = Path(f"{database}.alive")
        self._lock: int | None = None

    def show(self) -> None:
        """Be seen as alive until the process ends."""
        if self._lock is not None:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        hidden = self._folder / f".{self.name}"
        self._lock = os.open(hidden, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        hidden.rename(self._folder / self.name)  # seen only once it is locked

    def living(self) -> int:
        """How many other processes are at work on this database."""
        found = self._folder.glob("[0-9a-f]*") if self._folder.is_dir() else ()
        return sum(path.name != self.name and not _unlocked(path) for path in found)

    def dead(self) -> Iterator[str]:
        """The names of those that ended; each is given once, and then forgotten."""
        for path in sorted(self._folder.glob("[0-9a-f]*")) if self._folder.is_dir() else ():
            if path.name != self.name and _unlocked(path):
                yield path.name
                path.unlink(missing_ok=True)


def at_work(tx: Tx) -> bool:
    """Whether somebody holds a lease: an op runs, or a message is on its way."""
    return any(tx.one(f"SELECT 1 FROM {table} WHERE owner IS NOT NULL LIMIT 1") for table in ("op", "lane"))


def release(tx: Tx, name: str) -> int:
    """Free what the dead process *name* had taken; returns how many leases those were."""
    freed = 0
    for table in ("op", "lane"):
        freed += tx.run(f"UPDATE {table} SET owner = NULL, lease = NULL WHERE owner LIKE ?", f"{name}:%")
    return freed


def _unlocked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(handle)
