"""Machines among the words: EC2 types, families and chips, with their counts."""

from __future__ import annotations

import re
from functools import lru_cache

from data import Catalog, Instance, UnknownName
from data.names import chip_spellings
from estimator.parse_keys import BY_NAME, Unclear, checked, nearest
from estimator.parse_names import counts_something, phrase_of, windows
from estimator.parse_numbers import NUMBER_WORDS
from estimator.parse_retired import retired
from estimator.parse_text import Found, Machine, Text, Word

TYPE = re.compile(
    r"(?<![\w.-])(?:ml\.)?([a-z][a-z0-9-]{1,14}\.(?:\d{0,3}x?large|\d{1,3}xl|nano|micro|small|medium|metal(?:-\w{1,6})?))s?(?![\w.])"
)
_BEFORE = re.compile(
    r"(?<![\w.,$=-])(\d{1,3}(?:,\d{3})+|\d{1,8}|" + "|".join(NUMBER_WORDS) + r")"
    r" ?(?:x|\*)? ?(?:(?:nodes?|instances?|machines?|boxes|servers?|gpus?|chips?|cards?)(?: of)?|of)?"
    r" ?(?:nvidia|aws|amd|google|amazon)? ?$"
)
_NODES_BEFORE = re.compile(
    r"(?<![\w.,-])(\d{1,6}|one|two|three|four|eight|sixteen) ?(?:nodes?|machines?|servers?|boxes|hosts?)"
    r" ?(?:x|\*|of|with|,|\||each)* ?(?:with)? ?$"
)
_VALUE_OF = re.compile(
    r"\b(?:in(?:put)?|out(?:put)?|batch(?: size)?|size|seq|length|context|rank|qps|rps|tp|pp|concurrency|bs) ?$"
)
TYPE_LIKE = re.compile(r"(?:ml\.)?[a-z]{1,4}\d[a-z0-9-]*\.[a-z0-9-]+")
_CHIP_LIKE = re.compile(r"(?:[abhkltvp]|g[bh]|mi|rtx-?)\d{2,4}[a-z]{0,3}")
_BY_MEMORY = re.compile(
    r"(?:\b(?P<count>\d{1,4}) ?x ?)?(?<![\w.])(?P<gb>\d{1,3}) ?(?:gb|gib|gig)s?[ -](?:of )?(?:nvidia )?"
    r"(?:v?ram|(?:gpu )?memory|gpus?|cards?)(?: (?:gpus?|cards?))?\b"
)
SAME_SIZE = 0.1  # 80 GB of a vendor are 85.9 in decimal units
_NOT = re.compile(
    r"\b(?:not|no|without|except(?: for)?|excluding|exclude|avoid(?:ing)?|other than|instead of|"
    r"rather than|don't (?:use|want))(?: (?:on|using|with|any|an?|the))*(?: ?aws)? ?$"
)
_AFTER = re.compile(r" ?\(?x ?(\d{1,6})\)?(?![\w.])")
_PER_NODE = re.compile(r" ?(?:gpus? |chips? )?(?:per|a|each|/) ?(?:node|machine|instance|server|box)?(?![\w])")
BRANDS = {"trainium": "Trainium", "inferentia": "Inferentia", "gaudi": "Gaudi"}


def take_machines(text: Text, found: Found, catalog: Catalog) -> None:
    """Find EC2 types, families and chips with their counts."""
    while match := TYPE.search(text.now):
        name = instance_name(match[1], catalog)
        _machine(text, found, match.span(), ("instance_type", name))
    while match := _families(catalog).search(text.now):
        _family(text, found, catalog, match)
    for run in windows(text, 4):
        chip = chip_name(phrase_of(run), catalog)
        if chip and not counts_something(text, run):
            _chip(text, found, catalog, run, chip)
            take_machines(text, found, catalog)
            return


def chip_named(word: str, catalog: Catalog, *, field: str = "accelerator") -> str:
    """The chip that is meant; Unclear with the nearest when there is none."""
    try:
        return catalog.chip(word[:80]).name
    except UnknownName as unknown:
        _refuse_retired(word, field)
        near = unknown.nearest[0] if unknown.nearest else ""
        raise Unclear(
            f"I do not know the accelerator {word[:80]!r}" + (f"; the nearest is {near}." if near else "."),
            field=field,
            nearest=near,
            example=f"gpu={near or 'A100-80'}",
            word=word,
        ) from None


