"""Speech to text: an encoder once a clip, a decoder step for each token."""

from __future__ import annotations

from dataclasses import replace

import pytest
from estimator_lines import answered
from hypothesis import given, settings
from hypothesis import strategies as st
from serve_fakes import chips, machines, model, served

from estimator.result import Range

WHISPERS = ("whisper-tiny", "whisper-base", "whisper-small", "whisper-medium", "whisper-large-v3")
TOLD = {"precision": "fp16", "batch": 24}


def mid(value: Range | None) -> float:
    assert value is not None
    return value.mid


def test_a_bigger_whisper_is_slower_and_the_turbo_and_distilled_forms_are_faster() -> None:
    speeds = [mid(served(name, chips("A10G"), framework="Transformers", **TOLD).samples_per_s) for name in WHISPERS]
    assert speeds == sorted(speeds, reverse=True)
    large, turbo, distilled = (
        mid(served(name, chips("A10G"), framework="Transformers", **TOLD).samples_per_s)
        for name in ("whisper-large-v3", "whisper-large-v3-turbo", "distil-whisper-large-v3")
    )
    assert large < turbo < distilled


def test_an_hour_of_speech_takes_a_large_whisper_longer_than_its_flops_alone_would() -> None:
    made = served("whisper-large-v3", chips("A100-80"), framework="Transformers", **TOLD)
    share = 2.77e12 * mid(made.samples_per_s) / 312e12
    assert 0.01 < share < 0.06


def test_more_text_in_a_clip_takes_longer() -> None:
    few, many = (
        served("whisper-small", chips("T4"), framework="faster-whisper", output_tokens=tokens, **TOLD)
        for tokens in (20, 200)
    )
    assert mid(few.samples_per_s) > 1.3 * mid(many.samples_per_s)


def test_beams_take_longer_and_more_memory() -> None:
    one, five = (
        served("whisper-large-v2", chips("A10G"), framework="TensorRT-LLM", scenario=said, precision="fp16", batch=4)
        for said in ("", "beam 5")
    )
    assert mid(one.samples_per_s) > mid(five.samples_per_s)
    assert one.memory
    assert five.memory
    assert mid(one.memory.per_accelerator) < mid(five.memory.per_accelerator)


def test_faster_whisper_is_quicker_than_transformers_and_tensorrt_than_both() -> None:
    slow, middle, fast = (
        mid(served("whisper-large-v3", chips("L40S"), framework=name, **TOLD).samples_per_s)
        for name in ("Transformers", "faster-whisper", "TensorRT-LLM")
    )
    assert slow < middle < fast


def test_what_is_assumed_of_a_clip_is_said() -> None:
    said = " ".join(served("whisper-large-v3", chips("A10G")).assumptions)
    for words in ("clip of 30 s", "32 encoder layers once", "32 decoder layers for each token", "100 tokens assumed"):
        assert words in said
    assert "24 clips are worked on together" in said
    assert "Hugging Face Transformers assumed" in said


def test_a_card_that_does_not_hold_the_usual_number_of_clips_takes_fewer() -> None:
    made = served("whisper-large-v3", chips("T4"), scenario="beam 5", precision="fp16")
    assert made.fits
    assert made.batch
    assert made.batch < 24
    assert not served("whisper-large-v3", chips("T4"), scenario="beam 5", precision="fp16", batch=64).fits


def test_a_speech_model_that_writes_no_tokens_one_by_one_runs_once_a_clip() -> None:
    said = " ".join(served("wav2vec2-base", chips("A10G")).assumptions)
    assert "decoder" not in said


def test_a_name_that_says_more_than_the_catalogs_is_still_a_whisper() -> None:
    named = replace(model("whisper-large-v3"), name="openai/whisper-large-v3")
    assert mid(served(named, chips("A10G"), **TOLD).samples_per_s) == pytest.approx(
        mid(served("whisper-large-v3", chips("A10G"), **TOLD).samples_per_s)
    )


def test_hours_of_sound_are_priced() -> None:
    made = answered("transcribe 1000 hours of audio with whisper-large-v3 with faster-whisper on 1 x g5.xlarge")
    assert made.best
    assert made.best.hours
    assert 5 < made.best.hours.mid < 60  # 17 to 200 times as fast as it is spoken
    assert any("times as fast as they are spoken" in step.formula for step in made.steps)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(WHISPERS),
    batch=st.integers(1, 64),
    tokens=st.integers(1, 400),
    framework=st.sampled_from(["Transformers", "faster-whisper", "TensorRT-LLM", "ONNX Runtime"]),
)
def test_a_bigger_batch_is_never_slower_and_never_takes_less_memory(
    name: str, batch: int, tokens: int, framework: str
) -> None:
    for place in (chips("A100-80"), machines("c7i.8xlarge")):
        one, more = (
            served(name, place, framework=framework, output_tokens=tokens, batch=size, precision="fp32")
            for size in (batch, batch + 1)
        )
        assert mid(more.samples_per_s) >= mid(one.samples_per_s) * (1 - 1e-9)
        assert one.memory
        assert more.memory
        assert mid(more.memory.per_accelerator) > mid(one.memory.per_accelerator)
