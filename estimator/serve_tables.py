"""What calibration knows of serving: runtimes, shares of the peak and of the bandwidth, overheads, known tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from data.catalog import Catalog
from data.shapes import Chip

ANY = "any"
USUAL = "vllm"  # the runtime when none is named, on a chip
USUAL_ON_A_CPU = "llama.cpp"
ON_NEURON = "neuron"


@dataclass(frozen=True, slots=True)
class Runtime:
    """Software that generates text: how its steps run, how many sequences it takes, what it keeps of the memory."""

    name: str
    pattern: re.Pattern[str]
    eager: bool  # the host launches each kernel, so that a step takes the longer of host and chip; else both
    most: int  # sequences at once
    reserved: float  # share of a request's output that has its place in memory from the start
    framework_gb: float
    source: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a published benchmark asks of a model, by the model's name."""

    pattern: re.Pattern[str]
    kind: str
    gflops: float | None
    tokens_in: int | None
    tokens_out: int | None
    beams: int
    source: str


@dataclass(frozen=True, slots=True)
class Cpu:
    """A generation of CPU machines, by their families: memory bandwidth, and what fewer bits gain over 32."""

    families: re.Pattern[str]
    vcpu_gb_s: float  # that one virtual CPU draws
    socket_gb_s: float
    socket_vcpu: int
    bf16: float
    int8: float
    int4: float
    source: str


@dataclass(frozen=True, slots=True)
class Tables:
    """The calibration tables of serving, read once."""

    constants: Mapping[str, float]
    seen: frozenset[str]  # constants that measured families moved
    sigmas: Mapping[str, float]  # deviation of the logarithm, by group
    runtimes: Mapping[str, Runtime]
    tasks: tuple[Task, ...]
    cpus: tuple[Cpu, ...]

    def cpu(self, instance: str) -> Cpu:
        """The generation of a machine without chips; the last row is for all others."""
        family = instance.partition(".")[0]
        return next(one for one in self.cpus if one.families.fullmatch(family))

    def of(self, name: str, kind: str) -> float:
        """The constant *name* of *kind*, else the one of any kind."""
        found = self.constants.get(f"{name}.{kind}")
        return self.constants[f"{name}.{ANY}"] if found is None else found

    def matmul(self, chips: str, bits: str) -> float:
        """Share of the peak of a class of chips that large matrix products reach."""
        return self.constants[self.matmul_name(chips, bits)]

    def matmul_name(self, chips: str, bits: str) -> str:
        """Its constant: the class in these bits, else in 16, else any class."""
        names = (f"matmul.{chips}.{bits}", f"matmul.{chips}.16" if bits in "84" else "", f"matmul.{ANY}.{bits}")
        return next(name for name in names if name in self.constants)

    def sigma(self, *groups: str) -> float:
        """The deviation of the first group that has one."""
        return next(self.sigmas[group] for group in groups if group in self.sigmas)

    def task(self, name: str, *, text: bool) -> Task | None:
        """The benchmark task that a model's name means."""
        return next((one for one in self.tasks if (one.kind == "text") == text and one.pattern.search(name)), None)


@lru_cache(maxsize=4)
def tables(catalog: Catalog) -> Tables:
    """The tables of *catalog*."""
    rows = catalog.calibration
    return Tables(
        constants={row["name"]: float(row["value"]) for row in rows["serving_constants"]},
        seen=frozenset(row["name"] for row in rows["serving_constants"] if int(row["families"])),
        sigmas={row["name"]: float(row["sigma"]) for row in rows["serving_spread"]},
        runtimes={row["runtime"]: _runtime(row) for row in rows["serving_runtimes"]},
        tasks=tuple(_task(row) for row in rows["serving_tasks"]),
        cpus=tuple(_cpu(row) for row in rows["serving_cpus"]),
    )


def _runtime(row: Mapping[str, str]) -> Runtime:
    return Runtime(
        name=row["runtime"],
        pattern=re.compile(row["pattern"], re.IGNORECASE),
        eager=row["pace"] == "eager",
        most=int(row["most"]),
        reserved=float(row["reserved"]),
        framework_gb=float(row["framework_gb"]),
        source=row["source"],
    )


def _task(row: Mapping[str, str]) -> Task:
    return Task(
        pattern=re.compile(row["pattern"], re.IGNORECASE),
        kind=row["kind"],
        gflops=float(row["gflops"]) if row["gflops"] else None,
        tokens_in=int(row["tokens_in"]) if row["tokens_in"] else None,
        tokens_out=int(row["tokens_out"]) if row["tokens_out"] else None,
        beams=int(row["beams"] or 1),
        source=row["source"],
    )


def _cpu(row: Mapping[str, str]) -> Cpu:
    return Cpu(
        families=re.compile(row["families"]),
        vcpu_gb_s=float(row["vcpu_gb_s"]),
        socket_gb_s=float(row["socket_gb_s"]),
        socket_vcpu=int(row["socket_vcpu"]),
        bf16=float(row["bf16"]),
        int8=float(row["int8"]),
        int4=float(row["int4"]),
        source=row["source"],
    )


def find_runtime(
    framework: str | None, chip: Chip | None, precision: str | None, known: Tables
) -> tuple[Runtime, bool]:
    """The runtime that free text means, and whether it is known; else the usual one of the chip."""
    if chip is not None and chip.vendor == "AWS":
        return known.runtimes[ON_NEURON], True
    named = _named(framework, precision, known) if framework else None
    if named is not None:
        return known.runtimes[named], True
    return known.runtimes[USUAL if chip is not None else USUAL_ON_A_CPU], False


def _named(framework: str, precision: str | None, known: Tables) -> str | None:
    for one in known.runtimes.values():
        said = one.pattern.search(framework)
        # litgpt unpacks 4-bit weights through bitsandbytes; with whole weights it is an eager framework.
        if said and not (one.name == "bitsandbytes" and said[0].lower().startswith("litgpt") and precision != "int4"):
            return one.name
    return None
