"""/ml-idle and the answers to a reminder: stop, snooze, keep until, not mine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from slack_bolt import Ack

from bot import idle
from bot.rules.click import Click
from bot.rules.errors import TooLate, Unclear
from handlers import received
from handlers.doorway import Doorway
from handlers.launch import origin, state_of
from handlers.views import idle as views

Listener = Callable[..., None]
Body = dict[str, Any]
KEEP_DAYS = 7


def command(door: Doorway) -> Listener:
    """`/ml-idle [now]`: what is idle, as of the last scan or of one made now."""

    def on_command(ack: Ack, body: Body) -> None:
        ack()
        asked = received.command(body)
        door.run(asked, lambda: _show(door, asked))

    return on_command


def _show(door: Doorway, asked: received.Command) -> None:
    word = asked.text.lower()
    if word not in ("", "now", "mine", "all"):
        raise Unclear(
            f"I did not understand {asked.text!r}: say nothing, `now`, `mine` or `all`.",
            nearest="now",
            example="/ml-idle now",
        )
    if word == "now" or idle.last_scan(door.parts) is None:
        idle.scan(door.parts, door.parts.clock.now())
    user = None if word == "all" else asked.user
    found = idle.findings(door.parts, user=user)
    door.whisper(asked, views.findings(found, report=idle.last_scan(door.parts), user=asked.user))


def press(door: Doorway) -> Listener:
    """Stop, Snooze, Not mine: a row, then the ack."""

    def on_press(ack: Ack, body: Body) -> None:
        idle.press(door.parts, received.click(body))
        ack()

    return on_press


def keep(door: Doorway) -> Listener:
    """Keep asks until when and why."""

    def on_press(ack: Ack, body: Body) -> None:
        ack()
        asked = received.click(body)
        until = (door.parts.clock.now() + timedelta(days=KEEP_DAYS)).date()
        door.run(asked, lambda: _open_keep(door, asked, until))

    return on_press


def _open_keep(door: Doorway, asked: Click, until: date) -> None:
    finding = idle.finding(door.parts, asked.value)
    if finding is None:
        raise TooLate("It is gone, or mlbot does not know it any more.")
    door.parts.slack.open_view(asked.trigger_id, views.keep_form(finding, until, origin(asked.value, asked)))


def kept(door: Doorway) -> Listener:
    """The day and the reason are there: now it is kept."""

    def on_submit(ack: Ack, body: Body) -> None:
        given = received.fields(body)
        problems = _keep_problems(given, today=door.parts.clock.now().date())
        if problems:
            ack(response_action="errors", errors=problems)
            return
        state = state_of(body)
        data = {"until": given["until"], "reason": given["reason"]}
        idle.press(
            door.parts, received.submitted(body, action="keep", value=state.get("value", ""), data=data, origin=state)
        )
        ack()

    return on_submit


def _keep_problems(given: dict[str, str], *, today: date) -> dict[str, str]:
    problems: dict[str, str] = {}
    try:
        if date.fromisoformat(given.get("until", "")) <= today:
            problems["until"] = "Choose a day after today."
    except ValueError:
        problems["until"] = "Choose a day."
    if not given.get("reason", "").strip():
        problems["reason"] = "Say why, so that the next reader knows."
    return problems
