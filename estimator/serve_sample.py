"""The FLOPs of one sample: a text, an image with its denoising steps, a clip of sound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from data.catalog import Catalog
from estimator.compute import attention_flops, sample_gflops, shape
from estimator.plan import kind_of
from estimator.serve_tables import Tables
from estimator.units import plural
from estimator.workload import Inference

TOKENS = 128.0  # of a text when nobody says
REAL_TOKENS = 0.47  # SQuAD: 180 real tokens of 384, where padding is left out
LAYERS = {"cnn": 50.0, "depthwise": 60.0, "detector": 100.0, "vit": 12.0, "diffusion": 100.0, "audio": 64.0}


@dataclass(frozen=True, slots=True)
class Sample:
    """What one sample takes, and how it is known; *runs* is how often the layers run for it."""

    flops: float
    kind: str
    layers: float
    runs: float
    how: str
    guessed: str  # what was guessed of it; "" when nothing


def sample(work: Inference, catalog: Catalog, known: Tables) -> Sample | None:
    """The FLOPs of one sample of *work*; None when nothing is known."""
    if work.model.family == "encoder":
        return _encoder(work)
    gflops, how, guessed, kind = _gflops(work, catalog, known)
    if gflops is None:
        return None
    if work.model.family == "diffusion":
        return _image(work, gflops * 1e9, how, guessed, catalog)
    layers = float(work.model.layers or LAYERS.get(kind, 20.0))
    return Sample(gflops * 1e9, kind, layers, 1.0, how, guessed)


def _image(work: Inference, once: float, how: str, guessed: str, catalog: Catalog) -> Sample:
    """An image, from the FLOPs of one pass at the model's usual size."""
    usual = denoising(work.model.name, catalog)
    told = work.steps or _steps_of(work.model.name)
    steps = float(told or usual.steps)
    guided = usual.passes > 1 and (work.guidance is None or work.guidance > 1)
    size, wider = work.resolution or "", 1.0
    if size:
        width, height = (float(one) for one in size.split("x"))
        wider = usual.wider(width * height)
        size = f"{size} pixels: {wider:.2g} times the FLOPs of {usual.side} x {usual.side}; "
    passes = "each run twice for guidance" if guided else "one pass each, without classifier-free guidance"
    if work.guidance is not None and work.guidance > 1 and not guided:
        passes = "one pass each, as guidance is distilled into the model"
    words = f"{size}{plural(int(steps), 'denoising step')}{'' if told else ' assumed'}, {passes}"
    source = "" if told else f" ({usual.source})"
    flops = once * wider * steps * (2.0 if guided else 1.0)
    return Sample(flops, "diffusion", LAYERS["diffusion"], steps, f"{how}; {words}{source}", guessed)


@dataclass(frozen=True, slots=True)
class Denoising:
    """How a diffusion model is usually sampled: steps, passes a step, side of its images in pixels.

    *text* is the share of a pass's tokens that are the prompt's, *attention* the share of its FLOPs that grows with
    the square of the tokens.
    """

    pattern: re.Pattern[str]
    steps: int
    passes: int
    side: int
    text: float
    attention: float
    source: str

    def wider(self, pixels: float) -> float:
        """FLOPs of a pass for an image of so many pixels, over those of the usual size."""
        tokens = (1.0 - self.text) * pixels / self.side**2 + self.text
        return tokens * (1.0 - self.attention + self.attention * tokens)


def denoising(name: str, catalog: Catalog) -> Denoising:
    """How the model *name* is usually sampled; the last row is for models of no row."""
    rows = _denoisings(catalog)
    return next((one for one in rows if one.pattern.search(name)), rows[-1])


@lru_cache(maxsize=4)
def _denoisings(catalog: Catalog) -> tuple[Denoising, ...]:
    return tuple(map(_denoising, catalog.calibration["serving_diffusion"]))


def _denoising(row: Mapping[str, str]) -> Denoising:
    return Denoising(
        pattern=re.compile(row["pattern"], re.IGNORECASE),
        steps=int(row["steps"]),
        passes=int(row["passes"]),
        side=int(row["side"]),
        text=float(row["text"]),
        attention=float(row["attention"]),
        source=row["source"],
    )


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
