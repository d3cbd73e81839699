"""The panic switch: no launches until it is ended; stops stay allowed."""

from __future__ import annotations

from datetime import datetime

from bot import audit, launch_answer, ops, outbox
from bot.launch_rows import FREEZE, card, frozen
from bot.ops import Done, Op, Outcome, Retry
from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.errors import SlackError
from bot.rules.launch_text import person
from bot.rules.people import may_act
from bot.store import launches, state
from bot.store.db import Tx
from bot.store.values import stamp

HELP = "Say /ml-freeze on REASON, /ml-freeze off, or nothing to see how it stands."


def switch(tx: Tx, *, on: bool, reason: str, by: str, now: datetime) -> None:
    """Freeze or thaw, with the audit row; cards that wait say so, and what was approved goes on after a thaw."""
    state.put(tx, FREEZE, (reason or FREEZE) if on else "", by=by, now=now)
    audit.record(
        tx, actor=by, action="freeze" if on else "thaw", subject="launches", now=now, detail={"reason": reason}
    )
    for launch in launches.in_state(tx, "asked", "approved", "launching"):
        card(tx, launch, now)
        if not on and launch.state != "asked":
            ops.hasten(tx, kind="launch.drive", key=launch.id, now=now)


def freeze(parts: Parts, op: Op) -> Outcome:
    """Carry out `/ml-freeze` for an approver; anybody may ask how it stands."""
    click = Click(**op.payload)
    word, _, reason = click.value.strip().partition(" ")
    try:
        who, team = parts.people.fresh(click.user), parts.people.team()
    except SlackError as error:
        return Retry(str(error)) if op.failures < launch_answer.PATIENCE else Done()
    may = launch_answer.is_approver(parts, parts.policy(), who) and may_act(who, team=team) is None
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        said = _answer(tx, click, word.lower(), reason.strip(), may=may, now=now)
        launch_answer.tell(tx, click, said, now)
        room = parts.policy().approvals.channel
        if may and room and word.lower() in ("on", "off"):
            text = f"{said} ({person(click.user)})" if word.lower() == "off" else said
            outbox.say(tx, what="notice", subject="freeze", to=room, now=now, data={"text": text}, key=stamp(now))
    parts.wake()
    return Done()


def _answer(tx: Tx, click: Click, word: str, reason: str, *, may: bool, now: datetime) -> str:
    if word == "":
        return frozen(tx) or "Launches are allowed."
    if word not in ("on", "off"):
        return f"I did not understand {word!r}. {HELP}"
    if not may:
        return "Only approvers may freeze launches or end the freeze."
    switch(tx, on=word == "on", reason=reason, by=click.user, now=now)
    return frozen(tx) or "Launches are allowed again."
