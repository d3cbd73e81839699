"""The model of a workload: one of the catalog, one with another shape, or one that is only described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from data import Catalog, Model
from estimator.parse_keys import Unclear, Value
from estimator.parse_names import model_name, unknown_model
from estimator.units import count
from estimator.workload import ModelSpec

Values = Mapping[str, Value]
SHAPE = (
    "params",
    "active_params",
    "layers",
    "hidden",
    "heads",
    "kv_heads",
    "head_dim",
    "ffn",
    "vocab",
    "experts",
    "experts_per_token",
    "kv_rank",
    "family",
    "gflops_per_sample",
)


def some(values: Values, names: Iterable[str]) -> dict[str, Any]:
    """Those of *names* that were said."""
    return {name: values[name] for name in names if name in values}


def spec_of(model: Model) -> ModelSpec:
    """A model of the catalog as a workload holds it."""
    return ModelSpec(
        name=model.name,
        params=model.params,
        active_params=model.active_params,
        layers=model.layers,
        hidden=model.hidden,
        heads=model.heads,
        kv_heads=model.kv_heads,
        head_dim=model.head_dim,
        ffn=model.ffn,
        vocab=model.vocab,
        experts=model.experts,
        experts_per_token=model.experts_per_token,
        kv_rank=model.kv_rank,
        context=model.context,
        tied=model.tied,
        family=model.family,  # type: ignore[arg-type]
        gflops_per_sample=model.gflops_per_sample,
        native=model.weights,  # type: ignore[arg-type]
        native_source=model.weights_source,
        frozen_gflops=model.frozen_gflops,
    )


def model_spec(values: Values, catalog: Catalog, described: str = "") -> ModelSpec:
    """The model that is named, with what was said of its shape; or one that is described alone.

    *described* is the name that a description carries; it may say more than the catalog's ("BERT SQuAD (99 %)").
    """
    told = some(values, SHAPE)
    name = values.get("model")
    if name is not None:
        canonical = model_name(str(name), catalog)
        if canonical is None and "params" not in told:
            raise unknown_model(str(name), catalog)
        if canonical is not None:
            return _checked(replace(spec_of(catalog.models[canonical]), name=described or canonical, **told))
    if "params" not in told:
        told["params"] = _counted(told)
    if "gflops_per_sample" in told:
        told.setdefault("family", "vision")
    return _checked(ModelSpec(name=described or str(name or f"{count(told['params'])} model"), **told))


def _counted(told: Mapping[str, Any]) -> float:
    """Weights of a transformer from its layers and width: attention and MLP of every layer, and the embeddings."""
    if "layers" not in told or "hidden" not in told:
        raise Unclear(
            "Which model is it? Name one, or give its size like params=7B.",
            field="model",
            example="finetune llama-3-8b lora samples=50k seq=512",
        )
    layers, hidden = float(told["layers"]), float(told["hidden"])
    heads = float(told.get("heads") or max(1.0, hidden // 128))
    grouped = float(told.get("kv_heads") or heads) / heads
    mlp = 3 * hidden * float(told["ffn"]) if "ffn" in told else 8 * hidden * hidden
    return layers * (hidden * hidden * (2 + 2 * grouped) + mlp) + 2 * hidden * float(told.get("vocab") or 32_000)


def _checked(model: ModelSpec) -> ModelSpec:
    pairs = (
        ("active_params", model.active_params, "params", model.params),
        ("kv_heads", model.kv_heads, "heads", model.heads),
        ("experts_per_token", model.experts_per_token, "experts", model.experts),
    )
    for small, low, large, high in pairs:
        if low is not None and high is not None and low > high:
            raise Unclear(f"{small} ({low:g}) cannot be more than {large} ({high:g}).", field=small)
    return model
