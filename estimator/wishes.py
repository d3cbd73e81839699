"""Wishes: deadline, budget, latency, number of machines, and where an option misses them."""

from __future__ import annotations

from collections.abc import Iterator

from estimator.option import Option
from estimator.result import Estimate, Range
from estimator.units import duration, milliseconds, money, plural
from estimator.workload import Inference, Workload

OUTPUT_TOKENS = 128.0  # where the length of an answer is not told


def limited(work: Workload) -> bool:
    """Whether any wish can be missed by a machine that is suitable."""
    wish = work.wish
    told = [wish.deadline_hours, wish.budget_usd, wish.max_usd_per_hour, wish.max_nodes]
    if isinstance(work, Inference):
        told += [work.max_ttft_ms, work.max_tpot_ms, work.max_latency_ms]
    return any(limit is not None for limit in told)


def limits_missed(
    work: Workload, made: Estimate, hours: Range | None, usd: Range | None, hourly: float | None, nodes: int
) -> Iterator[str]:
    """Each wish that is missed, as a sentence with the figures."""
    wish = work.wish
    if wish.deadline_hours is not None and hours is not None and hours.mid > wish.deadline_hours:
        yield f"takes {duration(hours.mid)}, over the {duration(wish.deadline_hours)} given"
    if wish.budget_usd is not None and usd is not None and usd.mid > wish.budget_usd:
        yield f"costs {money(usd.mid)}, over the {money(wish.budget_usd)} given"
    if wish.max_usd_per_hour is not None and hourly is not None and hourly > wish.max_usd_per_hour:
        yield f"costs {money(hourly)} an hour, over the {money(wish.max_usd_per_hour)} given"
    if wish.max_nodes is not None and nodes > wish.max_nodes:
        yield f"takes {plural(nodes, 'machine')}, over the {wish.max_nodes} given"
    if isinstance(work, Inference):
        yield from too_slow(made, work)


def misses(option: Option, work: Workload) -> Iterator[str]:
    """Each wish that the option misses."""
    made, hourly = option.estimate, option.usd_per_hour
    return limits_missed(work, made, option.hours, option.usd, hourly, option.nodes)


def matches(option: Option, work: Workload) -> bool:
    """Whether the option runs and misses no wish."""
    return option.estimate.fits and next(misses(option, work), None) is None


def too_slow(made: Estimate, work: Inference) -> Iterator[str]:
    """Each limit of latency that is missed."""
    for name, found, limit in (
        ("first token", made.ttft_ms, work.max_ttft_ms),
        ("each further token", made.tpot_ms, work.max_tpot_ms),
        ("a request", request_ms(made, work), work.max_latency_ms),
    ):
        if limit is not None and found is not None and found.mid > limit:
            yield f"{name} takes {milliseconds(found.mid)}, over the {milliseconds(limit)} given"


def request_ms(made: Estimate, work: Inference) -> Range | None:
    """The time of a whole request: first token, then one step for each further token."""
    if made.ttft_ms is None:
        return None
    if made.tpot_ms is None:
        return made.ttft_ms
    further = max(0.0, (work.output_tokens or OUTPUT_TOKENS) - 1)
    first, each = made.ttft_ms, made.tpot_ms
    return Range(first.low + further * each.low, first.mid + further * each.mid, first.high + further * each.high)
