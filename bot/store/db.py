"""The database's door: one SQLite file, one connection a thread, short transactions that begin as writers."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.rules.errors import UserError
from bot.store.alive import Presence, release

SCHEME = "sqlite:///"
BUSY_SECONDS = 10
Row = sqlite3.Row
Value = str | int | float | bytes | None


class Tx:
    """One open transaction; its SQL works on PostgreSQL too, but for the place holders."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, sql: str, *values: Value) -> int:
        """Run one statement; returns how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def one(self, sql: str, *values: Value) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Value) -> list[Row]:
        """Every row."""
        return self._connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Value) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, *values)
        return None if row is None else row[0]

    def insert(self, table: str, **values: Value) -> int:
        """Add a row and return its number; a row that a unique key knows already raises IntegrityError."""
        cursor = self._connection.execute(_insert(table, values), tuple(values.values()))
        return int(cursor.lastrowid or 0)

    def add(self, table: str, **values: Value) -> bool:
        """Add a row unless a unique key knows it already; returns whether it was added."""
        sql = f"{_insert(table, values)} ON CONFLICT DO NOTHING"
        return self._connection.execute(sql, tuple(values.values())).rowcount == 1


def _insert(table: str, values: dict[str, Value]) -> str:
    columns, holders = ", ".join(values), ", ".join("?" * len(values))
    return f"INSERT INTO {table} ({columns}) VALUES ({holders})"


class Store:
    """
    The database behind `sqlite:///path`; safe to use from several threads and processes.

    *synchronous* is FULL so that a committed row outlives a power cut; tests that crash a lot turn it OFF.
    """

    def __init__(self, url: str, *, synchronous: str = "FULL") -> None:
        self.path = path_of(url)
        self.presence = Presence(self.path)
        self._synchronous = synchronous
        self._thread = threading.local()
        self._turn = threading.Lock()  # writers of this process queue here and not in SQLite's sleep loop

    def migrate(self) -> None:
        """Bring the schema up to date; several processes may start at once."""
        from sqlite_utils import Database

        from bot.store.schema import SETS

        self._create()
        with self._file_lock():
            database = Database(self._connection())
            for migrations in SETS:
                migrations.apply(database)

    def current(self) -> bool:
        """Whether every migration of this version was applied."""
        from sqlite_utils import Database

        from bot.store.schema import SETS

        database = Database(self._connection())
        return not any(migrations.pending(database) for migrations in SETS)

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """BEGIN IMMEDIATE ... COMMIT; rolled back when the block raises. Nothing slow belongs inside."""
        connection = self._connection()
        if connection.in_transaction:
            raise RuntimeError("this thread already has a transaction open")
        with self._turn:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Tx(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """One consistent look; joins the transaction that this thread has open, if any."""
        connection = self._connection()
        if connection.in_transaction:
            yield Tx(connection)
            return
        connection.execute("BEGIN")
        try:
            yield Tx(connection)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def bury(self) -> int:
        """Free the leases of processes that ended; returns how many."""
        freed = 0
        for name in self.presence.dead():
            with self.transaction() as tx:
                freed += release(tx, name)
        return freed

    def backup(self, target: Path) -> None:
        """Copy the database into the new file *target* while it is in use."""
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        copy = sqlite3.connect(target)
        try:
            self._connection().backup(copy)
        finally:
            copy.close()

    def problems(self) -> list[str]:
        """What SQLite's own check finds wrong with the file; empty when it is sound."""
        try:
            with self.reading() as tx:
                found = [str(row[0]) for row in tx.all("PRAGMA integrity_check")]
        except sqlite3.DatabaseError as error:
            return [str(error)]
        return [] if found == ["ok"] else found

    def close(self) -> None:
        """Close this thread's connection; those of other threads end with them."""
        connection: sqlite3.Connection | None = getattr(self._thread, "connection", None)
        if connection is not None:
            connection.close()
            del self._thread.connection

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._thread, "connection", None)
        if connection is None:
            connection = self._thread.connection = self._connect()
        return connection

    def _connect(self) -> sqlite3.Connection:
        self._create()
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _create(self) -> None:
        """The file, readable by its owner alone; SQLite gives its side files the same mode."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        if self.path.stat().st_mode & 0o077:
            self.path.chmod(0o600)

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        with open(f"{self.path}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def path_of(url: str) -> Path:
    """The file that a DATABASE_URL names; raises UserError for another kind of database."""
    if not url.startswith(SCHEME) or url == SCHEME:
        kind = url.partition(":")[0]
        raise UserError(f"DATABASE_URL names a database that mlbot cannot use ({kind}); write sqlite:///path/to/file.")
    return Path(url.removeprefix(SCHEME))
