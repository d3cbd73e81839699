"""Models that run once a sample, on chips and on CPUs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serve_fakes import chips, machines, model, served

from estimator.result import Range
from estimator.workload import ModelSpec

NAMES = ("bert-large", "resnet-50", "vit-b-16", "sdxl", "whisper-small", "yolov8n", "efficientnet-b0")


def mid(value: Range | None) -> float:
    assert value is not None
    return value.mid


@pytest.mark.parametrize(
    ("framework", "batch", "low", "high"),
    [("TensorRT 8", 32, 0.45, 0.65), ("PyTorch", 32, 0.18, 0.32), ("PyTorch", 1, 0.02, 0.09)],
)
def test_bert_reaches_the_published_share_of_the_peak(framework: str, batch: int, low: float, high: float) -> None:
    made = served("bert-large", chips("A100-40"), framework=framework, precision="fp16", batch=batch, seq_len=128)
    assert low < mid(made.samples_per_s) * 2 * 0.303e9 * 128 / 312e12 < high


def test_a_t4_does_not_hold_its_clock() -> None:
    made = served("bert-large", chips("T4"), framework="TensorRT 8", precision="fp16", batch=32, seq_len=384)
    assert 0.25 < mid(made.samples_per_s) * 2 * 0.303e9 * 384 / 65e12 < 0.4


def test_padding_that_is_left_out_counts_for_nothing() -> None:
    told = {"framework": "TensorRT", "precision": "int8", "seq_len": 384}
    padded = served("bert-large", chips("A100-80"), **told, seq_mode="padded")
    unpadded = served("bert-large", chips("A100-80"), **told, seq_mode="unpadded, 384 is the maximum")
    assert mid(unpadded.samples_per_s) > 2 * mid(padded.samples_per_s)


def test_eight_bit_integers_do_not_meet_the_high_accuracy_target() -> None:
    spec = replace(model("bert-large"), name="bert-large SQuAD (99.9%)")
    made = served(spec, chips("L4"), framework="TensorRT", precision="int8", seq_len=384)
    assert any("99.9 %" in said for said in made.assumptions)


def test_an_image_takes_its_denoising_steps_twice_for_guidance() -> None:
    few, many = (
        served(replace(model("sdxl"), name=f"SDXL {steps} steps"), chips("H100-SXM"), precision="fp16")
        for steps in (10, 40)
    )
    assert mid(few.samples_per_s) == pytest.approx(4 * mid(many.samples_per_s))


def test_a_model_of_a_published_task_has_its_operations() -> None:
    spec = ModelSpec(name="3D-UNet KiTS19", params=31e6, family="vision")
    made = served(spec, chips("A100-80"), framework="TensorRT", precision="int8")
    assert 1 < mid(made.samples_per_s) < 12
    assert any("KiTS19 volumes" in said for said in made.assumptions)


def test_operations_that_are_guessed_make_a_wide_range_and_are_asked_for() -> None:
    made = served(ModelSpec(name="our net", params=25e6, family="vision"), chips("A10G"), framework="PyTorch")
    assert made.samples_per_s
    assert made.samples_per_s.high / made.samples_per_s.low > 6
    assert made.biggest_unknown.startswith("give gflops_per_sample")


def test_a_rate_needs_so_many_chips() -> None:
    short = served("resnet-50", chips("T4"), framework="PyTorch", precision="fp16", qps=20_000)
    assert short.fits
    assert not short.able
    need = int(short.advice[0].split()[1])
    assert served("resnet-50", chips("T4", need), framework="PyTorch", precision="fp16", qps=20_000).able


def test_a_cpu_serves_a_small_model_and_says_what_it_assumes() -> None:
    made = served("bert-base", machines("c7i.xlarge"), seq_len=128)
    assert made.fits
    assert 5 < mid(made.ttft_ms) < 120
    assert "no precision named: int8 assumed" in made.assumptions


def test_newer_cpus_are_faster_at_eight_bits() -> None:
    new, old = (
        mid(served("bert-base", machines(name), seq_len=128, precision="int8").ttft_ms)
        for name in ("c7i.4xlarge", "c5.4xlarge")
    )
    assert new < old


def test_what_does_not_fit_says_so() -> None:
    spec = ModelSpec(name="huge", params=50e9, family="vision", gflops_per_sample=100)
    made = served(spec, chips("T4"), precision="fp16")
    assert not made.fits
    assert "GB do not fit" in made.why_not


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(("A100-80", "T4", "L4", "Inferentia2", "Inferentia1", "H100-SXM", "B200", "M60")),
    st.sampled_from(("TensorRT", "PyTorch", "ONNX Runtime", None)),
    st.sampled_from(("fp16", "int8", "fp8", "fp32", None)),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
)
def test_a_bigger_batch_serves_no_less_and_takes_no_less_memory(
    name: str, chip: str, framework: str | None, precision: str | None, first: int, second: int
) -> None:
    made = [
        served(name, chips(chip), framework=framework, precision=precision, batch=batch)
        for batch in sorted((first, second))
    ]
    for one in made:
        for figure in (one.samples_per_s, one.ttft_ms):
            if figure is not None:
                assert 0 < figure.low <= figure.mid <= figure.high < math.inf
    small, large = made
    if small.samples_per_s and large.samples_per_s:
        assert large.samples_per_s.mid >= 0.999 * small.samples_per_s.mid
    if small.memory and large.memory:
        assert large.memory.per_accelerator.mid >= small.memory.per_accelerator.mid
