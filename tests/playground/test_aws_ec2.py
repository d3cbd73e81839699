"""States, types, images, keys, spot and quotas, as EC2 documents them; times by the bot's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from bot.cloud import Cloud
from bot.playground.aws import LocalAws

P_ON_DEMAND, G_SPOT = "L-417A185B", "L-3819A6DF"


@pytest.fixture
def ec2(local_cloud: Cloud):
    return local_cloud.client("ec2", "us-east-1")


def run(ec2, aws: LocalAws, **changes) -> str:
    given = {"ImageId": aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1, **changes}
    return str(ec2.run_instances(**given)["Instances"][0]["InstanceId"])


def look(ec2, identity: str) -> dict:
    return ec2.describe_instances(InstanceIds=[identity])["Reservations"][0]["Instances"][0]


def state(ec2, identity: str) -> str:
    return str(look(ec2, identity)["State"]["Name"])


def refused(call, **given) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


def test_an_instance_is_pending_and_then_running(ec2, local_aws, local_clock):
    answer = ec2.run_instances(ImageId=local_aws.image, InstanceType="g5.xlarge", MinCount=1, MaxCount=1)["Instances"][
        0
    ]
    assert answer["State"]["Name"] == "pending"
    assert answer["LaunchTime"] == local_clock.now()
    assert state(ec2, answer["InstanceId"]) == "pending"
    local_clock.advance(timedelta(seconds=5))
    assert state(ec2, answer["InstanceId"]) == "running"


def test_a_stop_and_a_start_take_their_time_and_keep_the_clock(ec2, local_aws, local_clock):
    identity = run(ec2, local_aws)
    local_clock.advance(timedelta(hours=2))
    ec2.stop_instances(InstanceIds=[identity])
    assert state(ec2, identity) == "stopping"
    stopped = local_clock.now()
    local_clock.advance(timedelta(seconds=5))
    assert state(ec2, identity) == "stopped"
    assert look(ec2, identity)["StateTransitionReason"] == f"User initiated ({stopped:%Y-%m-%d %H:%M:%S} GMT)"
    ec2.start_instances(InstanceIds=[identity])
    assert state(ec2, identity) == "pending"
    assert look(ec2, identity)["LaunchTime"] == local_clock.now()
    local_clock.advance(timedelta(seconds=5))
    assert state(ec2, identity) == "running"


def test_a_terminated_instance_is_seen_for_an_hour_and_then_unknown(ec2, local_aws, local_clock):
    identity = run(ec2, local_aws)
    ec2.terminate_instances(InstanceIds=[identity])
    assert state(ec2, identity) == "shutting-down"
    local_clock.advance(timedelta(minutes=30))
    assert state(ec2, identity) == "terminated"
    local_clock.advance(timedelta(minutes=45))
    assert refused(ec2.describe_instances, InstanceIds=[identity]) == "InvalidInstanceID.NotFound"


@pytest.mark.parametrize("verb", ["start_instances", "stop_instances", "reboot_instances"])
def test_a_terminated_instance_stays_terminated(ec2, local_aws, local_clock, verb):
    identity = run(ec2, local_aws)
    ec2.terminate_instances(InstanceIds=[identity])
    local_clock.advance(timedelta(seconds=5))
    assert refused(getattr(ec2, verb), InstanceIds=[identity]) == "IncorrectInstanceState"
    assert state(ec2, identity) == "terminated"


@pytest.mark.parametrize(
    ("verb", "before"),
    [("stop_instances", "pending"), ("start_instances", "stopping")],
)
def test_a_verb_is_refused_while_the_state_changes(ec2, local_aws, local_clock, verb, before):
    identity = run(ec2, local_aws)
    if before == "stopping":
        local_clock.advance(timedelta(seconds=5))
        ec2.stop_instances(InstanceIds=[identity])
    assert state(ec2, identity) == before
    assert refused(getattr(ec2, verb), InstanceIds=[identity]) == "IncorrectInstanceState"


@pytest.mark.parametrize(
    ("verb", "settled"),
    [("start_instances", "running"), ("stop_instances", "stopped"), ("terminate_instances", "terminated")],
)
def test_a_verb_that_finds_its_work_done_changes_nothing(ec2, local_aws, local_clock, verb, settled):
    identity = run(ec2, local_aws)
    local_clock.advance(timedelta(seconds=5))
    if settled != "running":
        getattr(ec2, verb)(InstanceIds=[identity])
        local_clock.advance(timedelta(seconds=5))
    before = look(ec2, identity)
    local_clock.advance(timedelta(minutes=5))
    getattr(ec2, verb)(InstanceIds=[identity])
    after = look(ec2, identity)
    assert after["State"]["Name"] == settled
    assert after["LaunchTime"] == before["LaunchTime"]
    assert after.get("StateTransitionReason") == before.get("StateTransitionReason")


def test_a_protected_instance_is_not_terminated(ec2, local_aws):
    identity = run(ec2, local_aws)
    ec2.modify_instance_attribute(InstanceId=identity, DisableApiTermination={"Value": True})
    assert refused(ec2.terminate_instances, InstanceIds=[identity]) == "OperationNotPermitted"


SPOT = {"MarketType": "spot"}
PERSISTENT = {
    "MarketType": "spot",
    "SpotOptions": {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"},
}


def test_one_time_spot_cannot_be_stopped(ec2, local_aws, local_clock):
    identity = run(ec2, local_aws, InstanceMarketOptions=SPOT)
    local_clock.advance(timedelta(seconds=5))
    assert refused(ec2.stop_instances, InstanceIds=[identity]) == "UnsupportedOperation"
    assert state(ec2, identity) == "running"


def test_persistent_spot_can_be_stopped(ec2, local_aws, local_clock):
    identity = run(ec2, local_aws, InstanceMarketOptions=PERSISTENT)
    local_clock.advance(timedelta(seconds=5))
    ec2.stop_instances(InstanceIds=[identity])
    assert state(ec2, identity) == "stopping"


@pytest.mark.parametrize(("options", "kind"), [(SPOT, "one-time"), (PERSISTENT, "persistent")])
def test_a_spot_instance_has_a_request_of_its_kind(ec2, local_aws, options, kind):
    identity = run(ec2, local_aws, InstanceMarketOptions=options)
    run(ec2, local_aws)
    here = [{"Name": "instance-id", "Values": [identity]}]
    requests = ec2.describe_spot_instance_requests(Filters=here)["SpotInstanceRequests"]
    assert [(one["InstanceId"], one["Type"]) for one in requests] == [(identity, kind)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"InstanceType": "g5.nonsense"}, "InvalidParameterValue"),
        ({"InstanceType": "p5e.48xlarge"}, "Unsupported"),  # sold by the block, not on demand
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "ubuntu"}, "InvalidAMIID.Malformed"),
        ({"KeyName": "nobodys"}, "InvalidKeyPair.NotFound"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"IamInstanceProfile": {"Name": "nobodys"}}, "NoSuchEntity"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_what_does_not_exist_is_refused(ec2, local_aws, changes, code, dry_run):
    given = {"ImageId": local_aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    if dry_run and "SubnetId" in changes:
        pytest.skip("moto looks for the subnet only when it launches")
    assert refused(ec2.run_instances, **{**given, "DryRun": dry_run, **changes}) == code


def test_a_type_is_refused_where_no_region_sells_it(local_cloud, local_aws):
    ec2 = local_cloud.client("ec2", "eu-west-3")
    assert refused(run, ec2=ec2, aws=local_aws, InstanceType="p4de.24xlarge") == "Unsupported"


def test_the_vcpu_quota_of_a_family_holds_over_all_its_types(ec2, local_aws):
    local_aws.quotas.limits[P_ON_DEMAND] = 192
    run(ec2, local_aws, InstanceType="p4d.24xlarge")  # 96 vCPUs
    assert refused(run, ec2=ec2, aws=local_aws, InstanceType="p5.48xlarge") == "VcpuLimitExceeded"  # 192 more
    first = run(ec2, local_aws, InstanceType="p4d.24xlarge")
    assert refused(run, ec2=ec2, aws=local_aws, InstanceType="p3.2xlarge") == "VcpuLimitExceeded"
    run(ec2, local_aws, InstanceType="g5.xlarge")  # another family
    ec2.terminate_instances(InstanceIds=[first])
    run(ec2, local_aws, InstanceType="p4d.24xlarge")


def test_spot_has_quotas_of_its_own(ec2, local_aws):
    local_aws.quotas.limits[G_SPOT] = 4
    run(ec2, local_aws, InstanceMarketOptions=SPOT)
    code = refused(run, ec2=ec2, aws=local_aws, InstanceMarketOptions=SPOT)
    assert code == "MaxSpotInstanceCountExceeded"
    run(ec2, local_aws)


def test_service_quotas_are_read_and_an_increase_is_asked_for(local_cloud, local_aws):
    local_aws.quotas.limits[P_ON_DEMAND] = 96
    client = local_cloud.client("service-quotas", "us-east-1")
    assert client.get_service_quota(ServiceCode="ec2", QuotaCode=P_ON_DEMAND)["Quota"]["Value"] == 96
    listed = {one["QuotaCode"]: one["Value"] for one in client.list_service_quotas(ServiceCode="ec2")["Quotas"]}
    assert listed[P_ON_DEMAND] == 96
    assert refused(client.get_service_quota, ServiceCode="ec2", QuotaCode="L-0") == "NoSuchResourceException"
    asked = client.request_service_quota_increase(ServiceCode="ec2", QuotaCode=P_ON_DEMAND, DesiredValue=192)
    assert asked["RequestedQuota"]["Status"] == "PENDING"
    assert local_aws.quotas.asked[0]["DesiredValue"] == 192


def test_a_launch_is_recorded_as_it_was_asked_for(ec2, local_aws):
    run(ec2, local_aws, MetadataOptions={"HttpTokens": "required"})
    asked = next(request for request in local_aws.log if request.action == "RunInstances")
    assert asked.params["MetadataOptions.HttpTokens"] == "required"
    assert local_aws.calls["RunInstances"] == 1


def test_disks_carry_the_clock_and_the_free_part_of_gp3(ec2, local_aws, local_clock):
    disk = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 200, "VolumeType": "gp3", "Encrypted": True}}
    run(ec2, local_aws, BlockDeviceMappings=[disk])
    volume = ec2.describe_volumes()["Volumes"][0]
    assert (volume["Size"], volume["VolumeType"], volume["Iops"], volume["Throughput"]) == (200, "gp3", 3000, 125)
    assert volume["CreateTime"] == volume["Attachments"][0]["AttachTime"] == local_clock.now()


def test_a_sagemaker_name_is_taken_once(local_cloud, local_aws):
    client = local_cloud.client("sagemaker", "us-east-1")
    role = "arn:aws:iam::123456789012:role/sagemaker"
    client.create_model(ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": "i"})
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.g4dn.xlarge", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    client.create_endpoint(EndpointName="e", EndpointConfigName="c")
    assert refused(client.create_endpoint, EndpointName="e", EndpointConfigName="c") == "ValidationException"
    assert refused(client.create_endpoint_config, EndpointConfigName="c", ProductionVariants=[variant])
    assert refused(client.create_model, ModelName="m", ExecutionRoleArn=role, PrimaryContainer={"Image": "i"})


def test_a_public_parameter_can_be_published(local_cloud, local_aws):
    name = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id"
    local_aws.set_parameter(name, local_aws.image, "us-east-1")
    found = local_cloud.client("ssm", "us-east-1").get_parameter(Name=name)["Parameter"]
    assert found["Value"] == local_aws.image


def spot_state(ec2, identity):
    here = [{"Name": "instance-id", "Values": [identity]}]
    return ec2.describe_spot_instance_requests(Filters=here)["SpotInstanceRequests"][0]["State"]


def test_a_persistent_spot_request_outlives_its_machine_until_it_is_cancelled(ec2, local_aws, local_clock):
    first, second = (run(ec2, local_aws, InstanceMarketOptions=PERSISTENT) for _ in range(2))
    local_clock.advance(timedelta(seconds=5))
    ec2.stop_instances(InstanceIds=[first])
    assert (spot_state(ec2, first), spot_state(ec2, second)) == ("disabled", "active")
    local_clock.advance(timedelta(minutes=1))
    ec2.terminate_instances(InstanceIds=[first])
    assert spot_state(ec2, first) == "open"  # EC2 starts another
    request = f"sir-{second[-8:]}"
    for _ in range(2):
        ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[request])
    assert (spot_state(ec2, second), state(ec2, second)) == ("cancelled", "running")
    ec2.terminate_instances(InstanceIds=[second])
    assert spot_state(ec2, second) == "cancelled"
    unknown = {"SpotInstanceRequestIds": ["sir-00000000"]}
    assert refused(ec2.cancel_spot_instance_requests, **unknown) == "InvalidSpotInstanceRequestID.NotFound"


def test_a_describe_that_is_tried_dry_would_have_succeeded(ec2):
    for describe in (ec2.describe_instances, ec2.describe_images, ec2.describe_instance_types):
        assert refused(describe, DryRun=True) == "DryRunOperation"
