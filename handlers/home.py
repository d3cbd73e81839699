"""The Home tab: drawn when it is opened, and again after every change for whoever opened it once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from slack_bolt import Ack

from bot import home, home_picture, ops
from bot.home import Home
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

# Its codes for a picture that was uploaded a moment ago and is not ready to be shown.
UNREADY = frozenset({"invalid_blocks", "invalid_arguments"})
LATER, PATIENCE = timedelta(seconds=15), 8  # how often it is then tried with the picture


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
        now = parts.clock.now()
        row = homes.opened(tx, user, now)
        home_picture.plan(tx, now)
    _drawn(parts, row, always=True)
    parts.wake()


def spread(parts: Parts, op: Op) -> Outcome:
    """Something changed: look at every page again, in the transaction that ends this op, so that no change is lost."""
    with parts.store.transaction() as tx:
        now = parts.clock.now()
        ops.finish(tx, op, now)
        homes.spread(tx, now)
        home_picture.plan(tx, now)
    parts.wake()
    return Done()


def publish(parts: Parts, op: Op) -> Outcome:
    """Draw one page again if it says something else by now."""
    user = str(op.payload["home"])
    with parts.store.reading() as tx:
        row = homes.find(tx, user)
    if row is None or not _may_look(parts, user):
        return _forgotten(parts, user)
    try:
        pause = _drawn(parts, row)
    except SlackError as error:
        if error.code in NOBODY:
            return _forgotten(parts, user)
        raise
    given_up = pause == LATER and op.attempts >= PATIENCE
    return Done() if pause is None or given_up else Retry("it is behind", after=pause)


def _may_look(parts: Parts, user: str) -> bool:
    return may_act(parts.people.get(user), team=parts.people.team()) is None


def _forgotten(parts: Parts, user: str) -> Outcome:
    with parts.store.transaction() as tx:
        homes.forget(tx, user)
    return Done()


def _drawn(parts: Parts, row: Row, *, always: bool = False) -> timedelta | None:
    """Draw and publish what differs from what stands there, or *always*; when to look again, None for not at all."""
    found = home.of(parts, row["user"])
    digest, published, pictured = views.digest(views.home(found)), None, True
    if always or digest != row["digest"]:
        pictured = _published(parts, row["user"], found)
        published = None if always else parts.clock.now()
    return _kept(parts, row, digest if pictured else "", published)


def _published(parts: Parts, user: str, found: Home) -> bool:
    """Publish it; without its picture, and then False, where Slack is not done with the upload."""
    language = words.of(parts, user)
    try:
        parts.slack.publish_home(user, words.block(views.home(found), language))
    except SlackError as error:
        if not found.picture or error.code not in UNREADY:
            raise
        parts.slack.publish_home(user, words.block(views.home(replace(found, picture="")), language))
        return False
    return True


def _kept(parts: Parts, row: Row, digest: str, published: datetime | None) -> timedelta | None:
    with parts.store.transaction() as tx:
        fresh = homes.shown(tx, row, digest=digest, published=published)
        pause = homes.PACE if not fresh else None if digest else LATER
        if pause is not None:
            homes.again(tx, row, parts.clock.now(), after=pause)
    return pause


OPS: Mapping[str, OpFunction] = {homes.SPREAD: spread, homes.PUBLISH: publish, home_picture.DRAW: home_picture.draw}
