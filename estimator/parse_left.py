"""The words that are left: hints, words that say nothing, and those that are not understood, with what is near."""

from __future__ import annotations

import re

from data import Catalog
from estimator import parse_names as names
from estimator.parse_filler import FILLER, HINT_OF, LEADS, SAYS_LITTLE, WEAK, vocabulary
from estimator.parse_keys import BY_NAME, EXAMPLE, Unclear, key_of, nearest
from estimator.parse_machines import TYPE_LIKE, chip_like, unknown_machine
from estimator.parse_numbers import NUMBER_WORDS
from estimator.parse_text import SIZE, Found, Text, Word

KNOWN = "models, machines, regions, amounts (samples, tokens, epochs), limits ($, hours, ms) and key=value"


def take_left(text: Text, found: Found, catalog: Catalog) -> None:
    """Take hints at the kind from the words that are left; Unclear for a word or number that says nothing known."""
    described: list[str] = []
    idle: list[str] = []
    before: Word | None = None
    for word in text.words():
        plain = word.text.strip("'-+&/*%$<>=~_@")
        if plain in HINT_OF:
            found.hints.add(HINT_OF[plain])
        if plain in WEAK:
            found.hints.add("weak")
        if plain in SAYS_LITTLE:
            idle.append(plain)
        leads = before is not None and before.text in LEADS and text.now[before.end : word.start].strip(" ,") == ""
        if plain and plain not in FILLER and plain not in HINT_OF:
            _describes(word, plain, text, catalog, found, leads=leads)
            described.append(plain)
            leads = True
        before = Word("of", word.start, word.end) if leads and plain not in LEADS else word
    if described:
        found.note(f"read as a description: {' '.join(described)}")
    if idle:
        found.note(f"said without a figure, so not counted: {', '.join(dict.fromkeys(idle))}")


def _describes(word: Word, plain: str, text: Text, catalog: Catalog, found: Found, *, leads: bool) -> None:
    """Let a word pass that only describes; Unclear when it could be meant to say something."""
    if SIZE.search(plain):
        if text.written(plain) in NUMBER_WORDS:
            return
        raise _lost_number(word, text, catalog, found)
    if names.REGION_LIKE.fullmatch(plain):
        names.region(plain, catalog.regions)
    if TYPE_LIKE.fullmatch(plain) or chip_like(plain):
        raise unknown_machine(plain, catalog)
    if not has_model(found):
        asked = names.unknown_model(_run_from(word, text), catalog)
        if asked.nearest or "-" in plain:
            raise asked
    if key := key_of(plain):
        raise Unclear(f"{plain} needs a value, like {key.example}.", field=key.name, example=key.example)
    near = nearest(plain, vocabulary(), 0.8) if len(plain) > 3 and not re.search(r"\d", plain) else ""
    if not near and leads and re.fullmatch(r"[^\W\d_]+(?:['-][^\W\d_]+)*", plain):
        return
    raise Unclear(
        f"I do not understand {plain!r}"
        + (f"; the nearest word I know is {near!r}." if near else f"; I read {KNOWN}."),
        field="words",
        nearest=near,
        example=EXAMPLE,
        word=plain,
    )


def has_model(found: Found) -> bool:
    """Whether the words say which model it is, or how large."""
    return "model" in found.values or "params" in found.values or "layers" in found.values


def _lost_number(word: Word, text: Text, catalog: Catalog, found: Found) -> Unclear:
    said = text.written(word.text)
    after = next((one.text for one in text.words() if one.start == word.end + 1), "")
    if chip_like(after) or TYPE_LIKE.fullmatch(after):
        return unknown_machine(after, catalog)
    if not has_model(found) and re.search(r"[a-z]", _run_from(word, text)):
        return names.unknown_model(_run_from(word, text), catalog)
    return Unclear(
        f"I do not know what {said!r} stands for; say it with a word, like {BY_NAME['samples'].example} or 3 epochs.",
        field="words",
        example=EXAMPLE,
        word=said,
    )


def _run_from(word: Word, text: Text) -> str:
    """The unknown word with the neighbours that may be part of a name: "lama 3 8b"."""
    tail = text.now[word.start :].split(" | ")[0].split(" ")
    run = [tail[0]]
    for piece in tail[1:4]:
        if piece.strip(".,?!") in FILLER or not re.search(r"\d|instruct|base|large|small|chat", piece):
            break
        run.append(piece)
    return text.written(" ".join(run).strip(" .,?!:"))
