"""The languages that mlbot speaks: English as it is written, and a phrasebook for each other one on the way out."""

from __future__ import annotations

from handlers.words.spoken import block, message, text
from handlers.words.tongue import LANGUAGES, of, prefer

__all__ = ["LANGUAGES", "block", "message", "of", "prefer", "text"]
