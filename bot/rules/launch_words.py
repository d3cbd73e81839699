"""`/ml-launch` in words: key=value in any order and plain English, to what is wanted."""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.rules import launch_fields as fields
from bot.rules.errors import Unclear
from bot.rules.launch import Wanted
from data import Catalog, UnknownName

NEAR = 0.7  # how much of a word must be there for a guess
LONGEST = 2000  # characters of a command that anybody means
ALIASES = {
    "type": ("type", "instance", "instance_type", "machine", "shape"),
    "region": ("region", "where"),
    "hours": ("hours", "hour", "h", "for", "time", "duration"),
    "disk": ("disk", "disk_gb", "storage", "volume", "ebs"),
    "market": ("market", "purchase", "buy"),
    "count": ("count", "n", "machines", "instances", "nodes", "number"),
    "name": ("name",),
    "purpose": ("purpose", "reason", "why"),
    "key": ("key", "key_name", "keypair", "key_pair", "ssh_key"),
    "image": ("image", "ami"),
    "max_price": ("max_price", "ceiling", "max_usd_per_hour", "spot_price"),
}
KEYS = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
ATTRIBUTES = {"type": "instance_type", "disk": "disk_gb", "key": "key_name", "max_price": "max_usd_per_hour"}
FILLERS = frozenset(
    re.findall(
        r"\w+",
        "a an and at it one the please launch start run me with of for in on using from to by x i want need my "
        "can could may might would like get give have us we our some one new book reserve rent request ask spin bring "
        "up use borrow how much is are does what cost costs price kindly let let's d hi hello hey thanks now "
        "disk gb machine machines instance instances node nodes hour hours box server gpu",
    )
)
UNITS = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "min", "mins", "minutes", "day", "days", "weeks"), "hours"),
    **dict.fromkeys(("gb", "gib", "tb", "tib"), "disk"),
    **dict.fromkeys(("x", "machines", "instances", "nodes"), "count"),
}

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " ", "`": " "})
_LINK = re.compile(r"<(?:https?://|mailto:)([^|>\s]+)\|\1>|<(https?://[^|>\s]+)>")  # what Slack made a link by itself
_TOKEN = re.compile(r"""([A-Za-z][\w-]*)\s*=\s*("[^"]*"?|'[^']*'?|[^\s"']\S*)?|"([^"]*)"?|(\S+)""")
_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-\d", re.IGNORECASE)
_MEASURE = re.compile(r"(\d+(?:[.,]\d+)?)([a-z]+)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass
class _Found:
    """What was read so far, as text by field; every field may be said once."""

    values: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: str) -> None:
        """Note a field; the same value again is fine, another one is not."""
        known = self.values.get(name)
        if known is not None and known != value:
            said = f"{fields.shown(known)} and {fields.shown(value)}"
            raise fields.unclear(name, f"The {name} is said twice: {said}", ())
        self.values[name] = value


def parse(text: str, catalog: Catalog, *, region: str) -> Wanted:
    """What *text* asks for, in *region* unless it names another; raises Unclear."""
    found = _Found()
    tokens = list(_tokens(_cleaned(text)))
    while tokens:
        key, value = tokens.pop(0)
        if key:
            found.put(_key(key), value)
        else:
            _word(value, tokens, found, catalog)
    if "type" not in found.values:
        raise fields.unclear("type", "Say which instance type to launch", ())
    found.values.setdefault("region", region)
    return _wanted(found.values, catalog)


def from_form(given: Mapping[str, str], catalog: Catalog) -> Wanted:
    """What the form asks for; raises Unclear whose field is the input's name."""
    typed = {name: value.strip().removeprefix(f"{name}=") for name, value in given.items() if name in ALIASES}
    filled = {name: value for name, value in typed.items() if value}
    for name, what in (("type", "Choose an instance type"), ("region", "Choose a region")):
        if name not in filled:
            raise fields.unclear(name, what, ())
    return _wanted(filled, catalog)


def _wanted(values: Mapping[str, str], catalog: Catalog) -> Wanted:
    read: dict[str, Any] = {}
    for name, text in values.items():
        if name == "type":
            read["instance_type"] = fields.instance_type(text, catalog)
        elif name == "region":
            read["region"] = fields.region(text, catalog)
        else:
            read[ATTRIBUTES.get(name, name)] = fields.READERS[name](text)
    if "max_usd_per_hour" in read and read.get("market") != "spot":
        raise fields.unclear("max_price", "A ceiling is for spot machines", ("market=spot",))
    return Wanted(**read)


