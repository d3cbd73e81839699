"""Launches: ask, check, answer, drive, follow; each step is a row before it is an effect, and recovered from rows."""

from __future__ import annotations

from collections.abc import Mapping

from bot import launch_extend, launch_extend_answer, launch_gone, launch_remind, launch_sweep, ops, ops_tidy
from bot.launch_answer import answer, expire
from bot.launch_ask import write_ask
from bot.launch_check import check
from bot.launch_drive import drive
from bot.launch_end import end, overdue, watch
from bot.launch_extend import card as extension_card
from bot.launch_follow import OVER, follow
from bot.launch_freeze import freeze as _freeze
from bot.launch_freeze import switch
from bot.launch_more import more
from bot.launch_rows import KIND, budgets, frozen
from bot.launch_sweep import sweep
from bot.ops import OpFunction
from bot.parts import Parts
from bot.rules import extension, launch_next, launch_progress
from bot.rules.click import Click
from bot.rules.launch import Connect, Launch, LaunchCard, Reply, Wanted
from bot.rules.launch_image import chip_family
from bot.rules.policy import Policy
from bot.store import attempts, extensions, launches, resources
from bot.store.db import Tx

__all__ = [
    "OPS",
    "LaunchCard",
    "Reply",
    "Wanted",
    "ask",
    "card",
    "extension_card",
    "freeze",
    "press",
    "recover",
    "switch",
]

OPS: Mapping[str, OpFunction] = {
    "launch.check": check,
    "launch.answer": answer,
    "launch.extension": launch_extend_answer.answer,
    "launch.extend": launch_extend.carry_out,
    "launch.drive": drive,
    "launch.follow": follow,
    "launch.end": end,
    "launch.overdue": overdue,
    "launch.gone": launch_gone.gone,
    "launch.more": more,
    "launch.freeze": _freeze,
    "launch.sweep": sweep,
    "launch.remind": launch_remind.remind,
    "launch.remind_extension": launch_remind.remind_extension,
    "audit.head": launch_remind.post_head,
    "ops.tidy": ops_tidy.tidy,
}
MORE = ("try_next", "raise_quota")


def ask(parts: Parts, wanted: Wanted, *, asker: str, team: str, key: str, reply: Reply) -> str:
    """Write a request down and return its id; the same *key* gives the same request. One transaction, no network."""
    open_for = parts.policy().approvals.expires_hours
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        identity = write_ask(tx, wanted, asker=asker, team=team, key=key, reply=reply, now=now, hours=open_for)
    parts.wake()
    return identity


def press(parts: Parts, click: Click) -> None:
    """Write a press down: approve, deny, withdraw, break_glass, try_next, raise_quota. One transaction, no network."""
    kind = "launch.more" if click.action.startswith(MORE) else "launch.answer"
    if click.value.startswith(f"{launch_extend.PREFIX}_"):
        kind = "launch.extension"
    _write(parts, kind, click)


def freeze(parts: Parts, text: str, *, user: str, team: str, key: str, reply: Reply) -> None:
    """Write down `/ml-freeze TEXT`. One transaction, no network."""
    click = Click(
        action="freeze",
        value=text,
        user=user,
        team=team,
        key=key,
        channel=reply.channel,
        response_url=reply.response_url,
    )
    _write(parts, "launch.freeze", click)


def _write(parts: Parts, kind: str, click: Click) -> None:
    with parts.store.transaction() as tx:
        ops.enqueue(tx, kind=kind, key=click.key, payload=click.payload(), now=parts.clock.now())
    parts.wake()


def card(parts: Parts, launch_id: str) -> LaunchCard:
    """The facts of a request's card as they are now; raises KeyError for an id that was never given out."""
    policy, now = parts.policy(), parts.clock.now()
    with parts.store.reading() as tx:
        launch = launches.find(tx, launch_id)
        if launch is None:
            raise KeyError(launch_id)
        choice = _next_choice(parts, policy, launch)
        return LaunchCard(
            launch=launch,
            votes=launches.votes(tx, launch.id, shown=launch.shown),
            approvers=policy.approvals.people,
            groups=policy.approvals.all_groups,
            attempts=attempts.all_of(tx, launch.id),
            budgets=budgets(tx, policy, launch.asker, now),
            connect=_connect(parts, policy, launch),
            refs=_refs(tx, launch),
            buttons=_buttons(policy, launch, choice),
            waits=_waits(tx, launch),
            next_choice=choice,
            longer=tuple(extension.line(one) for one in extensions.of(tx, launch.id)),
        )


def recover(parts: Parts) -> None:
    """At start and every 15 s or sooner: expire old asks, and have every unfinished request worked on again."""
    parts.store.bury()
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops_tidy.steady(tx, now)
        for launch in launches.expired(tx, now):
            expire(tx, launch, now)
        launch_extend.expire_old(tx, now)
        for launch in launches.in_state(tx, "checking", "approved", "launching", "running"):
            kind = _kind_of_work(launch)
            if kind:
                payload = {"launch": launch.id, "user": launch.asker}
                ops.again(tx, kind=kind, key=launch.id, payload=payload, now=now)
            if launch.state == "running" and launch.until is not None and launch.until > now:
                watch(tx, parts, launch, now)  # an extension may have moved an end that was over
        launch_sweep.plan(tx, now)
        launch_remind.plan_head(tx, now)
    parts.wake()


def _kind_of_work(launch: Launch) -> str:
    if launch.state == "checking":
        return "launch.check"
    if launch.instance_ids:
        return "" if launch.progress in OVER else "launch.follow"
    return "launch.drive" if launch.state in ("approved", "launching") else ""


def _next_choice(parts: Parts, policy: Policy, launch: Launch) -> Wanted | None:
    if launch.state != "failed":
        return None
    return launch_next.next_choice(launch.wanted, launch.error_code, policy.limits, parts.catalog)


def _buttons(policy: Policy, launch: Launch, choice: Wanted | None) -> tuple[str, ...]:
    if launch.state == "asked":
        return ("approve", "deny", "withdraw", *(("break_glass",) if policy.approvals.break_glass else ()))
    if launch.state == "failed":
        quota = ("raise_quota",) if launch_next.is_quota(launch.error_code) else ()
        return (*(("try_next",) if choice else ()), *quota)
    return ()


def _waits(tx: Tx, launch: Launch) -> str:
    """Why an approved request is not carried out yet."""
    if launch.state not in ("asked", "approved", "launching") or launch.instance_ids:
        return ""
    if why := frozen(tx):
        return why
    attempt = attempts.standing(tx, launch.id)
    return f"{attempt.error} mlbot tries again with the same token." if attempt and attempt.unsure else ""


def _connect(parts: Parts, policy: Policy, launch: Launch) -> Connect | None:
    if launch.offer is None:
        return None
    instance = parts.catalog.instance(launch.wanted.instance_type)
    return launch_progress.connect(
        launch,
        launch.offer,
        neuron=chip_family(instance) == "neuron",
        chip=instance.chip is not None,
        jupyter="UserData" in launch.offer.params and "jupyter" in policy.launch.boot,
    )


def _refs(tx: Tx, launch: Launch) -> tuple[str, ...]:
    """References to its machines, for the buttons that stop and extend them."""
    found = (
        resources.ref(tx, account="default", region=launch.wanted.region, kind=KIND, aws_id=identity)
        for identity in launch.instance_ids
    )
    return tuple(ref for ref in found if ref)
