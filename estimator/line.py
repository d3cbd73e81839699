"""A line of `mlbot estimate --batch`: JSON from outside, checked by pydantic.

Only kind and model are needed. A number that cannot be is an error with its field; an unknown field, and free text
where a word was expected, are ignored and noted (`estimator.line_work`).
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from estimator.parse_keys import BY_NAME, Unclear, checked

EXAMPLE = '{"kind": "finetune", "model": "llama-3-8b", "method": "lora", "samples": 50000, "seq_len": 512}'


class _Open(BaseModel):
    """Fields beyond those named are kept in `model_extra`, to be named in the answer."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, said: Any, info: ValidationInfo) -> Any:
        """Numbers within their bounds, also as quantities in words ("2T"); everything else as text."""
        key = BY_NAME.get(info.field_name or "")
        if said is None or isinstance(said, dict):
            return said
        if key is not None and key.reader is not None:
            return _number(key.name, said)
        return said if isinstance(said, str) else json.dumps(said)


def _number(name: str, said: Any) -> float | int:
    key = BY_NAME[name]
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        raise ValueError(f"{name} must be a number")
    try:
        size = key.reader(said) if isinstance(said, str) and key.reader else float(said)
        return checked(key, size, str(said))
    except OverflowError:
        raise ValueError(f"{name} is more than can exist (at most {key.high:g})") from None
    except Unclear as unclear:
        raise ValueError(unclear.message.rstrip(".")) from None


class ModelLine(_Open):
    """A model that is described; what is told beats the catalog."""

    name: str | None = None
    params: float | None = None
    active_params: float | None = None
    layers: int | None = None
    hidden: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    ffn: int | None = None
    vocab: int | None = None
    experts: int | None = None
    experts_per_token: int | None = None
    kv_rank: int | None = None
    seq_len: int | None = None
    family: str | None = None
    gflops_per_sample: float | None = None


class ParallelLine(_Open):
    """How the work is split."""

    tp: int | None = None
    pp: int | None = None
    cp: int | None = None
    ep: int | None = None
    dp: int | None = None
    sharding: str | None = None


class HardwareLine(_Open):
    """Chips by name and number, or an EC2 type and a number of machines."""

    accelerator: str | None = None
    instance_type: str | None = None
    count: int | None = None
    per_node: int | None = None


class Line(_Open):
    """The line of the contract; times, money and counts as numbers or in words."""

    id: Any = None
    kind: str
    model: str | ModelLine
    tokens: float | None = None
    samples: float | None = None
    epochs: float | None = None
    seq_len: int | None = None
    seq_mode: str | None = None
    sample_tokens: float | None = None
    dataset: str | None = None
    global_batch: int | None = None
    micro_batch: int | None = None
    method: str | None = None
    lora_rank: int | None = None
    precision: str | None = None
    recompute: str | None = None
    latents: str | None = None
    optimizer: str | None = None
    framework: str | None = None
    parallel: str | ParallelLine | None = None
    hardware: str | HardwareLine | None = None
    batch: int | None = None
    qps: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    concurrency: int | None = None
    scenario: str | None = None
    max_ttft_ms: float | None = None
    max_tpot_ms: float | None = None
    max_latency_ms: float | None = None
    service_hours: float | None = None
    steps: int | None = None
    guidance: str | None = None
    resolution: str | None = None
    trials: int | None = None
    parallel_trials: int | None = None
    region: str | None = None
    market: str | None = None
    deadline_hours: float | None = None
    budget_usd: float | None = None
    max_nodes: int | None = None
    vendor: str | None = None

    @field_validator("id", mode="wrap")
    @classmethod
    def _echoed(cls, said: Any, _: Any) -> Any:
        """Whatever it is, it comes back as it was."""
        return said


def read(text: str) -> tuple[object, Line]:
    """The id and the checked line; Unclear names the first field that cannot be."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise Unclear("The line is not JSON.", field="line", example=EXAMPLE) from None
    if not isinstance(raw, dict):
        raise Unclear("The line is not a JSON object.", field="line", example=EXAMPLE)
    return _echo(raw.get("id")), _checked(raw)


def identity(text: str) -> object:
    """The id of a line that may be wrong otherwise; None where there is none."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _echo(raw.get("id")) if isinstance(raw, dict) else None


def _echo(said: Any) -> Any:
    """The id as it comes back; None for what JSON cannot say, such as 1e999, which reads as infinite."""
    try:
        json.dumps(said, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return said


def _checked(raw: dict[str, Any]) -> Line:
    for name in ("kind", "model"):
        if raw.get(name) in (None, "", {}):
            raise Unclear(f"{name} is missing.", field=name, example=EXAMPLE)
    try:
        return Line.model_validate(raw)
    except ValidationError as error:
        first = max(error.errors(), key=lambda one: one["type"] == "value_error")
        where = [str(part) for part in first["loc"] if part not in ("str", "ModelLine", "ParallelLine", "HardwareLine")]
        said = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise Unclear(f"{said}.", field=".".join(where), example=EXAMPLE) from None
