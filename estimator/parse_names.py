"""Names among the words: models and regions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from itertools import pairwise

from data import Catalog, UnknownName
from data.names import model_spellings
from estimator.parse_choices import PRECISIONS
from estimator.parse_keys import Unclear
from estimator.parse_text import Found, Text, Word

UNITS = re.compile(
    r"(?:epochs?|tokens?|samples?|examples?|nodes?|gpus?|chips?|instances?|machines?|hours?|hrs?|h|days?|d|weeks?|minutes?"
    r"|requests?|queries|users?|images?|layers?|heads?|trials?|qps|rps|usd|dollars?|words?|steps?|iterations?|x|%|times"
    r"|million|billion|trillion|thousand|k|m|b|t|accelerators?|concurrent|experts?|per|-?parameters?|params?)"
)
_NAMEABLE = re.compile(r"[a-z][a-z0-9./_+-]*")
_MODEL_LIKE = re.compile(r"[a-z][a-z0-9.-]*/[a-z0-9][\w.-]*")
# Plain words that are more often something else than the model of that name.
RARELY_MODELS = frozenset({"ssd", "solar", "scout", "palm", "inception", "maverick", "sd", "stable", "flux", "alpaca"})
PLACES = {
    "virginia": "us-east-1",
    "ohio": "us-east-2",
    "california": "us-west-1",
    "oregon": "us-west-2",
    "canada": "ca-central-1",
    "sao paulo": "sa-east-1",
    "são paulo": "sa-east-1",
    "brazil": "sa-east-1",
    "ireland": "eu-west-1",
    "dublin": "eu-west-1",
    "london": "eu-west-2",
    "paris": "eu-west-3",
    "frankfurt": "eu-central-1",
    "germany": "eu-central-1",
    "zurich": "eu-central-2",
    "stockholm": "eu-north-1",
    "sweden": "eu-north-1",
    "milan": "eu-south-1",
    "spain": "eu-south-2",
    "tokyo": "ap-northeast-1",
    "japan": "ap-northeast-1",
    "seoul": "ap-northeast-2",
    "korea": "ap-northeast-2",
    "osaka": "ap-northeast-3",
    "mumbai": "ap-south-1",
    "india": "ap-south-1",
    "hyderabad": "ap-south-2",
    "singapore": "ap-southeast-1",
    "sydney": "ap-southeast-2",
    "australia": "ap-southeast-2",
    "jakarta": "ap-southeast-3",
    "melbourne": "ap-southeast-4",
    "hong kong": "ap-east-1",
    "bahrain": "me-south-1",
    "uae": "me-central-1",
    "tel aviv": "il-central-1",
    "cape town": "af-south-1",
}
_PLACE = re.compile(
    r"\b(?:in |region )?(?:aws )?(?:us |n\.? |northern |the )?("
    + "|".join(sorted(PLACES, key=len, reverse=True))
    + r")(?: region)?\b"
)
_REGION = re.compile(
    r"(?<![\w-])([a-z]{2}(?:-gov|-iso\w?)?-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-\d{1,2})([a-f])?(?![\w-])"
)


REGION_LIKE = re.compile(
    r"[a-z]{2}(?:-[a-z]{3,10}){1,2}-\d"
    r"|[a-z]{2,12}(?:-[a-z]{2,10})?-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-\d{1,2}"
)
HOMES = ("us-east-1", "us-west-2", "eu-west-1")  # of two regions that are as near, the one that is meant more often
ALIKE = 0.72  # of the letters of a name that are those of another, from which that is worth naming


def windows(text: Text, longest: int) -> Iterator[tuple[Word, ...]]:
    """Runs of neighbouring words, the longest first, from left to right."""
    words = text.words()
    for size in range(min(longest, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            run = tuple(words[start : start + size])
            if all(text.now[a.end : b.start] == " " for a, b in pairwise(run)):
                yield run


def phrase_of(run: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in run)


def counts_something(text: Text, run: tuple[Word, ...]) -> bool:
    """Whether the run ends in a number that belongs to what follows: "gpt 2 nodes", "bert 3 epochs"."""
    return bool(re.fullmatch(r"\d+(\.\d+)?", run[-1].text)) and bool(UNITS.match(text.now, run[-1].end + 1))


def take_model(text: Text, found: Found, catalog: Catalog, *, plain: bool) -> None:
    """Find the models that are named; *plain* accepts single words without figures, like bert."""
    for run in windows(text, 6):
        name = _model(run, catalog, plain=plain)
        if not name or counts_something(text, run) or (plain and "model" in found.values):
            continue
        if found.values.get("model", name) != name:
            raise Unclear(
                f"I found two models, {found.values['model']} and {name}; ask about one at a time.",
                field="model",
                example=f"model={name}",
            )
        found.put("model", name)
        if not name.startswith(_first_word(phrase_of(run))):
            found.note(f"{phrase_of(run)}: counted as {name}")
        if precision := _precision_of(run[-1].text, name):
            found.put("precision", precision)
        text.take(run[0].start, run[-1].end)
        text.drop(phrase_of(run))
        take_model(text, found, catalog, plain=plain)
        return


def take_rare_model(text: Text, found: Found, catalog: Catalog) -> None:
    """Where no model was found after all, a plain word that is rarely one: flux, scout, palm."""
    for word in text.words():
        if word.text in RARELY_MODELS and (name := model_name(word.text, catalog)):
            found.put("model", name)
            text.take(word.start, word.end)
            return


def _model(run: tuple[Word, ...], catalog: Catalog, *, plain: bool) -> str | None:
    phrase = phrase_of(run)
    if not _NAMEABLE.fullmatch(run[0].text) or (len(phrase) < 2 or len(phrase) > 80):
        return None
    if " " in phrase.rpartition("/")[0]:
        return None  # "infer org/name": the first word is none of the name
    if len(run) > 1 and run[-1].text in PRECISIONS:
        return None  # "llama-3-8b int4": the last word says more than the name
    single = len(run) == 1 and not re.search(r"[\d/-]", phrase)
    if single and not plain:
        return None
    name = model_name(phrase, catalog)
    return None if single and phrase in RARELY_MODELS and phrase != name else name


def _precision_of(word: str, name: str) -> str | None:
    """The precision in a name like llama-3-8b-awq, where it is not the model's own."""
    parts = [part for part in re.split(r"[-_/]", word) if part in PRECISIONS]
    return PRECISIONS[parts[-1]] if parts and parts[-1] not in name else None


