"""What to tell so that a range narrows most: each thing that was not told is told on trial, and the range measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from estimator.compute import sample_gflops, shape
from estimator.result import Estimate, Range
from estimator.workload import FineTuning, Inference, ModelSpec, Training, Workload

TEXT = ("decoder", "encoder", "encoder-decoder")
WORTH_TELLING = 1.05  # gain in width below which nothing is asked for
NARROW = 1.2  # high over low from which a range is worth narrowing
TRAINERS = ("FSDP", "Hugging Face Trainer", "DeepSpeed", "NeMo Megatron")
TUNERS = ("Hugging Face TRL", "Unsloth", "torchtune", "litgpt")
VISION = ("PyTorch", "timm", "MXNet MLPerf")
RUNTIMES = ("vLLM", "TensorRT-LLM", "Hugging Face")
ENCODERS = ("TensorRT", "ONNX Runtime", "PyTorch")
REAL_TOKENS = 110.0  # of a padded sample; how many they are does not matter here, but that they are told
USUAL = {"input_tokens": 512, "output_tokens": 128, "seq_len": 128}
Again = Callable[[Any], Estimate]  # of a workload of the same kind


@dataclass(frozen=True, slots=True)
class Tell:
    """Something to tell, in words, and the workloads that tell it, one for each likely answer."""

    words: str
    told: tuple[Workload, ...]


def biggest(work: Workload, again: Again) -> str:
    """What narrows the range most, with what is left by the likely answers; empty when nothing does."""
    what, before = _range(again(work))
    if before is None:
        return ""
    now, found = _width(before), []
    for tell in _tells(work):
        widths = [_width(told) for told in (_same(again(one), what) for one in tell.told) if told is not None]
        if widths:
            found.append((math.prod(widths) ** (1 / len(widths)), widths, tell.words))
    if not found:
        return ""
    left, widths, words = min(found, key=lambda one: one[0])
    if now < WORTH_TELLING * left:
        return ""
    return (
        f"{words}: the range{f' of the {what}' if what == 'latency' else ''} narrows from x{now:.1f} to {_to(widths)}"
    )


def _to(widths: list[float]) -> str:
    low, high = f"{min(widths):.1f}", f"{max(widths):.1f}"
    return f"x{low}" if low == high else f"x{low}-{high}, by the answer"


def _width(found: Range) -> float:
    return found.high / found.low


def _ranges(made: Estimate) -> dict[str, Range | None]:
    return {"time": made.hours, "speed": made.tokens_per_s or made.samples_per_s, "latency": made.ttft_ms}


def _range(made: Estimate) -> tuple[str, Range | None]:
    """The first figure with a range worth narrowing: the rate of a service that keeps up is that of its load."""
    known = {name: one for name, one in _ranges(made).items() if one is not None and one.low > 0}
    wide = next((name for name, one in known.items() if _width(one) > NARROW), "")
    return wide, known.get(wide)


def _same(made: Estimate, what: str) -> Range | None:
    found = _ranges(made).get(what)
    return found if found is not None and found.low > 0 else None


def _tells(work: Workload) -> Iterator[Tell]:
    if isinstance(work, Inference):
        yield from _of_serving(work)
    else:
        yield from _of_training(work)
    yield from _of_model(work)


def _of_training(work: Training) -> Iterator[Tell]:
    text = work.model.family in TEXT
    if work.framework is None:
        named = (TUNERS if isinstance(work, FineTuning) else TRAINERS) if text else VISION
        yield Tell("name the framework", tuple(replace(work, framework=one) for one in named))
    if work.precision is None:
        yield Tell("name the precision", (replace(work, precision="bf16"), replace(work, precision="fp8")))
    if text and work.samples and not work.tokens and "pad" in (work.seq_mode or "").lower():
        tokens = REAL_TOKENS * work.samples * (work.epochs or 1.0)
        yield Tell("say how many tokens a sample really has", (replace(work, tokens=tokens),))
    if not work.micro_batch and not work.global_batch:
        yield Tell("say the global batch", (replace(work, global_batch=256), replace(work, global_batch=1024)))


def _of_serving(work: Inference) -> Iterator[Tell]:
    text = work.model.family in ("decoder", "encoder-decoder")
    if work.framework is None:
        words = f"name the runtime ({'vLLM, TensorRT-LLM, Hugging Face' if text else ', '.join(ENCODERS)} ...)"
        yield Tell(words, tuple(replace(work, framework=one) for one in (RUNTIMES if text else ENCODERS)))
    if work.precision is None:
        yield Tell("name the precision", (replace(work, precision="bf16"), replace(work, precision="int8")))
    if text and work.input_tokens is None and work.output_tokens is None:
        told = replace(work, input_tokens=USUAL["input_tokens"], output_tokens=USUAL["output_tokens"])
        yield Tell("say how many tokens go in and come out (input=, output=)", (told,))
    if work.model.family == "encoder" and not (work.seq_len or work.input_tokens):
        yield Tell("say how many tokens a sample has (seq=)", (replace(work, seq_len=USUAL["seq_len"]),))


def _of_model(work: Workload) -> Iterator[Tell]:
    model = work.model
    if model.family in TEXT and not model.layers and not model.hidden:
        of = shape(model)
        shaped = replace(model, layers=int(of.layers), hidden=int(of.hidden), vocab=int(of.vocab))
        yield Tell("give the model's layers, hidden size and heads", (replace(work, model=shaped),))
    if model.family not in TEXT and not model.gflops_per_sample and sample_gflops(model):
        yield Tell("give gflops_per_sample", (replace(work, model=_with_flops(model)),))


def _with_flops(model: ModelSpec) -> ModelSpec:
    return replace(model, gflops_per_sample=sample_gflops(model))
