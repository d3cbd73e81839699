"""The Home tab: what waits for me, what I run, what is idle; drawn when it is opened, from the database alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack

from bot import home, mute
from handlers.doorway import Doorway
from handlers.views import home as views
from handlers.views import mute as mute_views

MOST = 98  # of the hundred blocks that Slack takes


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
    parts = door.parts
    view = views.home(home.of(parts, user))
    with parts.store.reading() as tx:
        muted = mute.until(tx, user, parts.clock.now())
    parts.slack.publish_home(user, {**view, "blocks": [*view["blocks"][:MOST], *mute_views.on_home(muted)]})
