"""/ml-help: what can be typed, with examples that work when pasted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack

from handlers import received
from handlers.doorway import Doorway
from handlers.views import help as views


def command(door: Doorway) -> Callable[..., None]:
    """`/ml-help`."""

    def on_command(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        asked = received.command(body)
        door.run(asked, lambda: door.whisper(asked, views.help_message()))

    return on_command
