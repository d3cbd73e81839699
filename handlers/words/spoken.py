"""Messages and views in a reader's language: every text in them, and nothing else, goes through the phrasebook."""

from __future__ import annotations

from typing import Any

from handlers.views.blocks import cut
from handlers.views.message import Message
from handlers.words.phrasebook import Phrasebook, phrasebook

TEXTS = ("mrkdwn", "plain_text")
# Slack's lengths of plain text, which a translation must keep, by where it stands.
LONGEST = {"title": 24, "submit": 24, "close": 24, "placeholder": 150, "label": 2000, "hint": 2000}
LONGEST |= {"picture": 2000, "dialog title": 100, "dialog text": 300, "dialog confirm": 30, "dialog deny": 30}
BUTTON, OPTION, HEADER = 75, 75, 150
AS_TYPED = frozenset({"initial_value", "value", "private_metadata", "action_id", "block_id", "callback_id", "url"})


def text(words: str, language: str) -> str:
    """*words* in *language*."""
    return words if language == "en" else phrasebook(language).say(words)


def message(found: Message, language: str) -> Message:
    """*found* in *language*."""
    if language == "en":
        return found
    book = phrasebook(language)
    return Message(book.say(found.text), [_said(one, book, "") for one in found.blocks])


def block(found: dict[str, Any], language: str) -> dict[str, Any]:
    """A view, or one block, in *language*."""
    if language == "en":
        return found
    said: dict[str, Any] = _said(found, phrasebook(language), "")
    return said


def _said(found: Any, book: Phrasebook, place: str) -> Any:
    if isinstance(found, list):
        return [_said(one, book, place) for one in found]
    if not isinstance(found, dict):
        return found
    if found.get("type") in TEXTS and isinstance(found.get("text"), str):
        return {**found, "text": cut(book.say(found["text"]), _longest(found, place))}
    kept = {
        name: value if name in AS_TYPED else _said(value, book, _place(found, name)) for name, value in found.items()
    }
    if isinstance(found.get("alt_text"), str):
        kept["alt_text"] = cut(book.say(found["alt_text"]), 2000)
    return kept


def _place(found: dict[str, Any], name: str) -> str:
    kind = str(found.get("type") or "")
    if kind == "image":
        return "picture"
    if "deny" in found:  # the dialog before a press
        return f"dialog {name}"
    if name == "text" and kind in ("button", "header"):
        return kind
    return "option" if name == "text" and "value" in found else name


def _longest(found: dict[str, Any], place: str) -> int:
    if found["type"] == "mrkdwn":
        return LONGEST.get(place, 3000) if place.startswith("dialog") else 3000
    return {**LONGEST, "button": BUTTON, "option": OPTION, "header": HEADER}.get(place, 3000)
