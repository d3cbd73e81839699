"""/ml-launch, its form, and the buttons of a request's card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from slack_bolt import Ack

from bot import launch
from bot.launch import Reply
from bot.rules import launch_words
from bot.rules.click import Click
from bot.rules.errors import UserError
from handlers import errors, received
from handlers.doorway import Doorway
from handlers.launch_form import default_region, form, open_form, seen
from handlers.views import launch as views

__all__ = ["default_region", "form", "origin", "state_of"]

Listener = Callable[..., None]
Body = dict[str, Any]


def command(door: Doorway) -> Listener:
    """`/ml-launch WORDS` asks; without words the form opens."""

    def on_command(ack: Ack, body: Body) -> None:
        asked = received.command(body)
        if not asked.text:
            ack()
            door.run(asked, lambda: open_form(door, asked))
            return
        try:
            wanted = launch_words.parse(asked.text, door.parts.catalog, region=default_region(door.parts))
        except UserError as error:
            ack()
            told = errors.message(error)
            door.run(asked, lambda: door.whisper(asked, told))
            return
        reply = Reply(channel=asked.channel, response_url=asked.response_url)
        # The row first, then the ack: Slack does not send an acked command again.
        launch.ask(door.parts, wanted, asker=asked.user, team=asked.team, key=asked.key, reply=reply)
        ack()
        door.run(asked, lambda: door.whisper(asked, views.received(wanted)))

    return on_command


def submitted(door: Doorway) -> Listener:
    """The form of a request: errors stand beside their fields and the values stay."""

    def on_submit(ack: Ack, body: Body) -> None:
        state = state_of(body)
        found = seen(door.parts, body)
        if found.problems or found.wanted is None:
            problems = found.problems or {"type": found.missing}
            ack(
                response_action="errors",
                errors=door.beside(
                    received.user(body), {received.block_of(body, name): why for name, why in problems.items()}
                ),
            )
            return
        wanted = found.wanted
        asked = received.submitted(body, action="ask", value="", data={}, origin=state)
        reply = Reply(channel=state.get("channel", ""), response_url="")
        launch.ask(door.parts, wanted, asker=asked.user, team=asked.team, key=asked.key, reply=reply)
        ack()

    return on_submit


def press(door: Doorway) -> Listener:
    """Approve and the other buttons that act on the press itself: a row, then the ack."""

    def on_press(ack: Ack, body: Body) -> None:
        launch.press(door.parts, received.click(body))
        ack()

    return on_press


def explain(door: Doorway, action: Literal["deny", "break_glass"]) -> Listener:
    """Deny and break-glass ask for a reason first."""

    def on_press(ack: Ack, body: Body) -> None:
        asked = received.click(body)
        if action == "break_glass" and asked.user not in door.parts.policy().approvals.break_glass:
            launch.press(door.parts, asked)  # refused, and written down, before anybody writes a reason
            ack()
            return
        ack()
        door.open(asked, views.reason_form(action, origin(asked.value, asked)))

    return on_press


def explained(door: Doorway, action: Literal["deny", "break_glass"]) -> Listener:
    """The reason is there: now it is a decision."""

    def on_submit(ack: Ack, body: Body) -> None:
        state = state_of(body)
        data = {"reason": received.fields(body).get("reason", "")}
        launch.press(
            door.parts,
            received.submitted(body, action=action, value=state.get("value", ""), data=data, origin=state),
        )
        ack()

    return on_submit


def freeze(door: Doorway) -> Listener:
    """`/ml-freeze [on|off] [reason]`: an approver stops all launches, or allows them again."""

    def on_command(ack: Ack, body: Body) -> None:
        asked = received.command(body)
        launch.freeze(door.parts, asked.text, user=asked.user, team=asked.team, key=asked.key, reply=_reply(asked))
        ack()

    return on_command


def _reply(asked: received.Command) -> Reply:
    return Reply(channel=asked.channel, response_url=asked.response_url)


def origin(value: str, asked: Click) -> Mapping[str, str]:
    """What a form must remember of the button that opened it."""
    return {"value": value, "channel": asked.channel, "ts": asked.ts, "response_url": asked.response_url}


state_of = received.state_of
