"""What every serving estimate starts from, and what all of them say of uncertainty and of a rate that is too high."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from estimator.intervals import Spread, interval, spread
from estimator.result import Cluster, Estimate, Range
from estimator.serve_machine import Machine
from estimator.serve_tables import Tables
from estimator.telling import biggest
from estimator.workload import Inference

BUSIEST = 0.7  # of a replica's capacity, so that the 95th percentile of the wait stays short
MET_SIGMA = 0.05  # of a demand that the machines can meet: it is what it is
MANY = 1e12
Doubts = dict[str, float]  # deviations of the logarithm that make a speed uncertain, by what they come from


@dataclass(frozen=True, slots=True)
class Setting:
    """One work on one cluster: the machine as serving sees it, the tables, and what was assumed so far."""

    work: Inference
    cluster: Cluster
    machine: Machine
    known: Tables
    said: list[str]
    again: Callable[[Inference], Estimate]  # the estimate of the same with something told

    def doubt(self) -> str:
        """What to tell so that the range narrows most."""
        return biggest(self.work, self.again)

    def doubts(self, group: str, *, named: bool) -> Doubts:
        """What is uncertain of any speed: the group of software, what was not named, a class of chips without rows."""
        sigmas = self.known.sigmas
        found = {"residual": self.known.sigma(group, group.partition(".")[0])}
        if group not in sigmas:
            found["software"] = sigmas["software"]
        if not named:
            found["framework"] = sigmas["framework"]
        if self.work.precision is None:
            found["precision"] = sigmas["precision"]
        if not self.machine.measured:
            found["chip"] = sigmas["chip"]
        return found

    def rates(self, rate: float, capacity: float, around: Spread) -> Range:
        """Requests a second: a demand that is met is certain, what the machines set is not."""
        met = self.work.qps is not None and rate < BUSIEST * capacity
        return interval(rate, spread(MET_SIGMA) if met else around)


def short(made: Estimate, wanted: float | None, capacity: float) -> Estimate:
    """The estimate, with how many replicas the wished rate needs; it runs too slowly where there are fewer."""
    if wanted is None or not made.fits:
        return made
    need = math.ceil(min(MANY, wanted * made.replicas / (BUSIEST * capacity)))
    if need == made.replicas:
        return made
    if need < made.replicas:
        enough = f"{need} of {made.replicas} replicas carry {wanted:g} requests a second at {BUSIEST:.0%} load"
        return replace(made, assumptions=(*made.assumptions, enough))
    there = f"{made.replicas:,} {'is' if made.replicas == 1 else 'are'} there"
    why = (
        f"{wanted:g} requests a second need {need:,} replicas at {BUSIEST:.0%} load, {there} "
        f"({capacity:.3g} a second at most)"
    )
    return replace(made, overload=why, advice=(f"take {need:,} replicas{_machines(made, need)}",))


def _machines(made: Estimate, replicas: int) -> str:
    """The machines that hold so many replicas: ": 4 x g5.xlarge"; "" for chips that are no EC2 type."""
    cluster = made.cluster
    if cluster.instance is None:
        return ""
    return f": {math.ceil(replicas * cluster.nodes / made.replicas):,} x {cluster.instance.name}"
