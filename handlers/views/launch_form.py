"""The form of a request: region, the types that exist there with their price, market, sizes, and a live cost line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.rules import launch_text as say
from bot.rules.launch import Wanted
from bot.rules.launch_preview import Preview
from bot.rules.policy import Limits
from data import Catalog, UnknownName
from data.shapes import Instance
from handlers.views.blocks import OPTIONS, actions, button, context, option, plain_text, section
from handlers.views.forms import live, modal, search, select, text_input
from handlers.views.message import Block, plain, told

MARKETS = (("On-demand", "on-demand"), ("Spot (cheaper, may be taken away)", "spot"))
PICK_TYPE = "pick_type"
UNSHOWN = ("max_price",)  # a field only where words asked for it


def given_of(wanted: Wanted, limits: Limits) -> dict[str, str]:
    """The values of the form that asks for *wanted*; what is not known yet is left to the asker."""
    return {
        "region": wanted.region,
        "type": wanted.instance_type,
        "count": str(wanted.count),
        "market": wanted.market,
        "disk": str(wanted.disk_gb),
        "hours": f"{min(wanted.hours, limits.max_hours):g}",
        "name": wanted.name,
        "purpose": wanted.purpose,
        "key": wanted.key_name,
        "image": wanted.image,
    }


def beside(wanted: Wanted) -> dict[str, str]:
    """What was asked for in words, and has a field for that reason alone."""
    ceiling = f"{wanted.max_usd_per_hour:g}" if wanted.max_usd_per_hour is not None else ""
    return {"max_price": ceiling} if ceiling else {}


def unshown(state: Mapping[str, str]) -> dict[str, str]:
    """The same, read back."""
    return {name: state[name] for name in UNSHOWN if state.get(name)}


def form(
    given: Mapping[str, str],
    found: Preview,
    *,
    limits: Limits,
    catalog: Catalog,
    state: Mapping[str, str],
    image: str = "",
) -> Block:
    """The form filled with *given*, saying what *found* makes of it; *image* is the policy's, for every launch."""
    regions = [(region, region) for region in limits.regions]
    hint = f"At most {limits.max_hours:g}."
    blocks = [
        live(select("region", "Region", regions, value=given.get("region", ""))),
        live(_type(given, catalog)),
        live(_market(given, limits, catalog)),
        live(text_input("count", "Machines", value=given.get("count", ""), max_length=4)),
        live(text_input("hours", "Hours", value=given.get("hours", ""), max_length=8, hint=hint)),
        live(text_input("disk", "Disk in GB (gp3, encrypted)", value=given.get("disk", ""), max_length=6)),
        *_ceiling({**unshown(state), **given}, state),
        section(cost(found), block_id="cost"),
        *_words(given, image),
        context(f"At most ${limits.max_usd_per_hour:g} an hour and ${limits.max_usd:g} in all. An approver decides."),
        actions(button("What may I launch?", "open_rules", "form")),
    ]
    return modal("Ask for a machine", "launch", blocks, submit="Ask", state=state)


def _ceiling(given: Mapping[str, str], state: Mapping[str, str]) -> list[Block]:
    """The most that a spot machine may cost, where words said so."""
    if not unshown(state):
        return []
    hint = "Empty: no ceiling. It is of spot machines only."
    value = given.get("max_price", "")
    return [live(text_input("max_price", "Ceiling in $ an hour", value=value, optional=True, max_length=8, hint=hint))]


def _words(given: Mapping[str, str], policys: str) -> list[Block]:
    name, purpose, key, image = (given.get(field, "") for field in ("name", "purpose", "key", "image"))
    example = "ami-0123456789abcdef0"
    hint = f"Empty: {policys}, the policy's." if policys else "Empty: the newest Deep Learning AMI."
    return [
        text_input("name", "Name", value=name, optional=True, max_length=80, placeholder="nightly-lora"),
        text_input("purpose", "Purpose", value=purpose, max_length=200, placeholder="LoRA run on the new corpus"),
        text_input("key", "Key pair (by name)", value=key, optional=True, max_length=255),
        text_input("image", "Image", value=image, optional=True, max_length=21, placeholder=example, hint=hint),
    ]