def instance_name(word: str, catalog: Catalog, *, field: str = "instance_type") -> str:
    """The EC2 type that is meant; Unclear with the nearest when there is none."""
    try:
        return catalog.instance(word).name
    except UnknownName as unknown:
        _refuse_retired(word, field)
        near = unknown.nearest[0] if unknown.nearest else ""
        raise Unclear(
            f"I do not know the instance type {word!r}" + (f"; the nearest is {near}." if near else "."),
            field=field,
            nearest=near,
            example=f"on 1 x {near or 'g5.xlarge'}",
            word=word,
        ) from None


def _refuse_retired(word: str, field: str) -> None:
    if said := retired(word):
        raise Unclear(f"{said}.", field=field, nearest="inf2.xlarge", example="on 1 x inf2.xlarge", word=word)


def unknown_machine(word: str, catalog: Catalog) -> Unclear:
    """What is said of an EC2 type or chip that the catalog does not have; the nearest is one of the same sort."""
    types = "." in word
    known = [*catalog.instances] if types else [*catalog.chips]
    spelled = {name.lower(): name for name in known}
    near = spelled.get(nearest(word.lower(), spelled, 0.55), "")
    sort = "instance type" if types else "chip"
    others = "types like g5.xlarge, p4d.24xlarge, trn1.32xlarge" if types else "chips like A10G, L40S, A100-80, H100"
    return Unclear(
        f"I do not know the {sort} {word!r}; " + (f"the nearest is {near}." if near else f"I know {others}."),
        field="hardware",
        nearest=near,
        example=f"on 1 x {near or 'g5.xlarge'}",
        word=word,
    )


def chip_like(word: str) -> bool:
    """Whether a word looks like the name of a chip: a101, h300s, rtx-7090."""
    return _CHIP_LIKE.fullmatch(word) is not None


def take_cards_by_memory(text: Text, found: Found, catalog: Catalog) -> None:
    """A card that is named by its memory: "a 24GB GPU" is every NVIDIA card of that size that AWS rents."""
    while match := _BY_MEMORY.search(text.now):
        size = float(match["gb"])
        cards = [one for one in catalog.chips.values() if one.families and one.vendor == "NVIDIA"]
        held = [one for one in cards if abs(one.memory_gb - size) <= SAME_SIZE * size]
        if not held:
            sizes = ", ".join(sorted({f"{one.memory_gb:.0f}" for one in cards}, key=float))
            raise Unclear(
                f"AWS rents no NVIDIA card of {size:g} GB; there are {sizes} GB.",
                field="hardware",
                example="on a g6e.xlarge",
            )
        for one in held:
            _add_families(found, one.families, catalog)
        if match["count"]:
            found.number("chips", int(match["count"]), match["count"])
        found.note(f"cards of {size:g} GB: {', '.join(one.name for one in held)}")
        text.take(*match.span())


@lru_cache(maxsize=4)
def _families(catalog: Catalog) -> re.Pattern[str]:
    names = sorted({one.family for one in catalog.instances.values()}, key=len, reverse=True)
    return re.compile(r"(?<![\w./-])(?:ml\.)?(" + "|".join(map(re.escape, names)) + r")s?(?![\w/=-]|\.\w)")


def usual_type(family: str, catalog: Catalog) -> Instance:
    """What is meant by "8 p5" or "one g6e": the whole machine of P and Trn, the smallest size of the others."""
    types = [one for one in catalog.instances.values() if one.family == family and "metal" not in one.name]
    if family[0] == "p" or family.startswith(("trn", "dl")):
        return max(types, key=lambda one: (one.chips, one.vcpu))
    return min(types, key=lambda one: (abs(one.chips - 1), one.vcpu if one.chips else abs(one.vcpu - 4)))


def _family(text: Text, found: Found, catalog: Catalog, match: re.Match[str]) -> None:
    """A family with a count is its usual size; without one it is a wish."""
    if _BEFORE.search(text.now[: match.start()]) or _AFTER.match(text.now, match.end()):
        name = usual_type(match[1], catalog).name
        found.note(f"{match[1]} without a size: {name} taken")
        _machine(text, found, match.span(), ("instance_type", name))
        return
    _refuse_negated(text, match.start(), match[1])
    if match[1] not in found.families:
        found.families.append(match[1])
    text.take(*match.span())


