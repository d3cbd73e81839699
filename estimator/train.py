"""Training and fine-tuning on one cluster: time, speed, memory and whether it fits, with 80 % intervals."""

from __future__ import annotations

from collections.abc import Callable

from data.catalog import Catalog
from estimator import explain, fit, speed, split, told_speed
from estimator.compute import sample_gflops
from estimator.efficiency import Tables, tables
from estimator.intervals import interval, spread, together
from estimator.plan import make_plan
from estimator.result import Cluster, Estimate, Range
from estimator.run import Run, flops_per_unit, load_of, resolve, site_of
from estimator.telling import biggest
from estimator.workload import Training


def estimate(work: Training, cluster: Cluster, catalog: Catalog) -> Estimate:
    """One training or fine-tuning on one cluster; what cannot run says why in *why_not*."""
    known = tables(catalog)
    plan = make_plan(work, cluster, known.factors)
    gflops = 0.0 if isinstance(plan, str) or plan.text else sample_gflops(work.model)
    if gflops is None:
        plan = f"the FLOPs of {work.model.name} are not known: give gflops_per_sample, or params"
    where = split.place(work, cluster.count, split.cores_of(cluster.chip))
    impossible = split.problem(split.in_fields(work.parallel), where) if cluster.chip else None
    if impossible:
        plan = impossible.message.rstrip(".")
    if isinstance(plan, str):
        return Estimate(cluster=cluster, fits=False, why_not=plan)
    run = resolve(work, cluster, plan, gflops or 0.0, known, catalog)
    return _answer(run, lambda told: estimate(told, cluster, catalog))


def _answer(run: Run, again: Callable[[Training], Estimate]) -> Estimate:
    plan, amount = run.plan, run.plan.amount
    doubts = explain.doubts(plan, run.cell, run.known)
    load, site, factors = load_of(run), site_of(run), run.known.factors
    rate = told_speed.rate(run, load, site, factors) / (factors["dora_slower"] if plan.norms else 1.0)
    plan.assumptions.extend(told_speed.says(run, load, site))
    ideal = speed.ideal_seconds(load, site, factors)
    figures = {"flops": flops_per_unit(run), "rate": rate, "ideal": ideal, "share": site.share}
    plan.assumptions.extend(explain.unusual(plan, run.cell, figures, run.cluster.count))
    units = interval(rate / amount.padding, spread(together(doubts.values())))
    hours = _hours(run, rate, doubts, figures)
    return Estimate(
        cluster=run.cluster,
        flops=figures["flops"] * amount.padding * amount.units if amount.units else None,
        hours=hours,
        tokens_per_s=units if plan.text else None,
        samples_per_s=units.times(1 / amount.per_sample) if plan.text else units,
        memory=run.memory,
        fits=run.memory.fits,
        why_not=explain.why_not(run.memory, run.cluster),
        advice=run.advice,
        split=fit.said(run.split, run.cluster.count),
        batch=round(run.split.micro_batch),
        assumptions=tuple(plan.assumptions),
        explain=lambda: (
            *explain.steps(plan, run.cell, run.memory, figures, run.cluster.count),
            *told_speed.steps(run, load, site),
        ),
        doubt=lambda: biggest(run.work, again),
    )


def _hours(run: Run, rate: float, doubts: dict[str, float], figures: dict[str, float]) -> Range | None:
    """Time of the whole job; adds goodput to *figures* and its uncertainty to *doubts*."""
    amount = run.plan.amount
    if not amount.units:
        return None
    work = amount.units * amount.padding / 3600
    figures["goodput"], doubts["whole run"] = goodput(work * figures["ideal"], run.plan.key.chips, run.known)
    return interval(work / rate / figures["goodput"], spread(together(doubts.values())))


def goodput(accelerator_hours: float, chips: str, known: Tables) -> tuple[float, float]:
    """Share of the billed time that is steady training, and its uncertainty: long runs meet failures.

    *accelerator_hours* are those of an ideal step, the same for any number of chips.
    """
    factors, sigmas = known.factors, known.sigmas
    long = factors.get(f"goodput_long_{chips}", factors["goodput_long"])
    short = 1 / (1 + accelerator_hours / factors["goodput_pivot"])
    share = long + (factors["goodput_short"] - long) * short
    return share, sigmas["whole_run"] + (sigmas["short_run"] - sigmas["whole_run"]) * short
