"""What must hold of every answer, as lines of the contract ask for it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import load
from estimator.batch import answer_line

CATALOG = load()
DAY = date(2026, 9, 1)
MODELS = st.sampled_from(["gpt2", "llama-3-8b", "bert-base", "mixtral-8x7b"])
MACHINES = st.sampled_from(["g5.xlarge", "p4d.24xlarge", "p5.48xlarge", "trn1.32xlarge"])
MARKETS = st.sampled_from(["on-demand", "spot"])


def line(**said: Any) -> dict[str, Any]:
    return answer_line(json.dumps(said), CATALOG, DAY)


@settings(max_examples=40, deadline=None)
@given(model=MODELS, machine=MACHINES, market=MARKETS, tokens=st.floats(1e6, 1e13), factor=st.floats(1, 100))
def test_more_tokens_never_cost_less(model: str, machine: str, market: str, tokens: float, factor: float) -> None:
    asked = {"kind": "finetune", "method": "lora", "model": model, "seq_len": 512, "market": market}
    asked["hardware"] = {"instance_type": machine, "count": 1}
    less, more = (line(**asked, tokens=amount) for amount in (tokens, tokens * factor))
    for end in ("low", "mid", "high"):
        assert less["cost_usd"][end] <= more["cost_usd"][end] * (1 + 1e-6)
        assert less["hours"][end] <= more["hours"][end] * (1 + 1e-6)


@settings(max_examples=8, deadline=None)
@given(model=MODELS, tokens=st.floats(1e7, 1e11), factor=st.floats(1, 50))
def test_the_cheapest_choice_for_more_tokens_is_never_cheaper(model: str, tokens: float, factor: float) -> None:
    def cheapest(amount: float) -> float:
        made = line(kind="train", model=model, tokens=amount, seq_len=512)
        costs = [one["cost_usd"]["mid"] for one in made["options"] if one["meets"] and one["cost_usd"]]
        return min(costs)

    assert cheapest(tokens) <= cheapest(tokens * factor) * (1 + 1e-6)


@settings(max_examples=30, deadline=None)
@given(model=MODELS, machine=st.sampled_from(["p4d.24xlarge", "p5.48xlarge"]), nodes=st.integers(1, 32))
def test_more_machines_never_take_longer_and_never_use_less_accelerator_time(
    model: str, machine: str, nodes: int
) -> None:
    asked = {"kind": "train", "model": model, "tokens": 1e11, "seq_len": 1024}
    few, many = (line(**asked, hardware={"instance_type": machine, "count": count}) for count in (nodes, 2 * nodes))
    assert many["hours"]["mid"] <= few["hours"]["mid"] * (1 + 1e-6)
    assert many["accelerator_hours"]["mid"] >= few["accelerator_hours"]["mid"] * (1 - 1e-6)


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(["train", "infer"]), model=MODELS, batch=st.integers(1, 200))
def test_a_bigger_batch_never_needs_less_memory(kind: str, model: str, batch: int) -> None:
    field = "micro_batch" if kind == "train" else "batch"
    made = [
        line(kind=kind, model=model, seq_len=512, hardware={"instance_type": "p5.48xlarge"}, **{field: size})
        for size in (batch, 2 * batch)
    ]
    less, more = (one["memory_gb"]["per_accelerator"]["mid"] for one in made)
    assert less <= more * (1 + 1e-6)


@pytest.mark.parametrize(
    ("wide", "half", "ratio"), [("fp32", "bf16", 2.0), ("bf16", "int8", 2.0), ("bf16", "fp8", 2.0)]
)
def test_half_the_bits_are_half_the_weights(wide: str, half: str, ratio: float) -> None:
    asked = {"kind": "infer", "model": "llama-2-7b", "hardware": {"instance_type": "p5.48xlarge"}}
    more, less = (line(**asked, precision=bits)["memory_gb"]["parts"]["weights"] for bits in (wide, half))
    assert more / less == pytest.approx(ratio, rel=0.05)  # embeddings keep 16 bits


@pytest.mark.parametrize(
    "field", ["tokens", "samples", "epochs", "seq_len", "global_batch", "micro_batch", "lora_rank"]
)
@pytest.mark.parametrize("value", ["-1", "0", "NaN", "Infinity", "1e30", "1e999", '"many"', "[]", "true"])
def test_a_training_with_an_impossible_figure_is_refused_by_its_field(field: str, value: str) -> None:
    _refused("finetune", field, value)


@pytest.mark.parametrize("field", ["qps", "samples", "input_tokens", "output_tokens", "batch", "concurrency"])
@pytest.mark.parametrize("value", ["-1", "0", "NaN", "Infinity", "1e30", "1e999", '"many"', "[]", "true"])
def test_a_service_with_an_impossible_figure_is_refused_by_its_field(field: str, value: str) -> None:
    _refused("infer", field, value)


def _refused(kind: str, field: str, value: str) -> None:
    text = f'{{"id": 7, "kind": "{kind}", "model": "gpt2", "{field}": {value}}}'
    made = answer_line(text, CATALOG, DAY)
    assert made["ok"] is False, made.get("headline")
    assert made["error"]["field"] == field
    assert made["id"] == 7
    json.dumps(made, allow_nan=False)


@pytest.mark.parametrize("count", ["-4", "0", "NaN", "1e30", '"many"'])
def test_an_impossible_number_of_machines_is_refused_by_its_field(count: str) -> None:
    text = f'{{"kind": "train", "model": "gpt2", "hardware": {{"instance_type": "g5.xlarge", "count": {count}}}}}'
    made = answer_line(text, CATALOG, DAY)
    assert made["ok"] is False
    assert made["error"]["field"] == "hardware.count"
