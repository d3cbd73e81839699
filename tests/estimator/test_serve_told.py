"""What serving says of runtimes, precisions and numbers of chips that were told, or were not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from estimator_lines import CATALOG, TODAY
from serve_fakes import chips, served

from estimator.answer import Answer, answer
from estimator.line import read
from estimator.line_work import work_of


def told(**line: Any) -> Answer:
    """The answer to a line of a batch that serves."""
    return answer(work_of(read(json.dumps({"kind": "infer", **line}))[1], CATALOG), CATALOG, TODAY)


@pytest.mark.parametrize(
    ("framework", "runtime", "why"),
    [
        (None, "huggingface", "no runtime named, and vLLM serves no encoder-decoders such as t5-large"),
        ("vLLM 0.10", "huggingface", "vLLM 0.10 serves no encoder-decoders"),
        ("SGLang", "huggingface", "SGLang serves no encoder-decoders"),
        ("TGI", "vllm", ""),
        ("FasterTransformer", "fastertransformer", ""),
    ],
)
def test_an_encoder_decoder_runs_under_what_serves_it(framework: str | None, runtime: str, why: str) -> None:
    made = served("t5-large", chips("A10G"), framework=framework, precision="fp16", batch=1)
    assert any(runtime in step.source for step in made.steps)
    assert why in " ".join(made.assumptions)


def test_eight_bit_floats_are_unpacked_on_ampere_and_said_to_be() -> None:
    made = served("llama-3.1-8b", chips("A10G"), framework="vLLM", precision="fp8", batch=1)
    assert "A10G has no FP8 arithmetic: weights are unpacked" in " ".join(made.assumptions)
    assert made.memory
    assert made.memory.parts["weights"] < 10


def test_eight_bit_floats_do_not_run_on_turing_and_volta() -> None:
    for name in ("T4", "V100-32"):
        made = served("llama-3.2-1b", chips(name), framework="vLLM", precision="fp8", batch=1)
        same = served("llama-3.2-1b", chips(name), framework="vLLM", precision="fp16", batch=1)
        assert "fp16 assumed" in " ".join(made.assumptions)
        assert made.tokens_per_s
        assert same.tokens_per_s
        assert made.tokens_per_s.mid == same.tokens_per_s.mid


def test_cards_that_multiply_8_bit_floats_get_no_such_note() -> None:
    for name in ("L4", "L40S", "H100-SXM", "B200"):
        said = served("llama-3.1-8b", chips(name), framework="vLLM", precision="fp8", batch=1).assumptions
        assert "FP8" not in " ".join(said)


@pytest.mark.parametrize(
    ("model", "chip", "qps", "count"),
    [
        ("llama-3-8b", "H100-SXM", None, 1),
        ("llama-3-70b", "A100-80", None, 2),
        ("llama-3-70b", "A100-80", 5, 8),
        ("llama-3-8b", "A10G", 5, 4),
    ],
)
def test_chips_without_a_number_are_the_least_that_serve(model: str, chip: str, qps: int | None, count: int) -> None:
    load = {} if qps is None else {"qps": qps}
    made = told(model=model, hardware={"accelerator": chip}, input_tokens=512, output_tokens=128, **load)
    assert made.best, made.headline
    assert made.best.chips == count
    assert f"no count told: {count} taken, the least that hold the model" in " ".join(made.assumptions)


def test_a_number_that_was_told_is_kept() -> None:
    made = told(model="llama-3-70b", hardware={"accelerator": "A100-80", "count": 1})
    assert made.best is None
    assert made.options[0].chips == 1


def test_a_model_that_no_number_of_chips_holds_is_told_for_one() -> None:
    made = told(model="llama-3.1-405b", hardware={"accelerator": "T4"})
    assert made.best is None
    assert made.options[0].chips == 1


def test_a_training_still_takes_one_chip() -> None:
    line = {"kind": "train", "model": "bert-base", "samples": 1000, "seq_len": 128, "hardware": "A10G"}
    made = answer(work_of(read(json.dumps(line))[1], CATALOG), CATALOG, TODAY)
    assert made.options[0].chips == 1
    assert "no count told: one taken" in made.assumptions


def test_that_all_chips_of_a_machine_serve_is_said() -> None:
    made = told(model="llama-3-8b", hardware={"instance_type": "p4de.24xlarge"}, qps=5)
    assert "all 8 chips serve: 8 replicas, one chip each" in made.assumptions