def model_name(phrase: str, catalog: Catalog) -> str | None:
    """The catalog's name of the model that *phrase* is, if it is one."""
    return next((catalog.model_keys[key] for key in model_spellings(phrase) if key in catalog.model_keys), None)


def unknown_model(name: str, catalog: Catalog) -> Unclear:
    """What is said of a model that the catalog does not have."""
    near = _nearest(lambda: catalog.model(name), name)
    return Unclear(
        f"I do not know the model {name!r}"
        + (f"; the nearest is {near}." if near else "; give its size, like params=7B, or its layers= and hidden=."),
        field="model",
        nearest=near,
        example=f"model={near}" if near else "params=7B layers=32 hidden=4096",
        word=name,
    )


def _nearest(look_up: Callable[[], object], name: str) -> str:
    """The nearest known name, where it is one that *name* may be a misspelling of."""
    try:
        look_up()
    except UnknownName as unknown:
        return next((near for near in unknown.nearest if _alike(name, near)), "")
    return ""


def _first_word(name: str) -> str:
    """The letters that a name begins with: "llama3 70b" is llama."""
    found = re.match(r"[a-z]+", name.lower().rpartition("/")[2])
    return found[0] if found else ""


def _alike(name: str, other: str) -> bool:
    """Whether two names are near: alike in their letters, or one the beginning of the other."""
    one, two = (re.sub(r"[\W_]+", "", re.sub(r"^[\w.-]+/(?=[a-z])", "", text.lower())) for text in (name, other))
    return SequenceMatcher(None, one, two).ratio() >= ALIKE or (len(one) > 3 and two.startswith(one))


def is_hub_name(word: str) -> bool:
    """Whether *word* looks like org/name, as models are called on the Hugging Face hub."""
    return _MODEL_LIKE.fullmatch(word.lower()) is not None


def take_unknown_hub_name(text: Text, catalog: Catalog) -> None:
    """A name like org/name that is not in the catalog is asked about at once."""
    for word in text.words():
        if is_hub_name(word.text) and len(word.text) > 6 and not re.fullmatch(r"[a-z]+/[a-z]{1,7}", word.text):
            raise unknown_model(word.text, catalog)


def take_region(text: Text, found: Found, catalog: Catalog) -> None:
    """Find a region by its code or by the name of its place."""
    while match := _REGION.search(text.now):
        found.put("region", region(match[1], catalog.regions))
        text.take(*match.span())
    while match := _PLACE.search(text.now):
        found.put("region", PLACES[match[1]])
        text.take(*match.span())


def region(word: str, regions: tuple[str, ...], places: Mapping[str, str] = PLACES) -> str:
    """The region that is meant; Unclear with the nearest when there is none."""
    name = places.get(word.lower().strip(), word.lower().strip().replace("_", "-"))
    if name in regions:
        return name
    if re.fullmatch(r"[a-z]{2}-[a-z]+-\d[a-f]", name) and name[:-1] in regions:
        return name[:-1]
    close = max(regions, key=lambda one: (SequenceMatcher(None, name, one).ratio(), one in HOMES), default="")
    near = close if SequenceMatcher(None, name, close).ratio() >= ALIKE else ""
    shown = (
        f"the nearest is {near}" if near else f"regions are {', '.join(sorted(regions)[:4])} ... or places like Ohio"
    )
    raise Unclear(
        f"I have no prices for a region {word!r}; {shown}.",
        field="region",
        nearest=near,
        example=f"region={near or 'us-west-2'}",
        word=word,
    )
