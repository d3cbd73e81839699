"""More hours for a launch: judged and approved as a request for the new sum; then the end moves on every machine."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from bot import launch_end, launch_remind, ops, outbox
from bot.kinds import KINDS, Look
from bot.kinds.ec2_instance import set_tag
from bot.kinds.tags import UNTIL
from bot.launch_rows import KIND, budgets, frozen, note, notice, pressed
from bot.launch_rows import card as launch_card
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules import extension as rules
from bot.rules import launch_decide, launch_money
from bot.rules.click import Click
from bot.rules.errors import CloudError, Unsure
from bot.rules.extension import Asked, Extension, ExtensionCard
from bot.rules.instances import GONE
from bot.rules.launch import Launch
from bot.rules.launch_text import people, person, which
from bot.store import extensions, launches
from bot.store.db import Tx
from bot.store.values import new_id

CARD = "extension_card"
PREFIX = "x"


def ask(tx: Tx, parts: Parts, launch: Launch, click: Click, hours: float, now: datetime) -> str:
    """Write down that somebody wants *hours* more, decided at once where the policy does; what they are told."""
    waiting = next((one for one in extensions.of(tx, launch.id) if one.state == "asked"), None)
    if waiting is not None:
        return f"An extension of {which(launch)} waits already in <#{waiting.channel}>: {rules.words(waiting)}."
    found = rules.asked(launch, hours, parts.catalog, now)
    if why := _may_not(tx, parts, launch, found, (launch.asker, click.user), now):
        note(tx, launch, "extension_refused", actor=click.user, now=now, detail={"why": why, **pressed(click)})
        return why
    assert found is not None
    one = _written(tx, parts, launch, click, found, now)
    if one is None:
        return "This extension is asked for already."
    if one.needed == 0:
        extend(tx, parts, launch, replace(one, how="policy"), click, now)
        return f"{which(launch)} is extended {rules.words(one)}; the policy approves it by itself."
    show(tx, one, now)
    launch_card(tx, launch, now)
    launch_remind.plan_extension(tx, one, parts.policy().approvals.remind_hours, now)
    stands = f"An extension of {which(launch)} {rules.words(one)}, stands in <#{one.channel}> and waits for approval."
    if launch.asker != click.user:
        text = f"{stands} {person(click.user)} pressed, so neither of you may approve it."
        notice(tx, launch, "extension", text, now=now, to=launch.asker, key=one.id)
    return stands


def _written(tx: Tx, parts: Parts, launch: Launch, click: Click, found: Asked, now: datetime) -> Extension | None:
    policy = parts.policy()
    expires = min(now + timedelta(hours=policy.approvals.expires_hours), found.until)
    one = Extension(
        id=new_id(PREFIX),
        launch=launch.id,
        asker=click.user,
        state="asked",
        more=found.more,
        hours=found.hours,
        before=launch.until,
        until=found.until,
        usd_more=found.usd_more,
        usd_total=found.price.usd_total,
        usd_per_hour=found.price.usd_per_hour,
        asked_at=now,
        expires_at=expires,
        needed=rules.needed(policy, found, now),
        channel=policy.approvals.channel,
        changed_at=now,
    )
    if not extensions.add(tx, one, key=click.key):
        return None
    note(tx, launch, "extension_asked", actor=click.user, now=now, detail={**brief(one), **pressed(click)})
    return one


def _may_not(tx: Tx, parts: Parts, launch: Launch, found: Asked | None, who: tuple[str, ...], now: datetime) -> str:
    """Why the new sum cannot be granted by anybody: the policy, a freeze, a budget; empty when it can."""
    policy = parts.policy()
    if set(who) & set(policy.approvals.denied):
        return "The policy lets you launch nothing, and extend nothing."
    if why := frozen(tx):
        return f"{why} Extensions are frozen too; stops still work."
    if refusal := rules.refusal(launch, found, policy, parts.catalog):
        return f"{refusal.why} {refusal.way_out}".strip()
    assert found is not None
    if rules.needed(policy, found, now) and not launch_decide.somebody_may(policy.approvals):
        return "The policy names nobody who could approve this. An operator sets [approvals] approvers."
    return launch_money.over(budgets(tx, policy, launch.asker, now), found.usd_more)


def extend(tx: Tx, parts: Parts, launch: Launch, one: Extension, click: Click, now: datetime) -> None:
    """The end, the hours and the money of the launch move at once; the machines' tags follow."""
    one = replace(one, state="approved", decided_at=now, changed_at=now)
    wanted, offer = replace(launch.wanted, hours=one.hours), launch.offer
    values: dict[str, Any] = {"until": one.until, "wanted": asdict(wanted), "usd_total": one.usd_total}
    if offer is not None and offer.usd_disk is not None:
        values["offer"] = replace(offer, usd_disk=offer.usd_disk * one.hours / launch.wanted.hours)
    if not extensions.change(tx, one):
        return
    if not launches.change(tx, launch.id, be=("launching", "running"), now=now, **values):
        return
    moved = launches.find(tx, launch.id)
    assert moved is not None
    by = {"how": one.how, "by": one.decided_by, "reason": one.reason, "extension": one.id}
    detail = {"before": _sum(launch), "after": _sum(moved), **by, **pressed(click)}
    note(tx, moved, "extended", actor=one.decided_by[-1] if one.decided_by else "mlbot", now=now, detail=detail)
    show(tx, one, now)
    launch_card(tx, moved, now)
    launch_end.watch(tx, parts, moved, now)
    ops.enqueue(tx, kind="launch.extend", key=one.id, payload={"extension": one.id, "user": one.asker}, now=now)
    if one.how != "policy":
        text = f"{people(one.decided_by)} approved more hours for {which(launch)}: {rules.words(one)}."
        tell_askers(tx, moved, one, text, now)


