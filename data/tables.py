"""Rows of the CSV files, turned into the shapes; a row that cannot be read is named by file and line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from data.shapes import Chip, Dataset, Grid, Instance, Item, Model, Quota, Rate, Share

Row = Mapping[str, str]
T = TypeVar("T")
day = lru_cache(maxsize=256)(date.fromisoformat)


def read(folders: Iterable[Path], name: str, shape: Callable[[Row], T]) -> list[T]:
    """The rows of the table *name* as *shape* makes them, folder after folder; a missing file adds nothing."""
    return [made for folder in folders for made in _made(folder / f"{name}.csv", shape)]


def _made(path: Path, shape: Callable[[Row], T]) -> Iterator[T]:
    if not path.exists():
        return
    for line, row in enumerate(rows(path), start=2):
        try:
            yield shape(row)
        except (KeyError, TypeError, ValueError) as wrong:
            raise ValueError(f"{path}, line {line}: {wrong!r}") from wrong


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file as it stands."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _count(text: str) -> int | None:
    return int(float(text)) if text else None


def aliases(row: Row) -> tuple[str, ...]:
    """Other names, written with a bar between them."""
    return tuple(row["aliases"].split("|")) if row["aliases"] else ()


def chip(row: Row) -> tuple[Chip, tuple[str, ...]]:
    """A chip and its other names."""
    made = Chip(
        name=row["name"],
        vendor=row["vendor"],
        arch=row["arch"],
        families=tuple(row["families"].split()),
        memory_gb=float(row["memory_gb"]),
        bandwidth_gb_s=_number(row["bandwidth_gb_s"]),
        fp32=_number(row["fp32"]),
        tf32=_number(row["tf32"]),
        fp16=_number(row["fp16"]),
        bf16=_number(row["bf16"]),
        fp8=_number(row["fp8"]),
        int8=_number(row["int8"]),
        fp4=_number(row["fp4"]),
        link=row["link"],
        link_gb_s=_number(row["link_gb_s"]),
        watts=_number(row["watts"]),
        confidence=row["confidence"],
        note=row["note"],
        source=row["source"],
        as_of=day(row["as_of"]),
    )
    return made, aliases(row)


def instance(row: Row) -> Instance:
    """An EC2 type."""
    return Instance(
        name=row["name"],
        chip=row["chip"] or None,
        chips=float(row["chips"]),
        chip_memory_gb=_number(row["chip_memory_gb"]),
        vcpu=int(row["vcpu"]),
        memory_gib=float(row["memory_gib"]),
        network_gbps=_number(row["network_gbps"]),
        efa=row["efa"] == "yes",
        nvme_gb=float(row["nvme_gb"] or 0),
        arch=row["arch"],
        markets=tuple(row["markets"].split()),
        note=row["note"],
        source=row["source"],
        as_of=day(row["as_of"]),
    )


def rate(row: Row) -> Rate:
    """A listed price per hour."""
    return Rate(
        row["instance_type"],
        row["region"],
        row["market"],
        float(row["usd_per_hour"]),
        _number(row["low"]),
        _number(row["high"]),
        row["basis"],
        row["confidence"],
        row["source"],
        day(row["as_of"]),
    )


def shares(row: Row) -> list[Share]:
    """A discount or mark-up, once for each of its regions."""
    return [
        Share(
            applies_to=row["applies_to"],
            region=region,
            market=row["market"],
            percent=_number(row["percent"]),
            low=_number(row["low"]),
            high=_number(row["high"]),
            reclaimed_per_month=_number(row["reclaimed_per_month"]),
            basis=row["basis"],
            confidence=row["confidence"],
            source=row["source"],
            as_of=day(row["as_of"]),
        )
        for region in row["regions"].split()
    ]


def item(row: Row) -> Item:
    """A price beside the instances."""
    return Item(row["name"], row["unit"], row["region"], _number(row["usd"]), row["source"], day(row["as_of"]))


def grid(row: Row) -> Grid:
    """The electricity of a region."""
    return Grid(
        region=row["region"],
        place=row["place"],
        kg_co2e_per_kwh=float(row["kg_co2e_per_kwh"]),
        pue=float(row["pue"]),
        source=row["source"],
        as_of=day(row["as_of"]),
    )


def quota(row: Row) -> Quota:
    """A Service Quotas code."""
    return Quota(
        service=row["service"],
        code=row["code"],
        name=row["name"],
        unit=row["unit"],
        market=row["market"],
        families=tuple(row["families"].split()),
        note=row["note"],
        source=row["source"],
        as_of=day(row["as_of"]),
    )


def model(row: Row) -> Model:
    """A published model."""
    return Model(
        name=row["name"],
        aliases=aliases(row),
        family=row["family"],
        params=float(row["params"]),
        active_params=_number(row["active_params"]),
        layers=_count(row["layers"]),
        hidden=_count(row["hidden"]),
        heads=_count(row["heads"]),
        kv_heads=_count(row["kv_heads"]),
        head_dim=_count(row["head_dim"]),
        ffn=_count(row["ffn"]),
        vocab=_count(row["vocab"]),
        experts=_count(row["experts"]),
        experts_per_token=_count(row["experts_per_token"]),
        kv_rank=_count(row["kv_rank"]),
        context=_count(row["context"]),
        tied=row["tied"] == "yes",
        gflops_per_sample=_number(row["gflops_per_sample"]),
        frozen_gflops=_number(row.get("frozen_gflops", "")),
        note=row["note"],
        source=row["source"],
        as_of=day(row["as_of"]),
        weights=row.get("weights") or None,
        weights_source=row.get("weights_source") or "",
    )


def dataset(row: Row) -> Dataset:
    """A published data set."""
    return Dataset(
        name=row["name"],
        aliases=aliases(row),
        samples=_number(row["samples"]),
        tokens=_number(row["tokens"]),
        tokens_per_sample=_number(row["tokens_per_sample"]),
        note=row["note"],
        length=row["length"],
        source=row["source"],
        checked=day(row["checked"]) if row["checked"] else None,
        as_of=day(row["as_of"]),
    )
