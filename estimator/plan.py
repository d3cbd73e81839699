"""What a training asks of one cluster, every default filled in and said: software, precision, lengths, totals."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from data.shapes import Chip
from estimator import lengths
from estimator.compute import SIXTEEN_BIT, peak_tflops, sixteen_bit_peak
from estimator.efficiency import ANY, BANDWIDTH_BOUND, Factors, Key, chip_class, stack_key
from estimator.lengths import Amount
from estimator.result import Cluster
from estimator.stacks import UNNAMED, stack_of
from estimator.workload import FineTuning, Method, ModelSpec, Training

TEXT = frozenset({"decoder", "encoder", "encoder-decoder"})
CPU_GFLOPS = 40.0  # 32-bit GFLOP/s of a virtual CPU with AVX-512 or SVE; a rule of thumb
FP8_CHIPS = frozenset({"hopper", "blackwell"})
SPREAD_EXPERTS = 60e9  # weights of a mixture from which its experts are spread over chips
IMAGENET = 1_281_167
ADAPTED: dict[Method, Method] = {"dora": "lora", "qdora": "qlora"}  # whose norms are counted beside


@dataclass(frozen=True, slots=True)
class Peak:
    """The rate that utilisation counts against: its precision in words and in the table's classes, FLOP/s of a chip."""

    precision: str
    column: str  # 16-bit | tf32 | fp32 | fp8 | fp4
    flops_per_s: float


@dataclass(slots=True)
class Plan:
    """A training on a cluster with nothing left open."""

    text: bool
    method: Method
    stack: str
    key: Key
    peak: Peak
    seq_len: float
    amount: Amount
    assumptions: list[str] = field(default_factory=list)
    norms: bool = False  # DoRA: a norm of every adapted weight in each step
    guessed: tuple[str, ...] = ()  # inputs that were guessed and matter: framework, tokens, precision ...


def make_plan(work: Training, cluster: Cluster, factors: Factors) -> Plan | str:
    """The plan, or one sentence that says why there is none."""
    said: list[str] = []
    text = work.model.family in TEXT
    stack, unnamed = _stack(work, text, said)
    peak = find_peak(work, cluster, stack, said)
    if isinstance(peak, str):
        return peak
    seq_len = lengths.longest(work, said) if text else 1.0
    kind = kind_of(work.model)
    chips = chip_class(cluster.chip) if cluster.chip else "cpu"
    amount = lengths.amount(work, seq_len, factors, said) if text else _samples(work, said)
    return Plan(
        text=text,
        method=_method(work, said),
        stack=stack,
        key=Key(chips, ANY if kind in BANDWIDTH_BOUND else peak.column, kind, stack_key(stack)),
        peak=peak,
        seq_len=seq_len,
        amount=amount,
        assumptions=said,
        norms=isinstance(work, FineTuning) and work.method in ADAPTED,
        guessed=(*(("framework",) if unnamed else ()), *_guessed(work, text, chips)),
    )


def _stack(work: Training, text: bool, said: list[str]) -> tuple[str, bool]:
    """The class of the software, and whether it is a guess: of language models, fine-tuning is done with PEFT."""
    stack = stack_of(work.framework)
    if stack == "litgpt" and not isinstance(work, FineTuning):
        return "fsdp", False  # its pre-training compiles and shards; its fine-tuning scripts are eager
    if stack != UNNAMED:
        return stack, False
    usual, words = UNNAMED, "an average one assumed, near FSDP-class"
    if kind_of(work.model) == "moe" and work.model.params >= SPREAD_EXPERTS and not isinstance(work, FineTuning):
        usual, words = "tuned", "one that spreads experts over chips assumed (Megatron-class)"
    if text and isinstance(work, FineTuning):
        adapters = " with PEFT" if work.method not in (None, "full") else ""
        usual, words = "huggingface", f"Hugging Face Trainer{adapters} assumed"
    named = f"framework {work.framework!r} is not a calibrated one" if work.framework else "no framework named"
    said.append(f"{named}: {words}")
    return usual, True


