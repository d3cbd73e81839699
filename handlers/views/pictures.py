"""Charts in a message: each an image block with its words; without a picture the words stand alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.views.blocks import image, section
from handlers.views.message import Message, plain


def shown(pictures: Sequence[Mapping[str, str]], text: str) -> Message:
    """The uploaded *pictures* (file, title, alt), or *text* where there is none."""
    blocks = [image(one["file"], one["alt"], title=one["title"]) for one in pictures]
    words = plain(text or "\n".join(block["alt_text"] for block in blocks))
    return Message(words, blocks or [section(words)])
