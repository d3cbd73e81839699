"""The HTTP door: signature first (401), then a body that can be read (400), then Bolt; and the operators' pages."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs

from slack_bolt import BoltRequest, BoltResponse
from slack_sdk.signature import Clock as SignatureClock
from waitress.server import create_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 1_000_000
PATH = "/slack/events"
EVENT_THREADS = 16
WINDOW_SECONDS = 300  # Slack signs with its clock; older is a replay


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: str
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Page = Callable[[], Answer]
Visit = Callable[[str, Mapping[str, str]], Answer]  # a browser's: query and headers
Watch = Callable[[float, str], None]  # seconds from Slack's request to our answer, and its status
UNAUTHORIZED = Answer("401 Unauthorized", "The signature is missing, wrong or too old.")
NOT_FOUND = Answer("404 Not Found", "Nothing is here. Slack posts to /slack/events.")


class Dispatcher(Protocol):
    """What answers Slack: a Bolt app, or what finds one among several."""

    def dispatch(self, req: BoltRequest) -> BoltResponse: ...


class Door:
    """
    A WSGI application; *app* is None when events come over Socket Mode instead.

    A page whose path ends in a slash stands for all below it.
    *watch* is told of every answer to Slack; *quiet* is set while none is due, so that other work can make way.
    """

    def __init__(
        self,
        app: Dispatcher | None,
        signing_secret: str,
        pages: Mapping[str, Page],
        *,
        visits: Mapping[str, Visit] | None = None,
        watch: Watch | None = None,
        quiet: threading.Event | None = None,
    ) -> None:
        self._visits = dict(visits or {})
        self._app = app
        self._watch = watch
        self._secret = signing_secret.encode()
        self._pages = dict(pages)
        self._quiet = quiet or threading.Event()
        self._lock = threading.Lock()
        self._open = 0

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = self._answer(environ)
        body = answer.body.encode()
        start(
            answer.status,
            [("Content-Type", answer.content_type), ("Content-Length", str(len(body))), *answer.headers],
        )
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        page = self._pages.get(path) or self._pages.get(path[: path.find("/", 1) + 1])
        if page is not None and method in ("GET", "HEAD"):
            return page()
        if path in self._visits and method == "GET":
            return self._visits[path](environ.get("QUERY_STRING", ""), _headers(environ))
        if path != PATH or self._app is None:
            return NOT_FOUND
        if method != "POST":
            return Answer("405 Method Not Allowed", "POST only.", headers=(("Allow", "POST"),))
        begun = time.perf_counter()
        self._count(1)
        try:
            answer = self._event(environ)
        finally:
            self._count(-1)
        if self._watch is not None:
            self._watch(time.perf_counter() - begun, answer.status)
        return answer

    def _count(self, change: int) -> None:
        with self._lock:
            self._open += change
            if self._open:
                self._quiet.clear()
            else:
                self._quiet.set()

    def _event(self, environ: WSGIEnvironment) -> Answer:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return Answer("413 Content Too Large", "Slack never sends that much.")
        body = environ["wsgi.input"].read(int(length))
        headers = _headers(environ)
        if not self._signed(body, headers):
            return UNAUTHORIZED
        problem = malformed(body, headers.get("content-type", ""))
        if problem:
            return Answer("400 Bad Request", problem)
        return self._bolt(body.decode(), headers)

    def _signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        # Over the raw bytes: slack_sdk's verifier decodes first and so fails on a body that is not UTF-8.
        stamp, given = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if not self._secret or not (stamp.isascii() and stamp.isdigit() and given.isascii()):
            return False
        if abs(SignatureClock().now() - int(stamp)) > WINDOW_SECONDS:
            return False
        expected = "v0=" + hmac.new(self._secret, b"v0:%s:%s" % (stamp.encode(), body), hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, given)

    def _bolt(self, body: str, headers: Mapping[str, str]) -> Answer:
        assert self._app is not None
        answer = self._app.dispatch(BoltRequest(body=body, headers={k: [v] for k, v in headers.items()}))
        kind = answer.first_headers().get("content-type", "text/plain; charset=utf-8")
        # Bolt says 404 to what no listener knows; Slack need not hear of it as a failure of ours, but it is the truth.
        return Answer(_status(answer.status), answer.body or "", kind)


def malformed(body: bytes, content_type: str) -> str:
    """What is wrong with a signed body, in words, or an empty string: only shapes that Slack sends are let in."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "The body is not UTF-8."
    try:
        if content_type.startswith("application/json"):
            payload = json.loads(text)
            return _wrong_parts(payload) or _wrong_event(payload)
        form = parse_qs(text, keep_blank_values=True, max_num_fields=200)
        if "payload" in form:
            payload = json.loads(form["payload"][0])
            return _wrong_parts(payload) or _wrong_interaction(payload)
    except (ValueError, RecursionError):
        return "The body cannot be parsed."
    return _wrong_command(form)


