"""How long the samples of a text are: told, filled up, packed or padded, and how many tokens that makes in all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from estimator.efficiency import Factors
from estimator.units import count
from estimator.workload import FineTuning, Training

PADDED = re.compile(r"pad|trunc|max|dynamic")
PACKED = re.compile(r"pack|concat")
UNPADDED = re.compile(r"unpad|varlen|ragged")
FILLED = re.compile(r"fill|fixed|constant|max[_ -]length")
USUAL, USUAL_ENCODER, SHORTEST = 2048, 512, 128  # tokens
ALIKE = 1.05  # tokens told over tokens that the samples hold, up to which they are the same
HEADROOM = 4  # the longest sample over the mean one, where the mean alone is known


@dataclass(frozen=True, slots=True)
class Amount:
    """How much there is to do: units in all (None: not told), tokens a sample, and what padding adds to each unit."""

    units: float | None
    per_sample: float
    padding: float


def padded(work: Training) -> bool:
    """Whether samples are said to be padded to the longest of a micro-batch."""
    mode = (work.seq_mode or "").lower()
    return bool(PADDED.search(mode)) and not PACKED.search(mode) and not FILLED.search(mode)


def longest(work: Training, said: list[str]) -> float:
    """Tokens that a sample may have: told, else four times the mean, else the usual number."""
    if work.seq_len:
        return float(work.seq_len)
    encoder = work.model.family == "encoder"
    usual = min(work.model.context or USUAL, USUAL_ENCODER if encoder else USUAL)
    if work.sample_tokens:
        usual = min(usual, max(SHORTEST, 2 ** math.ceil(math.log2(HEADROOM * work.sample_tokens))))
    said.append(f"no sequence length told: {usual} tokens assumed")
    return float(usual)


def amount(work: Training, seq_len: float, factors: Factors, said: list[str]) -> Amount:
    """The tokens of the whole work, by how its samples are brought to one length."""
    said.extend(_told_twice(work))
    mode = (work.seq_mode or "").lower()
    if work.sample_tokens and (PACKED.search(mode) or UNPADDED.search(mode)):
        return _packed(work, seq_len, work.sample_tokens, said)
    if padded(work) or (work.sample_tokens and not mode and not _filled_by_custom(work)):
        return _padded_to_longest(work, seq_len, factors, said)
    return _filled(work, seq_len, said)


def _filled_by_custom(work: Training) -> bool:
    """Scripts that fine-tune encoders fill every sample up to the told length."""
    return work.model.family == "encoder" and isinstance(work, FineTuning) and work.seq_len is not None


def _seen(work: Training) -> float | None:
    return work.samples * (work.epochs or 1.0) if work.samples else None


def _filled(work: Training, seq_len: float, said: list[str]) -> Amount:
    samples = _seen(work)
    if work.tokens is None and samples is not None:
        real = work.sample_tokens
        shorter = f", {real:,.0f} of them real (seq_mode=padded counts those)" if real and real < seq_len else ""
        said.append(f"every sample counts as {seq_len:,.0f} tokens{shorter}")
    return Amount(work.tokens or (samples and samples * seq_len), seq_len, 1.0)


def _packed(work: Training, seq_len: float, real: float, said: list[str]) -> Amount:
    samples = _seen(work)
    said.append(f"samples of {min(real, seq_len):,.0f} tokens are packed into sequences of {seq_len:,.0f}")
    return Amount(work.tokens or (samples and samples * min(real, seq_len)), seq_len, 1.0)


def _padded_to_longest(work: Training, seq_len: float, factors: Factors, said: list[str]) -> Amount:
    told = work.sample_tokens or (work.tokens / work.samples if work.tokens and work.samples else None)
    real = min(told or factors["real_tokens"], seq_len)
    doublings = math.log2(max(1.0, work.micro_batch or 4.0))
    padding = min(1.0 + factors["padding"] * doublings, max(1.0, seq_len / real))
    if told is None:
        said.append(
            f"{seq_len:,.0f} tokens is the longest a sample may be: {real:,.0f} real tokens each, "
            f"the median of Alpaca-like data; samples that fill the length take {seq_len / real:.1f} times as long"
        )
    elif work.sample_tokens:
        said.append(
            f"a sample counts as {real:,.0f} real tokens and {padding - 1:.0%} of padding to the longest of its "
            f"micro-batch; packed it takes 1/{padding:.1f} of the time (seq_mode=packed), filled up to {seq_len:,.0f} "
            f"{seq_len / real / padding:.1f} times as long (seq_mode=filled)"
        )
    samples = _seen(work)
    return Amount(work.tokens or (samples and samples * real), real, padding)


def _told_twice(work: Training) -> Iterator[str]:
    """What is said when both samples and tokens were told: the tokens count, and whether the two disagree."""
    if not work.samples or not work.tokens:
        return
    samples = work.samples * max(1.0, work.epochs or 1.0)
    held = samples * work.seq_len if work.seq_len else None
    told = f"{count(work.tokens)} tokens"
    if held and work.tokens > ALIKE * held:
        yield (
            f"{count(samples)} samples of {work.seq_len:,} tokens hold {count(held)} tokens, and {told} were told:"
            " they disagree, and the tokens count"
        )
    elif not held or work.tokens < held / ALIKE:
        yield f"both samples and tokens told: the {told} count, {work.tokens / samples:,.0f} a sample"
