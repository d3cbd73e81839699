"""/ml-help: what can be typed, with examples that work when pasted."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack

from bot.rules import launch_fields as fields
from bot.rules.errors import Unclear
from handlers import received
from handlers.doorway import Doorway
from handlers.views import help as views
from handlers.views.message import Message
from handlers.words import LANGUAGES, prefer


def command(door: Doorway) -> Callable[..., None]:
    """`/ml-help`."""

    def on_command(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        asked = received.command(body)
        door.run(asked, lambda: door.whisper(asked, _answered(door, asked)))

    return on_command


def _answered(door: Doorway, asked: received.Command) -> Message:
    """The help, or, for `lang vi`, the language of all that mlbot tells this person from now on."""
    word, _, wanted = asked.text.lower().strip().partition(" ")
    if word not in ("lang", "language"):
        return drawn(asked.text)
    if wanted.strip() not in LANGUAGES:
        named = ", ".join(f"{short} ({name})" for short, name in LANGUAGES.items())
        raise Unclear(f"mlbot speaks {named}.", nearest="/ml-help lang en", example="/ml-help lang vi")
    prefer(door.parts, asked.user, wanted.strip())
    return drawn("")


def drawn(words: str) -> Message:
    """All of it in short, or the topic that *words* name; raises Unclear with the nearest topic."""
    said = words.lower().strip().removeprefix("/").removeprefix("ml-").rstrip("?.!")
    if not said:
        return views.help_message()
    topic = views.TOPICS.get(said) or views.TOPICS.get(views.ALIASES.get(said, ""))
    if topic is None:
        near = difflib.get_close_matches(said, [*views.TOPICS, *views.ALIASES], n=1, cutoff=0)[0]
        near = views.ALIASES.get(near, near)
        raise Unclear(
            f"There is no help on {fields.shown(said)}; topics are {', '.join(views.TOPICS)}.",
            nearest=near,
            example=f"/ml-help {near}",
        )
    return views.topic_message(topic)
