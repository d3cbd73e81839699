"""Forms that answer while they are filled in: every change redraws them, and the newest change wins."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack

from bot.parts import Parts
from bot.rules.click import Click
from bot.rules.errors import SlackError
from handlers import received, words
from handlers.doorway import Doorway
from handlers.views.message import Block

log = logging.getLogger(__name__)

Redraw = Callable[[Parts, Click, Mapping[str, Any]], Block | None]
REMEMBERED = 500  # open forms
CLOSED = ("not_found", "view_not_found", "expired_trigger_id")


class Newest:
    """Which change of each form came last; older ones need not be drawn any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, float] = OrderedDict()

    def note(self, form: str, at: float) -> None:
        """A change at Slack's time *at*."""
        with self._lock:
            self._seen[form] = max(at, self._seen.pop(form, 0.0))
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)

    def is_newest(self, form: str, at: float) -> bool:
        """Whether none came after it."""
        with self._lock:
            return self._seen.get(form, 0.0) <= at


def filled(door: Doorway, forms: Mapping[str, Redraw]) -> Callable[..., None]:
    """A field changed: ack, then redraw its form by its callback id, from the catalog and the database alone."""
    newest = Newest()

    def on_action(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        view = body.get("view") or {}
        redraw = forms.get(str(view.get("callback_id", "")))
        if redraw is None:
            return
        at = float(body["actions"][0].get("action_ts") or 0)
        newest.note(str(view["id"]), at)
        click = received.click(body)
        door.later.run(lambda: _redrawn(door, redraw, click, body, newest), _logged)

    return on_action


def _redrawn(door: Doorway, redraw: Redraw, click: Click, body: dict[str, Any], newest: Newest) -> None:
    form, at = str(body["view"]["id"]), float(body["actions"][0].get("action_ts") or 0)
    if not newest.is_newest(form, at):
        return
    door.admit(click.user, private=False)
    drawn = redraw(door.parts, click, body)
    if drawn is None or not newest.is_newest(form, at):
        return
    view = words.block(drawn, words.of(door.parts, click.user))
    try:
        door.parts.slack.update_view(form, view, hash=str(body["view"].get("hash") or "") or None)
    except SlackError as error:
        # An older change was drawn meanwhile; the newest may be drawn over it.
        if error.code == "hash_conflict" and newest.is_newest(form, at):
            door.parts.slack.update_view(form, view)
        elif error.code not in (*CLOSED, "hash_conflict"):
            raise


def _logged(error: Exception) -> None:
    log.warning("a form could not be redrawn: %s", error)
