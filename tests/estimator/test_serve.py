"""Serving estimates: the roofline's parts by hand, and what must always hold."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import load
from data.shapes import Chip
from estimator import serve, serve_runtime
from estimator.asked_model import model_spec, spec_of
from estimator.compute import shape
from estimator.result import Cluster, Estimate, Range
from estimator.serve import estimate
from estimator.serve_machine import Machine
from estimator.serve_runtime import Runtime
from estimator.serve_text import Replica
from estimator.workload import Inference, ModelSpec, Parallel

CATALOG = load()
CHIPS = ("A10G", "L4", "L40S", "T4", "V100-16", "A100-80", "H100", "H200", "B200", "Inferentia2", "Trainium1")
MODELS = ("llama-3-8b", "llama-3-70b", "mixtral-8x7b", "deepseek-v3", "t5-base", "bert-large", "resnet-50")
RUNTIMES = (None, "vLLM 0.6", "TensorRT-LLM", "HuggingFace transformers", "llama.cpp", "litgpt", "ONNX Runtime")


def model(name: str) -> ModelSpec:
    return spec_of(CATALOG.model(name))


def on(chip: Chip | str, count: int = 1) -> Cluster:
    return Cluster(CATALOG.chip(chip) if isinstance(chip, str) else chip, count, min(8, count))


def on_type(name: str) -> Cluster:
    instance = CATALOG.instance(name)
    chip = CATALOG.chips[instance.chip] if instance.chip else None
    count = max(1, int(instance.chips))
    return Cluster(chip, count, count, instance)


def serving(name: str = "llama-3-8b", **told: object) -> Inference:
    return Inference(model=model(name), **told)  # type: ignore[arg-type]


def made(work: Inference, cluster: Cluster) -> Estimate:
    return estimate(work, cluster, CATALOG)


def mid(found: Range | None) -> float:
    assert found is not None
    return found.mid


# A machine and a runtime with round numbers: 100 TFLOP/s, 1,000 GB/s, 80 GB; half of each is reached.
PLAIN = Runtime(
    name="plain",
    pattern=serve.BEAMS,
    memory_use=0.5,
    layer_s=1e-5,
    sequence_s=1e-6,
    prefill_16bit=0.5,
    prefill_8bit=0.25,
    spread=0.3,
    rows=0,
    source="this file",
)
ROUND = Machine(flops=1e14, bandwidth=1e12, usable_gb=80.0, link=1e11, precision="bf16", kv_bytes=2.0)
DENSE = ModelSpec(
    name="plain", params=10e9, layers=40, hidden=5000, heads=40, kv_heads=8, head_dim=125, ffn=14000, vocab=1000
)


def replica(**changed: object) -> Replica:
    one = Replica(DENSE, shape(DENSE), ROUND, PLAIN, 1)
    return replace(one, **changed)  # type: ignore[arg-type]


# --- parts by hand ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kilobytes"), [("llama-3-8b", 131.072), ("llama-2-7b", 524.288), ("deepseek-v3", 70.272)]
)
def test_a_token_of_kv_cache_has_its_published_size(name: str, kilobytes: float) -> None:
    one = Replica(model(name), shape(model(name)), ROUND, PLAIN, 1)
    assert one.kv_per_token / 1e3 == pytest.approx(kilobytes)


def test_one_sequence_reads_every_weight_for_each_token() -> None:
    one = replica()
    read = (20e9 + one.kv_per_token * 1000) / (1e12 * 0.5)
    assert one.kv_per_token == 2 * 40 * 8 * 125 * 2
    assert one.step_s(1, 1000) == pytest.approx(read + 40 * 1e-5 + 1e-6)


def test_a_large_batch_is_bound_by_the_peak() -> None:
    one = replica(of=replace(shape(DENSE), kv=0))
    multiplied = 2048 * 2 * 10e9 / (1e14 * 0.6)
    assert one.step_s(2048, 1) == pytest.approx(multiplied + 40 * 1e-5 + 2048e-6, rel=0.01)


def test_a_prompt_takes_its_flops_at_the_share_of_the_peak() -> None:
    assert replica().prefill_s(4000) == pytest.approx(4000 * 2 * 10e9 / (1e14 * 0.5), rel=0.1)


def test_a_short_prompt_takes_at_least_the_weights_once() -> None:
    assert replica().prefill_s(1) == pytest.approx(20e9 / (1e12 * 0.5) + 40 * 1e-5)


def test_sequences_at_once_fill_what_the_weights_leave() -> None:
    one = replica()
    left = (80.0 - 0.7) * 1e9 - 20e9 * 1.04
    assert one.most_sequences(10_000) == int(left / (1.04 * 160_000 * 10_000))


def test_few_tokens_wake_few_experts_and_many_wake_nearly_all() -> None:
    one = Replica(model("mixtral-8x7b"), shape(model("mixtral-8x7b")), ROUND, PLAIN, 1)
    assert one.touched(1) / one.weights == pytest.approx(12.9 / 46.7, abs=0.01)
    assert one.touched(64) / one.weights > 0.99


def test_weights_spread_in_layers_take_turns_and_a_tensor_split_works_at_once() -> None:
    work = serving("llama-2-13b", framework="HuggingFace", batch=1)
    turns, split = (made(w, on("A100-80", 2)) for w in (work, replace(work, parallel=Parallel(tp=2))))
    assert mid(split.tpot_ms) < mid(turns.tpot_ms)


@pytest.mark.parametrize(
    ("text", "found"),
    [("beam search 4", 4), ("beam-search with 8", 8), ("4 beams", 4), ("beams=2", 2), ("sampling 4", 1), (None, 1)],
)
def test_free_text_tells_the_beams(text: str | None, found: int) -> None:
    assert serve.beams(text) == found


def test_beams_multiply_the_sequences_and_their_memory() -> None:
    one, four = replica(), replica(beams=4)
    assert four.most_sequences(10_000) == pytest.approx(one.most_sequences(10_000) / 4, abs=1)
    assert four.parts(2, 100)["KV cache"] == 4 * one.parts(2, 100)["KV cache"]
    work = serving("t5-base", framework="HuggingFace", batch=128)
    plain, beamed = (made(w, on("V100-16")) for w in (work, replace(work, scenario="beam search 4")))
    assert mid(beamed.tokens_per_s) < mid(plain.tokens_per_s) / 2
    assert any("4 sequences" in line for line in beamed.assumptions)


# --- what is said ----------------------------------------------------------------------------------------------------


def test_v100_serves_in_fp16_and_says_so() -> None:
    found = made(serving(precision="bf16", batch=1), on("V100-32"))
    assert "V100-32 has no bf16: fp16 assumed" in found.assumptions


def test_what_does_not_fit_says_the_numbers_and_what_helps() -> None:
    found = made(serving("llama-3-70b", precision="bf16", batch=1), on("A10G"))
    assert not found.fits
    assert "141 GB of weights" in found.why_not
    assert "22 GB" in found.why_not
    assert found.advice


def test_a_rate_that_one_machine_cannot_serve_names_the_replicas() -> None:
    found = made(serving(qps=1000), on("A10G"))
    need = int(found.why_not.split("need ")[1].split()[0])
    assert not found.fits
    assert need > 1
    assert f"take {need} replicas" in found.advice
    assert made(serving(qps=1000), on("A10G", need)).fits


def test_a_rate_that_is_met_is_what_it_is() -> None:
    assert mid(made(serving(qps=0.01), on("H100")).samples_per_s) == pytest.approx(0.01)


def test_an_unnamed_runtime_widens_the_range_and_says_by_how_much() -> None:
    told, untold = (made(serving(batch=8, framework=name), on("A100-80")).tpot_ms for name in ("vLLM", None))
    assert told
    assert untold
    assert untold.high / untold.low > told.high / told.low
    assert "name the runtime" in made(serving(batch=8), on("A100-80")).biggest_unknown


@pytest.mark.parametrize(
    ("framework", "name"),
    [
        ("TensorRT-LLM 1.0", "tensorrt-llm"),
        ("FasterTransformer", "tensorrt-llm"),
        ("vLLM 0.6", "vllm"),
        ("HF Transformers + FA2", "huggingface"),
        ("ollama", "llama.cpp"),
        ("AutoGPTQ", "exllama"),
        ("something else", "vllm"),
    ],
)
def test_free_text_names_a_runtime(framework: str, name: str) -> None:
    found, named = serve_runtime.find(framework, CATALOG.chip("A100-80"), None, CATALOG)
    assert found.name == name
    assert named == (framework != "something else")


def test_a_stricter_accuracy_is_computed_in_16_bits() -> None:
    strict = model_spec({"model": "bert-large"}, CATALOG, "bert-large SQuAD (99.9%)")
    loose = model_spec({"model": "bert-large"}, CATALOG, "bert-large SQuAD (99%)")
    assert strict.name == "bert-large SQuAD (99.9%)"
    slow, fast = (
        made(Inference(model=one, precision="int8", seq_len=384, framework="TensorRT"), on("L4"))
        for one in (strict, loose)
    )
    assert mid(slow.samples_per_s) == pytest.approx(mid(fast.samples_per_s) / 2, rel=0.01)


def test_a_cpu_serves_a_small_encoder_and_no_large_decoder() -> None:
    assert made(serving("bert-base", seq_len=128), on_type("c7i.4xlarge")).fits
    assert not made(serving("llama-3-70b"), on_type("c7i.4xlarge")).fits


# --- what must always hold -------------------------------------------------------------------------------------------

some = settings(deadline=None, max_examples=60)
works = st.builds(
    lambda name, runtime, tokens_in, tokens_out: serving(
        name, framework=runtime, input_tokens=tokens_in, output_tokens=tokens_out
    ),
    st.sampled_from(MODELS),
    st.sampled_from(RUNTIMES),
    st.integers(1, 32_000),
    st.integers(1, 8_000),
)
clusters = st.builds(on, st.sampled_from(CHIPS), st.sampled_from((1, 2, 4, 8, 16)))


def numbers(found: Estimate) -> list[float]:
    ranges = [found.hours, found.tokens_per_s, found.samples_per_s, found.ttft_ms, found.tpot_ms]
    ranges.append(found.memory.per_accelerator if found.memory else None)
    return [value for one in ranges if one for value in (one.low, one.mid, one.high)]


@some
@given(works, clusters, st.integers(1, 512), st.integers(1, 512))
def test_a_bigger_batch_needs_no_less_memory_and_serves_no_less(
    work: Inference, cluster: Cluster, one: int, other: int
) -> None:
    small, big = (made(replace(work, batch=batch), cluster) for batch in sorted((one, other)))
    if small.fits and big.fits and small.memory and big.memory:
        assert big.memory.per_accelerator.mid >= small.memory.per_accelerator.mid * (1 - 1e-9)
        assert mid(big.samples_per_s) >= mid(small.samples_per_s) * (1 - 1e-9)


@some
@given(works, clusters, st.integers(1, 64), st.integers(1, 32_000))
def test_a_longer_prompt_is_not_answered_sooner(work: Inference, cluster: Cluster, batch: int, more: int) -> None:
    longer = replace(work, input_tokens=(work.input_tokens or 0) + more, batch=1)
    short, long = made(replace(work, batch=1), cluster), made(longer, cluster)
    if short.fits and long.fits:
        assert mid(long.ttft_ms) >= mid(short.ttft_ms) * (1 - 1e-9)


@some
@given(st.sampled_from(MODELS[:4]), st.sampled_from(("A100-80", "H100", "L40S")))
def test_half_the_bits_halve_the_weights(name: str, chip: str) -> None:
    told = serving(name, batch=1, parallel=Parallel(tp=32))
    wide, narrow = (made(replace(told, precision=bits), on(chip, 32)).memory for bits in ("bf16", "int8"))
    assert wide
    assert narrow
    assert narrow.parts["weights"] == pytest.approx(wide.parts["weights"] / 2)


@some
@given(works, st.sampled_from(CHIPS), st.sampled_from((1, 2, 4, 8)), st.sampled_from((1, 2, 4)))
def test_more_replicas_never_serve_less(work: Inference, chip: str, count: int, times: int) -> None:
    tp = replace(work, parallel=Parallel(tp=count * (2 if chip in ("Inferentia2", "Trainium1") else 1)))
    few, many = made(tp, on(chip, count)), made(tp, on(chip, count * times))
    if few.fits:
        assert many.fits
        assert mid(many.samples_per_s) >= mid(few.samples_per_s) * (1 - 1e-9)


@some
@given(works, st.sampled_from(CHIPS), st.integers(0, 3))
def test_twice_the_chips_never_serve_less(work: Inference, chip: str, power: int) -> None:
    few, many = made(work, on(chip, 2**power)), made(work, on(chip, 2 ** (power + 1)))
    if few.fits:
        assert many.fits
        assert mid(many.samples_per_s) >= mid(few.samples_per_s) * (1 - 1e-9)


huge = st.sampled_from((1, 10**6, 10**9))


@some
@given(
    st.sampled_from(MODELS),
    clusters,
    huge,
    huge,
    st.sampled_from((None, 1, 10**9)),
    st.sampled_from((None, 1e-12, 1e12)),
    st.sampled_from((None, 1.0, 1e15)),
)
def test_extremes_give_numbers_or_a_reason(
    name: str,
    cluster: Cluster,
    tokens_in: int,
    tokens_out: int,
    batch: int | None,
    qps: float | None,
    samples: float | None,
) -> None:
    work = serving(
        name, input_tokens=tokens_in, output_tokens=tokens_out, batch=batch, qps=qps, samples=samples, seq_len=512
    )
    found = made(work, cluster)
    assert all(math.isfinite(value) and value >= 0 for value in numbers(found))
    assert found.fits or found.why_not
