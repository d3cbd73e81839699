"""What teams name beside AWS's current machines: retired services, chips elsewhere, old chips, blocks, limits."""

from __future__ import annotations

from datetime import date

import pytest

from data import load
from estimator import text
from estimator.answer import Answer, answer
from estimator.batch import answer_line
from estimator.parse import Unclear, parse

CATALOG = load()
DAY = date(2026, 9, 1)
JOB = "finetune llama-3-8b lora samples=50k seq=512"


def told(words: str) -> Answer:
    return answer(parse(words, CATALOG), CATALOG, DAY)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("infer resnet-50 qps=10 with elastic inference", "Elastic Inference is retired"),
        ("infer bert-base on eia2.medium qps=5", "Elastic Inference is retired"),
        ("train gpt2 tokens=1B on an elastic gpu", "Elastic GPUs (Elastic Graphics) are retired"),
        ("train gpt2 tokens=1B on eg1.medium", "Elastic GPUs (Elastic Graphics) are retired"),
    ],
)
def test_retired_services_are_answered_with_what_replaced_them(words: str, said: str) -> None:
    found = told(words)
    assert found.headline.startswith(said)
    assert "took" in found.headline
    assert found.best is not None


def test_a_retired_machine_of_a_line_is_refused_with_its_replacement() -> None:
    line = '{"kind": "infer", "model": "bert-base", "hardware": {"instance_type": "eia2.medium"}}'
    error = answer_line(line, CATALOG, DAY)["error"]
    assert error["field"] == "hardware.instance_type"
    assert "retired" in error["message"]
    assert "inf2" in error["message"]


@pytest.mark.parametrize("chip", ["TPU v4", "TPU v5e", "TPU v5p", "MI300X", "RTX 4090", "RTX 3090"])
def test_chips_outside_aws_have_time_and_memory_and_no_cost(chip: str) -> None:
    best = told(f"train gpt2 tokens=1B on 8 x {chip}").best
    assert best is not None
    assert best.hours is not None
    assert best.estimate.memory is not None
    assert best.usd is None


def test_v100_has_no_bf16_and_fp8_is_only_where_the_chip_has_it() -> None:
    assert "V100-16 has no bf16: fp16 assumed" in told("train gpt2 tokens=1B precision=bf16 on p3.2xlarge").assumptions
    ampere = told("train llama-3-8b tokens=1B precision=fp8 on p4d.24xlarge")
    assert any("gains nothing from fp8" in line for line in ampere.assumptions)
    hopper = told("train llama-3-8b tokens=1B precision=fp8 on p5.48xlarge")
    assert not any("gains nothing" in line for line in hopper.assumptions)


def test_a_type_without_a_price_here_says_where_it_has_one() -> None:
    found = told(f"{JOB} on p5e.48xlarge")
    assert any("p5e.48xlarge is known as capacity-block in" in line for line in found.notes)
    assert found.prices == "No price is known for p5e.48xlarge in us-east-1."


def test_a_capacity_block_tells_the_days_that_are_paid_and_not_used() -> None:
    found = text.render(told(f"{JOB} on p5en.48xlarge in us-east-2 market=capacity-block"))
    assert "the rest of the days that are reserved" in found


def test_old_chips_carry_a_word_about_their_age() -> None:
    best = told("train resnet-50 on imagenet for 90 epochs on p2.16xlarge").best
    assert best is not None
    assert "old chip" in best.note


def test_wishes_narrow_the_choice() -> None:
    limited = told(f"{JOB} within 5h under $100")
    assert limited.best is not None
    assert limited.best.hours is not None
    assert limited.best.usd is not None
    assert limited.best.hours.mid <= 5
    assert limited.best.usd.mid <= 100
    assert {option.chip for option in told(f"{JOB} only on trainium").options} <= {
        "Trainium1",
        "Trainium2",
        "Trainium3",
    }


def test_a_cheaper_region_is_named() -> None:
    assert any("cheaper" in line for line in told(f"{JOB} on p5.4xlarge in ap-northeast-1").notes)


@pytest.mark.parametrize(("method", "said"), [("lora", "Trainer with PEFT assumed"), ("full", "Trainer assumed")])
def test_adapters_alone_are_assumed_to_need_peft(method: str, said: str) -> None:
    lines = told(f"finetune llama-3-8b {method} samples=1k on p5.48xlarge").assumptions
    assert any(line.endswith(said) for line in lines)


def test_an_empty_line_of_work_names_its_field() -> None:
    with pytest.raises(Unclear) as raised:
        parse("finetune llama-3-8b samples=-5", CATALOG)
    assert raised.value.field == "samples"
