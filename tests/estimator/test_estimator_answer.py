"""An answer speaks for its best choice, says what was assumed and what it costs; as text and as JSON."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from typing import Any

import pytest
from estimator_fakes import simple
from hypothesis import given, settings
from hypothesis import strategies as st

from data import load
from estimator import text
from estimator.answer import Answer, answer
from estimator.batch import answer_line
from estimator.contract import to_json
from estimator.parse import parse

CATALOG = load()
TODAY = date(2026, 11, 21)
JOB = "finetune llama-3-8b lora samples=50k seq=512"


def answered(words: str, today: date = TODAY) -> Answer:
    return answer(parse(words, CATALOG), CATALOG, today, estimate=simple)


def line(**said: Any) -> dict[str, Any]:
    return answer_line(json.dumps(said), CATALOG, TODAY, estimate=simple)


# -- the answer


def test_the_headline_names_the_machine_the_time_and_the_cost() -> None:
    found = answered(f"{JOB} on g5.xlarge")
    assert found.headline == (
        "Fine-tune llama-3-8b (lora): 50k samples of 512 tokens. "
        "1 x g5.xlarge takes 4.2 days (2.1-8.3 days) and costs $102 ($51.09-204)."
    )


def test_nothing_that_runs_is_said_with_the_reason_and_the_way_out() -> None:
    found = answered(f"{JOB} on g4dn.xlarge")
    assert found.best is None
    assert "may or may not fit 1 x g4dn.xlarge: needs 20 GB" in found.headline
    assert "take a larger card" in found.headline


def test_wishes_that_nothing_meets_name_what_is_nearest() -> None:
    found = answered(f"{JOB} on g5.xlarge within 2h")
    assert found.best is None
    assert "takes 4.2 days with start-up, over the 2 h given" in found.headline


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("within 100h", None),  # the work takes 100 h, and its machine 9 min to start
        ("within 101h", "Likely 4.2 days with start-up, within the 4.2 days given; could miss: high is 8.3 days."),
        ("within 201h", "Within the 8.4 days given at the high end, too: 8.3 days with start-up."),
        ("under $101", None),
        ("under $103", "Likely $102, within the $103 given; could miss: high is $204."),
        ("under $210", "Within the $210 given at the high end, too: $204."),
    ],
)
def test_a_wish_is_held_against_the_best_guess_with_start_up_and_the_high_end_is_told(
    wish: str, says: str | None
) -> None:
    found = answered(f"{JOB} on g5.xlarge on-demand {wish}")
    assert (found.best is None) == (says is None)
    assert says is None or says in found.headline
    assert bool(to_json(found)["could_miss"]) == ("Likely" in (says or ""))
    assert ("could miss" in text.render(found)) == ("Likely" in (says or ""))


def test_a_deadline_without_an_amount_is_answered_with_how_much_gets_done() -> None:
    real = answer(parse("train a 7B model for 5 days on 64 H100, how many tokens?", CATALOG), CATALOG, TODAY)
    assert re.search(r"In 5 days with start-up that makes \d+B-\d+B tokens\.", real.headline)


def test_what_is_cheaper_and_not_called_cheapest_is_told_with_the_rule() -> None:
    found = answer(parse("train llama-2-7b tokens=2T", CATALOG), CATALOG, TODAY)
    assert any("cheapest is what is done within 90 days" in note for note in found.notes)
    rule = next(step for step in found.steps if step.name == "best, cheapest, fastest")
    assert "168" in rule.formula
    assert "90 days" in rule.formula
    assert "deadline with the start of the machines" in rule.source


def test_without_an_amount_the_speed_is_answered_and_the_missing_word_named() -> None:
    found = answered("finetune llama-3-8b lora on g5.xlarge")
    assert "tokens/s" in found.headline or found.best is not None
    given_hours = found.best is not None and found.best.hours is not None
    assert given_hours or any("say tokens=" in line for line in found.assumptions)


@pytest.mark.parametrize(("today", "old"), [(date(2026, 7, 30), False), (date(2026, 12, 30), True)])
def test_prices_older_than_ninety_days_are_said_to_be_old(today: date, old: bool) -> None:
    found = answered(f"{JOB} on g5.xlarge", today)
    assert found.prices_old is old
    assert str(found.prices_as_of) in found.prices
    assert ("days old" in found.prices) is old


def test_the_bill_adds_up() -> None:
    best = answered(f"{JOB} on 2 x p4d.24xlarge").best
    assert best is not None
    assert best.usd is not None
    included = sum(item.usd.mid for item in best.items if item.included and item.usd)
    assert included == pytest.approx(best.usd.mid)
    names = " ".join(item.name for item in best.items)
    assert "gp3" in names
    assert "snapshot" in names
    assert "downloaded" in names


def test_the_steps_end_with_the_cost_and_its_source() -> None:
    steps = {step.name: step for step in answered(f"{JOB} on g5.xlarge").steps}
    assert "1 x $1.01/h" in steps["cost of the job"].formula
    assert "AWS list price" in steps["cost of the job"].source
    assert "W" in steps["energy"].formula


def test_what_the_words_left_open_is_assumed_aloud() -> None:
    found = answered("does llama-3-8b lora samples=10 fit one g5?")
    assert "g5 without a size: g5.xlarge taken" in found.assumptions
    assert "assumed so" in found.assumptions


def test_a_pipeline_has_both_parts_and_their_sum() -> None:
    found = answered("fine-tune bert on 100k samples 3 epochs then serve 1M queries")
    assert [type(part.work).__name__ for part in found.parts] == ["FineTuning", "Inference"]
    assert found.headline.startswith("Together $")
    both = to_json(found)
    total = sum(part["cost_usd"]["mid"] for part in both["parts"])
    assert both["cost_usd"]["mid"] == pytest.approx(total)


def test_a_service_says_that_its_cost_is_for_a_month() -> None:
    found = answered("infer llama-3-8b qps=5")
    assert found.per == "a month"
    assert any("730 hours" in line for line in found.assumptions)
    assert answered("infer llama-3-8b qps=5 duration=24h").per == "24 h"


def test_chips_that_were_asked_for_are_named_beside_the_machines_that_hold_them() -> None:
    assert "2 x A10G (as 1 x g5.12xlarge) takes" in answered(f"{JOB} on 2 x A10G").headline


# -- the terminal


def test_the_text_has_the_point_first_and_the_prices_last() -> None:
    lines = text.render(answered(f"{JOB} on g5.xlarge")).splitlines()
    assert lines[0].startswith("Fine-tune llama-3-8b")
    assert lines[-1].startswith("Prices as of")
    assert any(line.startswith("  1 x g5.xlarge") and "$51.09-204" in line for line in lines)
    assert all(len(line) <= 140 for line in lines[:-1])


def test_every_kind_of_answer_renders() -> None:
    for words in (JOB, "infer llama-3-8b qps=5", "infer llama-3-8b", f"{JOB} on g4dn.xlarge", f"{JOB} on 8 x mi300x"):
        assert text.render(answered(words)).strip()
        assert text.explained(answered(words)).startswith("How")


# -- the contract


def test_a_line_is_answered_with_the_fields_of_the_contract() -> None:
    found = line(
        id="r1",
        kind="finetune",
        model="llama-3-8b",
        samples=50000,
        method="lora",
        hardware={"instance_type": "g5.xlarge", "count": 2},
    )
    assert found["id"] == "r1"
    assert found["ok"] is True
    for name in ("hours", "accelerator_hours", "tokens_per_s", "samples_per_s", "cost_usd"):
        assert set(found[name]) == {"low", "mid", "high"}, name
        assert found[name]["low"] <= found[name]["mid"] <= found[name]["high"]
    assert set(found["memory_gb"]["per_accelerator"]) == {"low", "mid", "high"}
    assert found["memory_gb"]["parts"] == {"weights": 20.0}
    assert found["fits"] is True
    assert found["ttft_ms"] is None
    assert found["accelerator_hours"]["mid"] == pytest.approx(2 * found["hours"]["mid"])
    assert {option["market"] for option in found["options"]} >= {"on-demand", "spot"}


def test_without_hardware_the_options_are_ranked_and_the_first_speaks() -> None:
    found = line(kind="finetune", model="llama-3-8b", samples=50000)
    first = found["options"][0]
    assert len(found["options"]) > 5
    assert first["cost_usd"] == found["cost_usd"]
    assert first["meets"] is True


def test_chips_are_counted_as_chips_and_priced_as_machines() -> None:
    found = line(kind="train", model="llama-2-7b", tokens=1e12, hardware={"accelerator": "A100-80", "count": 1024})
    assert found["instance_type"] == "p4de.24xlarge"
    assert found["count"] == 128
    assert found["accelerator_hours"]["mid"] == pytest.approx(1024 * found["hours"]["mid"])


def test_hardware_without_a_count_is_one() -> None:
    found = line(kind="finetune", model="llama-3-8b", samples=1000, hardware={"accelerator": "A10G"})
    assert found["accelerators"] == 1
    assert any("one taken" in said for said in found["assumptions"])


def test_chips_outside_aws_have_no_cost() -> None:
    found = line(kind="train", model="llama-2-7b", tokens=1e12, hardware={"accelerator": "TPU v4", "count": 64})
    assert found["ok"] is True
    assert found["cost_usd"] is None
    assert found["hours"] is not None


def test_free_text_and_unknown_fields_are_ignored_and_named() -> None:
    found = line(
        kind="finetune",
        model="llama-3-8b",
        samples=1000,
        optimizer="our own",
        seq_mode="banana",
        scenario="on Tuesdays",
        framework="a stack of our own",
        colour="red",
        parallel={"sharding": "two ways", "zz": 1},
    )
    assert found["ok"] is True
    said = " ".join(found["assumptions"])
    assert "'colour'" in said
    assert "'parallel.zz'" in said
    assert "optimizer 'our own' is not known, counted as adamw" in said
    assert "seq_mode 'banana' is not known, samples counted as packed" in said


@pytest.mark.parametrize(
    ("said", "near"),
    [
        ({"seqlen": 512}, "did you mean seq_len?"),
        ({"batch_size": 8}, "did you mean batch?"),
        ({"tokns": 8}, "did you mean tokens?"),
        ({"hardware": {"accelerator": "A10G", "cuont": 1}}, "did you mean hardware.count?"),
        ({"parallel": {"tensor_parallel": 2}}, "did you mean parallel.tp?"),
        ({"model": {"name": "gpt2", "n_layers": 12}}, "did you mean model.layers?"),
        ({"colour": "red"}, "unknown field 'colour' ignored"),
    ],
)
def test_an_unknown_field_of_a_line_is_named_with_the_nearest(said: dict[str, Any], near: str) -> None:
    found = line(**{"kind": "finetune", "model": "gpt2", "samples": 1000, **said})
    assert found["ok"] is True
    assert any(near in assumed for assumed in found["assumptions"])


def test_a_model_that_is_described_is_computed_from_its_description() -> None:
    shape = {"name": "ours-9b", "params": 9e9, "layers": 40, "hidden": 4096, "heads": 32, "vocab": 64000}
    found = line(kind="train", model=shape, tokens=1e9)
    assert found["ok"] is True
    assert "ours-9b" in found["headline"]


def test_fields_of_the_description_beat_the_catalog() -> None:
    from estimator.line import read
    from estimator.line_work import work_of

    def spec(**model: Any) -> Any:
        work = work_of(read(json.dumps({"kind": "train", "model": model}))[1], CATALOG)
        return work.model  # type: ignore[union-attr]

    same = spec(name="Llama 2 7B", params=6.7e9, vocab=50000)
    assert (same.params, same.vocab, same.layers) == (6.7e9, 50000, 32)
    other = spec(name="Llama 2 7B", params=1.3e10, layers=40)
    assert (other.name, other.params, other.layers, other.heads) == ("Llama 2 7B", 1.3e10, 40, None)


BAD = [
    ({"kind": "finetune", "model": "gpt2", "method": "prefix-tuning"}, "method"),
    ({"kind": "finetune", "model": "gpt2", "precision": "whatever works"}, "precision"),
    ({"kind": "finetune", "model": "gpt2", "recompute": "sometimes"}, "recompute"),
    ({"kind": "finetune", "model": "gpt2", "market": "bazaar"}, "market"),
    ({"kind": "finetune", "model": "gpt2", "vendor": "acme"}, "vendor"),
    ({"kind": "train", "model": {"params": 1e9, "family": "oak"}}, "family"),
    ({"kind": "train", "model": "llama-2-7b", "tokens": -1}, "tokens"),
    ({"kind": "train", "model": "llama-2-7b", "tokens": 1e30}, "tokens"),
    ({"kind": "train", "model": "llama-2-7b", "tokens": True}, "tokens"),
    ({"kind": "train", "model": "llama-2-7b", "tokens": []}, "tokens"),
    ({"kind": "train", "model": "llama-2-7b", "seq_len": 0}, "seq_len"),
    ({"kind": "train", "model": "llama-2-7b", "seq_len": 12.5}, "seq_len"),
    ({"kind": "train", "model": "llama-2-7b", "global_batch": 4, "micro_batch": 8}, "micro_batch"),
    ({"kind": "train", "model": "llama-2-7b", "global_batch": 4, "parallel": {"dp": 8}}, "global_batch"),
    ({"kind": "train", "model": "llama-2-7b", "tokens": 1e9, "seq_len": 2048, "global_batch": 1e6}, "global_batch"),
    ({"kind": "train", "model": "resnet-50", "samples": 1e4, "global_batch": 20000}, "global_batch"),
    ({"kind": "train", "model": "no-such-model"}, "model"),
    ({"kind": "train", "model": {"name": "no-such-model"}}, "model"),
    ({"kind": "train", "model": {"params": -1}}, "model.params"),
    ({"kind": "train", "model": {}}, "model"),
    ({"kind": "train", "model": None}, "model"),
    ({"kind": "dance", "model": "llama-2-7b"}, "kind"),
    ({"model": "llama-2-7b"}, "kind"),
    ({"kind": "train", "model": "gpt2", "hardware": {"accelerator": "Z9"}}, "hardware.accelerator"),
    ({"kind": "train", "model": "gpt2", "hardware": {"instance_type": "p99.large"}}, "hardware.instance_type"),
    ({"kind": "train", "model": "gpt2", "hardware": {"accelerator": "A100", "count": -8}}, "hardware.count"),
    ({"kind": "train", "model": "gpt2", "hardware": 5}, "hardware"),
    ({"kind": "train", "model": "gpt2", "parallel": {"tp": 0}}, "parallel.tp"),
    ({"kind": "infer", "model": "gpt2", "qps": -2}, "qps"),
    ({"kind": "infer", "model": "gpt2", "batch": 1e12}, "batch"),
    ({"kind": "infer", "model": "gpt2", "region": "atlantis-1"}, "region"),
    ({"kind": "infer", "model": "gpt2", "deadline_hours": -1}, "deadline_hours"),
    ({"kind": "infer", "model": "gpt2", "budget_usd": 0}, "budget_usd"),
]


@pytest.mark.parametrize(("said", "field"), BAD, ids=[f"{field}-{index}" for index, (_, field) in enumerate(BAD)])
def test_a_value_that_cannot_be_is_an_error_with_its_field(said: dict[str, Any], field: str) -> None:
    found = line(id=7, **said)
    assert found["ok"] is False
    assert found["id"] == 7
    assert found["error"]["field"] == field
    assert found["error"]["message"]


@pytest.mark.parametrize("raw", ["", "nonsense", "[1, 2]", "null", '{"kind": "train"', "[" * 50_000])
def test_a_line_that_is_no_object_is_an_error(raw: str) -> None:
    found = answer_line(raw, CATALOG, TODAY, estimate=simple)
    assert found["ok"] is False
    assert found["error"]["field"] == "line"


def test_infinity_in_a_line_is_refused_and_never_answered() -> None:
    found = answer_line('{"id": 1, "kind": "train", "model": "gpt2", "tokens": 1e999}', CATALOG, TODAY, estimate=simple)
    assert found["error"]["field"] == "tokens"


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["name", "params", "layers", "tp", "accelerator", "count", "x"]), st.integers(), max_size=3
    ),
)
FIELDS = st.sampled_from(
    [
        "tokens",
        "samples",
        "seq_len",
        "model",
        "hardware",
        "parallel",
        "method",
        "precision",
        "qps",
        "batch",
        "market",
        "id",
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(["train", "finetune", "infer"]), st.dictionaries(FIELDS, VALUES, max_size=5))
def test_any_line_is_answered_or_refused_in_valid_json(kind: str, said: dict[str, Any]) -> None:
    raw = json.dumps({"kind": kind, "model": "gpt2", **said})
    found = answer_line(raw, CATALOG, TODAY, estimate=simple)
    assert isinstance(found["ok"], bool)
    json.dumps(found, allow_nan=False)


def test_no_answer_holds_a_number_that_json_cannot() -> None:
    found = to_json(answered(JOB))

    def numbers(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [n for inner in value.values() for n in numbers(inner)]
        if isinstance(value, list):
            return [n for inner in value for n in numbers(inner)]
        return [value] if isinstance(value, float) else []

    assert numbers(found)
    assert all(map(math.isfinite, numbers(found)))
