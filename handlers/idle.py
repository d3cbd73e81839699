"""/ml-idle and the answers to a reminder: stop, snooze, keep until, not mine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from slack_bolt import Ack

from bot import idle, mute
from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.errors import TooLate, Unclear
from bot.rules.idle_asked import asked_for
from bot.rules.idle_finding import Finding
from handlers import errors, home, received
from handlers.doorway import Doorway
from handlers.launch import origin, state_of
from handlers.views import idle as views
from handlers.views import mute as mute_views
from handlers.views.message import Block, Message
from handlers.views.named import named

Listener = Callable[..., None]
Body = dict[str, Any]
KEEP_DAYS = 7


def command(door: Doorway) -> Listener:
    """`/ml-idle [now] [mine|all]`: what is idle, as of the last scan or of one made now."""

    def on_command(ack: Ack, body: Body) -> None:
        asked = received.command(body)
        if mute.is_about(asked.text):
            _mute(door, asked)  # a row before the ack
            ack()
            return
        ack()
        door.run(asked, lambda: door.whisper(asked, _shown(door.parts, asked.text, user=asked.user)), private=True)

    return on_command


def drawn(parts: Parts, words: str, *, user: str, team: str) -> Message:
    """The answer to `/ml-idle WORDS`: what is idle, or how long it is quiet now; raises Unclear."""
    if mute.is_about(words):
        return mute_views.answer(mute.switch(parts, words, user=user, team=team))
    return _shown(parts, words, user=user)


def _mute(door: Doorway, asked: received.Command) -> None:
    try:
        message = drawn(door.parts, asked.text, user=asked.user, team=asked.team)
    except Unclear as error:
        message = errors.message(error)
    door.run(asked, lambda: door.whisper(asked, message))


def quiet(door: Doorway) -> Listener:
    """The buttons *Mute for me* and *Unmute*: a row, then the ack."""

    def on_press(ack: Ack, body: Body) -> None:
        asked = received.click(body)
        word, _, length = asked.action.partition("_")
        until = mute.switch(door.parts, f"{word} {length}", user=asked.user, team=asked.team)
        ack()
        if asked.channel:
            door.run(asked, lambda: door.whisper(asked, mute_views.answer(until)))
        else:
            door.run(asked, lambda: home.show(door.parts, asked.user))

    return on_press


def _shown(parts: Parts, words: str, *, user: str) -> Message:
    wish = asked_for(words)
    if wish.now or idle.last_scan(parts) is None:
        idle.scan(parts, parts.clock.now())
    found = idle.findings(parts, user=None if wish.everybody else user)
    nobodys = idle.ownerless(parts, found) if wish.everybody else frozenset()
    asker = views.Asker(user, everybody=wish.everybody, ownerless=nobodys)
    message = views.findings(found, report=idle.last_scan(parts), asker=asker)
    return named(message, parts.people.name)  # it tells of everybody, and nobody is called by it


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
    view = _keep_form(door.parts, finding, {"until": until.isoformat()}, origin(asked.value, asked))
    door.show(asked, view)


def _keep_form(parts: Parts, finding: Finding, given: Mapping[str, str], state: Mapping[str, str]) -> Block:
    try:
        days: float | None = (date.fromisoformat(given.get("until", "")) - parts.clock.now().date()).days
    except ValueError:
        days = None
    return views.keep_form(finding, {"until": "", **given}, days, state)


def keep_redrawn(parts: Parts, click: Click, body: Mapping[str, Any]) -> Block | None:
    """The form after another day was chosen; None where the thing is gone."""
    state = state_of(body)
    finding = idle.finding(parts, state.get("value", ""))
    return _keep_form(parts, finding, received.fields(body), state) if finding else None


def kept(door: Doorway) -> Listener:
    """The day and the reason are there: now it is kept."""

    def on_submit(ack: Ack, body: Body) -> None:
        given = received.fields(body)
        problems = _keep_problems(given, today=door.parts.clock.now().date())
        if problems:
            ack(response_action="errors", errors=door.beside(received.user(body), problems))
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
