"""Who may stop, start, terminate or extend a machine, and what then happens to it; pure, time is an argument."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from bot.rules.idle import Resource
from bot.rules.idle_words import inert
from bot.rules.people import Person, may_act
from bot.rules.policy import Policy
from bot.rules.stopping import may_work, owner_for, who_may

Verb = Literal["stop", "start", "terminate", "extend"]
VERBS: tuple[Verb, ...] = ("stop", "start", "terminate", "extend")
HOURS_PER_MONTH = 730.0
SCARCE = re.compile(r"(p|trn)\d")  # families whose place may be taken when they are started again
GONE = ("shutting-down", "terminated")

# Where a verb finds its work done, and where it has to wait for the machine.
THERE: Mapping[Verb, tuple[str, ...]] = {"stop": ("stopping", "stopped"), "start": ("pending", "running")}
TOO_EARLY: Mapping[Verb, tuple[str, ...]] = {"stop": ("pending",), "start": ("stopping",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Somebody's wish: *approver* as the policy and its user groups say, *team* the bot's own workspace."""

    verb: Verb
    person: Person
    approver: bool
    team: str
    hours: float | None = None  # of extend
    frozen: str = ""  # why launches are stopped, and starts with them; empty when they are not
    itself: bool = False  # mlbot does it, by a rule of the policy or of a schedule
    unstartable: str = ""  # why the policy or a budget lets it not be started; empty where nothing speaks against it
    instead: Verb | Literal[""] = ""  # what would work then
    judged: bool = False  # a request of ours made it, so that more hours are judged with those that it has
    claimant: str = ""  # who claimed the machine as nobody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What happens and why, in one sentence each; *offer* is the verb that would work instead."""

    allowed: bool
    reason: str
    effect: Verb | Literal["none"] = "none"
    offer: Verb | Literal[""] = ""
    until: datetime | None = None  # of extend
    notes: tuple[str, ...] = ()  # what it keeps costing, what is lost


def decide(ask: Ask, found: Resource | None, policy: Policy, now: datetime) -> Decision:
    """Whether *ask* may happen to the machine that was *found* just now."""
    if found is None or found.state in GONE:
        return _done("It is terminated already." if found else "It does not exist any more.")
    if why := may_not(ask, found, policy, now):
        return _no(why)
    if ask.verb in THERE and found.state in THERE[ask.verb]:
        return _done(f"{label(found)} is {found.state} already.")
    if ask.verb in TOO_EARLY and found.state in TOO_EARLY[ask.verb]:
        return _no(f"{label(found)} is still {found.state}; try again in a minute.")
    match ask.verb:
        case "stop":
            return _stop(found)
        case "start":
            return _start(ask, found, policy)
        case "terminate":
            return _terminate(found)
        case "extend":
            return _extend(ask, found, policy, now)


def label(one: Resource) -> str:
    """nightly (g5.xlarge, i-0abc): what a message calls it."""
    return f"{inert(one.name)} ({one.type}, {one.id})" if one.name else f"{one.id} ({one.type})"


def fits(one: Resource) -> tuple[Verb, ...]:
    """The verbs that make sense for a machine in its state, for the buttons of a list."""
    if one.state in GONE:
        return ()
    moving: tuple[Verb, ...] = ("stop",) if one.state == "running" else ("start",) if one.state == "stopped" else ()
    return (*moving, "terminate", "extend")


def lost_at_termination(one: Resource) -> tuple[str, ...]:
    """What a termination deletes and what it leaves, in words for the confirmation."""
    disks = _disks(one)
    dying = sum(int(disk["gb"]) for disk in disks if disk.get("ends_with_instance"))
    staying = sum(int(disk["gb"]) for disk in disks if not disk.get("ends_with_instance"))
    found = [f"{dying:,} GB of disk are deleted with it."] if dying else []
    found += [f"{staying:,} GB of disk stay and keep billing."] if staying else []
    if spot := one.details.get("spot_request"):
        found.append(f"Its persistent spot request {spot} is cancelled first, so that EC2 starts no other.")
    return (*found, *(() if one.state == "stopped" else _local_disk(one)))  # at a stop they were lost already


def may_not(ask: Ask, found: Resource, policy: Policy, now: datetime, verb: str = "") -> str:
    """Why this person may not do that (or *verb*) to the machine; empty for those whom the policy's [stop] lets."""
    if ask.itself:
        return ""
    if why := may_act(ask.person, team=ask.team):
        return why
    rules, verb = policy.stop, verb or ask.verb
    owner = owner_for(verb, found.owner, ask.claimant, rules)
    if may_work(ask.person.id, verb, owner=owner, approver=ask.approver, until=found.until, rules=rules, now=now):
        return ""
    return who_may(verb, owner, rules)


