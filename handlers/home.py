"""The Home tab: what waits for me, what I run, what is idle; drawn when it is opened, from the database alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack

from bot import home
from handlers.doorway import Doorway
from handlers.views import home as views


def opened(door: Doorway) -> Callable[..., None]:
    """Somebody looks at the Home tab."""

    def on_event(ack: Ack, event: dict[str, Any]) -> None:
        ack()
        user = str(event.get("user") or "")
        if user and event.get("tab", "home") == "home":
            door.later.run(lambda: _admitted(door, user), lambda error: None)

    return on_event


def _admitted(door: Doorway, user: str) -> None:
    door.admit(user)
    show(door, user)


def show(door: Doorway, user: str) -> None:
    """Draw *user*'s Home tab as things stand."""
    door.parts.slack.publish_home(user, views.home(home.of(door.parts, user)))
