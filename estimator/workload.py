"""What is asked: a workload in the words of the field; frozen values, None where the asker did not say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Family = Literal["decoder", "encoder", "encoder-decoder", "vision", "diffusion", "audio"]
Precision = Literal["bf16", "fp16", "fp32", "tf32", "fp8", "fp4", "int8", "int4"]
Method = Literal["full", "lora", "qlora", "dora", "qdora"]  # DoRA: LoRA, and a norm of every adapted weight
Recompute = Literal["none", "selective", "full"]
Market = Literal["on-demand", "spot", "savings-plan", "savings-plan-1y", "savings-plan-3y", "capacity-block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """The model of a workload: named in the catalog, or described; missing shapes are inferred and said."""

    name: str
    params: float  # all weights
    active_params: float | None = None  # per token; None: all
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
    context: int | None = None
    tied: bool = False
    family: Family = "decoder"
    gflops_per_sample: float | None = None
    native: Precision | None = None  # in which the weights are published, where that is less than 16 bits
    native_source: str = ""
    frozen_gflops: float | None = None  # of the parts that a training does not train: text encoders, VAE


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """How the work is split, as far as told: tensor, pipeline, context, expert and data parallel ranks, sharding."""

    tp: int | None = None
    pp: int | None = None
    cp: int | None = None
    ep: int | None = None
    dp: int | None = None
    sharding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """The machines asked for: chips by name, or an EC2 type; *count* is of chips there, of machines here."""

    accelerator: str | None = None
    instance_type: str | None = None
    count: int | None = None
    per_node: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What limits the choice: region, market, deadline, budget, families, vendor; None is no limit.

    *vendor* is the maker of the chips, or "cpu", or "gpu" for anything with a chip. *chips* is their number in all.
    """

    region: str = "us-east-1"
    market: Market | None = None
    deadline_hours: float | None = None
    budget_usd: float | None = None
    families: tuple[str, ...] = ()
    vendor: str | None = None
    max_nodes: int | None = None
    chips: int | None = None
    prefer: Literal["cheapest", "fastest"] | None = None  # what the best choice means; None: a balance
    max_usd_per_hour: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What every workload has in common."""

    model: ModelSpec
    precision: Precision | None = None
    framework: str | None = None
    parallel: Parallel = field(default_factory=Parallel)
    hardware: Hardware | None = None  # None: rank the choices
    wish: Wish = field(default_factory=Wish)
    notes: tuple[str, ...] = field(default=(), compare=False)  # how the words were read, where that was a choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Training(Work):
    """Training from scratch: *tokens* in all, or *samples* x *epochs* (of *seq_len* tokens for text)."""

    tokens: float | None = None
    samples: float | None = None
    epochs: float | None = None
    seq_len: int | None = None
    seq_mode: str | None = None
    sample_tokens: float | None = None  # that a sample of text really has, in the mean
    global_batch: int | None = None
    micro_batch: int | None = None
    recompute: Recompute | None = None
    latents: str | None = None  # diffusion: "cached" where images and captions are encoded beforehand
    optimizer: str | None = None
    trials: int | None = None  # a sweep: so many runs of this
    parallel_trials: int | None = None  # of which so many at a time; None: one after another


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning(Training):
    """Fine-tuning: a training with a method and, for LoRA, a rank."""

    method: Method | None = None
    lora_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference(Work):
    """Serving: *qps* requests a second, or *samples* in one batch job; token counts are per request.

    A service is priced for *service_hours*, or for a month.
    """

    batch: int | None = None
    qps: float | None = None
    samples: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    seq_len: int | None = None
    seq_mode: str | None = None
    concurrency: int | None = None
    scenario: str | None = None
    max_ttft_ms: float | None = None
    max_tpot_ms: float | None = None
    max_latency_ms: float | None = None  # of the whole request
    service_hours: float | None = None
    steps: int | None = None  # denoising steps of an image
    guidance: float | None = None  # scale of classifier-free guidance; 1 or less is none
    resolution: str | None = None  # pixels of an image: "1024x768"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Train or fine-tune, then serve."""

    train: Training
    serve: Inference


Workload = Training | FineTuning | Inference
