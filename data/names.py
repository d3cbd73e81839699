"""Forgiving names: what people write, against what the catalog calls it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

Spellings = Callable[[str], Iterator[str]]
_BREAKS = re.compile(r"[-_\s:,/]+")
_SIZE = re.compile(r"\d+(\.\d+)?[bm]|b\d")


class UnknownName(KeyError):
    """A chip, instance type or model that the catalog does not have, with the nearest names that it has."""

    def __init__(self, name: str, kind: str, nearest: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.kind = kind
        self.nearest = nearest

    def __str__(self) -> str:
        near = f"; the nearest is {' or '.join(self.nearest)}" if self.nearest else ""
        return f"no {self.kind} is called {self.name!r}{near}"


class Names:
    """Every name and alias of one kind, by the key that its spellings share."""

    def __init__(self, kind: str, aliases: Mapping[str, Iterable[str]], spellings: Spellings) -> None:
        self._kind = kind
        self._spellings = spellings
        self._known = {next(spellings(name)): name for name in aliases}
        for name, others in aliases.items():
            for other in others:
                self._known.setdefault(next(spellings(other)), name)

    @property
    def known(self) -> Mapping[str, str]:
        """Canonical names by the key that their spellings share."""
        return self._known

    def find(self, name: str) -> str:
        """The canonical name; UnknownName when there is none."""
        for key in self._spellings(name):
            if key in self._known:
                return self._known[key]
        raise UnknownName(name, self._kind, self.nearest(name))

    def within(self, text: str) -> str | None:
        """The longest name that stands in a phrase ("bert-large SQuAD"); None when the phrase has a size beside it."""
        words = [word for word in _BREAKS.split(re.sub(r"\([^)]*\)", " ", text.lower())) if word][:24]
        spans = ((start, end) for start in range(len(words)) for end in range(start + 1, len(words) + 1))
        for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
            name = self._known.get(next(self._spellings("-".join(words[start:end]))))
            if name:
                others = words[:start] + words[end:]
                return None if any(_SIZE.fullmatch(word) for word in others) else name
        return None

    def nearest(self, name: str) -> tuple[str, ...]:
        """Up to three names that look most like *name*."""
        key = next(self._spellings(name[:80]), "")
        close = difflib.get_close_matches(key, self._known, n=6, cutoff=0.6)
        begin = [known for known in sorted(self._known) if len(key) > 1 and known.startswith(key)]
        return tuple(dict.fromkeys(self._known[known] for known in [*begin[:3], *close]))[:3]


_MODEL_SUFFIXES = re.compile(
    "hf|chat|instruct|it|base|pt|awq|gptq|gguf|ggml|fp8|fp16|bf16|int4|int8|4bit|8bit|bnb|uncased|cased|preview|sft|dpo"
)


def model_spellings(name: str) -> Iterator[str]:
    """Keys of a model name, the closest first: whole, without its organisation, without "-Instruct" and the like."""
    text = re.sub(r"\([^)]*\)", " ", name.lower()).strip()
    yield _joined(text.replace("/", "-"))
    text = text.rpartition("/")[2]
    words = [word for word in _BREAKS.split(text) if word]
    for start in (0, 1) if words[:1] == ["meta"] else (0,):
        for end in _ends(words, start):
            yield _joined("-".join(words[start:end]))


def _ends(words: list[str], start: int) -> Iterator[int]:
    end = len(words)
    yield end
    while end > start + 1 and _MODEL_SUFFIXES.fullmatch(words[end - 1]):
        end -= 1
        yield end


def _joined(text: str) -> str:
    """The text without separators, but for those between two figures: llama-3-8b is not llama-38b."""
    text = re.sub(r"[-_\s:]+", "-", text)
    text = re.sub(r"(?<=\d)-(?=[bmk]\b)", "", text)
    return re.sub(r"(?<!\d)-|-(?!\d)", "", text)


_CHIP_NOISE = re.compile(
    "nvidia|amd|intel|google|aws|geforce|tesla|instinct|habana|qualcomm|gpus?|chips?|cards?|accelerators?|gi?b|hbm2e?|hbm3e?"
)


def chip_spellings(name: str) -> Iterator[str]:
    """The key of a chip name: its runs of letters and of figures in any order, without the vendor's and "GB"."""
    text = re.sub(r"\b(\d+)\s*g(b|ib)?\b", r"\1", name.lower())
    text = re.sub(r"sxm\d", "sxm", text)
    words = [word for word in re.findall(r"[a-z0-9.]+", text) if not _CHIP_NOISE.fullmatch(word)]
    yield " ".join(sorted(re.findall(r"[a-z]+|[0-9.]+", " ".join(words))))


def instance_spellings(name: str) -> Iterator[str]:
    """The key of an EC2 type; "ml.p5.48xlarge", "P5 48XL" and "p5.48xlarge" are the same."""
    text = re.sub(r"^\s*ml\.", "", name.lower())
    text = re.sub(r"[^a-z0-9]", "", text)
    yield re.sub(r"xl$", "xlarge", text)
