"""Bytes on one accelerator while training, part by part; the worst pipeline stage counts."""

from __future__ import annotations

from dataclasses import dataclass

from estimator.compute import Shape
from estimator.workload import Method, Recompute

GB = 1e9
LOGIT_BYTES = 8.0  # a logit: 16 bits, a 32-bit copy and a 16-bit gradient
EAGER_LOGIT_BYTES = 14.0  # the same with softmax and gradient in 32 bits
FUSED_LOGIT_BYTES = 4.0  # 16 bits and their gradient, where one kernel computes the loss (flash-attn, Liger, Unsloth)
SCORE_BYTES = 5.0  # an attention score: softmax in 16 bits, its dropout mask, what is left
CAST_SCORE_BYTES = 11.0  # the same under autocast: softmax and dropout in 32 bits, a mask, a copy in 16
CAST_BYTES = 18.0  # a unit of width under autocast: norms and residuals in 32 bits, a copy for each product
NF4 = 0.5159  # bytes a weight: 4 bits, and block scales that are quantised themselves (QLoRA, section 3)
NF4_PLAIN = 0.5625  # the same with a 32-bit scale for each 64 weights
PURE_16_BIT = frozenset({"litgpt", "torchtune", "peft"})  # weights, gradients and Adam moments all in 16 bits
EAGER = frozenset({"huggingface", "litgpt", "peft"})  # stacks that launch each kernel from Python
NORM_COPIES = 4.0  # DoRA: dense copies of the widest matrix (product, identity, sum, weight) in 16 bits at a time
PER_OPERATION = frozenset({"fsdp", "torchtune"})  # stacks that recompute selectively by operation, not by attention
SELECTIVE = 0.5  # of a layer's activations that they keep: torchtitan, 8B, 62 of 110 GB at 16k tokens
STATES = {  # optimizer moments, bytes a weight in 32 bits
    "adamw": 8.0,
    "adam": 8.0,
    "lamb": 8.0,
    "sgd": 4.0,
    "momentum": 4.0,
    "lion": 4.0,
    "muon": 4.0,
    "adafactor": 0.5,
    "adamw-8bit": 2.0,
    "lion-8bit": 1.0,
    "sophia": 8.0,
    "rmsprop": 4.0,
    "adagrad": 4.0,
    "lars": 4.0,
}


@dataclass(frozen=True, slots=True)
class Split:
    """How one training is laid over the chips: ranks of each kind, ZeRO stage, micro-batch, recompute."""

    tp: int = 1
    pp: int = 1
    cp: int = 1
    ep: int = 1
    dp: int = 1
    zero: int = 0
    micro_batch: float = 1
    recompute: Recompute = "none"


@dataclass(frozen=True, slots=True)
class Job:
    """What memory depends on besides the model's shape and the split."""

    method: Method
    precision: str
    seq_len: float
    optimizer: str
    stack: str
    lora_rank: int
    flash: bool
    fixed_gb: float  # context, libraries and buffers of one chip
    slack: float  # share lost to fragmentation
    norms: bool = False  # DoRA: the dense product of the adapters is made to take the norm of each weight
    fused_loss: bool = False  # logits keep 16 bits, and their gradient takes the same place or another of that size


def training_parts(of: Shape, job: Job, split: Split) -> dict[str, float]:
    """Decimal GB per accelerator of weights, gradients, optimizer, activations, logits, adapters and framework."""
    held = weights_held(of, split)
    parts = _full_states(held, job, split) if job.method == "full" else _frozen_states(of, held, job, split)
    parts["activations"], parts["logits"] = _activations(of, job, split)
    parts["gathered layers"] = _gathered(of, job, split)
    if job.norms:
        parts["norms"] = NORM_COPIES * 2.0 * of.hidden * of.ffn / split.tp
    slack = job.slack * sum(parts.values())
    made = {name: part / GB for name, part in parts.items() if part}
    made["framework"] = job.fixed_gb + slack / GB
    return made


@dataclass(frozen=True, slots=True)
class Held:
    """Weights on a chip of the fullest pipeline stage: before ZeRO, and one rank's share of them."""

    whole: float
    share: float

    def at(self, sharded: bool) -> float:
        """Those that a chip keeps."""
        return self.share if sharded else self.whole


def weights_held(of: Shape, split: Split) -> Held:
    """Its layers, and an embedding where there are stages.

    Expert ranks share out the experts alone, and hold all else as data-parallel ranks do.
    """
    embedding = of.embeddings if split.pp == 1 else of.embeddings / (1 if of.tied else 2)
    dense = ((of.params - of.embeddings - of.stacked) / split.pp + embedding) / split.tp
    experts = of.stacked / split.pp / split.ep / split.tp
    copies = split.dp * split.cp
    return Held(dense + experts, dense / (copies * split.ep) + experts / copies)


def _full_states(held: Held, job: Job, split: Split) -> dict[str, float]:
    weight, gradient, optimizer = bytes_per_weight(job)
    if job.stack == "fsdp" and split.zero == 2:
        optimizer += 2.0  # the gathered 16-bit weights stay beside the 32-bit shards
    return {
        "weights": weight * held.at(split.zero >= 3),
        "gradients": gradient * held.at(split.zero >= 2),
        "optimizer": optimizer * held.at(split.zero >= 1),
    }


