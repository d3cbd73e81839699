"""In which shape a model is served: SageMaker's endpoints and batch transform, Lambda, Fargate; which fits, and why."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from data.catalog import Catalog
from data.shapes import Rate
from estimator.option import Option
from estimator.price import PLANS
from estimator.result import Estimate
from estimator.serve import estimate
from estimator.serve_endpoint import (
    ASYNCHRONOUS,
    FARGATE,
    LAMBDA,
    REAL_TIME,
    SERVERLESS,
    TRANSFORM,
    Asked,
    EndpointShape,
    need_gb,
)
from estimator.serve_functions import function, serverless, service_on_fargate
from estimator.serve_setting import BUSIEST
from estimator.units import count, duration
from estimator.workload import Inference

# Limits of the services (AWS documentation, 2025).
REAL_TIME_MB, REAL_TIME_S = 25, 60.0
ASYNCHRONOUS_GB, ASYNCHRONOUS_S = 1, 3600.0
TRANSFORM_MB = 100
LEAST_BUSY = 0.01  # of the time that an asynchronous endpoint runs, its start-ups included
WISHED = (
    (r"server-?less", SERVERLESS),
    (r"lambda", LAMBDA),
    (r"fargate", FARGATE),
    (r"async", ASYNCHRONOUS),
    (r"batch[- ]transform", TRANSFORM),
    (r"real-?time[- ]endpoint", REAL_TIME),
)
NOT_RENTED = "AWS does not rent these chips"


def endpoint_shapes(work: Inference, made: Estimate, catalog: Catalog) -> tuple[EndpointShape, ...]:
    """Every shape for *work*, the advised one first; *made* is the estimate on the machines that were chosen for it."""
    asked = Asked(work, made, catalog, work.wish.region)
    found = [_real_time(asked), serverless(asked), _asynchronous(asked), _transform(asked)]
    found += [function(asked), service_on_fargate(asked)]
    wished = wished_shape(work)
    best = next((one for one in found if one.kind == wished and one.fits), None) or _advised(found, asked)
    marked = [replace(one, advised=one is best, asked=one.kind == wished) for one in found]
    return tuple(sorted(marked, key=lambda one: (not one.asked, not one.advised, not one.fits, _known(one.usd))))


def wished_shape(work: Inference) -> str | None:
    """The shape that was asked for by its name; None where none was."""
    said = work.scenario or ""
    return next((kind for pattern, kind in WISHED if re.search(pattern, said, re.IGNORECASE)), None)


def _known(usd: float | None) -> float:
    return math.inf if usd is None else usd


def shapes_for(work: Inference, options: Iterable[Option], catalog: Catalog) -> tuple[EndpointShape, ...]:
    """Every shape for *work* on the machines that SageMaker rents cheapest of *options*.

    None without a load, unless one was asked for by its name.
    """
    loaded = work.qps is not None or work.samples is not None or work.concurrency is not None
    if not loaded and wished_shape(work) is None:
        return ()
    listed = list(options)
    able = [one for one in listed if one.meets and one.market not in PLANS]
    other = listed[0] if listed and wished_shape(work) else None
    chosen = min(able, key=lambda one: _hosted_usd(one, catalog), default=other)
    return endpoint_shapes(work, chosen.estimate, catalog) if chosen else ()


def _hosted_usd(option: Option, catalog: Catalog) -> float:
    """USD of the job, or of an hour of a service, on SageMaker; without end where SageMaker has no price."""
    rate = catalog.rate(option.instance_type or "", option.region, "sagemaker")
    hours = option.hours.mid if option.hours else 1.0
    return math.inf if rate is None else rate.usd_per_hour * option.nodes * hours


def _advised(found: list[EndpointShape], asked: Asked) -> EndpointShape | None:
    """A job is a batch transform; a service is what costs least of what answers while one waits."""
    waits = (REAL_TIME, SERVERLESS, LAMBDA, FARGATE)
    kinds = (TRANSFORM,) if asked.is_job else waits
    able = [one for one in found if one.fits and one.kind in kinds]
    able = able or [one for one in found if one.fits and one.kind == ASYNCHRONOUS]
    return min(able, key=lambda one: _known(one.usd), default=None)


def _rate(asked: Asked) -> Rate | None:
    """What SageMaker asks for an hour of the machine; None where it is not known."""
    return asked.catalog.rate(asked.instance.name, asked.region, "sagemaker") if asked.instance else None


def _refused(asked: Asked, kind: str, longest_s: float, limit: str) -> EndpointShape | None:
    """Why no machine of SageMaker serves this; None when one does."""
    why = asked.made.why_not if not asked.made.fits else "" if asked.instance else NOT_RENTED
    if not why and asked.request_s > longest_s:
        why = f"a request takes {duration(asked.request_s / 3600)}, {limit} is the limit"
    return EndpointShape(kind=kind, fits=False, why=why) if why else None


def _on_machines(asked: Asked, kind: str, why: str, *, busy: float = 1.0) -> EndpointShape:
    rate = _rate(asked)
    return EndpointShape(
        kind=kind,
        fits=True,
        why=why,
        instance=f"ml.{asked.instance.name}" if asked.instance else None,
        count=asked.machines,
        memory_gb=need_gb(asked.made),
        request_ms=1e3 * asked.request_s,
        usd=None if rate is None else rate.usd_per_hour * asked.machines * asked.hours * busy,
        price=f"{rate.basis}; {rate.source}" if rate else "",
        price_as_of=rate.as_of if rate else None,
    )


def _per_minute(asked: Asked) -> float | None:
    """Invocations a minute of one machine at 70 % of its capacity."""
    made = estimate(replace(asked.work, samples=None, qps=1e9), asked.made.cluster, asked.catalog)
    return None if made.samples_per_s is None else BUSIEST * 60 * made.samples_per_s.mid / asked.machines


def _real_time(asked: Asked) -> EndpointShape:
    refused = _refused(asked, REAL_TIME, REAL_TIME_S, f"{REAL_TIME_S:.0f} s")
    if refused:
        return refused
    why = f"always warm, for requests of up to {REAL_TIME_MB} MB that take less than {REAL_TIME_S:.0f} s"
    return replace(_on_machines(asked, REAL_TIME, why), target=_per_minute(asked))


def _asynchronous(asked: Asked) -> EndpointShape:
    refused = _refused(asked, ASYNCHRONOUS, ASYNCHRONOUS_S, "an hour")
    if refused:
        return refused
    able = _per_minute(asked)
    asks = (asked.work.qps or 0.0) * 60 / asked.machines
    busy = 1.0 if asked.is_job or not able else max(LEAST_BUSY, min(1.0, asks / able))
    idle = "" if asked.is_job else f"; scales to none between bursts, {busy:.0%} of the time busy at this rate"
    why = f"for requests of up to {ASYNCHRONOUS_GB} GB or an hour that may wait in a queue{idle}"
    return _on_machines(asked, ASYNCHRONOUS, why, busy=busy)


def _transform(asked: Asked) -> EndpointShape:
    if not asked.is_job or asked.made.hours is None:
        return EndpointShape(kind=TRANSFORM, fits=False, why="requests keep coming; it is for a set that lies in S3")
    refused = _refused(asked, TRANSFORM, math.inf, "")
    if refused:
        return refused
    samples, hours = count(asked.work.samples or 0.0), duration(asked.made.hours.mid)
    why = f"{samples} samples from S3 in {hours}, records of up to {TRANSFORM_MB} MB; the machines end with the job"
    return _on_machines(asked, TRANSFORM, why)
