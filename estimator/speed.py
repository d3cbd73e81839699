"""Units (tokens or samples) a second, from FLOPs, the calibrated efficiency and what must be moved."""

from __future__ import annotations

from dataclasses import dataclass

from data.shapes import Instance
from estimator.efficiency import Factors, batch_factor, count_factor, width_factor

FAST_NETWORK = 400.0  # Gbit/s a machine, from which the network is like that of the calibrated rows
PCIE = 200.0  # GB/s a chip, below which the chips of one machine are joined by PCIe
ACCUMULATED = 8  # micro-batches of a step when no global batch is told


@dataclass(frozen=True, slots=True)
class Load:
    """The work of a training step, whatever it runs on; a unit is a token or a sample."""

    flops: float  # a unit, with the attention core weighted by how much slower it runs
    tokens: float  # that a unit is worth: rows of its matrices
    hidden: float | None  # width of the matrices; None where it does not apply
    micro: float  # units of a micro-batch on one chip
    step: float | None  # units of a told global batch
    overhead: float  # units that gathering the weights for a micro-batch is worth, on more than one chip
    gathered: float  # bytes that a micro-batch gathers from other chips
    streams: bool  # one chip does not hold the work, so that it would gather from the host
    reduced: float  # bytes that a step exchanges between machines
    unpacked: float  # bytes that a micro-batch unpacks from 4 bits
    launched: float  # seconds of a micro-batch in which the chip waits for an eager stack
    recompute: bool
    adapters: bool  # LoRA: many thin matrices beside each wide one
    experts: bool  # mixture of experts: each matrix is a fraction of the width

    def micro_on(self, count: int) -> float:
        """Units of a micro-batch on each of *count* chips: a global batch is shared out."""
        return min(self.micro, self.step / count) if self.step else self.micro


@dataclass(frozen=True, slots=True)
class Site:
    """Where the work runs: rates of one chip, and what joins the chips."""

    flops_per_s: float  # peak
    share: float  # of the peak that a large batch on few chips uses
    bytes_per_s: float
    link_gb_s: float
    count: int
    per_node: int
    instance: Instance | None


def rate(load: Load, site: Site, factors: Factors) -> float:
    """Units a second of the whole site; never less than one machine, or one chip, reaches alone."""
    inside = min(site.count, site.per_node)
    alone = max(n / chip_seconds(load, site, factors, n) for n in {1, inside})
    if site.count <= site.per_node:
        return alone
    seconds = chip_seconds(load, site, factors, site.count) + network_seconds(load, site, factors)
    return max(alone, site.count / seconds)


def chip_seconds(load: Load, site: Site, factors: Factors, count: int) -> float:
    """Chip-seconds for one unit when *count* chips share the step over a fast network."""
    micro = load.micro_on(count)
    lost = 1 / count_factor(count, factors["count_exponent"], factors["count_flat"])
    ideal = ideal_seconds(load, site, factors)
    seconds = ideal * (lost + overhead(load, site, factors, count) / micro)
    moved = load.unpacked / (site.bytes_per_s * factors["dequant_share"])
    if (count > 1 or load.streams) and site.link_gb_s < PCIE:
        gather = load.gathered / (site.link_gb_s * 1e9 * factors["pcie_share"])
        moved += max(0.0, gather - factors["pcie_overlap"] * ideal * micro)  # the next layer's while one computes
    return seconds + (moved + load.launched) / micro


def ideal_seconds(load: Load, site: Site, factors: Factors) -> float:
    """Chip-seconds for one unit of a large step on few chips: FLOPs over the share that the widths leave."""
    share = site.share
    if load.hidden:
        share *= width_factor(load.hidden, factors["half_width_moe" if load.experts else "half_width"])
        share *= batch_factor(load.hidden, factors["adapter_width"]) if load.adapters else 1.0
    return load.flops / (site.flops_per_s * (share * factors["recompute_full"] if load.recompute else share))


def overhead(load: Load, site: Site, factors: Factors, count: int) -> float:
    """Units that the fixed costs of a micro-batch are worth; reading the weights takes as long as computing some."""
    gather = load.overhead if count > 1 or load.streams else 0.0
    read = factors["weight_reads"] * site.share * site.flops_per_s / site.bytes_per_s if load.hidden else 0.0
    return gather + read / load.tokens


def network_seconds(load: Load, site: Site, factors: Factors) -> float:
    """Chip-seconds for one unit that a network slower than the calibrated rows' adds; 0 where it is not known."""
    network = site.instance.network_gbps if site.instance else None
    if site.instance is None or network is None or (site.instance.efa and network >= FAST_NETWORK):
        return 0.0
    bytes_per_s = network / 8 * 1e9 * factors["network_share" if site.instance.efa else "network_share_plain"]
    micro = load.micro_on(site.count)
    step = load.step / site.count if load.step else ACCUMULATED * micro
    return (load.reduced / step + load.gathered / micro) / bytes_per_s * (1 - factors["network_overlap"])
