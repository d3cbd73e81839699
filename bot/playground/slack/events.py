"""The Events API: what the bot is subscribed to, sent again at once, after a minute and after five."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bot.playground.slack import payloads, people
from bot.playground.slack.delivery import TIMEOUT, Payload, Reply, Transport
from bot.playground.slack.messages import Channel, Message
from bot.playground.slack.typed import ADDRESS
from bot.playground.slack.workspace import Workspace

RETRY_AFTER = (timedelta(), timedelta(minutes=1), timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that failed and will be sent again."""

    envelope: Payload
    retry: int
    due: datetime
    reason: str


class Events:
    """Sends events; those that fail wait for their next time by the workspace's clock."""

    def __init__(self, workspace: Workspace, transport: Callable[[], Transport]) -> None:
        self._workspace = workspace
        self._transport = transport
        self._lock = threading.Lock()
        self._waiting: list[Waiting] = []

    def message(self, channel: Channel, message: Message) -> None:
        """Somebody wrote something."""
        inner = {**message.as_slack(), "channel": channel.id, "event_ts": message.ts}
        if message.only_for or message.user == people.BOT_USER:
            return
        kind = "im" if channel.user else "channel"
        name = "message.im" if channel.user else "message.channels"
        if self._wanted(name):
            self.send({**inner, "channel_type": kind})
        if f"<@{people.BOT_USER}>" in message.text and not channel.user and self._wanted("app_mention"):
            self.send({**inner, "type": "app_mention"})

        if (links := self._own_links(message.text)) and self._wanted("link_shared"):
            shared = {"type": "link_shared", "message_ts": message.ts, "source": "conversations_history"}
            place = {"user": message.user, "channel": channel.id, "event_ts": message.ts}
            self.send({**shared, **place, "links": links, "unfurl_id": f"{channel.id}.{message.ts}"})

    def _own_links(self, text: str) -> list[Payload]:
        """The links in *text* to the domains for which the app unfurls."""
        found = []
        for url in ADDRESS.findall(text):
            domain = urlsplit(url).hostname or ""
            if any(domain == known or domain.endswith("." + known) for known in self._workspace.app.unfurls):
                found.append({"url": url, "domain": domain})
        return found

    def step(self, user: str, callback_id: str, identity: str, inputs: Mapping[str, Any]) -> None:
        """A workflow has come to a step of the app's."""
        if self._wanted("function_executed"):
            function = {"id": "Fn0LOCAL", "callback_id": callback_id, "title": callback_id, "app_id": people.APP}
            self.send(
                {
                    "type": "function_executed",
                    "function": function,
                    "inputs": {"user_id": user, **inputs},
                    "function_execution_id": identity,
                    "workflow_execution_id": "Wx0LOCAL",
                    "event_ts": self._workspace.conversations.stamp(),
                    "bot_access_token": self._workspace.tokens.bot,
                }
            )

    def home_opened(self, user: str, tab: str) -> None:
        """Somebody looks at the app."""
        if not self._wanted("app_home_opened"):
            return
        view = self._workspace.views.homes.get(user)
        inner: Payload = {
            "type": "app_home_opened",
            "user": user,
            "channel": people.direct_channel(user),
            "tab": tab,
            "event_ts": self._workspace.conversations.stamp(),
        }
        self.send({**inner, "view": view.as_slack()} if view and tab == "home" else inner)

    def _wanted(self, name: str) -> bool:
        subscribed = self._workspace.app.events
        return subscribed is None or name in subscribed

    def send(self, inner: Payload) -> Reply:
        """Send an event for the first time."""
        with self._workspace.lock:
            envelope = payloads.event(self._workspace, inner)
        return self._try(Waiting(envelope, 0, self._workspace.clock.now(), ""))

    def send_due(self) -> int:
        """Send again what is due; returns how many."""
        now = self._workspace.clock.now()
        with self._lock:
            due = [waiting for waiting in self._waiting if waiting.due <= now]
            self._waiting = [waiting for waiting in self._waiting if waiting.due > now]
        for waiting in due:
            self._try(waiting)
        return len(due)

    def _try(self, waiting: Waiting) -> Reply:
        reply = self._transport().send("events_api", waiting.envelope, retry=waiting.retry, reason=waiting.reason)
        if reply.problem and reply.retry and waiting.retry < len(RETRY_AFTER):
            reason = "http_timeout" if reply.problem == TIMEOUT else "http_error"
            due = self._workspace.clock.now() + RETRY_AFTER[waiting.retry]
            again = Waiting(waiting.envelope, waiting.retry + 1, due, reason)
            if waiting.retry == 0:
                return self._try(again)
            with self._lock:
                self._waiting.append(again)
        return reply
