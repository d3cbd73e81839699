"""The commands around the database: policy, audit, backup, restore; exit codes and one clear sentence."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import audit
from bot.__main__ import main
from bot.store.db import Store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/mlbot.db")
    monkeypatch.delenv("MLBOT_POLICY", raising=False)
    store = Store(f"sqlite:///{tmp_path}/mlbot.db")
    store.migrate()
    with store.transaction() as tx:
        audit.record(tx, actor="U0LEAD", action="approve", subject="l_1", now=NOON)
        audit.record(tx, actor="mlbot", action="launch", subject="l_1", now=NOON)
    yield store
    store.close()


def test_a_whole_log_is_called_whole_with_its_head(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "verify"]) == 0
    assert f"2:{audit.head(store)[1]}" in capsys.readouterr().out


def test_an_edited_row_is_found(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    raw = sqlite3.connect(store.path)
    raw.execute("DROP TRIGGER audit_is_never_changed")
    raw.execute("UPDATE audit SET actor = 'U0EVIL' WHERE seq = 1")
    raw.commit()
    raw.close()
    assert main(["audit", "verify"]) == 1
    assert "row 1 was changed" in capsys.readouterr().err


def test_a_cut_tail_is_found_by_the_head_that_was_published(store: Store) -> None:
    assert main(["audit", "verify", "--published", "2:" + audit.head(store)[1]]) == 0
    assert main(["audit", "verify", "--published", "3:feed"]) == 1
    assert main(["audit", "verify", "--published", "feed"]) == 2


def test_the_log_is_exported_by_subject(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "export", "--csv", "--subject", "l_1"]) == 0
    assert capsys.readouterr().out.count("l_1") == 2
    assert main(["audit", "export", "--subject", "another"]) == 0
    assert capsys.readouterr().out == ""


def test_a_backup_is_sound_and_can_be_restored(store: Store, tmp_path: Path) -> None:
    assert main(["backup", "copy.db"]) == 0
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0
    with store.transaction() as tx:
        audit.record(tx, actor="U0LEAD", action="deny", subject="l_2", now=NOON)
    store.close()
    assert main(["restore", "copy.db"]) == 2
    assert main(["restore", "copy.db", "--yes"]) == 0
    assert audit.head(Store(f"sqlite:///{store.path}"))[0] == 2
    assert main(["restore", "copy.db", "--yes"]) == 0
    kept = {path.name.removesuffix("-wal").removesuffix("-shm") for path in tmp_path.glob("*.before-restore-*")}
    assert len(kept) == 2  # the second restore took nothing from the first


def test_a_backup_overwrites_nothing(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "copy.db").write_text("precious")
    assert main(["backup", "copy.db"]) == 1
    assert "exists" in capsys.readouterr().err


def test_what_is_no_database_is_not_restored(store: Store, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader, " * 100)
    assert main(["restore", "letter.txt", "--yes"]) == 1


def test_a_wrong_key_of_the_policy_is_named(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy.toml").write_text("[limits]\nmax_hour = 3\n[approvals]\nexpires_hours = -1\n")
    assert main(["policy", "check", "policy.toml"]) == 1
    told = capsys.readouterr().err
    assert "[limits] max_hour: there is no such key" in told
    assert "[approvals] expires_hours" in told


def test_a_policy_that_lets_nobody_approve_says_so(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.toml").write_text("")
    assert main(["policy", "check", "policy.toml"]) == 0
    assert "nobody, so nothing can be launched" in capsys.readouterr().out


def test_who_asked_and_who_allowed_a_machine_is_told_by_its_id(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.transaction() as tx:
        done = {"instance_ids": ["i-0abc"], "zone": "us-east-1a"}
        audit.record(tx, actor="mlbot", action="launch.launched", subject="l_1", now=NOON, detail=done)
        audit.record(tx, actor="U0ENG", action="instance.stop", subject="i-0abc", now=NOON)
        audit.record(tx, actor="U0ENG", action="instance.stop", subject="i-0other", now=NOON)
    for subject in ("i-0abc", "l_1"):
        assert main(["audit", "tell", subject]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[1:3] for line in lines] == [
            ["U0LEAD", "approve"],
            ["mlbot", "launch"],
            ["mlbot", "launch.launched"],
            ["U0ENG", "instance.stop"],
        ]
    assert "zone=us-east-1a instance_ids=i-0abc" in lines[2]
    assert main(["audit", "tell", "i-0nobody"]) == 1


def test_nothing_is_restored_under_a_bot_that_runs(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.presence.show()
    assert main(["backup", "copy.db"]) == 0
    before = audit.head(store)
    assert main(["restore", "copy.db", "--yes"]) == 1
    assert "A process is at work" in capsys.readouterr().err
    assert audit.head(store) == before
    assert not list(tmp_path.glob("*.before-restore-*"))