def _cleaned(text: str) -> str:
    """As it was typed: Slack's entities, links and curly quotes undone."""
    if len(text) > LONGEST:
        raise Unclear(f"That is longer than {LONGEST} characters.", example=fields.EXAMPLE)
    text = _LINK.sub(lambda found: found[1] or found[2] or "", text)
    return html.unescape(text).translate(_QUOTES)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of key and value; the key is empty for a plain word."""
    for found in _TOKEN.finditer(text):
        if found[1]:
            yield found[1].lower().replace("-", "_"), (found[2] or "").strip("\"'")
        else:
            yield "", found[4] if found[3] is None else found[3]


def _key(word: str) -> str:
    if word in KEYS:
        return KEYS[word]
    near = difflib.get_close_matches(word, [key for key in KEYS if len(key) > 1], n=1, cutoff=NEAR)
    raise Unclear(
        f"I know no setting {fields.shown(word)}.", nearest=f"{KEYS[near[0]]}=" if near else "", example=fields.EXAMPLE
    )


Reading = Callable[[str, list[tuple[str, str]], _Found, Catalog], bool]


def _word(word: str, rest: list[tuple[str, str]], found: _Found, catalog: Catalog) -> None:
    """A plain word: the first reading that fits takes it, and perhaps the word after it."""
    bare = word.strip(",;.:!?()").lower()
    if not bare or any(reading(bare, rest, found, catalog) for reading in READINGS) or bare in FILLERS:
        return
    known = [*KEYS, *catalog.regions, "spot", "on-demand"]
    near = _nearest_type(bare, catalog) or next(iter(difflib.get_close_matches(bare, known, n=1)), "")
    if _NUMBER.fullmatch(bare):
        near = f"hours={bare}"
    raise Unclear(f"I did not understand {fields.shown(word)}.", nearest=near, example=fields.EXAMPLE)


def _as_market(word: str, rest: list[tuple[str, str]], found: _Found, catalog: Catalog) -> bool:
    if word in ("spot", "ondemand", "on-demand", "savings-plan", "capacity-block"):
        found.put("market", word)
        return True
    return False


def _as_place(word: str, rest: list[tuple[str, str]], found: _Found, catalog: Catalog) -> bool:
    if _REGION.fullmatch(word):
        found.put("region", word)
        return True
    return False


def _as_image(word: str, rest: list[tuple[str, str]], found: _Found, catalog: Catalog) -> bool:
    if word.startswith("ami-"):
        found.put("image", word)
        return True
    return False


def _as_measure(word: str, rest: list[tuple[str, str]], found: _Found, catalog: Catalog) -> bool:
    """8h, 200GB, 2x, x2; or a number and then its unit: 8 hours, 200 GB, 2 x g5.xlarge."""
    if re.fullmatch(r"x\d{1,4}", word):
        found.put("count", word[1:])
        return True
    if (joined := _MEASURE.fullmatch(word)) and joined[2].lower() in UNITS:
        found.put(UNITS[joined[2].lower()], word)
        return True
    if not _NUMBER.fullmatch(word):
        return False
    after = rest[0][1].strip(",;.").lower() if rest and not rest[0][0] else ""
    if after in UNITS:
        rest.pop(0)
        name = UNITS[after]
        found.put(name, word if name == "count" else f"{word} {after}")
        return True
    if after and _type_of(after, catalog):
        found.put("count", word)
        return True
    return False


def _as_type(word: str, rest: list[tuple[str, str]], found: _Found, catalog: Catalog) -> bool:
    if name := _type_of(word, catalog):
        found.put("type", name)
        return True
    return False


def _type_of(word: str, catalog: Catalog) -> str:
    """The instance type that a word names; every one has a figure in it."""
    if not any(letter.isdigit() for letter in word) or len(word) > 40:
        return ""
    try:
        return catalog.instance(word).name
    except UnknownName:
        return ""


def names_a_type(word: str, catalog: Catalog) -> bool:
    """Whether a word is the name of an instance type."""
    return bool(_type_of(word.lower(), catalog))


def _nearest_type(word: str, catalog: Catalog) -> str:
    if not any(letter.isdigit() for letter in word) or len(word) > 40:
        return ""
    try:
        return catalog.instance(word).name
    except UnknownName as unknown:
        return next(iter(unknown.nearest), "")


READINGS: tuple[Reading, ...] = (_as_market, _as_place, _as_image, _as_measure, _as_type)
