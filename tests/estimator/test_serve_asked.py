"""A shape that is asked for by its name is answered first: with its cost, or with why it cannot be."""

from __future__ import annotations

import pytest
from estimator_lines import CATALOG, answered

from estimator.contract import to_json
from estimator.parse import parse
from estimator.said import words
from estimator.serve_endpoint import ASYNCHRONOUS, FARGATE, LAMBDA, REAL_TIME, SERVERLESS, TRANSFORM


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("serve bert-base on lambda at 1 qps", LAMBDA),
        ("host bert-base in an aws lambda function 1 qps", LAMBDA),
        ("deploy bert-base as a sagemaker serverless endpoint at 0.1 qps", SERVERLESS),
        ("serve resnet-50 server-less 1 qps", SERVERLESS),
        ("serve bert-base on fargate 1 qps", FARGATE),
        ("serve whisper-small async endpoint 1 qps", ASYNCHRONOUS),
        ("serve bert-base on a real-time endpoint 5 qps", REAL_TIME),
        ("classify 1M texts with bert-base batch transform", TRANSFORM),
    ],
)
def test_a_named_shape_comes_first_and_is_advised_where_it_fits(line: str, kind: str) -> None:
    made = answered(line)
    first = made.shapes[0]
    assert (first.kind, first.asked, first.advised, first.fits) == (kind, True, True, True)
    assert f"{kind}".lower() in made.headline.lower()
    assert " serves it for $" in made.headline
    assert "On EC2: " in made.headline
    assert to_json(made)["shapes"][0]["asked"] is True


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("serve llama-3-8b on lambda", "Lambda cannot serve it: there is no GPU, and the model does not fit 10 GB"),
        ("serve llama-3-8b serverless 2 qps", "A serverless endpoint cannot serve it: there is no GPU"),
        ("serve llama-3-70b on fargate 1 qps", "Fargate cannot serve it"),
        ("serve bert-base batch transform 5 qps", "A batch transform cannot serve it: requests keep coming"),
        ("serve bert-base on lambda 1 qps latency=1ms", "Lambda cannot serve it: a request takes"),
    ],
)
def test_a_named_shape_that_cannot_be_says_why_and_what_does(line: str, why: str) -> None:
    made = answered(line)
    assert why in made.headline
    assert made.shapes[0].asked
    assert not made.shapes[0].fits
    assert not made.shapes[0].advised
    rest = made.headline.partition(" cannot serve it: ")[2]
    assert " x " in rest  # machines that do


def test_without_a_load_a_shape_says_that_its_cost_needs_one() -> None:
    assert "say qps= or queries= for its cost" in answered("serve bert-base on lambda").headline


def test_no_shape_is_asked_for_where_none_was_named() -> None:
    for line in ("serve bert-base 1 qps", "serve bert-base real-time 1 qps", "serve llama-3-8b 2 qps streaming"):
        made = answered(line)
        assert not any(one.asked for one in made.shapes)


def test_a_named_shape_is_said_back_and_read_again() -> None:
    for line in (
        "serve bert-base on lambda at 1 qps",
        "serve bert-base serverless 1 qps",
        "serve bert-base on fargate",
    ):
        work = parse(line, CATALOG)
        assert not any("description" in note for note in work.notes)  # type: ignore[union-attr]
        assert parse(words(work, CATALOG), CATALOG) == work
