"""The Home tab: drawn when it is opened, and again after every change for whoever opened it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from slack_bolt import Ack

from bot import home, ops
from bot.ops import Done, Op, OpFunction, Outcome, Retry
from bot.parts import Parts
from bot.rules.errors import SlackError
from bot.rules.people import may_act
from bot.store import homes
from bot.store.db import Row
from handlers import launch_form, received, rules, words
from handlers.doorway import Doorway
from handlers.views import estimate_form
from handlers.views import home as views

# Slack's codes for somebody whose page cannot be drawn any more.
NOBODY = frozenset({"user_not_found", "users_not_found", "user_not_visible", "account_inactive", "not_enabled"})


def opened(door: Doorway) -> Callable[..., None]:
    """Somebody looks at the Home tab."""

    def on_event(ack: Ack, event: dict[str, Any]) -> None:
        ack()
        user = str(event.get("user") or "")
        if user and event.get("tab", "home") == "home":
            door.later.run(lambda: _admitted(door, user), lambda error: None)

    return on_event


def _admitted(door: Doorway, user: str) -> None:
    door.admit(user)
    show(door.parts, user)


def opens(door: Doorway) -> Callable[..., None]:
    """The buttons that open the forms of the commands."""

    def on_press(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        asked = received.click(body)
        if asked.action == "open_launch":
            door.run(asked, lambda: launch_form.open_form(door, asked))
        elif asked.action == "open_rules":
            door.run(asked, lambda: rules.open_view(door, asked))
        else:
            door.open(asked, estimate_form.form({}, regions=door.parts.policy().limits.regions, channel=asked.channel))

    return on_press


def show(parts: Parts, user: str) -> None:
    """Draw *user*'s Home tab as things stand."""
    with parts.store.transaction() as tx:
        row = homes.opened(tx, user, parts.clock.now())
    _drawn(parts, row, always=True)


def spread(parts: Parts, op: Op) -> Outcome:
    """Something changed: look at every page again, in the transaction that ends this op, so that no change is lost."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        homes.spread(tx, now)
    return Done()


def publish(parts: Parts, op: Op) -> Outcome:
    """Draw one page again if it says something else by now."""
    user = str(op.payload["home"])
    with parts.store.reading() as tx:
        row = homes.find(tx, user)
    if row is None or not _may_look(parts, user):
        return _forgotten(parts, user)
    try:
        fresh = _drawn(parts, row)
    except SlackError as error:
        if error.code in NOBODY:
            return _forgotten(parts, user)
        raise
    return Done() if fresh else Retry("it changed again", after=homes.PACE)


def _may_look(parts: Parts, user: str) -> bool:
    return may_act(parts.people.get(user), team=parts.people.team()) is None


def _forgotten(parts: Parts, user: str) -> Outcome:
    with parts.store.transaction() as tx:
        homes.forget(tx, user)
    return Done()


def _drawn(parts: Parts, row: Row, *, always: bool = False) -> bool:
    """Draw and publish what differs from what stands there, or *always*; False when it is behind again by now."""
    view = views.home(home.of(parts, row["user"]))
    digest, published = views.digest(view), None
    if always or digest != row["digest"]:
        parts.slack.publish_home(row["user"], words.block(view, words.of(parts, row["user"])))
        published = None if always else parts.clock.now()
    return _kept(parts, row, digest, published)


def _kept(parts: Parts, row: Row, digest: str, published: datetime | None) -> bool:
    with parts.store.transaction() as tx:
        fresh = homes.shown(tx, row, digest=digest, published=published)
        if not fresh:
            homes.again(tx, row, parts.clock.now())
    return fresh


OPS: Mapping[str, OpFunction] = {homes.SPREAD: spread, homes.PUBLISH: publish}
