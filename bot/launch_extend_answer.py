"""Presses on an extension's card: the rules of requests, for the new sum of its launch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot import launch_answer, launch_extend, ops
from bot.launch_rows import budgets, frozen, note, notice, pressed
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import extension as rules
from bot.rules import launch_decide, launch_money
from bot.rules.click import Click
from bot.rules.errors import SlackError
from bot.rules.extension import Asked, Extension
from bot.rules.idle_words import inert
from bot.rules.launch import Launch
from bot.rules.launch_decide import Around, Decision
from bot.rules.launch_text import person, settled, which
from bot.rules.people import Person
from bot.store import extensions, launches
from bot.store.db import Tx


@dataclass(frozen=True, slots=True)
class Case:
    """One press on one extension, with what it would make of its launch at the price of now."""

    parts: Parts
    launch: Launch
    one: Extension
    click: Click
    found: Asked | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What Slack said of people just now: who presses, who asked for the machine, who may approve."""

    who: Person
    asker: Person | None
    team: str
    may: frozenset[str]


def answer(parts: Parts, op: Op) -> Outcome:
    """Decide one press and tell who pressed what came of it."""
    click = Click(**op.payload)
    with parts.store.reading() as tx:
        one = extensions.find(tx, click.value)
        launch = launches.find(tx, one.launch) if one else None
    if one is None or launch is None:
        return launch_answer.refused(parts, op, click, launch_answer.UNKNOWN)
    try:
        who, team = parts.people.fresh(click.user), parts.people.team()
        asker = parts.people.fresh(launch.asker) if click.action.startswith("approve") else None
    except SlackError as error:
        if op.failures < launch_answer.PATIENCE:
            return Retry(str(error))
        return launch_answer.refused(parts, op, click, launch_answer.NOBODY_KNOWS)
    known = Known(who, asker, team, launch_answer.still(parts, one.votes, who))
    skipped = launch_answer.everybody(parts, parts.policy()) if click.action.startswith("break_glass") else ()
    with parts.store.transaction() as tx:
        ops.finish(tx, op, parts.clock.now())
        case = _case(tx, parts, click, launch.id)
        around = _around(tx, case, known)
        decision = _decide(case, known, around)
        _carry_out(tx, case, decision, around)
        if decision.how == "break_glass":
            _loud(tx, case, skipped)
    parts.wake()
    return Done()


def _case(tx: Tx, parts: Parts, click: Click, launch_id: str) -> Case:
    """As the rows stand in this transaction."""
    one, launch = extensions.find(tx, click.value), launches.find(tx, launch_id)
    assert one is not None
    assert launch is not None
    return Case(parts, launch, one, click, rules.sum_of(launch, one.until, one.more, parts.catalog), parts.clock.now())


def _around(tx: Tx, case: Case, known: Known) -> Around:
    policy, one, found = case.parts.policy(), case.one, case.found
    request = rules.as_request(one, case.launch)
    needed = rules.needed(policy, found, case.now) if found else one.needed
    around = Around(
        approvals=policy.approvals,
        approver=known.who.id in known.may,
        team=known.team,
        needed=max(1, needed),
        frozen=frozen(tx),
        over_budget=launch_money.over(budgets(tx, policy, case.launch.asker, case.now), one.usd_more),
        refused=_refused(case),
        drifted=launch_money.moved(request, found.price if found else None, policy.approvals.drift_percent),
        asker=known.asker,
    )
    return replace(around, votes=launch_decide.standing(one.votes, request, around, may=known.may))


def _refused(case: Case) -> str:
    """Why the new sum is not allowed any more."""
    policy = case.parts.policy()
    if case.one.asker in policy.approvals.denied:
        return f"{person(case.one.asker)} may ask for nothing any more."
    if refusal := rules.refusal(case.launch, case.found, policy, case.parts.catalog):
        return f"{refusal.why} {refusal.way_out}".strip()
    return "" if case.launch.until == case.one.before else "Its end was moved meanwhile; ask again."


