"""Step efficiency: a look-up by chip class, precision, kind of model and software, and what shrinks it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from data.catalog import Catalog
from data.shapes import Chip
from estimator.intervals import together
from estimator.stacks import UNNAMED

ARCH_CLASS = {
    "Volta": "volta",
    "Turing": "turing",
    "Ada": "ada",
    "Hopper": "hopper",
    "Blackwell Ultra": "blackwell",
    "NeuronCore-v2": "neuroncore-v2",
    "NeuronCore-v3": "neuroncore-v3",
    "NeuronCore-v4": "neuroncore-v3",
    "TPU": "tpu",
    "CDNA 2": "cdna",
    "CDNA 3": "cdna",
    "CDNA 4": "cdna",
    "Gaudi 2": "gaudi",
    "Gaudi 3": "gaudi",
}
GAMING = re.compile(r"RTX-[3-5]0[5-9]0(-Ti)?", re.IGNORECASE)
HBM = 1300.0  # GB/s: above it an Ampere or Blackwell chip is the data centre's part, below it a card
ANY = "any"
LIKE = {UNNAMED: ANY, "torchtune": "fsdp", "peft": "huggingface"}
BANDWIDTH_BOUND = frozenset({"cnn", "depthwise"})  # kinds with one row for all precisions
BALANCED = BANDWIDTH_BOUND | {"vit", "diffusion", "audio"}  # kinds whose share of the peak falls with FLOP/s a byte/s
UNMEASURED = 0.15  # standard deviation of the logarithm that a usual ratio adds
Row = Mapping[str, str]
Factors = Mapping[str, float]


class Key(NamedTuple):
    """A cell of the table."""

    chips: str
    precision: str  # 16-bit | tf32 | fp32 | fp8 | fp4
    kind: str  # dense | moe | cnn | depthwise | vit | diffusion | audio
    stack: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Share of the 16-bit peak that a large step on few chips reaches, how far it may be off, and where it is from."""

    share: float
    sigma: float  # standard deviation of the logarithm
    rows: int  # measurement families behind it
    source: str


@dataclass(frozen=True, slots=True)
class Tables:
    """The calibration tables of training, read once."""

    cells: dict[Key, Cell]
    ratios: dict[tuple[str, str, str], tuple[float, str]]  # (precision, kind, stack): usual ratio, and its source
    factors: dict[str, float]
    sigmas: dict[str, float]  # what else makes an estimate uncertain, by name
    seen: frozenset[str]  # chip classes with measured rows

    def cell(self, key: Key) -> Cell:
        """The cell of *key*, else of its parents times the usual ratio: software first, then kind, then precision."""
        if found := self.cells.get(key):
            return found
        if key.stack != ANY:
            return self._scaled(key._replace(stack=ANY), (ANY, ANY, key.stack))
        if (found := self.cells.get(Key(ANY, ANY, key.kind, ANY))) and key.kind != ANY:
            return found
        if key.kind != "dense":
            return self._scaled(key._replace(kind="dense"), (ANY, key.kind, ANY))
        if key.precision != "16-bit":
            return self._scaled(key._replace(precision="16-bit"), (key.precision, ANY, ANY))
        return self.cells[Key(ANY, ANY, ANY, ANY)]

    def _scaled(self, parent: Key, by: tuple[str, str, str]) -> Cell:
        cell, found = self.cell(parent), self.ratios.get(by)
        if found is None:
            return cell
        ratio, source = found
        sigma = together((cell.sigma, UNMEASURED))
        return Cell(cell.share * ratio, sigma, 0, f"{cell.source}; x {ratio:g}: {source}")


def read(cells: Iterable[Row], ratios: Iterable[Row], factors: Iterable[Row], sigmas: Iterable[Row]) -> Tables:
    """The tables from the rows of their files."""
    made = {
        Key(row["chips"], row["precision"], row["kind"], row["stack"]): Cell(
            float(row["share"]), float(row["sigma"]), int(row["families"]), row["source"]
        )
        for row in cells
    }
    return Tables(
        cells=made,
        ratios={(row["precision"], row["kind"], row["stack"]): (float(row["ratio"]), row["source"]) for row in ratios},
        factors={row["name"]: float(row["value"]) for row in factors},
        sigmas={row["name"]: float(row["sigma"]) for row in sigmas},
        seen=frozenset(key.chips for key, cell in made.items() if cell.rows),
    )


@lru_cache(maxsize=8)
def tables(catalog: Catalog) -> Tables:
    """The tables of *catalog*."""
    rows = catalog.calibration
    return read(rows["training_efficiency"], rows["training_ratios"], rows["training_factors"], rows["training_spread"])


@lru_cache(maxsize=256)
def chip_class(chip: Chip) -> str:
    """The class of chips that share a row of the table.

    Cards for games are their own: their makers halve the rate of tensor cores that sum in 32 bits, and leave memory and
    power as they are, so that a larger share of the smaller peak is reached.
    """
    if GAMING.fullmatch(chip.name):
        return "geforce"
    if chip.arch == "Ampere":
        return "a100" if (chip.bandwidth_gb_s or 0) > HBM else "ampere-card"
    if chip.arch == "Blackwell":
        return "blackwell" if (chip.bandwidth_gb_s or 0) > 2 * HBM else "blackwell-card"
    return ARCH_CLASS.get(chip.arch, "old")


def width_factor(hidden: float, half: float) -> float:
    """What narrow matrices leave of the efficiency: 1 / (1 + (half / hidden)^2)."""
    return 1.0 / (1.0 + (half / hidden) ** 2)


def batch_factor(units: float, overhead: float) -> float:
    """What is left when fixed costs are worth *overhead* units: units / (units + overhead)."""
    return units / (units + overhead)


def count_factor(count: int, exponent: float, flat: float) -> float:
    """What many chips leave: (count / flat)^-exponent, 1 up to *flat* chips."""
    return math.exp(-exponent * math.log(max(count / flat, 1.0)))


def stack_key(stack: str) -> str:
    """The stack whose cells count: an unnamed one is the table's average."""
    return LIKE.get(stack, stack)
