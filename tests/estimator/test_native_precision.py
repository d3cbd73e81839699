"""Weights that are published in fewer than 16 bits are served in them; what the calibration never saw is said."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from data import load
from estimator.batch import answer_line

CATALOG = load()
DAY = date(2026, 9, 1)


def line(**said: Any) -> dict[str, Any]:
    return answer_line(json.dumps(said), CATALOG, DAY)


def serve(model: str, machine: str, count: int = 1, **said: Any) -> dict[str, Any]:
    hardware = {"instance_type": machine, "count": count}
    return line(kind="infer", model=model, hardware=hardware, input_tokens=512, output_tokens=128, **said)


@pytest.mark.parametrize(
    ("model", "machine", "count", "fits"),
    [
        ("deepseek-r1", "p5en.48xlarge", 1, True),
        ("deepseek-r1", "p5.48xlarge", 1, False),
        ("deepseek-r1", "p5.48xlarge", 2, True),
        ("gpt-oss-120b", "p5.4xlarge", 1, True),
    ],
)
def test_weights_are_served_as_they_are_published(model: str, machine: str, count: int, fits: bool) -> None:
    made = serve(model, machine, count)
    assert made["fits"] is fits
    assert any(f"in which {model} is published" in one and "config.json" in one for one in made["assumptions"])


def test_a_chip_without_fp8_and_a_told_precision_are_as_before() -> None:
    assert "no precision named: bf16 assumed" in serve("deepseek-v3", "p4de.24xlarge", 2)["assumptions"]
    told = serve("deepseek-v3", "p5en.48xlarge", 4, precision="bf16")
    assert not any("published" in one for one in told["assumptions"])


def test_a_model_published_in_fp8_is_trained_in_it_with_its_experts_spread() -> None:
    asked = {"kind": "train", "model": "deepseek-v3", "tokens": 14.8e12, "seq_len": 4096}
    made = line(**asked, hardware={"accelerator": "H800", "count": 2048})
    assert any("no precision named: fp8, in which deepseek-v3 is published" in one for one in made["assumptions"])
    assert any("spreads experts over chips assumed" in one for one in made["assumptions"])
    assert made["accelerator_hours"]["mid"] < 2.2 * 2.664e6  # the report's hours, which hold no interruption


def test_a_utilisation_below_what_was_measured_is_said() -> None:
    asked = {"kind": "train", "model": "llama-3-8b", "tokens": 1e9, "framework": "FSDP", "precision": "bf16"}
    hardware = {"accelerator": "A100-80", "count": 8}
    usual = line(**asked, hardware=hardware, seq_len=4096, micro_batch=8)
    small = line(**asked, hardware=hardware, seq_len=512, micro_batch=1)
    assert not any("9 of 10 such runs" in one for one in usual["assumptions"])
    assert any("of the peak is less than the" in one for one in small["assumptions"])


def test_an_efficiency_without_a_measured_run_is_said() -> None:
    asked = {"kind": "train", "model": "llama-3-70b", "tokens": 1e9, "framework": "NeMo", "precision": "bf16"}
    made = line(**asked, hardware={"instance_type": "p4d.24xlarge", "count": 16})
    assert any(one.startswith("efficiency carried over: no run was measured of a100") for one in made["assumptions"])
