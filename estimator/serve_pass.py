"""Models that run once a sample: encoders, vision, audio, diffusion, recommenders; FLOPs against the peak."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Protocol

from data.catalog import Catalog
from estimator.intervals import interval, spread, together
from estimator.result import Cluster, Estimate, Memory, Step
from estimator.serve_machine import Machine
from estimator.serve_sample import Sample, sample
from estimator.serve_setting import Doubts, Setting, short
from estimator.workload import Inference

GB = 1e9
READ = 0.7  # of the bandwidth, while weights are read
MOST = 0.9  # of the peak
SERVICE_BATCH = 32.0  # samples that a service gathers at full load
MEASURED = ("encoder", "cnn", "detector", "diffusion")  # kinds with rows
MEMORY_SIGMA = 0.3
RUNS = (
    ("tensorrt", r"tensorrt|\btrt\b|fastertransformer"),
    ("neuron", r"neuron|nxd"),
    ("compiled", r"onnx|\bort\b|openvino|torch[. ]?compile|torch-?script|\bxla\b|\bjax\b|inductor|\btvm\b|deepspeed"),
)


class Timed(Protocol):
    """A way through one chip: what a sample takes, and seconds by batch."""

    @property
    def sample(self) -> Sample:
        """What one sample takes."""

    def seconds(self, batch: float) -> float:
        """Of a batch."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A sample's pass over one chip."""

    sample: Sample
    machine: Machine
    share: float  # of the peak
    layer_s: float
    weights: float  # bytes

    def seconds(self, batch: float) -> float:
        """Of a batch: arithmetic or reading the weights, and what each layer costs beside."""
        worked = batch * self.sample.flops / (self.machine.flops * self.share)
        read = self.sample.runs * self.weights / (self.machine.bandwidth * READ)
        return max(worked, read) + self.sample.runs * self.sample.layers * self.layer_s

    def rate(self, batch: float) -> float:
        """Samples a second; in an endless batch the overheads vanish."""
        if math.isinf(batch):
            return self.machine.flops * self.share / self.sample.flops
        return batch / self.seconds(batch)


def once(setting: Setting, catalog: Catalog) -> Estimate:
    """A model that runs once a sample, on one cluster; each chip works for itself."""
    work, found, known = setting.work, setting.machine, setting.known
    one = sample(work, catalog, known)
    if one is None:
        why = f"the FLOPs of {work.model.name} are not known: give gflops_per_sample, or params"
        return Estimate(cluster=setting.cluster, fits=False, why_not=why)
    software = runs_on(work.framework, setting.cluster)
    setting.said.append(one.how)
    if not work.framework:
        setting.said.append(f"no runtime named: {SAYS[software]} assumed")
    memory = _memory(setting, one)
    if not memory.fits:
        return too_big(setting, memory)
    run = Pass(
        one,
        found,
        share=share(setting, one.kind, software),
        layer_s=known.constants[f"pass_us.{software}"] * 1e-6,
        weights=(work.model.active_params or work.model.params) * found.weight_bytes,
    )
    capacity = run.rate(_largest(work)) * setting.cluster.count
    made = answer(setting, run, capacity, doubts(setting, one, software))
    result = replace(made, memory=memory, explain=lambda: _steps(run, made, capacity, software))
    return short(result, work.qps, capacity)


def share(setting: Setting, kind: str, software: str) -> float:
    """Share of the peak of a large batch: what matrix products reach, times kind and software, and both together."""
    one = setting.known.constants
    both = one.get(f"{kind}.{software}", 1.0)
    return min(MOST, setting.machine.share * one[kind] * one[f"runs.{software}"] * both)


def _largest(work: Inference) -> float:
    """The batch of full speed: told; what a service gathers in a moment; any for a job."""
    if work.batch:
        return float(work.batch)
    return SERVICE_BATCH if work.qps or work.concurrency else math.inf


