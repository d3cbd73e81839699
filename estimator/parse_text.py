"""The words under way: a text from which what is understood is taken out, and what was found in it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from data import Dataset
from estimator.parse_keys import BY_NAME, Unclear, Value, checked
from estimator.parse_numbers import NUMERAL

BARRIER = " | "  # stands where words were taken out, so that what was apart does not grow together
# Cards that people name by their number alone: "on a 4090", "2x3090".
RTX = re.compile(
    r"(?<![\w.,=$-])((?:\d{1,4} ?x ?)?)(?:geforce |nvidia )?(?:rtx )?"
    r"(3080|3090(?:[ -]?ti)?|4080|4090|5090|2080[ -]?ti)s?\b"
    r"(?! ?(?:samples?|examples?|rows?|tokens?|steps?|images?|documents?|requests?|=|k\b|m\b))"
)
SIZE = re.compile(r"#(\d+)#")  # where a number stood
_WORDS = re.compile(r"[^\s|,;()\[\]{}\"]+")
_CHANGES = str.maketrans(
    {
        "×": "x",
        "✕": "x",
        "–": "-",
        "—": " | ",
        "−": "-",
        "“": '"',
        "”": '"',
        "’": "'",
        "|": " ",
        "`": " ",
        "≤": "<",
        "≥": ">",
    }
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number of the text: its figure, its magnitude (k, million) if it has one, and how it was written."""

    figure: str
    magnitude: str | None
    written: str


class Text:
    """Lower-case text; `take` removes what was understood and leaves a barrier."""

    def __init__(self, words: str) -> None:
        plain = html.unescape(words[:20_000]) if "&" in words else words  # Slack escapes & < >
        text = re.sub(r"\s+", " ", plain.translate(_CHANGES).lower())
        text = re.sub(r"\b24[/x]7\b|(?<=[a-z])'(?:s|re|d|ll|m|ve)\b", " ", text)
        text = re.sub(r"(?<!\w)w/o\.? ?", "without ", text)
        text = re.sub(r"(?<!\w)w/ ?", "with ", text)
        text = re.sub(r"(?<=\s)@ ?(?=\d)", "at ", text)
        text = re.sub(r"(?<=[a-z\d]):(?=\d{1,3}(?:\.\d)?b\b)", " ", text)  # llama3.1:8b
        text = RTX.sub(r"\1rtx-\2", text)
        text = re.sub(r"\bhalf an? (?=thousand|million|billion|trillion)", "0.5 ", text)
        text = re.sub(r"\b(within|than|in|under|for|over) an? (?=(?:hour|day|week|month|year)\b)", r"\1 1 ", text)
        text = re.sub(r"(?<![a-z=\d])(\d+)[x*] ?(?=[a-z]{1,6}\d)", r"\1 x ", text)  # 64xA100
        text = re.sub(r"(?<![\w=-])(tp|pp|cp|ep|dp|zero|rank|batch|seq)[-_]?(?=\d)", r"\1 ", text)
        self.now = re.sub(r"(?<=[a-z]\d)x(?=\d+\b)|(?<=\d\d)x(?=\d{1,5}\b(?! ?p))", " x ", text)  # A100x64

        self.numbers: list[Numeral] = []

    def number(self) -> None:
        """Put #0#, #1# ... for the numbers, which `numbers` then holds."""
        self.now = NUMERAL.sub(self._mark, self.now.replace("#", " "))

    def _mark(self, match: re.Match[str]) -> str:
        self.numbers.append(Numeral(match[1], match[2], match[0].strip()))
        return f"#{len(self.numbers) - 1}#"

    def take(self, start: int, end: int) -> None:
        """Take a span out."""
        self.now = self.now[:start] + BARRIER + self.now[end:]

    def drop(self, phrase: str) -> None:
        """Take a phrase out wherever it stands again."""
        self.now = re.sub(rf"(?<!\S){re.escape(phrase)}(?!\S)", BARRIER, self.now)

    def written(self, piece: str) -> str:
        """A piece of the text with its numbers as they were written."""
        return SIZE.sub(lambda match: self.numbers[int(match[1])].written, piece)

    def words(self) -> list[Word]:
        """What is left, word by word, without the punctuation at its end."""
        return list(_words(self.now))


def _words(text: str) -> Iterator[Word]:
    for match in _WORDS.finditer(text):
        word = match[0].rstrip(".?!:'")
        bare = word.lstrip("'~<>=+")
        if bare:
            start = match.start() + len(word) - len(bare)
            yield Word(bare, start, match.start() + len(word))


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine or chip that was named, with the number of them where one was."""

    kind: str  # instance_type | accelerator
    name: str
    count: int | None = None
    per_node: int | None = None


@dataclass
class Found:
    """What the words say, by key; saying the same thing twice is fine, saying two things is not."""

    values: dict[str, Value] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    markets: list[str] = field(default_factory=list)
    families: list[str] = field(default_factory=list)
    hints: set[str] = field(default_factory=set)  # at the kind, where no verb says it
    notes: list[str] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)  # of each user or request, until the whole is known
    datasets: list[Dataset] = field(default_factory=list)

    def put(self, name: str, value: Value) -> None:
        """Remember a value; Unclear when another was said before."""
        before = self.values.setdefault(name, value)
        if before != value:
            raise Unclear(
                f"{name} is said twice: {_said(before)} and {_said(value)}.", field=name, example=BY_NAME[name].example
            )

    def number(self, name: str, size: float, said: str) -> None:
        """Remember a number after holding it against the bounds of its key."""
        self.put(name, checked(BY_NAME[name], size, said))

    def note(self, sentence: str) -> None:
        """Remember how something was read."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def _said(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def first(found: Mapping[str, Value], *names: str) -> Value | None:
    """The first of *names* that was said."""
    return next((found[name] for name in names if name in found), None)
