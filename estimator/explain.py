"""A training estimate in words: why it does not fit, how it was computed, what makes it uncertain."""

from __future__ import annotations

from collections.abc import Iterator

from estimator import margin
from estimator.efficiency import Cell, Tables
from estimator.intervals import spread
from estimator.plan import Plan
from estimator.result import Cluster, Memory, Step
from estimator.stacks import SAYS
from estimator.units import figure, gigabytes

# Share of the peak in a large step on few chips, the attention core apart, over the published utilisation of a step.
LARGE_STEP = {"dense": 1.2, "moe": 1.55}
PARTS = ("weights", "gradients", "optimizer", "adapters", "activations", "logits", "gathered layers", "framework")


def why_not(memory: Memory, cluster: Cluster) -> str:
    """One sentence with the numbers when the work does not fit; empty when it does."""
    if memory.fits:
        return ""
    name = cluster.chip.name if cluster.chip else "machine"
    largest = sorted(memory.parts.items(), key=lambda part: -part[1])[:3]
    parts = ", ".join(f"{part} {figure(size)}" for part, size in largest)
    return (
        f"needs about {margin.need(memory)} on each {name}, which has {gigabytes(memory.usable_gb)} to use,"
        f" {margin.margin(memory)} ({memory.at}; {parts} GB)"
    )


def steps(plan: Plan, cell: Cell, memory: Memory, figures: dict[str, float], count: int) -> tuple[Step, ...]:
    """How speed and memory were computed; *figures* holds flops (a unit), share, rate, goodput."""
    unit = "token" if plan.text else "sample"
    peak = f"{plan.peak.flops_per_s / 1e12:,.4g} TFLOP/s a chip ({plan.peak.precision})"
    parts = [f"{name} {memory.parts[name]:,.1f}" for name in PARTS if memory.parts.get(name)]
    found = [
        Step(
            name=f"model FLOPs a {unit}",
            formula=_flops(plan, figures["flops"]),
            source="counted from the architecture; recomputation is not counted",
        ),
        Step(
            name="efficiency of a large step",
            formula=f"{figures['share']:.0%} of {peak}",
            source=f"{_measured(plan, cell)}: {cell.source}",
        ),
        Step(
            name="speed",
            formula=f"{figures['rate']:,.4g} {unit}s/s on {count} chips, {_used(plan, figures, count):.0%} of the peak",
            source="the efficiency, less what width, micro-batch, number of chips and links take",
        ),
        Step(name="memory", formula=" + ".join(parts) + " GB", source="formulas by part, checked on published runs"),
    ]
    if "goodput" in figures:
        source = "published whole runs over steady state: restarts, failures, checkpoints, evaluation"
        found.append(Step(name="goodput", formula=f"{figures['goodput']:.0%} of the billed time", source=source))
    return tuple(found)


def unusual(plan: Plan, cell: Cell, figures: dict[str, float], count: int) -> Iterator[str]:
    """What is said where nothing was measured, or where the step's utilisation is outside what was."""
    if not plan.text or plan.method != "full":
        return
    if not cell.rows:
        yield f"efficiency carried over: no run was measured of {_cell(plan)}"
        return
    usual, around = cell.share / LARGE_STEP.get(plan.key.kind, LARGE_STEP["dense"]), spread(cell.sigma)
    used, low, high = _used(plan, figures, count), usual * around.low, usual * around.high
    if used > high:
        yield f"{used:.0%} of the peak is more than the {high:.0%} that 9 of 10 such runs stay below: a large step"
    elif used < low:
        why = "small micro-batches, narrow matrices, many chips, slow links or recomputation"
        yield f"{used:.0%} of the peak is less than the {low:.0%} that 9 of 10 such runs reach: {why}"


def _flops(plan: Plan, flops: float) -> str:
    kind = "4 x weights" if plan.method != "full" else "6 x weights"
    return f"{kind} + attention = {flops:.3g}" if plan.text else f"3 x forward = {flops:.3g}"


def _used(plan: Plan, figures: dict[str, float], count: int) -> float:
    return figures["flops"] * figures["rate"] / (plan.peak.flops_per_s * count)


def _measured(plan: Plan, cell: Cell) -> str:
    times = LARGE_STEP.get(plan.key.kind, LARGE_STEP["dense"])
    measured = "" if cell.rows else " (no measured row of its own)"
    return f"{_cell(plan)}{measured}, a large step at {times:g} x the published utilisation of whole steps"


def _cell(plan: Plan) -> str:
    return f"{plan.key.chips}, {plan.key.precision}, {plan.key.kind}, {SAYS.get(plan.stack, 'software of any kind')}"


def doubts(plan: Plan, cell: Cell, known: Tables) -> dict[str, float]:
    """Standard deviations of the logarithm that make the speed uncertain, by what they come from."""
    sigmas = known.sigmas
    found = {"efficiency": max(cell.sigma, sigmas["floor"])}
    if plan.key.chips not in known.seen:
        found["chip"] = sigmas["chip"]
    for name in plan.guessed:
        found[name] = sigmas[name]
    if plan.method != "full":
        found["adapters"] = sigmas["adapters"]
    if plan.norms:
        found["norms"] = known.factors["dora_spread"]
    return found
