"""Metrics: every chip under whatever dimensions, in as few calls as AWS allows, and honest about what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.kinds import KINDS, Look
from bot.kinds.cloudwatch import Query, batches, fetch, floor
from bot.kinds.ec2_usage import measure
from bot.rules.idle import Resource

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=5)
GPU = "nvidia_smi_utilization_gpu"
HOST = "ip-10-0-0-7.ec2.internal"


def machine(identity: str = "i-1", **details) -> Resource:
    facts = {"chip": "A10G", "chips": 1, "neuron": False, "known_type": True, "private_dns": HOST, **details}
    return Resource(
        id=identity, kind="ec2_instance", account="default", region="us-east-1", state="running", details=facts
    )


@pytest.fixture
def look(local_cloud):
    return Look(local_cloud, "default", "us-east-1", NOW)


@pytest.fixture
def put(local_cloud):
    client = local_cloud.client("cloudwatch", "us-east-1")

    def put(metric: str, dimensions: dict[str, str], values: dict[int, float], namespace: str = "CWAgent") -> None:
        """Values by minutes before NOW at which their interval begins."""
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        points = [
            {"MetricName": metric, "Dimensions": named, "Timestamp": NOW - timedelta(minutes=ago), "Value": value}
            for ago, value in values.items()
        ]
        client.put_metric_data(Namespace=namespace, MetricData=points)

    return put


def gpu(look: Look, one: Resource, back: timedelta = HOUR):
    usage = measure(look, [one], NOW - back, NOW)[one.id]
    series = usage.series.get("gpu_max_pct")
    return (dict(series.points) if series else {}), usage.missing


@pytest.mark.parametrize(
    "dimensions",
    [
        {"InstanceId": "i-1"},
        {"InstanceId": "i-1", "InstanceType": "g5.xlarge", "name": "NVIDIA A10G", "index": "0", "arch": "Ampere"},
        {"host": HOST, "name": "NVIDIA A10G", "index": "0"},
        {"host": HOST.partition(".")[0], "index": "0"},
    ],
)
def test_a_gpu_is_found_under_any_dimensions(look, put, dimensions):
    put(GPU, dimensions, {10: 63.0, 5: 0.0})
    points, missing = gpu(look, machine())
    assert points == {NOW - STEP: 63.0, NOW: 0.0}
    assert "gpu_max_pct" not in missing


def test_a_namespace_of_the_teams_own_is_found_too(look, put):
    put(GPU, {"InstanceId": "i-1"}, {5: 7.0}, namespace="Lab")
    assert gpu(look, machine())[0] == {NOW: 7.0}


def test_a_point_stands_at_the_end_of_its_interval(look, put):
    put(GPU, {"InstanceId": "i-1"}, {7: 50.0})  # published within the five minutes that end at NOW - 5
    assert gpu(look, machine())[0] == {NOW - STEP: 50.0}


def test_the_busiest_gpu_speaks_for_all(look, put):
    for index, value in enumerate((0.0, 97.0, 0.0, 3.0)):
        put(GPU, {"InstanceId": "i-1", "index": str(index)}, {5: value})
    points, missing = gpu(look, machine(chips=4))
    assert points == {NOW: 97.0}
    assert "gpu_max_pct" not in missing


def test_a_gpu_that_nobody_publishes_is_told(look, put):
    for index in range(3):
        put(GPU, {"InstanceId": "i-1", "index": str(index)}, {5: 0.0})
    points, missing = gpu(look, machine(chips=4))
    assert points == {NOW: 0.0}
    assert "gpu_max_pct" in missing


def test_a_gpu_that_fell_silent_is_told(look, put):
    put(GPU, {"InstanceId": "i-1", "index": "0"}, dict.fromkeys(range(5, 65, 5), 0.0))
    put(GPU, {"InstanceId": "i-1", "index": "1"}, dict.fromkeys(range(40, 65, 5), 0.0))
    points, missing = gpu(look, machine(chips=2))
    assert len(points) == 12
    assert "gpu_max_pct" in missing


def test_one_series_of_the_whole_machine_is_enough_and_asked_alone(look, put, local_aws):
    put(GPU, {"InstanceId": "i-1"}, {5: 12.0})
    for index in range(8):
        put(GPU, {"InstanceId": "i-1", "index": str(index)}, {5: 12.0})
    local_aws.log.clear()
    points, missing = gpu(look, machine(chips=8))
    assert points == {NOW: 12.0}
    assert "gpu_max_pct" not in missing


def test_no_agent_means_missing_and_never_zero(look):
    points, missing = gpu(look, machine())
    assert points == {}
    assert {"gpu_max_pct", "gpu_avg_pct", "cpu_max_pct", "net_bytes", "disk_ops"} <= set(missing)


def test_a_machine_without_chips_is_not_asked_for_them(look, local_aws):
    usage = measure(look, [machine(chip=None, chips=0)], NOW - HOUR, NOW)["i-1"]
    assert "gpu_max_pct" not in usage.missing
    assert local_aws.calls["ListMetrics"] == 0


def test_neuron_cores_are_read_where_they_are_published(look, put):
    put("neuroncore_utilization", {"InstanceId": "i-1", "neuroncore": "0"}, {5: 40.0}, namespace="Neuron")
    points, missing = gpu(look, machine(chip="Trainium1", chips=1, neuron=True))
    assert points == {NOW: 40.0}
    assert "gpu_max_pct" not in missing


def test_network_is_in_and_out_together_and_missing_when_one_is(look, put):
    put("NetworkIn", {"InstanceId": "i-1"}, {5: 100.0, 10: 1.0}, namespace="AWS/EC2")
    assert "net_bytes" in measure(look, [machine()], NOW - HOUR, NOW)["i-1"].missing
    put("NetworkOut", {"InstanceId": "i-1"}, {5: 20.0}, namespace="AWS/EC2")
    usage = measure(look, [machine()], NOW - HOUR, NOW)["i-1"]
    assert usage.series["net_bytes"].points == ((NOW, 120.0),)


def test_what_is_stopped_is_not_measured(look, local_aws):
    assert measure(look, [replace(machine(), state="stopped")], NOW - HOUR, NOW)["i-1"].series == {}
    assert not local_aws.log


def test_a_window_is_cut_to_whole_steps(look, put):
    put(GPU, {"InstanceId": "i-1"}, dict.fromkeys(range(0, 90, 5), 1.0))
    found = measure(look, [machine()], NOW - HOUR + timedelta(minutes=2), NOW + timedelta(minutes=3))["i-1"]
    times = [at for at, _ in found.series["gpu_max_pct"].points]
    assert (times[0], times[-1], len(times)) == (NOW - HOUR + STEP, NOW, 12)


def test_more_than_a_page_of_metrics_is_followed(look, put, local_aws):
    for number in range(520):
        put(GPU, {"InstanceId": f"i-{number}", "index": "0"}, {5: 1.0})
    ones = [machine(f"i-{number}", private_dns="") for number in range(520)]
    local_aws.calls.clear()
    usage = measure(look, ones, NOW - HOUR, NOW)
    assert all(usage[one.id].series["gpu_max_pct"].points for one in ones)
    assert local_aws.calls["ListMetrics"] == 2
    assert local_aws.calls["GetMetricData"] == 9  # 520 machines x 8 queries, 500 a call


@pytest.mark.parametrize(
    ("queries", "points", "calls"),
    [(500, 24, 1), (501, 24, 2), (500, 201, 1), (500, 288, 2), (350, 288, 1), (1, 200_000, 1), (0, 24, 0)],
)
def test_a_call_carries_as_much_as_it_may(queries, points, calls):
    many = [Query(str(n), "s", "ns", "m", (), "Sum") for n in range(queries)]
    found = list(batches(many, points))
    assert len(found) == calls
    assert [query for batch in found for query in batch] == many
    assert all(len(batch) <= 500 and (len(batch) == 1 or len(batch) * points <= 100_800) for batch in found)


def test_an_empty_window_asks_nothing(look, local_aws):
    assert fetch(look, [Query("i", "s", "ns", "m", (), "Sum")], NOW, NOW + timedelta(minutes=4)) == {}
    assert not local_aws.log


def test_times_are_rounded_down_to_a_step():
    assert floor(NOW + timedelta(minutes=4, seconds=59), STEP) == NOW


def test_an_endpoint_that_nobody_calls_was_called_zero_times(look, local_aws):
    kind = KINDS["sagemaker_endpoint"]
    one = Resource(
        id="e",
        kind=kind.name,
        account="default",
        region="us-east-1",
        state="InService",
        created=NOW - timedelta(minutes=30),
        details={"variants": [{"name": "a", "type": "ml.g4dn.xlarge", "count": 1}]},
    )
    usage = kind.measure(look, [one], NOW - HOUR, NOW)["e"]
    assert [value for _, value in usage.series["invocations"].points] == [0.0] * 6  # since it was made
    assert usage.missing == ()


def test_an_endpoint_sums_the_calls_of_its_variants(look, put):
    kind = KINDS["sagemaker_endpoint"]
    variants = [{"name": name, "type": "ml.g4dn.xlarge", "count": 1} for name in ("a", "b")]
    one = Resource(
        id="e",
        kind=kind.name,
        account="default",
        region="us-east-1",
        state="InService",
        created=NOW - HOUR,
        details={"variants": variants},
    )
    put("Invocations", {"EndpointName": "e", "VariantName": "a"}, {5: 3.0}, namespace="AWS/SageMaker")
    put("Invocations", {"EndpointName": "e", "VariantName": "b"}, {5: 4.0, 10: 1.0}, namespace="AWS/SageMaker")
    points = dict(kind.measure(look, [one], NOW - HOUR, NOW)["e"].series["invocations"].points)
    assert (points[NOW], points[NOW - STEP], points[NOW - 2 * STEP]) == (7.0, 1.0, 0.0)


JOB = Resource(
    id="night-run",
    kind="sagemaker_training_job",
    account="default",
    region="us-east-1",
    state="InProgress",
    details={"count": 2, "chip": "A10G"},
)


def test_a_training_job_is_as_busy_as_its_busiest_host(look, put):
    kind = KINDS["sagemaker_training_job"]
    for host, value in (("algo-1", 0.0), ("algo-2", 380.0)):  # four GPUs of a host add up
        put("GPUUtilization", {"Host": f"night-run/{host}"}, {5: value}, namespace="/aws/sagemaker/TrainingJobs")
    usage = kind.measure(look, [JOB], NOW - HOUR, NOW)["night-run"]
    assert usage.series["gpu_max_pct"].points == ((NOW, 100.0),)
    assert usage.missing == ("cpu_max_pct",)


def test_a_host_that_publishes_nothing_makes_its_job_unknown(look, put):
    put("GPUUtilization", {"Host": "night-run/algo-1"}, {5: 0.0}, namespace="/aws/sagemaker/TrainingJobs")
    usage = KINDS["sagemaker_training_job"].measure(look, [JOB], NOW - HOUR, NOW)["night-run"]
    assert "gpu_max_pct" in usage.missing


def test_a_region_without_a_studio_is_not_asked_for_its_apps(look, local_aws):
    assert KINDS["sagemaker_studio_app"].find(look) == []
    assert dict(local_aws.calls) == {"ListDomains": 1}
