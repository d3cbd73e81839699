"""
A phrasebook: every English text beside its translation, in one folder of TOML files for each language.

An entry is `"{count} idle{money}" = "{count} máy nhàn rỗi{money}"`. A slot in braces takes whatever stands there; with
`:t`, as in `{why:t}`, what it took is translated, too; with `:own` it takes somebody's own words, whole sentences of
them; with `:n` a figure alone (3, $1,240, 2.6-4.1, 50k); with `:w` words up to the next comma or colon. Names, ids and
code are in slots without a mark: they stay as they are, and end with their line or sentence. What is in no entry as a
whole is said in its parts: lines, sentences, what stands between semicolons, colons, commas and brackets.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

SLOT = re.compile(r"\{(\w+)(:t|:own|:n|:w)?\}")
# What a slot without a mark takes: never beyond a sentence, where the rest would stay English unseen.
PIECE = r"(?:(?![.!?;] |\n| · ).)*?"
CODE = re.compile(r"`[^`\n]*`")
FIGURE = r"[$~x+]?\d[\d.,]*[kMBTQ]?(?:-[\d.,]+)?[kMBTQ]?"
WORDS = r"(?:(?![.!?;:,] |\n| · ).)+?"
# A sentence or a label in bold is said by itself: no slot begins with it.
BOLD = r"(?!\*[^*\n]*[.!?:]\*)"
TAKES = {None: PIECE, ":w": WORDS, ":t": r".*?", ":own": r".*?", ":n": FIGURE}
# Where a text may be cut when it is in no entry as a whole, the widest parts first.
CUTS = tuple(
    re.compile(cut)
    for cut in (
        r"((?:(?<=[.!?])|(?<=[.!?][_*])) +(?=\S)|(?<=\)) +(?=[A-Z]))",
        r"(; )",
        r"(: )",
        r"( · )",
        r"(, )",
        r"( \()",
    )
)
ENDS = ".:;,!?)"
COLUMNS = re.compile(r" {2,}")
WRAPS = "*_~"
LEADS = re.compile(r"(• |⚠ |&gt; |> |\()(.+)", re.DOTALL)
LABELLED = re.compile(r"(\*[^*\n]+\*)([ :\n]+)(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One entry with slots: *form* recognises it, *said* is the translation."""

    form: re.Pattern[str]
    own: tuple[str, ...]  # its own words between the slots: a text without them needs no closer look
    said: str
    inner: frozenset[str]  # slots whose text is translated, too


class Phrasebook:
    """All entries of one language."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._whole = {english: said for english, said in entries.items() if not SLOT.search(english)}
        # An entry with more words of its own is the better match, so its rank is lower.
        forms = sorted((one for one in entries if SLOT.search(one)), key=lambda one: -len(SLOT.sub("", one)))
        self._forms: dict[str, list[tuple[int, Phrase]]] = {}
        for rank, english in enumerate(forms):
            self._forms.setdefault(_key(english), []).append((rank, _phrase(english, entries[english])))

    def say(self, text: str) -> str:
        """*text* in the language; what no entry knows stays English."""
        if not text.strip() or CODE.fullmatch(text):
            return text
        known = self._known(text)
        return known if known is not None else self._in_parts(text)

    def _known(self, text: str) -> str | None:
        if text in self._whole:
            return self._whole[text]
        near = [form for word in {"", *text.split()} for form in self._forms.get(word, ())]
        for _, phrase in sorted(near, key=lambda form: form[0]):
            if all(words in text for words in phrase.own) and (found := phrase.form.fullmatch(text)):
                slots = {
                    name: self.say(taken) if name in phrase.inner else taken
                    for name, taken in found.groupdict(default="").items()
                }
                return SLOT.sub(lambda slot, slots=slots: slots[slot[1]], phrase.said)  # type: ignore[misc]
        return None

    def _in_parts(self, text: str) -> str:
        """Code apart, line by line, then without its marks, then sentence by sentence, then clause by clause."""
        if "```" in text:
            parts = text.split("```")
            return "```".join(self._table(part) if n % 2 else self._around(part) for n, part in enumerate(parts))
        if "\n" in text:
            return "\n".join(self.say(line) for line in text.split("\n"))
        if text[0] in WRAPS and len(text) > 2 and text[-1] == text[0] and text[0] not in text[1:-1]:
            return text[0] + self.say(text[1:-1]) + text[0]
        if found := LEADS.fullmatch(text):
            return found[1] + self.say(found[2])
        if found := LABELLED.fullmatch(text):
            return self.say(found[1]) + found[2] + self.say(found[3])
        for bare in (text[:-1], text.rstrip(ENDS)) if text[-1] in ENDS else ():
            if bare and (known := self._known(bare)) is not None:
                return known + text[len(bare) :]
        for cut in CUTS:
            parts = cut.split(text)
            if len(parts) > 1:
                marks = [*parts[1::2], ""]
                return "".join(self._part(part, mark) for part, mark in zip(parts[::2], marks, strict=True))
        return text

    def _part(self, text: str, mark: str) -> str:
        """A part and what it was cut off by; an entry may hold its colon or semicolon."""
        end = mark.rstrip()
        if end and self._known(text) is None and (known := self._known(text + end)) is not None:
            return known + mark[len(end) :]
        return self.say(text) + mark

    def _around(self, text: str) -> str:
        words = text.strip()
        return text.replace(words, self.say(words)) if words else text

    def _table(self, code: str) -> str:
        """Columns cell by cell, as wide as they are then; other code stays as it is."""
        rows = [COLUMNS.split(line) for line in code.split("\n")]
        if len(rows) < 2 or len({len(row) for row in rows} | {1}) != 2:
            return code
        said = [[self.say(cell) for cell in row] for row in rows]
        widths = [max(len(row[n]) for row in said) for n in range(len(said[0]))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in said
        )


def _key(english: str) -> str:
    """The longest word that stands alone in an entry, which every text of this form has; empty where there is none."""
    words = SLOT.sub("\0", english).split()
    return max((word for word in words if "\0" not in word), key=len, default="")


def _phrase(english: str, said: str) -> Phrase:
    form, at = BOLD if english.startswith("{") else "", 0
    for slot in SLOT.finditer(english):
        form += re.escape(english[at : slot.start()]) + f"(?P<{slot[1]}>{TAKES[slot[2]]})"
        at = slot.end()
    inner = frozenset(slot[1] for slot in SLOT.finditer(english) if slot[2] == ":t")
    own = tuple(words for words in SLOT.sub("\0", english).split("\0") if words)
    return Phrase(re.compile(form + re.escape(english[at:]), re.DOTALL), own, said, inner)


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
