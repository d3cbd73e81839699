"""The Schedule menu of a machine: presets act at once, own hours ask in a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack

from bot import schedules
from bot.rules.click import Click
from bot.rules.errors import Unclear
from bot.rules.schedule import hours_of
from handlers import received
from handlers.doorway import Doorway
from handlers.launch import origin, state_of
from handlers.views import schedule as views

Listener = Callable[..., None]
Body = dict[str, Any]


def press(door: Doorway) -> Listener:
    """A choice from the menu: a row, then the ack; own hours open a form."""

    def on_press(ack: Ack, body: Body) -> None:
        asked = received.click(body)
        if not asked.value.endswith(":own"):
            schedules.press(door.parts, asked)
            ack()
            return
        ack()
        door.run(asked, lambda: _open(door, asked))

    return on_press


def _open(door: Doorway, asked: Click) -> None:
    ref = asked.value.partition(":")[0]
    zone = door.parts.people.zone(asked.user)
    form = views.form(schedules.hours(door.parts, ref), zone, origin(asked.value, asked))
    door.show(asked, form)


def submitted(door: Doorway) -> Listener:
    """The hours are there: now they are set."""

    def on_submit(ack: Ack, body: Body) -> None:
        given = received.fields(body)
        data = {name: given.get(name, "") for name in ("days", "start", "end", "zone")}
        try:
            hours_of(**data)
        except Unclear as error:
            said = f"{error} For example: {error.example}"
            ack(response_action="errors", errors=door.beside(received.user(body), {error.field or "start": said}))
            return
        state = state_of(body)
        schedules.press(
            door.parts,
            received.submitted(body, action="schedule", value=state.get("value", ""), data=data, origin=state),
        )
        ack()

    return on_submit
