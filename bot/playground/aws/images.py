"""CreateImage as EC2 documents it: unique names, a tagged snapshot of every disk, pending until its time is over."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.ec2.models.amis import Ami
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.utils import random_ami_id, random_snapshot_id

from bot.clock import Clock
from bot.playground.aws.request import Answer, Refused, Request, as_xml

NAME_FORM = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
SAVED_FROM = ("running", "stopping", "stopped")
TAKES = timedelta(seconds=20)
Tags = dict[str, str]


class Copy(Snapshot):
    """A snapshot that an image was made of; its progress follows the clock."""

    done = 100

    @property
    def progress(self) -> str:
        """How much of it is copied."""
        return f"{self.done}%"


class SavedImage(Ami):
    """An image of an instance's own disks; moto's has one made-up disk of 15 GB."""

    copies: tuple[tuple[str, bool, str, Copy], ...] = ()  # device, deleted with the machine, volume type, snapshot
    state_reason: dict[str, str] | None = None

    @property
    def block_device_mappings(self) -> list[dict[str, Any]]:
        """The disks as DescribeImages shows them."""
        return [
            {
                "DeviceName": device,
                "Ebs": {
                    "SnapshotId": copy.id,
                    "VolumeSize": copy.volume_size,
                    "DeleteOnTermination": ends,
                    "VolumeType": kind,
                    "Encrypted": copy.encrypted,
                },
            }
            for device, ends, kind, copy in self.copies
        ]


@dataclass(frozen=True, slots=True)
class Saving:
    """An image on its way."""

    image: SavedImage
    begun: datetime
    fails: bool


class Images:
    """What EC2 documents of CreateImage and moto leaves out; called with the server's lock held."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._saving: list[Saving] = []
        self._failures: deque[bool] = deque()
        self.takes = TAKES

    def break_next(self) -> None:
        """Let the next image end as failed, as EC2's do when a snapshot cannot be taken."""
        self._failures.append(True)

    def settle(self) -> None:
        """Let every image go on to where it is by now."""
        now = self._clock.now()
        for one in list(self._saving):
            share = min(1.0, (now - one.begun) / self.takes) if self.takes else 1.0
            for *_, copy in one.image.copies:
                copy.done = int(100 * share)
            if share >= 1.0:
                self._saving.remove(one)
                _end(one)

    def before(self, request: Request, backend: Any) -> Answer | None:
        """Refuse what EC2 refuses; the answer to CreateImage, or None to let moto answer."""
        if request.action == "RunInstances":
            image = backend.amis.get(request.params.get("ImageId", ""))
            if image is not None and image.state != "available":
                raise Refused("InvalidAMIID.Unavailable", f"The image ID '{image.id}' is not available ({image.state})")
        if request.action == "DeregisterImage" and request.params.get("ImageId") not in backend.amis:
            raise Refused("InvalidAMIID.NotFound", f"The image id '[{request.params.get('ImageId')}]' does not exist")
        if request.action == "CreateImage" and request.params.get("DryRun") != "true":
            return self._create(request, backend)
        return None

    def _create(self, request: Request, backend: Any) -> Answer:
        name, instance = _checked(request, backend)
        now = self._clock.now().replace(tzinfo=None, microsecond=0)
        identity = random_ami_id()
        image = SavedImage(backend, identity, instance=instance, name=name, creation_date=now, state="pending")
        image.description = request.params.get("Description", "")
        image.root_device_type = "ebs"
        image.architecture = instance.architecture or "x86_64"
        del backend.snapshots[image.ebs_snapshot.id]
        image.add_tags(_tags(request, "image"))
        copies = []
        for device, mapping in instance.get_block_device_mapping:
            copy = self._copy(
                backend, mapping.volume_id, f"Created by CreateImage({instance.id}) for {identity}", image
            )
            copy.add_tags(_tags(request, "snapshot"))
            kind = backend.volumes[mapping.volume_id].volume_type
            copies.append((device, bool(mapping.delete_on_termination), kind, copy))
        image.copies = tuple(copies)
        image.root_device_name = instance.root_device_name or "/dev/sda1"
        backend.amis[identity] = image
        self._saving.append(Saving(image, self._clock.now(), self._failures.popleft() if self._failures else False))
        return as_xml("CreateImage", f"<imageId>{identity}</imageId>")

    def _copy(self, backend: Any, volume: str, description: str, image: SavedImage) -> Copy:
        found = backend.volumes[volume]
        copy = Copy(backend, random_snapshot_id(), found, description, found.encrypted, from_ami=image.id)
        copy.status, copy.done = "pending", 0
        copy.start_time = self._clock.now().replace(tzinfo=None, microsecond=0)
        backend.snapshots[copy.id] = copy
        return copy


def _end(one: Saving) -> None:
    one.image.state = "failed" if one.fails else "available"
    if one.fails:
        message = "Client.InternalError: a snapshot of the image could not be taken"
        one.image.state_reason = {"code": "Client.InternalError", "message": message}
    for *_, copy in one.image.copies:
        copy.status = "error" if one.fails else "completed"


def _checked(request: Request, backend: Any) -> tuple[str, Any]:
    """The name and the instance, when EC2 would take them; raises Refused."""
    name = str(request.params.get("Name", ""))
    if not NAME_FORM.fullmatch(name):
        raise Refused(
            "InvalidAMIName.Malformed",
            "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', "
            "'-', '/' and '_'",
        )
    taken = next((one for one in backend.amis.values() if one.name == name and one.owner_alias != "amazon"), None)
    if taken is not None:
        raise Refused("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {taken.id}")
    identity = str(request.params.get("InstanceId", ""))
    instance = backend.get_instance_by_id(identity)
    if instance is None:
        raise Refused("InvalidInstanceID.NotFound", f"The instance ID '{identity}' does not exist")
    if instance.state not in SAVED_FROM:
        raise Refused(
            "IncorrectInstanceState", f"The instance '{identity}' is not in a state from which it can be imaged."
        )
    return name, instance


def _tags(request: Request, kind: str) -> Tags:
    """What TagSpecification.N says of *kind*."""
    params, found = request.params, {}
    for key, value in params.items():
        if value != kind or not re.fullmatch(r"TagSpecification\.\d+\.ResourceType", key):
            continue
        tag = re.escape(key.removesuffix("ResourceType")) + r"Tag\.\d+\.Key"
        for name in (one for one in params if re.fullmatch(tag, one)):
            found[str(params[name])] = str(params.get(name.removesuffix("Key") + "Value", ""))
    return found
