"""What AWS Neuron does not run is refused in a sentence that says what does."""

from __future__ import annotations

import json

import pytest
from estimator_lines import CATALOG, answered

from estimator.contract import to_json
from estimator.neuron import refusal
from estimator.parse import parse


@pytest.mark.parametrize(
    ("words", "why", "instead"),
    [
        ("train bert-base samples=1M seq=128 on 1 x inf2.xlarge", "made for inference", "trn1"),
        ("finetune llama-3-8b lora samples=10k seq=512 on 8 Inferentia2", "made for inference", "trn1"),
        ("finetune llama-3-8b qlora samples=10k seq=512 on 1 x trn1.32xlarge", "no Neuron backend", "LoRA"),
        ("infer llama-3.2-1b qps=1 on 1 x inf1.xlarge", "no text generator", "inf2"),
        ("infer whisper-small queries=1k on 1 x inf1.xlarge", "no speech model", "inf2"),
        ("infer sdxl queries=1k on 1 x inf1.6xlarge", "no diffusion model", "inf2"),
        ("infer vit-b-16 queries=1k on 1 x inf1.xlarge", "vision transformers", "inf2"),
        ("infer gemma-2-9b qps=1 on 1 x inf2.8xlarge", "do not list gemma-2-9b", "GPU"),
        ("infer bart-large qps=1 on 1 x inf2.xlarge", "T5 alone", "GPU"),
        ("infer sd3-medium queries=1k on 1 x inf2.8xlarge", "do not list sd3-medium", "FLUX.1"),
        ("infer llama-3-8b int4 qps=1 on 1 x inf2.8xlarge", "no 4-bit weights", "int8"),
        ("infer mask-rcnn-r50 queries=1k on 1 x trn1.2xlarge", "region-based", "YOLO"),
    ],
)
def test_what_neuron_does_not_run_is_refused_with_what_works(words: str, why: str, instead: str) -> None:
    made = answered(words)
    assert made.best is None
    for said in ("does not run on", why, instead):
        assert said in made.headline
    line = to_json(made)
    assert not line["fits"]
    assert why in line["why_not"]
    assert instead in line["advice"][0]
    json.dumps(line, allow_nan=False)


@pytest.mark.parametrize(
    "words",
    [
        "train llama-2-7b tokens=1B on 1 x trn1.32xlarge",
        "finetune llama-3-8b lora samples=10k seq=512 on 1 x trn1.32xlarge",
        "infer bert-base seq=128 qps=10 on 1 x inf1.xlarge",
        "infer resnet-50 queries=1M on 1 x inf1.xlarge",
        "infer llama-3-8b qps=1 on 1 x inf2.8xlarge",
        "infer t5-large qps=1 on 1 x inf2.xlarge",
        "infer sdxl queries=100 on 1 x inf2.8xlarge",
        "infer whisper-small queries=1k on 1 x inf2.xlarge",
    ],
)
def test_what_neuron_runs_is_answered(words: str) -> None:
    made = answered(words)
    assert made.best is not None, made.headline


def test_a_graph_of_more_than_2_gb_does_not_go_on_the_first_inferentia() -> None:
    made = answered("infer params=3B family=encoder qps=1 on 1 x inf1.6xlarge")
    assert "holds up to 2 GB of weights" in made.headline


def test_a_family_that_was_named_for_training_says_why_not_in_the_headline() -> None:
    made = answered("finetune llama-3-8b lora samples=10k seq=512 on inf2")
    assert "Nothing that was named runs it: Inferentia is made for inference" in made.headline
    assert "train on trn1 or trn2" in made.headline


def test_other_makers_chips_are_none_of_its_business() -> None:
    work = parse("train bert-base samples=1M seq=128", CATALOG)
    for chip in CATALOG.chips.values():
        assert chip.vendor == "AWS" or refusal(work, chip, CATALOG) is None
    assert refusal(work, None, CATALOG) is None


def test_every_rule_carries_its_source_and_says_what_works() -> None:
    for row in CATALOG.calibration["serving_neuron"]:
        assert row["source"]
        assert row["runs"] == "yes" or all((row["why"], row["instead"]))
