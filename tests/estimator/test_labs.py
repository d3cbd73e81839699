"""Every lab of docs/labs.md answers as the page says, and within what was published."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.__main__ import main
from data import load
from docs import labs_build
from docs.labs_build import COMMAND, PAGE, answered, option, ratio, rebuilt, verdict
from estimator.parse import parse
from estimator.result import Range
from estimator.workload import Pipeline

CATALOG = load()
TEXT = PAGE.read_text()
LABS = [found["words"] for found in COMMAND.finditer(TEXT)]
CASES = Path(__file__).parents[2] / "benchmarks" / "cases.jsonl"
PUBLISHED = {case["id"]: case["actual"] for case in map(json.loads, CASES.read_text().splitlines())}
SECTIONS = re.findall(r"^## (\d+)\. .+\n\n```\nmlbot estimate ", TEXT, re.MULTILINE)
PEAK = {"p4d.24xlarge": 8 * 312e12, "g6.xlarge": 121e12, "g5.xlarge": 70e12}  # dense, 16 bits, vendors' data sheets


def lab(number: int) -> str:
    """The first command of a lab."""
    section = TEXT.split(f"\n## {number}. ")[1]
    found = COMMAND.search(section)
    assert found
    return found["words"]


@pytest.mark.parametrize("words", LABS)
def test_every_command_of_the_page_answers_with_a_best_choice(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert main(["estimate", words]) == 0
    assert "Prices as of " in capsys.readouterr().out


def test_all_ten_labs_stand_on_the_page_with_a_command_each() -> None:
    assert [str(number) for number in range(1, 11)] == SECTIONS


def test_the_answers_on_the_page_are_those_of_today() -> None:
    assert rebuilt(TEXT, CATALOG) == TEXT, "run python -m docs.labs_build, then read the prose of docs/labs.md"


def test_a_figure_that_is_changed_by_hand_is_written_over() -> None:
    assert rebuilt(TEXT.replace("Prices as of 20", "Prices as of 19"), CATALOG) == rebuilt(TEXT, CATALOG)


@pytest.mark.parametrize(
    ("number", "instance_type"), [(1, "p4d.24xlarge"), (2, "g6.xlarge"), (4, "p4d.24xlarge"), (9, "p4d.24xlarge")]
)
def test_a_training_keeps_a_share_of_the_peak_that_was_seen_in_published_runs(number: int, instance_type: str) -> None:
    made = option(answered(lab(number), CATALOG), instance_type, "on-demand")
    assert made.hours
    assert made.estimate.flops
    share = made.estimate.flops / (made.hours.mid * 3600 * PEAK[instance_type] * made.nodes)
    assert 0.12 < share < 0.65  # BERT-base reached 0.13 on a Titan RTX, a FLOP/s a byte/s half of an L4's


def test_serving_bert_in_16_bits_is_slower_than_the_published_8_bits_without_padding() -> None:
    made = option(answered(lab(3), CATALOG), "g6.xlarge", "on-demand")
    assert 2000 / made.nodes < PUBLISHED["I4519-samples_per_s"] < 10 * 2000 / made.nodes


def test_gpt_3_on_1024_a100_holds_the_published_34_days() -> None:
    hours = option(answered(lab(4), CATALOG), "p4d.24xlarge", "on-demand").hours
    assert hours
    assert hours.low < 34 * 24 < hours.high


def test_gpt_3_is_priced_on_demand_on_spot_and_under_both_plans() -> None:
    markets = {one.market: one.usd for one in answered(lab(4), CATALOG).options}
    assert set(markets) == {"on-demand", "spot", "savings-plan-1y", "savings-plan-3y"}
    assert all(usd is None or usd.mid <= markets["on-demand"].mid for usd in markets.values())  # type: ignore[union-attr]


def test_a_small_cnn_is_answered_for_a_cpu_a_gpu_and_trainium_and_the_cpu_is_slowest() -> None:
    found = answered(lab(5), CATALOG)
    hours = {name: option(found, name, "on-demand").hours for name in ("c7i.xlarge", "g4dn.xlarge", "trn1.2xlarge")}
    assert all(hours.values())
    assert max(hours, key=lambda name: hours[name].mid) == "c7i.xlarge"  # type: ignore[union-attr]


def test_a_pipeline_costs_its_parts_and_serves_queries_of_their_own_length() -> None:
    work = parse(lab(6), CATALOG)
    assert isinstance(work, Pipeline)
    assert (work.train.seq_len, work.serve.seq_len, work.serve.input_tokens) == (512, None, 256)
    found = answered(lab(6), CATALOG)
    costs = [part.best.usd.mid for part in found.parts if part.best and part.best.usd]
    assert len(costs) == 2
    assert found.headline.startswith(f"Together ${sum(costs):.2f}")
    assert "256 tokens in." in found.headline


def test_llama_3_8b_lora_fits_one_a10g_as_it_was_measured_to() -> None:
    best = answered(lab(7), CATALOG).best
    assert best
    assert best.instance_type == "g5.xlarge"
    memory = best.estimate.memory
    assert memory
    assert memory.fits
    assert memory.per_accelerator.low < PUBLISHED["M0016-memory_gb"] < memory.per_accelerator.high


def test_llama_3_70b_is_served_by_p5_g6e_and_inf2_and_soonest_by_p5() -> None:
    first: dict[str, float] = {}
    for one in answered(lab(8), CATALOG).options:
        family = (one.instance_type or "").split(".")[0]
        if one.meets and one.market == "on-demand" and one.estimate.ttft_ms:
            first[family] = min(one.estimate.ttft_ms.mid, first.get(family, 1e9))
    assert set(first) == {"p5", "g6e", "inf2"}
    assert min(first, key=lambda family: first[family]) == "p5"


def test_trainium_is_not_half_the_cost_of_p4d_on_demand_nor_under_a_plan() -> None:
    found = answered(lab(9), CATALOG)
    assert lab(9) == labs_build.TRAINIUM
    for market in ("on-demand", "savings-plan-1y"):
        trn1, p4d = (option(found, name, market).usd for name in ("trn1.32xlarge", "p4d.24xlarge"))
        assert trn1
        assert p4d
        assert verdict(ratio(trn1, p4d), 0.5).startswith("not shown")


def test_both_sides_of_the_trainium_lab_are_near_their_published_runs() -> None:
    found = answered(lab(9), CATALOG)
    assert PUBLISHED["T0683-tokens_per_s_per_accelerator"] == labs_build.TRN1_TOKENS_PER_S_PER_CHIP
    assert PUBLISHED["T0919-accelerator_hours"] == labs_build.A100_HOURS
    a100 = option(found, "p4d.24xlarge", "on-demand").accelerator_hours
    assert a100
    assert a100.low < labs_build.A100_HOURS < a100.high
    speed = option(found, "trn1.32xlarge", "on-demand").estimate.tokens_per_s
    assert speed
    assert 1 / 1.4 < speed.mid / (labs_build.TRN1_TOKENS_PER_S_PER_CHIP * labs_build.TRN1_CHIPS) < 1.4


def test_the_published_speed_of_inferentia2_lies_in_the_range_of_the_estimate() -> None:
    assert (lab(10), LABS[-1]) == (labs_build.INFERENTIA, labs_build.TENSORRT)
    speed = option(answered(lab(10), CATALOG), "inf2.xlarge", "on-demand").estimate.samples_per_s
    assert speed
    assert speed.low < labs_build.INF2_SAMPLES_PER_S < speed.high


def test_against_tensorrt_neither_claim_of_inferentia2_is_shown() -> None:
    last = labs_build.inferentia(CATALOG).splitlines()[-1]
    assert last.count("not shown") == 2


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Range(0.2, 0.3, 0.4), "shown"),
        (Range(0.2, 0.5, 0.9), "likely, not proved"),
        (Range(0.4, 0.6, 0.9), "not shown, though inside our range"),
        (Range(0.6, 0.8, 0.9), "not shown, and outside our range"),
    ],
)
def test_a_claim_is_judged_by_the_whole_range(found: Range, said: str) -> None:
    assert verdict(found, 0.5) == said


def test_a_ratio_is_at_least_as_uncertain_as_either_side() -> None:
    found = ratio(Range(1, 2, 4), Range(5, 10, 20))
    assert found.mid == 0.2
    assert found.high / found.low > 4
    assert ratio(Range(2, 2, 2), Range(10, 10, 10)) == Range(0.2, 0.2, 0.2)
