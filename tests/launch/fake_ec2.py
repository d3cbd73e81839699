"""An EC2 in memory with the rules that launching once depends on; for tests that crash some thousand times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from bot.clock import Clock
from bot.rules.errors import CloudError, Gone, Unsure

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")


@dataclass
class World:
    """What outlives a process: machines, and what each token made."""

    clock: Clock
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[tuple[str, str], tuple[str, list[str]]] = field(default_factory=dict)
    faults: list[Callable[[Mapping[str, Any]], None]] = field(default_factory=list)  # one is used up by each run
    calls: Counter[str] = field(default_factory=Counter)
    unseen: bool = False  # a describe does not show what is there
    forgetful: bool = False  # ClientToken means nothing
    lost: int = 0  # replies of RunInstances that will not arrive

    def by_request(self) -> Counter[str]:
        """How many machines each request got."""
        return Counter(tag_of(one, "mlbot:request") for one in self.machines.values())

    def age(self) -> None:
        """Everything that was pending runs."""
        for one in self.machines.values():
            if one["State"]["Name"] == "pending":
                one["State"] = {"Name": "running"}


def tag_of(one: Mapping[str, Any], key: str) -> str:
    return next((tag["Value"] for tag in one["Tags"] if tag["Key"] == key), "")


class FakeCloud:
    """The door to that world; *io* is told before and after each call and may raise."""

    def __init__(self, world: World, io: Callable[[str, str], None] = lambda moment, name: None) -> None:
        self.world = world
        self.io = io

    def client(self, service: str, region: str, account: str = "default", *, person: str = "") -> Any:
        names = [name.removeprefix("do_") for name in dir(self) if name.startswith("do_")]
        return SimpleNamespace(region=region, **{name: getattr(self, f"do_{name}") for name in names})

    def call(self, method: Callable[..., Any], /, **given: Any) -> Any:
        name = method.__name__.removeprefix("do_")
        self.world.calls[name] += 1
        self.io("before", name)
        answer = method(**given)
        self.io("after", name)
        return answer

    def dry_run(self, method: Callable[..., Any], /, **given: Any) -> None:
        self.io("before", "dry_run")

    def items(self, client: Any, operation: str, key: str, /, **given: Any) -> Iterator[Mapping[str, Any]]:
        yield from self.call(getattr(client, operation), **given)[key]

    def do_run_instances(self, *, ClientToken: str, **params: Any) -> Any:
        if self.world.faults:
            self.world.faults.pop(0)(params)
        zone = params.get("SubnetId", "").removeprefix("subnet-") or params["Placement"]["AvailabilityZone"]
        known = self.world.tokens.get((zone, ClientToken))
        if known and not self.world.forgetful:
            if known[0] != json.dumps(params, sort_keys=True):
                raise CloudError("different parameters", code="IdempotentParameterMismatch")
            return self._answer(known[1])
        ids = [f"i-{len(self.world.machines) + n:017x}" for n in range(params["MinCount"])]
        for identity in ids:
            self.world.machines[identity] = {
                "InstanceId": identity,
                "InstanceType": params["InstanceType"],
                "State": {"Name": "pending"},
                "Tags": params["TagSpecifications"][0]["Tags"],
                "LaunchTime": self.world.clock.now(),
                "Placement": {"AvailabilityZone": zone},
                "PublicIpAddress": "198.51.100.7",
            }
        self.world.tokens[zone, ClientToken] = (json.dumps(params, sort_keys=True), ids)
        if self.world.lost:
            self.world.lost -= 1
            raise Unsure("AWS did not answer run_instances.", code="ReadTimeoutError")
        return self._answer(ids)

    def _answer(self, ids: list[str]) -> Any:
        return {
            "Instances": [self.world.machines[one] for one in ids],
            "ResponseMetadata": {"RequestId": f"aws-{ids[0][-4:]}"},
        }

    def do_describe_instances(
        self, *, InstanceIds: list[str] | None = None, Filters: list[dict[str, Any]] | None = None
    ) -> Any:
        found = [] if self.world.unseen else list(self.world.machines.values())
        if InstanceIds is not None:
            found = [one for one in found if one["InstanceId"] in InstanceIds]
            if len(found) < len(InstanceIds):
                raise Gone("does not exist", code="InvalidInstanceID.NotFound")
        for rule in Filters or []:
            found = [one for one in found if _value(one, rule["Name"]) in rule["Values"]]
        return {"Reservations": [{"Instances": [one]} for one in found]}

    def do_describe_instance_status(self, *, InstanceIds: list[str]) -> Any:
        ok = {"Status": "ok"}
        return {
            "InstanceStatuses": [{"InstanceId": one, "InstanceStatus": ok, "SystemStatus": ok} for one in InstanceIds]
        }

    def do_describe_instance_type_offerings(self, **_: Any) -> Any:
        return {"InstanceTypeOfferings": [{"Location": zone} for zone in ZONES]}

    def do_describe_subnets(self, **_: Any) -> Any:
        return {"Subnets": [{"AvailabilityZone": zone, "SubnetId": f"subnet-{zone}"} for zone in ZONES]}

    def do_describe_images(self, *, ImageIds: list[str], **_: Any) -> Any:
        return {
            "Images": [
                {"ImageId": ImageIds[0], "Architecture": "x86_64", "RootDeviceName": "/dev/sda1", "Name": "dlami"}
            ]
        }

    def do_describe_key_pairs(self, **_: Any) -> Any:
        return {"KeyPairs": [{}]}

    def do_get_service_quota(self, **_: Any) -> Any:
        return {"Quota": {"Value": 1e6}}


def _value(one: Mapping[str, Any], name: str) -> str:
    if name == "instance-state-name":
        return str(one["State"]["Name"])
    return tag_of(one, name.removeprefix("tag:"))
