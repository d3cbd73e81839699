"""One way to serve a model, and what every way is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from data.catalog import Catalog
from data.shapes import Instance
from estimator.result import Estimate
from estimator.units import MONTH_HOURS, figure, money
from estimator.wishes import request_ms
from estimator.workload import Inference

REAL_TIME, SERVERLESS, ASYNCHRONOUS = "real-time endpoint", "serverless endpoint", "asynchronous endpoint"
TRANSFORM, LAMBDA, FARGATE = "batch transform", "Lambda", "Fargate"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointShape:
    """One way to serve: whether it fits and why, on what, how many, when to scale, and what it costs.

    *usd* is for the month of a service, or for the job; None is unknown. *target* is the SageMaker metric
    InvocationsPerInstance, per minute, at which autoscaling keeps a machine at 70 % of what it can do.
    """

    kind: str
    fits: bool
    why: str
    instance: str | None = None  # "ml.g5.xlarge", "4 GB", "2 vCPU, 16 GB"
    count: int = 0
    memory_gb: float | None = None
    request_ms: float | None = None
    target: float | None = None
    usd: float | None = None
    price: str = ""  # what the price rests on, in words; "" where it is unknown
    price_as_of: date | None = None
    advised: bool = False
    asked: bool = False  # named by who asks

    @property
    def line(self) -> str:
        """The shape in one line."""
        if not self.fits:
            return f"{self.kind}: no, {self.why}"
        on = f" on {self.machines}" if self.machines else ""
        return f"{self.kind}{on}, {money(self.usd)}: {self.reason}"

    @property
    def machines(self) -> str:
        """2 x ml.g5.xlarge, or the size of one function; "" where it does not run."""
        one = self.instance or ""
        return f"{self.count} x {one}" if self.count > 1 or one.startswith("ml.") else one

    @property
    def reason(self) -> str:
        """Why it fits or not, and when it scales."""
        scale = f"; scale at InvocationsPerInstance {figure(self.target)}" if self.target else ""
        return self.why + scale


@dataclass(frozen=True, slots=True)
class Asked:
    """What all shapes are asked for: the work, the machines chosen for it, their estimate."""

    work: Inference
    made: Estimate
    catalog: Catalog
    region: str

    @property
    def request_s(self) -> float:
        """Seconds of one request on the chosen machines."""
        found = request_ms(self.made, self.work)
        return found.mid / 1e3 if found else 0.0

    @property
    def instance(self) -> Instance | None:
        """The machine of the estimate."""
        return self.made.cluster.instance

    @property
    def machines(self) -> int:
        """How many of it."""
        one = self.instance
        per = max(1, int(one.chips)) if one and one.chips else 1
        return max(1, math.ceil(self.made.cluster.count / per))

    @property
    def hours(self) -> float:
        """Hours that are paid: of the job, else of the service, else a month."""
        if self.is_job:
            return self.made.hours.mid if self.made.hours else 0.0
        return self.work.service_hours or MONTH_HOURS

    @property
    def requests(self) -> float:
        """Requests of the job, or of the service in its hours."""
        return self.work.samples or (self.work.qps or 0.0) * 3600 * self.hours

    @property
    def is_job(self) -> bool:
        """Whether a set of samples is worked off, rather than requests as they come."""
        return self.work.samples is not None and self.work.qps is None

    @property
    def limit_ms(self) -> float:
        """The latency that was asked for."""
        return self.work.max_latency_ms or self.work.max_ttft_ms or math.inf


def need_gb(made: Estimate) -> float:
    """Memory that the model takes."""
    return sum(made.memory.parts.values()) if made.memory else 0.0
