"""Models that run once a sample: encoders, vision, audio, diffusion, recommenders; FLOPs against the peak."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from data.catalog import Catalog
from estimator.compute import attention_flops, sample_gflops, shape
from estimator.intervals import interval, spread, together
from estimator.plan import kind_of
from estimator.result import Cluster, Estimate, Memory, Step
from estimator.serve_machine import Machine
from estimator.serve_setting import Doubts, Setting, biggest_unknown, short
from estimator.serve_tables import Tables
from estimator.workload import Inference

GB = 1e9
STEPS = 30  # denoising steps of an image when nobody says
GUIDANCE = 2.0  # every step runs twice under classifier-free guidance
TOKENS = 128.0  # of a text when nobody says
REAL_TOKENS = 0.47  # SQuAD: 180 real tokens of 384, where padding is left out
LAYERS = {"cnn": 50.0, "depthwise": 60.0, "detector": 100.0, "vit": 12.0, "diffusion": 100.0, "audio": 64.0}
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


@dataclass(frozen=True, slots=True)
class Sample:
    """What one sample takes, and how it is known; *runs* is how often the layers run for it."""

    flops: float
    kind: str
    layers: float
    runs: float
    how: str
    guessed: str  # what was guessed of it; "" when nothing


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
        setting.said.append(f"no runtime named: {_SAYS[software]} assumed")
    memory = _memory(setting, one)
    if not memory.fits:
        return _too_big(setting, memory)
    run = Pass(
        one,
        found,
        share=_share(setting, one.kind, software),
        layer_s=known.constants[f"pass_us.{software}"] * 1e-6,
        weights=work.model.params * found.weight_bytes,
    )
    capacity = run.rate(_largest(work)) * setting.cluster.count
    made = _answer(setting, run, capacity, _doubts(setting, one, software))
    result = replace(made, memory=memory, explain=lambda: _steps(run, made, capacity, software))
    return short(result, work.qps, capacity)


def _share(setting: Setting, kind: str, software: str) -> float:
    """Share of the peak of a large batch: what matrix products reach, times kind and software, and both together."""
    one = setting.known.constants
    both = one.get(f"{kind}.{software}", 1.0)
    return min(MOST, setting.machine.share * one[kind] * one[f"runs.{software}"] * both)


def _largest(work: Inference) -> float:
    """The batch of full speed: told; what a service gathers in a moment; any for a job."""
    if work.batch:
        return float(work.batch)
    return SERVICE_BATCH if work.qps or work.concurrency else math.inf


def _answer(setting: Setting, run: Pass, capacity: float, doubts: Doubts) -> Estimate:
    work, count = setting.work, setting.cluster.count
    around = spread(together(doubts.values()))
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
        doubt=lambda: biggest_unknown(doubts),
    )


def _doubts(setting: Setting, one: Sample, software: str) -> Doubts:
    sigmas = setting.known.sigmas
    named = bool(setting.work.framework) or software in ("neuron", "cpu")
    found = setting.doubts(f"pass.{software}", named=named)
    if one.guessed:
        found[one.guessed] = sigmas[one.guessed]
    if one.kind not in MEASURED:
        found["kind"] = sigmas["kind"]
    return found


def _steps(run: Pass, made: Estimate, capacity: float, software: str) -> tuple[Step, ...]:
    one, chip, batch = run.sample, run.machine, made.batch or 1
    return (
        Step(
            name="samples a second",
            formula=f"{run.share:.0%} of {chip.flops / 1e12:,.4g} TFLOP/s x {made.replicas:,} "
            f"/ {one.flops / 1e9:,.3g} GFLOPs, less overheads = {capacity:,.4g}",
            source=f"share as calibrated for {one.kind} under {_SAYS[software]} on chips of class {chip.chips}",
        ),
        Step(
            name="latency",
            formula=f"a batch of {batch:,} takes {run.seconds(float(batch)) * 1e3:,.2f} ms, "
            f"{run.layer_s * 1e6:,.0f} us a layer beside the arithmetic",
            source="overheads of a layer as calibrated",
        ),
    )


_SAYS = {
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


def _too_big(setting: Setting, memory: Memory) -> Estimate:
    return Estimate(
        cluster=setting.cluster,
        memory=memory,
        fits=False,
        why_not=f"{memory.per_accelerator.mid:,.1f} GB do not fit {memory.usable_gb:,.1f} GB",
        advice=("a smaller batch" if (setting.work.batch or 1) > 1 else "a chip with more memory",),
        assumptions=tuple(setting.said),
    )


# -- FLOPs of a sample


def sample(work: Inference, catalog: Catalog, known: Tables) -> Sample | None:
    """The FLOPs of one sample of *work*; None when nothing is known."""
    if work.model.family == "encoder":
        return _encoder(work)
    gflops, how, guessed, kind = _gflops(work, catalog, known)
    if gflops is None:
        return None
    if work.model.family == "diffusion":
        steps = _steps_of(work.model.name)
        runs = float(steps or STEPS)
        told = f"{runs:.0f} denoising steps{'' if steps else ' assumed'}, each run twice for guidance"
        flops = gflops * 1e9 * runs * GUIDANCE
        return Sample(flops, "diffusion", LAYERS["diffusion"], runs, f"{how}; {told}", guessed)
    layers = float(work.model.layers or LAYERS.get(kind, 20.0))
    return Sample(gflops * 1e9, kind, layers, 1.0, how, guessed)


def _encoder(work: Inference) -> Sample:
    of = shape(work.model)
    told = work.seq_len or work.input_tokens
    tokens, words = float(told or TOKENS), "" if told else f"no length told: {TOKENS:.0f} tokens a sample assumed; "
    if work.seq_len and re.search(r"unpad|max|truncat", work.seq_mode or "", re.IGNORECASE):
        tokens *= REAL_TOKENS
        words = f"{work.seq_len} tokens are a maximum; {REAL_TOKENS:.0%} of them are real, as in SQuAD; "
    flops = tokens * (2.0 * (of.active - of.embeddings) + attention_flops(of, tokens))
    how = f"{words}2 FLOPs a weight and token, and attention"
    return Sample(flops, "encoder", float(of.layers), 1.0, how, "" if told else "length")


def _gflops(work: Inference, catalog: Catalog, known: Tables) -> tuple[float | None, str, str, str]:
    """GFLOPs of one sample, how they are known, what was guessed, and the kind of model."""
    model, kind = work.model, _kind(work)
    task = known.task(model.name, text=False)
    kind = task.kind if task else kind
    if model.gflops_per_sample and not task:
        return model.gflops_per_sample, f"{model.gflops_per_sample:g} GFLOPs a sample", "", kind
    if task and task.gflops:
        return task.gflops, f"{task.gflops:g} GFLOPs a sample: {task.source}", "", kind
    named = catalog.model_within(model.name)
    if named is not None and named.gflops_per_sample:
        return named.gflops_per_sample, f"{named.gflops_per_sample:g} GFLOPs a sample, of {named.name}", "", kind
    return sample_gflops(model), "FLOPs a sample guessed from the number of weights", "flops", kind


def _kind(work: Inference) -> str:
    if work.model.family == "audio":
        return "audio"
    if re.search(r"retina|ssd|yolo|r-?cnn|detr|u-?net|segment", work.model.name, re.IGNORECASE):
        return "detector"
    return kind_of(work.model)


def _steps_of(name: str) -> int | None:
    found = re.search(r"(\d{1,3})\s*steps", name, re.IGNORECASE)
    return int(found[1]) if found else None
