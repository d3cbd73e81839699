"""What each field of a request may say: text to a value, or Unclear with the nearest thing and an example."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from bot.rules.errors import Unclear
from data import Catalog, UnknownName

EXAMPLE = "/ml-launch g5.xlarge hours=8 region=us-west-2"
LONGEST = {"name": 80, "purpose": 200, "key": 255}
LEAST_HOURS, MOST_HOURS, MOST_DISK_GB, MOST_COUNT = 1 / 60, 24 * 365, 16384, 1000
HOURS_IN = {"m": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}

_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?|\.\d+)\s*([a-z]*)", re.IGNORECASE)
_IMAGE = re.compile(r"ami-[0-9a-f]{8,17}")
_MARKETS = {
    "spot": "spot",
    "on-demand": "on-demand",
    "ondemand": "on-demand",
    "od": "on-demand",
}


def instance_type(text: str, catalog: Catalog) -> str:
    """The catalog's name of a type."""
    try:
        return catalog.instance(text).name
    except UnknownName as unknown:
        raise unclear("type", f"I know no instance type {shown(text)}", unknown.nearest) from unknown


def region(text: str, catalog: Catalog) -> str:
    """A region that the catalog knows."""
    word = text.strip().lower()
    if word in catalog.regions:
        return word
    raise unclear("region", f"I know no region {shown(text)}", difflib.get_close_matches(word, catalog.regions, n=2))


def hours(text: str) -> float:
    """8, 8h, 90min, 2 days -> hours."""
    amount, unit = _amount(text) or (math.nan, "")
    factor = HOURS_IN.get(unit[:1] or "h") if unit in _UNITS_OF_TIME else None
    if factor is None or not LEAST_HOURS <= amount * factor <= MOST_HOURS:
        raise unclear("hours", f"Hours must be from a minute to a year, not {shown(text)}", ("hours=8",))
    return amount * factor


def disk(text: str) -> int:
    """200, 200GB, 1TB -> GB."""
    amount, unit = _amount(text) or (math.nan, "")
    factor = _UNITS_OF_DISK.get(unit)
    if factor is None or not 1 <= amount * factor <= MOST_DISK_GB:
        raise unclear("disk", f"The disk must be 1 to {MOST_DISK_GB} GB, not {shown(text)}", ("disk=200",))
    return math.ceil(amount * factor)


def count(text: str) -> int:
    """2, 2x -> 2."""
    word = text.strip().lower().strip("x").strip()
    if not (word.isascii() and word.isdigit() and len(word) <= 6 and 1 <= int(word) <= MOST_COUNT):
        raise unclear(
            "count", f"The count must be a whole number from 1 to {MOST_COUNT:,}, not {shown(text)}", ("count=1",)
        )
    return int(word)


def market(text: str) -> str:
    """on-demand or spot, which are what mlbot launches."""
    word = re.sub(r"[\s_]+", "-", text.strip().lower())
    if word in _MARKETS:
        return _MARKETS[word]
    if word.startswith("savings"):
        raise unclear("market", "A savings plan changes the bill and not the launch", ("market=on-demand",))
    if word.startswith("capacity"):
        raise unclear(
            "market", "mlbot does not launch Capacity Blocks; reserve and start them in AWS", ("market=on-demand",)
        )
    near = difflib.get_close_matches(word, list(_MARKETS), n=1)
    raise unclear("market", f"The market is on-demand or spot, not {shown(text)}", [f"market={one}" for one in near])


def image(text: str) -> str:
    """The id of an image."""
    word = text.strip().lower()
    if not _IMAGE.fullmatch(word):
        raise unclear("image", f"An image is named by its id, not {shown(text)}", ("image=ami-0123456789abcdef0",))
    return word


def ceiling(text: str) -> float:
    """The most that one spot machine may cost an hour."""
    amount, unit = _amount(text.strip().lstrip("$")) or (math.nan, "")
    if unit not in ("", "usd") or not 0 < amount <= 10_000:
        raise unclear("max_price", f"The ceiling must be USD per hour, not {shown(text)}", ("max_price=0.50",))
    return amount


def label(name: str) -> Callable[[str], str]:
    """Reads free text: one line without control or direction-changing characters, not longer than a tag may be."""

    def read(text: str) -> str:
        found = " ".join("".join(_harmless(letter) for letter in text).split())
        if len(found) > LONGEST[name]:
            raise unclear(name, f"The {name} is longer than {LONGEST[name]} characters", ())
        return found

    return read


def unclear(field: str, what: str, nearest: Iterable[str]) -> Unclear:
    """The error of one field."""
    near = next(iter(nearest), "")
    return Unclear(f"{what}.", field=field, nearest=near, example=EXAMPLE)


def shown(text: str) -> str:
    """What somebody wrote, short enough to repeat."""
    text = "".join(_harmless(letter) for letter in text)
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _harmless(letter: str) -> str:
    """Control, format (bidi) and private characters become spaces or vanish."""
    kind = unicodedata.category(letter)
    return " " if kind in ("Cc", "Zl", "Zp") else "" if kind in ("Cf", "Co", "Cs", "Cn") else letter


def _amount(text: str) -> tuple[float, str] | None:
    found = _AMOUNT.fullmatch(text.strip()) if len(text) <= 40 else None
    return (float(found[1].replace(",", ".")), found[2].lower()) if found else None


_UNITS_OF_TIME = ["", "m", "min", "mins", "minute", "minutes", "h", "hr", "hrs", "hour", "hours"]
_UNITS_OF_TIME += ["d", "day", "days", "w", "week", "weeks"]
_UNITS_OF_DISK = {"": 1.0, "g": 1.0, "gb": 1.0, "gib": 1.0, "t": 1000.0, "tb": 1000.0, "tib": 1024.0}

READERS: dict[str, Callable[[str], Any]] = {
    "hours": hours,
    "disk": disk,
    "count": count,
    "market": market,
    "image": image,
    "max_price": ceiling,
    "name": label("name"),
    "purpose": label("purpose"),
    "key": label("key"),
}