def _guessed(work: Training, text: bool, chips: str) -> tuple[str, ...]:
    model = work.model
    checks = (
        ("tokens", text and lengths.padded(work) and not work.tokens and not work.sample_tokens),
        ("precision", text and work.precision is None and chips in FP8_CHIPS),
        ("flops", not text and not model.gflops_per_sample),
        ("shape", text and not model.layers and not model.hidden),
        ("batch", not work.micro_batch and not work.global_batch),
    )
    return tuple(name for name, guessed in checks if guessed)


def _method(work: Training, said: list[str]) -> Method:
    if not isinstance(work, FineTuning):
        return "full"
    if work.method is None:
        said.append("no method named: full fine-tuning of all weights assumed")
    if work.method in ADAPTED:
        said.append(f"DoRA counts as {ADAPTED[work.method]} that takes about 1.5 times as long (measured: 1.2 to 2)")
        return ADAPTED[work.method]
    return work.method or "full"


@lru_cache(maxsize=512)
def kind_of(model: ModelSpec) -> str:
    """The kind of model that shares a column of the table."""
    if model.family in TEXT:
        return "moe" if (model.active_params or model.params) < 0.9 * model.params else "dense"
    if model.family != "vision":
        return model.family
    name = model.name.lower()
    if re.search(r"efficientnet|mobilenet|xception|mnasnet", name):
        return "depthwise"
    return "vit" if (model.layers and model.hidden) or re.search(r"vit|clip|deit|perce|perve", name) else "cnn"


def find_peak(work: Training, cluster: Cluster, stack: str, said: list[str]) -> Peak | str:
    """The precision that will run, with its peak; a sentence when the chip has no published one."""
    chip = cluster.chip
    if chip is None:
        vcpu = cluster.instance.vcpu if cluster.instance else 8
        said.append(f"CPU: {CPU_GFLOPS:g} GFLOP/s a virtual CPU assumed")
        return Peak("fp32", "fp32", vcpu * CPU_GFLOPS * 1e9)
    precision = _precision(work, chip, stack, said)
    column = "16-bit" if precision in SIXTEEN_BIT else precision
    rate = sixteen_bit_peak(chip) if precision in ("fp8", "fp4") else peak_tflops(chip, precision)
    if not rate:
        return f"{chip.name} is not ranked: its maker publishes no peak for {precision}"
    return Peak(precision, column, rate * 1e12)


def _precision(work: Training, chip: Chip, stack: str, said: list[str]) -> str:
    asked = work.precision
    if asked in ("int8", "int4"):
        said.append(f"{asked} weights are computed in 16 bits")
        asked = None
    if asked in ("fp8", "fp4") and not _gains(chip, asked):
        said.append(f"{chip.name} gains nothing from {asked}: 16 bits assumed")
        asked = None
    if asked == "bf16" and not chip.bf16:
        said.append(f"{chip.name} has no bf16: fp16 assumed")
        return _sixteen_bit(chip)
    if asked is not None:
        return "fp32" if asked == "tf32" and not chip.tf32 else asked
    usual = _sixteen_bit(chip)
    fp8 = stack == "tuned" and work.model.family in TEXT and work.precision is None and chip_class(chip) in FP8_CHIPS
    if work.precision is None and work.model.native == "fp8" and _gains(chip, "fp8"):
        said.append(f"no precision named: fp8, in which {work.model.name} is published ({work.model.native_source})")
        return "fp8"
    usual = "fp8" if fp8 else usual
    if work.precision is None:
        said.append(f"no precision named: {usual} assumed")
    return usual


def _gains(chip: Chip, precision: str) -> bool:
    low, usual = peak_tflops(chip, precision), sixteen_bit_peak(chip)
    return bool(low and usual and low > 1.2 * usual)


def _sixteen_bit(chip: Chip) -> str:
    return "bf16" if chip.bf16 else "fp16" if chip.fp16 else "fp32"


def _samples(work: Training, said: list[str]) -> Amount:
    if not work.samples:
        return Amount(None, 1.0, 1.0)
    epochs = work.epochs or 1.0
    if abs(work.samples / epochs - IMAGENET) < 1e-3 * IMAGENET and epochs > 1:
        said.append(f"{work.samples:,.0f} samples are {epochs:g} epochs of ImageNet already")
        return Amount(work.samples, 1.0, 1.0)
    return Amount(work.samples * epochs, 1.0, 1.0)
