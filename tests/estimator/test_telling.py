"""What to tell first: telling it narrows the range as promised, and nothing else narrows it more."""

from __future__ import annotations

import re
from datetime import date

import pytest

from data import load
from estimator.answer import answer
from estimator.parse import parse

CATALOG = load()
PROMISE = re.compile(r"narrows from x([\d.]+) to x([\d.]+)(?:-([\d.]+), by the answer)?$")


def width(words: str) -> tuple[float, str]:
    """High over low of the first figure that has a range, and what to tell."""
    found = answer(parse(words, CATALOG), CATALOG, date(2026, 11, 21))
    assert found.shown is not None
    made = found.shown.estimate
    ranges = [one for one in (made.hours, made.tokens_per_s or made.samples_per_s, made.ttft_ms) if one]
    wide = next((one for one in ranges if one.high / one.low > 1.2), ranges[0])
    return wide.high / wide.low, found.biggest_unknown


@pytest.mark.parametrize(
    ("words", "begins", "tells", "others"),
    [
        (
            "train llama-2-7b tokens=100B on 8 x p4d.24xlarge",
            "name the framework",
            ("framework=fsdp", "framework=deepspeed"),
            ("precision=bf16", "gbs=1024"),
        ),
        (
            "finetune llama-3-8b lora samples=50k seq=512 on g5.2xlarge",
            "name the framework",
            ("framework=trl", "framework=unsloth"),
            ("precision=bf16", "gbs=256"),
        ),
        (
            "train params=50M family=vision samples=1.28M epochs=90 on p4d.24xlarge framework=pytorch",
            "give gflops_per_sample",
            ("gflops=15",),
            ("gbs=1024",),
        ),
        (
            "infer llama-3-8b qps=5 on g5.xlarge",
            "say how many tokens go in and come out",
            ("input=512 output=128",),
            ("precision=bf16", "framework=hf"),
        ),
        (
            "infer bert-base qps=100 on g5.xlarge",
            "say how many tokens a sample has",
            ("seq=128",),
            ("framework=pytorch",),
        ),
        (
            "infer resnet-50 qps=100 on g5.xlarge",
            "name the runtime",
            ("framework=tensorrt", "framework=pytorch"),
            ("precision=fp16",),
        ),
    ],
)
def test_telling_it_narrows_the_range_as_promised_and_more_than_anything_else(
    words: str, begins: str, tells: tuple[str, ...], others: tuple[str, ...]
) -> None:
    now, said = width(words)
    promise = PROMISE.search(said)
    assert said.startswith(begins)
    assert promise is not None
    low, high = float(promise[2]), float(promise[3] or promise[2])
    assert now == pytest.approx(float(promise[1]), abs=0.06)
    told = [width(f"{words} {tell}")[0] for tell in tells]
    assert all(low - 0.06 <= one <= high + 0.06 for one in told)
    assert all(width(f"{words} {other}")[0] > min(told) for other in others)


def test_nothing_is_asked_for_when_all_that_matters_is_told() -> None:
    told = "train llama-2-7b tokens=100B framework=fsdp precision=bf16 gbs=1024 seq=4096 on 8 x p4d.24xlarge"
    assert width(told)[1] == ""
