"""Encoders that are fine-tuned: a small head, no logits, and the memory that Hugging Face published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data import load
from estimator.asked_model import spec_of
from estimator.compute import dense_flops, shape, with_labels
from estimator.memory import Job, Split, training_parts
from estimator.result import Cluster
from estimator.train import estimate
from estimator.workload import FineTuning, ModelSpec, Training

CATALOG = load()
V100 = Cluster(CATALOG.chip("V100-16"), 1, 1)
MIB = 1.048576e-3
CONTEXT_GB = 1343 * MIB  # what the driver shows before a model is loaded
BERT = Job(
    method="full",
    precision="fp32",
    seq_len=512,
    optimizer="adamw",
    stack="huggingface",
    lora_rank=16,
    flash=False,
    fixed_gb=CONTEXT_GB,
    slack=0.02,
)


def model(name: str) -> ModelSpec:
    return spec_of(CATALOG.model(name))


@pytest.mark.parametrize(
    ("changes", "micro_batch", "recompute", "mib"),
    [  # bert-large with two labels, 512 tokens, one V100: transformers docs/source/en/perf_train_gpu_one.mdx @0016acf
        ({}, 4, "none", 14949),
        ({}, 1, "none", 8681),
        ({}, 1, "full", 6775),
        ({"precision": "fp16"}, 4, "none", 13939),
        ({"precision": "fp16"}, 1, "full", 7275),
        ({"optimizer": "adafactor"}, 4, "none", 12295),
        ({"optimizer": "adamw-8bit"}, 4, "none", 13085),
        ({"precision": "fp16", "optimizer": "adafactor"}, 1, "full", 4847),
        ({"precision": "fp16", "optimizer": "adamw-8bit"}, 1, "full", 5363),
    ],
)
def test_published_memory_of_a_bert_classifier_is_met_within_an_eighth(
    changes: dict[str, object], micro_batch: int, recompute: str, mib: float
) -> None:
    split = Split(micro_batch=micro_batch, recompute=recompute)  # type: ignore[arg-type]
    parts = training_parts(with_labels(shape(model("bert-large"))), replace(BERT, **changes), split)  # type: ignore[arg-type]
    assert sum(parts.values()) == pytest.approx(mib * MIB, rel=0.125)


def test_a_classifier_has_no_logits_and_recomputes_nothing_where_it_fits() -> None:
    work = FineTuning(model=model("roberta-base"), samples=1e5, seq_len=128, micro_batch=32, method="full")
    found = estimate(work, V100, CATALOG)
    assert found.memory is not None
    assert "logits" not in found.memory.parts
    assert not any("recomputed" in line for line in found.assumptions)
    assert any("head for labels" in line for line in found.assumptions)


def test_a_classifier_recomputes_where_it_would_not_fit_otherwise() -> None:
    work = FineTuning(model=model("xlm-roberta-large"), samples=1e5, seq_len=512, micro_batch=16, method="full")
    found = estimate(work, V100, CATALOG)
    assert found.fits
    assert any("recomputed" in line for line in found.assumptions)


def test_masked_language_modelling_keeps_its_logits() -> None:
    found = estimate(Training(model=model("roberta-base"), tokens=1e9, seq_len=512), V100, CATALOG)
    assert found.memory is not None
    assert found.memory.parts["logits"] > 0


@pytest.mark.parametrize("name", ["bert-base", "deberta-v3-base", "xlm-roberta-base"])
def test_a_look_up_in_the_embeddings_costs_no_flops(name: str) -> None:
    of = shape(model(name))
    saved = dense_flops(of, "encoder") - dense_flops(with_labels(of), "encoder")
    assert saved == pytest.approx(2 * of.embeddings)


def test_attention_without_a_fused_kernel_needs_more_memory() -> None:
    cluster = Cluster(CATALOG.chip("A10G"), 1, 1)

    def kept(name: str) -> float:
        work = FineTuning(model=model(name), samples=1e4, seq_len=512, micro_batch=8, method="full")
        memory = estimate(work, cluster, CATALOG).memory
        assert memory is not None
        return memory.parts["activations"]

    assert kept("deberta-v3-base") > kept("roberta-base")
