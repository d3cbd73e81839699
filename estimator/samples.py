"""Images, clips and denoising steps in training: what only runs forward, what a sample keeps, how many fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from estimator.fit import FILLED, Room
from estimator.memory import GB, Job, Split, bytes_per_weight
from estimator.workload import Training

USUAL_SAMPLES = 64.0
CACHED = "cached"
# Bytes that one sample keeps for the backward pass, per FLOP of its forward pass: ResNet-50 0.094 GB (MLPerf runs train
# 408 at once on 40 GB), ViT-B 0.07 GB, the U-Net of Stable Diffusion 3.2 GB (MosaicML trains 4 at once on 40 GB).
KEPT_PER_FLOP = {"cnn": 0.0115, "depthwise": 0.04, "vit": 0.002, "diffusion": 0.004, "audio": 0.004}
LAYER_BYTES = 34.0  # of a transformer layer in 16 bits, a unit of width and token (Korthikanti et al. 2022, section 4)
CHECKPOINT_BYTES = 2.0  # the same with recomputation
CHECKPOINTED = 0.25  # of what a U-Net or an audio model keeps: SDXL with LoRA in less than 16 GB (diffusers)
ADAPTER_SHARE = 0.01  # weights of adapters of rank 16 over those that they stand beside
ADAPTER_BYTES = 16.0  # weight, gradient and moments in 32 bits
THRIFTY = frozenset({"vit", "diffusion", "audio"})  # kinds whose libraries offer recomputation


@dataclass(frozen=True, slots=True)
class Samples:
    """The weights that are trained or adapted, those that only run forward, and GB that one sample keeps."""

    trained: float
    frozen: float
    kept: float
    recomputed: float  # the same with recomputation; as much as *kept* where nobody does it


def samples_of(work: Training, gflops: float, kind: str) -> Samples:
    """What memory depends on for the model of *work*, whose forward pass takes *gflops*."""
    model = work.model
    trained = (model.active_params or model.params) if model.family == "diffusion" else model.params
    frozen = 0.0 if work.latents == CACHED else model.params - trained
    if model.layers and model.hidden and model.context and kind in ("vit", "diffusion"):
        width = model.hidden * model.context / GB
        kept = LAYER_BYTES * width * model.layers
        return Samples(trained, frozen, kept, (CHECKPOINT_BYTES * model.layers + LAYER_BYTES) * width)
    kept = gflops * KEPT_PER_FLOP.get(kind, 0.01)
    return Samples(trained, frozen, kept, kept * (CHECKPOINTED if kind in THRIFTY else 1.0))


def sample_parts(of: Samples, job: Job, split: Split) -> dict[str, float]:
    """Decimal GB per accelerator with data parallelism; rough."""
    weight, gradient, optimizer = bytes_per_weight(job)
    width = 4.0 if job.precision in ("fp32", "tf32") else 2.0
    each = of.recomputed if split.recompute == "full" else of.kept
    kept = {"activations": split.micro_batch * each, "framework": job.fixed_gb}
    if job.method != "full":
        adapters = ADAPTER_SHARE * job.lora_rank / 16 * of.trained * ADAPTER_BYTES
        return {"weights": (of.trained + of.frozen) * width / GB, "adapters": adapters / GB, **kept}
    return {
        "weights": (of.trained * weight + of.frozen * width) / GB,
        "gradients": of.trained * gradient / GB,
        "optimizer": of.trained * optimizer / GB,
        **kept,
    }


def lay_out(of: Samples, job: Job, room: Room) -> tuple[Split, dict[str, float]]:
    """The micro-batch that is told, or the largest that fits up to the share of a global batch, and its memory.

    Activations are recomputed only as far as the card makes it necessary, so that a larger micro-batch never needs
    less memory.
    """
    one = Split(dp=room.count, recompute=room.recompute or "none")
    if room.micro_batch:
        one = replace(one, micro_batch=float(room.micro_batch))
    elif (held := _largest(of, job, room, one)) is not None:
        one = replace(one, micro_batch=held)
    elif room.recompute is None:
        one = replace(one, micro_batch=_largest(of, job, room, replace(one, recompute="full")) or 1.0)
    parts, target = sample_parts(of, job, one), room.usable_gb * FILLED
    if room.recompute or of.recomputed == of.kept or sum(parts.values()) <= target:
        return one, parts
    thrifty = replace(one, recompute="full")
    least = sample_parts(of, job, thrifty)
    left = target - sum(least.values())
    least["activations"] = min(parts["activations"], least["activations"] + max(0.0, left))
    return thrifty, least


def _largest(of: Samples, job: Job, room: Room, split: Split) -> float | None:
    """The share of the global batch, or the largest power of two below it that fits; None when one sample does not."""
    most = max(1.0, room.global_batch / room.count) if room.global_batch else USUAL_SAMPLES
    held = USUAL_SAMPLES * 64
    while held >= 1 and not _fits(of, job, room, replace(split, micro_batch=held)):
        held /= 2
    return min(most, held) if held >= 1 else None


def _fits(of: Samples, job: Job, room: Room, split: Split) -> bool:
    return sum(sample_parts(of, job, split).values()) <= room.usable_gb * FILLED


def frozen_gflops(work: Training) -> float:
    """Forward GFLOPs a sample of the parts that are not trained: text encoders and VAE of a diffusion model."""
    return 0.0 if work.latents == CACHED else work.model.frozen_gflops or 0.0


def said(work: Training, of: Samples, split: Split) -> Iterator[str]:
    """What was chosen or assumed, in words."""
    if not work.micro_batch:
        yield f"micro-batch {split.micro_batch:g} a chip"
        share = work.global_batch / split.dp if work.global_batch else 0.0
        if share > split.micro_batch:
            yield f"gradients of {math.ceil(share / split.micro_batch):,} micro-batches are accumulated for a step"
    if work.recompute is None and split.recompute == "full":
        yield "activations are recomputed (gradient checkpointing)"
    if work.latents == CACHED and work.model.family == "diffusion":
        yield "latents and text embeddings are computed beforehand, which is not counted here"
    elif of.frozen and (more := frozen_gflops(work)):
        yield (
            f"text encoders and VAE ({of.frozen / 1e6:,.0f}M weights) are frozen and run forward for each sample, "
            f"{more:,.0f} GFLOPs beside the {work.model.gflops_per_sample or 0:,.0f} of the trained part; "
            "computed beforehand (latents=cached) they cost nothing"
        )
