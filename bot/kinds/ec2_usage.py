"""What an EC2 instance did: CPU, network and disk from AWS/EC2, chips from the CloudWatch agent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.kinds.base import Look
from bot.kinds.cloudwatch import RECENT, Points, Query, combined, fetch, list_metrics, series
from bot.rules.idle import Resource, Usage

GPU = "nvidia_smi_utilization_gpu"
NEURON = "neuroncore_utilization"
ONE_OF_SEVERAL = ("index", "neuroncore", "neuron_core", "NeuronCore")  # a dimension that names one chip of a machine
LEAST_SHARE = 0.9  # a chip that published less than this of what the others did is not covered

# signal, metric, statistic; signals with two metrics are their sum
PLAIN = (
    ("cpu_max_pct", "CPUUtilization", "Maximum"),
    ("cpu_avg_pct", "CPUUtilization", "Average"),
    ("net_bytes", "NetworkIn", "Sum"),
    ("net_bytes", "NetworkOut", "Sum"),
    ("disk_ops", "EBSReadOps", "Sum"),
    ("disk_ops", "EBSWriteOps", "Sum"),
)
CHIPS = (("gpu_max_pct", "Maximum"), ("gpu_avg_pct", "Average"))


def measure(look: Look, resources: Sequence[Resource], start: datetime, end: datetime) -> dict[str, Usage]:
    """
    The usage of running instances from *start* to *end* in steps of 5 minutes, by instance id.

    gpu_max_pct and gpu_avg_pct are of the busiest chip. They are named in *missing* when nobody publishes them, and
    beside their series when they do not cover every chip of the machine.
    """
    running = [one for one in resources if one.state == "running"]
    published = _published(look, running, recent=look.now - end < RECENT)
    queries = [query for one in running for query in _queries(one, published.get(one.id, ()))]
    found = fetch(look, queries, start, end)
    by_resource: dict[str, dict[Query, Points]] = defaultdict(dict)
    for query, points in found.items():
        by_resource[query.resource][query] = points
    measured = {one.id: _usage(one, published.get(one.id, ()), by_resource[one.id]) for one in running}
    return measured | {one.id: Usage({}) for one in resources if one.state != "running"}


Published = tuple[str, str, tuple[tuple[str, str], ...]]  # namespace, metric, dimensions


def _published(look: Look, running: Sequence[Resource], *, recent: bool) -> dict[str, tuple[Published, ...]]:
    """Under which names each instance's chips are published; one ListMetrics page for 500."""
    with_chips = [one for one in running if one.details.get("chip") or not one.details.get("known_type")]
    names = [GPU] if any(not one.details.get("neuron") for one in with_chips) else []
    names += [NEURON] if any(one.details.get("neuron") for one in with_chips) else []
    by_id, by_host = {one.id: one.id for one in running}, _hosts(running)
    found: dict[str, list[Published]] = defaultdict(list)
    for name in names:
        for fact in list_metrics(look, name, recent=recent):
            dimensions = {one["Name"]: one["Value"] for one in fact.get("Dimensions", ())}
            identity = by_id.get(dimensions.get("InstanceId", "")) or by_host.get(dimensions.get("host", ""))
            if identity:
                found[identity].append((fact["Namespace"], fact["MetricName"], tuple(dimensions.items())))
    return {identity: _widest(sets) for identity, sets in found.items()}


def _hosts(running: Iterable[Resource]) -> dict[str, str]:
    """Instance ids by host name, long and short."""
    named = ((str(one.details.get("private_dns") or ""), one.id) for one in running)
    return {host: identity for dns, identity in named if dns for host in (dns, dns.partition(".")[0])}


def _widest(sets: Sequence[Published]) -> tuple[Published, ...]:
    """The one set that sums up all chips where the agent publishes one, else the sets of each chip."""
    whole = [one for one in sets if not any(name in ONE_OF_SEVERAL for name, _ in one[2])]
    return tuple(whole[:1] or sets)


def _queries(one: Resource, published: Sequence[Published]) -> list[Query]:
    here = (("InstanceId", one.id),)
    plain = [Query(one.id, signal, "AWS/EC2", metric, here, stat) for signal, metric, stat in PLAIN]
    chips = [
        Query(one.id, signal, namespace, metric, dimensions, stat)
        for namespace, metric, dimensions in published
        for signal, stat in CHIPS
    ]
    return plain + chips


def _usage(one: Resource, published: Sequence[Published], found: Mapping[Query, Points]) -> Usage:
    measured: dict[str, dict[datetime, float]] = {}
    missing: list[str] = []
    for signal in dict.fromkeys(signal for signal, _, _ in PLAIN):
        wanted = sum(1 for name, _, _ in PLAIN if name == signal)
        parts = [points for query, points in found.items() if query.signal == signal]
        measured[signal] = combined(parts, sum) if len(parts) == wanted else {}
    if one.details.get("chip") or published:
        for signal, _ in CHIPS:
            parts = [points for query, points in found.items() if query.signal == signal]
            measured[signal] = _busiest(parts)
            if parts and not _covered(one, published, parts):
                missing.append(signal)
    missing += [signal for signal, points in measured.items() if not points]
    return Usage({signal: series(points) for signal, points in measured.items() if points}, tuple(missing))


def _busiest(parts: Sequence[Points]) -> dict[datetime, float]:
    """The busiest chip at each time, over the chips that published then."""
    return {at: max(part[at] for part in parts if at in part) for at in set().union(*parts)}


def _covered(one: Resource, published: Sequence[Published], parts: Sequence[Points]) -> bool:
    """Whether every chip of the machine published about as much as the busiest publisher."""
    chips = one.details.get("chips")
    several = any(name in ONE_OF_SEVERAL for _, _, dimensions in published for name, _ in dimensions)
    if several and not one.details.get("neuron") and isinstance(chips, (int, float)) and len(published) < chips:
        return False
    most = max(len(part) for part in parts)
    return len(parts) == len(published) and all(len(part) >= LEAST_SHARE * most for part in parts)
