"""Approve, deny, withdraw, break-glass: a committed press is decided on what the database says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot import ops, outbox
from bot.launch_ask import check_again
from bot.launch_rows import approved, budgets, card, frozen, move, note, notice, pressed
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import launch_check, launch_decide, launch_money
from bot.rules.click import Click
from bot.rules.errors import SlackError
from bot.rules.idle_words import inert
from bot.rules.launch import Launch
from bot.rules.launch_decide import LONGEST_REASON, Around, Decision
from bot.rules.launch_text import person, what, which
from bot.rules.people import Person, may_act
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
        return refused(parts, op, click, NOBODY_KNOWS)
    if launch is None:
        return refused(parts, op, click, UNKNOWN)
    skipped = everybody(parts, parts.policy()) if click.action.startswith("break_glass") else ()
    with parts.store.reading() as tx:
        voted = launches.votes(tx, launch.id, shown=launch.shown)
    may = still(parts, voted, who)
    with parts.store.transaction() as tx:
        now = parts.clock.now()  # after the wait for the database: expiry is judged at this moment
        ops.finish(tx, op, now)
        launch = launches.find(tx, click.value)
        assert launch is not None
        around = _around(tx, parts, launch, who=who, asker=asker, team=team, may=may, now=now)
        if around.needed != launch.needed and launch.state == "asked":
            launches.change(tx, launch.id, be=("asked",), now=now, needed=around.needed)
            card(tx, launch, now)
        decision = decide(launch, click, who, around, now)
        _carry_out(tx, launch, click, decision, around, now, skipped=skipped)
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


def still(parts: Parts, voted: tuple[str, ...], who: Person) -> frozenset[str]:
    """Who may approve at this moment, by policy and Slack; who *voted* before and left since may not."""
    approvals = parts.policy().approvals
    members = [user for group in approvals.all_groups for user in parts.people.members(group, fresh=True)]
    gone = {one for one in voted if one != who.id and _left(parts, one)}
    return frozenset({*approvals.approvers, *members}) - gone - set(approvals.denied)


def _left(parts: Parts, user: str) -> bool:
    """Whether Slack says now that a person may press nothing; where it says nothing, their yes does not count."""
    try:
        return may_act(parts.people.fresh(user), team=parts.people.team()) is not None
    except SlackError:
        return True


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
    may: frozenset[str],
    now: datetime,
) -> Around:
    policy = parts.policy()
    today = launch_money.price(launch.wanted, parts.catalog)
    instance = parts.catalog.instance(launch.wanted.instance_type)
    refusal = launch_check.by_policy(launch.wanted, instance, today, policy, parts.catalog)
    around = Around(
        approvals=policy.approvals,
        approver=who.id in may,
        team=team,
        needed=max(1, launch_money.needed(policy.approvals, launch.usd_total, now)),
        frozen=frozen(tx),
        over_budget=launch_money.over(budgets(tx, policy, launch.asker, now), launch.usd_total),
        refused=f"{refusal.why} {refusal.way_out}".strip() if refusal else "",
        drifted=launch_money.moved(launch, today, policy.approvals.drift_percent),
        asker=asker,
    )
    votes = launches.votes(tx, launch.id, shown=launch.shown)
    return replace(around, votes=launch_decide.standing(votes, launch, around, may=may))


def decide(launch: Launch, click: Click, who: Person, around: Around, now: datetime) -> Decision:
    """What one press comes to, by the rules of requests."""
    if click.action.startswith("approve"):
        return launch_decide.approve(launch, who, around, now)
    if click.action.startswith("deny"):
        return launch_decide.deny(launch, who, around, now)
    if click.action.startswith("withdraw"):
        return launch_decide.withdraw(launch, who, around)
    if click.action.startswith("break_glass"):
        return launch_decide.break_glass(launch, who, around, now, reason(click))
    return Decision(f"mlbot knows no button {click.action!r} on a request.")


def _carry_out(
    tx: Tx, launch: Launch, click: Click, decision: Decision, around: Around, now: datetime, *, skipped: tuple[str, ...]
) -> None:
    if decision.counts:
        launches.vote(tx, launch.id, person=click.user, shown=launch.shown, now=now)
    if decision.state == "approved":
        by = tuple(dict.fromkeys((*around.votes, click.user))) if decision.how == "vote" else (click.user,)
        _approve(tx, launch, click, decision, now, by=by, skipped=skipped)
    elif decision.state is not None:
        move(tx, launch, decision.state, actor=click.user, now=now, **_ending(click, decision, now))
    elif decision.counts:
        detail = {"shown": launch.shown, "said": decision.said, **pressed(click)}
        note(tx, launch, "vote", actor=click.user, now=now, detail=detail)
        card(tx, launch, now)
    else:
        _nothing(tx, launch, click, decision, now)
    if decision.state == "denied":
        words = f"{person(click.user)} denied your request for {which(launch)}"
        why = inert(reason(click))
        notice(tx, launch, "denied", f"{words}: {why}" if why else f"{words}.", now=now)
    if decision.state in (None, "withdrawn"):
        tell(tx, click, decision.said, now)


def _ending(click: Click, decision: Decision, now: datetime) -> dict[str, Any]:
    if decision.state != "denied":
        return {"detail": pressed(click)}
    why = reason(click)
    detail = {"reason": why, **pressed(click)}
    return {"detail": detail, "decided_by": (click.user,), "decided_at": now, "reason": why}


def _approve(
    tx: Tx,
    launch: Launch,
    click: Click,
    decision: Decision,
    now: datetime,
    *,
    by: tuple[str, ...],
    skipped: tuple[str, ...],
) -> None:
    moved = approved(tx, launch, by=by, how=decision.how, now=now, reason=reason(click), click=click)
    if moved is None or decision.how != "break_glass":
        return
    text = f"{person(click.user)} broke glass and approved {what(launch.wanted)} alone: {inert(reason(click))}"
    for approver in skipped:
        if approver != click.user:
            notice(tx, launch, "break_glass", text, now=now, to=approver)


def _nothing(tx: Tx, launch: Launch, click: Click, decision: Decision, now: datetime) -> None:
    """A press that changes nothing is kept in the log; some show that the request itself is over or stale."""
    detail = {"action": click.action, "said": decision.said, "state": launch.state, **pressed(click)}
    note(tx, launch, "refused_press", actor=click.user, now=now, detail=detail)
    if decision.expired:
        expire(tx, launch, now)
    if decision.void:
        check_again(tx, launch, now, why=decision.said)


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


def refused(parts: Parts, op: Op, click: Click, text: str) -> Outcome:
    """Nothing was decided; who pressed hears why."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        tell(tx, click, text, now)
    parts.wake()
    return Done()


def reason(click: Click) -> str:
    """What a form gave as the reason."""
    return str(click.data.get("reason") or "").strip()[:LONGEST_REASON]
