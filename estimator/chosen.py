"""What best, cheapest and fastest mean, in words, and when the rule behind a word decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from estimator.option import Option
from estimator.price import PLANS
from estimator.result import Step
from estimator.units import duration, money

PATIENCE_HOURS = 168.0  # a week of waiting weighs as much as the price of the job
HARD_TO_GET = 64  # so many machines at once weigh as much as the price again
LONGEST_HOURS = 2160.0  # 90 days; nobody waits longer to save money


def rules(options: tuple[Option, ...]) -> Iterator[Step]:
    """The rules of an answer with a choice, as a step of *How was this computed?*."""
    if len(options) < 2:
        return
    timed = any(option.hours for option in options)
    best = (
        f"best: lowest cost x (1 + hours / {PATIENCE_HOURS:.0f}) x (1 + machines / {HARD_TO_GET}), on demand"
        if timed
        else "best: lowest cost, on demand"
    )
    within = f" that is done within {LONGEST_HOURS / 24:.0f} days" if timed else ""
    yield Step(
        name="best, cheapest, fastest",
        formula=f"{best}; cheapest: lowest cost{within}, spot too; fastest: shortest time",
        source="wishes are held against the best guess, a deadline with the start of the machines; savings plans stand"
        " aside unless asked for, as do choices whose memory may not suffice",
    )


def passed_over(certain: Iterable[Option], cheapest: Option | None) -> Iterator[str]:
    """What costs less than *cheapest* and is not called so, with the reason; *certain* keeps every wish."""
    if cheapest is None or cheapest.usd is None:
        return
    limit = cheapest.usd.mid
    less = [one for one in certain if one.usd is not None and one.usd.mid < limit]
    if slow := _least(one for one in less if one.market not in PLANS):
        took, days = duration(slow.hours.mid if slow.hours else None), f"{LONGEST_HOURS / 24:.0f} days"
        yield f"{slow.label} would cost {_usd(slow)} and take {took}; cheapest is what is done within {days}"
    if plan := _least(one for one in less if one.market in PLANS):
        yield f"{plan.label} would cost {_usd(plan)}; a commitment over years is not called cheapest unless asked for"


def _least(options: Iterable[Option]) -> Option | None:
    return min(options, key=lambda option: option.usd.mid if option.usd else inf, default=None)


def _usd(option: Option) -> str:
    return money(option.usd.mid if option.usd else None)
