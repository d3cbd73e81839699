"""The page's addresses: its files, its stream, and what a person does on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from importlib import resources
from typing import Any

from bot.playground.slack.client import Client
from bot.playground.slack.controls import Controls
from bot.playground.slack.delivery import Delivered
from bot.playground.slack.errors import Refused
from bot.playground.slack.screen import Screen
from bot.playground.slack.server import NOT_FOUND, Answer, Asked, as_json
from bot.playground.slack.workspace import Workspace

TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OWN_HEADER = "x-playground"  # other sites' pages cannot send it without asking, and asking is refused
Given = dict[str, Any]


class Page:
    """Serves the page and does what people do there."""

    def __init__(self, workspace: Workspace, people: Client, controls: Controls) -> None:
        self._workspace = workspace
        self._people = people
        self._controls = controls
        self._screen = Screen(workspace, controls)
        self._files = _files()
        self._acts: dict[str, Callable[[str, Given], Given]] = {
            "command": self._command,
            "say": self._say,
            "click": self._click,
            "click_view": self._click_view,
            "submit": self._submit,
            "close": self._close,
            "suggest": self._suggest,
            "home": self._home,
            "read": self._read,
            "shortcut": self._shortcut,
            "step": self._step,
            "control": self._control,
        }

    def answer(self, asked: Asked) -> Answer | None:
        """A file, the stream or an act; None when the stream has ended."""
        if asked.path == "/page/events":
            self._stream(asked)
            return None
        if asked.path == "/page/act" and asked.verb == "POST":
            return self._act(asked)
        if asked.path.startswith("/archives/"):
            return _moved(asked.path)
        found = self._files.get(asked.path.lstrip("/") or "index.html")
        return Answer(200, found[0], found[1], SAFE) if found else NOT_FOUND

    def _stream(self, asked: Asked) -> None:
        handler = asked.handler
        handler.send_response(200)
        for name, value in {**SAFE, "Content-Type": "text/event-stream; charset=utf-8", "Connection": "close"}.items():
            handler.send_header(name, value)
        handler.end_headers()
        with contextlib.closing(self._screen.stream()) as stream:
            for text in stream:
                handler.wfile.write(text.encode())
                handler.wfile.flush()

    def _act(self, asked: Asked) -> Answer:
        if not asked.headers.get(OWN_HEADER) or not asked.is_json:
            return as_json({"ok": False, "error": "This address is for the page."}, 403)
        try:
            given = asked.fields()
            act, user = self._acts[str(given.get("do"))], str(given.get("user", ""))
            if not self._workspace.user(user).shown:
                raise Refused("user_not_found")
            return as_json({"ok": True, **act(user, given)})
        except Refused as refused:
            return as_json({"ok": False, "error": refused.code}, 400)
        except (ValueError, KeyError, TypeError) as error:
            return as_json({"ok": False, "error": f"not understood: {error}"}, 400)

    def _command(self, user: str, given: Given) -> Given:
        name, _, text = str(given["text"]).partition(" ")
        return _told(self._people.command(user, str(given["channel"]), name, text.strip()))

    def _say(self, user: str, given: Given) -> Given:
        if not str(given["text"]).strip():
            raise Refused("no_text")
        thread = str(given.get("thread_ts") or "")
        return {"ts": self._people.say(user, str(given["channel"]), str(given["text"]), thread_ts=thread).ts}

    def _click(self, user: str, given: Given) -> Given:
        channel, ts = str(given["channel"]), str(given["ts"])
        self._people.choose(user, channel, ts, given.get("values") or {})
        return _told(self._people.click(user, channel, ts, **_pressed(given)))

    def _click_view(self, user: str, given: Given) -> Given:
        view_id = str(given["view_id"])
        self._people.fill(user, view_id, given.get("values") or {})
        return _told(self._people.click_view(user, view_id, **_pressed(given)))

    def _submit(self, user: str, given: Given) -> Given:
        return _told(self._people.submit(user, str(given["view_id"]), given.get("values") or {}))

    def _close(self, user: str, given: Given) -> Given:
        return _told(self._people.close(user, str(given["view_id"]), clear=bool(given.get("clear"))))

    def _suggest(self, user: str, given: Given) -> Given:
        where = {name: str(given.get(name) or "") for name in ("view_id", "channel", "ts")}
        return {"options": self._people.suggest(user, action_id=given["action_id"], text=str(given["text"]), **where)}

    def _home(self, user: str, given: Given) -> Given:
        self._people.open_home(user, str(given.get("tab") or "home"))
        return {}

    def _read(self, user: str, given: Given) -> Given:
        with self._workspace.lock:
            self._workspace.read[(user, str(given["channel"]))] = str(given["ts"])
        return {}

    def _shortcut(self, user: str, given: Given) -> Given:
        where = {name: str(given.get(name) or "") for name in ("channel", "ts")}
        return _told(self._people.shortcut(user, str(given["callback_id"]), **where))

    def _step(self, user: str, given: Given) -> Given:
        inputs = given.get("inputs") or {}
        if not isinstance(inputs, dict):
            raise Refused("invalid_arguments")
        where = self._workspace.place(str(given["channel"]), user).id
        self._people.run_step(user, str(given["callback_id"]), inputs, channel=where)
        return {}

    def _control(self, user: str, given: Given) -> Given:
        words = self._controls.press(str(given["id"]))
        self._workspace.tell({"type": "controls"})
        return {"words": words}


def _pressed(given: Given) -> Given:
    return {"action_id": given["action_id"], "block_id": given.get("block_id"), "value": given.get("value")}


def _told(sent: Delivered | None) -> Given:
    if sent is None:
        return {}
    return {"errors": sent.errors, "problem": sent.reply.problem}


def _moved(path: str) -> Answer:
    """A permalink leads to its message on the page."""
    channel, _, stamp = path.removeprefix("/archives/").partition("/p")
    if not (channel.isalnum() and stamp.isdigit() and len(stamp) > 6):
        return NOT_FOUND
    return Answer(302, b"", headers={"Location": f"/#{channel}/{stamp[:-6]}.{stamp[-6:]}"})


def _files() -> dict[str, tuple[bytes, str]]:
    folder = resources.files("bot.playground").joinpath("page")
    found = {}
    for file in folder.iterdir():
        kind = file.name.rpartition(".")[2]
        if kind in TYPES:
            found[file.name] = (file.read_bytes(), f"{TYPES[kind]}; charset=utf-8")
    return found
