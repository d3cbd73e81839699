"""The HTTP door: signature first, then a readable body, then Bolt; never a 5xx for what strangers send."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from bot.server import Answer, Door, malformed

SECRET = "0123456789abcdef"


def bolt() -> App:
    app = App(
        signing_secret=SECRET,
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-x"),
        process_before_response=True,
        request_verification_enabled=False,
    )
    app.command("/ml-help")(lambda ack: ack("help"))
    app.action("stop")(lambda ack: ack())
    app.view("form")(lambda ack: ack())
    app.event("app_home_opened")(lambda: None)
    return app


DOOR = Door(bolt(), SECRET, {"/healthz": lambda: Answer("200 OK", "ok")})


def sign(body: bytes, stamp: str | None = None, secret: str = SECRET) -> dict[str, str]:
    stamp = stamp or str(int(time.time()))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"HTTP_X_SLACK_REQUEST_TIMESTAMP": stamp, "HTTP_X_SLACK_SIGNATURE": "v0=" + digest}


def send(
    body: bytes, *, kind: str = "application/x-www-form-urlencoded", path: str = "/slack/events", **extra: str
) -> tuple[int, str]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": kind,
        "wsgi.input": io.BytesIO(body),
        **extra,
    }
    seen: list[str] = []
    answer = b"".join(DOOR(environ, lambda status, headers: seen.append(status)))
    return int(seen[0].split()[0]), answer.decode()


def signed(body: bytes, **kw: Any) -> tuple[int, str]:
    return send(body, **sign(body), **kw)


COMMAND = urlencode({"command": "/ml-help", "user_id": "U1", "team_id": "T1", "text": ""}).encode()


def test_a_signed_command_is_answered() -> None:
    assert signed(COMMAND) == (200, "help")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        sign(COMMAND, secret="another"),
        sign(COMMAND, stamp=str(int(time.time()) - 600)),
        sign(COMMAND, stamp=str(int(time.time()) + 600)),
        {"HTTP_X_SLACK_REQUEST_TIMESTAMP": "now", "HTTP_X_SLACK_SIGNATURE": "v0=zz"},
        {"HTTP_X_SLACK_REQUEST_TIMESTAMP": "²", "HTTP_X_SLACK_SIGNATURE": "é"},
        sign(b"something else"),
    ],
)
def test_a_wrong_signature_is_401_whatever_the_body(headers: dict[str, str]) -> None:
    assert send(COMMAND, **headers)[0] == 401
    assert send(b"{bad json", kind="application/json", **headers)[0] == 401


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{bad json", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "application/json"),
        (b"null", "application/json"),
        (b"", "application/x-www-form-urlencoded"),
        (b"payload=", "application/x-www-form-urlencoded"),
        (b"payload=%7B", "application/x-www-form-urlencoded"),
        (b"payload=[]", "application/x-www-form-urlencoded"),
        (b"payload=" + b"[" * 100_000, "application/x-www-form-urlencoded"),
        (b'payload={"type":"block_actions"}', "application/x-www-form-urlencoded"),
        (b'payload={"type":"block_actions","user":{"id":5}}', "application/x-www-form-urlencoded"),
        (b'payload={"type":"block_actions","user":{"id":"U1"},"actions":[]}', "application/x-www-form-urlencoded"),
        (b'payload={"type":"block_actions","user":{"id":"U1"},"actions":[3]}', "application/x-www-form-urlencoded"),
        (b'payload={"type":"view_submission","user":{"id":"U1"},"view":3}', "application/x-www-form-urlencoded"),
        (b"command=%2Fml-help", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b'{"type":"event_callback","event":7}', "application/json"),
    ],
)
def test_a_signed_and_malformed_body_is_400(body: bytes, kind: str) -> None:
    assert signed(body, kind=kind)[0] == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SHAPES = st.fixed_dictionaries(
    {"type": st.sampled_from(["block_actions", "view_submission", "view_closed", "shortcut", "x"]) | JSON},
    optional={
        "user": st.fixed_dictionaries({"id": st.text(max_size=4) | JSON}) | JSON,
        "team": JSON,
        "channel": JSON,
        "container": JSON,
        "actions": st.lists(
            st.fixed_dictionaries({"action_id": st.sampled_from(["stop", "y"])}, optional={"value": JSON}) | JSON,
            max_size=2,
        )
        | JSON,
        "view": st.fixed_dictionaries({"callback_id": st.just("form")}, optional={"state": JSON, "id": JSON}) | JSON,
        **dict.fromkeys(("message", "enterprise", "authorizations", "event", "function_data", "team_id"), JSON),
    },
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/x"]))
def test_no_signed_bytes_make_a_5xx(body: bytes, kind: str) -> None:
    assert signed(body, kind=kind)[0] < 500


@settings(max_examples=300, deadline=None)
@given(SHAPES)
def test_no_signed_interaction_makes_a_5xx(payload: Any) -> None:
    assert signed(urlencode({"payload": json.dumps(payload)}).encode())[0] < 500


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries({"type": st.sampled_from(["event_callback", "url_verification"])}, optional={"event": JSON})
)
def test_no_signed_event_makes_a_5xx(payload: Any) -> None:
    assert signed(json.dumps(payload).encode(), kind="application/json")[0] < 500


def test_a_body_over_a_megabyte_is_not_read() -> None:
    assert send(b"x", **{"CONTENT_LENGTH": "1000001"})[0] == 413


def test_the_operators_pages_need_no_signature() -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/healthz", "wsgi.input": io.BytesIO()}
    assert b"".join(DOOR(environ, lambda status, headers: None)) == b"ok"


def test_what_is_wrong_is_said_in_words() -> None:
    assert malformed(b"{", "application/json") == "The body cannot be parsed."
    assert malformed(b"text=x", "") == "A slash command needs command and user_id."