def bytes_per_weight(job: Job) -> tuple[float, float, float]:
    """Bytes a weight of weights, gradients and optimizer (the 32-bit master copy counts there).

    DeepSpeed's bf16 optimizer under Megatron keeps 16-bit gradients beside their 32-bit sums. FSDP keeps weights in 32
    bits alone and makes 16-bit ones of a layer when it is gathered, so that two of their bytes count as weights and two
    as master copy (torch.distributed.fsdp, MixedPrecision).
    """
    moments = STATES.get(job.optimizer, 8.0)
    if job.precision in ("fp32", "tf32"):
        return 4.0, 4.0, moments
    if job.stack in PURE_16_BIT:
        return 2.0, 2.0, min(moments, 8.0) / 2
    if job.stack == "fsdp":
        return 2.0, 4.0, 2.0 + moments
    return 2.0, 6.0 if job.stack == "megatron-deepspeed" else 4.0, 4.0 + moments


def _frozen_states(of: Shape, held: Held, job: Job, split: Split) -> dict[str, float]:
    width = 4.0 if job.precision in ("fp32", "tf32") else 2.0
    weights = held.whole * width
    if job.method == "qlora":
        embeddings = min(of.embeddings / split.tp, held.whole)
        packed = NF4_PLAIN if job.stack == "litgpt" else NF4
        weights = (held.whole - embeddings) * packed + embeddings * width
    adapter = adapter_weights(of, job.lora_rank, thin=job.stack == "litgpt") / split.tp / split.pp
    return {
        "weights": weights * held.at(split.zero >= 3) / held.whole,
        "adapters": adapter * (8.0 if job.stack in PURE_16_BIT else 16.0),
    }


def adapter_weights(of: Shape, rank: int, *, thin: bool = False) -> float:
    """Weights of LoRA pairs, rank x (in + out) each: on every linear layer, or (thin) on query and value alone."""
    if thin:
        return float(rank) * of.layers * (2 * of.hidden + of.attention + of.kv)
    mlp = (3 if of.gated else 2) * (of.hidden + of.ffn)
    return float(rank) * of.layers * (2 * (of.hidden + of.attention) + 2 * (of.hidden + of.kv) + mlp)


def _gathered(of: Shape, job: Job, split: Split) -> float:
    """Layers that ZeRO-3 holds whole for a moment: two blocks, and the embeddings with their gradient."""
    if split.zero < 3 or split.dp * split.cp * split.ep <= 1:
        return 0.0
    block = (of.params - of.embeddings - of.stacked * (1 - 1 / split.ep)) / of.layers / split.tp
    table = of.embeddings / (1 if of.tied else 2) / split.tp
    return 2 * block * 2.0 + table * (6.0 if job.method == "full" else 2.0)


def _activations(of: Shape, job: Job, split: Split) -> tuple[float, float]:
    """Bytes of activations and of logits on the fullest stage.

    The first stage holds as many micro-batches as there are stages, so all layers' worth; the last holds the logits.
    """
    tokens = split.micro_batch * job.seq_len / split.cp
    layer = tokens * layer_bytes(of, job) / split.tp
    kept = of.layers * layer
    if split.recompute == "full":
        shared = 1 if job.stack == "megatron-deepspeed" else split.tp  # sequence parallelism splits what is kept too
        kept = of.layers * 2.0 * of.hidden * tokens * (1.1 if job.method != "full" else 1.0) / shared + layer
    elif split.recompute == "selective" and job.stack in PER_OPERATION:
        kept *= SELECTIVE
    elif job.method == "qlora":
        kept *= 1.8  # 4-bit layers keep a second, 32-bit copy of their inputs
    if job.precision in ("fp32", "tf32"):
        kept *= 2
    logits = tokens * of.vocab * _logit_bytes(job) / split.tp
    if split.pp > 1:
        last = kept / split.pp + logits
        return (kept, 0.0) if kept >= last else (kept / split.pp, logits)
    return kept, logits


def _logit_bytes(job: Job) -> float:
    if job.fused_loss:
        return FUSED_LOGIT_BYTES
    return EAGER_LOGIT_BYTES if job.stack in EAGER else LOGIT_BYTES


def layer_bytes(of: Shape, job: Job) -> float:
    """Bytes a token of one layer's activations in 16 bits.

    Norms 12 h (gated models: RMSNorm in 32 bits) or 8 h, query and output 4 h, key and value 4 h k/a, MLP 8 f gated
    or 4 f plain; scores without flash attention. Under autocast the norms of an encoder, its residuals and its softmax
    are kept in 32 bits, and inputs are cast for each product (torch.autocast, list of operations).
    """
    cast = job.stack == "huggingface" and not of.causal and job.precision not in ("fp32", "tf32")
    scores = 0.0 if job.flash else (CAST_SCORE_BYTES if cast else SCORE_BYTES) * job.seq_len * of.heads
    norms, mlp = (12.0, 8.0) if of.gated else (8.0, 4.0)
    norms += CAST_BYTES if cast else 0.0
    return norms * of.hidden + 4.0 * (of.attention + of.kv) + mlp * of.ffn + scores
