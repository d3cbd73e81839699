"""A workload said back: for people in one phrase, and as key=value words that parse to the same workload."""

from __future__ import annotations

from collections.abc import Iterator

from data import Catalog
from estimator.asked_model import SHAPE, spec_of
from estimator.units import count, duration, milliseconds, money, plural
from estimator.workload import FineTuning, Hardware, Inference, ModelSpec, Pipeline, Training, Work, Workload

_WORK = ("precision", "framework")
_PARALLEL = ("tp", "pp", "cp", "ep", "dp", "sharding")
_WISH = (
    ["deadline_hours", "budget_usd", "max_usd_per_hour", "vendor", "max_nodes", "chips", "prefer"],
    ["market", "region"],
)
_TRAINING = (
    "tokens",
    "samples",
    "epochs",
    "seq_len",
    "seq_mode",
    "sample_tokens",
    "global_batch",
    "micro_batch",
    "recompute",
    "latents",
    "optimizer",
    "trials",
    "parallel_trials",
)
COUNTED = {"audio": "clips", "diffusion": "images"}  # what one sample is, where it is no request
_TUNING = ("method", "lora_rank")
_SERVING = (
    "batch",
    "qps",
    "input_tokens",
    "output_tokens",
    "seq_len",
    "seq_mode",
    "concurrency",
    "scenario",
    "max_ttft_ms",
    "max_tpot_ms",
    "max_latency_ms",
    "steps",
    "guidance",
    "resolution",
)


def words(work: Workload | Pipeline, catalog: Catalog) -> str:
    """Words that `parse` reads as the same workload."""
    if isinstance(work, Pipeline):
        tuned = ["finetune"] if isinstance(work.train, FineTuning) else []
        return " ".join(
            ["pipeline", *tuned, *dict.fromkeys([*_pairs(work.train, catalog), *_pairs(work.serve, catalog)])]
        )
    return " ".join([_verb(work), *_pairs(work, catalog)])


def _verb(work: Work) -> str:
    return "infer" if isinstance(work, Inference) else "finetune" if isinstance(work, FineTuning) else "train"


def _pairs(work: Workload, catalog: Catalog) -> Iterator[str]:
    yield from _model_pairs(work.model, catalog)
    names = _SERVING if isinstance(work, Inference) else _TRAINING
    yield from _given(work, (*names, *(_TUNING if isinstance(work, FineTuning) else ()), *_WORK))
    if isinstance(work, Inference):
        if work.samples is not None:
            yield f"queries={_plain(work.samples)}"
        if work.service_hours is not None:
            yield f"duration={_plain(work.service_hours)}h"
    yield from _given(work.parallel, _PARALLEL)
    if work.hardware:
        yield from _hardware(work.hardware)
    yield from _given(work.wish, _WISH[0])
    if work.wish.families:
        yield f"families={','.join(work.wish.families)}"
    yield from _given(work.wish, _WISH[1])


def _hardware(asked: Hardware) -> Iterator[str]:
    number = f"{asked.count} x " if asked.count else ""
    yield f"hardware={_plain(number + (asked.instance_type or asked.accelerator or ''))}"
    yield from _given(asked, ("per_node",))


def _model_pairs(model: ModelSpec, catalog: Catalog) -> Iterator[str]:
    named = catalog.models.get(model.name)
    base = spec_of(named) if named else None
    if named:
        yield f"model={model.name}"
    for name in SHAPE:
        value = getattr(model, name)
        if value is not None and value != (getattr(base, name) if base else None):
            yield f"{name}={_plain(value)}"


def _given(record: object, names: tuple[str, ...] | list[str]) -> Iterator[str]:
    for name in names:
        value = getattr(record, name)
        if value is not None and value != "":
            yield f"{name}={_plain(value)}"


def _plain(value: object) -> str:
    """A value in words without loss; text with spaces in quotes."""
    if isinstance(value, float):
        return str(int(value)) if value == int(value) and value < 1e15 else repr(value)
    text = str(value)
    return f'"{text}"' if any(sign in text for sign in " ,;=") else text


def asked(work: Workload | Pipeline) -> str:
    """What was understood, for people: "Fine-tune llama-3-8b (lora): 50k samples of 512 tokens x 3 epochs"."""
    if isinstance(work, Pipeline):
        return f"{asked(work.train)}; then {asked(work.serve)}"
    if isinstance(work, Inference):
        return _join(f"Serve {work.model.name}", _load(work))
    if isinstance(work, FineTuning):
        return _join(f"Fine-tune {work.model.name} ({work.method or 'full'})", _amount(work))
    return _join(f"Train {work.model.name}", _amount(work))


def _join(what: str, details: list[str]) -> str:
    return f"{what}: {', '.join(details)}" if details else what


def _amount(work: Training) -> list[str]:
    parts = []
    if work.samples is not None:
        length = f" of {work.seq_len:,} tokens" if work.seq_len else ""
        parts.append(f"{count(work.samples)} samples{length}")
    if work.tokens is not None:
        parts.append(f"{count(work.tokens)} tokens")
    if work.epochs is not None:
        parts.append(plural(work.epochs, "epoch"))
    if work.samples is None and work.seq_len:
        parts.append(f"sequences of {work.seq_len:,}")
    if work.global_batch:
        parts.append(f"batch {work.global_batch:,}")
    if work.trials:
        parts.append(plural(work.trials, "trial"))
    return parts


def _load(work: Inference) -> list[str]:
    parts = []
    if work.qps is not None:
        parts.append(f"{count(work.qps)} requests/s" if work.qps >= 0.1 else f"{count(work.qps * 86400)} requests/day")
    if work.samples is not None:
        parts.append(f"{count(work.samples)} {COUNTED.get(work.model.family, 'requests in all')}")
    if work.concurrency:
        parts.append(f"{work.concurrency:,} at a time")
    if work.input_tokens and work.output_tokens:
        parts.append(f"{work.input_tokens} tokens in, {work.output_tokens} out")
    elif work.input_tokens or work.output_tokens:
        parts.append(f"{work.input_tokens or work.output_tokens} tokens {'in' if work.input_tokens else 'out'}")
    parts += [f"{work.steps} steps"] if work.steps else []
    parts += [f"{work.resolution.replace('x', ' x ')} pixels"] if work.resolution else []
    if work.max_latency_ms:
        parts.append(f"within {milliseconds(work.max_latency_ms)}")
    return parts


def wished(work: Workload) -> list[str]:
    """The limits that were given, for people."""
    wish, said = work.wish, []
    if wish.deadline_hours is not None:
        said.append(f"within {duration(wish.deadline_hours)}")
    if wish.budget_usd is not None:
        said.append(f"under {money(wish.budget_usd)}")
    if wish.max_usd_per_hour is not None:
        said.append(f"under {money(wish.max_usd_per_hour)} an hour")
    if wish.max_nodes is not None:
        said.append(f"at most {plural(wish.max_nodes, 'machine')}")
    return said
