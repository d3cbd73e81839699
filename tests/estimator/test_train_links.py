"""What joins the chips, and how a training is laid over them, shows in its time and memory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.calibrate_training import FARTHEST, Belief, Vote, moved
from data import load
from estimator import train
from estimator.efficiency import chip_class
from estimator.line import read
from estimator.line_work import work_of
from estimator.rank import cluster_named
from estimator.result import Estimate
from estimator.speed import Load, Site, chip_seconds
from estimator.workload import Pipeline, Training

CATALOG = load()
TEXT = {"kind": "train", "seq_len": 4096, "precision": "bf16", "micro_batch": 4, "global_batch": 1024}


def made(chip: str, count: int, **told: Any) -> Estimate:
    line = {**TEXT, "hardware": {"accelerator": chip, "count": count}, **told}
    work = work_of(read(json.dumps(line))[1], CATALOG)
    assert isinstance(work, Training)
    assert not isinstance(work, Pipeline)
    assert work.hardware is not None
    return train.estimate(work, cluster_named(work.hardware, CATALOG)[0], CATALOG)


def speed(chip: str, count: int, **told: Any) -> float:
    found = made(chip, count, **told).tokens_per_s
    assert found is not None
    return found.mid


def memory(chip: str, count: int, **told: Any) -> float:
    found = made(chip, count, **told).memory
    assert found is not None
    return found.per_accelerator.mid


def activations(**told: Any) -> float:
    found = made("H100-SXM", 64, **told).memory
    assert found is not None
    return found.parts["activations"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RTX-4090", "geforce"),
        ("RTX-3090-Ti", "geforce"),
        ("RTX-6000-Ada", "ada"),
        ("RTX-A6000", "ampere-card"),
        ("L40S", "ada"),
    ],
)
def test_cards_for_games_are_a_class_of_their_own(name: str, expected: str) -> None:
    assert chip_class(CATALOG.chips[name]) == expected


@pytest.mark.parametrize("split", [{"tp": 4}, {"tp": 2, "pp": 4}])
def test_splitting_a_small_model_within_layers_or_by_stages_costs_time(split: dict[str, int]) -> None:
    told = {"model": "llama-3.2-1b", "framework": "nanotron"}
    whole = speed("H100-SXM", 8, **told, parallel={"sharding": "FSDP"})
    assert 1.2 < whole / speed("H100-SXM", 8, **told, parallel=split) < 3


def test_a_split_costs_as_much_when_it_is_asked_again_of_other_software() -> None:
    told = {"model": "llama-3.2-1b", "parallel": {"tp": 4}}
    first, again = (speed("H100-SXM", 8, **told, framework=name) for name in ("nanotron", "torchtitan"))
    assert again == pytest.approx(first, rel=0.05)


def test_tensor_parallelism_costs_a_wide_model_less_than_a_narrow_one() -> None:
    def loss(model: str) -> float:
        told = {"model": model, "framework": "torchtitan"}
        return speed("H100-SXM", 64, **told) / speed("H100-SXM", 64, **told, parallel={"tp": 8})

    assert loss("llama-3.1-70b") < loss("llama-3.1-8b") < loss("llama-3.2-1b")


def test_weights_told_to_be_sharded_are_gathered_where_one_card_would_hold_them() -> None:
    told = {"kind": "finetune", "model": "llama-2-7b", "method": "lora", "seq_len": 512, "global_batch": 8}
    told |= {"micro_batch": 1, "framework": "pytorch", "tokens": 1e7}
    shared = speed("A10G", 4, **told, parallel={"sharding": "FSDP"})
    assert shared < 0.9 * speed("A10G", 4, **told, parallel={"sharding": "DDP"})


LOAD = Load(
    flops=4e10,
    tokens=1.0,
    hidden=4096,
    micro=4096,
    step=None,
    overhead=0.0,
    gathered=14e9,
    streams=False,
    reduced=0.0,
    unpacked=0.0,
    launched=0.0,
    recompute=False,
    adapters=True,
    experts=False,
)


def test_a_gather_over_pcie_hides_behind_a_long_enough_micro_batch() -> None:
    chip = CATALOG.chips["RTX-4090"]
    factors = {row["name"]: float(row["value"]) for row in CATALOG.calibration["training_factors"]}
    site = Site(165e12, 0.6, 1e12, chip.link_gb_s or 64.0, 2, 2, None)

    def exposed(micro: float) -> float:
        load = replace(LOAD, micro=micro)
        return chip_seconds(load, site, factors, 2) / chip_seconds(replace(load, gathered=0.0), site, factors, 2)

    assert exposed(512) > 2
    assert exposed(65536) == pytest.approx(1)


def test_recomputing_by_operation_keeps_half_of_the_activations() -> None:
    told = {"model": "llama-3.1-8b", "framework": "torchtitan", "seq_len": 8192, "micro_batch": 2}
    sizes = [memory("H200-SXM", 64, **told, recompute=kind) for kind in ("full", "selective", "none")]
    assert sizes == sorted(sizes)
    assert sizes[2] - sizes[1] == pytest.approx(48 * 1.02, rel=0.05)


def test_what_is_kept_for_recomputation_is_split_by_sequence_parallelism_but_in_older_stacks() -> None:
    told = {"model": "llama-3.1-70b", "seq_len": 8192, "micro_batch": 8, "recompute": "full"}
    new = activations(**told, framework="nemo", parallel={"tp": 8, "pp": 1})
    old = activations(**told, framework="megatron-deepspeed", parallel={"tp": 8, "pp": 1})
    assert old > 4 * new


def test_litgpt_trains_from_scratch_like_other_sharded_software_and_fine_tunes_like_an_eager_script() -> None:
    assert speed("A100-80", 8, model="llama-2-7b", framework="litgpt") == speed(
        "A100-80", 8, model="llama-2-7b", framework="fsdp"
    )


def test_one_odd_family_moves_a_cell_no_further_than_a_factor_of_two_does() -> None:
    prior = Belief(0.0, 0.2, 4.0, 0, "prior")
    far, farther = (moved(prior, [Vote(log, "a")]) for log in (FARTHEST, 3.0))
    assert farther.log == far.log
    assert farther.sigma == far.sigma


def test_the_deviation_of_a_cell_is_that_from_what_is_believed_without_the_publisher() -> None:
    prior = Belief(0.0, 0.1, 4.0, 0, "prior")
    alike, mixed = ([Vote(0.5, by) for by in bys] for bys in ("aaaa", "abcd"))
    assert moved(prior, alike).log == moved(prior, mixed).log
    assert moved(prior, alike).sigma > moved(prior, mixed).sigma
