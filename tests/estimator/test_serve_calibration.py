"""The serving tables are what priors and published cases give, and the estimates that ship keep their accuracy."""

from __future__ import annotations

import csv
import io
import math
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from data import load
from estimator.serve_tables import find_runtime, tables

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data" / "calibration"
CATALOG = load()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.syspath_prepend(str(ROOT))
    names = ("behind", "calibrate_serving", "cases", "crossvalidate", "score")
    return SimpleNamespace(**{name: import_module(f"benchmarks.{name}") for name in names})


def test_the_tables_are_rebuilt_from_priors_and_cases_to_the_last_digit(bench: SimpleNamespace) -> None:
    made = bench.calibrate_serving.tables(bench.cases.load(), CATALOG)
    for name, rows in made.items():
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        assert text.getvalue() == (FOLDER / f"{name}.csv").read_text(encoding="utf-8")


def test_no_constant_runs_away_from_its_prior(bench: SimpleNamespace) -> None:
    for name, value in tables(CATALOG).constants.items():
        prior, deviation = bench.calibrate_serving.priors()[name]
        assert abs(math.log(value / prior)) < 2.5 * deviation, name


def test_without_cases_the_constants_are_the_priors(bench: SimpleNamespace) -> None:
    made = bench.calibrate_serving.tables([], CATALOG)
    for row in made["serving_constants"]:
        assert float(row["value"]) == pytest.approx(bench.calibrate_serving.priors()[row["name"]][0], rel=1e-3)
        assert row["families"] == "0"


@pytest.mark.parametrize(
    ("suite", "fold", "within_20", "worst"),
    [("llm-serving", 1.20, 0.65, 2.0), ("latency", 1.20, 0.60, 2.0), ("batch-inference", 1.18, 0.60, 1.6)],
)
def test_what_ships_keeps_its_accuracy(
    bench: SimpleNamespace, suite: str, fold: float, within_20: float, worst: float
) -> None:
    cases = [case for case in bench.cases.load() if case.suite == suite]
    said = [(case.actual, bench.crossvalidate.answer(case, CATALOG).said) for case in cases]
    found = bench.score.score(suite, said)
    assert found.fold <= fold
    assert found.within_20 >= within_20
    assert found.worst <= worst
    assert found.held >= 0.75


def test_the_figures_behind_single_constants_stay_near(bench: SimpleNamespace) -> None:
    rows = bench.cases.load(bench.behind.ROWS)
    said = [(row.actual, bench.crossvalidate.answer(row, CATALOG).said) for row in rows]
    assert [row.id for row, (_, one) in zip(rows, said, strict=True) if one is None] == []
    assert all(row.source for row in rows)
    found = bench.score.score("behind", said)
    assert found.fold <= 1.45
    assert found.held >= 0.85


def test_the_priors_alone_keep_the_aims(bench: SimpleNamespace) -> None:
    from benchmarks.calibrate_training import with_tables

    alone = with_tables(CATALOG, bench.calibrate_serving.tables([], CATALOG))
    for suite in ("llm-serving", "latency", "batch-inference"):
        cases = [case for case in bench.cases.load() if case.suite == suite]
        said = [(case.actual, bench.crossvalidate.answer(case, alone).said) for case in cases]
        assert bench.score.score(suite, said).fold <= 1.45


@pytest.mark.parametrize(
    ("words", "precision", "name"),
    [
        ("TensorRT-LLM 0.17", "fp8", "tensorrt-llm"),
        ("TensorRT 10.2.0, CUDA 12.4", "fp8", "tensorrt-llm"),
        ("vLLM 0.6", None, "vllm"),
        ("DJL LMI", None, "vllm"),
        ("HF Transformers + FA2", "bf16", "huggingface"),
        ("litgpt 2023-10 (eager)", "int4", "bitsandbytes"),
        ("litgpt", "bf16", "huggingface"),
        ("llama.cpp (2024-05)", "int4", "llama.cpp"),
        ("ExLlamaV2", "int4", "exllama"),
        ("FasterTransformer", "fp16", "fastertransformer"),
        ("ONNX Runtime", "fp16", "onnxruntime"),
    ],
)
def test_free_text_names_a_runtime(words: str, precision: str | None, name: str) -> None:
    found, named = find_runtime(words, CATALOG.chip("A100-80"), precision, tables(CATALOG))
    assert (found.name, named) == (name, True)


def test_what_names_no_runtime_is_taken_for_the_usual_one() -> None:
    known = tables(CATALOG)
    assert find_runtime("our own server", CATALOG.chip("A100-80"), None, known)[0].name == "vllm"
    assert find_runtime(None, CATALOG.chip("Inferentia2"), None, known) == (known.runtimes["neuron"], True)
    assert find_runtime(None, None, None, known) == (known.runtimes["llama.cpp"], False)
