"""The audit log: append-only, chained, exportable; what was done to it shows."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from store_desk import NOON

from bot import audit
from bot.store import state
from bot.store.db import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(f"sqlite:///{tmp_path / 'mlbot.db'}", synchronous="OFF")
    made.migrate()
    with made.transaction() as tx:
        for n in range(5):
            now = NOON + timedelta(hours=n)
            audit.record(tx, actor=f"U{n}", team="T", action="test", subject=f"s{n % 2}", now=now, detail={"n": n})
    return made


def tamper(store: Store, sql: str) -> None:
    with store.transaction() as tx:
        tx.run("DROP TRIGGER audit_is_never_changed")
        tx.run("DROP TRIGGER audit_is_never_shortened")
        tx.run(sql)


def test_the_log_as_it_was_written_is_sound(store: Store) -> None:
    report = audit.verify(store)
    assert (report.rows, report.head, report.broken_at) == (5, audit.head(store)[1], None)


@pytest.mark.parametrize("sql", ["UPDATE audit SET actor = 'me'", "DELETE FROM audit WHERE seq = 5"])
def test_a_row_is_neither_changed_nor_removed(store: Store, sql: str) -> None:
    def try_it() -> None:
        with store.transaction() as tx:
            tx.run(sql)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        try_it()


@pytest.mark.parametrize("column", ["at", "actor", "team", "action", "subject", "detail"])
def test_an_edit_behind_the_triggers_back_is_found_at_its_row(store: Store, column: str) -> None:
    tamper(store, f"UPDATE audit SET {column} = {column} || ' ' WHERE seq = 3")
    report = audit.verify(store)
    assert (report.broken_at, report.rows, report.why) == (3, 2, "row 3 was changed")


def test_a_removed_row_is_found(store: Store) -> None:
    tamper(store, "DELETE FROM audit WHERE seq = 2")
    assert audit.verify(store).why == "row 2 is missing"


def test_a_cut_tail_is_found_by_a_head_that_was_written_down_elsewhere(store: Store) -> None:
    published = audit.head(store)
    tamper(store, "DELETE FROM audit WHERE seq > 3")
    assert audit.verify(store).broken_at is None
    assert audit.verify(store, published=published).broken_at == 5


def test_rows_come_back_as_they_were_said(store: Store) -> None:
    rows = audit.export(store, subject="s1", since=NOON + timedelta(hours=2))
    assert [(row["seq"], row["actor"], row["detail"]) for row in rows] == [(4, "U3", {"n": 3})]


def test_a_row_goes_with_its_transaction(store: Store) -> None:
    def fail() -> None:
        with store.transaction() as tx:
            audit.record(tx, actor="U", action="x", subject="s", now=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert audit.head(store)[0] == 5


@pytest.mark.parametrize("cut", ["seq > 2", "seq > 0"])
def test_a_cut_tail_is_found_by_the_head_that_the_bot_noted_when_it_posted_it(store: Store, cut: str) -> None:
    row, digest = audit.head(store)
    with store.transaction() as tx:
        state.put(tx, audit.POSTED, f"{row}:{digest}", by=audit.BOT, now=NOON)
    assert audit.verify(store).why == ""
    tamper(store, f"DELETE FROM audit WHERE {cut}")
    assert audit.verify(store).why == "the published hash of row 5 is not in the log"
