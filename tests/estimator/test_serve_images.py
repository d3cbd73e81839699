"""Images of diffusion models: steps, guidance, resolution; told, or as the model is usually sampled."""

from __future__ import annotations

import json

import pytest
from estimator_lines import CATALOG, answered
from serve_fakes import chips, served

from data.shapes import Model
from estimator.contract import to_json
from estimator.line import read
from estimator.line_work import work_of
from estimator.parse import parse
from estimator.parse_keys import Unclear
from estimator.result import Range
from estimator.said import words
from estimator.serve_sample import denoising
from estimator.workload import Inference


def mid(value: Range | None) -> float:
    assert value is not None
    return value.mid


@pytest.mark.parametrize(
    ("name", "steps", "passes"),
    [
        ("flux.1-dev", 28, 1),
        ("flux.1-schnell", 4, 1),
        ("sdxl", 50, 2),
        ("sdxl-turbo", 1, 1),
        ("sdxl-lightning", 4, 1),
        ("sd3-medium", 28, 2),
        ("stable-diffusion-1.5", 50, 2),
        ("stable-diffusion-2.1", 50, 2),
        ("dit-xl-2", 50, 2),
        ("stabilityai/sd-turbo", 1, 1),
        ("stabilityai/stable-diffusion-3.5-large-turbo", 4, 1),
        ("somebody/their-own-diffusion", 30, 2),
    ],
)
def test_a_model_is_sampled_as_its_card_says(name: str, steps: int, passes: int) -> None:
    usual = denoising(name, CATALOG)
    assert (usual.steps, usual.passes) == (steps, passes)


def test_guidance_that_is_distilled_does_not_double_the_work() -> None:
    made = served("flux.1-dev", chips("H100-SXM"), steps=28, precision="bf16", guidance=3.5)
    assert mid(made.samples_per_s) * 28 * 74.4e12 / 989e12 > 0.2
    assert any("guidance is distilled into the model" in said for said in made.assumptions)
    plain = served("flux.1-dev", chips("H100-SXM"), steps=28, precision="bf16")
    assert mid(plain.samples_per_s) == mid(made.samples_per_s)


def test_guidance_doubles_the_work_of_others_and_can_be_left_out() -> None:
    guided, alone = (served("sdxl", chips("H100-SXM"), steps=30, guidance=scale) for scale in (5.0, 1.0))
    assert mid(alone.samples_per_s) == pytest.approx(2 * mid(guided.samples_per_s))


def test_a_larger_image_takes_more_than_its_pixels() -> None:
    small, large = (served("sdxl", chips("H100-SXM"), steps=30, resolution=size) for size in ("1024x1024", "2048x2048"))
    assert 4 < mid(small.samples_per_s) / mid(large.samples_per_s) < 8
    assert any("of 1024 x 1024" in said for said in large.assumptions)


def test_the_usual_size_changes_nothing() -> None:
    plain, told = (served("flux.1-dev", chips("H100-SXM"), resolution=size) for size in (None, "1024x1024"))
    assert mid(plain.samples_per_s) == pytest.approx(mid(told.samples_per_s))


@pytest.mark.parametrize(
    ("line", "steps", "guidance", "resolution"),
    [
        ("serve sdxl 1000 images 30 steps", 30, None, None),
        ("generate 10k images with sdxl at 768x768, 25 denoising steps", 25, None, "768x768"),
        ("infer sdxl queries=1k steps=20 guidance=7.5 resolution=1024x768", 20, 7.5, "1024x768"),
        ("serve stable diffusion 2 qps 40 inference steps guidance scale 5", 40, 5.0, None),
        ("serve sd3-medium 1k images without guidance", None, 1.0, None),
        ("generate images with flux schnell 4 steps 512 x 512", 4, None, "512x512"),
    ],
)
def test_words_say_steps_guidance_and_resolution(
    line: str, steps: int | None, guidance: float | None, resolution: str | None
) -> None:
    work = parse(line, CATALOG)
    assert isinstance(work, Inference)
    assert (work.steps, work.guidance, work.resolution) == (steps, guidance, resolution)
    assert parse(words(work, CATALOG), CATALOG) == work


@pytest.mark.parametrize(
    ("guidance", "read_as"), [(7.5, 7.5), (0, 0.0), ("none", 1.0), (False, 1.0), ("3.5", 3.5), (None, None)]
)
def test_a_line_says_them_too(guidance: object, read_as: float | None) -> None:
    line = {"kind": "infer", "model": "sdxl", "samples": 1000, "steps": 25, "resolution": 512, "guidance": guidance}
    work = work_of(read(json.dumps(line))[1], CATALOG)
    assert isinstance(work, Inference)
    assert (work.steps, work.guidance, work.resolution) == (25, read_as, "512x512")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("steps", 0),
        ("steps", -3),
        ("steps", 1e30),
        ("steps", 50_000),
        ("steps", 2.5),
        ("guidance", -1),
        ("guidance", 1e9),
        ("guidance", "much"),
        ("guidance", True),
        ("resolution", "0x0"),
        ("resolution", "big"),
        ("resolution", "1024x"),
        ("resolution", "99999x99999"),
    ],
)
def test_what_cannot_be_is_an_error_with_its_field(field: str, value: object) -> None:
    line = {"kind": "infer", "model": "sdxl", "samples": 1000, field: value}
    with pytest.raises(Unclear) as wrong:
        work_of(read(json.dumps(line))[1], CATALOG)
    assert wrong.value.field == field


def test_steps_of_a_text_model_are_refused_in_words_and_noted_in_lines() -> None:
    with pytest.raises(Unclear, match="steps is for diffusion models"):
        parse("infer llama-3-8b qps=1 steps=30", CATALOG)
    work = work_of(read('{"kind": "infer", "model": "llama-3-8b", "qps": 1, "steps": 30}')[1], CATALOG)
    assert "steps is for diffusion models; ignored" in work.notes


def test_the_size_of_images_that_are_looked_at_is_noted() -> None:
    for line in ("infer resnet-50 queries=1M 512x512", "train resnet-50 samples=100k epochs=2 224x224"):
        assert any("usual size is counted" in note for note in parse(line, CATALOG).notes)


def test_steps_of_a_training_are_still_its_updates() -> None:
    work = parse("train llama-2-7b steps=1000 gbs=512 seq=2048", CATALOG)
    assert work.tokens == 1000 * 512 * 2048  # type: ignore[union-attr]


def test_the_answer_says_how_the_images_are_made() -> None:
    made = answered("serve flux.1-dev 10k images on 1 x g6e.2xlarge")
    assert "28 denoising steps assumed, one pass each" in " ".join(made.assumptions)
    assert "FluxPipeline" in " ".join(to_json(made)["assumptions"])


def test_every_diffusion_model_of_the_catalog_has_a_row() -> None:
    drawing: list[Model] = [one for one in CATALOG.models.values() if one.family == "diffusion"]
    last = denoising("", CATALOG)
    assert drawing
    assert [one.name for one in drawing if denoising(one.name, CATALOG) == last] == []
