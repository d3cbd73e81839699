"""What EC2 documents and moto leaves out: tokens, states, types, images, quotas, one-time spot, the clock."""

from __future__ import annotations

import importlib
import re
from datetime import datetime
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from bot.clock import Clock
from bot.playground.aws.quotas import Quotas, market_of
from bot.playground.aws.request import DEFAULT_ACCOUNT, Answer, Refused, Request, as_xml
from bot.playground.aws.states import ENDS_IN, States
from bot.playground.aws.tokens import Tokens
from data import Catalog

IMAGE = "ami-0fee1dee9a0c10001"  # stands in every region, as those below
IMAGES = {  # by the chips that they are for, with name and architecture
    "nvidia": (IMAGE, "Deep Learning OSS Nvidia Driver AMI GPU PyTorch 2.8 (Ubuntu 24.04)", "x86_64"),
    "neuron": ("ami-0fee1dee9a0c10002", "Deep Learning AMI Neuron (Ubuntu 24.04)", "x86_64"),
    "x86_64": ("ami-0fee1dee9a0c10003", "ubuntu-noble-24.04-amd64-server", "x86_64"),
    "arm64": ("ami-0fee1dee9a0c10004", "ubuntu-noble-24.04-arm64-server", "arm64"),
}
IMAGE_FORM = re.compile(r"ami-[0-9a-f]{8,17}")
GP3_IOPS, GP3_MBPS = 3000, 125
PASSING = {"StartInstances": "pending", "StopInstances": "stopping", "TerminateInstances": "shutting-down"}


class Was(NamedTuple):
    """An instance before a call touched it."""

    state: str
    reason: str


