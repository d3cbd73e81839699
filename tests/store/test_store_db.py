"""The database: transactions, threads, processes, power cuts, migrations, backups."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from bot.rules.errors import UserError
from bot.store import ticks
from bot.store.db import Store
from bot.store.values import moment, pack, stamp, unpack


def fresh(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder / 'a' / 'mlbot.db'}", synchronous="OFF")
    store.migrate()
    return store


def test_a_database_is_made_with_its_folder_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        store = fresh(tmp_path)
    finally:
        os.umask(old)
    for name in ("mlbot.db", "mlbot.db-wal", "mlbot.db-shm"):
        assert stat.S_IMODE((store.path.parent / name).stat().st_mode) == 0o600
    assert store.current()
    with store.reading() as tx:
        assert tx.value("PRAGMA journal_mode") == "wal"
    with Store(f"sqlite:///{store.path}").reading() as tx:
        assert tx.value("PRAGMA synchronous") == 2  # FULL: a committed row outlives a power cut


def test_a_database_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    store.path.chmod(0o644)
    Store(f"sqlite:///{store.path}").migrate()
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["postgresql://localhost/mlbot", "sqlite:///", "mlbot.db", ""])
def test_another_kind_of_database_is_refused_in_words(url: str) -> None:
    with pytest.raises(UserError, match="sqlite:///"):
        Store(url)


def test_a_transaction_that_raises_leaves_nothing(tmp_path: Path) -> None:
    store = fresh(tmp_path)

    def fail() -> None:
        with store.transaction() as tx:
            tx.insert("tick", job="a", due="b", at="c")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as tx:
        assert tx.value("SELECT COUNT(*) FROM tick") == 0


def test_a_transaction_in_a_transaction_is_a_mistake_and_a_look_in_one_joins_it(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    with store.transaction() as tx:
        tx.insert("tick", job="a", due="b", at="c")
        with store.reading() as inner:
            assert inner.value("SELECT COUNT(*) FROM tick") == 1
        with pytest.raises(RuntimeError), store.transaction():
            pass
    with store.reading() as tx:
        assert tx.value("SELECT COUNT(*) FROM tick") == 1


def test_a_reader_is_not_held_up_by_a_writer(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    seen: list[int] = []

    def look() -> None:
        with store.reading() as tx:
            seen.append(tx.value("SELECT COUNT(*) FROM tick"))

    with store.transaction() as tx:
        tx.insert("tick", job="a", due="b", at="c")
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(5)
    assert seen == [0]


def count_up(url: str, times: int) -> None:
    store = Store(url, synchronous="OFF")
    for _ in range(times):
        with store.transaction() as tx:
            before = tx.value("SELECT value FROM setting WHERE name = 'n'")
            tx.run("UPDATE setting SET value = ? WHERE name = 'n'", str(int(before) + 1))


def test_eight_processes_that_read_and_then_write_lose_nothing_and_none_is_locked_out(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    with store.transaction() as tx:
        tx.insert("setting", name="n", value="0", at="", by="")
    url = f"sqlite:///{store.path}"
    context = multiprocessing.get_context("fork")
    store.close()
    workers = [context.Process(target=count_up, args=(url, 50)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 8
    with Store(url).reading() as tx:
        assert tx.value("SELECT value FROM setting WHERE name = 'n'") == "400"


def test_several_processes_may_start_and_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mlbot.db'}"
    code = f"from bot.store.db import Store; s = Store({url!r}); s.migrate(); assert s.current()"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [one.wait() for one in running] == [0] * 4


WRITER = """
import sys
from bot.store.db import Store
store = Store(sys.argv[1])
n = 0
while True:
    n += 1
    with store.transaction() as tx:
        tx.insert("tick", job="j", due=f"{n:09}", at="")
    print(n, flush=True)
"""


def test_a_process_killed_while_writing_loses_nothing_that_it_had_committed(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    for _ in range(3):
        with store.reading() as tx:
            before = tx.value("SELECT COUNT(*) FROM tick")
        with store.transaction() as tx:
            tx.run("DELETE FROM tick")
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, f"sqlite:///{store.path}"], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
        writer.wait()
        acked = int([line for line in said if line.endswith("\n")][-1])
        with store.reading() as tx:
            assert tx.value("SELECT COUNT(*) FROM tick") >= acked > 0
        assert store.problems() == []
        assert before >= 0


def test_a_full_disk_raises_and_leaves_the_file_sound(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    with store.reading() as tx:
        tx.value(f"PRAGMA max_page_count = {tx.value('PRAGMA page_count') + 5}")

    def fill() -> None:
        for n in range(1000):
            with store.transaction() as tx:
                tx.insert("tick", job="j" * 1000, due=str(n), at="")

    with pytest.raises(sqlite3.OperationalError, match="full"):
        fill()
    with store.reading() as tx:
        assert tx.value("SELECT COUNT(*) FROM tick") > 0
    assert store.problems() == []


def test_a_backup_made_while_it_is_written_to_is_whole(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    with store.transaction() as tx:
        for n in range(100):
            tx.insert("tick", job="j", due=str(n), at="")
    store.backup(tmp_path / "copy.db")
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    with Store(f"sqlite:///{tmp_path / 'copy.db'}").reading() as tx:
        assert tx.value("SELECT COUNT(*) FROM tick") == 100
    with pytest.raises(FileExistsError):
        store.backup(tmp_path / "copy.db")


def test_whoever_takes_a_due_moment_first_has_it(tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    store = fresh(tmp_path)
    with store.transaction() as tx:
        taken = [ticks.claim(tx, job="remind", due="2026-11-23", now=now, owner=str(n)) for n in range(3)]
        assert taken == [True, False, False]
        assert ticks.last(tx, "remind") == "2026-11-23"
        ticks.claim(tx, job="remind", due="2026-11-24", now=now)
        assert ticks.forget(tx, before=now + timedelta(days=1)) == 1


def test_times_sort_as_text_and_records_come_back_as_they_were() -> None:
    early = datetime(2026, 1, 1, 9, tzinfo=UTC)
    late = datetime(2026, 1, 1, 9, 0, 0, 5, tzinfo=timezone(timedelta(hours=-1)))
    assert stamp(early) < stamp(late)
    assert moment(stamp(late)) == late
    assert unpack(pack({"b": [1, None], "a": "ü", "at": early})) == {"a": "ü", "b": [1, None], "at": stamp(early)}
    assert unpack("") == {}
