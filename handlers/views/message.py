"""What a view returns, and the few block shapes that every view uses; all text from outside goes through `plain`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Block = dict[str, Any]
PERSON = re.compile(r"&lt;(@[UW][A-Z0-9]{2,}|#C[A-Z0-9]{2,})&gt;")


@dataclass(frozen=True, slots=True)
class Message:
    """A Slack message: *text* is the fallback that notifications and screen readers get, *blocks* what is drawn."""

    text: str
    blocks: list[Block] = field(default_factory=list)


def plain(text: str) -> str:
    """Text from outside, made harmless in mrkdwn: & < > become entities (Slack's three control characters)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def told(text: str) -> str:
    """A sentence of ours that may name people (<@U...>) and channels (<#C...>); all else is made harmless."""
    return PERSON.sub(r"<\1>", plain(text))