class Ec2:
    """The rules around moto's EC2; every method is called with the server's lock held."""

    def __init__(self, clock: Clock, catalog: Catalog, quotas: Quotas) -> None:
        self._clock = clock
        self._catalog = catalog
        self._quotas = quotas
        from bot.playground.aws.images import Images  # builds on moto's EC2, which is lean only when it is loaded late

        self.images = Images(clock)
        self._tokens = Tokens()
        self._was: dict[str, Was] = {}  # of the call that runs now
        self._persistent: set[str] = set()  # spot instances that may be stopped
        self._cancelled: set[str] = set()  # spot instances whose request was cancelled
        self._states: dict[tuple[str, str], States] = {}
        filters: Any = importlib.import_module("moto.ec2.utils")
        filters.filter_dict_attribute_mapping["client-token"] = "client_token"  # moto knows it and cannot filter by it

    def backend(self, account: str, region: str) -> Any:
        """moto's EC2 of one account and region, with our images in it."""
        from moto.ec2.models import ec2_backends

        found = ec2_backends[account][region]
        if IMAGE not in found.amis:
            for identity, name, architecture in IMAGES.values():
                add_image(found, identity, name, architecture)
        return found

    def regions(self, account: str) -> tuple[str, ...]:
        """Where this account has instances."""
        return tuple(region for owner, region in self._states if owner == account)

    def grow_old(self, region: str, identity: str, launched: datetime, stopped: datetime | None) -> None:
        """Set an instance's times, and let it be running or stopped for good."""
        instance = self.backend(DEFAULT_ACCOUNT, region).get_instance_by_id(identity)
        instance.launch_time = launched.replace(tzinfo=None, microsecond=0)
        for _, device in instance.get_block_device_mapping:
            volume = self.backend(DEFAULT_ACCOUNT, region).volumes[device.volume_id]
            volume.create_time = volume.attachment.attach_time = instance.launch_time
        instance._reason = f"User initiated ({stopped:%Y-%m-%d %H:%M:%S} GMT)" if stopped else ""
        self.states(DEFAULT_ACCOUNT, region).end(instance, "stopped" if stopped else "running")

    def states(self, account: str, region: str) -> States:
        """The clockwork of one account and region's instances."""
        return self._states.setdefault((account, region), States(self._clock))

    def settle(self, account: str, region: str) -> None:
        """Let the states go on to where they are by now."""
        self.images.settle()
        if (account, region) in self._states:
            self._states[account, region].settle(self.backend(account, region))

    def zone(self, request: Request) -> str:
        """The zone that RunInstances names, by itself or by its subnet; empty when it names none."""
        params = request.params
        if zone := params.get("Placement.AvailabilityZone"):
            return str(zone)
        name = params.get("SubnetId") or params.get("NetworkInterface.1.SubnetId")
        subnets = self.backend(request.account, request.region).subnets if name else {}
        return next((str(zone) for zone, known in subnets.items() if name in known), "")

    def before(self, request: Request) -> Answer | None:
        """Refuse what EC2 refuses; an answer of our own, or None to let moto answer."""
        backend = self.backend(request.account, request.region)
        if request.action.startswith("Describe") and request.params.get("DryRun") == "true":
            raise Refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412)
        if request.action == "RunInstances":
            return self._before_run(request, backend)
        if (answer := self.images.before(request, backend)) is not None:
            return answer
        if request.action == "DescribeSpotInstanceRequests":
            return self._spot_requests(request, backend)
        if request.action == "CancelSpotInstanceRequests":
            return self._cancel_spot(request, backend)
        self.states(request.account, request.region).check(backend, request.action, request.ids())
        if request.action == "StopInstances":
            self._check_spot(backend, request.ids())
        if request.action in PASSING:
            found = ((identity, backend.get_instance_by_id(identity)) for identity in request.ids())
            self._was = {identity: Was(one.state, one._reason) for identity, one in found if one is not None}
        return None

    def after(self, request: Request, answer: Answer) -> Answer:
        """Bring what moto made in line with the clock; the answer as EC2 would have written it."""
        if answer.status != 200 or request.params.get("DryRun") == "true":
            return answer
        backend = self.backend(request.account, request.region)
        if request.action == "RunInstances":
            return self._after_run(request, backend, answer)
        if request.action in PASSING:
            self._after_change(request, backend)
        if request.action == "CreateVolume" and (found := re.search(rb"<volumeId>(vol-\w+)<", answer.body)):
            backend.volumes[found[1].decode()].create_time = self._naive()
        return answer

    def _before_run(self, request: Request, backend: Any) -> Answer | None:
        if (known := self._tokens.replay(request, self.zone(request), backend)) is not None:
            return known
        self._check_type(request)
        image, key = request.params.get("ImageId", ""), request.params.get("KeyName", "")
        if image and not IMAGE_FORM.fullmatch(image):
            raise Refused("InvalidAMIID.Malformed", f'Invalid id: "{image}" (expecting "ami-...")')
        if image and image not in backend.amis:
            raise Refused("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
        self.images.before(request, backend)
        if key and key not in backend.key_pairs:
            raise Refused("InvalidKeyPair.NotFound", f"The key pair '{key}' does not exist")
        if request.params.get("DryRun") != "true":
            self._quotas.check(request, backend)
        return None

    def _check_type(self, request: Request) -> None:
        name = request.params.get("InstanceType", "")
        known = self._catalog.instances.get(name)
        if known is None:
            raise Refused("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
        regions = self._catalog.regions_with(name)
        if market_of(request) not in known.markets or (regions and request.region not in regions):
            raise Refused(
                "Unsupported",
                f"Your requested instance type ({name}) is not supported in your requested Availability Zone "
                f"({self.zone(request) or request.region}).",
            )

    def _check_spot(self, backend: Any, identities: tuple[str, ...]) -> None:
        for identity in identities:
            instance = backend.get_instance_by_id(identity)
            if instance is not None and instance.lifecycle == "spot" and identity not in self._persistent:
                raise Refused(
                    "UnsupportedOperation",
                    f"You can't stop the Spot Instance '{identity}' because it is associated with a one-time Spot "
                    "Instance request. You can only stop Spot Instances associated with persistent Spot Instance "
                    "requests.",
                )

    def _after_run(self, request: Request, backend: Any, answer: Answer) -> Answer:
        identities = tuple(one.decode() for one in re.findall(rb"<instanceId>(i-\w+)</instanceId>", answer.body))
        states, now = self.states(request.account, request.region), self._naive()
        for identity in identities:
            instance = backend.get_instance_by_id(identity)
            instance.launch_time = now
            states.begin(instance, "pending")
            self._stamp_disks(backend, instance)
        if request.params.get("InstanceMarketOptions.SpotOptions.SpotInstanceType") == "persistent":
            self._persistent.update(identities)
        body = answer.body.replace(b"<code>16</code><name>running</name>", b"<code>0</code><name>pending</name>")
        stamp = rb"<\1>" + now.strftime("%Y-%m-%dT%H:%M:%S.000Z").encode() + rb"</\1>"
        body = re.sub(rb"<(launchTime|attachTime)>[^<]*</\1>", stamp, body)
        answer = Answer(answer.status, body, answer.headers)
        self._tokens.remember(request, self.zone(request), answer, identities)
        return answer

    def _stamp_disks(self, backend: Any, instance: Any) -> None:
        for _, device in instance.get_block_device_mapping:
            volume = backend.volumes[device.volume_id]
            volume.create_time = volume.attachment.attach_time = self._naive()
            if volume.volume_type == "gp3":
                volume.iops, volume.throughput = volume.iops or GP3_IOPS, volume.throughput or GP3_MBPS

    def _after_change(self, request: Request, backend: Any) -> None:
        states, name = self.states(request.account, request.region), PASSING[request.action]
        for identity, was in self._was.items():
            instance = backend.get_instance_by_id(identity)
            if was.state in (name, ENDS_IN[name]):  # it was there or on its way: nothing happens
                states.put(instance, was.state)
                instance._reason = was.reason
                continue
            states.begin(instance, name)
            if name == "pending":
                instance.launch_time = self._naive()
            else:
                instance._reason = f"User initiated ({self._naive():%Y-%m-%d %H:%M:%S} GMT)"

    def _spot_requests(self, request: Request, backend: Any) -> Answer:
        """One request for every spot instance; moto makes none for RunInstances."""
        wanted = {value for key, value in request.params.items() if re.fullmatch(r"Filter\.\d+\.Value\.\d+", key)}
        items = ""
        for instance in backend.all_instances():
            if instance.lifecycle == "spot" and (not wanted or instance.id in wanted):
                kind = "persistent" if instance.id in self._persistent else "one-time"
                items += (
                    f"<item><spotInstanceRequestId>{_spot_id(instance)}</spotInstanceRequestId>"
                    f"<type>{kind}</type><state>{self._spot_state(instance)}</state>"
                    f"<instanceId>{escape(instance.id)}</instanceId></item>"
                )
        return as_xml(request.action, f"<spotInstanceRequestSet>{items}</spotInstanceRequestSet>")

    def _spot_state(self, instance: Any) -> str:
        """As EC2 documents it; a persistent request whose instance is gone is open again, and EC2 starts another."""
        if instance.id in self._cancelled:
            return "cancelled"
        if instance.state in ("shutting-down", "terminated"):
            return "open" if instance.id in self._persistent else "closed"
        return "disabled" if instance.state in ("stopping", "stopped") else "active"

    def _cancel_spot(self, request: Request, backend: Any) -> Answer:
        """Cancelling ends the request and leaves its instance as it is; twice is once."""
        wanted = [value for key, value in request.params.items() if key.startswith("SpotInstanceRequestId")]
        known = {_spot_id(one): one.id for one in backend.all_instances() if one.lifecycle == "spot"}
        for identity in wanted:
            if identity not in known:
                raise Refused(
                    "InvalidSpotInstanceRequestID.NotFound", f"The spot instance request ID '{identity}' does not exist"
                )
        if request.params.get("DryRun") != "true":
            self._cancelled.update(known[identity] for identity in wanted)
        done = "".join(
            f"<item><spotInstanceRequestId>{one}</spotInstanceRequestId><state>cancelled</state></item>"
            for one in wanted
        )
        return as_xml(request.action, f"<spotInstanceRequestSet>{done}</spotInstanceRequestSet>")

    def _naive(self) -> datetime:
        """The clock as moto keeps time: UTC without saying so."""
        return self._clock.now().replace(tzinfo=None, microsecond=0)


def add_image(backend: Any, identity: str, name: str, architecture: str = "x86_64") -> None:
    """Put a public image into moto's *backend*."""
    from moto.ec2.models.amis import Ami

    backend.amis[identity] = Ami(
        backend,
        identity,
        name=name,
        description=name,
        owner_id="898082745236",  # Amazon's account of Deep Learning images
        owner_alias="amazon",
        public=True,
        virtualization_type="hvm",
        architecture=architecture,
        root_device_type="ebs",
    )


def _spot_id(instance: Any) -> str:
    return f"sir-{instance.id[-8:]}"
