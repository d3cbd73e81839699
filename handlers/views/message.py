"""What a view returns, and the few block shapes that every view uses; all text from outside goes through `plain`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.rules.idle_words import inert
from handlers.views.times import moment

Block = dict[str, Any]
MOMENT = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d) UTC\b")  # as rules write a time
PERSON = re.compile(r"&lt;(@[UW][A-Z0-9]{2,}|#C[A-Z0-9]{2,})&gt;")


@dataclass(frozen=True, slots=True)
class Message:
    """A Slack message: *text* is the fallback that notifications and screen readers get, *blocks* what is drawn."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def plain(text: str) -> str:
    """Text from outside, made harmless in mrkdwn: & < > become entities (Slack's three control characters)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def worded(text: str) -> str:
    """People's words, harmless and without effect: no mark, mention or link of them is obeyed."""
    return plain(inert(text))


def told(text: str) -> str:
    """
    A sentence of ours: it may name people (<@U...>) and channels (<#C...>), and each reader sees its times in their own
    zone; all else is made harmless.
    """
    return MOMENT.sub(_zoned, PERSON.sub(r"<\1>", plain(text)))


def timed(text: str) -> str:
    """A sentence that holds words of people: its times are each reader's, and it names nobody so that they hear it."""
    return MOMENT.sub(_zoned, plain(text))


def _zoned(found: re.Match[str]) -> str:
    try:
        return moment(datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return found[0]
