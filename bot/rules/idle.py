"""Whether a resource is idle, and why; pure, time is an argument. Missing measurements mean unknown, never idle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.rules import idle_resting, idle_running
from bot.rules.idle_facts import HOURS_PER_MONTH, Confidence, Hold, Known, Level, Resource, Series, Usage, Verdict
from bot.rules.idle_running import Machine, Plan
from bot.rules.idle_track import Track
from bot.rules.idle_words import inert, moment, span
from bot.rules.policy_idle import Idle, IdleRule

__all__ = [
    "HOURS_PER_MONTH",
    "Confidence",
    "Hold",
    "Known",
    "Level",
    "Resource",
    "Series",
    "Usage",
    "Verdict",
    "accelerator",
    "judge",
    "rule_for",
]

FRESH = Known()
Judge = Callable[[Resource, Usage, Idle, datetime, Known], Verdict]


def judge(resource: Resource, usage: Usage, rules: Idle, now: datetime, known: Known = FRESH) -> Verdict:
    """
    Say whether *resource* is idle as of *now*, and why.

    *known* is what earlier scans found and people answered; a snooze, a keep or a fresh heartbeat is a veto.
    """
    if veto := _vetoed(resource, rules, now, known):
        return Verdict(level="active", reason=veto)
    return BY_KIND.get(resource.kind, _machine)(resource, usage, rules, now, known)


def rule_for(rules: Idle, resource: Resource) -> IdleRule:
    """The rule for this machine: the team's, changed by its family, then its type, then its tags."""
    family = resource.type.partition(".")[0]
    changes: dict[str, float] = {**rules.families.get(family, {}), **rules.families.get(resource.type, {})}
    for name, value in sorted(resource.tags.items()):
        changes.update(rules.tags.get(f"{name}={value}", {}))
    return IdleRule.model_validate({**rules.plain(), **changes}) if changes else rules


def accelerator(resource: Resource) -> str | None:
    """GPU or Neuron, empty for a machine without one, None where its type is not known."""
    if resource.details.get("neuron"):
        return "Neuron"
    if resource.details.get("chip"):
        return "GPU"
    return "" if resource.details.get("known_type") else None


def _vetoed(resource: Resource, rules: Idle, now: datetime, known: Known) -> str | None:
    if known.hold and known.hold.stands(now):
        word = "snoozed" if known.hold.what == "snooze" else "kept"
        because = f": {inert(known.hold.reason)}" if known.hold.reason else ""
        return f"{word} by <@{known.hold.by}> until {moment(known.hold.until)}{because}"
    if keep := resource.tags.get(rules.keep_tag):
        until = _time(keep)
        if until is None:
            return f"its tag {rules.keep_tag} says {inert(repr(keep))}, which is no ISO time, so it is left alone"
        if now < until:
            return f"its tag {rules.keep_tag} keeps it until {moment(until)}"
    if beat := resource.tags.get(rules.heartbeat_tag):
        at = _time(beat)
        fresh = timedelta(minutes=rule_for(rules, resource).heartbeat_minutes)
        if at is None or abs(now - at) <= fresh:
            return f"a job renewed its tag {rules.heartbeat_tag} at {inert(beat)}"
    if resource.details.get("sessions"):
        return "somebody has a session open on it"
    return None


def _machine(resource: Resource, usage: Usage, rules: Idle, now: datetime, known: Known) -> Verdict:
    if resource.state in ("stopped", "Stopped"):
        return idle_resting.stopped(resource, now, known)
    if resource.state not in ("running", "InService", "InProgress"):
        return Verdict(level="active", reason=f"it is {resource.state}")
    rule = rule_for(rules, resource)
    verdict = _measured(resource, usage, rule, now, known)
    young = timedelta(minutes=rule.boot_minutes)
    if verdict.level != "active" and resource.since and now - resource.since < young:
        age, rest = span(now - resource.since), span(resource.since + young - now)
        reason = f"started {age} ago, too new to judge: look again in {rest}"
        return Verdict(level="unknown", reason=reason, confidence="low", too_new=True)
    return _joined(verdict, resource, known)


def _measured(resource: Resource, usage: Usage, rule: IdleRule, now: datetime, known: Known) -> Verdict:
    machine = Machine(
        accelerator=accelerator(resource),
        missing=usage.missing,
        plan=_plan(resource, now),
        until=resource.until,
        pause=known.pause,
        idle_since=known.idle_since,
        was_safe=known.was_safe,
    )
    tracks = {name: Track(series) for name, series in usage.series.items() if series.points}
    weighed = idle_running.weigh(tracks, rule, machine)
    if weighed is None:
        advice = idle_running.advice(machine, "CPU")
        return Verdict(level="unknown", reason="nothing says how busy it is", confidence="low", advice=advice)
    return idle_running.judge(weighed, now)


def _joined(verdict: Verdict, resource: Resource, known: Known) -> Verdict:
    """The episode as one, where earlier scans saw its beginning; never from before the machine started."""
    since, at_least = verdict.since, verdict.at_least
    if since is None:
        return verdict
    if at_least and known.idle_since and known.idle_since < since:
        since, at_least = known.idle_since, known.at_least
    if resource.since and since <= resource.since:
        since, at_least = resource.since, False
    return replace(verdict, since=since, at_least=at_least)


def _plan(resource: Resource, now: datetime) -> Plan:
    if resource.until is None:
        return ""
    return "after" if now >= resource.until else "before"


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


BY_KIND: dict[str, Judge] = {
    "ec2_instance": _machine,
    "sagemaker_notebook": _machine,
    "ebs_volume": idle_resting.volume,
    "elastic_ip": idle_resting.address,
    "ebs_snapshot": idle_resting.image,
    "ec2_image": idle_resting.image,
    "sagemaker_endpoint": idle_resting.endpoint,
    "sagemaker_training_job": _machine,
    "sagemaker_studio_app": idle_resting.app,
}
