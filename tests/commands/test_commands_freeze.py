"""The switch that works when Slack is down, and the policy that ships."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot
from bot import audit, policy
from bot.__main__ import main
from bot.rules.policy import Policy
from bot.store.db import Store

SHIPPED = Path(bot.__file__).parent / "default_policy.toml"


def test_a_freeze_is_switched_told_and_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/mlbot.db")
    assert main(["freeze"]) == 0
    assert main(["freeze", "on", "budget", "review"]) == 0
    assert main(["freeze", "off"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == told[2] == f"Launches are allowed. ({tmp_path}/mlbot.db)"
    assert "budget review" in told[1]
    assert audit.head(Store(f"sqlite:///{tmp_path}/mlbot.db"))[0] == 2


def test_the_policy_that_ships_says_the_defaults() -> None:
    assert policy.read(SHIPPED) == Policy()


@pytest.mark.parametrize("words", [["freeze", "on"], ["audit", "verify"], ["audit", "export"]])
def test_in_the_wrong_folder_no_database_is_made_and_nothing_is_called_frozen_or_whole(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"There is no database at {tmp_path}/.local/mlbot.db" in said.err
    assert not list(tmp_path.iterdir())


def test_a_database_of_another_kind_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/mlbot")
    assert main(["freeze", "on"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
