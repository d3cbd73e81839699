"""RunInstances under a ClientToken, by the rules of EC2's page on idempotency."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from bot.clock import FixedClock
from bot.cloud import Cloud
from bot.playground.aws import LocalAws

ZONE_A, ZONE_B = {"AvailabilityZone": "us-east-1a"}, {"AvailabilityZone": "us-east-1b"}


@pytest.fixture
def ec2(local_cloud: Cloud):
    return local_cloud.client("ec2", "us-east-1")


def run(ec2, aws: LocalAws, token: str = "t-1", **changes):
    given = {"ImageId": aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1, "Placement": ZONE_A}
    return ec2.run_instances(**{**given, "ClientToken": token, **changes})["Instances"]


def running(ec2) -> list[str]:
    return [one["InstanceId"] for found in ec2.describe_instances()["Reservations"] for one in found["Instances"]]


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_the_same_token_and_parameters_give_the_same_instances(ec2, local_aws):
    first, again = run(ec2, local_aws), run(ec2, local_aws)
    assert [one["InstanceId"] for one in first] == [one["InstanceId"] for one in again] == running(ec2)


def test_another_token_launches_another_instance(ec2, local_aws):
    run(ec2, local_aws, "t-1")
    run(ec2, local_aws, "t-2")
    assert len(running(ec2)) == 2


def test_without_a_token_of_ours_botocore_sends_a_new_one_for_every_call(ec2, local_aws):
    for _ in range(2):
        ec2.run_instances(ImageId=local_aws.image, InstanceType="g5.xlarge", MinCount=1, MaxCount=1)
    assert len(running(ec2)) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"InstanceType": "g5.2xlarge"},
        {"MaxCount": 2, "MinCount": 2},
        {"UserData": "#!/bin/sh"},
        {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]},
    ],
)
def test_the_same_token_with_other_parameters_is_refused(ec2, local_aws, changes):
    run(ec2, local_aws)
    with pytest.raises(ClientError) as caught:
        run(ec2, local_aws, **changes)
    assert code_of(caught) == "IdempotentParameterMismatch"
    assert len(running(ec2)) == 1


def test_a_token_may_have_64_characters_and_no_more(ec2, local_aws):
    run(ec2, local_aws, "x" * 64)
    with pytest.raises(ClientError) as caught:
        run(ec2, local_aws, "x" * 65)
    assert code_of(caught) == "InvalidParameterValue"


def test_tokens_are_case_sensitive(ec2, local_aws):
    run(ec2, local_aws, "Token")
    run(ec2, local_aws, "token")
    assert len(running(ec2)) == 2


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(seconds=5), timedelta(hours=3)])
def test_the_token_of_a_terminated_instance_never_launches_again(ec2, local_aws, local_clock: FixedClock, wait):
    identity = run(ec2, local_aws)[0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[identity])
    local_clock.advance(wait)
    with pytest.raises(ClientError) as caught:
        run(ec2, local_aws)
    assert code_of(caught) == "IdempotentInstanceTerminated"


def test_a_token_counts_in_the_zone_that_is_named(ec2, local_aws):
    run(ec2, local_aws, Placement=ZONE_A)
    run(ec2, local_aws, Placement=ZONE_B)
    assert len(running(ec2)) == 2


def test_a_token_counts_in_the_zone_of_the_subnet(ec2, local_aws):
    subnets = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]}
    for zone in ("us-east-1a", "us-east-1b", "us-east-1a"):
        ec2.run_instances(
            ImageId=local_aws.image,
            InstanceType="g5.xlarge",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnets[zone],
            ClientToken="t-1",
        )
    assert len(running(ec2)) == 2


def test_a_token_counts_in_one_region(local_cloud, local_aws):
    for region in ("us-east-1", "us-west-2", "us-east-1"):
        client = local_cloud.client("ec2", region)
        run(client, local_aws, Placement={"AvailabilityZone": region + "a"})
    assert len(running(local_cloud.client("ec2", "us-east-1"))) == 1
    assert len(running(local_cloud.client("ec2", "us-west-2"))) == 1


def test_a_refused_call_uses_no_token(ec2, local_aws):
    with pytest.raises(ClientError):
        run(ec2, local_aws, InstanceType="g5.nonsense")
    assert run(ec2, local_aws)


def test_a_dry_run_uses_no_token_and_starts_nothing(ec2, local_aws):
    with pytest.raises(ClientError) as caught:
        run(ec2, local_aws, DryRun=True)
    assert code_of(caught) == "DryRunOperation"
    assert running(ec2) == []
    assert run(ec2, local_aws, InstanceType="g5.2xlarge")


def test_sixteen_at_once_with_one_token_start_one_instance(ec2, local_aws):
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(run(ec2, local_aws)[0]["InstanceId"])) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert set(found) == set(running(ec2))
    assert len(running(ec2)) == 1


def test_instances_are_found_by_their_token(ec2, local_aws):
    identity = run(ec2, local_aws, "t-find")[0]["InstanceId"]
    run(ec2, local_aws, "t-other")
    found = ec2.describe_instances(Filters=[{"Name": "client-token", "Values": ["t-find"]}])["Reservations"]
    assert [one["InstanceId"] for each in found for one in each["Instances"]] == [identity]
    assert found[0]["Instances"][0]["ClientToken"] == "t-find"
