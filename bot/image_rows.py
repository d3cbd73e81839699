"""What every step of an image writes beside its row: the audit log, and the messages that follow it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot import audit, outbox
from bot.rules.images import SavedImage
from bot.store.db import Tx

MESSAGE = "image"  # the message that shows how far it is, and then the one that says it is done
DONE = "done"


def note(tx: Tx, image: SavedImage, action: str, *, actor: str, now: datetime, detail: Mapping[str, Any]) -> None:
    """One audit row about an image, under the machine that it is of."""
    place = {"image": image.id, "ami": image.aws_id, "account": image.account, "region": image.region}
    audit.record(
        tx,
        actor=actor,
        team=image.team,
        action=f"image.{action}",
        subject=image.instance,
        now=now,
        detail={**place, **detail},
    )


def show(tx: Tx, image: SavedImage, now: datetime) -> None:
    """Bring the message of whoever asked up to date."""
    outbox.say(tx, what=MESSAGE, subject=image.id, to=image.by, now=now)


def tell(tx: Tx, image: SavedImage, now: datetime) -> None:
    """Say how it ended, to whoever asked and to the owner, in a message of its own that edits follow."""
    show(tx, image, now)
    for to in dict.fromkeys(one for one in (image.by, image.owner) if one):
        outbox.say(tx, what=MESSAGE, subject=image.id, to=to, now=now, key=DONE)
