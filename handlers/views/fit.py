"""The last look before a message leaves: whatever was drawn keeps Slack's limits and can be read aloud."""

from __future__ import annotations

import json
from collections.abc import Sequence

from handlers.views.blocks import context, cut
from handlers.views.message import Block, Message

BLOCKS = 50
CHARACTERS = 12_000  # Slack takes some 13,000 over all blocks of a message
TEXT = 3_000  # an edit takes 4,000
MORE = "There is more than fits one message."
NOTHING = "mlbot"  # a message without words has none to read aloud


def fitted(message: Message) -> Message:
    """*message* within the limits: what is over is left out and that is said; a last row of buttons stays."""
    text = cut(message.text.strip(), TEXT) or _first_words(message.blocks) or NOTHING
    return Message(text, _fitted(message.blocks))


def size(blocks: Sequence[Block]) -> int:
    """How many characters Slack counts."""
    return len(json.dumps(list(blocks), ensure_ascii=False, separators=(",", ":")))


def _fitted(blocks: list[Block]) -> list[Block]:
    if len(blocks) <= BLOCKS and size(blocks) <= CHARACTERS:
        return blocks
    last = blocks[-1:] if blocks[-1]["type"] == "actions" and size(blocks[-1:]) < CHARACTERS // 2 else []
    tail = [context(MORE), *last]
    kept: list[Block] = []
    left = CHARACTERS - size(tail)
    for block in blocks[: len(blocks) - len(last)]:
        left -= size([block])
        if left < 0 or len(kept) + len(tail) >= BLOCKS:
            break
        kept.append(block)
    return [*kept, *tail]


def _first_words(blocks: Sequence[Block]) -> str:
    found = (block.get("text") for block in blocks)
    return next((cut(str(text["text"]), TEXT) for text in found if isinstance(text, dict) and text.get("text")), "")
