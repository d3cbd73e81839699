"""Numbers, times and money as people write them: 2T, 50,000, 1.5 billion, 24h, $1.5k."""

from __future__ import annotations

import math
import re

MAGNITUDES = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "mil": 1e6,
    "million": 1e6,
    "millions": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "g": 1e9,
    "billion": 1e9,
    "billions": 1e9,
    "t": 1e12,
    "tn": 1e12,
    "trillion": 1e12,
    "trillions": 1e12,
}
NUMBER_WORDS = {
    "one": 1,
    "single": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "sixteen": 16,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "hundred": 100,
    "a": 1,
    "an": 1,
}
HOURS = {"s": 1 / 3600, "m": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0, "o": 730.0, "y": 8760.0}
_TIME_WORDS = {
    "s": "s sec secs second seconds",
    "m": "m min mins minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "w": "w wk wks week weeks",
    "o": "mo month months",
    "y": "y yr yrs year years",
}
TIME_UNITS = {word: HOURS[key] for key, words in _TIME_WORDS.items() for word in words.split()}

FIGURE = r"[+-]?(?:\d{1,3}(?:[,_]\d{3})+|\d+)?(?:\.\d+|(?<=\d)\.?)(?:e[+-]?\d{1,3})?"
_WORD = "|".join(sorted((word for word in NUMBER_WORDS if word not in ("a", "an")), key=len, reverse=True))
_MAGNITUDE = "|".join(sorted(MAGNITUDES, key=len, reverse=True))
# A number among words: not inside of a word, its magnitude not the beginning of another word.
NUMERAL = re.compile(
    rf"(?:(?<![\w.,-])|(?<=\d[x/]))"
    rf"({FIGURE}|\b(?:{_WORD})\b|\ban?\b(?= (?:{_MAGNITUDE}|hundred)\b))(?: ?-?({_MAGNITUDE})(?![a-z0-9]))?"
)

_WHOLE = re.compile(rf"({FIGURE}|{_WORD}|an?)[\s-]?({_MAGNITUDE})?")
_SPAN = re.compile(
    rf"({FIGURE})[\s-]?(thousand|million|k)?[\s-]?({'|'.join(sorted(TIME_UNITS, key=len, reverse=True))}|ms)?"
)


def value_of(figure: str, magnitude: str | None) -> float:
    """The value of a number's two parts; NaN when it is none."""
    text = figure.replace(",", "").replace("_", "")
    base = float(NUMBER_WORDS[text]) if text in NUMBER_WORDS else _float(text)
    return base * MAGNITUDES[magnitude] if magnitude else base


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def number(text: str) -> float:
    """A number as written: "2T", "50,000", "1e12", "1.5 billion"; NaN when it is none."""
    text = text.strip().lower()
    match = _WHOLE.fullmatch(text)
    return value_of(match[1], match[2]) if match else _float(text)


def hours(text: str) -> float:
    """A time in hours: "24", "24h", "2 days", "90 min"; NaN when it is none."""
    match = _SPAN.fullmatch(text.strip().lower())
    if not match:
        return _float(text.strip())
    size = value_of(match[1], match[2])
    return size / 3.6e6 if match[3] == "ms" else size * TIME_UNITS[match[3] or "h"]


def milliseconds(text: str) -> float:
    """A latency in milliseconds: "200", "200ms", "1.5s"; NaN when it is none."""
    match = _SPAN.fullmatch(text.strip().lower())
    if not match:
        return _float(text.strip())
    size = value_of(match[1], match[2])
    return size if match[3] in (None, "ms") else size * TIME_UNITS[match[3]] * 3.6e6


def dollars(text: str) -> float:
    """US dollars: "200", "$1.5k", "200 USD"; NaN when it is none."""
    bare = re.sub(r"usd|dollars?|\$", "", text.strip().lower())
    return number(bare)


def tokens(text: str) -> float:
    """A length in tokens; "8k" is 8,192, as it is for contexts."""
    match = _WHOLE.fullmatch(text.strip().lower().removesuffix("tokens").removesuffix("token").strip())
    if not match:
        return _float(text.strip())
    return length(match[1], match[2])


def length(figure: str, magnitude: str | None) -> float:
    """A length of a sequence from a number's two parts: whole thousands that are powers of two count 1,024."""
    size = value_of(figure, None)
    if magnitude == "k" and size >= 1 and size == int(size) and int(size) & (int(size) - 1) == 0:
        return size * 1024
    return value_of(figure, magnitude)
