"""Text generation: limits of memory, batch and latency, the roofline, and what never may happen."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from serve_fakes import CATALOG, chips, machines, model, served

from estimator.result import Estimate, Range
from estimator.serve_load import beams_of
from estimator.workload import ModelSpec

RUNTIMES = ("vLLM", "TensorRT-LLM", "HF Transformers", "llama.cpp", "Neuron", "litgpt", "AutoAWQ", None)
MODELS = ("llama-3-8b", "llama-2-70b", "mixtral-8x7b", "deepseek-v3", "t5-base", "gemma-2-9b")
CHIPS = ("A100-80", "H100-SXM", "L40S", "T4", "Inferentia2", "Trainium1", "RTX-4090", "MI300X")


def mid(value: Range | None) -> float:
    assert value is not None
    return value.mid


def test_a_model_that_does_not_fit_says_so_with_the_numbers_and_what_helps() -> None:
    made = served("llama-3-70b", chips("A10G"), framework="vLLM", precision="bf16")
    assert not made.fits
    assert "141 GB of weights" in made.why_not
    assert "23 GB" in made.why_not
    assert made.advice == ("more chips, or one with more than 157 GB",)
    assert served("llama-3-70b", chips("L40S"), precision="bf16").advice[0] == "4-bit weights: about 39.5 GB"
    assert made.tokens_per_s is None


def test_it_never_fits_above_the_usable_memory_of_the_card() -> None:
    for name in MODELS:
        for chip in CHIPS:
            made = served(name, chips(chip, 8), framework="vLLM", input_tokens=1000, output_tokens=500)
            if made.fits:
                assert made.memory is not None
                assert made.memory.per_accelerator.mid <= made.memory.usable_gb


def test_a_told_batch_that_does_not_fit_names_the_one_that_does() -> None:
    made = served("llama-3-8b", chips("A10G"), framework="vLLM", precision="bf16", batch=512, input_tokens=2000)
    assert not made.fits
    assert made.why_not.startswith("a batch of 512 needs")
    fitting = int(made.advice[0].split()[3].replace(",", ""))
    assert served(
        "llama-3-8b", chips("A10G"), framework="vLLM", precision="bf16", batch=fitting, input_tokens=2000
    ).fits


def test_grouped_heads_need_less_cache_than_one_for_each_query_head() -> None:
    grouped = served("llama-3-8b", chips("A100-80"), batch=8, precision="bf16")
    alone = replace(model("llama-3-8b"), kv_heads=32)
    full = served(alone, chips("A100-80"), batch=8, precision="bf16")
    assert full.memory
    assert grouped.memory
    assert full.memory.parts["KV cache"] == pytest.approx(4 * grouped.memory.parts["KV cache"])


def test_the_cache_of_latent_attention_is_that_of_its_rank() -> None:
    made = served(
        "deepseek-v3", chips("H200-SXM", 8), precision="fp8", batch=1, input_tokens=999, output_tokens=1, tp=8
    )
    assert made.memory
    assert made.memory.parts["KV cache"] == pytest.approx(61 * 576 * 1000 / 8 / 1e9)


def test_layers_with_a_window_keep_no_more_than_the_window() -> None:
    windowed = served("gemma-2-9b", chips("H100-SXM"), batch=1, precision="bf16", input_tokens=32_000, output_tokens=1)
    plain = replace(model("gemma-2-9b"), name="the same without a window")
    full = served(plain, chips("H100-SXM"), batch=1, precision="bf16", input_tokens=32_000, output_tokens=1)
    assert windowed.memory
    assert full.memory
    assert windowed.memory.parts["KV cache"] / full.memory.parts["KV cache"] == pytest.approx(
        (0.5 * 32_001 + 0.5 * 4096) / 32_001
    )


def test_four_bits_keep_the_embeddings_in_sixteen() -> None:
    made = served("llama-3-8b", chips("A100-80"), precision="int4", batch=1, framework="vLLM")
    assert made.memory
    embeddings = 2 * 128_256 * 4096
    assert made.memory.parts["weights"] == pytest.approx(
        (embeddings * 2 + (8.03e9 - embeddings) * 0.53) / 1e9, rel=0.01
    )


def test_experts_are_read_as_the_batch_chooses_them() -> None:
    one, many = (
        served("mixtral-8x7b", chips("H100-SXM", 2), framework="vLLM", precision="bf16", batch=batch, tp=2)
        for batch in (1, 64)
    )
    dense = served("llama-2-70b", chips("H100-SXM", 2), framework="vLLM", precision="bf16", batch=1, tp=2)
    assert mid(one.tpot_ms) < 0.4 * mid(dense.tpot_ms)  # 13 of 47 B weights
    assert mid(many.tpot_ms) > 2 * mid(one.tpot_ms)


def test_a_chip_counts_two_cores_of_tensor_parallelism_on_neuron() -> None:
    made = served("llama-2-70b", chips("Inferentia2", 12), tp=24, batch=1, precision="bf16")
    assert made.fits
    assert made.split == "TP 12"
    assert made.replicas == 1


def test_without_batch_or_rate_as_many_come_as_fit() -> None:
    made = served("llama-3-8b", chips("H100-SXM"), framework="TensorRT-LLM", precision="fp8", input_tokens=1000)
    assert made.batch
    assert made.batch > 100
    assert any("requests come without limit" in said for said in made.assumptions)


def test_a_latency_that_is_asked_for_limits_how_many_are_served_at_once() -> None:
    free, bound = (
        served("llama-3-8b", chips("H100-SXM"), framework="vLLM", precision="bf16", max_tpot_ms=limit)
        for limit in (None, 15.0)
    )
    assert mid(bound.tpot_ms) <= 15.0
    assert bound.batch
    assert free.batch
    assert bound.batch < free.batch
    assert mid(bound.tokens_per_s) < mid(free.tokens_per_s)


def test_a_rate_that_is_met_is_certain_and_one_that_is_not_names_the_replicas() -> None:
    met = served("llama-3-8b", chips("H100-SXM"), framework="vLLM", qps=1, input_tokens=500, output_tokens=200)
    assert met.fits
    assert mid(met.tokens_per_s) == pytest.approx(200)
    short = served("llama-3-8b", chips("A10G"), framework="vLLM", qps=50, input_tokens=500, output_tokens=200)
    assert short.fits
    assert not short.able
    need = int(short.advice[0].split()[1])
    enough = served("llama-3-8b", chips("A10G", need), framework="vLLM", qps=50, input_tokens=500, output_tokens=200)
    assert enough.able
    assert not served(
        "llama-3-8b", chips("A10G", need - 1), framework="vLLM", qps=50, input_tokens=500, output_tokens=200
    ).able


def test_fewer_replicas_than_there_are_may_carry_the_rate_and_are_named() -> None:
    made = served("llama-3-8b", chips("H100-SXM", 8), framework="vLLM", qps=1, input_tokens=500, output_tokens=200)
    assert "1 of 8 replicas carry 1 requests a second at 70% load" in made.assumptions


def test_the_runtime_decides_the_speed_of_a_single_stream() -> None:
    told = {"batch": 1, "precision": "bf16", "input_tokens": 128, "output_tokens": 256}
    fast, slow = (
        mid(served("llama-2-7b", chips("A100-80"), framework=name, **told).tokens_per_s)
        for name in ("TensorRT-LLM", "HF Transformers")
    )
    assert 2 < fast / slow < 5


@pytest.mark.parametrize(
    ("runtime", "precision", "chip", "bits", "share"),
    [
        ("llama.cpp", "fp16", "RTX-A6000", 16, 0.81),
        ("llama.cpp", "int4", "RTX-3090", 4.5, 0.60),
        ("ExLlamaV2", "int4", "RTX-4090", 4.25, 0.74),
        ("AutoAWQ", "int4", "RTX-4090", 4.25, 0.62),
        ("HF Transformers", "fp16", "A100-80", 16, 0.36),
        ("litgpt bnb.nf4", "int4", "A100-40", 4, 0.08),
    ],
)
def test_single_streams_reach_the_published_shares_of_the_bandwidth(
    runtime: str, precision: str, chip: str, bits: float, share: float
) -> None:
    made = served(
        "llama-2-13b", chips(chip), framework=runtime, precision=precision, batch=1, input_tokens=100, output_tokens=200
    )
    bytes_a_token = 13.02e9 * bits / 8
    reached = bytes_a_token / (mid(made.tpot_ms) / 1e3) / ((CATALOG.chip(chip).bandwidth_gb_s or 0) * 1e9)
    assert share / 1.6 < reached < share * 1.6


def test_a_published_benchmark_without_lengths_takes_those_of_its_task() -> None:
    spec = replace(model("llama-2-70b"), name="Llama-2-70B-chat (99.9%)")
    made = served(spec, chips("H100-SXM", 8), framework="TensorRT", precision="fp8", scenario="offline")
    assert any("294 tokens in and 294 out as in MLPerf" in said for said in made.assumptions)


def test_beams_cost_what_their_number_does() -> None:
    one, four = (
        served("t5-base", chips("A100-40"), framework="FasterTransformer", precision="fp16", batch=32, scenario=how)
        for how in ("greedy", "beam search 4")
    )
    assert mid(four.tokens_per_s) < mid(one.tokens_per_s)


@pytest.mark.parametrize(
    ("text", "found"),
    [("beam search 4", 4), ("beam-search with 8", 8), ("4 beams", 4), ("beams=2", 2), ("sampling 4", 1), ("", 1)],
)
def test_free_text_tells_the_beams(text: str, found: int) -> None:
    assert beams_of(text) == found


@pytest.mark.parametrize(
    ("name", "kilobytes"), [("llama-3-8b", 131.072), ("llama-2-7b", 524.288), ("deepseek-v3", 70.272)]
)
def test_a_token_of_kv_cache_has_its_published_size(name: str, kilobytes: float) -> None:
    made = served(name, chips("MI325X", 8), precision="bf16", batch=1, tp=8)
    assert f"{kilobytes:,.1f} kB a token" in made.steps[0].formula


def test_what_was_not_told_widens_the_range_and_the_widest_of_it_is_named() -> None:
    told = {"precision": "bf16", "input_tokens": 500, "output_tokens": 200}
    named = served("llama-3-8b", chips("A100-80"), framework="TensorRT-LLM", **told)
    unnamed = served("llama-3-8b", chips("A100-80"), **told)
    assert named.tokens_per_s
    assert unnamed.tokens_per_s
    assert unnamed.tokens_per_s.high / unnamed.tokens_per_s.low > named.tokens_per_s.high / named.tokens_per_s.low
    assert unnamed.biggest_unknown.startswith("name the runtime")
    assert named.biggest_unknown == ""


def test_a_model_that_may_just_fit_has_figures_but_does_not_fit() -> None:
    spec = ModelSpec(name="as large as the card", params=11.7e9, layers=40, hidden=5120, heads=40, kv_heads=40)
    made = served(spec, chips("A10G"), framework="vLLM", precision="bf16", input_tokens=2000, output_tokens=500)
    assert not made.fits
    assert made.tokens_per_s is not None


# -- what never may happen


works = st.fixed_dictionaries(
    {
        "framework": st.sampled_from(RUNTIMES),
        "precision": st.sampled_from(("bf16", "fp16", "fp8", "int8", "int4", "fp32", None)),
        "input_tokens": st.integers(1, 200_000),
        "output_tokens": st.integers(1, 50_000),
    }
)


def figures(made: Estimate) -> list[Range]:
    found = (made.tokens_per_s, made.samples_per_s, made.ttft_ms, made.tpot_ms, made.hours)
    return [one for one in found if one is not None]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MODELS), st.sampled_from(CHIPS), st.integers(1, 64), works, st.data())
def test_every_figure_is_finite_and_positive(name: str, chip: str, count: int, told: dict, data: st.DataObject) -> None:
    load = data.draw(
        st.sampled_from(
            (
                {},
                {"batch": data.draw(st.integers(1, 10**9))},
                {"qps": data.draw(st.floats(1e-6, 1e9))},
                {"concurrency": data.draw(st.integers(1, 10**9))},
                {"samples": data.draw(st.floats(1, 1e15))},
                {"max_tpot_ms": data.draw(st.floats(1e-3, 1e6))},
            )
        )
    )
    made = served(name, chips(chip, count), **told, **load)
    for one in figures(made):
        assert 0 < one.low <= one.mid <= one.high < math.inf
    assert made.fits or made.why_not


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(MODELS), st.sampled_from(CHIPS), works, st.integers(1, 2000), st.integers(1, 2000))
def test_a_bigger_batch_needs_no_less_memory_and_serves_no_less(
    name: str, chip: str, told: dict, first: int, second: int
) -> None:
    small, large = sorted((first, second))
    one, other = (served(name, chips(chip, 8), **told, batch=batch) for batch in (small, large))
    assume(one.tokens_per_s is not None and other.tokens_per_s is not None)
    assert mid(other.tokens_per_s) >= 0.999 * mid(one.tokens_per_s)
    if one.fits and other.fits:
        assert one.memory
        assert other.memory
        assert other.memory.per_accelerator.mid >= one.memory.per_accelerator.mid - 1e-9


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(MODELS), st.sampled_from(CHIPS), works, st.integers(1, 100_000))
def test_a_longer_prompt_is_not_read_sooner(name: str, chip: str, told: dict, more: int) -> None:
    longer = {**told, "input_tokens": told["input_tokens"] + more}
    one, other = (served(name, chips(chip, 8), **each, batch=1) for each in (told, longer))
    assume(one.ttft_ms is not None and other.ttft_ms is not None)
    assert mid(other.ttft_ms) >= mid(one.ttft_ms)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(MODELS), st.sampled_from(CHIPS), works, st.integers(0, 3))
def test_twice_the_chips_serve_no_less(name: str, chip: str, told: dict, power: int) -> None:
    few, many = (served(name, chips(chip, 2**number), **told) for number in (power, power + 1))
    if few.fits:
        assert many.fits
        assert mid(many.samples_per_s) >= 0.999 * mid(few.samples_per_s)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(MODELS),
    st.sampled_from(CHIPS),
    st.integers(1, 16),
    st.sampled_from((1, 10**6, 10**9)),
    st.sampled_from((1, 10**6, 10**9)),
    st.sampled_from(({}, {"batch": 10**9}, {"qps": 1e-12}, {"qps": 1e12}, {"samples": 1e15}, {"concurrency": 10**9})),
)
def test_extremes_give_numbers_or_a_reason(
    name: str, chip: str, count: int, tokens_in: int, tokens_out: int, load: dict
) -> None:
    made = served(name, chips(chip, count), input_tokens=tokens_in, output_tokens=tokens_out, **load)
    assert all(0 < one.low <= one.mid <= one.high < math.inf for one in figures(made))
    assert made.fits or made.why_not


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(MODELS), st.sampled_from(CHIPS), works, st.integers(1, 6), st.integers(1, 6))
def test_more_replicas_serve_no_less(name: str, chip: str, told: dict, first: int, second: int) -> None:
    few, many = sorted((first, second))
    one, other = (served(name, chips(chip, 8 * number), **told, tp=8) for number in (few, many))
    assume(one.tokens_per_s is not None)
    assert mid(other.tokens_per_s) >= mid(one.tokens_per_s)


@pytest.mark.parametrize("runtime", ["vLLM", "TensorRT-LLM", "HF Transformers"])
def test_half_the_bits_are_half_the_weights(runtime: str) -> None:
    spec = replace(model("llama-3-8b"), vocab=1)
    sizes = []
    for precision in ("fp32", "bf16", "fp8"):
        made = served(spec, chips("H100-SXM"), framework=runtime, precision=precision, batch=1)
        assert made.memory
        sizes.append(made.memory.parts["weights"])
    assert sizes[0] == pytest.approx(2 * sizes[1], rel=1e-3)
    assert sizes[1] == pytest.approx(2 * sizes[2], rel=1e-3)


def test_an_estimate_takes_a_fraction_of_a_millisecond() -> None:
    cluster = machines("g6e.12xlarge")
    served("llama-3-70b", cluster, qps=1.0, precision="fp8")
    start = time.process_time()
    for _ in range(50):
        served("llama-3-70b", cluster, qps=1.0, precision="fp8")
    assert (time.process_time() - start) / 50 < 0.002
