"""Past metrics from a file, and what the idle rule would have said of them."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median_low
from typing import IO

from bot.rules.errors import Unclear
from bot.rules.idle_episode import Alert, alerts
from bot.rules.idle_facts import Series
from bot.rules.policy_idle import IdleRule

SIGNALS = ("gpu_max_pct", "gpu_avg_pct", "cpu_max_pct", "cpu_avg_pct", "net_bytes")
NAMED_LINES = 5  # of those that were left out
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
    """What one file says of every resource, whether it writes times with a zone, and which rows were left out."""

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, Column]] = {}
        self.zoned = False
        self.rows = 0
        self.left_out: dict[int, str] = {}  # number of the line -> why; the first ones
        self.left_out_rows = 0

    def series(self, resource: str) -> dict[str, Series]:
        """The signals of *resource*, with the step that its timestamps show."""
        ends: dict[float, datetime] = {}  # a time is made once for all signals
        return {
            name: one
            for name, column in self.columns[resource].items()
            if (one := _series(column.sorted(), ends)) is not None
        }

    def notes(self) -> list[str]:
        """What a reader should know of the file before they trust what follows from it."""
        said = []
        if self.left_out_rows:
            lines = "; ".join(f"line {number}: {why}" for number, why in self.left_out.items())
            more = "; ..." if self.left_out_rows > len(self.left_out) else ""
            said.append(
                f"Left out {self.left_out_rows:,} of {self.rows:,} rows that were not understood: {lines}{more}"
            )
        for name in SIGNALS:
            if name.endswith("pct") and 0 < self._peak(name) <= 1:
                said.append(f"{name} never exceeds 1 and is read as percent; multiply it by 100 if 1 means fully busy.")
        return said

    def _peak(self, name: str) -> float:
        found = (max(columns[name].values) for columns in self.columns.values() if name in columns)
        return max(found, default=0.0)

    def leave_out(self, number: int, why: str) -> None:
        """Take nothing from the row at line *number*."""
        self.left_out_rows += 1
        if len(self.left_out) < NAMED_LINES:
            self.left_out[number] = why


def read(file: IO[str]) -> Recording:
    """
    Read a CSV with the columns resource, timestamp and any of SIGNALS; raises Unclear where no row can be read.

    A timestamp is the START of its interval, as CloudWatch writes it; columns in any order, others are ignored, an
    empty cell or nan is no datapoint. A row that is not understood is left out and told with its line.
    """
    rows = csv.reader(file)
    where = _header(next(rows, []))
    found = Recording()
    for row in rows:
        if row:
            found.rows += 1
            try:
                _add(found, where, row)
            except ValueError as error:
                found.leave_out(rows.line_num, str(error))
    if found.rows and found.left_out_rows == found.rows:
        line, why = next(iter(found.left_out.items()))
        raise Unclear(f"Line {line} was not understood: {why}.", field=f"line {line}", example=EXAMPLE)
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


@dataclass(frozen=True, slots=True)
class Header:
    """Which column holds what."""

    resource: int
    timestamp: int
    signals: tuple[tuple[str, int], ...]


def _header(names: list[str]) -> Header:
    where = {name.strip().lstrip("\ufeff").lower(): index for index, name in enumerate(names)}
    for needed in ("resource", "timestamp"):
        if needed not in where:
            raise Unclear(f"The file has no column {needed!r}.", field=needed, example=EXAMPLE)
    signals = tuple((name, index) for name, index in where.items() if name in SIGNALS)
    if not signals:
        raise Unclear(f"The file has none of the columns {', '.join(SIGNALS)}.", field="header", example=EXAMPLE)
    return Header(where["resource"], where["timestamp"], signals)


def _add(found: Recording, where: Header, row: list[str]) -> None:
    """Add a row, whole or not at all; raises ValueError with what is wrong with it."""
    if len(row) <= max(where.resource, where.timestamp):
        raise ValueError("it ends too soon")
    resource = row[where.resource].strip()
    if not resource:
        raise ValueError("it names no resource")
    seconds, zoned = _time(row[where.timestamp])
    values = [(name, _value(name, row[index])) for name, index in where.signals if index < len(row)]
    found.zoned = found.zoned or zoned
    columns = found.columns.get(resource)
    if columns is None:
        columns = found.columns[resource] = {}
    for name, value in values:
        if value is not None:
            if name not in columns:
                columns[name] = Column()
            columns[name].add(seconds, value)


@lru_cache(maxsize=50_000)  # files repeat the times of one resource for the next
def _time(text: str) -> tuple[float, bool]:
    """Seconds since 1970, and whether a zone was named."""
    at = datetime.fromisoformat(text.strip())
    zoned = at.tzinfo is not None
    return (at if zoned else at.replace(tzinfo=UTC)).timestamp(), zoned


def _value(name: str, text: str) -> float | None:
    """A datapoint; None for an empty cell or one that says that there is none."""
    if not text or text.isspace():
        return None
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {text!r} is no number") from None
    if value < 0:
        raise ValueError(f"{name} {text} is below 0")
    return value if math.isfinite(value) else None


def _series(pairs: list[tuple[float, float]], ends: dict[float, datetime]) -> Series | None:
    """Datapoints by the end of their interval; the step is the median distance. None below two datapoints."""
    if len(pairs) < 2:
        return None
    step = median_low([later[0] - earlier[0] for earlier, later in pairwise(pairs)])
    for at, _ in pairs:
        if at + step not in ends:
            ends[at + step] = datetime.fromtimestamp(at + step, UTC)
    return Series(timedelta(seconds=step), tuple((ends[at + step], value) for at, value in pairs))
