"""Data sets by name: how much they are, how long a sample really is, packed or padded."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from data import load
from estimator.asked_model import spec_of
from estimator.line import read
from estimator.line_work import work_of
from estimator.parse import Unclear, parse
from estimator.result import Cluster, Estimate
from estimator.said import words
from estimator.train import estimate
from estimator.workload import FineTuning, Training

CATALOG = load()
A10G = Cluster(CATALOG.chip("A10G"), 1, 1)
COMMON = [
    "alpaca",
    "dolly-15k",
    "oasst1",
    "openorca",
    "ultrachat",
    "sharegpt",
    "squad",
    "glue",
    "mnli",
    "sst2",
    "imdb",
    "imagenet-1k",
    "cifar-10",
    "coco",
    "laion-aesthetics",
    "librispeech",
    "common voice",
    "wikipedia",
    "c4",
    "the pile",
    "fineweb",
    "redpajama",
    "wikitext-103",
]


def trained(said: str) -> Training:
    work = parse(said, CATALOG)
    assert isinstance(work, Training)
    return work


def tuning(**told: object) -> FineTuning:
    given = {"samples": 10_000.0, "seq_len": 512, "sample_tokens": 100.0, "method": "lora", **told}
    return FineTuning(model=spec_of(CATALOG.model("llama-2-7b")), **given)  # type: ignore[arg-type]


def made(work: Training) -> Estimate:
    return estimate(work, A10G, CATALOG)


def hours(work: Training) -> float:
    found = made(work).hours
    assert found is not None
    return found.mid


@pytest.mark.parametrize("name", COMMON)
def test_data_sets_that_everybody_names_are_known(name: str) -> None:
    model = "llama-2-7b" if name not in ("imagenet-1k", "cifar-10", "coco") else "resnet-50"
    work = trained(f"train {model} on {name} on 8 x A100")
    assert work.samples or work.tokens


@pytest.mark.parametrize(
    "said", ["on alpaca", "dataset=alpaca", "data=stanford-alpaca", "on the Alpaca dataset", "on tatsu-lab/alpaca"]
)
def test_a_data_set_gives_its_samples_and_their_real_length(said: str) -> None:
    work = trained(f"finetune llama-2-7b lora {said} for 3 epochs on g5.xlarge")
    assert (work.samples, work.sample_tokens, work.epochs) == (52_002, 92, 3)


def test_told_samples_keep_the_real_length_of_the_data_set_and_told_tokens_go_before_it() -> None:
    work = trained("finetune llama-2-7b lora samples=1000 of alpaca")
    assert (work.samples, work.sample_tokens) == (1000, 92)
    told = trained("finetune llama-2-7b lora tokens=1M of alpaca")
    assert (told.tokens, told.samples, told.sample_tokens) == (1e6, None, None)


def test_two_data_sets_add_up_and_a_suite_beside_its_task_adds_nothing() -> None:
    both = trained("finetune llama-2-7b lora on alpaca and dolly-15k")
    assert both.samples == 52_002 + 15_011
    assert both.sample_tokens == pytest.approx((52_002 * 92 + 15_011 * 209) / (52_002 + 15_011))
    assert trained("finetune bert-base on glue mnli").samples == 392_702


def test_a_name_inside_another_is_no_data_set() -> None:
    assert trained("finetune alpaca-7b lora samples=10k").sample_tokens is None


def test_an_unknown_data_set_names_the_nearest() -> None:
    with pytest.raises(Unclear, match="the nearest I know is 'alpaca'"):
        parse("finetune llama-2-7b lora dataset=alpca", CATALOG)


def test_a_line_may_name_a_data_set() -> None:
    line = '{"kind": "finetune", "model": "llama-2-7b", "method": "lora", "dataset": "oasst1"}'
    work = work_of(read(line)[1], CATALOG)
    assert isinstance(work, FineTuning)
    assert (work.samples, work.sample_tokens) == (34_795, 396)


def test_what_is_said_back_is_read_as_the_same_work() -> None:
    work = trained("finetune llama-2-7b lora on alpaca and dolly-15k epochs=2 on g5.xlarge")
    assert replace(trained(words(work, CATALOG)), notes=()) == replace(work, notes=())


def test_packed_takes_less_than_padded_and_padded_less_than_filled() -> None:
    packed, padded, filled = (hours(tuning(seq_mode=mode)) for mode in ("packed", None, "max_length"))
    assert packed < padded < filled
    assert padded == hours(tuning(seq_mode="padded"))


def test_longer_samples_never_take_less() -> None:
    times = [hours(tuning(sample_tokens=float(length))) for length in (20, 60, 120, 300, 511, 900)]
    assert all(first <= second for first, second in combinations(times, 2))


def test_encoders_are_filled_up_to_a_told_length_and_say_what_is_real() -> None:
    work = trained("finetune bert-base on sst2 seq=128 on g5.xlarge")
    assert "every sample counts as 128 tokens, 13 of them real (seq_mode=padded counts those)" in made(work).assumptions
    assert hours(replace(work, seq_mode="padded")) < hours(work)


def test_a_length_that_is_not_told_follows_the_mean() -> None:
    said = made(tuning(seq_len=None)).assumptions
    assert "no sequence length told: 512 tokens assumed" in said


@pytest.mark.parametrize("name", sorted({one.name for one in CATALOG.datasets.values()}))
def test_every_data_set_has_an_amount_a_source_and_says_what_its_length_rests_on(name: str) -> None:
    one = CATALOG.datasets[name]
    assert (one.samples is None) != (one.tokens is None)
    assert one.source
    assert one.note
    assert (one.tokens_per_sample is None) == (not one.length)
