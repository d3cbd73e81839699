"""What is answered: ranges, memory part by part, and one estimate of one workload on one cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from data.shapes import Chip, Instance


@dataclass(frozen=True, slots=True)
class Range:
    """An 80 % interval with its best guess; low <= mid <= high."""

    low: float
    mid: float
    high: float

    def at_least(self, floor: float) -> Range:
        """The range without what is below *floor*, a part that is known exactly; the best guess stays."""
        return Range(max(self.low, min(floor, self.mid)), self.mid, self.high)

    def times(self, factor: float) -> Range:
        """The range in another unit (factor > 0)."""
        return Range(self.low * factor, self.mid * factor, self.high * factor)

    def inverse(self, numerator: float = 1.0) -> Range:
        """numerator / range: time from speed, speed from time."""
        return Range(numerator / self.high, numerator / self.mid, numerator / self.low)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines to run on: *count* chips of one kind, *per_node* a machine; *instance* when it is an EC2 type.

    A CPU instance has chip None; *count* is then the number of machines.
    """

    chip: Chip | None
    count: int
    per_node: int
    instance: Instance | None = None

    @property
    def nodes(self) -> int:
        """Machines, at least one."""
        return max(1, -(-self.count // self.per_node))


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one accelerator in decimal GB, whole and by parts (weights, gradients, optimizer ...)."""

    per_accelerator: Range
    parts: dict[str, float]
    usable_gb: float  # of the card, after what the driver and runtime keep
    least_gb: float | None = None  # of the same work at its thriftiest, as far as told: micro-batch 1, recomputation
    at: str = ""  # what the figures hold for: "micro-batch 1 and an assumed 2,048 tokens a sequence"

    @property
    def fits(self) -> bool:
        """Whether the best guess is within the card."""
        return self.per_accelerator.mid <= self.usable_gb

    @property
    def certain(self) -> bool:
        """Whether the whole 80 % interval says the same; what could be made smaller has room to be."""
        need = self.per_accelerator
        if not self.fits:
            return need.low > self.usable_gb
        least = need.mid if self.least_gb is None else min(self.least_gb, need.mid)
        return least * need.high / need.mid <= self.usable_gb


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of *How was this computed?*: a name, the formula with its numbers, where it comes from."""

    name: str
    formula: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One workload on one cluster. What does not apply or is not known is None. *why_not* speaks when it cannot run."""

    cluster: Cluster
    flops: float | None = None
    hours: Range | None = None
    tokens_per_s: Range | None = None
    samples_per_s: Range | None = None
    ttft_ms: Range | None = None
    tpot_ms: Range | None = None
    memory: Memory | None = None
    fits: bool = True
    why_not: str = ""
    overload: str = ""  # why it runs and yet does not carry the requests asked for
    advice: tuple[str, ...] = ()  # what to change when it does not fit
    split: str = ""  # "ZeRO-3 over 64", "TP 8 x PP 4 x DP 2"
    replicas: int = 1
    batch: int | None = None
    assumptions: tuple[str, ...] = ()
    explain: Callable[[], tuple[Step, ...]] = field(default=tuple, compare=False, repr=False)
    doubt: Callable[[], str] = field(default=str, compare=False, repr=False)

    @property
    def able(self) -> bool:
        """Whether it runs and carries the requests asked for."""
        return self.fits and not self.overload

    @property
    def steps(self) -> tuple[Step, ...]:
        """How it was computed; put into words when it is read, as most estimates of a ranking are not shown."""
        return self.explain()

    @property
    def biggest_unknown(self) -> str:
        """The word that would narrow the range most, and to what."""
        return self.doubt()
