"""What a service cannot be: a load that is missed, a latency that nothing reaches."""

from __future__ import annotations

import re

import pytest
from estimator_lines import answered
from hypothesis import given, settings
from hypothesis import strategies as st

from estimator.contract import to_json
from estimator.text import render


def test_a_load_that_is_missed_runs_and_is_said_to_be_too_slow() -> None:
    made = answered("infer llama-3-8b qps=5 on 1 x g5.xlarge")
    assert made.best is None
    assert "It runs on 1 x g5.xlarge, but too slowly: 5 requests a second need 4 replicas" in made.headline
    assert "What helps: take 4 replicas: 4 x g5.xlarge." in made.headline
    assert "does not run" not in render(made)
    assert "too slow for the load" in render(made)
    assert answered("infer llama-3-8b qps=5 on 4 x g5.xlarge").best


def test_a_load_that_is_missed_has_fields_of_its_own() -> None:
    missed, refused, met = (
        to_json(answered(f"infer {model} qps=5 on {place}"))
        for model, place in (
            ("llama-3-8b", "1 x g5.xlarge"),
            ("llama-3-70b", "1 x g5.xlarge"),
            ("llama-3-8b", "4 x g5.xlarge"),
        )
    )
    assert [(one["fits"], one["overloaded"]) for one in (missed, refused, met)] == [
        (True, True),
        (False, False),
        (True, False),
    ]
    assert "need 4 replicas" in missed["why_not"]
    assert missed["options"][0]["meets"] is False
    assert met["why_not"] is None


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("infer llama-3-70b qps=5 input=512 output=128 ttft=1ms", "1 ms"),
        ("infer llama-3-8b qps=5 input=512 output=128 tpot=0.1ms", "0.1 ms"),
        ("infer bert-base qps=5 seq=512 latency=0.001ms", "0.001 ms"),
    ],
)
def test_a_latency_that_nothing_reaches_is_said_with_the_best_that_is_reached(words: str, limit: str) -> None:
    made = answered(words)
    assert made.best is None
    assert made.headline.count("No choice meets every wish; the nearest") == 1
    assert f"{limit} is out of reach" in made.headline
    best = re.search(r"takes ([\d.,]+ (?:ms|us|s)) at best, on (\d+ x [\w.-]+)", made.headline)
    assert best
    assert all(option.failing for option in made.options)
    dearest = max(option.usd.mid for option in made.options if option.usd)
    assert made.options[0].usd
    assert made.options[0].usd.mid < dearest / 3


def test_what_misses_a_limit_by_little_stands_before_what_misses_it_by_far() -> None:
    options = answered("infer llama-3-8b qps=5 input=512 output=128 tpot=5ms under $3000 a month").options
    failing = [one for one in options if one.failing]
    assert failing
    assert all("each further token" in " ".join(one.failing) or "costs" in " ".join(one.failing) for one in failing)


@settings(max_examples=15, deadline=None)
@given(first=st.integers(30, 2000), factor=st.floats(1.0, 4.0))
def test_a_tighter_latency_is_never_cheaper(first: int, factor: float) -> None:
    costs = []
    for limit in (first * factor, float(first)):
        made = answered(f"infer llama-3-8b qps=3 input=512 output=128 ttft={limit:.1f}ms tpot=40ms cheapest")
        costs.append(made.cheapest.usd.mid if made.cheapest and made.cheapest.usd else float("inf"))
    assert costs[0] <= costs[1] * (1 + 1e-9)
