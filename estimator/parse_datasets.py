"""Data sets by name: how much there is of one, and how many tokens a sample of it really has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from data import Catalog, Dataset
from estimator.parse_keys import Unclear, nearest
from estimator.parse_text import Found, Text
from estimator.units import count

SUITE = "glue"  # named beside one of its tasks, it adds nothing
AMOUNTS = frozenset({"tokens", "samples", "words", "steps", "queries"})


def take_datasets(text: Text, catalog: Catalog) -> list[Dataset]:
    """The data sets that the words name, taken out of them."""
    pattern = _pattern(tuple(catalog.datasets))
    named: list[Dataset] = []
    while match := pattern.search(text.now):
        text.take(*match.span())
        named.append(catalog.datasets[_key(match[0], catalog)])
    return named


def dataset_named(said: str, catalog: Catalog) -> Dataset:
    """The data set that dataset=... names; Unclear with the nearest known one."""
    if (key := _key(said, catalog)) in catalog.datasets:
        return catalog.datasets[key]
    near = nearest(said.strip().lower(), catalog.datasets, 0.6)
    raise Unclear(
        f"I do not know the data set {said!r}" + (f"; the nearest I know is {near!r}." if near else "."),
        field="dataset",
        nearest=near,
        example="samples=50k tokens_per_sample=120",
        word=said,
    )


@lru_cache(maxsize=8)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    spelled = (
        re.sub(r"[-_ ]", "[-_ ]?", re.escape(name).replace("\\-", "-").replace("\\ ", " ")) for name in longest_first
    )
    return re.compile(rf"(?<![\w/.=-])(?:{'|'.join(spelled)})(?![\w/-])(?!\.\d)")


def _key(said: str, catalog: Catalog) -> str:
    """The name or alias that is spelled like *said*; *said* itself when there is none."""
    plain = said.strip().lower()
    return next((name for name in catalog.datasets if _bare(name) == _bare(plain)), plain)


def _bare(name: str) -> str:
    return re.sub(r"[-_ ]", "", name)


def settle_datasets(named: Sequence[Dataset], found: Found) -> None:
    """Put what the data sets say: the amount where none was told, and the tokens of a sample."""
    sets = list(dict.fromkeys(named))
    if len(sets) > 1:
        sets = [one for one in sets if one.name != SUITE]
    told = AMOUNTS & set(found.values)
    for one in () if told else sets:
        unit, amount = ("samples", one.samples) if one.samples else ("tokens", one.tokens or 0.0)
        found.values[unit] = amount + float(found.values.get(unit, 0.0))
    for one in sets:
        found.note(_said(one))
    if told <= {"samples", "steps"} and "sample_tokens" not in found.values and (mean := _mean_tokens(sets)):
        found.values["sample_tokens"] = mean


def _said(one: Dataset) -> str:
    unit, amount = ("samples", one.samples) if one.samples else ("tokens", one.tokens or 0.0)
    doubt = "" if one.checked else ", not verified"
    length = f"; a mean of {one.tokens_per_sample:g} tokens: {one.length}" if one.tokens_per_sample else ""
    return f"{one.name}: {count(amount)} {unit} ({one.note}; {one.source}{doubt}{length})"


def _mean_tokens(sets: Iterable[Dataset]) -> float | None:
    """Mean tokens of a sample over all sets; None where one of them has no samples or no known length."""
    pairs = [(one.samples, one.tokens_per_sample) for one in sets]
    known = [(samples, length) for samples, length in pairs if samples and length]
    if not known or len(known) < len(pairs):
        return None
    return sum(samples * length for samples, length in known) / sum(samples for samples, _ in known)
