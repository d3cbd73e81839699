"""Words become a workload: key=value, plain English, both; what is not understood is asked about."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data import load
from estimator.parse import LONGEST, Unclear, parse
from estimator.said import words
from estimator.workload import FineTuning, Inference, Pipeline, Training, Work

CATALOG = load()

# What is said, the kind, and the values that must be found; "a.b" is a field of a part.
UNDERSTOOD: list[tuple[str, type, dict[str, Any]]] = [
    (
        "train llama-2-7b tokens=2T seq=4096 on 64 x p4d.24xlarge",
        Training,
        {
            "model.name": "llama-2-7b",
            "tokens": 2e12,
            "seq_len": 4096,
            "hardware.instance_type": "p4d.24xlarge",
            "hardware.count": 64,
        },
    ),
    (
        "finetune llama-3-8b with lora on 50k samples of 512 tokens for 3 epochs under $200 within 24h in us-west-2",
        FineTuning,
        {
            "method": "lora",
            "samples": 5e4,
            "seq_len": 512,
            "epochs": 3,
            "wish.budget_usd": 200,
            "wish.deadline_hours": 24,
            "wish.region": "us-west-2",
        },
    ),
    ("infer llama-3-8b qps=5 input=512 output=256", Inference, {"qps": 5, "input_tokens": 512, "output_tokens": 256}),
    ("what would it cost to fine-tune mistral 7b on 20M tokens?", FineTuning, {"tokens": 2e7}),
    (
        "train a 7B model on 1T tokens on 8 p5",
        Training,
        {"model.params": 7e9, "hardware.instance_type": "p5.48xlarge", "hardware.count": 8},
    ),
    (
        "serve llama-3-8b at 5 requests per second with 512 in and 256 out",
        Inference,
        {"qps": 5, "input_tokens": 512, "output_tokens": 256},
    ),
    ("infer bert qps=100 seq=128", Inference, {"model.name": "bert-base", "qps": 100, "seq_len": 128}),
    ("llama-3-70b qlora on g6e.12xlarge", FineTuning, {"method": "qlora", "hardware.instance_type": "g6e.12xlarge"}),
    ("pretrain bert-base 40 epochs 3.3B words", Training, {"tokens": 40 * 3.3e9 / 0.75, "epochs": None}),
    ("resnet50 90 epochs on 1.28M images", Training, {"samples": 1.28e6, "epochs": 90}),
    (
        "does Llama-3-70B QLoRA fit one g6e?",
        FineTuning,
        {"model.name": "llama-3-70b", "hardware.instance_type": "g6e.xlarge", "hardware.count": 1},
    ),
    ("train llama-2-7b 2T tokens 64xA100", Training, {"hardware.accelerator": "A100-80", "hardware.count": 64}),
    (
        "train llama 2 7b on 2T tokens on 16 A100 40GB",
        Training,
        {"hardware.accelerator": "A100-40", "hardware.count": 16},
    ),
    ("train llama-2-7b 1T tokens on 4 nodes of 8 H100", Training, {"hardware.count": 32, "hardware.per_node": 8}),
    ("train llama-2-7b on 2 trillion tokens with spot", Training, {"tokens": 2e12, "wish.market": "spot"}),
    ("train llama-2-7b 1T tokens with a savings plan", Training, {"wish.market": "savings-plan"}),
    (
        "train llama-2-7b 1T tokens with a 3-year savings plan",
        Training,
        {"wish.market": "savings-plan-3y", "wish.deadline_hours": None},
    ),
    ("train llama-2-7b 1T tokens on p4d with spot and savings plan", Training, {"wish.market": None}),
    ("train llama-2-7b 1.5 billion tokens no more than 2 nodes", Training, {"tokens": 1.5e9, "wish.max_nodes": 2}),
    ("train llama-2-7b 300B tokens batch 1024", Training, {"tokens": 3e11, "global_batch": 1024}),
    (
        "train llama-2-7b seq 4096 2T tokens batch of 4M tokens micro batch 2",
        Training,
        {"global_batch": 976, "micro_batch": 2},
    ),
    ("train llama-2-7b 1T tokens bf16 with full recompute", Training, {"precision": "bf16", "recompute": "full"}),
    (
        "serve llama-3-70b int4 with vLLM tp=8 nvidia only in Oregon qps 3",
        Inference,
        {
            "precision": "int4",
            "framework": "vllm",
            "parallel.tp": 8,
            "wish.vendor": "nvidia",
            "wish.region": "us-west-2",
            "qps": 3,
        },
    ),
    ("serve llama-3-8b-awq qps=2", Inference, {"model.name": "llama-3-8b", "precision": "int4"}),
    ("train llama-2-7b 1T tokens on trainium", Training, {"wish.families": ("trn1", "trn1n", "trn2")}),
    ("llama-3-70b serving on p5, g6e and inf2", Inference, {"wish.families": ("p5", "g6e", "inf2")}),
    ("infer llama-3-8b 512/128 concurrency 64 on 1 x H100", Inference, {"concurrency": 64, "output_tokens": 128}),
    ("serve llama-3-8b 100k requests per day", Inference, {"qps": 100_000 / 86_400}),
    ("serve llama-3-8b 1000 tokens/s output=200", Inference, {"qps": 5.0}),
    ("serve llama-3-8b ttft under 500ms", Inference, {"max_ttft_ms": 500}),
    ("serve bert-large at 50 queries per second under 100 ms", Inference, {"max_latency_ms": 100}),
    ("infer bert-base on one million queries", Inference, {"samples": 1e6}),
    ("serve llama-3-8b for a month at 2 qps", Inference, {"service_hours": 730}),
    ("finetune llama-3-8b 5k rows under $5 an hour", FineTuning, {"wish.max_usd_per_hour": 5}),
    (
        "train params=7B layers=32 hidden=4096 heads=32 ffn=11008 vocab=32000 tokens=1T",
        Training,
        {"model.layers": 32, "model.ffn": 11008},
    ),
    ("moe model with 47B params 13B active, train 2T tokens", Training, {"model.active_params": 13e9}),
    ("train gpt 2 nodes=2 10B tokens", Training, {"model.name": "gpt2"}),
    ("finetune phi 3 epochs=3 5k samples", FineTuning, {"epochs": 3}),
    (
        "20 trials of fine-tuning bert-base on 10k samples, 4 at a time",
        FineTuning,
        {"trials": 20, "parallel_trials": 4},
    ),
    ("train resnet-50 on ImageNet for 90 epochs", Training, {"samples": 1_281_167, "epochs": 90}),
    ("whisper large v3 on 1000 hours of audio", Inference, {"samples": 120_000}),
    ("train llama-3-8b 15T tokens 8k context", Training, {"seq_len": 8192}),
    ("train llama-2-7b tokens=2T for less than half a million dollars", Training, {"wish.budget_usd": 5e5}),
    ("train llama-2-7b tokens=2T in less than a week", Training, {"wish.deadline_hours": 168}),
    ("train llama-2-7b 1T tokens on 8 gpus", Training, {"wish.chips": 8, "hardware": None}),
    (
        "infer llama-3-8b input 1000 output 200 trn1.2xlarge",
        Inference,
        {"output_tokens": 200, "hardware.instance_type": "trn1.2xlarge", "hardware.count": None},
    ),
    ("finetune meta-llama/Meta-Llama-3-8B-Instruct qlora r=16 10,000 examples", FineTuning, {"lora_rank": 16}),
    ("train llama-3-8b on tpu v5p 100B tokens 64 chips", Training, {"hardware.accelerator": "TPU-v5p"}),
    ("serve llama-3-8b 24/7 at 50 requests per minute", Inference, {"qps": 50 / 60, "input_tokens": None}),
    ("finetune llama-3-8b 10k samples, lr 1e-4", FineTuning, {"samples": 1e4}),
    ("serve mixtral 8x7b on 2xg5.48xlarge", Inference, {"model.name": "mixtral-8x7b", "hardware.count": 2}),
]


def value(work: object, path: str) -> object:
    for name in path.split("."):
        work = getattr(work, name)
    return work


@pytest.mark.parametrize(("said", "kind", "expected"), UNDERSTOOD, ids=[case[0] for case in UNDERSTOOD])
def test_what_people_write_is_understood(said: str, kind: type, expected: dict[str, Any]) -> None:
    work = parse(said, CATALOG)
    assert type(work) is kind
    for path, wanted in expected.items():
        found = value(work, path)
        assert found == (pytest.approx(wanted) if isinstance(wanted, float) else wanted), path


# What is said, the field that is named, and a word of the sentence or of what is nearest.
ASKED_ABOUT = [
    ("lama-3-8b lora 50k samples", "model", "llama-3-8b"),
    ("finetune lama 3 8b on 20M tokens", "model", "llama-3-8b"),
    ("finetune acme/my-model-9b lora", "model", "acme/my-model-9b"),
    ("train llama-2-7b tokens=-5", "tokens", "-5"),
    ("train llama-2-7b on 0 tokens", "tokens", "0"),
    ("train llama-2-7b tokens=nan", "tokens", "number"),
    ("train llama-2-7b tokens=inf", "tokens", "more than"),
    ("train llama-2-7b tokens=1e30", "tokens", "1e30"),
    ("train llama-2-7b tokens=lots", "tokens", "lots"),
    ("train llama-2-7b layers=3.5 tokens=1T", "layers", "whole"),
    ("train llama-2-7b tokns=2T", "tokns", "tokens"),
    ("finetune llama-3-8b with lorra on 50k samples", "words", "lora"),
    ("finetune llama-3-8b method=lorra", "method", "lora"),
    ("infer llama-3-8b on a p9.48xlarge", "instance_type", "p5.48xlarge"),
    ("infer llama-3-8b gpu=H900", "hardware", "h"),
    ("infer llama-3-8b in us-est-1 qps=1", "region", "us-"),
    ("train llama-2-7b tokens=2T 512", "words", "512"),
    ("train llama-2-7b tokens=2T tokens=3T", "tokens", "twice"),
    ("train llama-2-7b tokens=2T florb", "words", "florb"),
    ("train llama-2-7b mistral-7b tokens=2T", "model", "two models"),
    ("train", "model", "model"),
    ("hello", "kind", "train"),
    ("", "kind", "estimate"),
    ("gpt-3 on p4d", "kind", "fine-tuned"),
    ("train llama-2-7b tokens=2T under 200€", "budget_usd", "dollars"),
    ("train llama-2-7b global_batch=4 micro_batch=8", "micro_batch", "micro"),
    ("train llama-2-7b tp=16 on 8 A100", "parallel.tp", "16"),
    ("pipeline bert-base samples=10k", "queries", "serve"),
    ("infer llama-3-8b tokens=5M", "tokens", "request"),
    ("train llama-2-7b steps=100", "global_batch", "steps"),
    ("train llama-2-7b kv_heads=64 heads=8", "kv_heads", "heads"),
    ("serve llama-3-8b input", "input_tokens", "needs a value"),
]


@pytest.mark.parametrize(("said", "field", "word"), ASKED_ABOUT, ids=[case[0] for case in ASKED_ABOUT])
def test_what_is_not_understood_is_asked_about(said: str, field: str, word: str) -> None:
    with pytest.raises(Unclear) as asked:
        parse(said, CATALOG)
    assert asked.value.field == field
    assert word.lower() in f"{asked.value.message} {asked.value.nearest}".lower()
    assert asked.value.message.count("\n") == 0
    assert asked.value.example


def test_what_belongs_to_serving_is_not_dropped_from_a_training() -> None:
    with pytest.raises(Unclear, match="qps has no meaning for training"):
        parse("train llama-2-7b tokens=1T qps=5", CATALOG)


def test_training_and_serving_together_are_a_pipeline() -> None:
    work = parse("fine-tune bert on 100k samples of 128 tokens 3 epochs then serve 1M queries", CATALOG)
    assert isinstance(work, Pipeline)
    assert isinstance(work.train, FineTuning)
    assert (work.train.samples, work.train.epochs, work.train.seq_len) == (1e5, 3, 128)
    assert (work.serve.samples, work.serve.seq_len, work.serve.model.name) == (1e6, 128, "bert-base")


def test_a_pipeline_can_be_told_by_keys() -> None:
    work = parse("pipeline bert-base samples=100k epochs=3 queries=1M input=128 region=eu-west-1", CATALOG)
    assert isinstance(work, Pipeline)
    assert type(work.train) is Training
    assert work.serve.input_tokens == 128
    assert work.serve.wish.region == work.train.wish.region == "eu-west-1"


def test_a_size_that_is_read_from_a_k_is_binary_only_for_lengths() -> None:
    work = parse("finetune llama-3-8b samples=8k seq=8k", CATALOG)
    assert isinstance(work, FineTuning)
    assert (work.samples, work.seq_len) == (8000, 8192)


def test_the_region_of_the_asker_holds_when_none_is_named() -> None:
    assert parse("train gpt2 tokens=1B", CATALOG, region="eu-west-1").wish.region == "eu-west-1"  # type: ignore[union-attr]


def test_a_description_is_noted_not_dropped_in_silence() -> None:
    work = parse("fine-tune bert on our legal contracts corpus, 10k samples", CATALOG)
    assert any("legal" in note for note in work.notes)  # type: ignore[union-attr]


def test_retired_services_are_named_as_such() -> None:
    work = parse("serve bert-base with elastic inference qps=5", CATALOG)
    assert any("retired" in note for note in work.notes)  # type: ignore[union-attr]


def test_more_than_two_thousand_characters_are_refused() -> None:
    with pytest.raises(Unclear, match="2,000"):
        parse("train " + "x" * LONGEST, CATALOG)


# -- properties

ANY = st.text(max_size=300)
WORDS = """
train finetune infer llama-3-8b bert resnet50 7B 1T tokens 50k samples of 512 on 8 x p5 p4d.24xlarge A100 80GB $200
under within 24h = tokens= seq=4096 qps=5 , ; : / | # 3 epochs lora spot and the in us-west-2 -5 nan 1e30 model=
"quoted 'it a million per second batch * € é ２ ½ p9.huge ==
"""
PIECES = st.sampled_from(WORDS.split())


@settings(max_examples=150, deadline=None)
@given(st.one_of(ANY, st.lists(PIECES, max_size=25).map(" ".join)))
@example("#0# tokens #7#")
@example("train |||| ####")
@example("a" * 1999)
@example("1 " * 900)
@example("1x" * 900)
@example("=" * 1900)
@example('model="' * 200)
def test_any_text_is_a_workload_or_unclear(text: str) -> None:
    try:
        work: object = parse(text, CATALOG)
    except Unclear as unclear:
        work = unclear
    assert isinstance(work, Work | Pipeline | Unclear)


PAIRS = [
    "tokens=2T",
    "seq=4096",
    "global_batch=512",
    "precision=bf16",
    "deadline=48h",
    "budget=1000",
    "region=us-west-2",
]


@settings(max_examples=40, deadline=None)
@given(st.permutations([*PAIRS, "model=llama-2-7b", "hardware=8xA100-80", "framework=nemo"]))
def test_the_order_of_pairs_never_matters(pairs: list[str]) -> None:
    assert parse(" ".join(["train", *pairs]), CATALOG) == parse(" ".join(["train", *sorted(pairs)]), CATALOG)


@pytest.mark.parametrize("said", [case[0] for case in UNDERSTOOD])
def test_a_workload_said_back_is_the_same_workload(said: str) -> None:
    work = parse(said, CATALOG)
    assert parse(words(work, CATALOG), CATALOG) == work


def test_a_pipeline_said_back_is_the_same_pipeline() -> None:
    work = parse("fine-tune bert on 100k samples of 128 tokens 3 epochs then serve 1M queries", CATALOG)
    assert parse(words(work, CATALOG), CATALOG) == work


def _some(choices: random.Random, pool: dict[str, list[str]]) -> str:
    keys = choices.sample(sorted(pool), choices.randint(1, len(pool)))
    return " ".join(f"{key}={choices.choice(pool[key])}" for key in keys)


TRAINED = {
    "tokens": ["2T", "1.5B", "12345678"],
    "seq": ["2k", "513"],
    "gbs": ["64", "1024"],
    "precision": ["bf16", "fp8", "4-bit"],
    "framework": ["nemo", '"HF TRL, PEFT"'],
    "gpu": ["H100", "A100-40"],
    "count": ["64"],
    "tp": ["2"],
    "sharding": ["zero-3"],
    "deadline": ["36h", "2.5 days"],
    "budget": ["$1.5k"],
    "market": ["spot", "savings-plan"],
    "vendor": ["nvidia"],
    "max_nodes": ["4"],
    "optimizer": ["adamw"],
    "recompute": ["full"],
    "params": ["7e9"],
}


@settings(max_examples=60, deadline=None)
@given(st.integers())
def test_what_is_told_by_keys_survives_being_said_back(seed: int) -> None:
    said = f"train model=llama-2-7b {_some(random.Random(seed), TRAINED)}"
    work = parse(said, CATALOG)
    assert parse(words(work, CATALOG), CATALOG) == work
