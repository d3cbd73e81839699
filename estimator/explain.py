"""A training estimate in words: why it does not fit, what to change, how it was computed, what would narrow it."""

from __future__ import annotations

from estimator.efficiency import Cell, Tables
from estimator.intervals import spread, together
from estimator.memory import Split
from estimator.plan import Plan
from estimator.result import Cluster, Memory, Step
from estimator.stacks import UNNAMED


def why_not(memory: Memory, split: Split, plan: Plan, cluster: Cluster) -> str:
    """One sentence with the numbers when the work does not fit; empty when it does."""
    if memory.fits:
        return ""
    name = cluster.chip.name if cluster.chip else "the machine"
    return (
        f"needs about {memory.per_accelerator.mid:,.1f} GB on each {name}, which has {memory.usable_gb:,.1f} GB to use"
        f" (micro-batch {split.micro_batch:g})"
    )


def advice(memory: Memory, split: Split, plan: Plan) -> tuple[str, ...]:
    """What to change, the easiest first."""
    found = []
    if split.micro_batch > 1:
        found.append("a smaller micro-batch")
    if split.recompute == "none" and plan.text:
        found.append("recompute activations (gradient checkpointing)")
    if split.zero < 3 and split.dp > 1:
        found.append("ZeRO-3 / FSDP full sharding")
    if plan.method == "full":
        found.append("LoRA instead of full fine-tuning")
    elif plan.method == "lora":
        found.append("QLoRA: 4-bit weights")
    found.append(f"chips with at least {memory.per_accelerator.mid:,.0f} GB, or more of them")
    return tuple(found)


def steps(cell: Cell, plan: Plan, per_unit: float, rate: float, count: int) -> tuple[Step, ...]:
    """How the speed was computed."""
    unit = "token" if plan.text else "sample"
    return (
        Step(name=f"FLOPs a {unit}", formula=f"{per_unit:.3g}", source="from the architecture"),
        Step(
            name="efficiency",
            formula=f"{cell.share:.0%} of {plan.peak.flops_per_s / 1e12:,.0f} TFLOP/s, {cell.rows} rows",
            source=cell.source,
        ),
        Step(name="speed", formula=f"{rate:,.4g} {unit}s/s on {count} chips", source="FLOPs over efficiency"),
    )


TELL = {
    "framework": "name the framework",
    "tokens": "say how many tokens a sample really has",
    "precision": "name the precision",
    "flops": "say gflops_per_sample",
    "shape": "give the model's layers, hidden size and heads",
    "batch": "say the global batch",
}


def doubts(plan: Plan, cell: Cell, known: Tables, count: int) -> dict[str, float]:
    """Standard deviations of the logarithm that make the speed uncertain, by what they come from."""
    sigmas = known.sigmas
    found = {"efficiency": max(cell.sigma, sigmas["floor"])}
    if plan.stack == UNNAMED:
        found["framework"] = sigmas["framework"]
    if plan.key.chips not in known.seen:
        found["chip"] = sigmas["chip"]
    for name in plan.guessed:
        found[name] = sigmas[name]
    if plan.method != "full":
        found["adapters"] = sigmas["adapters"]
    return found


def biggest_unknown(found: dict[str, float]) -> str:
    """What to tell so that the range narrows most, with how much it would; empty when all that matters was told."""
    name = max((name for name in found if name in TELL), key=lambda name: found[name], default=None)
    if name is None:
        return ""
    now = spread(together(found.values())).width
    then = spread(together(sigma for other, sigma in found.items() if other != name)).width
    return f"{TELL[name]}: the range narrows from x{now:.1f} to x{then:.1f}"
