"""What every change of a request writes in its transaction: the row, the audit log, the card, words to the asker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot import audit, ops, outbox
from bot.rules import launch_money
from bot.rules.click import Click
from bot.rules.idle_words import inert
from bot.rules.launch import BudgetLine, How, Launch, State
from bot.rules.launch_text import at, person
from bot.rules.policy import Budgets, Policy
from bot.store import homes, launches, state
from bot.store.db import Tx

CARD, NOTICE, WHISPER = "launch_card", "launch_notice", "whisper"
FREEZE = "freeze"
KIND = "ec2_instance"  # what a launch makes


def move(
    tx: Tx,
    launch: Launch,
    to: State,
    *,
    actor: str,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
    **values: Any,
) -> Launch | None:
    """Change the state from what *launch* shows, with its audit row and its card; None when somebody was first."""
    if not launches.change(tx, launch.id, be=(launch.state,), now=now, state=to, **values):
        return None
    moved = launches.find(tx, launch.id)
    assert moved is not None
    note(tx, moved, to, actor=actor, now=now, detail={"before": launch.state, "after": to, **(detail or {})})
    card(tx, moved, now)
    return moved


def approved(
    tx: Tx,
    launch: Launch,
    *,
    by: tuple[str, ...],
    how: How,
    now: datetime,
    reason: str = "",
    click: Click | None = None,
) -> Launch | None:
    """Approve: the end is set once, and the work to launch it is written down with it."""
    until = now + timedelta(hours=launch.wanted.hours)
    values = {"decided_by": by, "decided_at": now, "how": how, "reason": reason, "until": until}
    if not launches.approve(tx, launch.id, now=now, **values):
        return None
    moved = launches.find(tx, launch.id)
    assert moved is not None
    price = {"usd_per_hour": launch.usd_per_hour, "usd_total": launch.usd_total, "shown": launch.shown}
    given = {"how": how, "reason": reason, "by": by, "until": until, **price}
    detail = {"before": launch.state, "after": "approved", **given, **pressed(click)}
    note(tx, moved, "approved", actor=by[-1] if by else audit.BOT, now=now, detail=detail)
    card(tx, moved, now)
    ops.again(tx, kind="launch.drive", key=launch.id, payload={"launch": launch.id, "user": launch.asker}, now=now)
    return moved


def note(tx: Tx, launch: Launch, action: str, *, actor: str, now: datetime, detail: Mapping[str, Any]) -> None:
    """One audit row about a request."""
    name = f"launch.{action}"
    audit.record(tx, actor=actor, team=launch.team, action=name, subject=launch.id, now=now, detail=detail)


def pressed(click: Click | None) -> Mapping[str, str]:
    """Where in Slack a press came from, as the audit log keeps it: message, person, and the key of the press."""
    if click is None:
        return {}
    where = {"slack_channel": click.channel, "slack_ts": click.ts, "slack_user": click.user}
    return {**where, "slack_trigger": click.trigger_id, "key": click.key}


def card(tx: Tx, launch: Launch, now: datetime) -> None:
    """Bring the card up to date, where there is one."""
    homes.touch(tx, now)
    if launch.card_channel:
        outbox.say(tx, what=CARD, subject=launch.id, to=launch.card_channel, now=now)


def notice(tx: Tx, launch: Launch, event: str, text: str, *, now: datetime, to: str = "", key: str = "") -> None:
    """A direct message about *event*, to who asked and who pressed for them unless *to* names somebody else."""
    data, key = {"event": event, "text": text}, f"{event}{key and ':'}{key}"
    for one in (to,) if to else launch.askers:
        outbox.say(tx, what=NOTICE, subject=launch.id, to=one, now=now, data=data, key=key)


def whisper(tx: Tx, launch: Launch, text: str, *, key: str, now: datetime, offer: str = "") -> None:
    """Words where the request was made, with a button where one helps; an asker for whom somebody pressed hears too."""
    data = {"text": text, "offer": offer, "ref": launch.id if offer else ""}
    where = {"channel": launch.reply.channel, "response_url": launch.reply.response_url}
    for one in launch.askers:
        there = where if one == launch.askers[-1] else {}  # the reply is of who pressed; the other is written to
        outbox.say(tx, what=WHISPER, subject=launch.id, to=one, now=now, data={**there, **data}, key=key)


def budgets(tx: Tx, policy: Policy, asker: str, now: datetime) -> tuple[BudgetLine, ...]:
    """The budgets that a request of *asker* counts against, as they stand."""
    if policy.budgets == Budgets():
        return ()
    spending = launches.spending(tx, launch_money.month_of(now))
    return launch_money.lines(policy.budgets, asker, spending, now)


def frozen(tx: Tx) -> str:
    """Why nothing is launched at the moment, in words; empty when launches are allowed."""
    row = state.get(tx, FREEZE)
    if row is None:
        return ""
    reason = f": {inert(row['value'])}" if row["value"] != FREEZE else ""
    return f"Launches are frozen by {person(row['by'])} since {at(datetime.fromisoformat(row['at']))}{reason}."
