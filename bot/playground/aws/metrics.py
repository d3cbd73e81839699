"""CloudWatch's metrics, kept by series: moto compares every query with every datapoint ever put."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError
from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum, MetricDatumBase, cloudwatch_backends

MOST_QUERIES = 500  # in one GetMetricData
MOST_METRICS = 500  # on a page of ListMetrics
Dimensions = tuple[tuple[str, str], ...]


class Series(NamedTuple):
    """What makes a metric one metric."""

    namespace: str
    name: str
    dimensions: Dimensions


class Point(NamedTuple):
    """One datapoint, or the statistics of several."""

    at: float  # seconds since 1970
    low: float
    high: float
    total: float
    samples: float


class IndexedCloudWatch(CloudWatchBackend):
    """moto's CloudWatch with an index: a query costs what it returns."""

    __module__ = "moto.cloudwatch.models"  # moto finds a backend's addresses by the module of its class

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.points: dict[Series, list[Point]] = defaultdict(list)
        self._guard = threading.RLock()

    def put(self, series: Series, points: Iterable[Point]) -> None:
        """Add datapoints, in any order."""
        with self._guard:
            known = self.points[series]
            for point in points:
                if known and point.at < known[-1].at:
                    insort(known, point)
                else:
                    known.append(point)

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        """PutMetricData."""
        for number, member in enumerate(metric_data, 1):
            self._validate_parameters_put_metric_data(member, number)
        for member in metric_data:
            series = Series(namespace, member["MetricName"], _dimensions(member.get("Dimensions", ())))
            self.put(series, [_point(member)])

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        """GetMetricData; times are aligned to the period, as CloudWatch does."""
        if len(queries) > MOST_QUERIES:
            raise ValidationError(f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}.")
        if any("Expression" in query for query in queries):
            found: list[dict[str, Any]] = super().get_metric_data(queries, start_time, end_time, scan_by)
            return found
        start, end = _seconds(start_time), _seconds(end_time)
        if start >= end:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        return [self._answer(query, start, end, scan_by) for query in queries if query.get("ReturnData", True)]

    def list_metrics(
        self, next_token: str | None, namespace: str, metric_name: str, dimensions: list[dict[str, str]]
    ) -> tuple[str | None, list[MetricDatumBase]]:
        """ListMetrics: one entry a series, 500 a page."""
        if next_token and next_token not in self.paged_metric_data:
            raise InvalidParameterValue("Request parameter NextToken is invalid")
        found = self.paged_metric_data.pop(next_token, None) if next_token else None
        if found is None:
            with self._guard:
                named = [one for one in self.points if _matches(one, namespace, metric_name, dimensions)]
            found = [_datum(series, None) for series in named]
        if len(found) <= MOST_METRICS:
            return None, found
        token = str(uuid4())
        self.paged_metric_data[token] = found[MOST_METRICS:]
        return token, found[:MOST_METRICS]

    def get_all_metrics(self) -> list[MetricDatumBase]:
        """Every datapoint as moto keeps it, for the calls that are seldom used."""
        with self._guard:
            return [_datum(series, point) for series, points in self.points.items() for point in points]

    def _answer(self, query: Mapping[str, Any], start: float, end: float, scan_by: str) -> dict[str, Any]:
        wanted = query["MetricStat"]
        metric, period, stat = wanted["Metric"], int(wanted["Period"]), wanted["Stat"]
        series = Series(metric["Namespace"], metric["MetricName"], _dimensions(metric.get("Dimensions", ())))
        buckets: dict[float, list[Point]] = defaultdict(list)
        with self._guard:
            points = self.points.get(series, [])
            first = bisect_left(points, (start - start % period,))
            for point in points[first : bisect_left(points, (end,))]:
                buckets[point.at - point.at % period].append(point)
        found = sorted(((at, _statistic(inside, stat)) for at, inside in buckets.items()), reverse="Desc" in scan_by)
        return {
            "id": query["Id"],
            "label": query.get("Label") or metric["MetricName"],
            "values": [value for _, value in found],
            "timestamps": [datetime.fromtimestamp(at, UTC).replace(tzinfo=None) for at, _ in found],
            "status_code": "Complete",
        }


def install() -> None:
    """Let moto make this CloudWatch from now on."""
    cloudwatch_backends.backend = IndexedCloudWatch
    for account in cloudwatch_backends.values():
        account.backend = IndexedCloudWatch


def _statistic(points: Sequence[Point], stat: str) -> float:
    total, count = sum(point.total for point in points), sum(point.samples for point in points)
    match stat:
        case "Sum":
            return total
        case "Average":
            return total / count
        case "Maximum":
            return max(point.high for point in points)
        case "Minimum":
            return min(point.low for point in points)
        case "SampleCount":
            return count
    raise ValidationError(f"The value {stat} for parameter MetricStat.Stat is not supported.")


def _dimensions(given: Iterable[Mapping[str, str]]) -> Dimensions:
    return tuple(sorted((one["Name"], one["Value"]) for one in given))


def _matches(series: Series, namespace: str, name: str, dimensions: Sequence[Mapping[str, str]] | None) -> bool:
    if (namespace and namespace != series.namespace) or (name and name != series.name):
        return False
    have = dict(series.dimensions)
    return all(one["Name"] in have and one.get("Value") in (None, have[one["Name"]]) for one in dimensions or ())


def _point(member: Mapping[str, Any]) -> Point:
    at = _seconds(member.get("Timestamp") or datetime.now(UTC))
    if stats := member.get("StatisticValues"):
        low, high, total, count = (float(stats[key]) for key in ("Minimum", "Maximum", "Sum", "SampleCount"))
        return Point(at, low, high, total, count)
    values = [float(value) for value in member.get("Values") or [member.get("Value", 0)]]
    counts = [float(count) for count in member.get("Counts") or [1] * len(values)]
    total = sum(value * count for value, count in zip(values, counts, strict=True))
    return Point(at, min(values), max(values), total, sum(counts))


def _datum(series: Series, point: Point | None) -> MetricDatumBase:
    at, low, high, total, count = point or Point(0, 0, 0, 0, 0)
    dimensions = [{"Name": name, "Value": value} for name, value in series.dimensions]
    when = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    return MetricAggregatedDatum(series.namespace, series.name, low, high, count, total, dimensions, when)


def _seconds(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
