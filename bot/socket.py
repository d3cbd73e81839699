"""The Socket Mode door: the same Bolt app over a websocket that we open, so that no address of ours need be public."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace
from typing import cast

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.server import Dispatcher
from bot.settings import Settings

PING_SECONDS = 5
SILENT_SECONDS = 60  # a socket that has not answered a ping for so long is dead, whatever it says of itself


class Socket:
    """Keeps one websocket to Slack open; the client reconnects by itself."""

    def __init__(self, app: Dispatcher, settings: Settings) -> None:
        token = settings.slack_app_token.get_secret_value()
        web = WebClient(base_url=settings.slack_api_url, timeout=10)
        self._handler = SocketModeHandler(
            cast(App, SimpleNamespace(dispatch=app.dispatch, client=web)),  # all that the handler takes of an app
            token,
            web_client=web,
            ping_interval=PING_SECONDS,
            logger=logging.getLogger("slack.socket"),
        )

    def start(self) -> None:
        """Connect; raises SlackApiError when Slack refuses the token."""
        self._handler.connect()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """Close the websocket and its threads."""
        self._handler.close()  # type: ignore[no-untyped-call]

    def alive(self) -> bool:
        """Whether Slack answered lately: an open socket that is silent counts as dead."""
        client = self._handler.client
        session = getattr(client, "current_session", None)
        if session is None or not client.is_connected():
            return False
        last = getattr(session, "last_ping_pong_time", None)
        return last is None or time.time() - last < SILENT_SECONDS
