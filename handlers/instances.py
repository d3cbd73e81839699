"""/ml-instances and its buttons: what runs or is stopped, whose it is, what it costs, and the verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from slack_bolt import Ack

from bot import idle, images, instances, launch
from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.errors import Unclear
from handlers import received
from handlers.doorway import Doorway
from handlers.launch import origin, state_of
from handlers.views import images as image_views
from handlers.views import instances as views
from handlers.views.message import Block, Message

Listener = Callable[..., None]
Body = dict[str, Any]
Whose = Literal["mine", "all"]
AGAIN = "/ml-instances all"


def command(door: Doorway) -> Listener:
    """`/ml-instances [mine|all] [words to find] [from=N]`."""

    def on_command(ack: Ack, body: Body) -> None:
        ack()
        asked = received.command(body)
        door.run(asked, lambda: door.whisper(asked, drawn(door.parts, asked.text, user=asked.user)), private=True)

    return on_command


def drawn(parts: Parts, words: str, *, user: str) -> Message:
    """What runs or is stopped, as *words* (mine or all, then words to find, from=N) say it; raises Unclear."""
    whose, find, first = _asked(words)
    saved = [(one, images.woken(parts, one)) for one in images.kept(parts, whose=whose, user=user)]
    found = instances.narrowed(instances.listing(parts, whose=whose, user=user), find)
    again = " ".join(["/ml-instances", whose, *find])
    return views.listing(found, whose=whose, images=image_views.listing(saved), first=first, again=again)


def _asked(text: str) -> tuple[Whose, list[str], int]:
    """Whose, the words that must be found, and which machine comes first, counted from 1."""
    words = text.lower().split()
    pages = [word.removeprefix("from=") for word in words if word.startswith("from=")]
    rest = [word for word in words if not word.startswith("from=")]
    first = 1
    if pages:
        if not pages[-1].isascii() or not pages[-1].isdigit() or not int(pages[-1][:9]) > 0:
            raise Unclear(f"I did not understand from={pages[-1]}.", nearest="from=10", example=f"{AGAIN} from=10")
        first = int(pages[-1][:9])
    if not rest or rest[0] in ("mine", "all"):
        return "all" if rest[:1] == ["all"] else "mine", rest[1:], first
    raise Unclear(
        f"I did not understand {text!r}: it is `mine` or `all`, then words to find.",
        nearest="all" if rest[0].startswith("a") else "mine",
        example=AGAIN,
    )


def press(door: Doorway) -> Listener:
    """Stop, Start, Terminate: a row, then the ack."""

    def on_press(ack: Ack, body: Body) -> None:
        instances.press(door.parts, received.click(body))
        ack()

    return on_press


def extend(door: Doorway) -> Listener:
    """Extend asks by how many hours."""

    def on_press(ack: Ack, body: Body) -> None:
        ack()
        asked = received.click(body)
        door.run(asked, lambda: _open_extend(door, asked))

    return on_press


def _open_extend(door: Doorway, asked: Click) -> None:
    view = _extend_form(door.parts, "8", origin(asked.value, asked))
    door.show(asked, view)


def _extend_form(parts: Parts, hours: str, state: Mapping[str, str]) -> Block:
    return views.extend_form(hours, _standing(parts, state.get("value", "")), _hours(hours), state)


def _standing(parts: Parts, value: str) -> views.Standing | None:
    """USD per hour and the end: of a request, or of a machine as the last scan saw it."""
    if value.startswith(instances.OF_LAUNCH):
        try:
            found = launch.card(parts, value).launch
        except KeyError:
            return None
        return found.usd_per_hour, found.until
    seen = idle.finding(parts, value)
    return (seen.resource.usd_per_hour, seen.resource.until) if seen else None


def extend_redrawn(parts: Parts, click: Click, body: Mapping[str, Any]) -> Block:
    """The form after other hours were typed."""
    return _extend_form(parts, received.fields(body).get("hours", ""), state_of(body))


def extended(door: Doorway) -> Listener:
    """The hours are there: now it is an extension."""

    def on_submit(ack: Ack, body: Body) -> None:
        hours = _hours(received.fields(body).get("hours", ""))
        if hours is None:
            ack(
                response_action="errors",
                errors=door.beside(received.user(body), {"hours": "Say a number of hours above 0, for example 8."}),
            )
            return
        state = state_of(body)
        instances.press(
            door.parts,
            received.submitted(
                body, action="extend", value=state.get("value", ""), data={"hours": hours}, origin=state
            ),
        )
        ack()

    return on_submit


def _hours(text: str) -> float | None:
    try:
        hours = float(text.strip().removesuffix("h"))
    except ValueError:
        return None
    return hours if 0 < hours <= 24 * 365 else None
