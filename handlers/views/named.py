"""People named instead of called: where nobody has to act, nobody's telephone rings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from handlers.views.message import Block, Message, plain

CALL = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
Name = Callable[[str], str]  # of a Slack id


def named(message: Message, name: Name) -> Message:
    """*message* without mentions."""
    return Message(_named(message.text, name), named_blocks(message.blocks, name))


def named_blocks(blocks: Sequence[Block], name: Name) -> list[Block]:
    """*blocks* without mentions."""
    text = json.dumps(list(blocks), ensure_ascii=False)
    found: list[Block] = json.loads(CALL.sub(lambda call: json.dumps(plain(name(call[1])))[1:-1], text))
    return found


def _named(text: str, name: Name) -> str:
    return CALL.sub(lambda call: plain(name(call[1])), text)
