"""The parameters of RunInstances for what was asked: encrypted disk, IMDSv2, tags, spot; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bot.rules.launch import Launch, Offer, Place, Wanted
from bot.rules.policy_launch import Launching

MANAGED, REQUEST, OWNER = "mlbot:managed", "mlbot:request", "mlbot:owner"
PURPOSE, UNTIL = "mlbot:purpose", "mlbot:until"
TAGGED = ("instance", "volume")
SPOT_REQUEST = "spot-instances-request"
ROOT = "/dev/sda1"


def build(launch: Launch, launching: Launching, *, image: str, root: str, user_data: str) -> dict[str, Any]:
    """Everything but place, token and end; *user_data* as base64."""
    wanted = launch.wanted
    params: dict[str, Any] = {
        "ImageId": image,
        "InstanceType": wanted.instance_type,
        "MinCount": wanted.count,
        "MaxCount": wanted.count,
        "BlockDeviceMappings": [
            {
                "DeviceName": root or ROOT,
                "Ebs": {
                    "VolumeSize": wanted.disk_gb,
                    "VolumeType": "gp3",
                    "Encrypted": True,
                    "DeleteOnTermination": True,
                },
            }
        ],
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 1},
        "TagSpecifications": _tags(launch),
    }
    if wanted.key_name:
        params["KeyName"] = wanted.key_name
    if launching.security_groups:
        params["SecurityGroupIds"] = list(launching.security_groups)
    if launching.instance_profile:
        by = "Arn" if launching.instance_profile.startswith("arn:") else "Name"
        params["IamInstanceProfile"] = {by: launching.instance_profile}
    if user_data:
        params["UserData"] = user_data
    if "end-guard" in launching.boot:
        params["MetadataOptions"]["InstanceMetadataTags"] = "enabled"
    return {**params, **_market(wanted, launching)}


def complete(launch: Launch, offer: Offer, place: Place, until: datetime) -> dict[str, Any]:
    """Everything but the token: *place* and the end are known now."""
    end = until.astimezone(UTC).isoformat(timespec="seconds")
    params = json.loads(json.dumps(offer.params))
    for specification in params["TagSpecifications"]:
        specification["Tags"].append({"Key": UNTIL, "Value": end})
    if place.subnet:
        params["SubnetId"] = place.subnet
    else:
        params["Placement"] = {"AvailabilityZone": place.zone}
    return dict(params)


def digest(wanted: Wanted, params: Mapping[str, Any], usd_per_hour: float | None, usd_total: float | None) -> str:
    """A hash of what approvers see and what would be launched; any change makes another one."""
    shown = {"wanted": asdict(wanted), "params": params, "usd_per_hour": usd_per_hour, "usd_total": usd_total}
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def _market(wanted: Wanted, launching: Launching) -> dict[str, Any]:
    """A one-time spot machine can only be terminated; everything else stops when it is shut down from within."""
    if wanted.market != "spot":
        return {"InstanceInitiatedShutdownBehavior": "stop"}
    once = launching.spot == "one-time"
    options: dict[str, Any] = {
        "SpotInstanceType": launching.spot,
        "InstanceInterruptionBehavior": "terminate" if once else "stop",
    }
    if wanted.max_usd_per_hour is not None:
        options["MaxPrice"] = f"{wanted.max_usd_per_hour:g}"
    return {
        "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": options},
        "InstanceInitiatedShutdownBehavior": "terminate" if once else "stop",
    }


def _tags(launch: Launch) -> list[dict[str, Any]]:
    wanted = launch.wanted
    values = {
        "Name": wanted.name or f"ml-{launch.id[-6:]}",
        MANAGED: "true",
        REQUEST: launch.id,
        OWNER: launch.asker,
        PURPOSE: wanted.purpose,
    }
    tags = [{"Key": key, "Value": value[:256]} for key, value in values.items()]
    kinds = (*TAGGED, *((SPOT_REQUEST,) if wanted.market == "spot" else ()))
    return [{"ResourceType": kind, "Tags": [dict(tag) for tag in tags]} for kind in kinds]
