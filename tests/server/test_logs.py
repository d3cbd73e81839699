"""No secret reaches a log line."""

from __future__ import annotations

import io
import json
import logging

import pytest

from bot import logs
from bot.logs import JsonLines, redact

CANARIES = (
    "xoxb-1234567890-abcdefghij",
    "xoxp-1234567890-abcdefghij",
    "xapp-1-A0123-456-abcdef",
    "xoxe.xoxp-1-abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "https://hooks.slack.com/commands/T0/123/canarycanary",
)


@pytest.mark.parametrize("canary", CANARIES)
def test_a_planted_secret_does_not_reach_the_line(canary: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("canary")
    log.propagate = False
    log.handlers[:] = [handler]
    try:
        raise ValueError(f"call failed with {canary}")
    except ValueError:
        log.exception("sending %s", canary)
    line = json.loads(stream.getvalue())
    assert canary.rpartition("/")[2] not in stream.getvalue()
    assert "[redacted]" in line["message"]
    assert "[redacted]" in line["error"]


def test_headers_that_carry_credentials_are_blanked() -> None:
    assert "s3cr3t" not in redact("Authorization: s3cr3t X-Amz-Security-Token: s3cr3t x-slack-signature: s3cr3t")


def test_ordinary_words_are_left_alone() -> None:
    assert redact("launch l_12 of g5.xlarge in us-east-1 by U0ENG") == "launch l_12 of g5.xlarge in us-east-1 by U0ENG"


def test_what_the_process_was_given_is_blanked_whatever_it_looks_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_hidden", set())
    logs.hide(["8f742231b10e8888abcd99yyyzzz85a5", "short"])
    assert redact("signed with 8f742231b10e8888abcd99yyyzzz85a5, in short") == "signed with [redacted], in short"


def test_aws_secret_keys_are_blanked_where_they_are_named() -> None:
    said = redact("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG aws_session_token=FwoGZXIv client_secret=0123abcd")
    assert said.count("[redacted]") == 3
    assert not {"wJalr", "FwoG", "0123"} & set(said.split())
