"""Deliveries over Socket Mode: the bot opened a websocket to us."""

from __future__ import annotations

import itertools
import json
import threading
import uuid
from dataclasses import dataclass, field

from bot.playground.slack import people
from bot.playground.slack.delivery import ACK_SECONDS, FAILED, TIMEOUT, Kind, Payload, Reply
from bot.playground.slack.server import Answer, Asked
from bot.playground.slack.websocket import Closed, WebSocket, accept
from bot.playground.slack.workspace import Workspace

PING_SECONDS = 0.5  # slack_sdk can close only between two reads, and a read ends with what comes
MOST_CONNECTIONS = 10


@dataclass(slots=True)
class _Ack:
    """A delivery that waits for its ack."""

    over: WebSocket
    arrived: threading.Event = field(default_factory=threading.Event)
    body: Payload | None = None


class OverSocket:
    """Up to ten websockets; each delivery goes to one of them in turn."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.ack_seconds = ACK_SECONDS
        self._lock = threading.Lock()
        self._sockets: list[WebSocket] = []
        self._turns = itertools.count()
        self._acks: dict[str, _Ack] = {}
        self.connected = threading.Event()

    def send(self, kind: Kind, payload: Payload, *, retry: int = 0, reason: str = "") -> Reply:
        """Send an envelope and wait for its ack; without a connection commands and clicks are lost."""
        envelope_id = str(uuid.uuid4())
        envelope = {"envelope_id": envelope_id, "type": kind, "payload": payload, "accepts_response_payload": True}
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason, "accepts_response_payload": False}
        ack = self._sent(envelope_id, json.dumps(envelope))
        if ack is None:
            return Reply(problem=FAILED)
        arrived = ack.arrived.wait(self.ack_seconds)
        self._acks.pop(envelope_id, None)
        if not arrived:
            return Reply(problem=TIMEOUT)
        return Reply(problem=FAILED) if ack.body is None else Reply(body=ack.body)

    def _sent(self, envelope_id: str, text: str) -> _Ack | None:
        while (over := self._next()) is not None:
            ack = self._acks[envelope_id] = _Ack(over)
            try:
                over.send(text)
            except Closed:
                self._forget(over)
                continue
            return ack
        return None

    def _next(self) -> WebSocket | None:
        with self._lock:
            alive = [known for known in self._sockets if known.open]
            return alive[next(self._turns) % len(alive)] if alive else None

    def serve(self, asked: Asked) -> Answer | None:
        """Answer GET /link/: become a websocket until it ends."""
        ticket, key = asked.query.get("ticket", ""), asked.headers.get("sec-websocket-key", "")
        if ticket not in self._workspace.socket_tickets or not key or len(self._sockets) >= MOST_CONNECTIONS:
            return Answer(401, b"This ticket opens nothing.")
        self._workspace.socket_tickets.discard(ticket)
        handler = asked.handler
        hello = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept(key)}\r\n\r\n"
        )
        handler.wfile.write(hello.encode())
        handler.wfile.flush()
        self._run(WebSocket(handler.rfile, handler.connection))  # type: ignore[arg-type]
        return None

    def _run(self, over: WebSocket) -> None:
        try:
            over.send(json.dumps(_hello(len(self._sockets) + 1)))
            with self._lock:
                self._sockets.append(over)
            self.connected.set()
            threading.Thread(target=self._keep_alive, args=(over,), name="socket-ping", daemon=True).start()
            while True:
                self._acked(json.loads(over.receive()))
        except (Closed, ValueError):
            over.hang_up()
        finally:
            self._forget(over)

    def _keep_alive(self, over: WebSocket) -> None:
        nap = threading.Event()
        while over.open:
            try:
                over.ping()
            except Closed:
                return
            nap.wait(PING_SECONDS)

    def _acked(self, message: Payload) -> None:
        ack = self._acks.get(str(message.get("envelope_id")))
        if ack is not None:
            body = message.get("payload")
            ack.body = body if isinstance(body, dict) else {"text": body} if isinstance(body, str) else {}
            ack.arrived.set()

    def _forget(self, over: WebSocket) -> None:
        with self._lock:
            self._sockets = [known for known in self._sockets if known is not over]
            if not self._sockets:
                self.connected.clear()

    def refresh(self) -> None:
        """Ask every client to open a new connection, as Slack does every few hours; the old one ends."""
        with self._lock:
            old, self._sockets = self._sockets, []
            self.connected.clear()
        for over in old:
            try:
                over.send(json.dumps({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}}))
            except Closed:
                continue

    def close(self) -> None:
        """End every connection."""
        for over in list(self._sockets):
            over.close()


def _hello(connections: int) -> Payload:
    return {
        "type": "hello",
        "num_connections": connections,
        "connection_info": {"app_id": people.APP},
        "debug_info": {"host": "local", "approximate_connection_time": 3600},
    }
