"""Sentences as engineers write them, each with what is understood; the page beside is compared and rewritten by hand.

Every line of phrasings.txt stands with the key=value words of its workload ("="), how it was read ("#"), or why it is
not estimated ("!"). `python tests/estimator/test_phrasings.py` rewrites the page; read what changed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data import load
from estimator.parse import Unclear, parse
from estimator.parse_filler import FILLER, HINT_OF, LEADS, SAYS_LITTLE
from estimator.said import words
from estimator.workload import Pipeline

CATALOG = load()
PAGE = Path(__file__).with_name("phrasings.txt")
ENTRY = re.compile(r"^(?P<said>[^ \n].*)\n(?P<read>(?:    .*\n)+)", re.MULTILINE)
ENTRIES = [(found["said"], found["read"]) for found in ENTRY.finditer(PAGE.read_text(encoding="utf-8"))]


def read(said: str) -> str:
    """What is understood, as it stands on the page."""
    try:
        work = parse(said, CATALOG)
    except Unclear as unclear:
        near = f" [{unclear.nearest}]" if unclear.nearest else ""
        return f"    ! {unclear.message}{near}\n"
    notes = (*work.train.notes, *work.serve.notes) if isinstance(work, Pipeline) else work.notes
    lines = [f"    = {words(work, CATALOG).removesuffix(' region=us-east-1')}", *(f"    # {note}" for note in notes)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("said", "understood"), ENTRIES, ids=[said[:60] for said, _ in ENTRIES])
def test_a_sentence_is_understood_as_the_page_says(said: str, understood: str) -> None:
    assert read(said) == understood


def test_the_page_holds_more_than_a_hundred_sentences() -> None:
    assert len(ENTRIES) > 100


@pytest.mark.parametrize("said", [said for said, understood in ENTRIES if understood.startswith("    =")])
def test_a_strange_word_in_a_sentence_is_never_dropped(said: str) -> None:
    """With a word more that nobody knows, the sentence is asked about, or the word is told."""
    strange = f"{said.rstrip(' ?.')} zorblax"
    understood = read(strange)
    assert "zorblax" in understood


def test_words_that_say_little_are_among_those_that_pass() -> None:
    assert FILLER | set(HINT_OF) | LEADS >= SAYS_LITTLE


if __name__ == "__main__":
    PAGE.write_text("".join(f"{said}\n{read(said)}" for said, _ in ENTRIES), encoding="utf-8")
