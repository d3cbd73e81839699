"""A training estimate in words: why it does not fit, what to change, how it was computed, what would narrow it."""

from __future__ import annotations

from estimator.efficiency import Cell, Tables
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


def biggest_unknown(plan: Plan, known: Tables) -> str:
    """What to tell so that the range narrows, with how much it would; empty when nothing stands out."""
    what = "run" if plan.method == "full" else "finetune"
    if plan.stack == UNNAMED:
        now, then = known.spreads[what, "no stack"].width, known.spreads[what, "stack"].width
        return f"name the framework: the range narrows from x{now:.1f} to x{then:.1f}"
    return ""
