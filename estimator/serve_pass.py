"""Models that run once a sample: encoders, vision, audio, diffusion; FLOPs a sample against the peak."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from data.catalog import Catalog
from estimator.compute import attention_flops, sample_gflops, shape
from estimator.plan import kind_of
from estimator.serve_runtime import Pass, passes
from estimator.workload import Inference

STEPS = 30  # denoising steps of an image when nobody says
GUIDANCE = 2.0  # every step runs twice under classifier-free guidance
REAL_TOKENS = 0.47  # SQuAD under MLPerf: 180 real tokens of 384; TensorRT leaves padding out
SMALL_BATCH = 4.0  # samples at which half of the large-batch speed is reached
# Forward GFLOPs of tasks that published benchmarks name and that no catalog row has.
TASKS: Mapping[str, float] = {
    r"retinanet": 300.0,
    r"3d-?u-?net|kits": 60_000.0,
    r"rnn-?t": 60.0,
    r"ssd.?(mobilenet|small)": 2.5,
    r"ssd.?(resnet|large)": 430.0,
    r"mask.?r-?cnn": 400.0,
    r"dlrm": 0.03,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What one sample takes: FLOPs, the kind of model, and how it is known."""

    flops: float
    kind: str
    how: str
    sure: bool


def sample(work: Inference, catalog: Catalog) -> Sample | None:
    """The FLOPs of one sample of *work*; None when nothing is known."""
    if work.model.family == "encoder":
        return _encoder(work)
    gflops, how, sure = _gflops(work, catalog)
    if gflops is None:
        return None
    if work.model.family == "diffusion":
        steps = _steps(work.model.name)
        flops = gflops * 1e9 * (steps or STEPS) * GUIDANCE
        told = f"{steps or STEPS} denoising steps{'' if steps else ' assumed'}, each run twice for guidance"
        return Sample(flops, "diffusion", f"{how}; {told}", sure)
    kind = work.model.family if work.model.family == "audio" else _vision(work)
    return Sample(gflops * 1e9, kind, how, sure)


def _encoder(work: Inference) -> Sample:
    of = shape(work.model)
    tokens = float(work.seq_len or work.input_tokens or 128)
    told = "" if work.seq_len or work.input_tokens else "no length told: 128 tokens a sample assumed; "
    if work.seq_len and re.search(r"unpad|max|truncat", work.seq_mode or "", re.IGNORECASE):
        tokens *= REAL_TOKENS
        told = f"{work.seq_len} tokens are a maximum; {REAL_TOKENS:.0%} of them are real, as in SQuAD; "
    flops = tokens * (2.0 * (of.active - of.embeddings) + attention_flops(of, tokens))
    return Sample(flops, "encoder", f"{told}2 FLOPs a weight and token, and attention", True)


def _gflops(work: Inference, catalog: Catalog) -> tuple[float | None, str, bool]:
    model = work.model
    if model.gflops_per_sample:
        return model.gflops_per_sample, f"{model.gflops_per_sample:g} GFLOPs a sample", True
    named = catalog.model_within(model.name)
    if named is not None and named.gflops_per_sample:
        return named.gflops_per_sample, f"{named.gflops_per_sample:g} GFLOPs a sample, of {named.name}", True
    for pattern, gflops in TASKS.items():
        if re.search(pattern, model.name, re.IGNORECASE):
            return gflops, f"{gflops:g} GFLOPs a sample, as published for this task", True
    return sample_gflops(model), "FLOPs a sample guessed from the number of weights", False


def _steps(name: str) -> int | None:
    found = re.search(r"(\d{1,3})\s*steps", name, re.IGNORECASE)
    return int(found[1]) if found else None


def _vision(work: Inference) -> str:
    if re.search(r"retina|ssd|yolo|r-?cnn|detr|u-?net", work.model.name, re.IGNORECASE):
        return "detector"
    return "vit" if kind_of(work.model) == "vit" else "cnn"


def runtime(framework: str | None) -> str:
    """tensorrt for compilers to the chip, other for frameworks."""
    fast = framework and re.search(r"tensorrt|\btrt\b|neuron", framework, re.IGNORECASE)
    return "tensorrt" if fast else "other"


def share(kind: str, framework: str | None, batch: float | None, catalog: Catalog) -> Pass:
    """Share of the peak; TensorRT and its like apart from frameworks, small batches below large ones."""
    found = passes(catalog)[kind, runtime(framework)]
    if batch is None:
        return found
    reached = batch / (batch + SMALL_BATCH)
    return Pass(found.share * reached, found.spread, found.rows, found.source)
