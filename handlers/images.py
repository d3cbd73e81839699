"""Save image, Park, Wake, Launch from image, Delete image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from slack_bolt import Ack

from bot import images
from bot.rules.click import Click
from bot.rules.errors import TooLate
from bot.rules.images import After
from handlers import received
from handlers.doorway import Doorway
from handlers.launch import form, origin, state_of
from handlers.views import images as views

Listener = Callable[..., None]
Body = dict[str, Any]


def ask(door: Doorway) -> Listener:
    """Save image and Park ask first: what it does, what it costs, what is lost."""

    def on_press(ack: Ack, body: Body) -> None:
        ack()
        asked = received.click(body)
        door.run(asked, lambda: _open(door, asked))

    return on_press


def _open(door: Doorway, asked: Click) -> None:
    park = asked.action.startswith("park")
    after: After = "park" if park else "keep"
    found = images.preview(door.parts, asked.value, after)
    state = origin(asked.value, asked)
    view = views.park_form(found, state) if park else views.save_form(found, state)
    door.show(asked, view)


def asked(door: Doorway, action: Literal["save_image", "park"]) -> Listener:
    """It was confirmed: a row, then the ack."""

    def on_submit(ack: Ack, body: Body) -> None:
        given, state = received.fields(body), state_of(body)
        data = {"after": given.get("after", ""), "name": given.get("name", "")}
        click = received.submitted(body, action=action, value=state.get("value", ""), data=data, origin=state)
        images.press(door.parts, click)
        ack()

    return on_submit


def press(door: Doorway) -> Listener:
    """Wake and Delete image: a row, then the ack."""

    def on_press(ack: Ack, body: Body) -> None:
        images.press(door.parts, received.click(body))
        ack()

    return on_press


def launch_again(door: Doorway) -> Listener:
    """Launch from image opens the launch form, filled with what the machine was."""

    def on_press(ack: Ack, body: Body) -> None:
        ack()
        asked = received.click(body)
        door.run(asked, lambda: _form(door, asked))

    return on_press


def _form(door: Doorway, asked: Click) -> None:
    wanted = images.again(door.parts, asked.value)
    if wanted is None:
        raise TooLate("There is no image to launch from here: it is deleted, not complete, or in another account.")
    door.show(asked, form(door, wanted, channel=asked.channel))