def chip_name(phrase: str, catalog: Catalog) -> str | None:
    """The chip that *phrase* is, if it is one; bare figures and bare vendors are none."""
    if not re.match(r"[a-z]", phrase) or not re.search(r"\d|[a-z]{5}", phrase):
        return None
    names = (catalog.chip_keys.get(next(chip_spellings(one))) for one in (phrase, phrase.removesuffix("s")))
    return next((name for name in names if name), None)


def _chip(text: Text, found: Found, catalog: Catalog, run: tuple[Word, ...], chip: str) -> None:
    """A chip that was named; a brand without a number means all of its generations."""
    span = (run[0].start, run[-1].end)
    counted = _BEFORE.search(text.now[: span[0]]) or _AFTER.match(text.now, span[1])
    brand = next((name for word, name in BRANDS.items() if phrase_of(run) == word), None)
    if brand is None or counted:
        _machine(text, found, span, ("accelerator", chip))
        return
    _refuse_negated(text, span[0], brand)
    for one in catalog.chips.values():
        if one.name.startswith(brand):
            _add_families(found, one.families, catalog)
    text.take(*span)


def _refuse_negated(text: Text, start: int, name: str) -> None:
    """Without p4d: what is left out cannot be said yet, and must not be read as a wish."""
    if _NOT.search(text.now[:start]):
        raise Unclear(
            f"I cannot leave {name} out; name what may be used instead.", field="families", example="families=g5,g6,g6e"
        )


def _add_families(found: Found, families: tuple[str, ...], catalog: Catalog) -> None:
    known = {one.family for one in catalog.instances.values()} | set(catalog.instances)
    found.families.extend(family for family in families if family in known and family not in found.families)


def _machine(text: Text, found: Found, span: tuple[int, int], what: tuple[str, str]) -> None:
    """Take a machine with the count that stands before or after it."""
    start, end = span
    _refuse_negated(text, start, what[1])
    count, per_node = None, None
    before = _BEFORE.search(text.now[:start])
    if before and not _VALUE_OF.search(text.now[: before.start()]):
        count, start = _count(before[1]), before.start()
    elif after := _AFTER.match(text.now, end):
        count, end = _count(after[1]), after.end()
    nodes = _NODES_BEFORE.search(text.now[:start]) if count else None
    if what[0] == "accelerator" and nodes and count:
        per_node, count, start = count, count * _count(nodes[1]), nodes.start()
        each = _PER_NODE.match(text.now, end)
        end = each.end() if each else end
    if count is not None:
        checked(BY_NAME["count"], count, str(count))
    found.machines.append(Machine(what[0], what[1], count, per_node))
    text.take(start, end)


def settle_machines(found: Found, catalog: Catalog) -> None:
    """One machine is what it runs on; several are compared, without their numbers."""
    distinct = {machine.name: machine for machine in found.machines if machine.count} | {
        machine.name: machine for machine in reversed(found.machines) if not machine.count
    }
    if len(distinct) == 1:
        _settle_one(max(found.machines, key=lambda machine: machine.count or 0), found, catalog)
        return
    for one in found.machines:
        families = (one.name,) if one.kind == "instance_type" else catalog.chips[one.name].families
        _add_families(found, families, catalog)
    if any(machine.count for machine in found.machines):
        found.note("several machines named: compared without their numbers")


def _settle_one(one: Machine, found: Found, catalog: Catalog) -> None:
    """Chips without any number, of a kind that AWS rents, leave the number open: the families are ranked."""
    numbered = one.count or {"count", "chips", "nodes"} & set(found.values)
    if one.kind == "accelerator" and not numbered and catalog.chips[one.name].families:
        _add_families(found, catalog.chips[one.name].families, catalog)
        return
    found.put(one.kind, one.name)
    for name, size in (("count", one.count), ("per_node", one.per_node)):
        if size:
            found.number(name, size, str(size))


def _count(word: str) -> int:
    return int(NUMBER_WORDS[word] if word in NUMBER_WORDS else word.replace(",", ""))
