"""Memory by parts: against measured runs, and what must hold of the formulas."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import load
from estimator.asked_model import spec_of
from estimator.compute import shape
from estimator.memory import Job, Split, adapter_weights, training_parts
from estimator.samples import sample_parts, samples_of
from estimator.workload import Training

CATALOG = load()
LLAMA = shape(spec_of(CATALOG.model("llama-3-8b")))
JOB = Job(
    method="full",
    precision="bf16",
    seq_len=2048,
    optimizer="adamw",
    stack="fsdp",
    lora_rank=16,
    flash=True,
    fixed_gb=0.4,
    slack=0.02,
)


def need(job: Job, split: Split, name: str = "llama-3-8b") -> float:
    return sum(training_parts(shape(spec_of(CATALOG.model(name))), job, split).values())


@pytest.mark.parametrize(
    ("name", "changes", "micro_batch", "recompute", "measured"),
    [  # one A10G or A100, GB read from the tool
        ("llama-3-8b", {"method": "lora", "stack": "litgpt", "seq_len": 512, "lora_rank": 32}, 1, "none", 19.73),
        ("llama-2-7b", {"method": "qlora", "stack": "litgpt", "seq_len": 512, "lora_rank": 32}, 2, "none", 13.68),
        ("tiny-llama-1.1b", {"stack": "litgpt", "seq_len": 512}, 4, "none", 14.1),
        ("qwen-7b", {"method": "lora", "stack": "huggingface", "lora_rank": 64}, 1, "full", 23.8),
    ],
)
def test_measured_runs_are_met_within_a_fifth(
    name: str, changes: dict[str, object], micro_batch: int, recompute: str, measured: float
) -> None:
    split = Split(micro_batch=micro_batch, recompute=recompute)  # type: ignore[arg-type]
    assert need(replace(JOB, **changes), split, name) == pytest.approx(measured, rel=0.2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stack", "bytes_a_weight"),
    [("tuned", [18, 6 + 12 / 8, 2 + 16 / 8, 18 / 8]), ("fsdp", [16, 6 + 10 / 8, 2 + 16 / 8, 16 / 8])],
)
def test_mixed_precision_adam_keeps_18_bytes_a_weight_or_16_under_fsdp_and_zero_shares_them_out(
    stack: str, bytes_a_weight: list[float]
) -> None:
    def states(zero: int) -> float:
        parts = training_parts(LLAMA, replace(JOB, stack=stack), Split(dp=8, zero=zero))
        return (parts["weights"] + parts["gradients"] + parts["optimizer"]) * 1e9 / LLAMA.params

    assert [states(zero) for zero in range(4)] == pytest.approx(bytes_a_weight)


def test_16_bits_halve_the_weights_and_4_bits_take_another_two_thirds() -> None:
    frozen = replace(JOB, method="lora")
    wide = training_parts(LLAMA, replace(frozen, precision="fp32"), Split())["weights"]
    half = training_parts(LLAMA, frozen, Split())["weights"]
    four = training_parts(LLAMA, replace(JOB, method="qlora"), Split())["weights"]
    assert wide == pytest.approx(2 * half)
    assert four < 0.4 * half


def test_tensor_and_pipeline_ranks_share_out_the_layers() -> None:
    one = training_parts(LLAMA, JOB, Split())["weights"]
    assert training_parts(LLAMA, JOB, Split(tp=4))["weights"] == pytest.approx(one / 4)
    piped = training_parts(LLAMA, JOB, Split(pp=4))["weights"]
    assert one / 4 < piped < one / 2  # an end stage holds an embedding too


def test_without_flash_attention_the_scores_are_kept() -> None:
    with_scores = training_parts(LLAMA, replace(JOB, flash=False), Split())["activations"]
    scores = 5 * 32 * 2048**2 * 32 / 1e9  # five bytes a score of each head and layer, GB
    assert with_scores - training_parts(LLAMA, JOB, Split())["activations"] == pytest.approx(scores)


@pytest.mark.parametrize(
    ("name", "gated"), [("mpt-7b", False), ("gpt2", False), ("gemma-2b", True), ("qwen2.5-0.5b", True)]
)
def test_tied_embeddings_do_not_say_whether_the_mlp_is_gated(name: str, gated: bool) -> None:
    found = shape(spec_of(CATALOG.model(name)))
    assert (found.tied, found.gated) == (True, gated)


def test_a_fused_loss_keeps_half_of_the_logits() -> None:
    fused = training_parts(LLAMA, replace(JOB, fused_loss=True), Split())["logits"]
    assert fused == pytest.approx(training_parts(LLAMA, JOB, Split())["logits"] / 2)


def test_adapters_grow_with_their_rank_and_with_what_they_stand_beside() -> None:
    assert adapter_weights(LLAMA, 32) == 2 * adapter_weights(LLAMA, 16)
    assert adapter_weights(LLAMA, 16) == pytest.approx(41.9e6, rel=0.01)  # all linear layers of Llama 3 8B
    assert adapter_weights(LLAMA, 16, thin=True) == pytest.approx(6.8e6, rel=0.02)


def test_images_grow_the_activations_alone() -> None:
    of = samples_of(Training(model=spec_of(CATALOG.model("resnet-50"))), 8.2, "cnn")
    small, large = (sample_parts(of, JOB, Split(micro_batch=batch)) for batch in (32, 64))
    assert large["activations"] == 2 * small["activations"]
    assert large["optimizer"] == small["optimizer"]


@given(
    name=st.sampled_from(["llama-3-8b", "gpt2", "mixtral-8x7b", "bert-base", "deepseek-v3"]),
    method=st.sampled_from(["full", "lora", "qlora"]),
    recompute=st.sampled_from(["none", "selective", "full"]),
    zero=st.integers(0, 3),
    ranks=st.sampled_from([1, 2, 8]),
    batch=st.integers(1, 64),
)
def test_more_work_a_chip_never_needs_less_memory(
    name: str, method: str, recompute: str, zero: int, ranks: int, batch: int
) -> None:
    job = replace(JOB, method=method)  # type: ignore[arg-type]
    split = Split(dp=ranks, zero=zero, micro_batch=batch, recompute=recompute)  # type: ignore[arg-type]
    assert need(job, split, name) <= need(job, replace(split, micro_batch=batch + 1), name)
    assert need(job, split, name) <= need(replace(job, seq_len=4096), split, name)
    assert need(job, replace(split, recompute="full"), name) <= need(job, replace(split, recompute="none"), name)
    assert all(size > 0 for size in training_parts(LLAMA, job, split).values())
