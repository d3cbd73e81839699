"""How a training is laid over chips: ranks, ZeRO stage, micro-batch and recompute, as told or so that it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from estimator.compute import Shape
from estimator.memory import Job, Split, training_parts
from estimator.split import Told
from estimator.stacks import UNNAMED
from estimator.workload import Recompute

MODEL_PARALLEL = frozenset({"tuned", "megatron-deepspeed", "neuron"})  # stacks that split layers before they shard
FULLY_SHARDED = frozenset({"fsdp", "litgpt", "torchtune"})  # stacks that shard weights from the start
FIRST_BATCH_TOKENS = 16_384.0  # tokens a chip at which a micro-batch is large enough
FILLED = 0.95  # of the usable memory, where only some layers are recomputed
SPREADS = (1, 2, 4, 8, 32, 64)  # chips over which experts are spread
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
    free: bool = False  # the software was not told, so that it may be one that shares a sample between chips


@dataclass(frozen=True, slots=True)
class Layout:
    """A split with the memory it needs; *told* says whether the asker named the split."""

    split: Split
    parts: dict[str, float]

    @property
    def need_gb(self) -> float:
        """Decimal GB per accelerator."""
        return sum(self.parts.values())


@lru_cache(maxsize=4096)
def lay_out(of: Shape, job: Job, room: Room, asked: Told, cores_per_chip: int = 1) -> Layout:
    """The first layout that fits at a micro-batch of 1, with the told micro-batch or the largest useful one.

    The layout is chosen before the micro-batch, and activations are recomputed only as far as the card makes it
    necessary, so that a larger micro-batch never needs less memory.
    """
    options = list(_splits(of, job, room, asked, cores_per_chip))
    chosen = next((one for one in options if _need(of, job, one) <= room.usable_gb * FILLED), options[-1])
    size = room.micro_batch or _micro_batch(of, job, room, chosen)
    split = replace(chosen, micro_batch=size)
    parts = training_parts(of, job, split)
    if room.recompute or split.recompute == "full" or sum(parts.values()) <= room.usable_gb * FILLED:
        return Layout(split, parts)
    return _partly_recomputed(of, job, room, split, parts)


@lru_cache(maxsize=4096)
def choices(of: Shape, job: Job, room: Room, asked: Told) -> tuple[Split, ...]:
    """The layouts that fit, each with its micro-batch; recomputed ones only where no other fits."""
    found: list[Split] = []
    for one in _splits(of, job, room, asked, 1):
        if found and found[0].recompute != one.recompute:
            break
        if _need(of, job, one) <= room.usable_gb * FILLED:
            found.append(replace(one, micro_batch=room.micro_batch or _micro_batch(of, job, room, one)))
    return tuple(found)


def fits(of: Shape, job: Job, room: Room, split: Split) -> bool:
    """Whether the layout is within what the card can hold."""
    return _need(of, job, split) <= room.usable_gb


@lru_cache(maxsize=4096)
def thriftiest_gb(of: Shape, job: Job, room: Room, asked: Told, cores_per_chip: int = 1) -> float:
    """Decimal GB per accelerator of the layout that needs least, with what was told kept."""
    micro = room.micro_batch or 1.0
    options = _splits(of, job, room, asked, cores_per_chip)
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


def _splits(of: Shape, job: Job, room: Room, asked: Told, cores: int) -> Iterator[Split]:
    """Layouts from the fastest to the thriftiest."""
    cp = asked.cp or 1
    stage, placed = 2 if asked.bare and job.method != "full" else asked.stage, bool(asked.tp or asked.pp or asked.dp)
    ladder = _shared_out(_ladder(job, room, asked, cores, spread=of.experts > 1), room, cp)
    for recompute in _recomputes(of, job, room):
        for ep, (tensor, pipe) in product(_expert_ranks(of, job, room, asked), ladder):
            ranks_left = max(1, room.count // (tensor * pipe * cp))
            experts, dp = min(ep, ranks_left), max(1, ranks_left // ep)
            for zero in (stage,) if stage is not None else _stages(job, dp * experts, piped=pipe > 1, told=placed):
                yield Split(tp=tensor, pp=pipe, cp=cp, ep=experts, dp=dp, zero=zero, recompute=recompute)


def _expert_ranks(of: Shape, job: Job, room: Room, asked: Told) -> tuple[int, ...]:
    """Chips over which the experts are spread: as told, else a machine's and then more, where the software can."""
    if asked.ep or not of.experts or job.stack not in MODEL_PARALLEL:
        return (asked.ep or 1,)
    inside = min(room.per_node, room.count, of.experts)
    return tuple(n for n in SPREADS if inside <= n <= min(of.experts, room.count)) or (inside,)


