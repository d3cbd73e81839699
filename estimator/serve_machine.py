"""What serving asks of a machine: peak, bandwidth, memory and links of one chip, or of a CPU machine as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

from data.shapes import Chip
from estimator.compute import peak_tflops, sixteen_bit_peak
from estimator.efficiency import chip_class
from estimator.plan import CPU_GFLOPS
from estimator.result import Cluster
from estimator.serve_tables import Cpu, Tables

SECOND_SOCKET = 0.5  # of its bandwidth, that threads on both gain
USABLE = 0.97  # of an accelerator's memory: driver, context and fragments keep the rest
USABLE_HOST = 0.85
PCIE = 200.0  # GB/s a chip, below which the chips of a machine exchange through the host
BYTES = {"fp32": 4.0, "tf32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.53, "fp4": 0.5625}
COMPUTE_BITS = {"fp32": "32", "tf32": "32", "fp8": "8", "int8": "8", "fp4": "4"}


@dataclass(frozen=True, slots=True)
class Machine:
    """One chip, or one CPU machine, as serving sees it."""

    name: str
    chips: str  # class of chips
    flops: float  # peak in FLOP/s
    share: float  # of the peak, by large matrix products
    bandwidth: float  # bytes/s
    usable_gb: float
    host_link: bool  # chips of a machine exchange through the host
    link: float  # bytes/s in one direction
    precision: str
    weight_bytes: float
    kv_bytes: float
    measured: bool  # rows of this class of chips are behind the share


def usual_precision(chip: Chip | None) -> str:
    """What people serve in when they do not say."""
    if chip is None:
        return "int8"
    return "bf16" if chip.bf16 else "fp16" if chip.fp16 else "fp32"


def runs_natively(chip: Chip, precision: str) -> bool:
    """Whether the chip multiplies in *precision*; 4-bit floats run on chips with FP8 too, unpacked by their kernels."""
    return bool(getattr(chip, precision) or (precision == "fp4" and chip.fp8 and chip.vendor == "NVIDIA"))


def machine(cluster: Cluster, precision: str, known: Tables, *, weight_only: bool = False) -> Machine | str:
    """The machine in *precision*, or why it cannot be estimated, in a sentence.

    With *weight_only*, 8-bit integers are unpacked to 16 bits before they multiply, as 4-bit ones always are.
    """
    chip = cluster.chip
    if chip is None:
        return _host(cluster, precision, known)
    if chip.bandwidth_gb_s is None:
        return f"{chip.name} is not ranked: its maker publishes no memory bandwidth"
    peak, bits = _peak(chip, precision, weight_only)
    if not peak:
        return f"{chip.name} is not ranked: its maker publishes no peak"
    share = cluster.instance.chips if cluster.instance and 0 < cluster.instance.chips < 1 else 1.0
    memory = cluster.instance.chip_memory_gb if cluster.instance and cluster.instance.chip_memory_gb else chip.memory_gb
    chips = "neuroncore-v1" if chip.arch == "NeuronCore-v1" else chip_class(chip)
    return Machine(
        name=chip.name,
        chips=chips,
        flops=peak * share * 1e12,
        share=known.matmul(chips, bits),
        bandwidth=chip.bandwidth_gb_s * share * 1e9,
        usable_gb=memory * USABLE,
        host_link=(chip.link_gb_s or 0.0) < PCIE and chip.vendor != "AWS",
        link=(chip.link_gb_s or 32.0) / 2 * 1e9,
        precision=precision,
        weight_bytes=BYTES[precision],
        kv_bytes=1.0 if precision in ("fp8", "fp4") and chip.fp8 else 4.0 if precision == "fp32" else 2.0,
        measured=known.matmul_name(chips, bits) in known.seen,
    )


def _peak(chip: Chip, precision: str, weight_only: bool) -> tuple[float | None, str]:
    sixteen = sixteen_bit_peak(chip)
    if precision == "int4" or (precision == "int8" and weight_only):
        return sixteen or chip.fp32, "16" if sixteen else "32"
    peak = peak_tflops(chip, precision)
    if peak:
        return peak, COMPUTE_BITS.get(precision, "16")
    if precision == "fp4" and (chip.fp8 or chip.int8):
        return chip.fp8 or chip.int8, "8"
    return (sixteen, "16") if sixteen else (chip.fp32, "32")


def _host(cluster: Cluster, precision: str, known: Tables) -> Machine | str:
    if cluster.instance is None:
        return "name an instance type for a CPU"
    one = cluster.instance
    cpu = known.cpu(one.name)
    gain = {"bf16": cpu.bf16, "int8": cpu.int8, "int4": cpu.int4}.get(precision, 1.0)
    return Machine(
        name=one.name,
        chips="cpu",
        flops=one.vcpu * CPU_GFLOPS * gain * 1e9,
        share=known.matmul("cpu", "16"),
        bandwidth=_memory_gb_s(one.vcpu, cpu) * 1e9,
        usable_gb=one.memory_gib * 1.073741824 * USABLE_HOST,
        host_link=True,
        link=1e9,
        precision=precision,
        weight_bytes=BYTES[precision],
        kv_bytes=2.0,
        measured=False,
    )


def _memory_gb_s(vcpu: int, cpu: Cpu) -> float:
    """GB/s that so many virtual CPUs draw: few are bound by what each can ask for, many by the memory of the socket."""
    sockets = math.ceil(vcpu / cpu.socket_vcpu)
    whole = cpu.socket_gb_s * (1 + SECOND_SOCKET * (sockets - 1))
    return 1 / (1 / (vcpu * cpu.vcpu_gb_s) + 1 / whole)
