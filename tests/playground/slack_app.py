"""A tiny Bolt app, and a local Slack to run it in over either transport."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from waitress.server import create_server

from bot.clock import FixedClock
from bot.playground.slack import LocalSlack

SECRET = "a-signing-secret"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENGINEER, LEAD, OPERATOR = "U0ENG", "U0LEAD", "U0OPS"
ML, APPROVALS = "C0ML", "C0APPROVALS"


class Ticks:
    """Monotonic seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def local_slack(**given: Any) -> LocalSlack:
    given = {"clock": FixedClock(NOON), "monotonic": Ticks(), **given}
    return LocalSlack(signing_secret=SECRET, bot_token="xoxb-local", app_token="xapp-local", **given)


def client(slack: LocalSlack, token: str = "xoxb-local") -> WebClient:
    return WebClient(token, base_url=slack.api_url, timeout=5, retry_handlers=[])


def bolt(slack: LocalSlack) -> App:
    return App(client=client(slack), signing_secret=SECRET, process_before_response=True)


@contextmanager
def over_http(app: App, slack: LocalSlack) -> Iterator[None]:
    server = create_server(SlackRequestHandler(app), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    slack.events_url = f"http://127.0.0.1:{server.effective_port}/slack/events"
    try:
        yield
    finally:
        server.task_dispatcher.shutdown(timeout=5)
        server.trigger.pull_trigger(lambda: _end(server))  # in the loop's own thread, which then ends
        thread.join(5)


def _end(server: Any) -> None:
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    server.close()


@contextmanager
def over_socket(app: App, slack: LocalSlack) -> Iterator[None]:
    handler = SocketModeHandler(app, "xapp-local", web_client=client(slack))
    handler.connect()
    assert slack.sockets.connected.wait(5)
    try:
        yield
    finally:
        handler.close()


TRANSPORTS = {"http": over_http, "socket": over_socket}
