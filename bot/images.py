"""Images of machines: save, park, wake, delete; and the list of those that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.image_press import Preview, answer, press, preview
from bot.image_save import end, save
from bot.kinds import Look
from bot.ops import OpFunction
from bot.parts import Parts
from bot.rules.errors import CloudError
from bot.rules.images import SavedImage
from bot.rules.launch import OVER, Wanted
from bot.store import images, launches

__all__ = ["OPS", "Preview", "again", "image", "kept", "press", "preview", "woken"]

OPS: Mapping[str, OpFunction] = {"image.press": answer, "image.save": save, "image.end": end}


def image(parts: Parts, identity: str) -> SavedImage | None:
    """One image as its row stands; None for an id that was never given out."""
    with parts.store.reading() as tx:
        return images.find(tx, identity)


def again(parts: Parts, identity: str) -> Wanted | None:
    """What launches a machine from this image; None when there is none to launch from."""
    found = image(parts, identity)
    return found.wanted if found and found.state == "saved" and found.account == "default" else None


def woken(parts: Parts, one: SavedImage) -> bool:
    """Whether a request or a machine from this image is under way."""
    with parts.store.reading() as tx:
        launch = launches.find(tx, one.launch) if one.launch else None
    return launch is not None and launch.state not in OVER


def kept(parts: Parts, *, whose: Literal["mine", "all"], user: str) -> tuple[SavedImage, ...]:
    """Images that stand or are on their way, parked machines first; one that AWS has no more is left out."""
    with parts.store.reading() as tx:
        rows = images.in_state(tx, "saving", "ending", "saved")
    mine = [one for one in rows if whose == "all" or user in (one.owner, *(() if one.owner else (one.by,)))]
    there = _there(parts, {(one.account, one.region) for one in mine if one.state == "saved"})

    def stands(one: SavedImage) -> bool:
        known = there.get((one.account, one.region))
        return one.state != "saved" or known is None or one.aws_id in known

    return tuple(sorted((one for one in mine if stands(one)), key=lambda one: not one.parked))


def _there(parts: Parts, places: set[tuple[str, str]]) -> dict[tuple[str, str], set[str]]:
    """The images of mlbot's in each place; a place that does not answer is left out."""
    found: dict[tuple[str, str], set[str]] = {}
    for account, region in places:
        try:
            facts = Look(parts.cloud, account, region, parts.clock.now()).images
        except CloudError:
            continue
        found[account, region] = {str(fact["ImageId"]) for fact in facts}
    return found
