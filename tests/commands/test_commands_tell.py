"""What `mlbot audit tell` and `mlbot scan --send` say."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import audit
from bot.__main__ import main
from bot.commands.audit import run_tell
from bot.store.db import Store

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    url = f"sqlite:///{tmp_path / 'mlbot.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    store = Store(url, synchronous="OFF")
    store.migrate()
    return store


def test_a_refusal_is_told_with_its_reason_and_an_answer_with_its_words(
    log: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {
        "idle.refused": {"reason": "Not stopped: GPU reached 88 %."},
        "idle.snooze_1d.refused": {"reason": "Guests may not do this."},
        "schedule.refused": {"reason": "It gets no schedule: one-time spot."},
        "idle.kept": {"after": "Kept by Ann until Friday (demo\n\x1b[31m<!channel>)."},
    }
    with log.transaction() as tx:
        for action, detail in rows.items():
            audit.record(tx, actor="U0ENG", action=action, subject="i-1", now=NOW, detail=detail)
    log.close()
    assert run_tell(Namespace(subject="i-1")) == 0
    said = capsys.readouterr().out
    assert "reason=Not stopped: GPU reached 88 %." in said
    assert "reason=Guests may not do this." in said
    assert "reason=It gets no schedule" in said
    assert "after=Kept by Ann until Friday (demo  [31m<!channel>)." in said
    assert len(said.splitlines()) == len(rows)


def test_a_morning_to_come_is_not_used_up_by_a_try(
    log: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLACK_API_URL", "https://slack.com/api/")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-never-sent")
    assert main(["scan", "--at", "2199-01-01T09:00:00Z", "--send"]) == 2
    assert "would use up that morning" in capsys.readouterr().err
    with log.reading() as tx:
        assert tx.value("SELECT COUNT(*) FROM scan") == 0
