"""What a whole scan may do by itself: nothing when its counts cannot be right, little when they can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.rules.idle_finding import Finding
from bot.rules.policy_idle import Idle


def guard(before: Mapping[str, int], after: Mapping[str, int], rules: Idle) -> str:
    """
    Why nothing may follow from this scan, or "".

    Counts are by place (account and region); only places seen in both scans are compared, for a region that did not
    answer is a gap and no drop.
    """
    both = before.keys() & after.keys()
    was, now = sum(before[place] for place in both), sum(after[place] for place in both)
    if was == 0 or max(was, now) < rules.guard_least:
        return ""
    if now * rules.guard_ratio <= was or now >= was * rules.guard_ratio:
        return f"This scan sees {now} resources, a day before there were {was}; nothing is done until that is clear."
    return ""


@dataclass(frozen=True, slots=True)
class AutoStopPlan:
    """What is stopped without a click, and what only the cap or the dry run holds back."""

    stop: tuple[Finding, ...] = ()
    over_cap: tuple[Finding, ...] = ()
    would: tuple[Finding, ...] = ()  # dry run


def auto_stop(found: Iterable[Finding], rules: Idle, alarm: str) -> AutoStopPlan:
    """
    Which machines are stopped by themselves; each is checked afresh before it is.

    Only where the policy opts in, the machine's own tag says true, the verdict is safe and as sure as can be, and
    enough mornings passed without an answer; never more than the cap, dearest first.
    """
    policy = rules.auto_stop
    if not policy.enabled or alarm:
        return AutoStopPlan()
    ready = [one for one in found if _ready(one, rules)]
    ready.sort(key=lambda one: (-(one.resource.usd_per_hour or 0), one.resource.id))
    if policy.dry_run:
        return AutoStopPlan(would=tuple(ready))
    return AutoStopPlan(stop=tuple(ready[: policy.most_per_sweep]), over_cap=tuple(ready[policy.most_per_sweep :]))


def _ready(one: Finding, rules: Idle) -> bool:
    verdict, policy = one.verdict, rules.auto_stop
    return (
        verdict.level == "idle"
        and verdict.safe
        and verdict.confidence == "high"
        and one.at_work
        and "stop" in one.verbs
        and one.hold is None
        and one.outcome is None
        and one.resource.tags.get(policy.tag, "").lower() == "true"
        and one.told >= policy.after_reminders
    )
