"""What AWS Neuron does not run on a chip of Trainium or Inferentia, and what runs instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from data.catalog import Catalog
from data.shapes import Chip
from estimator.workload import FineTuning, Inference, ModelSpec, Workload

GRAPH_BYTES = 2e9  # of weights, that a compiled graph for the first Inferentia can hold
FIRST = "NeuronCore-v1"
NAMED = {
    "decoder": "text generator",
    "encoder-decoder": "encoder-decoder",
    "diffusion": "diffusion model",
    "audio": "speech model",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a work does not run on a chip, in a sentence, and what to do instead."""

    why: str
    instead: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether Neuron runs what matches; empty patterns match everything."""

    chips: re.Pattern[str]
    doing: str  # train | qlora | serve | 4-bit
    family: str
    model: re.Pattern[str]
    runs: bool
    why: str
    instead: str


def refusal(work: Workload, chip: Chip | None, catalog: Catalog) -> Refusal | None:
    """Why Neuron does not run *work* on *chip*; None where it does, and for every other maker's chips."""
    if chip is None or chip.vendor != "AWS":
        return None
    found = _refused(work.model, chip.name, _doing(work), catalog)
    if found is None and chip.arch == FIRST and 2 * work.model.params > GRAPH_BYTES:
        size = f"{2 * work.model.params / 1e9:.1f} GB"
        return Refusal(
            f"a graph compiled for the first Inferentia holds up to 2 GB of weights, {work.model.name} has {size}",
            "take inf2, or a GPU such as g5",
        )
    return found


def _doing(work: Workload) -> tuple[str, ...]:
    """What the work does, as the rules name it."""
    if isinstance(work, Inference):
        return ("4-bit", "serve") if work.precision in ("int4", "fp4") else ("serve",)
    return ("qlora", "train") if isinstance(work, FineTuning) and work.method in ("qlora", "qdora") else ("train",)


@lru_cache(maxsize=4096)
def _refused(model: ModelSpec, chip: str, doing: tuple[str, ...], catalog: Catalog) -> Refusal | None:
    for rule in _rules(catalog):
        if rule.doing not in doing or not rule.chips.search(chip):
            continue
        if rule.family in ("", model.family) and rule.model.search(model.name):
            words = {"model": model.name, "chip": chip, "kind": NAMED.get(model.family, "model")}
            return None if rule.runs else Refusal(rule.why.format(**words), rule.instead.format(**words))
    return None


@lru_cache(maxsize=4)
def _rules(catalog: Catalog) -> tuple[Rule, ...]:
    return tuple(map(_rule, catalog.calibration["serving_neuron"]))


def _rule(row: Mapping[str, str]) -> Rule:
    return Rule(
        chips=re.compile(row["chips"]),
        doing=row["doing"],
        family=row["family"],
        model=re.compile(row["model"], re.IGNORECASE),
        runs=row["runs"] == "yes",
        why=row["why"],
        instead=row["instead"],
    )
