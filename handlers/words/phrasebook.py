"""
A phrasebook: every English text beside its translation, in one folder of TOML files for each language.

An entry is `"{count} idle{money}" = "{count} máy nhàn rỗi{money}"`. A slot in braces takes whatever stands there; with
`:t`, as in `{why:t}`, what it took is translated, too; with `:own` it takes somebody's own words, whole sentences of
them. Names, ids and code are in slots without a mark: they stay as they are, and end with their line or sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

SLOT = re.compile(r"\{(\w+)(:t|:own)?\}")
# What a slot without a mark takes: never beyond a sentence, where the rest would stay English unseen.
PIECE = r"(?:(?![.!?;] |\n).)*?"
CODE = re.compile(r"`[^`\n]*`")
# Where a text may be cut when it is in no entry as a whole.
SENTENCES = re.compile(r"(?<=[.!?]) +(?=\S)|(?<=\)) +(?=[A-Z])")
CLAUSES = re.compile(r"(?<=[:;]) +(?=\S)")
WRAPS = "*_~"
LEADS = re.compile(r"(• |⚠ |&gt; |> )(.+)", re.DOTALL)
LABELLED = re.compile(r"(\*[^*\n]+\*)([ :\n]+)(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One entry with slots: *form* recognises it, *said* is the translation."""

    form: re.Pattern[str]
    said: str
    inner: frozenset[str]  # slots whose text is translated, too


class Phrasebook:
    """All entries of one language."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._whole = {english: said for english, said in entries.items() if not SLOT.search(english)}
        self._forms: dict[str, list[Phrase]] = {}
        # An entry with more words of its own is the better match.
        for english in sorted(entries, key=lambda one: -len(SLOT.sub("", one))):
            if SLOT.search(english):
                self._forms.setdefault(_start(english), []).append(_phrase(english, entries[english]))

    def say(self, text: str) -> str:
        """*text* in the language; what no entry knows stays English."""
        if not text.strip() or CODE.fullmatch(text):
            return text
        known = self._known(text)
        return known if known is not None else self._in_parts(text)

    def _known(self, text: str) -> str | None:
        if text in self._whole:
            return self._whole[text]
        for phrase in (*self._forms.get(_start(text), ()), *self._forms.get("", ())):
            if found := phrase.form.fullmatch(text):
                slots = {
                    name: self.say(taken) if name in phrase.inner else taken
                    for name, taken in found.groupdict(default="").items()
                }
                return SLOT.sub(lambda slot, slots=slots: slots[slot[1]], phrase.said)  # type: ignore[misc]
        return None

    def _in_parts(self, text: str) -> str:
        """Line by line, then without its marks, then sentence by sentence, then clause by clause."""
        if "\n" in text:
            return text if text.startswith("```") else "\n".join(self.say(line) for line in text.split("\n"))
        if text[0] in WRAPS and len(text) > 2 and text[-1] == text[0] and text[0] not in text[1:-1]:
            return text[0] + self.say(text[1:-1]) + text[0]
        if found := LEADS.fullmatch(text):
            return found[1] + self.say(found[2])
        if found := LABELLED.fullmatch(text):
            return self.say(found[1]) + found[2] + self.say(found[3])
        for end in (SENTENCES, CLAUSES):
            parts = end.split(text)
            if len(parts) > 1:
                return " ".join(self.say(one) for one in parts)
        return text


def _start(text: str) -> str:
    """The first word, by which entries are found; empty where a slot may reach into it."""
    first, _, rest = text.partition(" ")
    return first if rest and "{" not in first else ""


def _phrase(english: str, said: str) -> Phrase:
    form, at = "", 0
    for slot in SLOT.finditer(english):
        form += re.escape(english[at : slot.start()]) + f"(?P<{slot[1]}>{'.*?' if slot[2] else PIECE})"
        at = slot.end()
    inner = frozenset(slot[1] for slot in SLOT.finditer(english) if slot[2] == ":t")
    return Phrase(re.compile(form + re.escape(english[at:]), re.DOTALL), said, inner)


def entries(language: str) -> Iterator[tuple[str, str]]:
    """English and translation, from every file of *language*."""
    folder = resources.files("handlers.words").joinpath(language)
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            yield from tomllib.loads(file.read_text(encoding="utf-8")).items()


@cache
def phrasebook(language: str) -> Phrasebook:
    """The phrasebook of *language*, read once."""
    return Phrasebook(dict(entries(language)))
