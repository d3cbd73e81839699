"""FLOPs against published counts, and peaks by precision."""

from __future__ import annotations

import pytest

from data import load
from estimator.asked_model import spec_of
from estimator.compute import attention_flops, dense_flops, passes, peak_tflops, sample_gflops, shape
from estimator.workload import ModelSpec

CATALOG = load()


def flops_per_token(name: str, seq_len: int) -> float:
    model = spec_of(CATALOG.model(name))
    return 3 * (dense_flops(shape(model), model.family) + attention_flops(shape(model), seq_len))


@pytest.mark.parametrize(
    ("name", "tokens", "seq_len", "published", "within"),
    [
        ("gpt-3", 300e9, 2048, 3.14e23, 0.03),  # GPT-3 paper, table D.1
        ("llama-3.1-405b", 15.6e12, 8192, 3.8e25, 0.08),  # Llama 3 report, section 3.2
        ("t5-11b", 1e12, 512, 3.3e22, 0.12),  # GPT-3 paper, table D.1: 3 a parameter and token
        ("bloom-176b", 366e9, 2048, 3.9e23, 0.06),  # 6 N D
    ],
)
def test_published_training_flops_are_met(
    name: str, tokens: float, seq_len: int, published: float, within: float
) -> None:
    assert flops_per_token(name, seq_len) * tokens == pytest.approx(published, rel=within)


def test_only_the_active_experts_compute() -> None:
    mixtral = spec_of(CATALOG.model("mixtral-8x7b"))
    assert dense_flops(shape(mixtral), "decoder") == pytest.approx(2 * 12.88e9, rel=0.03)


def test_attention_adds_4_percent_for_7b_at_2k_and_13_percent_for_llama_3_8b_at_8k() -> None:
    for name, seq_len, share in (("llama-2-7b", 2048, 0.04), ("llama-3-8b", 8192, 0.143)):
        of = shape(spec_of(CATALOG.model(name)))
        assert attention_flops(of, seq_len) / dense_flops(of, "decoder") == pytest.approx(share, rel=0.03)


def test_frozen_weights_save_a_third_of_the_work() -> None:
    assert (passes("full"), passes("lora"), passes("qlora")) == (3, 2, 2)


@pytest.mark.parametrize(
    ("model", "tied", "gated"),
    [
        ({"params": 6738149376, "layers": 32, "hidden": 4096, "heads": 32, "ffn": 11008, "vocab": 32000}, False, True),
        ({"params": 6658859008, "layers": 32, "hidden": 4096, "heads": 32, "ffn": 16384, "vocab": 50368}, True, False),
        (
            {
                "params": 2506096640,
                "layers": 18,
                "hidden": 2048,
                "heads": 8,
                "kv_heads": 1,
                "ffn": 16384,
                "vocab": 256000,
            },
            True,
            True,
        ),
    ],
    ids=["Llama 2 7B", "MPT 7B", "Gemma 2B"],
)
def test_shared_embeddings_and_gates_are_found_from_the_number_of_weights(
    model: dict[str, int], tied: bool, gated: bool
) -> None:
    of = shape(ModelSpec(name="m", **model))  # type: ignore[arg-type]
    assert (of.tied, of.gated) == (tied, gated)


def test_a_model_known_by_its_size_alone_gets_a_plausible_shape() -> None:
    of = shape(ModelSpec(name="GPT-175B", params=175e9))
    assert of.guessed
    assert of.hidden == pytest.approx(12288, rel=0.02)
    assert of.layers == pytest.approx(96, abs=2)


def test_precisions_that_a_chip_lacks_have_no_peak() -> None:
    assert peak_tflops(CATALOG.chip("V100-32"), "bf16") is None
    assert peak_tflops(CATALOG.chip("V100-32"), "fp16") == 125
    assert peak_tflops(CATALOG.chip("A100-80"), "fp8") is None
    assert peak_tflops(CATALOG.chip("H100"), "fp8") == 1979


def test_flops_of_an_image_are_taken_from_the_model_or_its_weights() -> None:
    assert sample_gflops(spec_of(CATALOG.model("resnet-50"))) == pytest.approx(8.178)
    assert sample_gflops(ModelSpec(name="cnn", params=10e6, family="vision")) == pytest.approx(3)
    assert sample_gflops(ModelSpec(name="cnn", params=0, family="vision")) is None
