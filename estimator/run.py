"""A training resolved on one cluster: layout, memory, the work of a step and the place where it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from data.catalog import Catalog
from estimator import fit, mend, samples
from estimator.compute import Shape, attention_flops, dense_flops, passes, shape, with_labels
from estimator.efficiency import BALANCED, BANDWIDTH_BOUND, Cell, Tables
from estimator.intervals import interval, spread
from estimator.memory import EAGER, GB, NF4, Job, Split, adapter_weights, training_parts
from estimator.plan import Plan
from estimator.result import Cluster, Memory
from estimator.speed import Load, Site
from estimator.split import Told, cores_of, place, usable
from estimator.workload import FineTuning, Recompute, Training

USABLE_HOST = 0.9  # of a machine's memory, for training on CPUs
HIGHEST = 2.0  # share of the 16-bit peak that any precision reaches
MATMUL = 0.5  # share of the peak that convolutions reach however fast the memory
UNPACKED = 5.0  # bytes moved a weight to unpack 4 bits: half a byte read, two written, forward and backward
USUAL_RANK = 16
NARROW_EXPERT, WIDE_EXPERT = 0.5, 2.5  # width of an expert over the hidden width: where the gain begins, and its reach
GATHERED = {"full": 6.0, "lora": 4.0, "qlora": 2 * NF4}  # bytes a weight through the links: three or two times
FUSED_LOSS = re.compile(r"llm-?foundry|mosaic|composer|liger|unsloth", re.IGNORECASE)
EAGER_ATTENTION = re.compile(r"deberta")  # attention that no fused kernel computes
LARGE = frozenset({"diffusion", "audio"})  # kinds of which a chip holds few samples
NO_FLASH = frozenset({"volta", "turing", "old"})


@dataclass(frozen=True, slots=True)
class Ground:
    """What a layout is chosen from."""

    job: Job
    room: fit.Room
    asked: Told  # as far as the split was told
    cores: int  # of a chip, which splits count


@dataclass(frozen=True, slots=True)
class Run:
    """What the figures of one estimate are made from."""

    work: Training
    cluster: Cluster
    plan: Plan
    known: Tables
    cell: Cell
    of: Shape | None  # text only
    gflops: float  # forward, a sample; 0 for text
    split: Split
    ground: Ground
    memory: Memory
    alone: bool  # one chip holds the work
    advice: tuple[str, ...]


def resolve(work: Training, cluster: Cluster, plan: Plan, gflops: float, known: Tables, catalog: Catalog) -> Run:
    """The run of *work* on *cluster* with its layout and memory, and what to change when it does not fit."""
    of = _shape(work, plan)
    ground, ignored = _ground(work, plan, cluster, known)
    job, room = ground.job, ground.room
    if of is not None:
        layout = fit.lay_out(of, job, room, ground.asked, ground.cores)
        split, parts = layout.split, layout.parts
        plan.assumptions += [ignored] if ignored else []
    else:
        each = samples.samples_of(work, gflops, plan.key.kind)
        split, parts = samples.lay_out(each, job, room)
        plan.assumptions += samples.said(work, each, split)
    _say(work, plan, split, ground)
    around = spread(known.sigmas[f"memory_{'samples' if of is None else plan.method}"])
    need = interval(sum(parts.values()), around).at_least(parts.get("weights", 0.0))
    memory = Memory(need, parts, room.usable_gb, None, _at(work, plan, split))
    if memory.fits and not memory.certain:
        memory = replace(memory, least_gb=_least(work, of, ground, split, parts))
    advice: tuple[str, ...] = ()
    if not (memory.fits and memory.certain):
        cards = mend.cards_of(cluster.chip.vendor if cluster.chip else "NVIDIA", catalog)
        limit = mend.Limit(room.usable_gb, room.usable_gb / around.high)
        smaller = mend.fewer_samples(parts, split.micro_batch, limit)
        advice = (
            mend.advice(of, job, limit, split, cards)
            if of
            else smaller or mend.next_cards(memory.per_accelerator.high, cards)
        )
    alone = of is None or _fits_alone(of, job, known.factors["memory_fixed_alone"], work.recompute, room.usable_gb)
    return Run(work, cluster, plan, known, known.cell(plan.key), of, gflops, split, ground, memory, alone, advice)


def _ground(work: Training, plan: Plan, cluster: Cluster, known: Tables) -> tuple[Ground, str]:
    """What the layout is chosen from, and what is said of a split that cannot be."""
    cores = cores_of(cluster.chip)
    asked, ignored = usable(work.parallel, place(work, cluster.count, cores))
    return Ground(_job(work, plan, cluster, known), _room(work, plan, cluster), asked, cores), ignored


def _least(work: Training, of: Shape | None, ground: Ground, split: Split, parts: dict[str, float]) -> float:
    """Decimal GB of the same work at its thriftiest: it tells whether what may not fit could be made to."""
    if of is not None:
        return fit.thriftiest_gb(of, ground.job, ground.room, ground.asked, ground.cores)
    return _smallest(parts, split.micro_batch, work.micro_batch)


def _smallest(parts: dict[str, float], micro_batch: float, told: float | None) -> float:
    """Decimal GB of the same with one sample at a time, where the number was not told."""
    kept = 1.0 if told else 1.0 / max(1.0, micro_batch)
    return sum(parts.values()) - (1.0 - kept) * parts.get("activations", 0.0)


def _at(work: Training, plan: Plan, split: Split) -> str:
    """What the memory holds for, where that was chosen or assumed."""
    micro = f"micro-batch {split.micro_batch:g}"
    if not plan.text:
        return micro
    return f"{micro} and {'' if work.seq_len else 'an assumed '}{plan.seq_len:,.0f} tokens a sequence"


def _shape(work: Training, plan: Plan) -> Shape | None:
    """The shape of a text model, with the head that it is trained with; None for images and sound."""
    if not plan.text:
        return None
    if work.model.family == "encoder" and isinstance(work, FineTuning):
        plan.assumptions.append(
            "a head for labels, spans or entities assumed; masked-language modelling is asked for with train"
        )
        return with_labels(shape(work.model))
    return shape(work.model)


@lru_cache(maxsize=1024)
def _fits_alone(of: Shape, job: Job, fixed_gb: float, recompute: Recompute | None, usable: float) -> bool:
    one = replace(job, fixed_gb=fixed_gb)
    return sum(training_parts(of, one, Split(recompute=recompute or "full")).values()) <= usable * fit.FILLED


def _say(work: Training, plan: Plan, split: Split, ground: Ground) -> None:
    """The layout where it was chosen; images say their micro-batch as they choose it."""
    count, busy = ground.room.count, fit.busy(split, ground.job, ground.room)
    if busy < count:
        plan.assumptions.append(
            f"a global batch of {work.global_batch} keeps {busy} of {count} chips busy: the others wait"
        )
    if not plan.text:
        return
    if not work.micro_batch:
        plan.assumptions.append(f"micro-batch {split.micro_batch:g} a chip")
    if count > 1 and not (ground.asked.tp and ground.asked.pp):
        plan.assumptions.append(f"split: {fit.said(split, count)}")
    if work.recompute is None and split.recompute == "full":
        plan.assumptions.append("activations are recomputed (gradient checkpointing)")


def usable_gb(cluster: Cluster) -> float:
    """Decimal GB that a program can use on one accelerator, or on one machine without any."""
    if cluster.chip is None:
        return (cluster.instance.memory_gib if cluster.instance else 16.0) * 1.073741824 * USABLE_HOST
    told = cluster.instance.chip_memory_gb if cluster.instance else None
    return (told or cluster.chip.memory_gb) * mend.USABLE


def _job(work: Training, plan: Plan, cluster: Cluster, known: Tables) -> Job:
    name = work.model.name.lower()
    rank = work.lora_rank if isinstance(work, FineTuning) else None
    return Job(
        method=plan.method,
        precision=plan.peak.precision,
        seq_len=plan.seq_len,
        optimizer=work.optimizer or "adamw",
        norms=plan.norms,
        stack=plan.stack,
        lora_rank=rank or USUAL_RANK,
        flash=plan.stack != "megatron-deepspeed"
        and plan.key.chips not in NO_FLASH
        and not EAGER_ATTENTION.search(name),
        fixed_gb=known.factors["memory_fixed_alone" if cluster.count == 1 else "memory_fixed"],
        slack=known.factors["memory_slack"],
        fused_loss=FUSED_LOSS.search(work.framework or "") is not None,
    )


def _room(work: Training, plan: Plan, cluster: Cluster) -> fit.Room:
    return fit.Room(
        count=cluster.count,
        per_node=max(1, cluster.per_node),
        usable_gb=usable_gb(cluster),
        micro_batch=work.micro_batch,
        global_batch=work.global_batch,
        recompute=work.recompute,
        free="framework" in plan.guessed,
    )


def flops_per_unit(run: Run) -> float:
    """Model FLOPs of one trained token or sample; recomputation is not counted."""
    plan, of = run.plan, run.of
    if of is None:
        return (run.gflops * passes(plan.method) + samples.frozen_gflops(run.work)) * 1e9
    weights = dense_flops(of, run.work.model.family) * passes(plan.method)
    return weights + 3 * attention_flops(of, plan.amount.per_sample)


def load_of(run: Run) -> Load:
    """The work of a training step."""
    return _images_load(run) if run.of is None else _text_load(run, run.of)


def _images_load(run: Run) -> Load:
    work = run.work
    again = run.gflops * 1e9 if run.split.recompute == "full" else 0.0  # the forward pass, a second time
    return Load(
        flops=flops_per_unit(run) + again,
        tokens=flops_per_unit(run) / (6 * (work.model.active_params or work.model.params)),
        hidden=work.model.hidden,
        micro=_micro_samples(run),
        step=float(work.global_batch) if work.global_batch else None,
        overhead=0.0,
        gathered=0.0,
        streams=False,
        reduced=4.0 * work.model.params,
        unpacked=0.0,
        launched=_launched(run),
        recompute=False,
        adapters=False,
        experts=False,
    )


def _micro_samples(run: Run) -> float:
    """Samples of a micro-batch on one chip: told, else what fits of large ones, else the usual number."""
    if run.work.micro_batch or run.plan.key.kind in LARGE:
        return run.split.micro_batch
    return run.known.factors["usual_samples"]


def _launched(run: Run) -> float:
    """Seconds of a micro-batch in which the chip waits for Python: by layer for large models, once for small ones."""
    factors, layers = run.known.factors, run.work.model.layers
    if run.plan.key.kind not in LARGE:
        return factors["launch_step"]
    return factors["launch_layer"] * layers if layers else factors["launch_unet"]


def _text_load(run: Run, of: Shape) -> Load:
    plan, work, factors = run.plan, run.work, run.known.factors
    full = plan.method == "full"
    sharded = plan.stack not in fit.MODEL_PARALLEL and (full or not run.alone)
    tokens = plan.amount.per_sample * plan.amount.padding
    return Load(
        flops=flops_per_unit(run) + _slow_attention(run, of),
        tokens=1.0,
        hidden=of.hidden,
        micro=_micro_tokens(run, tokens),
        step=work.global_batch * tokens if work.global_batch else None,
        overhead=factors["gather_tokens"] if sharded else 0.0,
        gathered=GATHERED[plan.method] * of.params if sharded else 0.0,
        streams=not run.alone,
        reduced=4.0 * (of.params if full else adapter_weights(of, USUAL_RANK)),
        unpacked=UNPACKED * of.params if plan.method == "qlora" else 0.0,
        launched=factors["launch_layer"] * of.layers if plan.stack in EAGER else 0.0,
        recompute=work.recompute == "full",
        adapters=not full,
        experts=plan.key.kind == "moe",
    )


def _micro_tokens(run: Run, per_sample: float) -> float:
    """Tokens of a micro-batch on one chip: told, else the usual number, less where samples are known to be short."""
    work, usual = run.work, run.known.factors["usual_tokens"]
    if work.micro_batch:
        return work.micro_batch * per_sample
    return min(usual, run.split.micro_batch * per_sample) if work.sample_tokens else usual


def _slow_attention(run: Run, of: Shape) -> float:
    """FLOPs a token that the attention core is worth beyond its own, as it runs slower than the weights."""
    plan, factors = run.plan, run.known.factors
    untuned = plan.key.chips == "hopper" and plan.stack != "tuned"
    share = factors["attention_share_hopper" if untuned else "attention_share"]
    return 3 * attention_flops(of, plan.amount.per_sample) * (1 / share - 1)


def site_of(run: Run) -> Site:
    """The place where the work runs."""
    cluster, chip, peak = run.cluster, run.cluster.chip, run.plan.peak.flops_per_s
    bytes_per_s = (chip.bandwidth_gb_s if chip and chip.bandwidth_gb_s else 300.0) * GB
    balance = 1.0
    if run.plan.key.kind in BALANCED:
        balance = (bytes_per_s / peak * run.known.factors["balance"]) ** 0.5
    elif run.of is not None and run.of.expert > NARROW_EXPERT:
        balance += run.known.factors["wide_experts"] * min(1.0, (run.of.expert - NARROW_EXPERT) / WIDE_EXPERT)
    return Site(
        flops_per_s=peak,
        share=min(run.cell.share * balance, MATMUL if run.plan.key.kind in BANDWIDTH_BOUND else HIGHEST),
        bytes_per_s=bytes_per_s,
        link_gb_s=chip.link_gb_s if chip and chip.link_gb_s else 64.0,
        count=fit.busy(run.split, run.ground.job, run.ground.room),
        per_node=max(1, cluster.per_node),
        instance=cluster.instance,
    )
