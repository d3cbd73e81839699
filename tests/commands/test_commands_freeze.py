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
    assert told[0] == told[2] == "Launches are allowed."
    assert "budget review" in told[1]
    assert audit.head(Store(f"sqlite:///{tmp_path}/mlbot.db"))[0] == 2


def test_the_policy_that_ships_says_the_defaults() -> None:
    assert policy.read(SHIPPED) == Policy()
