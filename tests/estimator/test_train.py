"""Training and fine-tuning estimates: known runs, what is said, and what must always hold."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data import load
from data.shapes import Chip
from estimator.answer import answer
from estimator.asked_model import spec_of
from estimator.parse import parse
from estimator.result import Cluster, Estimate, Range
from estimator.telling import TRAINERS
from estimator.train import estimate
from estimator.workload import FineTuning, ModelSpec, Training

CATALOG = load()
H100, A100 = CATALOG.chip("H100"), CATALOG.chip("A100-80")


def model(name: str) -> ModelSpec:
    return spec_of(CATALOG.model(name))


def on(chip: Chip | str, count: int = 8, per_node: int = 8) -> Cluster:
    found = CATALOG.chip(chip) if isinstance(chip, str) else chip
    return Cluster(found, count, min(per_node, count))


def on_type(name: str, machines: int = 1) -> Cluster:
    instance = CATALOG.instance(name)
    chip = CATALOG.chips[instance.chip] if instance.chip else None
    per_node = max(1, int(instance.chips))
    return Cluster(chip, machines * per_node, per_node, instance)


def pretraining(name: str = "llama-3-8b", **told: object) -> Training:
    return Training(model=model(name), **{"tokens": 1e9, "seq_len": 8192, **told})  # type: ignore[arg-type]


def tuning(name: str = "llama-3-8b", **told: object) -> FineTuning:
    given_ = {"samples": 10_000, "seq_len": 512, "seq_mode": "packed", "method": "lora", **told}
    return FineTuning(model=model(name), **given_)  # type: ignore[arg-type]


def hours(work: Training, cluster: Cluster) -> Range:
    found = estimate(work, cluster, CATALOG).hours
    assert found is not None
    return found


def holds(found: Range | None, actual: float) -> bool:
    return found is not None and found.low <= actual <= found.high


# --- known runs ------------------------------------------------------------------------------------------------------


def test_llama_2_7b_on_a100_takes_about_its_published_accelerator_hours() -> None:
    found = hours(pretraining("llama-2-7b", tokens=2e12, seq_len=4096, precision="bf16"), on(A100, 1024))
    assert holds(found.times(1024), 184_320)
    assert found.mid * 1024 == pytest.approx(184_320, rel=0.3)


def test_a_tuned_fp8_stack_reaches_its_published_throughput() -> None:
    work = pretraining("llama-3-70b", precision="fp8", framework="NeMo", global_batch=512, micro_batch=1)
    found = estimate(work, on(H100, 256), CATALOG).tokens_per_s
    assert holds(found and found.times(1 / 256), 1524)


def test_resnet_on_a100_reaches_its_published_rate() -> None:
    work = Training(model=model("resnet-50"), framework="MXNet NVIDIA Release", global_batch=3264)
    found = estimate(work, on(A100), CATALOG).samples_per_s
    assert holds(found and found.times(1 / 8), 3342)


def test_alpaca_like_lora_on_one_a10g_takes_its_published_quarter_of_an_hour() -> None:
    work = tuning(samples=1900, epochs=2, seq_mode="max (padded, truncated)", framework="litgpt", micro_batch=1)
    assert holds(hours(work, on("A10G", 1)), 0.248)


# --- what is said ----------------------------------------------------------------------------------------------------


def test_a_missing_framework_is_assumed_said_and_widens_the_range() -> None:
    named = estimate(pretraining(framework="FSDP", global_batch=512), on(H100), CATALOG)
    unnamed = estimate(pretraining(global_batch=512), on(H100), CATALOG)
    assert any("no framework named" in line for line in unnamed.assumptions)
    assert unnamed.biggest_unknown.startswith("name the framework: the range narrows from x")
    assert unnamed.tokens_per_s is not None
    assert named.tokens_per_s is not None
    assert unnamed.tokens_per_s.high / unnamed.tokens_per_s.low > named.tokens_per_s.high / named.tokens_per_s.low


def test_the_promise_of_the_biggest_unknown_is_kept() -> None:
    work = pretraining(tokens=None, global_batch=512, precision="bf16")
    said = estimate(work, on(A100), CATALOG).biggest_unknown
    promised = re.search(r"to x([\d.]+)-([\d.]+), by the answer", said)
    assert promised is not None
    for framework in TRAINERS:
        told = estimate(replace(work, framework=framework), on(A100), CATALOG).tokens_per_s
        assert told is not None
        assert float(promised[1]) - 0.06 <= told.high / told.low <= float(promised[2]) + 0.06


def test_real_tokens_of_padded_samples_are_named() -> None:
    found = estimate(tuning(seq_mode="padded"), on("A10G", 1), CATALOG)
    assert any("110 real tokens" in line for line in found.assumptions)
    assert hours(tuning(seq_mode="padded"), on("A10G", 1)).mid < hours(tuning(), on("A10G", 1)).mid / 2


def test_samples_padded_to_the_maximum_are_computed_whole() -> None:
    cluster = on("A10G", 1)
    assert hours(tuning(seq_mode="padding=max_length"), cluster) == hours(tuning(seq_mode="packed"), cluster)


@pytest.mark.parametrize(
    ("chip", "asked", "said"),
    [
        ("V100-32", "bf16", "V100-32 has no bf16: fp16 assumed"),
        ("A100-80", "fp8", "A100-80 gains nothing from fp8: 16 bits assumed"),
        ("Trainium1", "fp8", "Trainium1 gains nothing from fp8: 16 bits assumed"),
        ("H100", "int4", "int4 weights are computed in 16 bits"),
        ("H100", None, "no precision named: bf16 assumed"),
    ],
)
def test_precision_is_what_the_chip_can_do(chip: str, asked: str | None, said: str) -> None:
    found = estimate(pretraining(precision=asked), on(chip), CATALOG)
    assert said in found.assumptions


def test_fp8_is_assumed_only_where_a_tuned_stack_meets_a_chip_that_has_it() -> None:
    def assumed(chip: str) -> str:
        found = estimate(pretraining(framework="NeMo"), on(chip), CATALOG)
        return next(line for line in found.assumptions if "precision" in line)

    assert assumed("H100") == "no precision named: fp8 assumed"
    assert assumed("A100") == "no precision named: bf16 assumed"


def test_a_chip_without_a_published_peak_is_not_ranked() -> None:
    found = estimate(pretraining(), on("Gaudi HL-205"), CATALOG)
    assert not found.fits
    assert found.why_not == "Gaudi HL-205 is not ranked: its maker publishes no peak for fp32"


def test_a_vision_model_of_unknown_size_says_what_to_give() -> None:
    work = Training(model=ModelSpec(name="my-net", params=0, family="vision"), samples=1e6)
    found = estimate(work, on(A100), CATALOG)
    assert found.why_not == "the FLOPs of my-net are not known: give gflops_per_sample, or params"


def test_what_does_not_fit_says_the_numbers_and_what_to_change() -> None:
    found = estimate(tuning("llama-3-70b", method="lora"), on("L40S", 1), CATALOG)
    assert not found.fits
    assert found.why_not.startswith("needs about 1")
    assert "L40S, which has 46.6 GB to use" in found.why_not
    assert found.advice[0].startswith("QLoRA (4-bit weights)")
    assert found.hours is not None  # the figures stand beside the refusal


def test_llama_3_70b_qlora_on_one_g6e_is_answered_with_its_parts() -> None:
    found = estimate(tuning("llama-3-70b", method="qlora", micro_batch=1), on_type("g6e.2xlarge"), CATALOG)
    assert found.memory is not None
    assert found.fits
    assert found.memory.parts["weights"] == pytest.approx(39.5, rel=0.02)
    assert 0 < found.memory.usable_gb - found.memory.per_accelerator.mid < 3


def test_the_steps_show_formula_and_source() -> None:
    found = estimate(pretraining(framework="FSDP"), on(A100), CATALOG)
    assert [step.name for step in found.steps] == [
        "model FLOPs a token",
        "efficiency of a large step",
        "speed",
        "memory",
        "goodput",
    ]
    assert "measured families" in found.steps[1].source
    assert all(step.formula and step.source for step in found.steps)


def test_epochs_of_imagenet_are_not_counted_twice() -> None:
    work = Training(model=model("resnet-50"), samples=44_840_845, epochs=35)
    found = estimate(work, on(A100), CATALOG)
    assert found.flops == pytest.approx(44_840_845 * 3 * 8.178e9, rel=1e-3)


def test_cpu_machines_answer_with_time_and_memory() -> None:
    work = Training(model=model("resnet-18"), samples=50_000, epochs=10)
    cpu, gpu = hours(work, on_type("c7i.4xlarge")), hours(work, on_type("g5.xlarge"))
    assert cpu.mid > 5 * gpu.mid


# --- the place -------------------------------------------------------------------------------------------------------


def test_a_slow_network_costs_and_one_machine_does_not_feel_it() -> None:
    work = pretraining(framework="FSDP", micro_batch=1)
    p4d, p3dn = on_type("p4d.24xlarge", 4), on_type("g5.48xlarge", 4)
    assert hours(work, on(p4d.chip or A100, 32)).mid == pytest.approx(hours(work, p4d).mid)
    assert hours(work, on(p3dn.chip or A100, 32)).mid < hours(work, p3dn).mid


def test_lora_is_faster_than_full_and_qlora_pays_for_unpacking() -> None:
    full, lora, qlora = (hours(tuning(method=method), on(A100, 1)).mid for method in ("full", "lora", "qlora"))
    assert lora < full
    assert lora < qlora


def test_moe_is_slower_than_dense_for_its_active_weights() -> None:
    moe = estimate(pretraining("qwen3-30b-a3b", framework="NeMo", precision="bf16"), on(H100, 64), CATALOG)
    dense = estimate(pretraining("qwen2.5-3b", framework="NeMo", precision="bf16"), on(H100, 64), CATALOG)
    assert moe.tokens_per_s is not None
    assert dense.tokens_per_s is not None
    assert moe.tokens_per_s.mid < 0.6 * dense.tokens_per_s.mid


# --- what must always hold -------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["gpt2", "llama-3-8b", "llama-3-70b", "mixtral-8x7b", "deepseek-v3", "bert-base", "t5-base", "resnet-50", "sdxl"]
)
CHIPS = st.sampled_from(sorted(name for name, chip in CATALOG.chips.items() if chip.bf16 or chip.fp16 or chip.fp32))
FRAMEWORKS = st.sampled_from([None, "NeMo", "FSDP", "HF TRL", "litgpt", "DeepSpeed ZeRO-3", "Megatron-DeepSpeed"])


@st.composite
def works(draw: st.DrawFn) -> Training:
    chosen = model(draw(NAMES))
    told = {
        "model": chosen,
        "framework": draw(FRAMEWORKS),
        "precision": draw(st.sampled_from([None, "bf16", "fp16", "fp32", "fp8"])),
        "seq_len": draw(st.sampled_from([None, 128, 2048, 32_768])),
        "seq_mode": draw(st.sampled_from([None, "packed", "padded"])),
        "micro_batch": draw(st.sampled_from([None, 1, 4])),
        "global_batch": draw(st.sampled_from([None, 8, 512])),
        "recompute": draw(st.sampled_from([None, "none", "full"])),
        "samples": draw(st.floats(1, 1e12)),
    }
    if draw(st.booleans()):
        return FineTuning(**told, method=draw(st.sampled_from([None, "full", "lora", "qlora"])))
    return Training(**told)


def ranked(work: Training, cluster: Cluster) -> Estimate:
    """The estimate; examples on chips without a peak for the precision are passed over."""
    found = estimate(work, cluster, CATALOG)
    assume("publishes no peak" not in found.why_not)
    return found


def accelerator_hours(work: Training, cluster: Cluster) -> float:
    return hours(work, cluster).mid * cluster.count


@settings(max_examples=150, deadline=None)
@given(works(), CHIPS, st.integers(1, 64), st.integers(1, 2000))
def test_more_chips_never_take_longer_and_never_use_less_accelerator_time(
    work: Training, chip: str, count: int, more: int
) -> None:
    few, many = on(chip, count), on(chip, count + more)
    ranked(work, few)
    assert hours(work, many).mid <= hours(work, few).mid * (1 + 1e-9)
    assert accelerator_hours(work, many) >= accelerator_hours(work, few) * (1 - 1e-9)


@settings(max_examples=50, deadline=None)
@given(works(), st.sampled_from(["g5.xlarge", "g6e.48xlarge", "p4d.24xlarge", "trn1.32xlarge"]), st.integers(1, 32))
def test_more_machines_never_take_longer(work: Training, name: str, machines: int) -> None:
    few, many = on_type(name, machines), on_type(name, machines + 1)
    assert hours(work, many).mid <= hours(work, few).mid * (1 + 1e-9)
    assert accelerator_hours(work, many) >= accelerator_hours(work, few) * (1 - 1e-9)


@settings(max_examples=100, deadline=None)
@given(works(), CHIPS, st.floats(1, 1e18))
def test_more_samples_never_cost_less_and_nothing_overflows(work: Training, chip: str, factor: float) -> None:
    more = replace(work, samples=(work.samples or 1) * factor)
    ranked(work, on(chip))
    assert hours(more, on(chip)).mid >= hours(work, on(chip)).mid * (1 - 1e-9)
    found = estimate(more, on(chip), CATALOG)
    for one in (found.hours, found.tokens_per_s, found.samples_per_s, found.memory and found.memory.per_accelerator):
        assert one is None or 0 <= one.low <= one.mid <= one.high < math.inf


@settings(max_examples=100, deadline=None)
@given(works(), CHIPS)
def test_nothing_fits_above_the_usable_memory_and_what_does_not_says_why(work: Training, chip: str) -> None:
    found = ranked(work, on(chip))
    assert found.memory is not None
    assert found.fits == (found.memory.per_accelerator.mid <= found.memory.usable_gb)
    assert found.memory.usable_gb <= CATALOG.chips[chip].memory_gb
    assert bool(found.why_not) != found.fits
    assert bool(found.advice) == (not (found.fits and found.memory.certain))


def test_tokens_of_1e30_give_finite_numbers() -> None:
    found: Estimate = estimate(pretraining(tokens=1e30), on(H100, 1024), CATALOG)
    assert found.hours is not None
    assert math.isfinite(found.hours.high)


@pytest.mark.parametrize(
    ("words", "held"),
    [
        ("finetune stable-diffusion-1.5 on 5000 images for 10 epochs on g5.xlarge", "micro-batch 1 a chip"),
        ("finetune whisper-small on 100 hours of audio for 3 epochs on g5.xlarge", "micro-batch 8 a chip"),
        ("train resnet-50 on imagenet for 1 epoch on g5.xlarge", "micro-batch 64 a chip"),
    ],
)
def test_samples_that_nobody_counted_are_halved_until_they_fit(words: str, held: str) -> None:
    found = answer(parse(words, CATALOG), CATALOG, date(2026, 11, 21))
    assert found.shown is not None
    assert found.shown.estimate.fits
    assert held in found.assumptions
