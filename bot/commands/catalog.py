"""`mlbot catalog`: show one thing of the catalog, list them, or read prices and types anew from AWS."""

from __future__ import annotations

import argparse
import sys
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from bot import catalog_text as text
from bot.clock import Clock
from data import OVERLAY, Catalog, UnknownName, load

if TYPE_CHECKING:  # boto3 takes a second to import, and only refresh needs it
    from bot.cloud import Cloud

FOLDER = OVERLAY.parent
MAIN_REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-south-1",
)
SHOWN = 30  # changes on the screen; the file has all
EXAMPLE = "for example: mlbot catalog show p5.48xlarge"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's words."""
    parser = commands.add_parser("catalog", help="show, list or refresh chips, instances, models and prices")
    verbs = parser.add_subparsers(dest="verb", metavar="show|list|refresh", required=True)
    show = verbs.add_parser("show", help="one instance type, chip or model with its prices and sources")
    show.add_argument("name", nargs="+", help="like p5.48xlarge, H100 or llama-3-8b")
    show.add_argument("--region", action="append", help="only these regions; may be given several times")
    show.set_defaults(run=run_show)
    listing = verbs.add_parser("list", help="all instance types, chips or models")
    listing.add_argument("what", nargs="?", choices=("instances", "chips", "models"), default="instances")
    listing.add_argument("--region", default="us-east-1", help="whose prices to show")
    listing.set_defaults(run=run_list)
    refresh = verbs.add_parser("refresh", help="read prices and types from AWS into a folder over the catalog")
    refresh.add_argument("--region", action="append", help="only these regions; default: the nine main ones")
    refresh.add_argument("--dry-run", action="store_true", help="say what would change and write nothing")
    refresh.set_defaults(run=run_refresh)
    for verb in (show, listing, refresh):
        verb.add_argument("--overlay", type=Path, default=FOLDER, help=f"where refresh writes (default: {FOLDER})")


def run_show(args: argparse.Namespace, *, clock: Clock | None = None) -> int:
    """Print one thing; 2 when nothing has that name."""
    catalog = _load(args.overlay)
    name = " ".join(args.name)
    unknown = [region for region in args.region or () if region not in catalog.regions]
    if unknown:
        print(f"No price is known for a region {unknown[0]!r}; {_regions(catalog)}.", file=sys.stderr)
        return 2
    found = _found(catalog, name, args.region or _by_price(catalog, name), clock or Clock())
    if found is None:
        print(_nothing(catalog, name), file=sys.stderr)
        return 2
    print(found)
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Print a list; 2 when the region is not known."""
    catalog = _load(args.overlay)
    if args.region not in catalog.regions:
        print(f"No price is known for a region {args.region!r}; {_regions(catalog)}.", file=sys.stderr)
        return 2
    if args.what == "instances":
        print(text.instances(catalog, args.region))
    else:
        print(text.chips(catalog) if args.what == "chips" else text.models(catalog))
    return 0


def run_refresh(args: argparse.Namespace, *, cloud: Cloud | None = None, clock: Clock | None = None) -> int:
    """Read AWS, say what changed, write it; 1 when AWS told no price at all."""
    from bot import catalog_overlay, cloud_catalog

    now = (clock or Clock()).now()
    before = _load(args.overlay)
    reading = cloud_catalog.read(cloud or _own_cloud(), before, args.region or MAIN_REGIONS, now)
    for gap in reading.gaps:
        print(f"Not read: {gap}", file=sys.stderr)
    if not reading.rates:
        rights = ", ".join(cloud_catalog.PERMISSIONS)
        print(f"AWS told no prices, so nothing was changed. The credentials need {rights}.", file=sys.stderr)
        return 1
    found = catalog_overlay.changes(before, reading, now.date())
    print(f"Read {len(reading.rates)} prices and {len(reading.instances)} types; {len(found)} figures changed.")
    print(*sorted(map(str, sorted(found, key=lambda change: -abs(change.size))[:SHOWN])), sep="\n")
    if args.dry_run:
        print("Nothing was written (--dry-run).")
        return 0
    version = catalog_overlay.write(args.overlay, reading, found, now)
    print(
        f"Written to {version}, all changes to {version / 'changes.csv'}. A running bot takes it up when it restarts."
    )
    return 0


def _own_cloud() -> Cloud:
    from bot.cloud import Cloud
    from bot.rules.policy import Policy
    from bot.settings import Settings

    return Cloud(Settings(), Policy)


def _load(overlay: Path) -> Catalog:
    return load(overlay / OVERLAY.name)


def _regions(catalog: Catalog) -> str:
    return f"there are {', '.join(catalog.regions)}"


def _found(catalog: Catalog, name: str, regions: list[str], clock: Clock) -> str | None:
    try:
        return text.instance(catalog, catalog.instance(name), regions=regions, today=clock.now().date())
    except UnknownName:
        pass
    try:
        return text.chip(catalog, catalog.chip(name))
    except UnknownName:
        pass
    try:
        return text.model(catalog.model(name))
    except UnknownName:
        return None


def _by_price(catalog: Catalog, name: str) -> list[str]:
    """Regions that sell it on demand, cheapest first, then the others."""
    try:
        first = catalog.regions_with(catalog.instance(name).name)
    except UnknownName:
        return []
    return [*first, *(region for region in catalog.regions if region not in first)]


def _nothing(catalog: Catalog, name: str) -> str:
    """The sentence for a name that nothing has."""
    nearest: list[str] = []
    for find in (catalog.instance, catalog.chip, catalog.model):
        try:
            find(name)
        except UnknownName as unknown:
            nearest += unknown.nearest
    nearest.sort(key=lambda other: -SequenceMatcher(None, name.lower(), other.lower()).ratio())
    near = f"the nearest is {' or '.join(nearest[:3])}; " if nearest else ""
    return f"Nothing in the catalog is called {name!r}; {near}{EXAMPLE}."
