"""The HTTP server: the Web API, response addresses, files, and the page beside them; this machine only."""

from __future__ import annotations

import json
import logging
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
MOST_BYTES = 25_000_000


class Dropped(Exception):
    """The connection ends without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One HTTP request."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    handler: BaseHTTPRequestHandler

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON."""
        return self.headers.get("content-type", "").startswith("application/json")

    def fields(self) -> dict[str, Any]:
        """Query and body together, from a form or from JSON; raises ValueError for a body that is neither."""
        if self.is_json:
            given = json.loads(self.body or b"{}")
            if not isinstance(given, dict):
                raise ValueError("the body is no object")
            return {**self.query, **given}
        return {**self.query, **dict(parse_qsl(self.body.decode(), keep_blank_values=True))}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in JSON."""
    text = json.dumps(body, ensure_ascii=False).encode()
    return Answer(status, text, "application/json; charset=utf-8", headers or {})


NOT_FOUND = Answer(404, b"Nothing is here.")
Route = Callable[[Asked], Answer | None]  # None: the route has answered by itself


class HttpServer:
    """A thread a connection; *route* answers what passes the guard."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._server: ThreadingHTTPServer | None = None

    def start(self, port: int) -> int:
        """Listen; returns the port."""
        self._server = _Server((HOST, port), _handler(self._route))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="local-slack", daemon=True).start()
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a connection broke", exc_info=True)


def stranger(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from another site's page: a foreign Host, Origin or fetch site."""
    host = headers.get("host", "")
    if _name(host) not in LOCAL_NAMES:
        return True
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return True
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def _name(host: str) -> str:
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _handler(route: Route) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            try:
                answer = self._routed()
            except Dropped:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                return
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Type": answer.content_type}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _routed(self) -> Answer | None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            length = headers.get("content-length", "0")
            if not length.isdigit() or int(length) > MOST_BYTES:
                self.close_connection = True
                return Answer(413, b"Too much.")
            body = self.rfile.read(int(length))
            if stranger(headers):
                return Answer(403, b"This address is for this machine's own page and bot.")
            parts = urlsplit(self.path)
            asked = Asked(
                verb=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query)),
                headers=headers,
                body=body,
                handler=self,
            )
            return route(asked)

        def log_message(self, format: str, *args: Any) -> None:
            log.debug(format, *args)

    return Handler
