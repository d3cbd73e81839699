"""What a told split does to the time: exchanges, bubbles and gathers cost, and more chips still never take longer."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data import load
from estimator.asked_model import spec_of
from estimator.batch import answer_line
from estimator.compute import shape
from estimator.memory import Split
from estimator.split_time import Links, Pace, stretch

CATALOG = load()
DAY = date(2026, 9, 1)
LLAMA = shape(spec_of(CATALOG.model("llama-3-8b")))
H100 = Links(chip=290e9, machine=280e9, per_node=8)
PACE = Pace(
    seconds=1e-4,
    seq_len=4096,
    global_batch=512,
    trained=1.0,
    interleaved=1,
    balanced=True,
    overlap=0.0,
    half_width=500,
    links=H100,
)


def line(**said: Any) -> dict[str, Any]:
    asked = {"kind": "train", "model": "llama-3-8b", "tokens": 1e11, "seq_len": 4096, "framework": "NeMo", **said}
    return answer_line(json.dumps(asked), CATALOG, DAY)


def hours(machine: str, nodes: int, **parallel: int) -> float:
    told = {"parallel": parallel} if parallel else {}
    found: float = line(hardware={"instance_type": machine, "count": nodes}, global_batch=512, **told)["hours"]["mid"]
    return found


def test_the_bubble_is_the_stages_but_one_over_the_micro_batches() -> None:
    found = stretch(LLAMA, Split(pp=4, dp=2, micro_batch=1), PACE)
    assert found["bubble"] == pytest.approx(3 / 256)


def test_a_layer_has_two_all_reduces_in_each_direction_and_two_more_where_it_is_recomputed() -> None:
    found = stretch(LLAMA, Split(tp=8), PACE)["tensor"]
    reduced = 2 * (7 / 8) * (2 * 4096 * 4096) / H100.chip  # of one activation, over eight chips
    assert found == pytest.approx(32 * 4 * reduced / (1e-4 * 4096 / 8))
    assert stretch(LLAMA, Split(tp=8, recompute="full"), PACE)["tensor"] == pytest.approx(1.5 * found)


def test_exchanges_over_the_network_take_longer_than_inside_a_machine() -> None:
    inside, across = (
        stretch(LLAMA, Split(tp=8), Pace(**{**_fields(PACE), "links": links}))["tensor"] for links in NEAR
    )
    assert across > 3 * inside


NEAR = (H100, Links(chip=290e9, machine=40e9, per_node=4))


def _fields(pace: Pace) -> dict[str, Any]:
    return {name: getattr(pace, name) for name in Pace.__dataclass_fields__}


def test_gathers_and_gradients_hide_behind_the_computation_until_it_is_too_short() -> None:
    sharded, copies = Split(dp=64, zero=3), Split(dp=64, zero=1)
    assert stretch(LLAMA, sharded, PACE)["gathers"] == 0.0
    short = Pace(**{**_fields(PACE), "seconds": 1e-5})
    assert stretch(LLAMA, sharded, short)["gathers"] > stretch(LLAMA, copies, short)["gradients"] > 0.0


def test_frozen_weights_exchange_hardly_any_gradients() -> None:
    short = Pace(**{**_fields(PACE), "seconds": 1e-5, "trained": 0.01})
    assert stretch(LLAMA, Split(dp=64, zero=1), short)["gradients"] == 0.0


def test_a_well_chosen_split_takes_as_long_as_none_told() -> None:
    assert hours("p5.48xlarge", 4, tp=2, pp=1) == pytest.approx(hours("p5.48xlarge", 4), rel=0.02)


@pytest.mark.parametrize(
    ("better", "worse", "least"),
    [
        ({"tp": 2, "pp": 1}, {"tp": 8, "pp": 1}, 1.2),
        ({"tp": 8, "pp": 1}, {"tp": 16, "pp": 1}, 1.3),
    ],
)
def test_a_badly_chosen_split_takes_longer(better: dict[str, int], worse: dict[str, int], least: float) -> None:
    assert hours("p5.48xlarge", 16, **worse) > least * hours("p5.48xlarge", 16, **better)


def test_a_long_pipeline_costs_most_where_the_global_batch_is_small() -> None:
    def loss(batch: int) -> float:
        asked = {"hardware": {"instance_type": "p5.48xlarge", "count": 16}, "global_batch": batch}
        told, chosen = line(**asked, parallel={"tp": 1, "pp": 32}), line(**asked)
        return float(told["hours"]["mid"] / chosen["hours"]["mid"])

    assert loss(128) > 1.3 > 1.05 > loss(1024)


def test_tensor_parallelism_across_machines_costs_more_over_a_slower_network() -> None:
    def loss(machine: str) -> float:
        return hours(machine, 4, tp=16, pp=1) / hours(machine, 4, tp=8, pp=1)

    assert loss("p4d.24xlarge") > loss("p5.48xlarge") > 1.2


def test_a_slow_split_is_said_with_its_reason_and_can_be_opened() -> None:
    made = line(hardware={"instance_type": "p5.48xlarge", "count": 2}, parallel={"tp": 16})
    assert any("TP 16 takes" in one and "tensor parallelism" in one for one in made["assumptions"])
    step = next(one for one in made["steps"] if one["name"] == "split")
    assert "the exchanges of tensor parallelism" in step["formula"]


@settings(max_examples=40, deadline=None)
@given(
    model=st.sampled_from(["gpt2", "llama-3-8b", "llama-3-70b", "mixtral-8x7b"]),
    machine=st.sampled_from(["p4d.24xlarge", "p5.48xlarge", "g5.48xlarge", "trn1.32xlarge"]),
    framework=st.sampled_from(["NeMo", "FSDP", "DeepSpeed", None]),
    nodes=st.integers(1, 24),
    ranks=st.tuples(st.sampled_from([1, 2, 4, 8, 16]), st.sampled_from([1, 2, 4, 8])),
    sharding=st.sampled_from(["", "ZeRO-3", "ZeRO-1"]),
    global_batch=st.sampled_from([None, 256, 4096]),
)
def test_under_a_told_split_more_machines_never_take_longer_and_never_use_less_accelerator_time(
    model: str,
    machine: str,
    framework: str | None,
    nodes: int,
    ranks: tuple[int, int],
    sharding: str,
    global_batch: int | None,
) -> None:
    asked = {"model": model, "seq_len": 1024, "framework": framework, "global_batch": global_batch}
    asked["parallel"] = {"tp": ranks[0], "pp": ranks[1], "sharding": sharding}
    few, many = (line(**asked, hardware={"instance_type": machine, "count": n}) for n in (nodes, 2 * nodes))
    assume(few["ok"] and many["ok"] and few["fits"] and many["hours"])
    assert many["hours"]["mid"] <= few["hours"]["mid"] * (1 + 1e-6)
    assert many["accelerator_hours"]["mid"] >= few["accelerator_hours"]["mid"] * (1 - 1e-6)
