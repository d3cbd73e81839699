"""Past metrics from a file, and what the idle rule would have said of them."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median_low
from typing import IO

from bot.rules.errors import Unclear
from bot.rules.idle_episode import Alert, alerts
from bot.rules.idle_facts import Series
from bot.rules.policy_idle import IdleRule

SIGNALS = ("gpu_max_pct", "gpu_avg_pct", "cpu_max_pct", "cpu_avg_pct", "net_bytes")
EXAMPLE = "resource,timestamp,gpu_max_pct\\ni-0abc,2026-11-21T09:00:00,0"


class Column:
    """One signal of one resource while the file is read; compact, so that millions of rows fit."""

    def __init__(self) -> None:
        self.times = array("d")
        self.values = array("d")

    def add(self, at: float, value: float) -> None:
        """Add a datapoint; of several at one time (one a GPU) the highest stays."""
        if self.times and self.times[-1] == at:
            self.values[-1] = max(self.values[-1], value)
        else:
            self.times.append(at)
            self.values.append(value)

    def sorted(self) -> list[tuple[float, float]]:
        """The datapoints by time, one a time."""
        pairs = list(zip(self.times, self.values, strict=True))
        if any(later[0] <= earlier[0] for earlier, later in pairwise(pairs)):
            merged: dict[float, float] = {}
            for at, value in pairs:
                merged[at] = max(value, merged.get(at, value))
            pairs = sorted(merged.items())
        return pairs


class Recording:
    """What one file says of every resource, and whether it writes times with a zone."""

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, Column]] = {}
        self.zoned = False

    def series(self, resource: str) -> dict[str, Series]:
        """The signals of *resource*, with the step that its timestamps show."""
        return {
            name: one
            for name, column in self.columns[resource].items()
            if (one := _series(column.sorted())) is not None
        }


def read(file: IO[str]) -> Recording:
    """
    Read a CSV with the columns resource, timestamp and any of SIGNALS; raises Unclear with the line at fault.

    A timestamp is the START of its interval, as CloudWatch writes it; columns in any order, others are ignored, an
    empty cell or nan is no datapoint.
    """
    rows = csv.reader(file)
    where = _header(next(rows, []))
    found = Recording()
    for number, row in enumerate(rows, start=2):
        if row:
            _add(found, where, row, number)
    return found


def run(recording: Recording, rule: IdleRule) -> Iterator[Alert]:
    """Every alert of *rule*, resource by resource in the file's order, oldest first."""
    for resource in recording.columns:
        yield from alerts(resource, recording.series(resource), rule)


def line(alert: Alert, *, zoned: bool) -> dict[str, object]:
    """An alert as its JSON line; a file that writes times without a zone gets them so."""
    at = alert.at if zoned else alert.at.replace(tzinfo=None)
    return {
        "resource": alert.resource,
        "at": at.isoformat(),
        "level": alert.level,
        "why": alert.why,
        "wrong": alert.wrong,
    }


def summary(found: Iterable[Alert]) -> dict[str, dict[str, int]]:
    """How many alerts of each level were right, wrong, or cannot be told."""
    counts = {level: {"alerts": 0, "right": 0, "wrong": 0, "untold": 0} for level in ("nag", "safe")}
    for alert in found:
        outcome = "untold" if alert.wrong is None else "wrong" if alert.wrong else "right"
        counts[alert.level]["alerts"] += 1
        counts[alert.level][outcome] += 1
    return counts


def _header(names: list[str]) -> dict[str, int]:
    where = {name.strip().lstrip("\ufeff").lower(): index for index, name in enumerate(names)}
    for needed in ("resource", "timestamp"):
        if needed not in where:
            raise Unclear(f"The file has no column {needed!r}.", field=needed, example=EXAMPLE)
    if not any(signal in where for signal in SIGNALS):
        raise Unclear(f"The file has none of the columns {', '.join(SIGNALS)}.", field="header", example=EXAMPLE)
    return {name: index for name, index in where.items() if name in ("resource", "timestamp", *SIGNALS)}


def _add(found: Recording, where: dict[str, int], row: list[str], number: int) -> None:
    try:
        at = datetime.fromisoformat(row[where["timestamp"]].strip())
        values = [(name, _value(row[index])) for name, index in where.items() if name in SIGNALS and index < len(row)]
        resource = row[where["resource"]].strip()
    except (ValueError, IndexError) as error:
        raise Unclear(f"Line {number} was not understood: {error}.", field=f"line {number}", example=EXAMPLE) from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    else:
        found.zoned = True
    columns = found.columns.setdefault(resource, {})
    seconds = at.timestamp()
    for name, value in values:
        if value is not None:
            columns.setdefault(name, Column()).add(seconds, value)


def _value(text: str) -> float | None:
    if not text or text.isspace():
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _series(pairs: list[tuple[float, float]]) -> Series | None:
    """Datapoints by the end of their interval; the step is the median distance. None below two datapoints."""
    if len(pairs) < 2:
        return None
    step = timedelta(seconds=median_low([later[0] - earlier[0] for earlier, later in pairwise(pairs)]))
    return Series(step, tuple((datetime.fromtimestamp(at, UTC) + step, value) for at, value in pairs))
