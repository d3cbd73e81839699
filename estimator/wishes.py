"""Wishes: deadline, budget, latency, number of machines, and where an option misses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from estimator.cost import START_HOURS
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


@dataclass(frozen=True, slots=True)
class Held:
    """A figure held against a wish: "takes" 6.2 h " with start-up" against 8 h; its best guess decides."""

    does: str
    found: Range
    limit: float
    said: Callable[[float], str]
    more: str = ""

    @property
    def missed(self) -> str:
        """How the wish is missed; "" where the best guess keeps it."""
        if self.found.mid <= self.limit:
            return ""
        return f"{self.does} {self.said(self.found.mid)}{self.more}, over the {self.said(self.limit)} given"

    @property
    def risk(self) -> str:
        """That the high end misses what the best guess keeps; "" where nothing is at risk."""
        if not self.found.mid <= self.limit < self.found.high:
            return ""
        likely = f"Likely {self.said(self.found.mid)}{self.more}, within the {self.said(self.limit)} given"
        return f"{likely}; could miss: high is {self.said(self.found.high)}"

    @property
    def kept(self) -> str:
        """That the high end keeps it, too; "" where it does not."""
        if self.found.high > self.limit:
            return ""
        return f"Within the {self.said(self.limit)} given at the high end, too: {self.said(self.found.high)}{self.more}"


def _held(work: Workload, made: Estimate, hours: Range | None, usd: Range | None) -> Iterator[Held]:
    """The figures that have a range; a deadline is held against the work and the start of its machines."""
    wish = work.wish
    if wish.deadline_hours is not None and hours is not None:
        started = Range(*(hour + START_HOURS for hour in (hours.low, hours.mid, hours.high)))
        yield Held("takes", started, wish.deadline_hours, duration, " with start-up")
    if wish.budget_usd is not None and usd is not None:
        yield Held("costs", usd, wish.budget_usd, money)
    if isinstance(work, Inference):
        yield from _latencies(made, work)


def limits_missed(
    work: Workload, made: Estimate, hours: Range | None, usd: Range | None, hourly: float | None, nodes: int
) -> Iterator[str]:
    """Each wish that is missed by the best guess, as a sentence with the figures."""
    wish = work.wish
    if made.overload:
        yield made.overload
    yield from (one.missed for one in _held(work, made, hours, usd) if one.missed)
    if wish.max_usd_per_hour is not None and hourly is not None and hourly > wish.max_usd_per_hour:
        yield f"costs {money(hourly)} an hour, over the {money(wish.max_usd_per_hour)} given"
    if wish.max_nodes is not None and nodes > wish.max_nodes:
        yield f"takes {plural(nodes, 'machine')}, over the {wish.max_nodes} given"


def risks(option: Option, work: Workload) -> tuple[str, ...]:
    """Each wish that the best guess keeps and the high end misses."""
    return tuple(one.risk for one in _held(work, option.estimate, option.hours, option.usd) if one.risk)


def prospects(option: Option, work: Workload) -> tuple[str, ...]:
    """Of each wish that the best guess keeps: whether the high end does, too; sentences without their full stop."""
    found = _held(work, option.estimate, option.hours, option.usd)
    return tuple(one.risk or one.kept for one in found if one.risk or one.kept)


def shortfall(option: Option, work: Workload) -> float:
    """How many times the limit is the worst of the missed wishes; 1 where none is missed or none has a measure."""
    wish, ratios = work.wish, [1.0]
    ratios += [one.found.mid / one.limit for one in _held(work, option.estimate, option.hours, option.usd)]
    if wish.max_usd_per_hour is not None and option.usd_per_hour is not None:
        ratios.append(option.usd_per_hour / wish.max_usd_per_hour)
    if wish.max_nodes is not None:
        ratios.append(option.nodes / wish.max_nodes)
    return max(ratios)


def out_of_reach(options: Iterable[Option], work: Workload) -> tuple[str, ...]:
    """Of each limit that no option keeps: which comes nearest, and how near."""
    able = [option for option in options if option.estimate.fits]
    held = [(one, option) for option in able for one in _held(work, option.estimate, option.hours, option.usd)]
    found = []
    for does in dict.fromkeys(one.does for one, _ in held):
        nearest, option = min(
            ((one, option) for one, option in held if one.does == does), key=lambda pair: pair[0].found.mid
        )
        if nearest.missed:
            least = f"{nearest.said(nearest.found.mid)}{nearest.more}"
            found.append(f"{does} {least} at best, on {option.label}; {nearest.said(nearest.limit)} is out of reach")
    return tuple(found)


def misses(option: Option, work: Workload) -> Iterator[str]:
    """Each wish that the option misses."""
    made, hourly = option.estimate, option.usd_per_hour
    return limits_missed(work, made, option.hours, option.usd, hourly, option.nodes)


def matches(option: Option, work: Workload) -> bool:
    """Whether the option runs and misses no wish."""
    return option.estimate.able and next(misses(option, work), None) is None


def too_slow(made: Estimate, work: Inference) -> Iterator[str]:
    """Each limit of latency that is missed."""
    return (one.missed for one in _latencies(made, work) if one.missed)


def _latencies(made: Estimate, work: Inference) -> Iterator[Held]:
    for name, found, limit in (
        ("first token", made.ttft_ms, work.max_ttft_ms),
        ("each further token", made.tpot_ms, work.max_tpot_ms),
        ("a request", request_ms(made, work), work.max_latency_ms),
    ):
        if limit is not None and found is not None:
            yield Held(f"{name} takes", found, limit, milliseconds)


def request_ms(made: Estimate, work: Inference) -> Range | None:
    """The time of a whole request: first token, then one step for each further token."""
    if made.ttft_ms is None:
        return None
    if made.tpot_ms is None:
        return made.ttft_ms
    further = max(0.0, (work.output_tokens or OUTPUT_TOKENS) - 1)
    first, each = made.ttft_ms, made.tpot_ms
    return Range(first.low + further * each.low, first.mid + further * each.mid, first.high + further * each.high)
