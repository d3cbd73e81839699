"""Which language somebody reads: what they said with `/ml-help lang`, else Slack's locale of theirs, else English."""

from __future__ import annotations

from collections.abc import Mapping

from bot.parts import Parts
from bot.rules.errors import SlackError
from bot.store import state

LANGUAGES: Mapping[str, str] = {"en": "English", "vi": "Tiếng Việt"}
NAME = "language:"  # before the user's id


def of(parts: Parts, user: str) -> str:
    """The language of *user*; a channel has none of its own and reads English."""
    if user[:1] not in ("U", "W"):
        return "en"
    with parts.store.reading() as tx:
        said = state.get(tx, NAME + user)
    if said is not None:
        return str(said["value"])
    try:
        locale = parts.people.get(user).locale
    except SlackError:
        return "en"
    short = locale.replace("_", "-").partition("-")[0].lower()
    return short if short in LANGUAGES else "en"


def prefer(parts: Parts, user: str, language: str) -> None:
    """Note what *user* wants to read from now on."""
    with parts.store.transaction() as tx:
        state.put(tx, NAME + user, language, by=user, now=parts.clock.now())
