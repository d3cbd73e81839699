"""What the page shows: the whole at first, then each change as it comes."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Generator
from typing import Any

from bot.playground.slack import people
from bot.playground.slack.controls import Controls
from bot.playground.slack.errors import Refused
from bot.playground.slack.messages import Message
from bot.playground.slack.workspace import Event, Workspace

KEEP_ALIVE_SECONDS = 10.0
RECONNECT_MILLISECONDS = 500
MOST_WAITING = 5000
END: Event = {"type": "end"}


class Screen:
    """Turns the workspace into what a page draws."""

    def __init__(self, workspace: Workspace, controls: Controls) -> None:
        self._workspace = workspace
        self._controls = controls

    def stream(self) -> Generator[str, None, None]:
        """Server-sent events: the state, then changes; ends when the workspace says so."""
        waiting: queue.Queue[Event] = queue.Queue(MOST_WAITING)
        lost = threading.Event()  # more came than the page could take: it must start anew

        def heard(event: Event) -> None:
            try:
                waiting.put_nowait(event)
            except queue.Full:
                lost.set()

        end = self._workspace.listen(heard)
        try:
            yield f"retry: {RECONNECT_MILLISECONDS}\n\n"
            yield _event("state", self.state())
            while True:
                try:
                    event = waiting.get(timeout=KEEP_ALIVE_SECONDS)
                except queue.Empty:
                    event = {"type": "clock"}
                if event is END or lost.is_set():
                    return
                yield _event(str(event["type"]), self._drawn(event))
        finally:
            end()

    def state(self) -> dict[str, Any]:
        """Everything but what is ephemeral."""
        workspace = self._workspace
        with workspace.lock:
            channels = list(workspace.conversations.channels.values())
            return {
                "now": self._now(),
                "bot": people.BOT_USER,
                "app": {
                    "name": "mlbot",
                    "home": workspace.app.home,
                    "shortcuts": list(workspace.app.shortcuts),
                    "steps": _steps(workspace),
                },
                "users": [_person(user) for user in workspace.users.values()],
                "groups": {group["id"]: group["handle"] for group in workspace.groups.values()},
                "commands": list(workspace.app.commands),
                "controls": self._controls.told(),
                "channels": [self._channel(channel.id) for channel in channels],
                "messages": [
                    self._message(message)
                    for channel in channels
                    for message in workspace.conversations.visible(channel.id, None)
                ],
                "read": [[user, channel, ts] for (user, channel), ts in workspace.read.items()],
                "views": {user: self._stack(user) for user in workspace.views.stacks},
                "homes": {user: self._addressed(view.as_slack()) for user, view in workspace.views.homes.items()},
            }

    def _drawn(self, event: Event) -> dict[str, Any]:
        kind, drawn = event["type"], {**event, "now": self._now()}
        with self._workspace.lock:
            if kind in ("message", "changed"):
                try:
                    drawn["message"] = self._message(self._workspace.conversations.get(event["channel"], event["ts"]))
                    drawn["at"] = self._channel(event["channel"])
                except Refused:
                    drawn["type"] = "clock"  # it went again before it could be told
            elif kind == "views":
                drawn["stack"] = self._stack(event["user"])
            elif kind == "home":
                drawn["view"] = self._addressed(self._workspace.views.homes[event["user"]].as_slack())
            elif kind == "controls":
                drawn["controls"] = self._controls.told()
        return drawn

    def _message(self, message: Message) -> dict[str, Any]:
        return self._addressed({**message.as_slack(), "channel": message.channel, "only_for": message.only_for})

    def _channel(self, identity: str) -> dict[str, Any]:
        channel = self._workspace.conversations.channels[identity]
        return {"id": channel.id, "name": channel.name, "purpose": channel.purpose, "user": channel.user}

    def _stack(self, user: str) -> list[dict[str, Any]]:
        return [self._addressed(view.as_slack()) for view in self._workspace.views.stacks.get(user, [])]

    def _addressed(self, given: dict[str, Any]) -> dict[str, Any]:
        """With the addresses of the pictures that it shows."""
        found: dict[str, Any] = self._workspace.uploads.addressed(given, self._workspace.base_url)
        return found

    def _now(self) -> str:
        return self._workspace.clock.now().isoformat()


def _person(user: people.User) -> dict[str, Any]:
    told = ("id", "name", "real_name", "tz", "is_bot", "shown")
    return {name: getattr(user, name) for name in told}


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _steps(workspace: Workspace) -> list[dict[str, Any]]:
    """The app's steps of workflows, with their inputs."""
    return [
        {
            "callback_id": name,
            "title": given.get("title", name),
            "description": given.get("description", ""),
            "inputs": given.get("input_parameters", {}),
        }
        for name, given in workspace.app.functions.items()
    ]