def _decide(case: Case, known: Known, around: Around) -> Decision:
    request = rules.as_request(case.one, case.launch)
    if case.one.state != "asked":
        return Decision(f"Too late: {settled(request)}.")
    return launch_answer.decide(request, case.click, known.who, around, case.now)


def _carry_out(tx: Tx, case: Case, decision: Decision, around: Around) -> None:
    user, why = case.click.user, launch_answer.reason(case.click)
    if decision.state == "approved":
        by = tuple(dict.fromkeys((*around.votes, user))) if decision.how == "vote" else (user,)
        one = replace(case.one, decided_by=by, how=decision.how, reason=why, needed=around.needed)
        launch_extend.extend(tx, case.parts, case.launch, one, case.click, case.now)
    elif decision.state is not None:
        _end(tx, case, replace(case.one, state=decision.state, decided_by=(user,), reason=why))
    elif decision.void:
        _void(tx, case, decision, around)
    elif decision.expired:
        launch_extend.expire(tx, case.launch, case.one, case.now)
    else:
        _stands(tx, case, decision, around)
    if decision.state != "denied":
        said = "Extended." if decision.state == "approved" else decision.said
        launch_answer.tell(tx, case.click, said, case.now)


def _stands(tx: Tx, case: Case, decision: Decision, around: Around) -> None:
    """It waits on: one yes more, or a press that changes nothing, which is kept in the log."""
    action = "extension_vote" if decision.counts else "refused_press"
    given = {"extension": case.one.id, "action": case.click.action, "said": decision.said}
    note(tx, case.launch, action, actor=case.click.user, now=case.now, detail={**given, **pressed(case.click)})
    if case.one.state != "asked":
        return
    votes = tuple(dict.fromkeys((*case.one.votes, case.click.user))) if decision.counts else case.one.votes
    one = replace(case.one, votes=votes, needed=around.needed, changed_at=case.now)
    extensions.change(tx, one)
    launch_extend.show(tx, one, case.now)


def _void(tx: Tx, case: Case, decision: Decision, around: Around) -> None:
    """What was shown does not hold: refused where the policy says no, else shown anew at the price of now."""
    found = case.found
    if around.refused or found is None:
        _end(tx, case, replace(case.one, state="refused", error=decision.said))
        return
    one = replace(
        case.one,
        votes=(),
        usd_more=found.usd_more,
        usd_total=found.price.usd_total,
        usd_per_hour=found.price.usd_per_hour,
        needed=around.needed,
        changed_at=case.now,
    )
    if extensions.change(tx, one):
        detail = {**launch_extend.brief(one), "said": decision.said, **pressed(case.click)}
        note(tx, case.launch, "extension_shown_anew", actor=case.click.user, now=case.now, detail=detail)
        launch_extend.show(tx, one, case.now)


def _end(tx: Tx, case: Case, one: Extension) -> None:
    """Denied, withdrawn or refused: nothing moves, and who asked hears why."""
    if not extensions.change(tx, replace(one, decided_at=case.now, changed_at=case.now)):
        return
    given = {"before": "asked", "after": one.state, "reason": one.reason or one.error}
    detail = {**launch_extend.brief(one), **given, **pressed(case.click)}
    note(tx, case.launch, f"extension_{one.state}", actor=case.click.user, now=case.now, detail=detail)
    launch_extend.show(tx, one, case.now)
    if one.state != "withdrawn":
        what = f"more hours for {which(case.launch)}"
        why = inert(one.reason) or one.error
        begin = f"{person(case.click.user)} denied {what}" if one.state == "denied" else f"Void: {what}"
        launch_extend.tell_askers(tx, case.launch, one, f"{begin}: {why}" if why else f"{begin}.", case.now)


def _loud(tx: Tx, case: Case, skipped: tuple[str, ...]) -> None:
    why = inert(launch_answer.reason(case.click))
    text = f"{person(case.click.user)} broke glass and extended {which(case.launch)} alone: {why}"
    for approver in skipped:
        if approver != case.click.user:
            notice(tx, case.launch, "break_glass", text, now=case.now, to=approver, key=case.one.id)
