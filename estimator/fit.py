"""How a training is laid over chips: ranks, ZeRO stage, micro-batch and recompute, as told or so that it fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from estimator.compute import Shape
from estimator.memory import Job, Split, training_parts
from estimator.workload import Parallel, Recompute

MODEL_PARALLEL = frozenset({"tuned", "megatron-deepspeed", "neuron"})  # stacks that split layers before they shard
FULLY_SHARDED = frozenset({"fsdp", "litgpt", "torchtune"})  # stacks that shard weights from the start
FIRST_BATCH_TOKENS = 16_384.0  # tokens a chip at which a micro-batch is large enough
STAGES = ((2, "shard_grad_op"), (3, "fsdp|full_shard|zero"), (1, "dist-opt|distributed opt"), (0, "ddp"))
FILLED = 0.95  # of the usable memory, where only some layers are recomputed
LANES, PIPES = (1, 2, 4, 8), (2, 4, 8, 16, 32)  # tensor ranks inside a machine, then pipeline stages


@dataclass(frozen=True, slots=True)
class Room:
    """What there is to lay the work on, and what was told about it."""

    count: int
    per_node: int
    usable_gb: float
    micro_batch: float | None
    global_batch: float | None
    recompute: Recompute | None


@dataclass(frozen=True, slots=True)
class Layout:
    """A split with the memory it needs; *told* says whether the asker named the split."""

    split: Split
    parts: dict[str, float]

    @property
    def need_gb(self) -> float:
        """Decimal GB per accelerator."""
        return sum(self.parts.values())


@lru_cache(maxsize=512)
def told_split(parallel: Parallel) -> tuple[dict[str, int], int | None]:
    """Ranks by kind and the ZeRO stage, as far as the fields or the free text say."""
    text = parallel.sharding.lower()
    ranks = {name: int(n) for name, n in re.findall(r"\b(tp|pp|cp|ep)\s*=?(\d+)\b", text)}
    fields = {"tp": parallel.tp, "pp": parallel.pp, "cp": parallel.cp, "ep": parallel.ep}
    ranks |= {name: value for name, value in fields.items() if value}
    return {name: value for name, value in ranks.items() if value > 1 or name in ("tp", "pp")}, _stage(text)


def _stage(text: str) -> int | None:
    if found := re.search(r"zero-?\s?([0-3])", text):
        return int(found[1])
    return next((stage for stage, pattern in STAGES if re.search(pattern, text)), None)


@lru_cache(maxsize=4096)
def lay_out(of: Shape, job: Job, room: Room, parallel: Parallel, cores_per_chip: int = 1) -> Layout:
    """The first layout that fits at a micro-batch of 1, with the told micro-batch or the largest useful one.

    The layout is chosen before the micro-batch, and activations are recomputed only as far as the card makes it
    necessary, so that a larger micro-batch never needs less memory.
    """
    options = list(_splits(job, room, parallel, cores_per_chip))
    chosen = next((one for one in options if _need(of, job, one) <= room.usable_gb * FILLED), options[-1])
    size = room.micro_batch or _micro_batch(of, job, room, chosen)
    split = replace(chosen, micro_batch=size)
    parts = training_parts(of, job, split)
    if room.recompute or split.recompute == "full" or sum(parts.values()) <= room.usable_gb * FILLED:
        return Layout(split, parts)
    return _partly_recomputed(of, job, room, split, parts)


@lru_cache(maxsize=4096)
def thriftiest_gb(of: Shape, job: Job, room: Room, parallel: Parallel, cores_per_chip: int = 1) -> float:
    """Decimal GB per accelerator of the layout that needs least, with what was told kept."""
    micro = room.micro_batch or 1.0
    options = _splits(job, room, parallel, cores_per_chip)
    return min(_need(of, job, replace(one, micro_batch=micro)) for one in options)


def _partly_recomputed(of: Shape, job: Job, room: Room, split: Split, kept: dict[str, float]) -> Layout:
    """Recompute so many layers that the rest fills the card to FILLED; all of them when that is not enough."""
    thrifty = replace(split, recompute="full")
    parts = training_parts(of, job, thrifty)
    least, target = sum(parts.values()), room.usable_gb * FILLED
    if least <= target:
        parts["activations"] = min(kept.get("activations", 0.0), parts.get("activations", 0.0) + target - least)
    return Layout(thrifty, parts)


def _need(of: Shape, job: Job, split: Split) -> float:
    return sum(training_parts(of, job, split).values())


def _splits(job: Job, room: Room, parallel: Parallel, cores: int) -> Iterator[Split]:
    """Layouts from the fastest to the thriftiest."""
    ranks, stage = told_split(parallel)
    most = 3 if job.method == "full" or re.search(r"3|fsdp|full_shard", parallel.sharding.lower()) else 2
    tp, pp = max(1, ranks.get("tp", 1) // cores), ranks.get("pp", 1)
    cp, ep = ranks.get("cp", 1), ranks.get("ep", 1)
    told = bool(stage is not None or tp * pp > 1) and tp * pp * cp <= room.count
    if not told:
        tp = pp = cp = 1
    ladder = ((tp, pp),) if told else _ladder(job, room)
    for recompute in _recomputes(job, room):
        for tensor, pipe in ladder:
            ranks_left = max(1, room.count // (tensor * pipe * cp))
            experts, dp = min(ep, ranks_left), max(1, ranks_left // ep)
            for zero in (min(stage, most),) if stage is not None else _stages(job, dp * experts):
                yield Split(tp=tensor, pp=pipe, cp=cp, ep=experts, dp=dp, zero=zero, recompute=recompute)


def _ladder(job: Job, room: Room) -> tuple[tuple[int, int], ...]:
    if job.stack not in MODEL_PARALLEL:
        return ((1, 1),)
    lanes = [n for n in LANES if n <= min(room.per_node, room.count)] or [1]
    piped = ((lanes[-1], stages) for stages in PIPES if lanes[-1] * stages <= room.count)
    return (*((n, 1) for n in lanes), *piped)


def _stages(job: Job, ranks: int) -> tuple[int, ...]:
    if ranks <= 1:
        return (0,)
    if job.method != "full":
        return (0, 3)
    if job.stack in MODEL_PARALLEL:
        return (1,)
    return (3,) if job.stack in FULLY_SHARDED else (0, 1, 2, 3)


def _recomputes(job: Job, room: Room) -> tuple[Recompute, ...]:
    if room.recompute:
        return (room.recompute,)
    alone = job.stack == "litgpt" and room.count == 1
    tuned = job.method != "full" or job.stack in ("huggingface", "litgpt", "unsloth")
    return ("full",) if tuned and not alone else ("none", "full")


def _micro_batch(of: Shape, job: Job, room: Room, split: Split) -> float:
    """The largest power of two that fits in nine tenths of the card, up to 16k tokens a chip and the global batch."""
    one = _need(of, job, replace(split, micro_batch=1))
    more = _need(of, job, replace(split, micro_batch=2)) - one
    limit = max(1.0, FIRST_BATCH_TOKENS * split.cp / max(job.seq_len, 1.0))
    if room.global_batch:
        limit = min(limit, max(1.0, room.global_batch * split.tp * split.pp * split.cp / room.count))
    room_for = 1 + (0.9 * room.usable_gb - one) / more if more > 0 else limit
    size = 1.0
    while size * 2 <= min(limit, room_for):
        size *= 2
    return size


def said(split: Split, count: int) -> str:
    """The layout in words: "TP 8 x PP 4 x DP 2, ZeRO-1"."""
    kinds = (("TP", split.tp), ("PP", split.pp), ("CP", split.cp), ("EP", split.ep))
    ranks = [f"{name} {n}" for name, n in kinds if n > 1]
    if split.dp > 1:
        ranks.append(f"DP {split.dp}")
    words = " x ".join(ranks) or ("one chip" if count == 1 else "data parallel")
    return f"{words}, ZeRO-{split.zero}" if split.zero else words
