"""Training and fine-tuning on one cluster: time, speed, memory and whether it fits, with 80 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

from data.catalog import Catalog
from estimator import explain, fit, speed
from estimator.compute import Shape, attention_flops, dense_flops, passes, sample_gflops, shape
from estimator.efficiency import BANDWIDTH_BOUND, Cell, Tables, tables
from estimator.intervals import interval, spread, together
from estimator.memory import EAGER, GB, NF4, Job, Split, adapter_weights, sample_parts
from estimator.plan import Plan, make_plan
from estimator.result import Cluster, Estimate, Memory
from estimator.workload import Training

USABLE = 0.97  # of an accelerator's memory: driver and context keep the rest
USABLE_HOST = 0.9  # of a machine's memory, for training on CPUs
HIGHEST = 2.0  # share of the 16-bit peak that any precision reaches
UNPACKED = 5.0  # bytes moved a weight to unpack 4 bits: half a byte read, two written, forward and backward
USUAL_SAMPLES = 64.0


@dataclass(frozen=True, slots=True)
class Run:
    """A training on a cluster, resolved: what the figures are made from."""

    work: Training
    cluster: Cluster
    plan: Plan
    known: Tables
    cell: Cell
    of: Shape | None  # text only
    gflops: float  # forward, a sample; 0 for text
    split: Split
    memory: Memory


def estimate(work: Training, cluster: Cluster, catalog: Catalog) -> Estimate:
    """One training or fine-tuning on one cluster; what cannot run says why in *why_not*."""
    known = tables(catalog)
    plan = make_plan(work, cluster, known.factors)
    gflops = 0.0 if isinstance(plan, str) or plan.text else sample_gflops(work.model)
    if gflops is None:
        plan = f"the FLOPs of {work.model.name} are not known: give gflops_per_sample, or params"
    if isinstance(plan, str):
        return Estimate(cluster=cluster, fits=False, why_not=plan)
    run = _resolve(work, cluster, plan, known, gflops or 0.0)
    return _answer(run)


def _resolve(work: Training, cluster: Cluster, plan: Plan, known: Tables, gflops: float) -> Run:
    usable = usable_gb(cluster)
    of = shape(work.model) if plan.text else None
    job = _job(work, plan, cluster, known)
    if of is not None:
        layout = fit.lay_out(of, job, _room(work, cluster, usable), work.parallel, 2 if plan.stack == "neuron" else 1)
        split, parts = layout.split, layout.parts
    else:
        split = Split(dp=cluster.count, micro_batch=_images(work, cluster))
        parts = sample_parts(work.model.params, gflops, plan.key.kind, job, split.micro_batch)
    around = spread(known.sigmas[f"memory_{'samples' if of is None else plan.method}"])
    memory = Memory(interval(sum(parts.values()), around), parts, usable)
    return Run(work, cluster, plan, known, known.cell(plan.key), of, gflops, split, memory)


def usable_gb(cluster: Cluster) -> float:
    """Decimal GB that a program can use on one accelerator, or on one machine without any."""
    if cluster.chip is None:
        return (cluster.instance.memory_gib if cluster.instance else 16.0) * 1.073741824 * USABLE_HOST
    told = cluster.instance.chip_memory_gb if cluster.instance else None
    return (told or cluster.chip.memory_gb) * USABLE


def _job(work: Training, plan: Plan, cluster: Cluster, known: Tables) -> Job:
    alone = cluster.count == 1
    return Job(
        method=plan.method,
        precision=plan.peak.precision,
        seq_len=plan.seq_len,
        optimizer=(work.optimizer or "adamw").lower(),
        stack=plan.stack,
        lora_rank=getattr(work, "lora_rank", None) or 16,
        flash=plan.stack != "megatron-deepspeed" and plan.key.chips not in ("volta", "turing", "old"),
        fixed_gb=known.factors["memory_fixed_alone" if alone else "memory_fixed"],
        slack=known.factors["memory_slack"],
    )


def _room(work: Training, cluster: Cluster, usable: float) -> fit.Room:
    return fit.Room(
        count=cluster.count,
        per_node=cluster.per_node,
        usable_gb=usable,
        micro_batch=work.micro_batch,
        global_batch=work.global_batch,
        recompute=work.recompute,
    )


def _images(work: Training, cluster: Cluster) -> float:
    if work.micro_batch:
        return float(work.micro_batch)
    return max(1.0, work.global_batch / cluster.count) if work.global_batch else USUAL_SAMPLES


def _answer(run: Run) -> Estimate:
    plan, cluster = run.plan, run.cluster
    per_unit = flops_per_unit(run)
    rate = speed.rate(_load(run), _site(run), run.known.factors)
    doubts = explain.doubts(plan, run.cell, run.known, cluster.count)
    units = interval(rate / plan.amount.padding, spread(together(doubts.values())))
    hours = None
    if plan.amount.units:
        steady = plan.amount.units * plan.amount.padding / rate / 3600
        goodput, whole = _goodput(steady * cluster.count, plan.key.chips, run.known)
        doubts["whole run"] = whole
        hours = interval(steady / goodput, spread(together(doubts.values())))
    why = explain.why_not(run.memory, run.split, plan, cluster)
    return Estimate(
        cluster=cluster,
        flops=per_unit * plan.amount.padding * plan.amount.units if plan.amount.units else None,
        hours=hours,
        tokens_per_s=units if plan.text else None,
        samples_per_s=units.times(1 / plan.amount.per_sample) if plan.text else units,
        memory=run.memory,
        fits=not why,
        why_not=why,
        advice=explain.advice(run.memory, run.split, plan) if why else (),
        split=fit.said(run.split, cluster.count),
        batch=round(run.split.micro_batch),
        assumptions=tuple(plan.assumptions),
        steps=explain.steps(run.cell, plan, per_unit, rate, cluster.count),
        biggest_unknown=explain.biggest_unknown(doubts),
    )


def _goodput(accelerator_hours: float, chips: str, known: Tables) -> tuple[float, float]:
    """Share of the billed time that is steady training, and its uncertainty; runs long enough to meet failures lose."""
    f, sigmas = known.factors, known.sigmas
    long = f.get(f"goodput_long_{chips}", f["goodput_long"])
    short = 1 / (1 + accelerator_hours / f["goodput_pivot"])
    share = long + (f["goodput_short"] - long) * short
    return share, sigmas["whole_run"] + (sigmas["short_run"] - sigmas["whole_run"]) * short


def flops_per_unit(run: Run) -> float:
    """Model FLOPs of one trained token or sample, recomputation not counted."""
    plan = run.plan
    if run.of is None:
        return run.gflops * 1e9 * (3.0 if plan.method == "full" else 2.0)
    return dense_flops(run.of, run.work.model.family) * passes(plan.method) + 3 * attention_flops(
        run.of, plan.amount.per_sample
    )


def _load(run: Run) -> speed.Load:
    plan, of, work, f = run.plan, run.of, run.work, run.known.factors
    if of is None:
        return speed.Load(
            flops=flops_per_unit(run),
            hidden=work.model.hidden,
            micro=float(work.micro_batch or f["usual_samples"]),
            step=float(work.global_batch) if work.global_batch else None,
            overhead=0.0,
            gathered=0.0,
            reduced=4.0 * work.model.params,
            unpacked=0.0,
            launched=f["launch_step"],
            recompute=False,
            adapters=False,
        )
    length = plan.amount.per_sample
    sharded = run.cluster.count > 1 and plan.stack not in fit.MODEL_PARALLEL
    full = plan.method == "full"
    passed = {"full": 6.0, "lora": 4.0, "qlora": 2 * NF4}[plan.method]  # bytes a weight: 2 or 3 times through the links
    gathered = passed * of.params if sharded and (full or run.split.zero >= 3) else 0.0
    attention = 3 * attention_flops(of, length)
    return speed.Load(
        flops=flops_per_unit(run) + attention * (1 / f["attention_share"] - 1),
        hidden=of.hidden,
        micro=plan.micro_batch * length * plan.amount.padding if plan.micro_batch else f["usual_tokens"],
        step=work.global_batch * length * plan.amount.padding if work.global_batch else None,
        overhead=f["gather_tokens"] if gathered else 0.0,
        gathered=gathered,
        reduced=4.0 * (of.params if full else adapter_weights(of, 16)),
        unpacked=UNPACKED * of.params if plan.method == "qlora" else 0.0,
        launched=f["launch_layer"] * of.layers if plan.stack in EAGER else 0.0,
        recompute=work.recompute == "full",
        adapters=not full,
    )


def _site(run: Run) -> speed.Site:
    cluster, chip, peak = run.cluster, run.cluster.chip, run.plan.peak.flops_per_s
    bytes_per_s = (chip.bandwidth_gb_s if chip and chip.bandwidth_gb_s else 300.0) * GB
    balance = 1.0
    if run.plan.key.kind in BANDWIDTH_BOUND:
        balance = (bytes_per_s / peak * run.known.factors["balance"]) ** 0.5
    return speed.Site(
        flops_per_s=peak,
        share=min(run.cell.share * balance, HIGHEST),
        bytes_per_s=bytes_per_s,
        link_gb_s=(chip.link_gb_s if chip and chip.link_gb_s else 64.0),
        count=cluster.count,
        per_node=max(1, cluster.per_node),
        instance=cluster.instance,
    )
