"""The figures for Prometheus: read from the database at each scrape, counted by the doors in between."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.parts import Parts
from bot.store import health as table

if TYPE_CHECKING:
    from bot.health import Running

log = logging.getLogger(__name__)

TEXT = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)  # Slack gives up after 3
OPS = ("ready", "done", "failed")


class Acks:
    """How long Slack waited for our answers over HTTP; call it with seconds and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "mlbot_ack_seconds",
            "From Slack's request to our answer.",
            ["status"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def __call__(self, seconds: float, status: str) -> None:
        self._seconds.labels(status.partition(" ")[0]).observe(seconds)


class _Figures(Collector):
    """Everything that is read when it is asked for."""

    def __init__(self, bot: Running) -> None:
        self._bot = bot

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now; without a database only what lies in memory."""
        parts = self._bot.parts
        now = parts.clock.now()
        yield from _rows(parts, now)
        yield from _doors(parts)
        yield _gauge("worker_silence_seconds", "Since a worker last looked for work.", self._bot.workers.idle_seconds())
        if self._bot.socket is not None:
            yield _gauge("socket_alive", "Whether Slack answered over the socket lately.", self._bot.socket.alive())
        yield _gauge(
            "policy_taken", "Whether the policy file is in force as it stands.", not self._bot.policy_file.trouble
        )
        if priced := parts.catalog.prices_of(parts.policy().limits.regions):
            said = "Half of the prices in the policy's regions are so old or older."
            yield _gauge("catalog_age_seconds", said, now.date() - priced)


def render(bot: Running, acks: Acks) -> str:
    """The page in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Figures(bot))
    ProcessCollector(registry=registry)
    return "".join(generate_latest(one).decode() for one in (registry, acks.registry))


def render_many(bots: Mapping[str, Running], acks: Acks) -> str:
    """The same for several workspaces; each figure says whose it is by the label *team*."""
    registry = CollectorRegistry()
    registry.register(_ByTeam(bots))
    ProcessCollector(registry=registry)
    return "".join(generate_latest(one).decode() for one in (registry, acks.registry))


class _ByTeam(Collector):
    """Every workspace's figures under one name each."""

    def __init__(self, bots: Mapping[str, Running]) -> None:
        self._bots = bots

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        found: dict[str, Metric] = {}
        for team, bot in self._bots.items():
            for metric in _Figures(bot).collect():
                kept = found.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                kept.samples += [one._replace(labels={**one.labels, "team": team}) for one in metric.samples]
        yield from found.values()


def _rows(parts: Parts, now: datetime) -> Iterator[Metric]:
    try:
        with parts.store.reading() as tx:
            found = table.counts(tx, now)
    except Exception:
        log.exception("the database cannot be read")
        yield _gauge("database_up", "Whether the database can be read.", 0)
        return
    yield _gauge("database_up", "Whether the database can be read.", 1)
    yield _gauges("ops", "Pieces of work by state.", "state", {**dict.fromkeys(OPS, 0), **found.ops})
    yield _gauge("op_oldest_due_seconds", "How long the work that waits longest has been due.", found.oldest_op)
    yield _gauge("outbox_waiting", "Messages that are not sent as they should be.", found.outbox)
    yield _gauge("outbox_oldest_seconds", "How long the message that waits longest has waited.", found.oldest_message)
    yield _gauges("launches", "Requests by state.", "state", found.launches)
    yield _gauge("frozen", "Whether launches are stopped.", found.frozen)
    if found.last_scan is not None and found.gaps is not None:  # before the first scan they are not known
        yield _gauge("last_scan_age_seconds", "Since the last idle scan.", found.last_scan)
        yield _gauge("scan_gaps", "Places that the last idle scan could not see.", found.gaps)


def _doors(parts: Parts) -> Iterator[Metric]:
    calls = sorted(parts.cloud.outcomes.copy().items())
    yield _counter("aws_calls", "Calls to AWS by action and code.", ("action", "code"), calls)
    errors = sorted(parts.slack.errors.copy().items())
    yield _counter("slack_errors", "What Slack refused or did not answer.", ("method", "code"), errors)


def _gauge(name: str, what: str, value: float | timedelta) -> Metric:
    number = value.total_seconds() if isinstance(value, timedelta) else float(value)
    return GaugeMetricFamily(f"mlbot_{name}", what, value=number)


def _gauges(name: str, what: str, label: str, values: Mapping[str, int]) -> Metric:
    made = GaugeMetricFamily(f"mlbot_{name}", what, labels=[label])
    for key, value in values.items():
        made.add_metric([key], value)
    return made


def _counter(name: str, what: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], int]]) -> Metric:
    made = CounterMetricFamily(f"mlbot_{name}", what, labels=list(labels))
    for key, value in values:
        made.add_metric(list(key), value)
    return made
