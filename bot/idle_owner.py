"""Who started a machine that names no owner: CloudTrail's RunInstances, mapped to a Slack user by the policy."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.kinds import Look
from bot.parts import Parts
from bot.rules.errors import CloudError, Unsure
from bot.rules.idle_finding import Finding
from bot.store import idle

log = logging.getLogger(__name__)

PERMISSIONS = ("cloudtrail:LookupEvents",)
MOST = 5  # look-ups a scan; AWS allows two a second for the whole account


def name_owners(parts: Parts, findings: Iterable[Finding], now: datetime) -> dict[str, str]:
    """
    Ask CloudTrail who started what is idle and nobody's; returns the owners that were found, by reference.

    Nothing is asked unless the policy maps AWS names to people ([reminders] people); each machine is asked of once,
    for CloudTrail forgets after 90 days and its answer does not change.
    """
    people = parts.policy().reminders.people
    if not people:
        return {}
    nobodys = [one for one in findings if _worth(one)]
    with parts.store.reading() as tx:
        nobodys = [one for one in nobodys if not idle.asked_for_owner(tx, one.ref)]
    found: dict[str, str] = {}
    for one in nobodys[:MOST]:
        try:
            found[one.ref] = _ask(parts, one, people, now)
        except Unsure as error:
            log.info("CloudTrail does not answer: %s", error)
            break  # the next scan asks again
        except CloudError as error:
            log.info("CloudTrail does not say who started %s: %s", one.resource.id, error)
    return {ref: owner for ref, owner in found.items() if owner}


def starter(event: Mapping[str, object]) -> tuple[str, ...]:
    """The names under which an event's user may be mapped: role session, user name, ARN."""
    try:
        detail = json.loads(str(event.get("CloudTrailEvent") or "{}"))
    except ValueError:
        detail = {}
    identity = detail.get("userIdentity") or {}
    arn = str(identity.get("arn") or "")
    names = (str(event.get("Username") or ""), arn.rpartition("/")[2], str(identity.get("userName") or ""), arn)
    return tuple(dict.fromkeys(name for name in names if name))


def _worth(one: Finding) -> bool:
    of_a_machine = one.resource.kind == "ec2_instance" and one.verdict.level == "idle"
    return of_a_machine and one.owner is None and one.owner_by == ""


def _ask(parts: Parts, one: Finding, people: Mapping[str, str], now: datetime) -> str:
    look = Look(parts.cloud, one.resource.account, one.resource.region, now)
    asked = [{"AttributeKey": "ResourceName", "AttributeValue": one.resource.id}]
    events = look.call("cloudtrail", "lookup_events", LookupAttributes=asked, MaxResults=50)["Events"]
    made = [event for event in events if event.get("EventName") == "RunInstances"]
    owner = next((people[name] for event in made for name in starter(event) if name in people), "")
    with parts.store.transaction() as tx:
        idle.assign(tx, one.ref, owner=owner, how="started", now=now)
        if owner:
            idle.reassign(tx, one.ref, owner=owner, how="started")
    return owner
