"""What a refresh changed, and its place on disk: a folder of tables that is complete before the link turns to it."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.cloud_catalog import Reading
from data import OVERLAY, Catalog, Instance, load, tables

CURRENT = OVERLAY.name  # the link inside the folder
KEPT = 5  # versions
SMALLEST = 0.0005  # a price that differs by less has not changed
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that is not what it was; an empty *before* is new."""

    day: date
    what: str  # price | type | item
    name: str
    where: str  # region, and the market of a price
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.day} {self.what} {self.name} {self.where}: {self.before or 'new'} -> {self.after}{self._percent}"

    @property
    def _percent(self) -> str:
        return f" ({self.size * 100:+.1f} %)" if self.before and self.what != "type" else ""

    @property
    def size(self) -> float:
        """The relative change; 0 for what is new or no number."""
        try:
            return float(self.after) / float(self.before) - 1
        except (ValueError, ZeroDivisionError):
            return 0.0


def changes(before: Catalog, reading: Reading, day: date) -> tuple[Change, ...]:
    """What the reading says otherwise than the catalog did."""
    return (*_prices(before, reading, day), *_items(before, reading, day), *_types(before, reading, day))


def _prices(before: Catalog, reading: Reading, day: date) -> Iterable[Change]:
    for rate in reading.rates:
        known = before.rate(rate.instance_type, rate.region, rate.market)
        old = known.usd_per_hour if known else None
        if _differs(old, rate.usd_per_hour):
            where = f"{rate.region} {rate.market}"
            yield Change(day, "price", rate.instance_type, where, _figure(old), _figure(rate.usd_per_hour))


def _items(before: Catalog, reading: Reading, day: date) -> Iterable[Change]:
    for item in reading.items:
        known = before.item(item.name, item.region)
        old = known.usd if known else None
        if item.usd is not None and _differs(old, item.usd):
            yield Change(day, "item", item.name, item.region, _figure(old), _figure(item.usd))


def _types(before: Catalog, reading: Reading, day: date) -> Iterable[Change]:
    for one in reading.instances:
        known = before.instances.get(one.name)
        if known is None:
            yield Change(day, "type", one.name, "", "", f"{one.chips:g} x {one.chip}" if one.chip else "CPU")
            continue
        for field in fields(Instance):
            old, new = getattr(known, field.name), getattr(one, field.name)
            if old != new and field.name not in ("source", "as_of", "note"):
                yield Change(day, "type", one.name, field.name, _text(old), _text(new))


def _differs(old: float | None, new: float) -> bool:
    return old is None or abs(new - old) > SMALLEST * old


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def write(folder: Path, reading: Reading, found: Sequence[Change], now: datetime) -> Path:
    """Write a version with all tables and the changes, check that it loads, and turn the link to it in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
    try:
        for name, rows in _tables(folder / CURRENT, reading).items():
            _save(made / f"{name}.csv", rows)
        _save(made / "changes.csv", [_row(change) for change in found])
        load(made)
        version = folder / _free(folder, now)
        made.chmod(0o755)
        made.rename(version)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    _turn(folder, version.name)
    _prune(folder)
    return version


def _tables(current: Path, reading: Reading) -> dict[str, list[Row]]:
    """The rows of the version in use, those that were read now in the place of their like."""
    return {
        "rates": _merged(current, "rates", reading.rates, ("instance_type", "region", "market")),
        "instances": _merged(current, "instances", reading.instances, ("name",)),
        "items": _merged(current, "items", reading.items, ("name", "region")),
    }


def _merged(current: Path, name: str, read: Iterable[Any], keys: Sequence[str]) -> list[Row]:
    path = current / f"{name}.csv"
    old = tables.rows(path) if path.exists() else []
    merged = {tuple(row[key] for key in keys): row for row in (*old, *(_row(one) for one in read))}
    return [merged[key] for key in sorted(merged)]


def _row(record: Any) -> dict[str, str]:
    return {field.name: _text(getattr(record, field.name)) for field in fields(record)}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _save(path: Path, rows: Sequence[Row]) -> None:
    """Write a table and wait until it is on disk; a table without rows is left out."""
    if not rows:
        return
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())


def _free(folder: Path, now: datetime) -> str:
    """A version name that is not taken and sorts by time."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    names = (stamp if n == 0 else f"{stamp}-{n}" for n in range(1000))
    return next(name for name in names if not (folder / name).exists())


def _turn(folder: Path, version: str) -> None:
    link = folder / f".{CURRENT}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(version, target_is_directory=True)
    os.replace(link, folder / CURRENT)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _prune(folder: Path) -> None:
    versions = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[:1].isdigit())
    for path in versions[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)
