"""`mlbot run` as a process: root keys, a signal, and no secret in its log though everything is logged."""

from __future__ import annotations

import io
import logging
import threading
from pathlib import Path

import pytest
from world import APPROVALS, LEAD, World

from bot import logs
from bot.commands import run
from bot.rules.errors import CloudError, Unsure
from bot.settings import Settings


class Answering:
    """An AWS that says who we are, or does not."""

    def __init__(self, answer: bool | CloudError) -> None:
        self._answer = answer

    def is_root(self) -> bool:
        if isinstance(self._answer, CloudError):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(("answer", "ends"), [(True, True), (False, False), (Unsure("no answer"), False)])
def test_root_keys_end_the_run_and_silence_does_not(answer: bool | CloudError, ends: bool) -> None:
    told, refused = threading.Event(), threading.Event()
    run._refuse_root(Answering(answer), told, refused)  # type: ignore[arg-type]
    assert (told.is_set(), refused.is_set()) == (ends, ends)


def test_the_local_aws_is_not_root(here: World) -> None:
    assert not here.bot.parts.cloud.is_root()


def test_no_planted_secret_reaches_the_log_of_a_whole_launch(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_hidden", set())
    settings: Settings = here.bot.parts.settings
    logs.hide([*settings.secrets(), "xoxb-local"])
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonLines())
    handler.addFilter(lambda record: not record.name.startswith("bot.playground"))  # Slack's own side
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        here.command("/ml-launch g5.xlarge hours=2 purpose=canary")
        here.press("approve", user=LEAD, channel=APPROVALS)
        here.slack.fail("chat.update", "internal_error", times=2)
        here.pass_time(minutes=5)
        here.command("/ml-instances")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    said = written.getvalue()
    assert len(here.instances()) == 1
    assert said.count("\n") > 10
    for secret in (*settings.secrets(), "X-Amz-Signature", "Signature=", "Bearer xox"):
        assert secret not in said, secret
    assert "/commands/T0LOCAL/" not in said  # a response address is as good as a token for half an hour


def test_the_database_and_its_side_files_are_the_owners_alone(here: World) -> None:
    here.command("/ml-launch g5.xlarge hours=2")
    path = here.bot.parts.store.path
    for file in (Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm")):
        assert file.stat().st_mode & 0o077 == 0, file
