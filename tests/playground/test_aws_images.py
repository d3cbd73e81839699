"""The local EC2's CreateImage keeps EC2's documented rules, which moto's does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

HERE = "us-east-1"
MARKS = [{"Key": "mlbot:managed", "Value": "true"}]
BOTH = [{"ResourceType": kind, "Tags": MARKS} for kind in ("image", "snapshot")]


@pytest.fixture
def ec2(local: Any) -> Any:
    return local.cloud.client("ec2", HERE)


def machine(local: Any, ec2: Any, **more: Any) -> str:
    disks = [
        {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 100, "VolumeType": "gp3", "Encrypted": True}},
        {"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 40, "VolumeType": "gp3", "Encrypted": True}},
    ]
    given = {"ImageId": local.aws.image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    found = ec2.run_instances(**given, BlockDeviceMappings=disks, **more)["Instances"][0]["InstanceId"]
    local.clock.advance(timedelta(seconds=5))
    return str(found)


def state(ec2: Any, image: str) -> str:
    return str(ec2.describe_images(ImageIds=[image])["Images"][0]["State"])


def copies(ec2: Any) -> list[dict[str, Any]]:
    """The snapshots of saved images, found as one finds them in EC2: by their description."""
    made = [{"Name": "description", "Values": ["Created by CreateImage(*) for ami-*"]}]
    return list(ec2.describe_snapshots(OwnerIds=["self"], Filters=made)["Snapshots"])


def test_an_image_is_pending_until_its_time_is_over(local: Any, ec2: Any) -> None:
    image = ec2.create_image(InstanceId=machine(local, ec2), Name="nightly", NoReboot=True)["ImageId"]
    assert state(ec2, image) == "pending"
    local.clock.advance(timedelta(seconds=10))
    (mine, other) = copies(ec2)
    assert (mine["State"], mine["Progress"], other["Progress"]) == ("pending", "50%", "50%")
    local.clock.advance(timedelta(seconds=10))
    assert state(ec2, image) == "available"
    assert {one["State"] for one in copies(ec2)} == {"completed"}


def test_every_disk_has_a_snapshot_of_its_size_with_the_tags_that_were_asked_for(local: Any, ec2: Any) -> None:
    identity = machine(local, ec2)
    image = ec2.create_image(InstanceId=identity, Name="nightly", TagSpecifications=BOTH)["ImageId"]
    (found,) = ec2.describe_images(Owners=["self"], Filters=[{"Name": "tag:mlbot:managed", "Values": ["true"]}])[
        "Images"
    ]
    assert found["ImageId"] == image
    disks = {disk["DeviceName"]: disk["Ebs"] for disk in found["BlockDeviceMappings"]}
    assert {name: disk["VolumeSize"] for name, disk in disks.items()} == {"/dev/sda1": 100, "/dev/sdb": 40}
    snapshots = ec2.describe_snapshots(SnapshotIds=[disk["SnapshotId"] for disk in disks.values()])["Snapshots"]
    assert [one["Tags"] for one in snapshots] == [MARKS, MARKS]
    assert {one["Description"] for one in snapshots} == {f"Created by CreateImage({identity}) for {image}"}


@pytest.mark.parametrize("name", ["a$b$c", "x" * 129, "nächtlich"])
def test_a_name_that_ec2_does_not_take_is_refused(local: Any, ec2: Any, name: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidAMIName\.Malformed"):
        ec2.create_image(InstanceId=machine(local, ec2), Name=name)


def test_a_name_is_used_once_until_its_image_is_gone(local: Any, ec2: Any) -> None:
    identity = machine(local, ec2)
    image = ec2.create_image(InstanceId=identity, Name="nightly")["ImageId"]
    with pytest.raises(ClientError, match=rf"InvalidAMIName\.Duplicate.*{image}"):
        ec2.create_image(InstanceId=identity, Name="nightly")
    ec2.deregister_image(ImageId=image)
    assert ec2.create_image(InstanceId=identity, Name="nightly")["ImageId"] != image


def test_a_machine_that_is_not_there_or_not_up_yet_has_no_image(local: Any, ec2: Any) -> None:
    identity = machine(local, ec2)
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        ec2.create_image(InstanceId="i-0123456789abcdef0", Name="nightly")
    ec2.terminate_instances(InstanceIds=[identity])
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        ec2.create_image(InstanceId=identity, Name="nightly")


def test_an_image_that_is_not_available_launches_nothing(local: Any, ec2: Any) -> None:
    image = ec2.create_image(InstanceId=machine(local, ec2), Name="nightly")["ImageId"]
    again = {"ImageId": image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError, match=r"InvalidAMIID\.Unavailable"):
        ec2.run_instances(**again)
    local.clock.advance(timedelta(minutes=1))
    assert ec2.run_instances(**again)["Instances"]


def test_a_snapshot_is_kept_while_its_image_stands(local: Any, ec2: Any) -> None:
    image = ec2.create_image(InstanceId=machine(local, ec2), Name="nightly")["ImageId"]
    snapshots = [one["SnapshotId"] for one in copies(ec2)]
    with pytest.raises(ClientError, match=r"InvalidSnapshot\.InUse"):
        ec2.delete_snapshot(SnapshotId=snapshots[0])
    ec2.deregister_image(ImageId=image)
    for one in snapshots:
        ec2.delete_snapshot(SnapshotId=one)
    assert copies(ec2) == []
    with pytest.raises(ClientError, match=r"InvalidAMIID\.NotFound"):
        ec2.deregister_image(ImageId=image)


def test_an_image_can_fail_and_says_why(local: Any, ec2: Any) -> None:
    local.aws.ec2.images.break_next()
    image = ec2.create_image(InstanceId=machine(local, ec2), Name="nightly")["ImageId"]
    local.clock.advance(timedelta(minutes=1))
    (found,) = ec2.describe_images(ImageIds=[image])["Images"]
    assert found["State"] == "failed"
    assert "could not be taken" in found["StateReason"]["Message"]
