"""What the machines of the playground do: a load each, turned into CloudWatch datapoints up to the present."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.playground.aws import LocalAws
from bot.playground.aws.metrics import Point, Series

STEP = timedelta(minutes=5)
BOOT = timedelta(minutes=20)
GPU, NEURON = "nvidia_smi_utilization_gpu", "neuroncore_utilization"
BUSY_CPU, IDLE_CPU = 48.0, 1.2
BUSY_GPU = 91.0
BUSY_BYTES, IDLE_BYTES = 60e6, 250e3  # in five minutes
BUSY_OPS, IDLE_OPS = 9000.0, 40.0


@dataclass(frozen=True, slots=True)
class Load:
    """How a machine is used, and how its chips are published."""

    busy: bool
    gpus: int = 1
    chip: str = "NVIDIA A10G"
    agent: bool = True  # the CloudWatch agent publishes the chips
    summed: bool = False  # as one metric of the machine instead of one for each chip
    metric: str = GPU
    works: timedelta = BOOT  # for so long after its start it worked: packages, data, a first try
    loading: bool = False  # its CPU and network work while the chips rest


@dataclass(frozen=True, slots=True)
class Steady:
    """A metric of something that is no machine, always at about the same value; a maximum in five minutes."""

    region: str
    series: Series
    value: float


QUIET = Load(busy=False)  # of machines that nobody described


def extend_metrics(aws: LocalAws, start: datetime, end: datetime) -> int:
    """Write what every running instance did between two times; returns the number of datapoints."""
    written = 0
    for region in aws.regions_in_use():
        cloudwatch = aws.backend("cloudwatch", region)
        for instance in aws.backend("ec2", region).all_instances():
            if instance.state != "running":
                continue
            launched = instance.launch_time.replace(tzinfo=UTC)
            times = list(_steps(max(start, launched), end))
            for series, value in _series(instance, aws.loads.get(instance.id, QUIET), launched):
                cloudwatch.put(series, [value(at) for at in times])
                written += len(times)
    return written + _extend_steady(aws, list(_steps(start, end)))


def _extend_steady(aws: LocalAws, times: list[datetime]) -> int:
    for one in aws.steady:
        points = [_spread(at, one.value * (1 + 0.2 * _noise(one.series, at)), one.value * 1.4) for at in times]
        aws.backend("cloudwatch", one.region).put(one.series, points)
    return len(times) * len(aws.steady)


def keep_up(aws: LocalAws, since: datetime) -> None:
    """Let the metrics reach the clock's present whenever they are read, from *since* on."""
    reached = _floor(since)

    def catch_up() -> None:
        nonlocal reached
        now = _floor(aws.clock.now())
        if now > reached:
            extend_metrics(aws, reached, now)
            reached = now

    aws.before_metrics = catch_up


def _floor(at: datetime) -> datetime:
    seconds = int(STEP.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def _steps(start: datetime, end: datetime) -> Iterator[datetime]:
    """The starts of the whole five minutes that begin after *start* and end by *end*."""
    at = _floor(start)
    if at < start:
        at += STEP
    while at + STEP <= end:
        yield at
        at += STEP


def _series(instance: Any, load: Load, launched: datetime) -> Iterator[tuple[Series, Callable[[datetime], Point]]]:
    """Every metric of one machine with its value at a time."""

    def busy(at: datetime) -> bool:
        return load.busy or at - launched < load.works

    def metric(name: str, high: float, low: float, spread: float) -> tuple[Series, Callable[[datetime], Point]]:
        series = Series("AWS/EC2", name, (("InstanceId", instance.id),))

        def point(at: datetime) -> Point:
            value = (high if load.loading or busy(at) else low) * (1 + spread * _noise(series, at))
            return _spread(at, value, value * 1.3)

        return series, point

    yield metric("CPUUtilization", BUSY_CPU, IDLE_CPU, 0.3)
    yield metric("NetworkIn", BUSY_BYTES, IDLE_BYTES, 0.4)
    yield metric("NetworkOut", BUSY_BYTES / 4, IDLE_BYTES / 2, 0.4)
    yield metric("EBSReadOps", BUSY_OPS, IDLE_OPS, 0.5)
    yield metric("EBSWriteOps", BUSY_OPS / 2, IDLE_OPS, 0.5)
    for dimensions in _published(instance, load):
        series = Series("CWAgent", load.metric, dimensions)
        yield series, lambda at, of=series: _gpu(at, of, busy(at))  # type: ignore[misc]


def _published(instance: Any, load: Load) -> Iterator[tuple[tuple[str, str], ...]]:
    if not load.agent:
        return
    if load.summed:
        yield (("InstanceId", instance.id),)
        return
    host = instance.private_dns_name
    number = "index" if load.metric == GPU else "neuroncore"
    for index in range(load.gpus):
        named = {"InstanceId": instance.id, "host": host, number: str(index), "name": load.chip}
        yield tuple(sorted(named.items()))


def _gpu(at: datetime, series: Series, busy: bool) -> Point:
    value = BUSY_GPU * (1 + 0.08 * _noise(series, at)) if busy else 0.0
    return _spread(at, value, min(100.0, value * 1.08))


def _spread(at: datetime, mean: float, most: float) -> Point:
    """Five minutes of a value: its statistics over five samples."""
    return Point(at.timestamp(), max(0.0, 2 * mean - most), most, mean * 5, 5)


def _noise(series: Series, at: datetime) -> float:
    """Between -1 and 1, and the same every time."""
    return zlib.crc32(f"{series.dimensions}{series.name}{at.timestamp()}".encode()) / 2**31 - 1
