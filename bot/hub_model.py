"""A model's config.json and the counts of its safetensors header as a model of the catalog; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from data import Model

PACKED = frozenset({"I8", "I32", "I64", "U8", "U16", "U32", "F4", "F6_E2M3", "F6_E3M2"})  # several weights in one value
LARGEST = 1e14


def _as(*names: str) -> Any:
    return Field(default=None, gt=0, le=1e8, validation_alias=AliasChoices(*names))


class Config(BaseModel):
    """The keys of config.json that a shape is made of, under the names that architectures give them."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    model_type: str = ""
    architectures: list[str] | None = None
    is_encoder_decoder: bool = False
    quantization_config: dict[str, Any] | None = None
    tie_word_embeddings: bool = False
    hidden: int | None = _as("hidden_size", "d_model", "n_embd", "dim")
    layers: int | None = _as("num_hidden_layers", "n_layer", "n_layers", "encoder_layers", "num_layers")
    decoder_layers: int | None = _as("num_decoder_layers", "decoder_layers")
    heads: int | None = _as("num_attention_heads", "n_head", "n_heads", "encoder_attention_heads", "num_heads")
    kv_heads: int | None = _as("num_key_value_heads", "num_kv_heads")
    head_dim: int | None = _as("head_dim", "d_kv")
    ffn: int | None = _as("intermediate_size", "n_inner", "d_ff", "ffn_dim", "encoder_ffn_dim", "ffn_hidden_size")
    expert_ffn: int | None = _as("moe_intermediate_size", "expert_ffn_hidden_size")
    vocab: int | None = _as("vocab_size")
    experts: int | None = _as("num_local_experts", "n_routed_experts", "num_experts")
    experts_per_token: int | None = _as("num_experts_per_tok", "num_experts_per_token", "moe_topk")
    kv_lora_rank: int | None = _as("kv_lora_rank")
    rope_width: int | None = _as("qk_rope_head_dim")
    context: int | None = _as("max_position_embeddings", "n_positions", "max_seq_len")


def model_of(
    name: str, config: Mapping[str, Any], counts: Mapping[str, int], *, read: date, revision: str = ""
) -> Model:
    """The model *name*; ValueError, pydantic's or with a sentence, where the files do not tell a shape."""
    inner = config.get("text_config") or config.get("llm_config") or {}
    told = Config.model_validate({**config, **inner} if isinstance(inner, Mapping) else dict(config))
    family = _family(told)
    if not told.hidden or not told.layers:
        raise ValueError("its config.json tells no layers and width")
    layers = told.layers + (told.decoder_layers or told.layers) if family == "encoder-decoder" else told.layers
    params, counted = _params(told, layers, counts)
    moe = bool(told.experts and told.experts > 1 and told.experts_per_token)
    return Model(
        name=name,
        aliases=(),
        family=family,
        params=params,
        active_params=_active(told, layers, params) if moe else None,
        layers=layers,
        hidden=told.hidden,
        heads=told.heads,
        kv_heads=told.kv_heads or told.heads,
        head_dim=told.head_dim,
        ffn=(told.expert_ffn or told.ffn) if moe else told.ffn,
        vocab=told.vocab,
        experts=told.experts if moe else None,
        experts_per_token=told.experts_per_token if moe else None,
        kv_rank=told.kv_lora_rank + (told.rope_width or 0) if told.kv_lora_rank else None,
        context=told.context,
        tied=told.tie_word_embeddings,
        gflops_per_sample=None,
        note=counted,
        source=f"Hugging Face hub, {name}{f'@{revision[:10]}' if revision else ''}: config.json and safetensors header",
        as_of=read,
    )


def _family(told: Config) -> str:
    names = " ".join(told.architectures or [])
    for family, pattern in (
        ("audio", r"whisper|wav2vec|hubert|speech"),
        ("encoder-decoder", r"t5|bart|marian|pegasus|led|m2m"),
    ):
        if told.is_encoder_decoder and re.search(pattern, told.model_type, re.IGNORECASE):
            return family
    if told.is_encoder_decoder:
        return "encoder-decoder"
    if re.search(r"CausalLM|LMHeadModel|ConditionalGeneration|DoubleHeads", names):
        return "decoder"
    if re.search(r"MaskedLM|PreTraining|SequenceClassification|TokenClassification|QuestionAnswering|Bert", names):
        return "encoder"
    if re.search(r"ImageClassification|ViT|ConvNext|ResNet|Swin|Dino", names):
        return "vision"
    if told.vocab and not names:
        return "decoder"
    raise ValueError(f"its architecture ({names or told.model_type or 'untold'}) is none that is estimated")


def _params(told: Config, layers: int, counts: Mapping[str, int]) -> tuple[float, str]:
    """Weights in all, and how they are known: by the header, else counted from the shape."""
    total = float(sum(counts.values()))
    if 0 < total <= LARGEST and not told.quantization_config and not PACKED & counts.keys():
        return total, "weights as the safetensors header counts them"
    return _counted(told, layers), "weights counted from the shape"


def _counted(told: Config, layers: int) -> float:
    hidden, ffn = float(told.hidden or 0), float(told.expert_ffn or told.ffn or 4 * (told.hidden or 0))
    heads = told.heads or max(1, int(hidden // 128))
    width = float(told.head_dim or hidden / heads)
    attention = 2 * hidden * width * (heads + (told.kv_heads or heads))
    matrices = 3 if told.ffn and told.model_type not in ("gpt2", "bert", "opt", "bloom", "gpt_neox") else 2
    embeddings = (1 if told.tie_word_embeddings else 2) * float(told.vocab or 0) * hidden
    return layers * (attention + matrices * hidden * ffn * (told.experts or 1)) + embeddings


def _active(told: Config, layers: int, params: float) -> float:
    idle = (told.experts or 1) - (told.experts_per_token or 1)
    expert = 3.0 * (told.hidden or 0) * (told.expert_ffn or told.ffn or 0)
    return max(0.02 * params, params - layers * idle * expert)
