"""What to change when a training does not fit, each change with the memory that it would need."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from data.catalog import Catalog
from estimator.compute import Shape
from estimator.margin import EDGE
from estimator.memory import Job, Split, training_parts
from estimator.units import gigabytes

USABLE = 0.97  # of an accelerator's memory: driver and context keep the rest
MOST_CHIPS = 1024
STEP = 64  # tokens; lengths of sequences are tried in multiples of it
HOME = "us-east-1"  # whose prices put cards in order


@dataclass(frozen=True, slots=True)
class Card:
    """A card that AWS rents: the cheapest type that has it, and what a program can use of it."""

    chip: str
    instance_type: str
    usable_gb: float


@dataclass(frozen=True, slots=True)
class Limit:
    """What a card can use in decimal GB, and up to which best guess the whole interval stays below that."""

    usable_gb: float
    certain_gb: float


@lru_cache(maxsize=1024)
def advice(of: Shape, job: Job, limit: Limit, split: Split, cards: tuple[Card, ...]) -> tuple[str, ...]:
    """Changes that make it fit, the surest first; those that only help when none does; then the next cards."""
    tried = [(words, _need(of, other, changed)) for words, other, changed in _changes(of, job, limit, split)]
    now = _need(of, job, split)
    fitting = [f"{words}: {_said(need, limit)}" for words, need in tried if need <= min(limit.usable_gb, now)]
    helping = [f"{words}: {gigabytes(need)}, not enough alone" for words, need in tried if need > limit.usable_gb]
    more = _more_chips(of, job, limit, split)
    needed = now * limit.usable_gb / limit.certain_gb
    return (*fitting, *([] if fitting else helping), *more, *next_cards(needed, cards))


def _said(need: float, limit: Limit) -> str:
    return gigabytes(need) if need <= limit.certain_gb else f"{gigabytes(need)}, {EDGE}"


def _need(of: Shape, job: Job, split: Split) -> float:
    return sum(training_parts(of, job, split).values())


def _changes(of: Shape, job: Job, limit: Limit, split: Split) -> Iterator[tuple[str, Job, Split]]:
    thrifty = replace(split, micro_batch=1, recompute="full")
    if split.micro_batch > 1:
        yield "micro-batch 1", job, replace(split, micro_batch=1)
    if split.recompute == "none":
        yield "recompute activations (gradient checkpointing)", job, replace(split, recompute="full")
    if split.zero < 3 and split.dp > 1:
        yield f"ZeRO-3 (full sharding) over {split.dp} chips", job, replace(split, zero=3)
    if split.micro_batch > 1 and split.recompute == "none":
        yield "micro-batch 1 with recomputation", job, thrifty
    if length := longest(of, job, thrifty, limit.certain_gb) or longest(of, job, thrifty, limit.usable_gb):
        also = "" if thrifty == split else " at micro-batch 1 with recomputation"
        yield f"sequences of up to {length:,} tokens{also}", replace(job, seq_len=length), thrifty
    if job.method == "full":
        yield "LoRA instead of training all weights", replace(job, method="lora"), thrifty
    if job.method != "qlora":
        yield "QLoRA (4-bit weights)", replace(job, method="qlora"), replace(thrifty, zero=0)


def longest(of: Shape, job: Job, split: Split, most_gb: float) -> int:
    """The longest sequence below the job's, in steps of STEP, that needs no more than *most_gb*; 0 where none does."""
    low, high = 0, int((job.seq_len - 1) // STEP)
    while low < high:
        middle = (low + high + 1) // 2
        fits = _need(of, replace(job, seq_len=float(middle * STEP)), split) <= most_gb
        low, high = (middle, high) if fits else (low, middle - 1)
    return low * STEP


def fewer_samples(parts: Mapping[str, float], micro_batch: float, limit: Limit) -> tuple[str, ...]:
    """The largest power of two of samples at a time whose activations leave no doubt; () where not even one does."""
    each, rest = parts.get("activations", 0.0) / micro_batch, sum(parts.values()) - parts.get("activations", 0.0)
    most = (limit.certain_gb - rest) / each if each else 0.0
    if most < 1:
        return ()
    fits = 2 ** int(math.log2(most))
    return (f"micro-batch {fits} a chip, with gradients accumulated: {gigabytes(rest + fits * each)}",)


def _more_chips(of: Shape, job: Job, limit: Limit, split: Split) -> tuple[str, ...]:
    """The smallest doubling of chips that fits with ZeRO-3."""
    ranks = max(split.dp, 1)
    while ranks * split.tp * split.pp < MOST_CHIPS:
        ranks *= 2
        need = _need(of, job, replace(split, dp=ranks, zero=3, micro_batch=1, recompute="full"))
        if need <= limit.certain_gb:
            return (f"{ranks * split.tp * split.pp * split.cp} of these chips with ZeRO-3: {gigabytes(need)} each",)
    return ()


def next_cards(need_gb: float, cards: tuple[Card, ...]) -> tuple[str, ...]:
    """The two cheapest of *cards* that hold *need_gb*."""
    large = [card for card in cards if card.usable_gb >= need_gb][:2]
    if not large:
        return (f"a smaller model: no card holds {need_gb:,.0f} GB",)
    return tuple(f"{card.chip} ({card.instance_type}): {gigabytes(card.usable_gb)} to use" for card in large)


@lru_cache(maxsize=64)
def cards_of(vendor: str, catalog: Catalog) -> tuple[Card, ...]:
    """A vendor's cards on AWS that train, the cheapest machine first; NVIDIA's when it has none there."""
    found: dict[str, tuple[float, Card]] = {}
    for one in catalog.instances.values():
        chip = catalog.chips.get(one.chip or "")
        if chip is None or chip.vendor != vendor or one.chips < 1 or not (chip.bf16 or chip.fp16):
            continue
        rates = catalog.rates(one.name, HOME) or tuple(
            rate for region in catalog.regions for rate in catalog.rates(one.name, region)
        )
        price = min((rate.usd_per_hour for rate in rates if rate.market != "spot"), default=1e9)
        card = Card(chip.name, one.name, (one.chip_memory_gb or chip.memory_gb) * USABLE)
        found[chip.name] = min(found.get(chip.name, (price, card)), (price, card), key=lambda known: known[0])
    if not found and vendor != "NVIDIA":
        return cards_of("NVIDIA", catalog)
    return tuple(card for _, card in sorted(found.values(), key=lambda known: known[0]))
