"""Approve, deny, withdraw, break-glass: a committed press is decided on what the database says now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot import ops, outbox
from bot.launch_ask import check_again
from bot.launch_rows import approved, budgets, card, frozen, move, note, notice
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import launch_decide, launch_money
from bot.rules.click import Click
from bot.rules.errors import SlackError
from bot.rules.launch import Launch
from bot.rules.launch_decide import LONGEST_REASON, Around, Decision
from bot.rules.launch_text import person, what, which
from bot.rules.people import Person
from bot.rules.policy import Policy
from bot.store import launches
from bot.store.db import Tx

PATIENCE = 6  # times that Slack is asked who somebody is, about a minute, before the press is refused
NOBODY_KNOWS = "Slack does not tell mlbot who you are at the moment, so nothing was done; please press again later."
UNKNOWN = "There is no such request; its card is stale."


def answer(parts: Parts, op: Op) -> Outcome:
    """Decide one press and tell who pressed what came of it."""
    click = Click(**op.payload)
    with parts.store.reading() as tx:
        launch = launches.find(tx, click.value)
    try:
        who = parts.people.fresh(click.user)
        asker = parts.people.fresh(launch.asker) if launch and click.action.startswith("approve") else None
        team = parts.people.team()
    except SlackError as error:
        if op.failures < PATIENCE:
            return Retry(str(error))
        return _refused(parts, op, click, NOBODY_KNOWS)
    if launch is None:
        return _refused(parts, op, click, UNKNOWN)
    approver = is_approver(parts, parts.policy(), who)
    skipped = everybody(parts, parts.policy()) if click.action.startswith("break_glass") else ()
    with parts.store.transaction() as tx:
        now = parts.clock.now()  # after the wait for the database: expiry is judged at this moment
        ops.finish(tx, op, now)
        launch = launches.find(tx, click.value)
        assert launch is not None
        around = _around(tx, parts, launch, who=who, asker=asker, team=team, approver=approver, now=now)
        decision = _decide(launch, click, who, around, now)
        _carry_out(tx, launch, click, decision, now, skipped=skipped)
    parts.wake()
    return Done()


def is_approver(parts: Parts, policy: Policy, who: Person) -> bool:
    """Whether the policy names this person, or a group that they are in; nobody is in a group that Slack hides."""
    approvals = policy.approvals
    if who.id in approvals.denied:
        return False
    if who.id in approvals.approvers:
        return True
    return any(who.id in parts.people.members(group, fresh=True) for group in approvals.all_groups)


def everybody(parts: Parts, policy: Policy) -> tuple[str, ...]:
    """All who may approve, as far as Slack tells; asks Slack, so never in a transaction."""
    approvals = policy.approvals
    members = [user for group in approvals.all_groups for user in parts.people.members(group)]
    found = dict.fromkeys([*approvals.people, *members])
    return tuple(user for user in found if user not in approvals.denied)


def _around(
    tx: Tx,
    parts: Parts,
    launch: Launch,
    *,
    who: Person,
    asker: Person | None,
    team: str,
    approver: bool,
    now: datetime,
) -> Around:
    policy = parts.policy()
    today = launch_money.price(launch.wanted, parts.catalog)
    return Around(
        approvals=policy.approvals,
        approver=approver,
        team=team,
        votes=launches.votes(tx, launch.id, shown=launch.shown),
        frozen=frozen(tx),
        over_budget=launch_money.over(budgets(tx, policy, launch.asker, now), launch.usd_total),
        drifted=launch_money.drifted(
            launch.usd_per_hour, today.usd_per_hour if today else None, policy.approvals.drift_percent
        ),
        asker=asker,
    )


def _decide(launch: Launch, click: Click, who: Person, around: Around, now: datetime) -> Decision:
    if click.action.startswith("approve"):
        return launch_decide.approve(launch, who, around, now)
    if click.action.startswith("deny"):
        return launch_decide.deny(launch, who, around, now)
    if click.action.startswith("withdraw"):
        return launch_decide.withdraw(launch, who, around)
    if click.action.startswith("break_glass"):
        return launch_decide.break_glass(launch, who, around, now, _reason(click))
    return Decision(f"mlbot knows no button {click.action!r} on a request.")


def _carry_out(
    tx: Tx, launch: Launch, click: Click, decision: Decision, now: datetime, *, skipped: tuple[str, ...]
) -> None:
    if decision.counts:
        launches.vote(tx, launch.id, person=click.user, shown=launch.shown, now=now)
    if decision.state == "approved":
        _approve(tx, launch, click, decision, now, skipped=skipped)
    elif decision.state is not None:
        move(tx, launch, decision.state, actor=click.user, now=now, **_ending(click, decision, now))
    elif decision.counts:
        note(tx, launch, "vote", actor=click.user, now=now, detail={"shown": launch.shown, "said": decision.said})
        card(tx, launch, now)
    else:
        _nothing(tx, launch, click, decision, now)
    if decision.state == "denied":
        words = f"{person(click.user)} denied your request for {which(launch)}"
        notice(tx, launch, "denied", f"{words}: {_reason(click)}" if _reason(click) else f"{words}.", now=now)
    if decision.state in (None, "withdrawn"):
        tell(tx, click, decision.said, now)


def _ending(click: Click, decision: Decision, now: datetime) -> dict[str, Any]:
    if decision.state != "denied":
        return {}
    reason = _reason(click)
    return {"detail": {"reason": reason}, "decided_by": (click.user,), "decided_at": now, "reason": reason}


def _approve(
    tx: Tx, launch: Launch, click: Click, decision: Decision, now: datetime, *, skipped: tuple[str, ...]
) -> None:
    by = launches.votes(tx, launch.id, shown=launch.shown) if decision.how == "vote" else (click.user,)
    moved = approved(tx, launch, by=by, how=decision.how, now=now, reason=_reason(click))
    if moved is None or decision.how != "break_glass":
        return
    text = f"{person(click.user)} broke glass and approved {what(launch.wanted)} alone: {_reason(click)}"
    for approver in skipped:
        if approver != click.user:
            notice(tx, launch, "break_glass", text, now=now, to=approver)


def _nothing(tx: Tx, launch: Launch, click: Click, decision: Decision, now: datetime) -> None:
    """A press that changes nothing is kept in the log; some show that the request itself is over or stale."""
    detail = {"action": click.action, "said": decision.said, "state": launch.state}
    note(tx, launch, "refused_press", actor=click.user, now=now, detail=detail)
    if decision.expired:
        expire(tx, launch, now)
    if decision.void:
        check_again(tx, launch, now)


def expire(tx: Tx, launch: Launch, now: datetime) -> None:
    """Nobody decided in time."""
    moved = move(tx, launch, "expired", actor="mlbot", now=now)
    if moved is not None:
        text = f"Nobody decided in time on your request for {which(launch)}: it expired. Ask again if you need it."
        notice(tx, moved, "expired", text, now=now)


def tell(tx: Tx, click: Click, text: str, now: datetime) -> None:
    """Words to who pressed, seen by nobody else."""
    data: Mapping[str, Any] = {"channel": click.channel, "response_url": click.response_url, "text": text}
    outbox.say(tx, what="whisper", subject=click.value, to=click.user, now=now, data=data, key=click.key)


def _refused(parts: Parts, op: Op, click: Click, text: str) -> Outcome:
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        tell(tx, click, text, now)
    parts.wake()
    return Done()


def _reason(click: Click) -> str:
    return str(click.data.get("reason") or "").strip()[:LONGEST_REASON]
