"""Whether work fits the card, in words, with the margin: the answer to "does it fit one g6e?"."""

from __future__ import annotations

from estimator.result import Memory
from estimator.units import figure, gigabytes

FITS, MAYBE, TOO_LARGE = "fits", "may or may not fit", "does not fit"
EDGE = "on the edge"  # by the best guess it fits, but not over the whole interval
MOST_CHANGES = 5
LEAST_GB = 0.05  # of a part that is worth a word


def verdict(memory: Memory) -> str:
    """FITS, MAYBE where the 80 % interval of the need crosses what the card can use, or TOO_LARGE."""
    if memory.certain:
        return FITS if memory.fits else TOO_LARGE
    return MAYBE


def margin(memory: Memory) -> str:
    """What is left or missing by the best guess: "3.2 GB free", "5 GB too much"."""
    room = memory.usable_gb - memory.per_accelerator.mid
    return f"{gigabytes(abs(room))} {'free' if room >= 0 else 'too much'}"


def need(memory: Memory) -> str:
    """The best guess with its range: "46 GB (39.7-53.3)"."""
    found = memory.per_accelerator
    return f"{gigabytes(found.mid)} ({figure(found.low)}-{figure(found.high)})"


def said(memory: Memory) -> str:
    """All of it: "46 GB (39.7-53.3) of 46.6 GB usable, 0.6 GB free, at micro-batch 1 and 512 tokens a sequence"."""
    at = f", at {memory.at}" if memory.at else ""
    full = memory.fits and memory.per_accelerator.high > memory.usable_gb
    least = (
        f"; {gigabytes(memory.least_gb)} if laid out for least" if full and memory.certain and memory.least_gb else ""
    )
    return f"{need(memory)} of {gigabytes(memory.usable_gb)} usable, {margin(memory)}{at}{least}"


def advice(memory: Memory, changes: tuple[str, ...]) -> str:
    """The changes worth a word in the point; where it may fit already, those that leave no doubt."""
    sure = [one for one in changes if not memory.fits or EDGE not in one]
    return "; ".join(sure[:MOST_CHANGES])


def parts(memory: Memory) -> str:
    """The parts worth a word, in GB: "weights 39.5, adapters 3.31"."""
    return ", ".join(f"{name} {figure(size)}" for name, size in memory.parts.items() if size >= LEAST_GB)