def cost(found: Preview) -> str:
    """$1.01 an hour, $8.14 for 8 h, needs 1 approval, budget left $412; or what is missing or not allowed."""
    if found.missing:
        return f"*Cost:* {plain(found.missing)}"
    lines = [f"⚠ {told(why)}" for why in found.problems.values()]
    if found.wanted is not None and found.price is not None:
        disk = "" if found.price.usd_disk is None else f" ({say.usd(found.price.usd_disk)} of it for disks)"
        total = f"{say.usd(found.price.usd_total)} for {say.hours(found.wanted.hours)}{disk}"
        hourly = f"{say.usd(found.price.usd_per_hour)} an hour"
        lines.insert(0, f"*Cost:* {hourly}, {total}, {_needs(found.needed)}{_left(found)}")
        lines.append(f"_{plain(found.price.basis)}_")
    return "\n".join(lines) or "*Cost:* unknown"


def _needs(needed: int) -> str:
    if needed == 0:
        return "needs no approval"
    return f"needs {needed} approval{'s' if needed > 1 else ''}"


def _left(found: Preview) -> str:
    line = found.tightest
    return "" if line is None else f", budget of {told(line.name)} left {say.usd(max(line.left, 0))}"


def _type(given: Mapping[str, str], catalog: Catalog) -> Block:
    name, region = given.get("type", ""), given.get("region", "")
    try:
        chosen = _offer(catalog.instance(name), catalog, region) if name else None
    except UnknownName:
        chosen = None
    hint = "Type to search: a10g, 80 GB, g6e, spot ..." if not name else ""
    return search("type", "Instance type", PICK_TYPE, chosen=chosen, hint=hint, placeholder="g5.xlarge")


def _market(given: Mapping[str, str], limits: Limits, catalog: Catalog) -> Block:
    """What AWS sells the type as and the policy allows; where that leaves one, the block is another one."""
    try:
        sold = catalog.instance(given.get("type", "")).markets if given.get("type") else ("on-demand", "spot")
    except UnknownName:
        sold = ("on-demand", "spot")
    offered = [pair for pair in MARKETS if pair[1] in sold and pair[1] in limits.markets] or list(MARKETS)
    block_id = "market" if len(offered) > 1 else f"market:{offered[0][1]}"
    known = {value for _, value in offered}
    value = given.get("market", "") if given.get("market") in known else offered[0][1]
    return select(block_id, "Market", offered, value=value)


def types(catalog: Catalog, region: str, query: str, limits: Limits) -> list[Block]:
    """Groups of the types that are sold in *region*, that the policy allows and that fit *query*, cheapest first."""
    words = query.lower().split()
    accelerated: list[tuple[float, Instance]] = []
    plainer: list[tuple[float, Instance]] = []
    for instance in catalog.instances.values():
        rate = catalog.rate(instance.name, region, "on-demand") or catalog.rate(instance.name, region, "spot")
        if rate is not None and _allowed(instance, limits) and all(word in _about(instance) for word in words):
            (accelerated if instance.chips else plainer).append((rate.usd_per_hour, instance))
    return list(_groups(catalog, region, {"GPU and ML chips": accelerated, "CPU": plainer}))


def _groups(catalog: Catalog, region: str, found: Mapping[str, list[tuple[float, Instance]]]) -> Iterator[Block]:
    room = OPTIONS  # over all groups, as Slack counts
    for label, rows in found.items():
        rows.sort(key=lambda pair: (pair[0], pair[1].name))
        if offers := [_offer(instance, catalog, region) for _, instance in rows[:room]]:
            room -= len(offers)
            yield {"label": plain_text(label), "options": offers}


def _allowed(instance: Instance, limits: Limits) -> bool:
    named = not limits.families or instance.family in limits.families
    return named and instance.family not in limits.denied_families


def _about(instance: Instance) -> str:
    """What may be searched: memory in GB as it is sold, whether one counts by 10 or by 2."""
    gb = instance.chip_memory_gb or instance.memory_gib
    memory = f"{gb:.0f} gb {gb * 1e9 / 2**30:.0f} gb {gb:.0f}gb {gb * 1e9 / 2**30:.0f}gb"
    return f"{instance.name} {_what(instance)} {memory} {' '.join(instance.markets)} {instance.arch}".lower()


def _offer(instance: Instance, catalog: Catalog, region: str) -> Block:
    rate = catalog.rate(instance.name, region, "on-demand")
    price = f" - ${rate.usd_per_hour:.2f}/h" if rate else ""
    return option(f"{instance.name} - {_what(instance)}{price}", instance.name)


def _what(instance: Instance) -> str:
    if not instance.chips:
        return f"{instance.vcpu} vCPU, {instance.memory_gib:g} GiB"
    return f"{instance.chips:g} x {instance.chip}"
