"""Every field that takes one of a few words: each word and spelling is taken, any other is refused or told."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from data import load
from estimator.answer import answer
from estimator.contract import to_json
from estimator.line import read
from estimator.line_work import work_of
from estimator.memory import STATES
from estimator.parse import parse
from estimator.parse_choices import OPTIMIZERS
from estimator.parse_keys import KEYS, Key, Unclear, choice, value
from estimator.workload import FineTuning

CATALOG = load()
CHOSEN = [key for key in KEYS if key.choices is not None]
NAMES = ("method", "precision", "recompute", "optimizer", "seq_mode", "vendor")
IN_LINES = [key for key in CHOSEN if key.name in NAMES]


def of_line(**said: Any) -> FineTuning:
    raw = {"kind": "finetune", "model": "llama-3-8b", "samples": 1000, **said}
    work = work_of(read(json.dumps(raw))[1], CATALOG)
    assert isinstance(work, FineTuning)
    return work


@pytest.mark.parametrize("key", CHOSEN, ids=lambda key: key.name)
def test_every_spelling_is_taken_in_any_case(key: Key) -> None:
    for word, name in (key.choices or {}).items():
        for spelling in (word, word.upper(), word.replace("-", "_"), word.replace("-", " ")):
            assert value(key, spelling) == name, spelling


@pytest.mark.parametrize("key", CHOSEN, ids=lambda key: key.name)
def test_any_other_word_is_refused_with_the_field_and_what_there_is(key: Key) -> None:
    with pytest.raises(Unclear) as refused:
        value(key, "banana")
    assert refused.value.field == key.name
    assert "I do not know 'banana'" in refused.value.message
    assert all(name in refused.value.message for name in set((key.choices or {}).values()))


@pytest.mark.parametrize("key", CHOSEN, ids=lambda key: key.name)
def test_a_pair_with_another_word_is_refused(key: Key) -> None:
    with pytest.raises(Unclear) as refused:
        parse(f"finetune llama-3-8b samples=1000 {key.name}=banana", CATALOG)
    assert refused.value.field == key.name


@pytest.mark.parametrize("key", IN_LINES, ids=lambda key: key.name)
def test_in_a_line_another_word_is_refused_or_what_it_counts_as_is_told(key: Key) -> None:
    if not key.otherwise:
        with pytest.raises(Unclear) as refused:
            of_line(**{key.name: "banana"})
        assert refused.value.field == key.name
        return
    assert f"{key.name} 'banana' is not known, {key.otherwise}" in of_line(**{key.name: "banana"}).notes


@pytest.mark.parametrize(
    ("name", "said", "means"),
    [
        ("precision", "bf16 mixed", "bf16"),
        ("precision", "FP8 (E4M3)", "fp8"),
        ("precision", "fp16/bf16 amp", "fp16"),
        ("precision", "Q4_K_M gguf", "int4"),
        ("precision", "mixed", ""),
        ("precision", "fp17", None),
        ("method", "use_dora", "dora"),
        ("method", "full fine-tuning", "full"),
        ("optimizer", "paged_adamw_8bit", "adamw-8bit"),
        ("optimizer", "Adam (fused)", "adamw"),
        ("seq_mode", "max (padded to longest in batch, truncated)", "max (padded to longest in batch, truncated)"),
        ("seq_mode", "true", "packed"),
        ("recompute", "True", "full"),
        ("recompute", "False", "none"),
        ("market", "1-year", "savings-plan-1y"),
    ],
)
def test_free_text_around_a_word_is_understood(name: str, said: str, means: str | None) -> None:
    assert choice(next(key for key in KEYS if key.name == name), said) == means


def test_every_optimizer_has_its_bytes_a_weight() -> None:
    assert set(OPTIMIZERS.values()) <= set(STATES)


def test_an_optimizer_that_is_told_changes_the_memory() -> None:
    def optimizer_gb(said: str) -> float:
        found = answer(of_line(optimizer=said, method="full", hardware="8 x A100"), CATALOG, date(2026, 11, 21))
        return float(to_json(found)["memory_gb"]["parts"]["optimizer"])

    assert optimizer_gb("adamw_8bit") < optimizer_gb("lion") < optimizer_gb("adamw")


def test_dora_takes_longer_than_lora_and_more_memory_and_says_so() -> None:
    def answered(method: str) -> Any:
        work = of_line(method=method, seq_len=512, hardware="1 x g5.2xlarge")
        return to_json(answer(work, CATALOG, date(2026, 11, 21)))

    for plain, normed in (("lora", "dora"), ("qlora", "qdora")):
        one, other = answered(plain), answered(normed)
        assert 1.2 < other["hours"]["mid"] / one["hours"]["mid"] < 2
        assert other["hours"]["high"] / other["hours"]["low"] > one["hours"]["high"] / one["hours"]["low"]
        assert other["memory_gb"]["parts"]["norms"] > 0
        assert any(line.startswith("DoRA counts as") for line in other["assumptions"])
        assert normed in other["headline"]
