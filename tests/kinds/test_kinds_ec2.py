"""EC2's facts as ours: whose it is, since when, under which market, with which guards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.kinds import KINDS, Look
from bot.kinds.ec2_instance import set_tag
from bot.kinds.tags import UNTIL, moment
from bot.playground.aws import LocalAws

KIND = KINDS["ec2_instance"]


@pytest.fixture
def look(local_cloud, local_clock):
    return lambda: Look(local_cloud, "default", "us-east-1", local_clock.now())


@pytest.fixture
def run(local_cloud, local_aws: LocalAws, local_clock):
    ec2 = local_cloud.client("ec2", "us-east-1")

    def run(tags: dict[str, str] | None = None, **changes) -> str:
        marks = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        specs = [{"ResourceType": "instance", "Tags": marks}] if marks else []
        given = {"ImageId": local_aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
        answer = ec2.run_instances(**{**given, "TagSpecifications": specs, **changes})
        local_clock.advance(timedelta(seconds=5))
        return str(answer["Instances"][0]["InstanceId"])

    run.ec2 = ec2
    return run


def test_our_tags_say_whose_it_is_what_for_and_until_when(look, run):
    until = "2026-11-24T09:00:00+01:00"
    run(
        {
            "Name": "nightly",
            "mlbot:owner": "U0ENG",
            "mlbot:request": "l_1",
            "mlbot:purpose": "LoRA run",
            "mlbot:until": until,
        }
    )
    one = KIND.find(look())[0]
    assert (one.name, one.owner, one.request, one.purpose) == ("nightly", "U0ENG", "l_1", "LoRA run")
    assert one.until == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01"])
def test_an_end_that_is_no_time_is_no_end(text):
    assert moment(text) is None


def test_a_time_without_a_zone_is_utc():
    assert moment("2026-11-24T09:00:00Z") == moment("2026-11-24T09:00:00") == datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_an_instance_nobody_tagged_has_no_owner(look, run):
    run()
    one = KIND.find(look())[0]
    assert (one.owner, one.request, one.until, one.name) == (None, None, None, "")


def test_a_stopped_instance_says_since_when(look, run, local_clock):
    identity = run()
    began = KIND.find(look())[0].since
    assert began == local_clock.now() - timedelta(seconds=5)
    local_clock.advance(timedelta(hours=3))
    stopped = local_clock.now()
    run.ec2.stop_instances(InstanceIds=[identity])
    local_clock.advance(timedelta(minutes=1))
    one = KIND.find(look())[0]
    assert (one.state, one.since, one.created) == ("stopped", stopped, began)


def test_what_is_terminated_is_not_found_and_still_read(look, run, local_clock):
    identity = run()
    run.ec2.terminate_instances(InstanceIds=[identity])
    local_clock.advance(timedelta(minutes=1))
    assert KIND.find(look()) == []
    assert KIND.read(look(), identity).state == "terminated"


def test_spot_says_whether_it_may_be_stopped(look, run):
    once = run(InstanceMarketOptions={"MarketType": "spot"})
    again = run(InstanceMarketOptions={"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "persistent"}})
    plain = run()
    assert [KIND.read(look(), one).market for one in (once, again, plain)] == ["spot", "spot", "on-demand"]
    assert KIND.read(look(), once).details["one_time_spot"] is True
    assert KIND.read(look(), again).details["one_time_spot"] is False
    assert "one_time_spot" not in KIND.read(look(), plain).details


def test_protection_is_read(look, run):
    identity = run()
    assert KIND.read(look(), identity).details["protected"] is False
    run.ec2.modify_instance_attribute(InstanceId=identity, DisableApiTermination={"Value": True})
    assert KIND.read(look(), identity).details["protected"] is True


def test_protection_that_may_not_be_read_is_unknown(look, run, local_aws):
    identity = run()
    local_aws.fail("DescribeInstanceAttribute", "UnauthorizedOperation", status=403, times=None)
    assert KIND.read(look(), identity).details["protected"] is None


@pytest.mark.parametrize("ends", [True, False])
def test_disks_say_what_becomes_of_them(look, run, ends):
    disk = {"VolumeSize": 200, "VolumeType": "gp3", "DeleteOnTermination": ends}
    run(BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": disk}])
    disks = KIND.find(look())[0].details["disks"]
    assert [(one["gb"], one["type"], one["ends_with_instance"]) for one in disks] == [(200, "gp3", ends)]


def test_a_type_says_its_chips_and_one_that_nobody_knows_says_so(look, run, local_aws):
    run(InstanceType="g5.12xlarge")
    run(InstanceType="t3.micro")
    odd = run()
    local_aws.backend("ec2", "us-east-1").get_instance_by_id(odd).instance_type = "g99.xlarge"
    found = {one.type: one.details for one in KIND.find(look())}
    assert (found["g5.12xlarge"]["chips"], found["g5.12xlarge"]["known_type"]) == (4, True)
    assert (found["t3.micro"]["chip"], found["t3.micro"]["known_type"]) == (None, True)
    assert (found["g99.xlarge"]["chip"], found["g99.xlarge"]["known_type"]) == (None, False)


def test_an_elastic_ip_is_counted_with_its_machine(look, run):
    identity = run()
    address = run.ec2.allocate_address(Domain="vpc")["AllocationId"]
    run.ec2.associate_address(AllocationId=address, InstanceId=identity)
    assert KIND.find(look())[0].details["elastic_ips"] == 1
    assert KINDS["elastic_ip"].find(look()) == []  # a running machine uses it


def test_an_elastic_ip_on_an_interface_that_is_attached_to_nothing_is_free(look, run, local_aws):
    subnet = run.ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    interface = run.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    address = run.ec2.allocate_address(Domain="vpc")["AllocationId"]
    run.ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface)
    local_aws.calls.clear()
    (one,) = KINDS["elastic_ip"].find(look())
    assert (one.id, one.state, one.details["loose_interface"]) == (address, "available", interface)
    assert local_aws.calls["DescribeNetworkInterfaces"] == 1
    assert KINDS["elastic_ip"].read(look(), address) == one
    run.ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=run(SubnetId=subnet), DeviceIndex=1)
    assert KINDS["elastic_ip"].find(look()) == []


def test_several_hundred_instances_cost_three_calls(look, run, local_aws):
    for _ in range(3):
        run(MinCount=100, MaxCount=100, InstanceType="t3.micro")
    local_aws.calls.clear()
    assert len(KIND.find(look())) == 300
    assert dict(local_aws.calls) == {"DescribeInstances": 1, "DescribeVolumes": 1, "DescribeAddresses": 1}


def test_kinds_that_look_together_ask_once(look, run, local_aws):
    run()
    local_aws.calls.clear()
    together = look()
    for name in ("ec2_instance", "ebs_volume", "elastic_ip"):
        KINDS[name].find(together)
    assert dict(local_aws.calls) == {"DescribeInstances": 1, "DescribeVolumes": 1, "DescribeAddresses": 1}


def test_a_tag_is_written_over(look, run):
    run({UNTIL: "2026-11-24T09:00:00+00:00"})
    one = KIND.find(look())[0]
    assert set_tag(look(), one, UNTIL, "2026-11-25T09:00:00+00:00")
    assert KIND.find(look())[0].until == datetime(2026, 11, 25, 9, tzinfo=UTC)
