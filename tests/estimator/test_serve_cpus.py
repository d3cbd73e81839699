"""Text on CPUs is bound by the memory of the socket; few virtual CPUs by what each can draw."""

from __future__ import annotations

from dataclasses import replace

import pytest
from serve_fakes import CATALOG, machines, served

from data.shapes import Instance
from estimator.candidates import cluster_of
from estimator.result import Range
from estimator.serve_tables import tables

STREAM = {"framework": "llama.cpp", "batch": 1, "input_tokens": 16, "output_tokens": 128}


def mid(value: Range | None) -> float:
    assert value is not None
    return value.mid


def sized(name: str, vcpu: int, gib: float) -> Instance:
    """A machine of a family that the catalog lacks."""
    return replace(CATALOG.instance("c7g.16xlarge"), name=name, vcpu=vcpu, memory_gib=gib)


@pytest.mark.parametrize(
    ("name", "vcpu", "model", "precision", "published"),
    [
        ("c8g.xlarge", 4, "llama-3.1-8b", "int4", 15.2),
        ("c8g.2xlarge", 8, "llama-3.1-8b", "int4", 25.3),
        ("c8g.4xlarge", 16, "llama-3.1-8b", "int4", 41.0),
        ("r8g.4xlarge", 16, "llama-3.1-8b", "int4", 49.0),
        ("r8g.8xlarge", 32, "llama-3.1-8b", "int4", 63.0),
        ("r8g.8xlarge", 32, "llama-3.1-8b", "int8", 37.0),
        ("r8g.16xlarge", 64, "llama-3.1-8b", "int4", 70.0),
        ("r8g.16xlarge", 64, "llama-3.1-70b", "int4", 9.8),
        ("c7g.8xlarge", 32, "llama-3.1-8b", "int4", 39.7),
        ("c7g.16xlarge", 64, "llama-3.1-8b", "int4", 45.5),
        ("c5.2xlarge", 8, "llama-2-7b", "int4", 6.7),
    ],
)
def test_single_streams_are_near_the_published_ones(
    name: str, vcpu: int, model: str, precision: str, published: float
) -> None:
    place = cluster_of(sized(name, vcpu, vcpu * 8.0), 1, CATALOG)
    made = served(model, place, precision=precision, **STREAM)
    assert published / 1.35 < mid(made.tokens_per_s) < published * 1.35


def test_a_prompt_in_4_bits_is_read_with_integer_arithmetic() -> None:
    place = cluster_of(sized("c8g.4xlarge", 16, 32.0), 1, CATALOG)
    made = served("llama-3.1-8b", place, precision="int4", **(STREAM | {"input_tokens": 512}))
    assert 190 / 1.35 < 512e3 / mid(made.ttft_ms) < 190 * 1.35


def test_more_virtual_cpus_are_never_slower() -> None:
    for precision in ("int4", "int8", "bf16"):
        speeds = [
            mid(served("llama-3.2-1b", machines(f"m7i.{size}xlarge"), precision=precision, **STREAM).tokens_per_s)
            for size in (2, 4, 8, 12, 16, 24)
        ]
        assert speeds == sorted(speeds)


def test_fewer_bits_are_faster_on_every_generation() -> None:
    for name in ("c7g.8xlarge", "c7i.8xlarge", "c6i.8xlarge", "c5.9xlarge"):
        wide, narrow = (served("llama-3.1-8b", machines(name), precision=bits, **STREAM) for bits in ("int8", "int4"))
        assert mid(wide.tokens_per_s) < mid(narrow.tokens_per_s)


def test_every_generation_has_its_source_and_every_machine_a_generation() -> None:
    known = tables(CATALOG)
    assert all(one.source for one in known.cpus)
    for instance in CATALOG.instances.values():
        assert known.cpu(instance.name).socket_gb_s > 100
