"""The form of a request: region, type with its price, count, market, disk, hours, name, purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.rules.launch import Wanted
from bot.rules.policy import Limits
from data import Catalog
from data.shapes import Instance
from handlers.views.blocks import OPTIONS, context, option, plain_text
from handlers.views.forms import modal, select, text_input
from handlers.views.message import Block

MARKETS = (("On-demand", "on-demand"), ("Spot (cheaper, may be taken away)", "spot"))


def form(wanted: Wanted, *, limits: Limits, catalog: Catalog, state: Mapping[str, str]) -> Block:
    """The launch form filled with *wanted*; what is not known yet is left to the asker."""
    regions = [(region, region) for region in limits.regions]
    hours = min(wanted.hours, limits.max_hours)
    blocks = [
        select("region", "Region", regions, value=wanted.region),
        _type(wanted, catalog),
        text_input("count", "Machines", value=str(wanted.count), max_length=4),
        select("market", "Market", MARKETS, value=wanted.market),
        text_input("disk", "Disk in GB (gp3, encrypted)", value=str(wanted.disk_gb), max_length=6),
        text_input("hours", "Hours", value=f"{hours:g}", max_length=8, hint=f"At most {limits.max_hours:g}."),
        text_input("name", "Name", value=wanted.name, optional=True, max_length=80, placeholder="nightly-lora"),
        text_input(
            "purpose", "Purpose", value=wanted.purpose, max_length=200, placeholder="LoRA run on the new corpus"
        ),
        text_input("key", "Key pair (by name)", value=wanted.key_name, optional=True, max_length=255),
        text_input(
            "image",
            "Image",
            value=wanted.image,
            optional=True,
            max_length=21,
            placeholder="ami-0123456789abcdef0",
            hint="Empty: the newest Deep Learning AMI.",
        ),
        context(f"At most ${limits.max_usd_per_hour:g} an hour and ${limits.max_usd:g} in all. An approver decides."),
    ]
    return modal("Ask for a machine", "launch", blocks, submit="Ask", state=state)


def _type(wanted: Wanted, catalog: Catalog) -> Block:
    accelerated = [i for i in catalog.instances.values() if i.chips]
    plain = [i for i in catalog.instances.values() if not i.chips]
    block = select("type", "Instance type", ())
    groups = [
        _group("GPU and ML chips", accelerated, catalog, wanted.region),
        _group("CPU", plain, catalog, wanted.region),
    ]
    element = block["element"]
    del element["options"]
    element["option_groups"] = [group for group in groups if group["options"]]
    chosen = [o for group in groups for o in group["options"] if o["value"] == wanted.instance_type]
    if chosen:
        element["initial_option"] = chosen[0]
    return block


def _group(label: str, instances: Sequence[Instance], catalog: Catalog, region: str) -> Block:
    priced = []
    for instance in instances:
        rate = catalog.rate(instance.name, region, "on-demand")
        if rate is not None:
            priced.append((rate.usd_per_hour, instance))
    priced.sort(key=lambda pair: pair[0])
    options = [option(f"{i.name} - {_what(i)} - ${usd:.2f}/h", i.name) for usd, i in priced]
    return {"label": plain_text(label), "options": options[:OPTIONS]}


def _what(instance: Instance) -> str:
    if not instance.chips:
        return f"{instance.vcpu} vCPU, {instance.memory_gib:g} GiB"
    return f"{instance.chips:g} x {instance.chip}"
