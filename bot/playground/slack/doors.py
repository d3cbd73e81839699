"""The addresses that the bot uses: the Web API, response addresses, uploads and files."""

from __future__ import annotations

import base64
import json
import time

from bot.playground.slack.errors import Refused
from bot.playground.slack.faults import Fault, Faults
from bot.playground.slack.responses import respond
from bot.playground.slack.server import NOT_FOUND, Answer, Asked, Dropped, as_json
from bot.playground.slack.uploads import MIME
from bot.playground.slack.web_api import WebApi, limited
from bot.playground.slack.workspace import Workspace

RESPONSE = "response_url"  # the name under which faults know response addresses
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "private",
}


class Doors:
    """Answers the bot's requests, faults first."""

    def __init__(self, workspace: Workspace, api: WebApi, faults: Faults) -> None:
        self._workspace = workspace
        self._api = api
        self._faults = faults

    def answer(self, asked: Asked) -> Answer:
        """Route by the first part of the path."""
        first, _, rest = asked.path.lstrip("/").partition("/")
        if first == "api" and rest:
            return self._with_faults(rest, asked)
        if first in ("commands", "actions") and asked.verb == "POST":
            return self._with_faults(RESPONSE, asked)
        if first == "upload" and asked.verb == "POST":
            return self._uploaded(rest, asked.body)
        if first == "files":
            return self._file(rest)
        return NOT_FOUND

    def _with_faults(self, method: str, asked: Asked) -> Answer:
        fault = self._faults.strike(method)
        if fault is None:
            return self._do(method, asked)
        if fault.how == "error":
            return as_json({"ok": False, "error": fault.code}, fault.status)
        if fault.how == "limit":
            told = limited(fault.retry_after)
            return as_json(told.body, told.status, told.headers)
        return self._delayed(fault, method, asked)

    def _delayed(self, fault: Fault, method: str, asked: Asked) -> Answer:
        if fault.how == "reset":
            raise Dropped
        if fault.how == "hang":
            self._faults.released.wait()
            raise Dropped
        if fault.how == "slow":
            time.sleep(fault.seconds)
        answer = self._do(method, asked)
        if fault.how == "lost":
            raise Dropped
        return answer

    def _do(self, method: str, asked: Asked) -> Answer:
        return self._respond(asked) if method == RESPONSE else self._call(method, asked)

    def _call(self, method: str, asked: Asked) -> Answer:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ").strip()
        try:
            args = asked.fields()
        except ValueError:
            return as_json({"ok": False, "error": "invalid_json" if asked.is_json else "invalid_form_data"})
        told = self._api.answer(method, {**args, **_client(asked)}, token=token, is_json=asked.is_json)
        return as_json(told.body, told.status, told.headers)

    def _respond(self, asked: Asked) -> Answer:
        try:
            body = json.loads(asked.body)
            if not isinstance(body, dict):
                raise ValueError
            respond(self._workspace, asked.path.rpartition("/")[2], body)
        except ValueError:
            return Answer(400, b"invalid_payload")
        except Refused as refused:
            gone = refused.code.endswith("_url")
            return as_json(refused.body(), 404 if gone else 400)
        return Answer(200, b"ok")

    def _uploaded(self, secret: str, content: bytes) -> Answer:
        try:
            with self._workspace.lock:
                file = self._workspace.uploads.receive(secret, content)
        except Refused as refused:
            return as_json(refused.body(), 400)
        return Answer(200, f"OK - {file.length}".encode())

    def _file(self, rest: str) -> Answer:
        identity, _, secret = rest.partition("/")
        try:
            file = self._workspace.uploads.get(identity)
        except Refused:
            return NOT_FOUND
        if file.secret != secret:
            return NOT_FOUND
        if file.kind in MIME:
            return Answer(200, file.content or b"", MIME[file.kind], SAFE)
        save = {"Content-Disposition": "attachment"}
        return Answer(200, file.content or b"", "application/octet-stream", {**SAFE, **save})


def _client(asked: Asked) -> dict[str, str]:
    """The app's id and secret, where they come as HTTP's own credentials."""
    kind, _, given = asked.headers.get("authorization", "").partition(" ")
    if kind != "Basic":
        return {}
    identity, _, secret = base64.b64decode(given).decode("utf-8", "replace").partition(":")
    return {"client_id": identity, "client_secret": secret}
