"""Slack's limits: what it refuses, and in which words."""

from __future__ import annotations

import json
from typing import Any

from bot.playground.slack.errors import Refused, invalid
from bot.playground.slack.limits.blocks import MESSAGE_CHARACTERS, characters, problems_of
from bot.playground.slack.limits.views import problems_of_view

VIEW_BYTES = 250_000


def check_blocks(blocks: list[Any]) -> None:
    """Refuse blocks that no message may have."""
    if problems := problems_of(blocks, "message"):
        raise invalid("invalid_blocks", problems)


def check_message(blocks: list[Any], attachments: list[Any]) -> None:
    """Refuse the blocks of a message and of its attachments, or all of them together."""
    check_blocks(blocks)
    attached: list[Any] = []
    for index, attachment in enumerate(attachments):
        given = attachment.get("blocks") if isinstance(attachment, dict) else None
        if given and (problems := problems_of(given, "message", f"/attachments/{index}/blocks")):
            raise invalid("invalid_attachments", problems)
        attached += given or []
    if characters([*blocks, *attached]) > MESSAGE_CHARACTERS:
        raise Refused("msg_blocks_too_long")


def check_view(view: Any, *, home: bool = False) -> dict[str, Any]:
    """Refuse a form or Home tab that Slack would not draw; returns it."""
    if not isinstance(view, dict):
        raise invalid("invalid_arguments", ["missing required field: view [json-pointer:/view]"])
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        raise Refused("view_too_large")
    if problems := problems_of_view(view, home=home):
        raise invalid("invalid_arguments", problems)
    return view


__all__ = ["check_blocks", "check_message", "check_view"]