def _stop(found: Resource) -> Decision:
    if found.market == "spot" and found.details.get("one_time_spot"):
        return _no(
            f"{label(found)} is a one-time spot machine, which AWS cannot stop; it can be terminated.", "terminate"
        )
    if found.details.get("root") == "instance-store":
        return _no(f"{label(found)} has its root on a local disk and cannot be stopped; terminate it.", "terminate")
    if found.details.get("stop_protected"):
        return _no(f"{label(found)} is protected against stopping; switch that off in AWS first.")
    return Decision(
        allowed=True,
        reason=f"{label(found)} was {found.state} and is being stopped.",
        effect="stop",
        notes=(*_kept_cost(found), *_local_disk(found), *_scarce(found)),
    )


def _start(ask: Ask, found: Resource, policy: Policy) -> Decision:
    if ask.frozen:
        return _no(f"{ask.frozen} Starting what is stopped is frozen too; stops still work.")
    rate, most = rate_when_running(found), policy.limits.max_usd_per_hour
    if rate is not None and rate > most:
        return _no(f"{label(found)} costs ${rate:,.2f} an hour, over the policy's ${most:,.2f}.")
    if ask.unstartable:
        return _no(ask.unstartable, ask.instead)
    return Decision(
        allowed=True,
        reason=f"{label(found)} was {found.state} and is being started.",
        effect="start",
        notes=(f"It costs ${rate:,.2f} an hour while it runs.",) if rate is not None else (),
    )


def _terminate(found: Resource) -> Decision:
    if found.details.get("protected"):
        return _no(f"{label(found)} is protected against termination; switch that off in AWS first.")
    reason = f"{label(found)} was {found.state} and is being terminated."
    return Decision(allowed=True, reason=reason, effect="terminate", notes=lost_at_termination(found))


def _extend(ask: Ask, found: Resource, policy: Policy, now: datetime) -> Decision:
    hours = ask.hours
    if hours is None or not 0 < hours < 24 * 366:
        return _no("Say by how many hours, for example 8.")
    if ask.judged:
        return Decision(allowed=True, reason="", effect="extend")
    if policy.launch.end.extend_needs_approval and (not ask.approver or ask.person.id == found.owner):
        return _no("Here an extension needs somebody else's approval: ask an approver to press Extend.")
    limits = policy.limits
    until = max(found.until or now, now) + timedelta(hours=hours)
    if until - now > timedelta(hours=limits.max_hours):
        latest = now + timedelta(hours=limits.max_hours)
        return _no(f"The policy allows {limits.max_hours:g} h ahead: until {_moment(latest)} at the latest.")
    usd = None if found.usd_per_hour is None else found.usd_per_hour * hours
    if usd is not None and usd > limits.max_usd:
        return _no(f"{hours:g} h more cost ${usd:,.0f}, over the policy's ${limits.max_usd:,.0f}.")
    before = f"was to end {_moment(found.until)}" if found.until else "had no planned end"
    return Decision(
        allowed=True,
        reason=f"{label(found)} {before} and now ends {_moment(until)}.",
        effect="extend",
        until=until,
        notes=() if usd is None else (f"{hours:g} h more cost ${usd:,.2f}.",),
    )


def saved_by_a_stop(found: Resource) -> float | None:
    """USD per hour that a machine does not bill while it is stopped."""
    running = found.usd_per_hour if found.state == "running" else rate_when_running(found)
    left = found.usd_per_hour_stopped
    return None if running is None or left is None else max(0.0, running - left)


def _kept_cost(found: Resource) -> Iterator[str]:
    if found.usd_per_hour_stopped is None:
        yield "What its disks cost while it is stopped is not known."
    elif found.usd_per_hour_stopped > 0:
        yield f"Its disks and addresses still cost ${found.usd_per_hour_stopped * HOURS_PER_MONTH:,.2f} a month."


def _local_disk(found: Resource) -> Iterator[str]:
    nvme = found.details.get("nvme_gb")
    if isinstance(nvme, (int, float)) and nvme > 0:
        yield f"What is on its local NVMe disks ({nvme:,.0f} GB) is lost."


def _scarce(found: Resource) -> Iterator[str]:
    if SCARCE.match(found.type):
        yield f"{found.type} is scarce: AWS may have no place for it when it is started again."


def rate_when_running(found: Resource) -> float | None:
    """USD per hour of a machine while it runs, its disks and addresses included; None where a part is not known."""
    machine = found.details.get("usd_instance")
    if not isinstance(machine, (int, float)) or found.usd_per_hour_stopped is None:
        return None
    return machine + found.usd_per_hour_stopped


def _disks(one: Resource) -> list[Mapping[str, Any]]:
    disks = one.details.get("disks")
    return disks if isinstance(disks, list) else []


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _no(reason: str, offer: Verb | Literal[""] = "") -> Decision:
    return Decision(allowed=False, reason=reason, offer=offer)


def _done(reason: str) -> Decision:
    return Decision(allowed=True, reason=reason)