# What Bolt looks into before any listener does, by the type that it takes for granted.
OBJECTS = ("event", "view", "message", "container", "function_data", "interactivity")
TEXTS = ("team_id", "user_id", "channel_id", "enterprise_id", "callback_id", "response_url", "trigger_id", "challenge")
NAMED = ("user", "team", "channel", "enterprise")  # an object with an id, or in events the id itself


def _wrong_parts(payload: Any) -> str:
    if not isinstance(payload, dict) or not isinstance(payload.get("type"), str):
        return "A payload is an object with a type."
    if not all(isinstance(payload[name], dict) for name in OBJECTS if name in payload):
        return "The payload's parts must be objects."
    if not all(isinstance(payload[name] or "", str) for name in TEXTS if name in payload):
        return "The payload's ids must be text."
    if not all(_named(payload[name]) for name in NAMED if name in payload):
        return "The payload's user, team and channel need an id."
    rights = payload.get("authorizations", [])
    if not isinstance(rights, list) or not all(isinstance(right, dict) for right in rights):
        return "The payload's authorizations must be objects."
    return ""


def _named(value: Any) -> bool:
    return value is None or isinstance(value, str) or (isinstance(value, dict) and isinstance(value.get("id"), str))


def _wrong_event(payload: Any) -> str:
    if payload["type"] == "event_callback":
        event = payload.get("event")
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            return "An event_callback needs an event with a type."
        if not all(isinstance(event.get(name, ""), str) for name in ("user", "channel", "text", "tab", "ts")):
            return "The event's fields must be text."
        if not all(isinstance(event.get(name, {}), dict) for name in ("function", "inputs")):
            return "The event's parts must be objects."
        links = event.get("links", [])
        if not isinstance(links, list) or not all(isinstance(link, dict) for link in links):
            return "The event's links must be objects."
    return ""


def _wrong_command(form: Mapping[str, list[str]]) -> str:
    if form.get("ssl_check"):
        return ""
    missing = [name for name in ("command", "user_id") if not form.get(name, [""])[0]]
    return f"A slash command needs {' and '.join(missing)}." if missing else ""


def _wrong_interaction(payload: Any) -> str:
    user = payload.get("user")
    if not isinstance(user, dict) or not isinstance(user.get("id"), str) or not user["id"]:
        return "An interaction needs a user."
    if not all(isinstance(payload.get(name) or {}, dict) for name in ("team", "channel")):
        return "The interaction's parts must be objects."
    if payload["type"] == "block_actions":
        return _wrong_actions(payload.get("actions"))
    if payload["type"] in ("view_submission", "view_closed"):
        return _wrong_view(payload.get("view"))
    return ""


def _wrong_actions(actions: Any) -> str:
    if not isinstance(actions, list) or not actions or not all(isinstance(action, dict) for action in actions):
        return "A block_actions payload needs actions."
    if not all(isinstance(action.get("action_id"), str) for action in actions):
        return "An action needs an action_id."
    if not all(isinstance(action.get("value", ""), str) for action in actions):
        return "An action's value must be text."
    return ""


def _wrong_view(view: Any) -> str:
    if not isinstance(view, dict) or not isinstance(view.get("callback_id"), str):
        return "A view needs a callback_id."
    state = view.get("state") or {}
    values = state.get("values", {}) if isinstance(state, dict) else None
    if not isinstance(values, dict) or not all(isinstance(block, dict) for block in values.values()):
        return "A view's state must hold values by block."
    if not isinstance(view.get("id", ""), str) or not isinstance(view.get("private_metadata", ""), str):
        return "A view's id and metadata must be text."
    return ""


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    found = {key[5:].lower().replace("_", "-"): str(value) for key, value in environ.items() if key.startswith("HTTP_")}
    found["content-type"] = environ.get("CONTENT_TYPE", "")
    return found


def _status(code: int) -> str:
    words = {
        200: "OK",
        302: "Found",
        400: "Bad Request",
        401: "Unauthorized",
        404: "Not Found",
        500: "Internal Server Error",
    }
    return f"{code} {words.get(code, 'Status')}"


class Server:
    """waitress on its own thread: listens at once, serves until closed."""

    def __init__(self, door: Door, *, host: str, port: int) -> None:
        self._server = create_server(
            door,
            host=host,
            port=port,
            threads=EVENT_THREADS,
            connection_limit=1000,
            backlog=1024,
            max_request_body_size=MAX_BODY_BYTES + 1,
            ident=None,
        )
        self._stopping = False
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on; the one asked for, or the system's choice for 0."""
        return int(self._server.effective_port)

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._server.run()
        except OSError:
            if not self._stopping:  # its loop meets the socket that stop has closed
                raise

    def stop(self) -> None:
        """Take no more; connections that are being answered finish."""
        self._stopping = True
        self._server.close()
        self._server.task_dispatcher.shutdown(cancel_pending=False, timeout=5)
