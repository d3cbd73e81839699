"""FLOPs of a model, exact for its architecture, and the peak rate of a chip in a precision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from data.shapes import Chip
from estimator.workload import Method, ModelSpec

ASPECT = 128.0  # hidden width per layer of published decoders: 117 (GPT-3 66B) to 144 (Llama 3 405B)
FLOPS_PER_WEIGHT = 300.0  # forward FLOPs of one 224 px image per weight: 230 (ResNet) to 440 (EfficientNet)
TYPICAL_VOCAB = 50_000  # of a decoder whose vocabulary is not told
ROPE_WIDTH = 64  # rotary part of a query and key under multi-head latent attention
SIXTEEN_BIT = ("bf16", "fp16")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the formulas need of a transformer; *guessed* when layers or width were not told and come from the size."""

    layers: int
    hidden: int
    attention: int  # heads x head width
    kv: int  # key heads x head width
    ffn: int
    vocab: int
    gated: bool
    tied: bool
    causal: bool
    params: float
    active: float  # weights that one token uses
    embeddings: float  # weights of input and output embeddings together
    expert: float  # width of one expert over the hidden width; 0 where it is not known
    experts: int  # of a layer; 0 where there are none or it is not known
    chosen: int  # experts that one token passes
    stacked: float  # weights of all experts; 0 where there are none
    core: float  # width that scores and weighted values pass: heads x mean of key and value width
    heads: int
    guessed: bool
    labels: bool = False  # a small head (labels, spans, entities) in the place of one over the vocabulary

    @property
    def matmul(self) -> float:
        """Weights that multiply one token: the active ones without the look-up of an untied input embedding."""
        lookup = self.embeddings if self.labels else 0.0 if self.tied else self.embeddings / 2
        return max(self.active - lookup, 0.1 * self.active)


@lru_cache(maxsize=512)
def shape(model: ModelSpec) -> Shape:
    """The shape of *model*: told where told, else from its size (hidden = 128 x layers, head width 128)."""
    active = model.active_params or model.params
    hidden = model.hidden or (round(model.layers * ASPECT) if model.layers else _width(active))
    layers = model.layers or max(1, round(hidden / ASPECT))
    heads = model.heads or max(1, round(hidden / 128))
    head = model.head_dim or max(1, hidden // heads)
    kv = (model.kv_heads or heads) * head
    vocab = model.vocab or (TYPICAL_VOCAB if model.family == "decoder" else 0)
    tied, gated = _tied_and_gated(model, heads * head, kv)
    embeddings = min(float(vocab) * hidden * (1 if tied else 2), 0.5 * active)
    ffn = model.ffn or 4 * hidden
    if active < model.params:  # experts: the width that one token passes, shared experts too
        ffn = max(1, round(((active - embeddings) / layers - 2 * hidden * (heads * head + kv)) / (3 * hidden)))
    return Shape(
        layers=layers,
        hidden=hidden,
        attention=heads * head,
        kv=kv,
        ffn=ffn,
        vocab=vocab,
        gated=gated,
        tied=tied,
        causal=model.family == "decoder",
        params=model.params,
        active=active,
        embeddings=embeddings,
        expert=_expert(model, hidden, layers),
        experts=model.experts or 0 if active < model.params else 0,
        chosen=(model.experts_per_token or 1) if active < model.params else 0,
        stacked=_stacked(model),
        core=heads * (head + (ROPE_WIDTH / 2 if model.kv_rank else 0)) * half_of(model.family),
        heads=heads,
        guessed=model.hidden is None and model.layers is None,
    )


def with_labels(of: Shape) -> Shape:
    """The shape under a classification head: embeddings are looked up alone, and there are no logits to speak of."""
    return replace(of, labels=True, vocab=0)


def _expert(model: ModelSpec, hidden: int, layers: int) -> float:
    """Width of one expert over the hidden width, from the weights that a token does not use."""
    idle = model.params - (model.active_params or model.params)
    unused = (model.experts or 0) - (model.experts_per_token or 0)
    return idle / unused / layers / (3 * hidden * hidden) if idle > 0 and unused > 0 else 0.0


def _stacked(model: ModelSpec) -> float:
    """Weights of all experts, from those that a token does not use."""
    idle = model.params - (model.active_params or model.params)
    unused = 1 - (model.experts_per_token or 0) / model.experts if model.experts else 1.0
    return min(0.98 * model.params, idle / unused) if idle > 0 and unused > 0 else 0.0


def _width(active: float) -> int:
    """Hidden width of a decoder with *active* weights: 12 x layers x hidden^2 of them, layers = hidden / 128."""
    return max(64, round(float((ASPECT * active / 12) ** (1 / 3))))


def _tied_and_gated(model: ModelSpec, attention: int, kv: int) -> tuple[bool, bool]:
    """Whether embeddings are shared and the MLP is gated: what brings the count of weights closest to the told one."""
    layers, hidden, ffn, vocab = model.layers, model.hidden, model.ffn, model.vocab
    if not (layers and hidden and ffn and vocab) or (model.active_params or model.params) < model.params:
        return model.tied or not vocab or model.family != "decoder", ffn is not None and model.family == "decoder"

    def counted(tied: bool, gated: bool) -> float:
        attend = 2 * hidden * (attention + kv)
        return layers * (attend + (3 if gated else 2) * hidden * ffn) + (1 if tied else 2) * vocab * hidden

    options = list(product((True,) if model.tied else (False, True), (True, False)))
    return min(options, key=lambda option: abs(counted(*option) - model.params))


def attention_flops(of: Shape, seq_len: float) -> float:
    """FLOPs per token of scores and weighted values, forward: 4 x s x width a layer, half of it under a causal mask."""
    return (2.0 if of.causal else 4.0) * seq_len * of.core * of.layers


def dense_flops(of: Shape, family: str) -> float:
    """FLOPs per token of the weights that it passes, forward: 2 each."""
    return 2.0 * of.matmul * half_of(family)


def half_of(family: str) -> float:
    """The share of the layers that one token passes: half of an encoder-decoder."""
    return 0.5 if family == "encoder-decoder" else 1.0


def passes(method: Method) -> float:
    """Forward passes that one training step is worth: 3, or 2 where frozen weights need no gradient."""
    return 3.0 if method == "full" else 2.0


def sample_gflops(model: ModelSpec) -> float | None:
    """Forward GFLOPs of one image, clip or denoising step: told, else 300 FLOPs a weight; None without weights."""
    if model.gflops_per_sample:
        return model.gflops_per_sample
    return FLOPS_PER_WEIGHT * model.params / 1e9 if model.params else None


def peak_tflops(chip: Chip, precision: str) -> float | None:
    """Dense peak of *chip* in *precision* in TFLOP/s; None when the maker publishes none."""
    if precision in SIXTEEN_BIT:
        return chip.bf16 if precision == "bf16" else (chip.fp16 or chip.bf16)
    found: float | None = getattr(chip, precision, None)
    return found


def sixteen_bit_peak(chip: Chip) -> float | None:
    """The larger of the 16-bit peaks: what utilisation is counted against, 8- and 4-bit training too."""
    return chip.bf16 or chip.fp16
