"""*Show charts* under an estimate and *Show its use* under a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slack_bolt import Ack

from bot import pictures
from handlers import received
from handlers.doorway import Doorway


def press(door: Doorway) -> Callable[..., None]:
    """A row, then the ack; a worker draws and puts the chart into the thread."""

    def on_press(ack: Ack, body: dict[str, Any]) -> None:
        click = received.click(body)
        if body.get("container", {}).get("is_ephemeral") or not click.channel:
            click = replace(click, channel=click.user, ts="")  # what one person alone saw stays with that person
        pictures.press(door.parts, click)
        ack()

    return on_press
