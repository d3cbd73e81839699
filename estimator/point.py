"""The point of an answer in a few sentences: the choice with its time and cost, or why there is none."""

from __future__ import annotations

from dataclasses import replace

from estimator import margin, said
from estimator.cost import START_HOURS
from estimator.option import Option
from estimator.price import is_service
from estimator.rank import Ranking
from estimator.result import Estimate
from estimator.units import count, duration, duration_range, figure, milliseconds, money, money_range
from estimator.wishes import out_of_reach, prospects
from estimator.workload import Training, Workload

FEW_REASONS = 2
RUNS_NOT = "does not run on"


def headline(work: Workload, ranking: Ranking, per: str) -> str:
    """What was understood, the choice with its time and cost, how the wishes stand, and whether it fits."""
    wishes = prospects(ranking.best, work) if ranking.best else ()
    return _point(work, ranking, per) + "".join(f" {one}." for one in wishes) + _room(work, ranking.best)


def _room(work: Workload, best: Option | None) -> str:
    """Whether it fits, as a sentence, where that is in doubt or all that the words ask for; else ""."""
    memory = best.estimate.memory if best else None
    if best is None or memory is None:
        return ""
    if not memory.certain:
        surer = margin.advice(memory, best.estimate.advice)
        return f" It {margin.verdict(memory)}: {margin.said(memory)}." + (f" Surer: {surer}." if surer else "")
    asked = work.hardware is not None and best.usd is None
    return f" It {margin.verdict(memory)}: {margin.said(memory)}." if asked else ""


def _point(work: Workload, ranking: Ranking, per: str) -> str:
    what = said.asked(work)
    best = ranking.best
    if best is None:
        return f"{what}. {_nothing(work, ranking)}"
    made, label = best.estimate, _where(best, work)
    if best.usd is not None and is_service(work):
        return f"{what}. {label} costs {money(best.usd.mid)} for {per} and serves {_speed(made)}."
    if best.hours is not None and best.usd is not None:
        cost = f"costs {money(best.usd.mid)} ({money_range(best.usd)})"
        return f"{what}. {label} takes {duration(best.hours.mid)} ({duration_range(best.hours)}) and {cost}."
    if best.hours is not None:
        return f"{what}. {label} takes {duration(best.hours.mid)} ({duration_range(best.hours)}); cost unknown."
    price = best.usd_per_million_tokens or best.usd_per_thousand_requests
    unit = "million tokens" if best.usd_per_million_tokens else "thousand samples"
    cost = f", {money(price.mid)} per {unit}" if price else ""
    return f"{what}. {label} does {_speed(made)}{cost}.{_until(work, made)}"


def _until(work: Workload, made: Estimate) -> str:
    """How much a training without an amount gets done until its deadline, as a sentence; "" without one."""
    rate, unit = (made.tokens_per_s, "tokens") if made.tokens_per_s else (made.samples_per_s, "samples")
    if not isinstance(work, Training) or work.wish.deadline_hours is None or rate is None:
        return ""
    seconds = 3600 * max(0.0, work.wish.deadline_hours - START_HOURS)
    low, high = count(rate.low * seconds), count(rate.high * seconds)
    return f" In {duration(work.wish.deadline_hours)} with start-up that makes {low}-{high} {unit}."


def _where(option: Option, work: Workload) -> str:
    """The machines, or the chips that were asked for with the machines that hold them."""
    if not (work.hardware and work.hardware.accelerator and option.instance_type):
        return option.label
    cluster = option.estimate.cluster
    return f"{cluster.count} x {work.hardware.accelerator} (as {option.label})"


def _nothing(work: Workload, ranking: Ranking) -> str:
    """Why there is no best choice: what is nearest misses a wish, or nothing runs."""
    nearest = ranking.options[0] if ranking.options else None
    if nearest is None:
        if work.wish.families and ranking.left_out:
            return f"Nothing that was named runs it: {'; '.join(ranking.left_out[:FEW_REASONS])}."
        return "No machine of the catalog can run it under these wishes."
    made = nearest.estimate
    if not made.fits:
        memory = made.memory
        held = RUNS_NOT if memory is None or memory.fits else margin.verdict(memory)
        helps = margin.advice(memory, made.advice) if memory else "; ".join(made.advice)
        change = f" {'What helps' if held == RUNS_NOT else 'What makes it fit'}: {helps}." if helps else ""
        return f"It {held} {_where(nearest, work)}: {made.why_not}.{change}"
    if made.overload:
        helps = f" What helps: {'; '.join(made.advice)}." if made.advice else ""
        more = " and ".join(one for one in nearest.failing if one != made.overload)
        where = _where(replace(nearest, market="on-demand"), work)
        return f"It runs on {where}, but too slowly: {made.overload}{more and f', and {more}'}.{helps}"
    several = len({one.machines for one in ranking.options}) > 1
    far = out_of_reach(ranking.options, work) if several else ()
    best = "".join(f" {one[0].upper()}{one[1:]}." for one in far)
    which = "the nearest for its cost" if far else "the nearest"
    return f"No choice meets every wish; {which}, {nearest.label}, {' and '.join(nearest.failing)}.{best}"


def _speed(made: Estimate) -> str:
    parts = []
    if made.tokens_per_s is not None:
        parts.append(f"{figure(made.tokens_per_s.mid)} tokens/s")
    elif made.samples_per_s is not None:
        parts.append(f"{figure(made.samples_per_s.mid)} samples/s")
    if made.ttft_ms is not None:
        first = "first token after" if made.tpot_ms is not None else "each answered within"
        parts.append(f"{first} {milliseconds(made.ttft_ms.mid)}")
    return ", ".join(parts) or "the work"
