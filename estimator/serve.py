"""Inference on one cluster: throughput, latency, memory, replicas, and whether it fits, with 80 % intervals."""

from __future__ import annotations

import re

from data.catalog import Catalog
from data.shapes import Chip
from estimator.efficiency import chip_class
from estimator.result import Cluster, Estimate
from estimator.serve_generate import generate
from estimator.serve_machine import machine, runs_natively, usual_precision
from estimator.serve_pass import once, runs_on
from estimator.serve_setting import Setting
from estimator.serve_speech import speech_of, transcribe
from estimator.serve_tables import USUAL, Runtime, Tables, find_runtime, tables
from estimator.workload import Inference

TEXT = ("decoder", "encoder-decoder")
SERVES_BOTH = re.compile(r"\btgi\b|text-generation-inference", re.IGNORECASE)  # of the group of vLLM, T5 too
WITHOUT_KERNELS = ("volta", "turing", "old")  # Marlin kernels begin with Ampere
WHOLE_8_BIT = ("tensorrt-llm", "fastertransformer", "onnxruntime")  # multiply 8-bit integers as they are


def estimate(work: Inference, cluster: Cluster, catalog: Catalog) -> Estimate:
    """One serving job on one cluster; what cannot run says why in *why_not*."""
    return estimate_with(work, cluster, catalog, tables(catalog))


def estimate_with(work: Inference, cluster: Cluster, catalog: Catalog, known: Tables) -> Estimate:
    """The same with other calibration tables."""
    said: list[str] = []
    precision = _precision(work, cluster, said)
    run, named, why = runtime_of(work, cluster, known)
    text = work.model.family in TEXT
    found = machine(cluster, precision, known, weight_only=text and run.name not in WHOLE_8_BIT)
    if isinstance(found, str):
        return Estimate(cluster=cluster, fits=False, why_not=found)
    setting = Setting(work, cluster, found, known, said, lambda told: estimate_with(told, cluster, catalog, known))
    if not text:
        spoken = speech_of(work.model, catalog)
        return transcribe(setting, spoken) if spoken else once(setting, catalog)
    if not named:
        said.append(f"{why or 'no runtime named'}: {run.name} assumed")
    return generate(setting, run, named=named)


def group(work: Inference, cluster: Cluster, known: Tables) -> str:
    """The group of measurements whose residuals say how uncertain the speed is."""
    if work.model.family in TEXT:
        return f"text.{runtime_of(work, cluster, known)[0].name}"
    return f"pass.{runs_on(work.framework, cluster)}"


def runtime_of(work: Inference, cluster: Cluster, known: Tables) -> tuple[Runtime, bool, str]:
    """The runtime, whether it was named, and why another than the named or usual one is taken."""
    run, named = find_runtime(work.framework, cluster.chip, work.precision, known)
    if work.model.family != "encoder-decoder" or run.name != USUAL or SERVES_BOTH.search(work.framework or ""):
        return run, named, ""
    told = f"{work.framework} serves" if named else "no runtime named, and vLLM serves"
    return known.runtimes["huggingface"], False, f"{told} no encoder-decoders such as {work.model.name}"


def _precision(work: Inference, cluster: Cluster, said: list[str]) -> str:
    """The precision that runs: told, or usual for the chip; bf16 only where the chip has it."""
    chip = cluster.chip
    native = work.model.native
    if work.precision is None and native and chip is not None and runs_natively(chip, native):
        said.append(
            f"no precision named: {native}, in which {work.model.name} is published ({work.model.native_source})"
        )
        return native
    precision: str = work.precision or usual_precision(chip)
    if work.precision is None:
        said.append(f"no precision named: {precision} assumed")
    if precision == "int8" and "99.9" in work.model.name:
        precision = usual_precision(chip)
        said.append(f"a target of 99.9 % of the accuracy is not met by 8-bit integers: {precision} assumed")
    if chip is not None and precision == "bf16" and not chip.bf16:
        precision = "fp16" if chip.fp16 else "fp32"
        said.append(f"{chip.name} has no bf16: {precision} assumed")
    if (
        chip is not None
        and precision in ("fp8", "fp4")
        and getattr(chip, precision) is None
        and chip.vendor == "NVIDIA"
    ):
        precision = _unpacked(chip, precision, said)
    return precision


def _unpacked(chip: Chip, precision: str, said: list[str]) -> str:
    """What runs on a chip that does not multiply in *precision*: its weights, unpacked for each product, or 16 bits."""
    name = precision.upper()
    if chip_class(chip) in WITHOUT_KERNELS:
        said.append(f"{chip.name} has no {name}, and no kernels unpack such weights there: fp16 assumed")
        return "fp16"
    said.append(
        f"{chip.name} has no {name} arithmetic: weights are unpacked for each product (Marlin kernels), which gains "
        "memory and bandwidth but no arithmetic"
    )
    return precision
