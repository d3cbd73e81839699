"""Faults strike as they were queued, once or for ever, and only where they were meant."""

from __future__ import annotations

import threading

import pytest

from bot.cloud import Cloud
from bot.playground.aws import Fault, LocalAws
from bot.rules.errors import CloudError, Gone, NoCapacity, Unsure
from bot.rules.policy import Policy
from bot.settings import Settings


@pytest.fixture
def ec2(local_cloud: Cloud):
    return local_cloud.client("ec2", "us-east-1")


def run(cloud: Cloud, ec2, aws: LocalAws, token: str = "t", zone: str = "us-east-1a", **changes) -> str:
    given = {
        "ImageId": aws.image,
        "InstanceType": "g5.xlarge",
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": token,
        "Placement": {"AvailabilityZone": zone},
        **changes,
    }
    return str(cloud.call(ec2.run_instances, **given)["Instances"][0]["InstanceId"])


def running(ec2) -> list[str]:
    return [one["InstanceId"] for found in ec2.describe_instances()["Reservations"] for one in found["Instances"]]


def test_an_error_comes_with_its_code_and_status_and_nothing_runs(local_cloud, ec2, local_aws):
    local_aws.fail("RunInstances", "UnauthorizedOperation", status=403)
    with pytest.raises(CloudError) as caught:
        run(local_cloud, ec2, local_aws)
    assert caught.value.code == "UnauthorizedOperation"
    assert running(ec2) == []
    assert run(local_cloud, ec2, local_aws)


def test_a_lost_reply_leaves_the_instance_running(local_cloud, ec2, local_aws):
    local_aws.disturb("lost", "RunInstances", times=2)  # botocore tries twice
    with pytest.raises(Unsure):
        run(local_cloud, ec2, local_aws)
    assert len(running(ec2)) == 1
    assert [run(local_cloud, ec2, local_aws)] == running(ec2)


def test_a_reset_before_it_ran_leaves_nothing(local_cloud, ec2, local_aws):
    local_aws.disturb("reset", "RunInstances", times=2)
    with pytest.raises(Unsure):
        run(local_cloud, ec2, local_aws)
    assert running(ec2) == []


def test_the_naive_fallback_to_another_zone_after_a_lost_reply_launches_twice(local_cloud, ec2, local_aws):
    local_aws.disturb("lost", "RunInstances", times=2, zone="us-east-1a")
    with pytest.raises(Unsure):
        run(local_cloud, ec2, local_aws, zone="us-east-1a")
    run(local_cloud, ec2, local_aws, zone="us-east-1b")
    assert len(running(ec2)) == 2


def test_no_capacity_strikes_one_zone_with_http_500(local_cloud, ec2, local_aws):
    local_aws.no_capacity("us-east-1a")
    with pytest.raises(NoCapacity) as caught:
        run(local_cloud, ec2, local_aws, zone="us-east-1a")
    assert caught.value.code == "InsufficientInstanceCapacity"
    assert run(local_cloud, ec2, local_aws, "t-2", zone="us-east-1b")


def test_no_capacity_strikes_the_zone_of_a_subnet(local_cloud, ec2, local_aws):
    local_aws.no_capacity("us-east-1c")
    subnets = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]}
    given = {"ImageId": local_aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    with pytest.raises(NoCapacity):
        local_cloud.call(ec2.run_instances, SubnetId=subnets["us-east-1c"], **given)
    local_cloud.call(ec2.run_instances, SubnetId=subnets["us-east-1d"], **given)


def test_no_capacity_of_one_type_leaves_the_others(local_cloud, ec2, local_aws):
    local_aws.no_capacity(instance_type="p5.48xlarge")
    with pytest.raises(NoCapacity):
        run(local_cloud, ec2, local_aws, InstanceType="p5.48xlarge")
    assert run(local_cloud, ec2, local_aws, "t-2")


def test_capacity_is_not_checked_by_a_dry_run(local_cloud, ec2, local_aws):
    local_aws.no_capacity()
    given = {"ImageId": local_aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    local_cloud.dry_run(ec2.run_instances, **given)


def test_what_was_just_made_is_not_seen_yet(local_cloud, ec2, local_aws):
    identity = run(local_cloud, ec2, local_aws)
    local_aws.disturb("unseen", "DescribeInstances", times=2)
    with pytest.raises(Gone):
        local_cloud.call(ec2.describe_instances, InstanceIds=[identity])
    assert running(ec2) == []
    assert running(ec2) == [identity]


def test_a_fault_strikes_as_often_as_it_was_queued(local_cloud, ec2, local_aws):
    fault = local_aws.fail("StartInstances", "IncorrectInstanceState", times=2)
    for _ in range(2):
        with pytest.raises(CloudError, match="IncorrectInstanceState"):
            local_cloud.call(ec2.start_instances, InstanceIds=["i-0123456789abcdef0"])
    with pytest.raises(Gone):
        local_cloud.call(ec2.start_instances, InstanceIds=["i-0123456789abcdef0"])
    assert fault.hits == 2


def test_a_fault_of_one_region_leaves_the_others(local_cloud, ec2, local_aws):
    local_aws.fail("", "UnauthorizedOperation", status=403, times=None, region="us-west-2")
    assert running(ec2) == []
    with pytest.raises(CloudError):
        local_cloud.call(local_cloud.client("ec2", "us-west-2").describe_instances)
    local_aws.faults.clear()
    assert running(local_cloud.client("ec2", "us-west-2")) == []


@pytest.mark.parametrize(
    ("service", "method", "given", "action"),
    [
        ("ec2", "describe_volumes", {}, "DescribeVolumes"),
        ("sts", "get_caller_identity", {}, "GetCallerIdentity"),
        ("ssm", "get_parameter", {"Name": "a"}, "GetParameter"),
        ("cloudwatch", "list_metrics", {}, "ListMetrics"),
        ("sagemaker", "list_endpoints", {}, "ListEndpoints"),
        ("service-quotas", "list_service_quotas", {"ServiceCode": "ec2"}, "ListServiceQuotas"),
    ],
)
def test_a_refusal_reads_the_same_in_every_protocol(local_cloud, local_aws, service, method, given, action):
    local_aws.faults.add(Fault(how="error", action=action, code="AccessDenied", status=403, message="No, ä."))
    with pytest.raises(CloudError) as caught:
        local_cloud.call(getattr(local_cloud.client(service, "us-east-1"), method), **given)
    assert caught.value.code == "AccessDenied"
    assert "No, ä." in str(caught.value.__cause__)


def test_a_delayed_call_answers_after_its_time(local_cloud, ec2, local_aws, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr("bot.playground.aws.server.time.sleep", waited.append)
    local_aws.disturb("delay", "DescribeInstances", seconds=4)
    assert running(ec2) == []
    assert waited == [4]


def test_a_hanging_call_is_let_go_when_the_server_stops(local_clock):
    aws = LocalAws(local_clock)
    settings = Settings(_env_file=None, aws_endpoint_url=aws.start())  # type: ignore[call-arg]
    cloud = Cloud(settings, Policy, only_local=True)
    ec2 = cloud.client("ec2", "us-east-1")
    fault = aws.disturb("hang", "DescribeInstances", times=None)
    ended: list[str] = []

    def ask() -> None:
        try:
            cloud.call(ec2.describe_instances)
        except Unsure as error:
            ended.append(error.code)

    thread = threading.Thread(target=ask)
    thread.start()
    while not fault.hits:
        thread.join(0.01)
    aws.stop()
    thread.join(20)
    assert ended