def answer(setting: Setting, run: Timed, capacity: float, unsure: Doubts) -> Estimate:
    """The estimate of chips that do *capacity* samples a second together, each for itself."""
    work, count = setting.work, setting.cluster.count
    around = spread(together(unsure.values()))
    rates = setting.rates(capacity if work.qps is None else min(work.qps, capacity), capacity, around)
    return Estimate(
        cluster=setting.cluster,
        flops=run.sample.flops * (work.samples or 1.0),
        hours=rates.inverse(work.samples / 3600) if work.samples else None,
        samples_per_s=rates,
        ttft_ms=interval(1e3 * run.seconds(float(work.batch or 1)), around),
        split="one chip each" if count == 1 else f"{count:,} replicas, one chip each",
        replicas=count,
        batch=work.batch,
        assumptions=tuple(setting.said),
        doubt=setting.doubt,
    )


def doubts(setting: Setting, one: Sample, software: str) -> Doubts:
    """What makes the speed of a sample under a class of software uncertain."""
    sigmas = setting.known.sigmas
    named = bool(setting.work.framework) or software in ("neuron", "cpu")
    found = setting.doubts(f"pass.{software}", named=named)
    if one.guessed:
        found[one.guessed] = sigmas[one.guessed]
    if one.kind not in MEASURED:
        kind = "speech" if one.kind == "speech" else "kind"
        found[kind] = sigmas[kind]
    return found


def _steps(run: Pass, made: Estimate, capacity: float, software: str) -> tuple[Step, ...]:
    one, chip, batch = run.sample, run.machine, made.batch or 1
    return (
        Step(
            name="samples a second",
            formula=f"{run.share:.0%} of {chip.flops / 1e12:,.4g} TFLOP/s x {made.replicas:,} "
            f"/ {one.flops / 1e9:,.3g} GFLOPs, less overheads = {capacity:,.4g}",
            source=f"share as calibrated for {one.kind} under {SAYS[software]} on chips of class {chip.chips}",
        ),
        Step(
            name="latency",
            formula=f"a batch of {batch:,} takes {run.seconds(float(batch)) * 1e3:,.2f} ms, "
            f"{run.layer_s * 1e6:,.0f} us a layer beside the arithmetic",
            source="overheads of a layer as calibrated",
        ),
    )


SAYS = {
    "tensorrt": "TensorRT",
    "neuron": "the Neuron SDK",
    "compiled": "a compiled graph",
    "framework": "PyTorch",
    "cpu": "ONNX Runtime or OpenVINO",
}


def runs_on(framework: str | None, cluster: Cluster) -> str:
    """The class of software: TensorRT, a compiled graph, Neuron, a framework that launches each kernel, a CPU's."""
    if cluster.chip is None:
        return "cpu"
    if cluster.chip.vendor == "AWS":
        return "neuron"
    text = framework or ""
    return next((name for name, pattern in RUNS if re.search(pattern, text, re.IGNORECASE)), "framework")


def _memory(setting: Setting, one: Sample) -> Memory:
    """Weights, and activations of a batch: some 2 bytes for each thousand FLOPs, of two layers at a time."""
    weights = setting.work.model.params * setting.machine.weight_bytes / GB
    batch = float(setting.work.batch or 1)
    held = batch * one.flops / one.runs * 2e-3 * 2.0 / max(8.0, one.layers) / GB
    parts = {"weights": weights, "activations": 0.1 + 0.1 * weights + held, "framework": 0.8}
    around, usable = interval(sum(parts.values()), spread(MEMORY_SIGMA)), setting.machine.usable_gb
    return Memory(around, parts, usable, at=f"a batch of {batch:,.0f}")


def too_big(setting: Setting, memory: Memory) -> Estimate:
    """The estimate of what does not fit a chip."""
    return Estimate(
        cluster=setting.cluster,
        memory=memory,
        fits=False,
        why_not=f"{memory.per_accelerator.mid:,.1f} GB do not fit {memory.usable_gb:,.1f} GB",
        advice=_smaller(setting),
        assumptions=tuple(setting.said),
    )


def _smaller(setting: Setting) -> tuple[str, ...]:
    """What to change where a chip does not hold the model and its batch."""
    fewer = ("use 8-bit weights",) if setting.machine.weight_bytes > 1 else ()
    return ("a smaller batch", *fewer) if (setting.work.batch or 1) > 1 else (*fewer, "a chip with more memory")
