"""What is known of each runtime: its share of bandwidth and peak, and what a layer and a sequence cost beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from data.catalog import Catalog
from data.shapes import Chip

Row = Mapping[str, str]
EIGHT_BIT = ("fp8", "int8", "fp4")


@dataclass(frozen=True, slots=True)
class Runtime:
    """One runtime for text: shares of 1, times in seconds, *spread* as the deviation of the logarithm."""

    name: str
    pattern: re.Pattern[str]
    memory_use: float  # of the bandwidth, while weights and KV cache are read
    layer_s: float
    sequence_s: float
    prefill_16bit: float  # of the peak, on the prompt
    prefill_8bit: float
    spread: float
    rows: int
    source: str

    def prefill(self, precision: str) -> float:
        """Share of the precision's peak that the prompt reaches."""
        return self.prefill_8bit if precision in EIGHT_BIT else self.prefill_16bit


@dataclass(frozen=True, slots=True)
class Pass:
    """Models that run once a sample: the share of peak by kind and runtime."""

    share: float
    spread: float
    rows: int
    source: str


@lru_cache(maxsize=4)
def runtimes(catalog: Catalog) -> tuple[Runtime, ...]:
    """The table of runtimes, in the order in which names are tried."""
    return tuple(_runtime(row) for row in catalog.calibration["serving_runtimes"])


@lru_cache(maxsize=4)
def passes(catalog: Catalog) -> Mapping[tuple[str, str], Pass]:
    """The table of models that run once a sample, by kind and runtime."""
    return {
        (row["kind"], row["runtime"]): Pass(float(row["share"]), float(row["spread"]), int(row["rows"]), row["source"])
        for row in catalog.calibration["serving_passes"]
    }


def _runtime(row: Row) -> Runtime:
    return Runtime(
        name=row["runtime"],
        pattern=re.compile(row["pattern"], re.IGNORECASE),
        memory_use=float(row["memory_use"]),
        layer_s=float(row["layer_us"]) * 1e-6,
        sequence_s=float(row["sequence_us"]) * 1e-6,
        prefill_16bit=float(row["prefill_16bit"]),
        prefill_8bit=float(row["prefill_8bit"]),
        spread=float(row["spread"]),
        rows=int(row["rows"]),
        source=row["source"],
    )


def find(framework: str | None, chip: Chip | None, precision: str | None, catalog: Catalog) -> tuple[Runtime, bool]:
    """The runtime that a framework's name means, and whether it was named; else the usual one for the chip."""
    known = {one.name: one for one in runtimes(catalog)}
    if chip is not None and chip.vendor == "AWS":
        return known["neuron"], bool(framework)
    for one in known.values():
        if framework and one.pattern.search(framework):
            # 4-bit weights in an eager framework go through bitsandbytes.
            return (known["litgpt-4bit"] if one.name == "huggingface" and precision == "int4" else one), True
    return known["llama.cpp" if chip is None else "vllm"], False
