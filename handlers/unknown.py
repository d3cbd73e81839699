"""What no other listener knows: an old button, a misspelt command, an event that mlbot has no use for."""

from __future__ import annotations

import difflib
import re
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from handlers import errors, received
from handlers.doorway import Doorway
from handlers.views.blocks import section
from handlers.views.message import Message, plain

ANY = re.compile(".*")
COMMANDS = ("/ml-estimate", "/ml-launch", "/ml-instances", "/ml-idle", "/ml-freeze", "/ml-help")


def register(app: App, door: Doorway) -> None:
    """Bind the last listeners; they come after all others."""

    def unknown_command(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        asked = received.command(body)
        nearest = difflib.get_close_matches(asked.name, COMMANDS, 1, 0)[0]
        text = f"mlbot has no command `{plain(asked.name)}`; the nearest is `{nearest}`. For example: `/ml-help`"
        door.run(asked, lambda: door.whisper(asked, Message(text, [section(text)])))

    def unknown_action(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        if not body.get("actions"):
            return
        asked = received.click(body)
        text = "This button belongs to an older version of mlbot and does nothing now. Ask again with the command."
        door.run(asked, lambda: door.whisper(asked, Message(text, [section(text)])))

    def nothing(ack: Ack) -> None:
        ack()

    def bug(error: Exception, body: dict[str, Any]) -> BoltResponse:
        told = errors.message(error)
        # A command's 200 shows the sentence; any other request must not look done when its row was not written.
        return BoltResponse(status=200, body=told.text) if "command" in body else BoltResponse(status=500, body="")

    app.command(ANY)(unknown_command)
    app.action(ANY)(unknown_action)
    app.view(ANY)(nothing)
    app.view_closed(ANY)(nothing)
    app.shortcut(ANY)(nothing)
    app.options(ANY)(nothing)
    app.event(ANY)(nothing)
    app.error(bug)
