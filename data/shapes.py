"""The shapes of the facts: one frozen record a row, with its source and date; what is unknown is None, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Chip:
    """One accelerator (chip or GPU); rates are dense peaks in TFLOP/s (TOP/s for integers), bandwidths in GB/s."""

    name: str
    vendor: str
    arch: str
    families: tuple[str, ...]  # EC2 families; empty for chips outside AWS
    memory_gb: float  # usable by a program, decimal GB
    bandwidth_gb_s: float | None
    fp32: float | None
    tf32: float | None
    fp16: float | None
    bf16: float | None
    fp8: float | None
    int8: float | None
    fp4: float | None
    link: str  # what joins the chips of a node
    link_gb_s: float | None  # per chip, both directions
    watts: float | None  # board power
    confidence: str
    note: str
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Instance:
    """One EC2 type; *chips* is 0 for a CPU type, a fraction for a slice of a card."""

    name: str
    chip: str | None
    chips: float
    chip_memory_gb: float | None  # usable per chip, decimal GB
    vcpu: int
    memory_gib: float
    network_gbps: float | None
    efa: bool
    nvme_gb: float
    arch: str  # x86_64 | arm64
    markets: tuple[str, ...]  # usage classes: on-demand, spot, capacity-block
    note: str
    source: str
    as_of: date

    @property
    def family(self) -> str:
        """The part before the dot: p5.48xlarge -> p5."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Rate:
    """USD per instance-hour of one type in one region under one market, with how sure the figure is."""

    instance_type: str
    region: str
    market: str  # on-demand | spot | savings-plan-1y | savings-plan-3y | capacity-block | sagemaker
    usd_per_hour: float
    low: float | None  # known spread, where there is one (spot)
    high: float | None
    basis: str  # in words: "AWS list price", "list price less the 30-day average spot discount of 62 %"
    confidence: str  # high | medium | low
    source: str
    as_of: date
    reclaimed_per_month: float | None = None  # spot: share of machines that AWS takes back in a month


@dataclass(frozen=True, slots=True)
class Share:
    """What a market costs in percent of on-demand, for a type or a whole family, in one region or in all ("*")."""

    applies_to: str
    region: str
    market: str
    percent: float | None  # None: the market does not sell this type
    low: float | None
    high: float | None
    reclaimed_per_month: float | None
    basis: str
    confidence: str
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Item:
    """A price beside the instances: EBS, snapshots, addresses, transfer, Lambda, Fargate, SageMaker ..."""

    name: str
    unit: str
    region: str
    usd: float | None
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Grid:
    """The electricity of a region: kg CO2e of a kWh, and kWh that a data center draws for each that its machines do."""

    region: str
    place: str
    kg_co2e_per_kwh: float
    pue: float
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Quota:
    """A Service Quotas code and the instance families that it limits."""

    service: str
    code: str
    name: str
    unit: str
    market: str
    families: tuple[str, ...]
    note: str
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Dataset:
    """A published data set: its training samples, or its tokens, whichever people count it in.

    *checked* is the day on which the count was read in the source or a copy of it; None: it was not.
    """

    name: str
    aliases: tuple[str, ...]
    samples: float | None
    tokens: float | None
    tokens_per_sample: float | None  # real ones, in the mean
    note: str
    length: str  # what the tokens of a sample rest on
    source: str
    checked: date | None
    as_of: date


@dataclass(frozen=True, slots=True)
class Model:
    """A published model's architecture; *params* counts all weights, *active_params* those that one token uses.

    For a diffusion pipeline that is the part that runs in every step. *layers* of an encoder-decoder counts both sides.
    """

    name: str
    aliases: tuple[str, ...]
    family: str  # decoder | encoder | encoder-decoder | vision | diffusion | audio
    params: float
    active_params: float | None  # None: all of them
    layers: int | None
    hidden: int | None
    heads: int | None
    kv_heads: int | None
    head_dim: int | None
    ffn: int | None
    vocab: int | None
    experts: int | None
    experts_per_token: int | None
    kv_rank: int | None  # MLA: compressed key-value width, rope part included; None elsewhere
    context: int | None
    tied: bool  # input and output embeddings share their weights
    gflops_per_sample: float | None  # forward multiply-adds x 2 of one image, clip or step; None for text
    note: str
    source: str
    as_of: date
    weights: str | None = None  # fp8 | fp4: the precision in which they are published; None: 16 bits
    weights_source: str = ""
    frozen_gflops: float | None = None  # diffusion: forward of the text encoders and of the VAE, which a training keeps
