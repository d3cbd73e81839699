"""Does it fit? Yes, no, or "may or may not", with the margin, what was assumed, and what makes it fit."""

from __future__ import annotations

import re
from datetime import date

import pytest

from data import load
from estimator import text
from estimator.answer import Answer, answer
from estimator.contract import to_json
from estimator.margin import FITS, MAYBE, TOO_LARGE, margin, said, verdict
from estimator.parse import parse
from estimator.result import Memory, Range
from handlers.views.estimate import message

CATALOG = load()
G6E = "Does Llama-3-70B QLoRA fit one g6e?"


def answered(words: str) -> Answer:
    return answer(parse(words, CATALOG), CATALOG, date(2026, 11, 21))


def memory(low: float, mid: float, high: float, least: float | None = None) -> Memory:
    return Memory(Range(low, mid, high), {"weights": mid}, 24.0, least)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (memory(15, 18, 22), FITS),
        (memory(18, 22, 26), MAYBE),  # by the best guess it fits
        (memory(18, 22, 26, least=19), FITS),  # and can be made smaller
        (memory(18, 22, 26, least=21), MAYBE),
        (memory(22, 26, 30), MAYBE),  # by the best guess it does not
        (memory(25, 30, 35, least=10), TOO_LARGE),
        (memory(24, 24, 24), FITS),
    ],
)
def test_the_verdict_is_that_of_the_whole_interval(found: Memory, says: str) -> None:
    assert verdict(found) == says


def test_the_margin_is_what_is_left_or_missing() -> None:
    assert margin(memory(15, 18, 22)) == "6 GB free"
    assert margin(memory(25, 30, 35)) == "6 GB too much"
    assert said(memory(18, 22, 26, least=19)) == "22 GB (18-26) of 24 GB usable, 2 GB free; 19 GB if laid out for least"


def test_a_model_on_the_edge_is_answered_with_the_assumption_the_parts_the_margin_and_the_ways_out() -> None:
    found = answered(G6E)
    assert "It may or may not fit 1 x g6e.xlarge: needs about 5" in found.headline
    assert "an assumed 2,048 tokens a sequence" in found.headline
    assert "GB too much" in found.headline
    for way in ("sequences of up to ", "2 of these chips with ZeRO-3", "g7e.2xlarge"):
        assert way in found.headline
    json = to_json(found)
    assert json["fits"] is False
    assert json["memory_gb"]["verdict"] == MAYBE
    assert json["memory_gb"]["margin"] < 0


def test_the_length_that_is_advised_makes_it_fit_by_the_best_guess() -> None:
    length = re.search(r"sequences of up to ([\d,]+) tokens", answered(G6E).headline)
    assert length is not None
    shorter = answered(f"llama-3-70b qlora seq={length[1]} on g6e.xlarge")
    assert shorter.shown is not None
    assert shorter.shown.estimate.fits
    assert "It may or may not fit: " in shorter.headline
    assert "Surer: 2 of these chips" in shorter.headline
    assert "may or may not fit" in text.render(shorter)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("does llama-3-8b qlora seq=512 fit a g5.xlarge?", "It fits: "),
        ("does llama-3-8b full fine-tuning fit one g5.xlarge?", "It does not fit 1 x g5.xlarge"),
        ("does llama-3-70b fit on g6e.xlarge for inference?", "4-bit weights: about 39.5 GB"),
        ("train resnet50 micro_batch=4096 on g4dn.xlarge", "micro-batch 64 a chip, with gradients accumulated"),
        ("finetune llama-3-8b on 8xA100", "GB if laid out for least"),  # the layout is ours to choose
    ],
)
def test_a_question_for_room_is_answered_in_the_point(words: str, says: str) -> None:
    assert says in answered(words).headline


def test_a_job_is_recommended_where_it_surely_fits() -> None:
    for words in ("finetune llama-3-8b lora samples=10k seq=2048", "finetune llama-3-70b qlora samples=10k seq=512"):
        found = answered(words)
        for option in (found.best, found.cheapest, found.fastest):
            assert option is not None
            assert option.estimate.memory is not None
            assert verdict(option.estimate.memory) == FITS


@pytest.mark.parametrize("words", [G6E, "does llama-3-70b fit on g6e.xlarge for inference?"])
def test_slack_shows_the_parts_and_the_margin_of_what_does_not_fit(words: str) -> None:
    lines = [str(block.get("elements")) for block in message(answered(words), "e_1").blocks]
    shown = next(line for line in lines if "*Memory per chip:*" in line)
    assert "GB too much" in shown
    assert "weights " in shown


def test_a_told_context_fills_the_cache_and_more_of_it_needs_more() -> None:
    needs = []
    for context in ("8k", "32k", "128k"):
        found = answered(f"infer llama-3-8b with {context} context batch=2 on 1 x H200")
        assert found.best is not None
        assert found.best.estimate.memory is not None
        assert any("of the prompt" in said for said in found.assumptions)
        needs.append(found.best.estimate.memory.parts["KV cache"])
    assert needs[0] * 12 < needs[2]
    assert needs == sorted(needs)


def test_what_weighs_more_than_the_card_does_not_fit_it_at_any_end_of_the_range() -> None:
    assert "does not fit" in answered("does mixtral-8x7b fit on a single A100 80GB for inference?").headline


def test_epochs_that_nobody_told_are_said() -> None:
    found = answered("finetune llama-3-8b lora samples=1000 seq=512 on 1 x g6e.xlarge")
    assert "no epochs told: each sample is seen once" in found.assumptions
