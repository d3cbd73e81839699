"""Diffusion, vision and sound in training: frozen parts, cached latents, what fits, and published runs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from data import load
from estimator.parse import parse
from estimator.rank import cluster_named
from estimator.result import Estimate
from estimator.said import words
from estimator.train import estimate
from estimator.workload import Training

CATALOG = load()


def told(said: str) -> Training:
    work = parse(said, CATALOG)
    assert isinstance(work, Training)
    return work


def made(said: str) -> Estimate:
    work = told(said)
    assert work.hardware is not None
    return estimate(work, cluster_named(work.hardware, CATALOG)[0], CATALOG)


def speed(said: str) -> float:
    found = made(said).samples_per_s
    assert found is not None
    return found.mid


def need(said: str) -> float:
    found = made(said).memory
    assert found is not None
    return found.per_accelerator.mid


@pytest.mark.parametrize(
    ("said", "images_per_s"),
    [  # mosaicml/diffusion @066e68f and mosaicml/diffusion-benchmark @0a5fbaa (from which the launch time comes)
        ("train sd2-base samples=1M batch=2048 latents=cached framework=composer on 8 a100-80", 290),
        ("train sd2-base samples=1M batch=2048 latents=cached framework=composer on 64 a100-80", 2340),
        ("train sd2-base samples=1M batch=2048 micro_batch=4 framework=composer on 8 a100-40", 128.2),
        # diffusers documentation, LoRA: 15,000 steps of 4 images in some 5 hours on a 2080 Ti
        ("finetune sd-1.5 lora samples=60k micro_batch=1 precision=fp16 on RTX-2080-Ti", 3.33),
    ],
)
def test_published_speeds_of_diffusion_are_met_within_a_third(said: str, images_per_s: float) -> None:
    assert speed(said) == pytest.approx(images_per_s, rel=1 / 3)


@pytest.mark.parametrize(
    ("said", "card_gb"),
    [  # diffusers examples: dreambooth/README.md @0998df6, README_sdxl.md @0c693ca, text_to_image/README.md @0356e18
        ("finetune sd-1.5 optimizer=adamw-8bit recompute=full micro_batch=1 precision=fp16 on g4dn.xlarge", 16),
        ("finetune sdxl lora optimizer=adamw-8bit recompute=full micro_batch=1 precision=fp16 on g4dn.xlarge", 16),
        ("finetune sd-1.5 recompute=full micro_batch=1 precision=fp16 on g5.xlarge", 24),
        ("finetune sd-1.5 lora micro_batch=1 precision=fp16 on RTX-2080-Ti", 11),
        ("finetune sdxl lora micro_batch=1 precision=fp16 on 1 A100-40", 40),
        ("train sd2-base micro_batch=4 on 8 a100-40", 40),
    ],
)
def test_what_fits_a_card_in_published_runs_fits_here(said: str, card_gb: float) -> None:
    found = made(f"{said} samples=1000")
    assert found.fits
    assert need(f"{said} samples=1000") < card_gb


def test_lora_of_flux_needs_more_than_40_gb_as_its_guide_says() -> None:
    assert need("finetune flux.1-dev lora samples=1000 micro_batch=1 on p4de.24xlarge") > 40


def test_encoding_images_while_training_costs_about_what_mosaicml_says() -> None:
    line = "train sd2-base samples=1M batch=2048 framework=composer on 8 a100-80"
    assert speed(f"{line} latents=cached") / speed(line) == pytest.approx(1.4, rel=0.1)


def test_frozen_parts_keep_neither_gradients_nor_moments() -> None:
    memory = made("train sd-1.5 samples=1000 micro_batch=1 on 1 a100-80").memory
    assert memory is not None
    assert memory.parts["gradients"] == pytest.approx(859520964 * 4 / 1e9)
    assert memory.parts["weights"] == pytest.approx((859520964 + 206714343) * 2 / 1e9)
    assert need("train sd-1.5 samples=1000 micro_batch=1 latents=cached on 1 a100-80") < memory.per_accelerator.mid


def test_cached_latents_are_understood_in_words_and_said_back() -> None:
    work = told("finetune sdxl lora on 1000 images with cached latents on g5.xlarge")
    assert work.latents == "cached"
    assert told(words(work, CATALOG)).latents == "cached"


def test_what_runs_frozen_is_said() -> None:
    said = made("finetune sdxl lora samples=1000 on g5.xlarge").assumptions
    assert any("text encoders and VAE (901M weights) are frozen" in line for line in said)


def test_a_global_batch_that_does_not_fit_is_accumulated() -> None:
    found = made("train sd-1.5 samples=1M batch=2048 on 8 a100-40")
    assert found.fits
    assert any("micro-batches are accumulated" in line for line in found.assumptions)


@pytest.mark.parametrize("model", ["sdxl", "sd-1.5", "vit-b-16", "clip-vit-l-14", "whisper-small", "resnet-50"])
@pytest.mark.parametrize("size", ["batch", "micro_batch"])
def test_a_bigger_batch_never_needs_less_memory(model: str, size: str) -> None:
    needs = [need(f"train {model} samples=1M {size}={n} on 1 a10g") for n in (1, 2, 3, 8, 20, 33, 48, 64, 100, 512)]
    assert all(small <= large + 1e-9 for small, large in pairwise(needs))


@pytest.mark.parametrize("model", ["sdxl", "sd3-medium", "vit-b-16", "whisper-small"])
def test_more_chips_are_never_slower(model: str) -> None:
    speeds = [speed(f"train {model} samples=1M batch=1024 on {n} a100-40") for n in (1, 2, 8, 32)]
    assert all(fewer <= more for fewer, more in pairwise(speeds))


def test_recomputation_costs_a_forward_pass() -> None:
    line = "train vit-l-16 samples=1M micro_batch=32 on 1 a100-80"
    assert speed(line) / speed(f"{line} recompute=full") == pytest.approx(4 / 3, rel=0.05)
