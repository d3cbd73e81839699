"""Links to requests and estimates under mlbot's own public address; they carry an id that nobody can guess."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["launch", "estimate"]
LAUNCH, ESTIMATE = "/l/", "/e/"  # paths, before the id
KINDS: dict[str, Kind] = {LAUNCH: "launch", ESTIMATE: "estimate"}
_PLACE = re.compile(r"(/[le]/)([le]_[0-9a-f]{20})/?(?:[?#].*)?")


class Target(NamedTuple):
    """What a link is about."""

    kind: Kind
    id: str


def link(base: str, identity: str) -> str:
    """The link to a request (l_...) or an estimate (e_...); empty where mlbot has no public address."""
    return f"{base}/{identity[:1]}/{identity}" if base else ""


def target(base: str, url: str) -> Target | None:
    """What *url* is about, or None when it is no link of ours."""
    if not base or not url.startswith(base + "/"):
        return None
    found = _PLACE.fullmatch(url[len(base) :])
    return Target(KINDS[found[1]], found[2]) if found and found[1][1] == found[2][0] else None
