"""What serving asks of a machine: peak, bandwidth, memory and links of one chip, or of a CPU machine as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from estimator.compute import peak_tflops, sixteen_bit_peak
from estimator.plan import CPU_GFLOPS
from estimator.result import Cluster

CPU_GB_PER_S = 2.0  # memory bandwidth of a virtual CPU; a rule of thumb (some 300 GB/s over 150 of them)
USABLE = 0.92  # of an accelerator's memory, for weights and KV cache (vLLM's default leaves 10 %)
USABLE_HOST = 0.85
LINK_USE = 0.65  # of a link's rate in one direction, by large all-reduces
BITS = {"fp32": 4.0, "tf32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.56, "fp4": 0.56}


@dataclass(frozen=True, slots=True)
class Machine:
    """One chip (or CPU machine) as serving sees it: FLOP/s, bytes/s, GB."""

    flops: float
    bandwidth: float
    usable_gb: float
    link: float  # bytes/s in one direction between the chips of a node
    precision: str  # of the weights
    kv_bytes: float


def usual_precision(cluster: Cluster) -> str:
    """What people serve in when they do not say."""
    chip = cluster.chip
    if chip is None:
        return "int8"
    return "bf16" if chip.bf16 else "fp16" if chip.fp16 else "fp32"


def machine(cluster: Cluster, precision: str) -> Machine | str:
    """The machine in *precision*, or why it cannot be estimated, in a sentence."""
    chip = cluster.chip
    if chip is None:
        return _host(cluster, precision)
    if chip.bandwidth_gb_s is None:
        return f"{chip.name} is not ranked: its maker publishes no memory bandwidth"
    share = cluster.instance.chips if cluster.instance and 0 < cluster.instance.chips < 1 else 1.0
    memory = cluster.instance.chip_memory_gb if cluster.instance and cluster.instance.chip_memory_gb else chip.memory_gb
    peak = peak_tflops(chip, precision) or sixteen_bit_peak(chip) or chip.fp32
    if precision == "int4":  # 4-bit weights are unpacked to 16 bits before they multiply
        peak = sixteen_bit_peak(chip) or chip.fp32
    if not peak:
        return f"{chip.name} is not ranked: its maker publishes no peak"
    return Machine(
        flops=peak * share * 1e12,
        bandwidth=chip.bandwidth_gb_s * share * 1e9,
        usable_gb=memory * USABLE,
        link=(chip.link_gb_s or 32.0) / 2 * LINK_USE * 1e9,
        precision=precision,
        kv_bytes=1.0 if precision in ("fp8", "fp4") else 2.0,
    )


def _host(cluster: Cluster, precision: str) -> Machine | str:
    if cluster.instance is None:
        return "name an instance type for a CPU"
    gain = {"int8": 3.0, "bf16": 1.5, "fp16": 1.0, "int4": 1.0}.get(precision, 1.0)
    return Machine(
        flops=cluster.instance.vcpu * CPU_GFLOPS * gain * 1e9,
        bandwidth=cluster.instance.vcpu * CPU_GB_PER_S * 1e9,
        usable_gb=cluster.instance.memory_gib * 1.073741824 * USABLE_HOST,
        link=1e9,
        precision=precision,
        kv_bytes=2.0,
    )
