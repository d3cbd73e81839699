"""Inference on one cluster: throughput, latency, memory, replicas, and whether it fits, with 80 % intervals."""

from __future__ import annotations

from data.catalog import Catalog
from estimator.result import Cluster, Estimate
from estimator.serve_generate import generate
from estimator.serve_machine import machine, usual_precision
from estimator.serve_pass import once, runs_on
from estimator.serve_setting import Setting
from estimator.serve_speech import speech_of, transcribe
from estimator.serve_tables import Tables, find_runtime, tables
from estimator.workload import Inference

TEXT = ("decoder", "encoder-decoder")
WHOLE_8_BIT = ("tensorrt-llm", "fastertransformer", "onnxruntime")  # multiply 8-bit integers as they are


def estimate(work: Inference, cluster: Cluster, catalog: Catalog) -> Estimate:
    """One serving job on one cluster; what cannot run says why in *why_not*."""
    return estimate_with(work, cluster, catalog, tables(catalog))


def estimate_with(work: Inference, cluster: Cluster, catalog: Catalog, known: Tables) -> Estimate:
    """The same with other calibration tables."""
    said: list[str] = []
    precision = _precision(work, cluster, said)
    run, named = find_runtime(work.framework, cluster.chip, work.precision, known)
    text = work.model.family in TEXT
    found = machine(cluster, precision, known, weight_only=text and run.name not in WHOLE_8_BIT)
    if isinstance(found, str):
        return Estimate(cluster=cluster, fits=False, why_not=found)
    setting = Setting(work, cluster, found, known, said)
    if not text:
        spoken = speech_of(work.model, catalog)
        return transcribe(setting, spoken) if spoken else once(setting, catalog)
    if not named:
        said.append(f"no runtime named: {run.name} assumed")
    return generate(setting, run, named=named)


def group(work: Inference, cluster: Cluster, known: Tables) -> str:
    """The group of measurements whose residuals say how uncertain the speed is."""
    if work.model.family in TEXT:
        return f"text.{find_runtime(work.framework, cluster.chip, work.precision, known)[0].name}"
    return f"pass.{runs_on(work.framework, cluster)}"


def _precision(work: Inference, cluster: Cluster, said: list[str]) -> str:
    """The precision that runs: told, or usual for the chip; bf16 only where the chip has it."""
    chip = cluster.chip
    precision: str = work.precision or usual_precision(chip)
    if work.precision is None:
        said.append(f"no precision named: {precision} assumed")
    if precision == "int8" and "99.9" in work.model.name:
        precision = usual_precision(chip)
        said.append(f"a target of 99.9 % of the accuracy is not met by 8-bit integers: {precision} assumed")
    if chip is not None and precision == "bf16" and not chip.bf16:
        precision = "fp16" if chip.fp16 else "fp32"
        said.append(f"{chip.name} has no bf16: {precision} assumed")
    return precision
