"""The parallelism that was told: what cannot be is refused by its field, with the nearest that can."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from data import load
from estimator.batch import answer_line
from estimator.parse import Unclear, parse
from estimator.split import Told, told
from estimator.workload import Parallel

CATALOG = load()
DAY = date(2026, 9, 1)
H100 = {"accelerator": "H100-SXM", "count": 8}


def line(**said: Any) -> dict[str, Any]:
    asked = {"kind": "train", "model": "llama-3-8b", "tokens": 1e9, "seq_len": 4096, "hardware": H100, **said}
    return answer_line(json.dumps(asked), CATALOG, DAY)


REFUSED = [
    ({"parallel": {"tp": 3}}, "parallel.tp", "tp=2"),
    ({"parallel": {"tp": 64}}, "parallel.tp", "tp=8"),
    ({"parallel": {"tp": 16}}, "parallel.tp", "tp=8"),
    ({"parallel": {"tp": 8, "pp": 2}}, "parallel.pp", "pp=1"),
    ({"parallel": {"tp": 4, "cp": 4}}, "parallel.cp", "cp=2"),
    ({"parallel": {"pp": 64}, "hardware": {**H100, "count": 64}}, "parallel.pp", "pp=32"),
    ({"parallel": {"dp": 3}}, "parallel.dp", "dp=2"),
    ({"parallel": {"tp": 4, "dp": 4}}, "parallel.dp", "dp=2"),
    ({"parallel": {"tp": 4, "pp": 1, "dp": 1}}, "parallel.dp", "dp=2"),
    ({"model": "mixtral-8x7b", "parallel": {"ep": 16}}, "parallel.ep", "ep=8"),
    ({"parallel": {"tp": 1, "pp": 1}, "global_batch": 4}, "global_batch", "global_batch=8"),
    ({"parallel": {"tp": 1, "pp": 1}, "global_batch": 8, "micro_batch": 2}, "global_batch", "global_batch=16"),
    ({"kind": "infer", "parallel": {"tp": 16}}, "parallel.tp", "tp=8"),
    ({"kind": "finetune", "method": "lora", "lora_rank": 5000}, "lora_rank", "lora_rank=256"),
]


@pytest.mark.parametrize(("said", "field", "nearest"), REFUSED, ids=[f"{one[0]}" for one in REFUSED])
def test_a_split_that_cannot_be_is_refused_with_the_nearest_that_can(
    said: dict[str, Any], field: str, nearest: str
) -> None:
    found = line(**said)
    assert found["ok"] is False, found["headline"]
    assert (found["error"]["field"], found["error"]["nearest"]) == (field, nearest)
    assert found["error"]["example"]


def test_words_are_held_against_the_chips_too() -> None:
    with pytest.raises(Unclear) as refused:
        parse("train llama-3-8b tokens=1B tp=16 on 1 x p5.48xlarge", CATALOG)
    assert refused.value.field == "parallel.tp"
    assert "needs 16 chips, and there are 8" in refused.value.message


def test_neuron_splits_count_cores() -> None:
    made = line(parallel={"tp": 32, "pp": 1}, hardware={"accelerator": "Trainium1", "count": 16}, framework="Neuron")
    assert made["ok"] is True


@pytest.mark.parametrize("said", ["TP 3 PP 5", "TP1 PP41 CP1"])
def test_free_text_that_cannot_be_is_ignored_and_said(said: str) -> None:
    made = line(parallel=said)
    assert made["ok"] is True
    assert any(one.startswith(f"the split {said!r} is ignored") for one in made["assumptions"])


def test_a_split_that_no_machine_of_the_table_can_hold_is_left_out_with_its_reason() -> None:
    made = line(parallel={"tp": 8, "pp": 4}, hardware=None)
    assert all(one["accelerators"] % 32 == 0 for one in made["options"] if one["fits"])
    assert any("A split of tp=8 needs 8 chips" in reason for reason in made["left_out"])


def test_a_global_batch_of_fewer_sequences_than_chips_is_shared_or_leaves_chips_waiting() -> None:
    cluster = {**H100, "count": 64}
    shared = line(global_batch=4, hardware=cluster, framework="NeMo")
    assert shared["split"].startswith("TP 8 x PP 2 x DP 4")
    waiting = line(global_batch=4, hardware=cluster, framework="FSDP")
    assert "a global batch of 4 keeps 4 of 64 chips busy: the others wait" in waiting["assumptions"]
    few = line(global_batch=4, hardware={**H100, "count": 4}, framework="FSDP")
    assert waiting["hours"]["mid"] == pytest.approx(few["hours"]["mid"], rel=0.2)


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (1e4, "10k samples of 4,096 tokens hold 41M tokens, and 1B tokens were told: they disagree"),
        (1e6, "both samples and tokens told: the 1B tokens count, 1,000 a sample"),
    ],
)
def test_samples_and_tokens_together_are_said(samples: float, said: str) -> None:
    assert any(said in one for one in line(samples=samples)["assumptions"])


def test_zero_without_a_number_is_known() -> None:
    assert told(Parallel(sharding="DeepSpeed ZeRO")) == Told(stage=3, bare=True)
    assert told(Parallel(sharding="zero-2")) == Told(stage=2)
