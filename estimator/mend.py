"""What to change when a training does not fit, each change with the memory that it would need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from data.catalog import Catalog
from data.shapes import Chip
from estimator.compute import Shape
from estimator.fit import Room
from estimator.memory import Job, Split, training_parts

USABLE = 0.97  # of an accelerator's memory: driver and context keep the rest
MOST_CHIPS = 1024


@lru_cache(maxsize=1024)
def advice(of: Shape, job: Job, room: Room, split: Split, cards: tuple[Chip, ...]) -> tuple[str, ...]:
    """Changes that make it fit, the easiest first; those that only help when none does; then the next cards."""
    tried = [(words, _need(of, other, changed)) for words, other, changed in _changes(job, split)]
    fitting = [f"{words}: {need:,.1f} GB" for words, need in tried if need <= room.usable_gb]
    helping = [f"{words}: {need:,.1f} GB, not enough alone" for words, need in tried if need > room.usable_gb]
    more = _more_chips(of, job, room, split)
    return (*fitting, *([] if fitting else helping), *more, *next_cards(_need(of, job, split), cards))


def _need(of: Shape, job: Job, split: Split) -> float:
    return sum(training_parts(of, job, split).values())


def _changes(job: Job, split: Split) -> Iterator[tuple[str, Job, Split]]:
    if split.micro_batch > 1:
        yield "micro-batch 1", job, replace(split, micro_batch=1)
    if split.recompute == "none":
        yield "recompute activations (gradient checkpointing)", job, replace(split, recompute="full")
    if split.zero < 3 and split.dp > 1:
        yield f"ZeRO-3 (full sharding) over {split.dp} chips", job, replace(split, zero=3)
    thrifty = replace(split, micro_batch=1, recompute="full")
    if split.micro_batch > 1 and split.recompute == "none":
        yield "micro-batch 1 with recomputation", job, thrifty
    if job.method == "full":
        yield "LoRA instead of training all weights", replace(job, method="lora"), thrifty
    if job.method != "qlora":
        yield "QLoRA (4-bit weights)", replace(job, method="qlora"), replace(thrifty, zero=0)


def _more_chips(of: Shape, job: Job, room: Room, split: Split) -> tuple[str, ...]:
    """The smallest doubling of chips that fits with ZeRO-3."""
    ranks = max(split.dp, 1)
    while ranks * split.tp * split.pp < MOST_CHIPS:
        ranks *= 2
        need = _need(of, job, replace(split, dp=ranks, zero=3, micro_batch=1, recompute="full"))
        if need <= room.usable_gb:
            return (f"{ranks * split.tp * split.pp * split.cp} of these chips with ZeRO-3: {need:,.1f} GB each",)
    return ()


def next_cards(need_gb: float, cards: tuple[Chip, ...]) -> tuple[str, ...]:
    """The two smallest of *cards* that hold *need_gb* as it is."""
    large = [card for card in cards if card.memory_gb * USABLE >= need_gb][:2]
    if not large:
        return (f"a smaller model: no card holds {need_gb:,.0f} GB",)
    return tuple(f"{card.name} ({card.families[0]}): {card.memory_gb * USABLE:,.1f} GB to use" for card in large)


@lru_cache(maxsize=64)
def cards_of(vendor: str, catalog: Catalog) -> tuple[Chip, ...]:
    """A vendor's cards on AWS that train, the smallest memory first; NVIDIA's when it has none there."""
    cards = [chip for chip in catalog.chips.values() if chip.vendor == vendor and chip.families]
    if not cards and vendor != "NVIDIA":
        return cards_of("NVIDIA", catalog)
    return tuple(sorted((card for card in cards if card.bf16 or card.fp16), key=lambda card: card.memory_gb))
