"""Machines and measurements to judge, made in a line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.rules.idle import Resource, Series, Usage

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def machine(**changed: Any) -> Resource:
    """A GPU machine that has run for ten days."""
    given: dict[str, Any] = {
        "id": "i-0abc",
        "kind": "ec2_instance",
        "account": "default",
        "region": "us-east-1",
        "type": "g5.xlarge",
        "state": "running",
        "since": NOW - timedelta(days=10),
        "usd_per_hour": 1.0,
        "usd_per_hour_stopped": 0.05,
        "details": {"chip": "A10G", "chips": 1, "known_type": True},
    }
    return Resource(**{**given, **changed})


def series(values: Sequence[float | None], *, step: timedelta = 5 * MINUTE, end: datetime = NOW) -> Series:
    """Datapoints up to *end*, oldest first; None is a missing one."""
    first = end - step * (len(values) - 1)
    return Series(step, tuple((first + step * i, value) for i, value in enumerate(values) if value is not None))


def over(hours: float, value: float | Callable[[float], float | None], *, end: datetime = NOW) -> Series:
    """*hours* of 5-minute datapoints up to *end*; a function is given the hours before the end."""
    count = round(hours * 12)
    ages = [(count - 1 - i) / 12 for i in range(count)]
    return series([value(age) if callable(value) else value for age in ages], end=end)


def usage(
    gpu: Series | None = None, cpu: float | Series | None = 1.0, net: float | Series | None = 1e5, **other: Series
) -> Usage:
    """GPU, CPU and network over 24 hours; numbers stay the same all the time, None was asked for and is missing."""
    found = dict(other)
    missing = []
    for name, given in (("gpu_max_pct", gpu), ("cpu_max_pct", cpu), ("net_bytes", net)):
        if given is None:
            missing.append(name)
        else:
            found[name] = given if isinstance(given, Series) else over(24, given)
    return Usage(found, tuple(missing))
