"""In which shape a model is served."""

from __future__ import annotations

from typing import Any

import pytest
from serve_fakes import CATALOG, chips, machines, model

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
from estimator.serve_shapes import endpoint_notes, endpoint_shapes
from estimator.workload import Inference


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
    work = Inference(model=model("llama-3-8b"), qps=5, input_tokens=512, output_tokens=256)
    (line,) = endpoint_notes(work, estimate(work, machines("g6e.xlarge", 2), CATALOG), CATALOG)
    assert line.startswith("Served as a real-time endpoint on 2 x ml.g6e.xlarge, InvocationsPerInstance")
