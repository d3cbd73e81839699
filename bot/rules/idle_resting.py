"""What does no work by its state: stopped machines, free disks and addresses, old images, endpoints nobody calls."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.rules.idle_facts import HOURS_PER_MONTH, Known, Resource, Usage, Verdict
from bot.rules.idle_words import span, usd
from bot.rules.policy_idle import Idle


def stopped(resource: Resource, now: datetime, known: Known) -> Verdict:
    """A stopped machine: idle from the first moment, for what its disks and addresses still bill."""
    since, at_least = _since(resource.since, known)
    reason = f"stopped {_ago(since, now, at_least=at_least)}; {_bill(resource, 'its disks and addresses')}"
    return Verdict(level="idle", reason=reason, since=since, at_least=at_least)


def volume(resource: Resource, usage: Usage, rules: Idle, now: datetime, known: Known) -> Verdict:
    """A disk: idle when it is attached to nothing; one of a stopped machine is counted with the machine."""
    if resource.state == "available":
        return _unused(resource, "attached to nothing", now, known)
    return Verdict(level="active", reason=_attached(resource), advice=_as_gp3(resource))


def _as_gp3(resource: Resource) -> str:
    """What the same space, IOPS and throughput cost as gp3, in words; empty where that saves nothing."""
    saves, gp3, now = (resource.details.get(key) for key in ("gp3_saves_usd_per_month", "gp3", "gb"))
    if not isinstance(saves, float) or not isinstance(gp3, dict) or saves <= 0 or resource.usd_per_hour is None:
        return ""
    costs = resource.usd_per_hour * HOURS_PER_MONTH
    return (
        f"{now:,} GB of gp2 cost {usd(costs)} a month; gp3 with {gp3['iops']:,} IOPS and {gp3['mbps']} MB/s, no less,"
        f" costs {usd(costs - saves)}: {usd(saves)} a month saved."
    )


def address(resource: Resource, usage: Usage, rules: Idle, now: datetime, known: Known) -> Verdict:
    """An Elastic IP: idle when it belongs to nothing; one of a stopped machine is counted with the machine."""
    if resource.state == "available":
        interface = resource.details.get("loose_interface")
        said = (
            f"on the network interface {interface}, which is attached to nothing," if interface else "used by nothing"
        )
        return _unused(resource, said, now, known)
    return Verdict(level="active", reason=_attached(resource))


def image(resource: Resource, usage: Usage, rules: Idle, now: datetime, known: Known) -> Verdict:
    """A snapshot or image of our own: idle from the policy's age on."""
    if resource.created is None:
        return Verdict(level="unknown", reason="its age is not known", confidence="low")
    age = now - resource.created
    if age < timedelta(days=rules.image_days):
        return Verdict(level="active", reason=f"{span(age)} old")
    reason = f"{span(age)} old; {_bill(resource, 'it')}"
    return Verdict(level="idle", reason=reason, since=resource.created + timedelta(days=rules.image_days))


def endpoint(resource: Resource, usage: Usage, rules: Idle, now: datetime, known: Known) -> Verdict:
    """
    A SageMaker endpoint, by its invocations over the last history_days.

    Without traffic it publishes none, so for this signal alone missing is zero.
    """
    if resource.state != "InService":
        return Verdict(level="active", reason=f"it is {resource.state}")
    if resource.created is None:
        return Verdict(level="unknown", reason="its age is not known", confidence="low")
    if "invocations" not in usage.series and "invocations" not in usage.missing:
        return Verdict(level="unknown", reason="its invocations could not be read", confidence="low")
    series = usage.series.get("invocations")
    calls = [at for at, count in series.points if count > 0] if series else []
    begun, at_least = (calls[-1], False) if calls else _silent_since(resource.created, rules, now, known)
    quiet = now - begun
    if quiet < timedelta(hours=rules.endpoint_hours):
        said = f"called {span(quiet)} ago" if calls else f"in service for {span(quiet)}"
        return Verdict(level="active", reason=said)
    safe = quiet >= timedelta(days=rules.endpoint_safe_days)
    reason = f"no invocation for {'at least ' if at_least else ''}{span(quiet)}"
    if safe:
        reason += "; it can be deleted and made again from its configuration"
    return Verdict(level="idle", reason=reason, safe=safe, since=begun, at_least=at_least)


def app(resource: Resource, usage: Usage, rules: Idle, now: datetime, known: Known) -> Verdict:
    """A Studio app, by when somebody used it last: nothing of its work is published, so this is never safe."""
    if resource.state != "InService":
        return Verdict(level="active", reason=f"it is {resource.state}")
    last = str(resource.details.get("last_activity") or "")
    if not last:
        return Verdict(level="unknown", reason="nothing says when it was used last", confidence="low")
    quiet = now - datetime.fromisoformat(last)
    if quiet < timedelta(hours=rules.cpu_hours):
        return Verdict(level="active", reason=f"used {span(quiet)} ago")
    reason = f"nobody used it for {span(quiet)}; a kernel may still compute"
    return Verdict(level="idle", reason=reason, confidence="low", since=now - quiet)


def _silent_since(created: datetime, rules: Idle, now: datetime, known: Known) -> tuple[datetime, bool]:
    looked_back = now - timedelta(days=rules.history_days)
    if created >= looked_back:
        return created, False
    if known.idle_since and known.idle_since < looked_back:
        return max(known.idle_since, created), known.at_least
    return looked_back, True


def _unused(resource: Resource, said: str, now: datetime, known: Known) -> Verdict:
    since, at_least = _since(resource.since, known)
    reason = f"{said} for {'at least ' if at_least else ''}{span(now - since)}" if since else said
    return Verdict(level="idle", reason=f"{reason}; {_bill(resource, 'it')}", since=since, at_least=at_least)


def _attached(resource: Resource) -> str:
    to = resource.details.get("attached_to")
    if not to:
        return f"it is {resource.state}"
    stopped_too = resource.details.get("attached_state") == "stopped"
    return f"belongs to {to}, which is stopped and counted there" if stopped_too else f"attached to {to}"


def _since(told: datetime | None, known: Known) -> tuple[datetime | None, bool]:
    """When the state began: as AWS says, else when it was first seen so, which is a lower bound of the length."""
    return (told, False) if told else (known.state_since, known.state_since is not None)


def _ago(since: datetime | None, now: datetime, *, at_least: bool) -> str:
    return f"for {'at least ' if at_least else ''}{span(now - since)}" if since else "for a time that nobody knows"


def _bill(resource: Resource, what: str) -> str:
    if resource.usd_per_hour is None:
        return f"what {what} costs is unknown" if what == "it" else f"what {what} cost is unknown"
    if resource.usd_per_hour == 0:
        return f"{what} costs nothing" if what == "it" else f"{what} cost nothing"
    return f"{what} {'costs' if what == 'it' else 'still cost'} {usd(resource.usd_per_hour * HOURS_PER_MONTH)} a month"
