"""What to change when a training does not fit, each change with the memory that it would need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from data.catalog import Catalog
from estimator.compute import Shape
from estimator.fit import Room
from estimator.memory import Job, Split, training_parts

USABLE = 0.97  # of an accelerator's memory: driver and context keep the rest
MOST_CHIPS = 1024


def advice(of: Shape, job: Job, room: Room, split: Split, catalog: Catalog) -> tuple[str, ...]:
    """Changes that make it fit, the easiest first; those that only help when none does; then the next cards."""
    tried = [(words, _need(of, other, changed)) for words, other, changed in _changes(job, split)]
    fitting = [f"{words}: {need:,.1f} GB" for words, need in tried if need <= room.usable_gb]
    helping = [f"{words}: {need:,.1f} GB, not enough alone" for words, need in tried if need > room.usable_gb]
    more = _more_chips(of, job, room, split)
    return (*fitting, *([] if fitting else helping), *more, *next_cards(_need(of, job, split), catalog))


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


def next_cards(need_gb: float, catalog: Catalog) -> tuple[str, ...]:
    """The two smallest cards on AWS that hold *need_gb* as it is."""
    cards = sorted(
        (chip.memory_gb * USABLE, chip.name, chip.families[0])
        for chip in catalog.chips.values()
        if chip.families and chip.memory_gb * USABLE >= need_gb and (chip.bf16 or chip.fp16)
    )
    return tuple(f"{name} ({family}): {usable:,.1f} GB to use" for usable, name, family in cards[:2])
