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
    try:
        return _said(parts, user) or _short(parts.people.get(user).locale)
    except SlackError:
        return "en"


def before_the_ack(parts: Parts, user: str) -> str:
    """The language of *user* as far as it is known already: before an ack Slack is not asked."""
    person = parts.people.remembered(user)
    return _said(parts, user) or _short(person.locale if person else "")


def _said(parts: Parts, user: str) -> str:
    with parts.store.reading() as tx:
        said = state.get(tx, NAME + user)
    return str(said["value"]) if said is not None else ""


def _short(locale: str) -> str:
    short = locale.replace("_", "-").partition("-")[0].lower()
    return short if short in LANGUAGES else "en"


def prefer(parts: Parts, user: str, language: str) -> None:
    """Note what *user* wants to read from now on."""
    with parts.store.transaction() as tx:
        state.put(tx, NAME + user, language, by=user, now=parts.clock.now())
