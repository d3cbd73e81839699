"""Services that AWS has retired and that older course texts still name, with what replaced them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from estimator.parse_text import Found, Text

RETIRED = (
    (
        re.compile(r"(?:amazon |aws )?elastic[- ]inference(?: accelerators?)?|\beia[12](?:\.\w+)?"),
        "Elastic Inference is retired (closed to new customers in April 2023); "
        "Inferentia2 (inf2), a slice of a GPU (g6f) or a small G machine took its place",
    ),
    (
        re.compile(r"(?:amazon |aws |ec2 )?elastic[- ](?:gpus?|graphics)(?: accelerators?)?|\beg1(?:\.\w+)?"),
        "Elastic GPUs (Elastic Graphics) are retired (since January 2024); G machines (g4dn, g5, g6) took their place",
    ),
)
_BEFORE = re.compile(r"\b(?:(?:on|with|using|and|an?|one|\d{1,3}) ?(?:x )?)+$")


def take_retired(text: Text, found: Found) -> None:
    """Take what is retired from the words, with a note that says so."""
    for pattern, sentence in RETIRED:
        while match := pattern.search(text.now):
            before = _BEFORE.search(text.now[: match.start()])
            text.take(before.start() if before else match.start(), match.end())
            found.note(sentence)


def retired(word: str) -> str:
    """The sentence for a machine that is retired; "" for any other word."""
    return next((said for pattern, said in RETIRED if pattern.fullmatch(word.strip().lower())), "")


def said_of(notes: Iterable[str]) -> str:
    """Those of *notes* that tell of something retired, as sentences."""
    known = {sentence for _, sentence in RETIRED}
    return "".join(f"{note}. " for note in notes if note in known)
