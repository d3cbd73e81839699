"""Serving without machines of one's own: SageMaker serverless, Lambda, Fargate; on a CPU, one request at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from data.shapes import Instance
from estimator.result import Cluster
from estimator.serve import estimate
from estimator.serve_endpoint import FARGATE, LAMBDA, SERVERLESS, Asked, EndpointShape, need_gb
from estimator.serve_setting import BUSIEST
from estimator.units import duration

# Limits of the services (AWS documentation, 2025).
SERVERLESS_GB, SERVERLESS_MB, SERVERLESS_S, SERVERLESS_AT_ONCE = 6, 4, 60.0, 200
LAMBDA_GB, LAMBDA_MB, LAMBDA_S, LAMBDA_AT_ONCE = 10, 6, 900.0, 1000
FARGATE_SIZES = ((1.0, 8.0), (2.0, 16.0), (4.0, 30.0), (8.0, 60.0), (16.0, 120.0))  # vCPU, and the most GB with them
PATIENCE_S = 60.0  # that somebody waits for an answer
GB_PER_VCPU = 1.769  # of a function: its share of CPU grows with its memory
ROOM = 1.2  # times the memory that the model needs, where a service kills what exceeds its limit
COLD_S, COLD_GB_PER_S = 8.0, 0.1  # until a container runs; and its weights come from S3
MANY = 1e9


@dataclass(frozen=True, slots=True)
class OnCpu:
    """The work on a CPU of some size: GB that it needs, seconds of a request."""

    vcpu: float
    size_gb: float
    need_gb: float
    request_s: float

    @property
    def cold_s(self) -> float:
        """Seconds until a new container answers."""
        return COLD_S + self.need_gb / COLD_GB_PER_S


def _on_cpu(asked: Asked, vcpu: float, size_gb: float) -> OnCpu | None:
    """One request at a time on so much CPU; None where the model does not fit."""
    alone = replace(asked.work, qps=None, samples=None, concurrency=None, batch=1, framework=None)
    made = estimate(alone, Cluster(chip=None, count=1, per_node=1, instance=_sized(vcpu, size_gb)), asked.catalog)
    if not made.fits or made.samples_per_s is None or need_gb(made) * ROOM > size_gb:
        return None
    return OnCpu(vcpu, size_gb, need_gb(made), 1 / made.samples_per_s.mid)


@lru_cache(maxsize=64)
def _sized(vcpu: float, size_gb: float) -> Instance:
    return Instance(
        name=f"{size_gb:g} GB",
        chip=None,
        chips=0,
        chip_memory_gb=None,
        vcpu=max(1, round(vcpu)),
        memory_gib=size_gb,
        network_gbps=None,
        efa=False,
        nvme_gb=0.0,
        arch="x86_64",
        markets=(),
        note="",
        source="AWS documentation",
        as_of=date(2025, 11, 1),
    )


def _smallest(asked: Asked, sizes: Iterable[tuple[float, float]]) -> OnCpu | None:
    """The least size that holds the model and answers as fast as was asked; the largest where none is that fast."""
    found = None
    for vcpu, size_gb in sizes:
        one = _on_cpu(asked, vcpu, size_gb)
        if one is not None:
            found = one
            if 1e3 * one.request_s <= asked.limit_ms:
                break
    return found


def _functions(most_gb: int) -> Iterable[tuple[float, float]]:
    return ((size / GB_PER_VCPU, float(size)) for size in range(1, most_gb + 1))


def serverless(asked: Asked) -> EndpointShape:
    """A SageMaker serverless endpoint."""
    one = _smallest(asked, _functions(SERVERLESS_GB))
    if one is None:
        return _no(SERVERLESS, f"there is no GPU, and the model does not fit {SERVERLESS_GB} GB")
    made = _by_use(asked, SERVERLESS, one, megabytes=SERVERLESS_MB)
    made = _paid(asked, made, {"sagemaker_serverless_inference_memory": one.size_gb * one.request_s})
    return _within(asked, made, one, longest_s=SERVERLESS_S, most=SERVERLESS_AT_ONCE)


def function(asked: Asked) -> EndpointShape:
    """A Lambda function with the model in its image."""
    one = _smallest(asked, _functions(LAMBDA_GB))
    if one is None:
        return _no(LAMBDA, f"there is no GPU, and the model does not fit {LAMBDA_GB} GB")
    made = _by_use(asked, LAMBDA, one, megabytes=LAMBDA_MB)
    made = _paid(asked, made, {"lambda_duration_x86_tier1": one.size_gb * one.request_s, "lambda_requests": 1.0})
    return _within(asked, made, one, longest_s=min(LAMBDA_S, PATIENCE_S), most=LAMBDA_AT_ONCE)


def service_on_fargate(asked: Asked) -> EndpointShape:
    """Containers on Fargate."""
    one = _smallest(asked, FARGATE_SIZES)
    if one is None:
        return _no(FARGATE, "there is no GPU, and the model does not fit 120 GB")
    size_gb = max(2 * one.vcpu, math.ceil(one.need_gb * ROOM))
    made = EndpointShape(
        kind=FARGATE,
        fits=True,
        why="containers that always run, without machines to look after",
        instance=f"{one.vcpu:g} vCPU, {size_gb:g} GB",
        memory_gb=one.need_gb,
        request_ms=1e3 * one.request_s,
    )
    made = _within(asked, made, one, longest_s=PATIENCE_S, most=int(MANY))
    hours = asked.requests * one.request_s / 3600 if asked.is_job else asked.hours * made.count
    units = {"fargate_linux_x86_vcpu": one.vcpu, "fargate_linux_x86_memory": float(size_gb)}
    return _priced(asked, made, units, times=hours) if made.fits else made


def _no(kind: str, why: str) -> EndpointShape:
    return EndpointShape(kind=kind, fits=False, why=why)


def _by_use(asked: Asked, kind: str, one: OnCpu, *, megabytes: int) -> EndpointShape:
    return EndpointShape(
        kind=kind,
        fits=True,
        why=f"paid by use; a cold start takes about {one.cold_s:.0f} s; requests of up to {megabytes} MB",
        instance=f"{one.size_gb:g} GB",
        memory_gb=one.need_gb,
        request_ms=1e3 * one.request_s,
    )


def _within(asked: Asked, shape: EndpointShape, one: OnCpu, *, longest_s: float, most: int) -> EndpointShape:
    """The shape with how many run at once, or why it is too slow or too small for the rate."""
    if one.request_s > longest_s or 1e3 * one.request_s > asked.limit_ms:
        return _no(shape.kind, f"a request takes {duration(one.request_s / 3600)} on its CPU")
    at_once = max(1, math.ceil(min(MANY, (asked.work.qps or 0.0) * one.request_s / BUSIEST)))
    if at_once > most:
        return _no(shape.kind, f"it would take {at_once:,} at once, {most:,} is the limit")
    return replace(shape, count=at_once)


def _paid(asked: Asked, shape: EndpointShape, units: Mapping[str, float]) -> EndpointShape:
    """The shape with what so many units a request cost; unknown without a number of requests."""
    return _priced(asked, shape, units, times=asked.requests) if asked.requests else shape


def _priced(asked: Asked, shape: EndpointShape, units: Mapping[str, float], *, times: float) -> EndpointShape:
    """The shape with its cost, where all prices are known."""
    items = [asked.catalog.item(name, asked.region) for name in units]
    if any(item is None or item.usd is None for item in items):
        return shape
    known = [item for item in items if item]
    return replace(
        shape,
        usd=times * sum((item.usd or 0.0) * units[item.name] for item in known),
        price="; ".join(dict.fromkeys(item.source for item in known)),
        price_as_of=min(item.as_of for item in known),
    )
