"""Words answered in one call, for tests."""

from __future__ import annotations

from datetime import date

from data import load
from estimator.answer import Answer, answer
from estimator.parse import parse

CATALOG = load()
TODAY = date(2026, 11, 21)


def answered(words: str) -> Answer:
    """The answer to *words*."""
    return answer(parse(words, CATALOG), CATALOG, TODAY)
