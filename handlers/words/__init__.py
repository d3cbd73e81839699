"""The languages that mlbot speaks: English as it is written, and a phrasebook for each other one on the way out."""

from __future__ import annotations

from handlers.words.spoken import block, message, text
from handlers.words.tongue import LANGUAGES, before_the_ack, of, prefer

__all__ = ["LANGUAGES", "before_the_ack", "block", "message", "of", "prefer", "text"]
