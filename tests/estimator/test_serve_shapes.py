"""In which shape a model is served."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from serve_fakes import CATALOG, chips, machines, model

from estimator import text
from estimator.answer import Answer, answer
from estimator.contract import to_json
from estimator.parse import parse
from estimator.result import Cluster
from estimator.serve import estimate
from estimator.serve_endpoint import (
    ASYNCHRONOUS,
    FARGATE,
    LAMBDA,
    REAL_TIME,
    SERVERLESS,
    TRANSFORM,
    EndpointShape,
)
from estimator.serve_shapes import endpoint_shapes
from estimator.workload import Inference
from handlers.views import estimate as views


def shapes(name: str, cluster: Cluster, **told: Any) -> dict[str, EndpointShape]:
    work = Inference(model=model(name), **told)
    return {one.kind: one for one in endpoint_shapes(work, estimate(work, cluster, CATALOG), CATALOG)}


def test_a_large_language_model_under_a_steady_load_is_a_real_time_endpoint() -> None:
    made = shapes("llama-3-8b", machines("g6e.xlarge", 2), qps=5, input_tokens=512, output_tokens=256)
    one = made[REAL_TIME]
    assert one.advised
    assert (one.instance, one.count) == ("ml.g6e.xlarge", 2)
    rate = CATALOG.rate("g6e.xlarge", "us-east-1", "sagemaker")
    assert rate
    assert one.usd == pytest.approx(2 * 730 * rate.usd_per_hour)
    assert "no GPU" in made[SERVERLESS].why
    assert "no GPU" in made[LAMBDA].why


def test_the_autoscaling_target_is_seventy_percent_of_what_one_machine_can_do() -> None:
    made = shapes("llama-3-8b", machines("g6e.xlarge", 2), qps=5, input_tokens=512, output_tokens=256)
    target = made[REAL_TIME].target
    assert target
    assert 5 * 60 / 2 <= target < 5 * 60 * 10  # the rate is met with headroom


def test_a_small_model_that_is_seldom_asked_is_paid_by_use() -> None:
    made = shapes("resnet-50", machines("c7i.xlarge"), qps=0.01)
    best = next(one for one in made.values() if one.advised)
    assert best.kind in (LAMBDA, SERVERLESS)
    assert best.usd is not None
    assert made[REAL_TIME].usd is not None
    assert best.usd < 0.05 * made[REAL_TIME].usd
    assert "cold start" in best.why


def test_a_set_of_samples_is_a_batch_transform() -> None:
    made = shapes("bert-base", machines("g5.xlarge"), samples=1e6, seq_len=128)
    one = made[TRANSFORM]
    assert one.advised
    assert "1M samples from S3" in one.why
    assert one.usd is not None
    assert one.usd < 10


def test_a_request_that_takes_minutes_goes_to_a_queue() -> None:
    made = shapes("llama-3-70b", machines("g6e.12xlarge"), qps=0.001, precision="fp8", output_tokens=8000)
    assert not made[REAL_TIME].fits
    assert "60 s is the limit" in made[REAL_TIME].why
    assert made[ASYNCHRONOUS].advised
    assert "1 GB" in made[ASYNCHRONOUS].why


def test_requests_that_keep_coming_are_no_batch_transform() -> None:
    assert not shapes("bert-base", machines("g5.xlarge"), qps=1)[TRANSFORM].fits


def test_a_latency_that_a_cpu_cannot_keep_rules_out_what_has_no_gpu() -> None:
    made = shapes("bert-large", machines("g5.xlarge"), qps=1, seq_len=384, max_latency_ms=5.0)
    assert [made[kind].fits for kind in (SERVERLESS, LAMBDA, FARGATE)] == [False, False, False]


def test_more_memory_is_taken_where_its_cpu_is_needed_for_the_latency() -> None:
    slow = shapes("bert-base", machines("g5.xlarge"), qps=1, seq_len=128)[LAMBDA]
    fast = shapes("bert-base", machines("g5.xlarge"), qps=1, seq_len=128, max_latency_ms=100.0)[LAMBDA]
    assert fast.fits
    assert fast.request_ms is not None
    assert fast.request_ms <= 100.0
    assert fast.instance != slow.instance


def test_a_rate_beyond_the_limit_of_concurrency_is_refused() -> None:
    made = shapes("bert-base", machines("g5.48xlarge"), qps=5000, seq_len=128)
    assert "200 is the limit" in made[SERVERLESS].why


def test_chips_that_aws_does_not_rent_have_no_endpoint() -> None:
    made = shapes("llama-3-8b", chips("RTX-4090"), qps=0.1, precision="int4")
    assert made[REAL_TIME].why == "AWS does not rent these chips"


def test_what_does_not_fit_its_machine_has_no_endpoint() -> None:
    made = shapes("llama-3-70b", machines("g5.xlarge"), qps=1, precision="bf16")
    assert "do not fit" in made[REAL_TIME].why


def test_an_unknown_price_is_unknown() -> None:
    made = shapes("bert-base", machines("g5.xlarge"), qps=0.1, seq_len=64)
    assert made[SERVERLESS].usd is not None
    away = Inference(model=model("bert-base"), qps=0.1, seq_len=64)
    away = Inference(model=away.model, qps=0.1, seq_len=64, wish=type(away.wish)(region="ap-northeast-1"))
    there = endpoint_shapes(away, estimate(away, machines("g5.xlarge"), CATALOG), CATALOG)
    serverless = next(one for one in there if one.kind == SERVERLESS)
    assert serverless.usd is None
    assert "unknown" in serverless.line


def test_the_advised_shape_is_told_in_a_line() -> None:
    made = shapes("llama-3-8b", machines("g6e.xlarge", 2), qps=5, input_tokens=512, output_tokens=256)
    line = made[REAL_TIME].line
    assert line.startswith("real-time endpoint on 2 x ml.g6e.xlarge, $")
    assert "scale at InvocationsPerInstance" in line


def told(words: str) -> Answer:
    return answer(parse(words, CATALOG), CATALOG, date(2026, 9, 1))


def test_every_price_of_a_shape_names_its_source_and_its_day() -> None:
    for one in told("infer bert-base seq=128 qps=0.01").shapes:
        assert (one.usd is None) == (one.price == "")
        assert (one.usd is None) == (one.price_as_of is None)


def test_a_light_load_is_told_to_go_where_only_use_is_paid() -> None:
    found = told("infer bert-base seq=128 qps=0.01")
    assert re.search(r"(Lambda|Serverless endpoint) \(\d GB\) does it for \$0\.\d\d for a month\.$", found.headline)
    lines = text.render(found)
    for kind in ("Lambda", "Fargate", "serverless endpoint", "real-time endpoint", "asynchronous endpoint"):
        assert kind in lines
    assert any(option.chip is None for option in found.options)


def test_a_steady_load_is_told_its_endpoint_with_count_target_and_cost() -> None:
    found = to_json(told("infer llama-3-8b qps=5 input=512 output=256"))["shapes"]
    first = found[0]
    assert (first["kind"], first["advised"]) == (REAL_TIME, True)
    assert first["instance"].startswith("ml.")
    assert first["count"] >= 1
    assert first["invocations_per_instance"] > 0
    assert first["usd"] > 0
    assert first["usd_for"] == "a month"
    assert first["price_as_of"] <= "2026-12-31"
    assert {one["kind"] for one in found if not one["fits"]} >= {LAMBDA, SERVERLESS, TRANSFORM}


def test_the_endpoint_stands_on_a_machine_that_sagemaker_rents() -> None:
    found = told("infer llama-3-8b qps=5 input=512 output=256")
    assert found.shapes[0].usd is not None
    assert CATALOG.rate(str(found.shapes[0].instance).removeprefix("ml."), "us-east-1", "sagemaker")


@pytest.mark.parametrize("words", ["infer llama-3-8b", "finetune llama-3-8b lora samples=50k seq=512"])
def test_what_has_no_load_to_serve_has_no_shapes(words: str) -> None:
    assert told(words).shapes == ()


def test_a_pipeline_is_served_in_the_shape_of_its_second_part() -> None:
    found = told("fine-tune bert on 100k samples 3 epochs then serve 1M queries")
    assert found.shapes == found.parts[1].shapes
    assert found.shapes[0].kind == TRANSFORM


def test_slack_says_the_shape_that_fits_and_keeps_the_rest_for_those_who_ask() -> None:
    found = told("infer llama-3-8b qps=5 input=512 output=256")
    shown = str(views.message(found, "e_1").blocks)
    assert "*Shape that fits:* real-time endpoint, " in shown
    assert "unknown" not in shown  # a service has a latency where a job has a time
    assert "Fargate" not in shown
    assert "Fargate" in str(views.how(found))