def carry_out(parts: Parts, op: Op) -> Outcome:
    """Write the end of the launch on every machine of it; writing it twice is writing it once."""
    with parts.store.reading() as tx:
        one = extensions.find(tx, str(op.payload["extension"]))
        launch = launches.find(tx, one.launch) if one else None
    if one is None or launch is None or launch.until is None:
        return Done()
    look = Look(parts.cloud, "default", launch.wanted.region, parts.clock.now(), person=one.asker)
    try:
        done = {identity: _tag(look, launch, identity) for identity in launch.instance_ids}
    except Unsure as error:
        return Retry(str(error))
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        note(tx, launch, "end_moved", actor="mlbot", now=now, detail={"until": launch.until, "machines": done})
        if failed := [f"{identity}: {came}" for identity, came in done.items() if came.startswith("not")]:
            text = f"The end moved, but its tag could not be written. {'; '.join(failed)}"
            tell_askers(tx, launch, one, text, now, event="extension_tag")
    parts.wake()
    return Done()


def _tag(look: Look, launch: Launch, identity: str) -> str:
    """What came of one machine: AWS's request id, or why it was left alone."""
    assert launch.until is not None
    try:
        found = KINDS[KIND].read(look, identity)
        if found is None or found.state in GONE or found.request != launch.id:
            return "left alone: " + ("gone" if found is None else found.state)
        return set_tag(look, found, UNTIL, launch.until.isoformat(timespec="seconds"))
    except Unsure:
        raise
    except CloudError as error:
        return f"not tagged: {error}"


def expire(tx: Tx, launch: Launch, one: Extension, now: datetime) -> None:
    """Nobody decided in time."""
    if extensions.change(tx, replace(one, state="expired", changed_at=now)):
        note(tx, launch, "extension_expired", actor="mlbot", now=now, detail=brief(one))
        show(tx, one, now)
        launch_card(tx, launch, now)
        tell_askers(tx, launch, one, f"Nobody decided in time on more hours for {which(launch)}: it expired.", now)


def expire_old(tx: Tx, now: datetime) -> None:
    """Expire every extension whose time is over."""
    for one in extensions.expired(tx, now):
        if (launch := launches.find(tx, one.launch)) is not None:
            expire(tx, launch, one, now)


def card(parts: Parts, identity: str) -> ExtensionCard:
    """The facts of an extension's card as they are now; raises KeyError for an id that was never given out."""
    policy, now = parts.policy(), parts.clock.now()
    with parts.store.reading() as tx:
        one = extensions.find(tx, identity)
        launch = launches.find(tx, one.launch) if one else None
        if one is None or launch is None:
            raise KeyError(identity)
        glass = ("break_glass",) if policy.approvals.break_glass else ()
        buttons = ("approve", "deny", "withdraw", *glass) if one.state == "asked" else ()
        lines = budgets(tx, policy, launch.asker, now)
        return ExtensionCard(extension=one, launch=launch, votes=one.votes, budgets=lines, buttons=buttons)


def tell_askers(
    tx: Tx, launch: Launch, one: Extension, text: str, now: datetime, *, event: str = "extension_decided"
) -> None:
    """Who asked for the machine and who asked for more hours hear of it."""
    for user in dict.fromkeys((launch.asker, one.asker)):
        notice(tx, launch, event, text, now=now, to=user, key=one.id)


def show(tx: Tx, one: Extension, now: datetime) -> None:
    """Bring its card up to date; what needed nobody has none."""
    if one.channel and one.needed:
        outbox.say(tx, what=CARD, subject=one.id, to=one.channel, now=now)


def brief(one: Extension) -> dict[str, Any]:
    """What the audit log keeps of an extension."""
    return {
        "extension": one.id,
        "hours": one.hours,
        "until": one.until,
        "before_until": one.before,
        "usd_more": one.usd_more,
        "usd_total": one.usd_total,
        "needed": one.needed,
    }


def _sum(launch: Launch) -> dict[str, Any]:
    return {"until": launch.until, "hours": launch.wanted.hours, "usd_total": launch.usd_total}
