"""GetMetricData in as few calls as AWS allows: 500 queries and 100,800 datapoints each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.kinds.base import Fact, Look
from bot.rules.idle import Series

MOST_QUERIES = 500
MOST_POINTS = 100_800
STEP = timedelta(minutes=5)  # what basic monitoring gives
RECENT = timedelta(hours=3)  # ListMetrics can leave out what has been silent for longer
FAILED = ("InternalError", "Forbidden")
Points = Mapping[datetime, float]


@dataclass(frozen=True, slots=True)
class Query:
    """One metric and statistic of one resource."""

    resource: str
    signal: str  # what it is measured for; several queries may share one
    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str

    def wire(self, identity: str, step: timedelta) -> dict[str, object]:
        """As GetMetricData wants it."""
        metric = {
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
        }
        return {
            "Id": identity,
            "MetricStat": {"Metric": metric, "Period": int(step.total_seconds()), "Stat": self.stat},
        }


def fetch(
    look: Look, queries: Sequence[Query], start: datetime, end: datetime, step: timedelta = STEP
) -> Mapping[Query, Points]:
    """
    Values by the END of their interval, for the whole steps between *start* and *end*.

    A query that AWS answered with nothing has an empty entry; one that it failed to answer has none.
    """
    start, end = floor(start, step), floor(end, step)
    if start >= end:
        return {}
    found: dict[Query, dict[datetime, float]] = defaultdict(dict)
    for batch in batches(queries, int((end - start) / step)):
        wire = [query.wire(f"m{number}", step) for number, query in enumerate(batch)]
        given = {"StartTime": start, "EndTime": end, "ScanBy": "TimestampAscending", "MetricDataQueries": wire}
        for result in look.items("cloudwatch", "get_metric_data", "MetricDataResults", **given):
            if result.get("StatusCode") in FAILED:
                continue
            values = zip(result["Timestamps"], result["Values"], strict=True)
            points = {at.astimezone(UTC) + step: value for at, value in values}
            found[batch[int(result["Id"][1:])]] |= points
    return found


def batches(queries: Sequence[Query], points: int) -> Iterator[Sequence[Query]]:
    """*queries* in groups that one call may carry, each query answering up to *points* datapoints."""
    size = max(1, min(MOST_QUERIES, MOST_POINTS // max(1, points)))
    for first in range(0, len(queries), size):
        yield queries[first : first + size]


def list_metrics(look: Look, metric: str, *, recent: bool, namespace: str = "") -> list[Fact]:
    """Every dimension set under which *metric* was published, in any namespace unless one is named."""
    given: dict[str, object] = {"MetricName": metric}
    if namespace:
        given["Namespace"] = namespace
    if recent:
        given["RecentlyActive"] = "PT3H"
    return look.items("cloudwatch", "list_metrics", "Metrics", **given)


def combined(parts: Iterable[Points], how: Callable[[Iterable[float]], float]) -> dict[datetime, float]:
    """One value for each time at which every part has one."""
    parts = list(parts)
    if not parts:
        return {}
    times = set(parts[0]).intersection(*parts[1:])
    return {at: how([part[at] for part in parts]) for at in times}


def series(points: Points, step: timedelta = STEP) -> Series:
    """*points* in the order of time."""
    return Series(step, tuple(sorted(points.items())))


def floor(at: datetime, step: timedelta) -> datetime:
    """The last whole step at or before *at*."""
    seconds = int(step.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)