def _ladder(job: Job, room: Room, asked: Told, cores: int, *, spread: bool) -> tuple[tuple[int, int], ...]:
    """Tensor ranks in chips, and pipeline stages: as told, else those that the stack can choose from.

    Where experts are *spread*, their matrices are narrow enough: layers are split before matrices.
    """
    tp = max(1, asked.tp // cores) if asked.tp else None
    if tp and asked.pp:
        return ((tp, min(asked.pp, max(1, room.count // (tp * (asked.cp or 1))))),)
    if asked.dp:
        return (_filled_up(room, asked, tp),)
    told, shared = bool(tp or asked.pp), room.global_batch is not None and room.global_batch < room.count
    chooses = job.stack in MODEL_PARALLEL or (job.stack == UNNAMED and told) or (room.free and shared)
    if not chooses or (asked.stage is not None and not told):
        return ((tp or 1, asked.pp or 1),)
    most = room.count // (asked.cp or 1)
    lanes = [tp] if tp else [n for n in LANES if n * (asked.pp or 1) <= most and n <= room.per_node] or [1]
    if asked.pp:
        return tuple((n, asked.pp) for n in lanes)
    piped = ((lanes[-1], stages) for stages in PIPES if lanes[-1] * stages <= most)
    narrow = [] if tp or not spread else [(1, stages) for stages in (1, *PIPES) if stages <= most]
    return (*narrow, *((n, 1) for n in lanes), *piped)


def _filled_up(room: Room, asked: Told, tp: int | None) -> tuple[int, int]:
    """Tensor ranks inside a machine and pipeline stages beyond it that the told data-parallel ranks leave."""
    left = max(1, room.count // ((asked.dp or 1) * (asked.cp or 1)))
    if asked.pp:
        return max(1, left // asked.pp), asked.pp
    lanes = tp or max(n for n in LANES if left % n == 0 and n <= max(1, room.per_node))
    return lanes, max(1, left // lanes)


def _shared_out(ladder: tuple[tuple[int, int], ...], room: Room, cp: int) -> tuple[tuple[int, int], ...]:
    """Of several layouts those in which each data-parallel rank gets a micro-batch, or the one with fewest ranks."""
    if not room.global_batch:
        return ladder
    ranks = room.global_batch / (room.micro_batch or 1)
    return tuple(one for one in ladder if room.count // (one[0] * one[1] * cp) <= ranks) or ladder[-1:]


def _stages(job: Job, ranks: int, *, piped: bool, told: bool) -> tuple[int, ...]:
    """ZeRO stages to choose from; a pipeline passes each micro-batch on, so that no stage can shard its weights."""
    if ranks <= 1:
        return (0,)
    if job.method != "full":
        return (0,) if piped else (0, 3)
    if job.stack in MODEL_PARALLEL:
        return (1, 3) if told and not piped else (1,)
    if piped:
        return (0, 1)
    return (3,) if job.stack in FULLY_SHARDED else (0, 1, 2, 3)


def _recomputes(of: Shape, job: Job, room: Room) -> tuple[Recompute, ...]:
    if room.recompute:
        return (room.recompute,)
    alone = job.stack == "litgpt" and room.count == 1
    tuned = of.causal and (job.method != "full" or job.stack in ("huggingface", "litgpt", "unsloth"))
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


def busy(split: Split, job: Job, room: Room) -> int:
    """Chips that a step keeps busy: those that get a micro-batch, where the software shares none between chips."""
    ranks = split.dp * split.ep
    shares = int(room.global_batch / (room.micro_batch or 1)) if room.global_batch else ranks
    if room.free or job.stack in MODEL_PARALLEL or shares >= ranks:
        return room.count
    return max(1, shares) * max(1, room.count // ranks)


def said(split: Split, count: int) -> str:
    """The layout in words: "TP 8 x PP 4 x DP 2, ZeRO-1"."""
    kinds = (("TP", split.tp), ("PP", split.pp), ("CP", split.cp), ("EP", split.ep))
    ranks = [f"{name} {n}" for name, n in kinds if n > 1]
    if split.dp > 1:
        ranks.append(f"DP {split.dp}")
    words = " x ".join(ranks) or ("one chip" if count == 1 else "data parallel")
    return f"{words}, ZeRO-{split.zero}" if split.zero else words
