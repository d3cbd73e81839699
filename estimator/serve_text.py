"""Text generation: prefill and decode against the roofline of one replica, and how much fits beside the weights."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from estimator.compute import Shape, attention_flops, half_of, shape
from estimator.serve_machine import Machine
from estimator.serve_tables import Runtime, Tables
from estimator.workload import ModelSpec

GB = 1e9
WORKSPACE = 0.06  # of weights and KV cache, for activations and fragments
CACHE = 0.9  # of what weights leave, for keys and values; the default of runtimes that reserve it
CARDS = ("turing", "ada", "ampere-card", "blackwell-card")  # classes with GDDR memory
MOST_OF_BANDWIDTH = 0.95
MOST_AT_ONCE = 1e9
PROMPT_TOKENS = 8192.0  # of prompts that are read together while others are served; the default of runtimes
SHARP = 4.0  # how sharply the roofline bends where memory and arithmetic take equally long
# Attention over a window of the last tokens: name, width, share of the layers that have it.
WINDOWS = tuple(
    (re.compile(pattern, re.IGNORECASE), width, share)
    for pattern, width, share in (
        (r"gemma-?2", 4096.0, 0.5),
        (r"gemma-?3", 1024.0, 5 / 6),
        (r"mistral-?7b(-instruct)?-?v0\.1", 4096.0, 1.0),
        (r"phi-?3-?mini", 2047.0, 1.0),
        (r"gpt-?oss", 128.0, 0.5),
        (r"llama-?4", 8192.0, 0.75),
    )
)


@dataclass(frozen=True, slots=True)
class Pace:
    """The constants of one runtime on one machine; seconds, shares, bytes/s."""

    bandwidth: float  # bytes/s while weights are read
    kv: float  # bytes/s while keys and values are read
    prompt: float  # FLOP/s on the prompt
    core: float  # FLOP/s by scores and weighted values of the prompt
    step: float  # FLOP/s by the matrix products of a step
    layer_s: float
    sequence_s: float
    exchange_s: float  # of a small tensor between the chips
    link: float  # bytes/s of large exchanges
    busy: float


@dataclass(frozen=True, slots=True)
class Split:
    """Chips of one copy of a model: *lanes* work on each layer together, *stages* hold its layers in turn."""

    chips: int
    lanes: int
    stages: int
    per_node: int = 8

    @property
    def far(self) -> bool:
        """Whether the lanes are of more than one machine."""
        return self.lanes > self.per_node


@dataclass(frozen=True, slots=True)
class Replica:
    """One copy of a model on its chips under a runtime; *beams* is how many sequences one request holds."""

    model: ModelSpec
    of: Shape
    machine: Machine
    runtime: Runtime
    split: Split
    pace: Pace
    beams: float
    weights: float  # bytes
    fixed: float  # bytes of weights that every step reads
    chosen: float  # bytes of experts, of which a step reads those that some token chose
    choice: float  # share of the experts that one token chooses
    kv_per_token: float  # bytes over all layers
    window: float  # tokens that windowed layers keep
    windowed: float  # share of the layers that keep a window
    lanes_kv: float  # chips over which keys and values are divided

    def touched(self, sequences: float) -> float:
        """Bytes of weights that one step of *sequences* reads: of experts those that at least one token chose."""
        if not self.chosen:
            return self.fixed
        missed: float = (1.0 - self.choice) ** min(sequences, 1e6)
        return self.fixed + self.chosen * (1.0 - missed)

    def kept(self, tokens_in: float, tokens_out: float) -> float:
        """Tokens whose keys and values one request keeps, averaged over the layers; beams share their prompt."""
        both = tokens_in + tokens_out
        outside = self.windowed * max(0.0, both - self.window)
        return both - outside + (self.beams - 1.0) * tokens_out

    def room(self) -> float:
        """Bytes for keys and values beside the weights, over all chips; negative where the weights do not fit."""
        usable = (self.machine.usable_gb - self.runtime.framework_gb) * GB * self.split.chips
        return CACHE * (usable - self.weights)

    def most_sequences(self, tokens_in: float, tokens_out: float) -> int:
        """How many requests a service takes at once: those that fit, and no more than is usual for the runtime."""
        return min(self.runtime.most, self.fitting(tokens_in, tokens_out))

    def fitting(self, tokens_in: float, tokens_out: float) -> int:
        """How many requests fit at once beside the weights."""
        held = self.kept(tokens_in, self.runtime.reserved * tokens_out)
        return int(max(0.0, min(MOST_AT_ONCE, self.room() / max(1.0, self.kv_per_token * held))))

    def step_s(self, batch: float, tokens_in: float, tokens_out: float) -> float:
        """Seconds of one decode step for *batch* requests, which have written half of their tokens on average."""
        # Stages work on batches of their own in turn, so that each sees a part of the requests.
        requests = max(1.0, batch / self.split.stages)
        sequences = requests * self.beams
        lanes, pace = self.split.lanes, self.pace
        read = self.touched(sequences) / (lanes * pace.bandwidth)
        multiplied = 2.0 * self.of.matmul * half_of(self.model.family) * sequences / (lanes * pace.step)
        attended = self.kv_per_token * self.kept(tokens_in, tokens_out / 2) * requests / (self.lanes_kv * pace.kv)
        chip = roofline(read, multiplied) + attended
        host = self._layers * pace.layer_s
        launched = max(chip, host) if self.runtime.eager else chip + host
        return launched + pace.sequence_s * sequences + self._exchange_s(sequences)

    def prefill_s(self, tokens: float, batch: float = 1.0) -> float:
        """Seconds until the prompts of *batch* requests of *tokens* tokens are read together."""
        lanes, stages, pace = self.split.lanes, self.split.stages, self.pace
        part = max(1.0, batch / stages)
        half = half_of(self.model.family)
        core = tokens * part * attention_flops(self.of, self.kept(tokens, 0.0)) * half / (lanes * pace.core)
        dense = tokens * part * 2.0 * self.of.matmul * half / (lanes * pace.prompt)
        chip = roofline(dense, self.touched(tokens * part) / (lanes * pace.bandwidth)) + core
        host = self._layers * pace.layer_s
        one = (max(chip, host) if self.runtime.eager else chip + host) + self._exchange_s(tokens * part)
        return one * (batch / part + stages - 1) / stages

    @property
    def _layers(self) -> float:
        return self.of.layers * half_of(self.model.family)

    def _exchange_s(self, tokens: float) -> float:
        """Seconds of the two all-reduces of each layer between the lanes."""
        lanes = self.split.lanes
        if lanes <= 1:
            return 0.0
        size = 2.0 * tokens * self.of.hidden
        return 2 * self._layers * (self.pace.exchange_s + 2 * (lanes - 1) / lanes * size / self.pace.link)

    def request_s(self, batch: float, tokens_in: float, tokens_out: float) -> float:
        """Seconds of machine time that one request takes when *batch* are served at once; prompts are read together."""
        prompts = max(1.0, min(batch, PROMPT_TOKENS / tokens_in))
        steps = max(0.0, tokens_out - 1.0) * self.step_s(batch, tokens_in, tokens_out) / batch
        return self.prefill_s(tokens_in, prompts) / prompts + steps

    def together_s(self, batch: float, tokens_in: float, tokens_out: float) -> float:
        """Seconds of *batch* requests that start and end together."""
        steps = max(0.0, tokens_out - 1.0) * self.step_s(batch, tokens_in, tokens_out)
        return self.prefill_s(tokens_in, batch) + steps

    def parts(self, batch: float, tokens_in: float, tokens_out: float) -> dict[str, float]:
        """Decimal GB on one chip, part by part, for *batch* requests."""
        chips = self.split.chips
        weights = self.weights / chips / GB
        kv = self.kv_per_token * self.kept(tokens_in, tokens_out) * batch / chips / GB
        left = max(0.0, self.machine.usable_gb - self.runtime.framework_gb - weights)
        return {
            "weights": weights,
            "KV cache": kv,
            "activations": min(WORKSPACE * (weights + kv), (1 - CACHE) * left),
            "framework": self.runtime.framework_gb,
        }


def roofline(first: float, second: float) -> float:
    """The longer of two times that overlap, rounded off where they are alike."""
    long, short = max(first, second), min(first, second)
    return long * (1.0 + (short / long) ** SHARP) ** (1.0 / SHARP) if long > 0 else 0.0


def replica(
    model: ModelSpec, machine: Machine, runtime: Runtime, split: Split, known: Tables, *, beams: float, drawn: bool
) -> Replica:
    """One copy of *model*; *drawn* says that an eager runtime samples, or reorders beams, on the host."""
    of = shape(model)
    weights, head = _weights(of, machine.weight_bytes)
    fixed, chosen, choice = _experts(model, of, weights, head, machine.weight_bytes)
    width = float(model.kv_rank) if model.kv_rank else 2.0 * of.kv
    heads = 1.0 if model.kv_rank else max(1.0, of.kv / (model.head_dim or max(1, of.hidden // (model.heads or 1))))
    window, windowed = _window(model.name)
    return Replica(
        model=model,
        of=of,
        machine=machine,
        runtime=runtime,
        split=split,
        pace=pace(machine, runtime, split, known, moe=bool(chosen), drawn=drawn),
        beams=beams,
        weights=weights,
        fixed=fixed,
        chosen=chosen,
        choice=choice,
        kv_per_token=width * of.layers * machine.kv_bytes,
        window=window,
        windowed=windowed,
        lanes_kv=min(float(split.lanes), heads),
    )


def pace(machine: Machine, runtime: Runtime, split: Split, known: Tables, *, moe: bool, drawn: bool) -> Pace:
    """The constants of *runtime* on *machine*."""
    one, name = known.constants, runtime.name
    unpacked = (
        known.of("unpacked", "cpu" if machine.chips == "cpu" else name) if machine.precision in ("int4", "fp4") else 1.0
    )
    card = one["gddr"] if machine.chips in CARDS and not runtime.eager else 1.0
    matmul = machine.flops * machine.share * (one["moe_matmul"] if moe else 1.0)
    doubled = math.log2(split.lanes) if split.lanes > 1 else 0.0
    link = one["pcie_gb_s"] * 1e9 if machine.host_link else one["nvlink"] * machine.link
    if split.far:  # the chips of a machine share the exchange with others, each over its own part of the network
        link = min(link, one["far_gb_s"] * 1e9 * split.per_node)
    return Pace(
        bandwidth=machine.bandwidth * min(MOST_OF_BANDWIDTH, one[f"bandwidth.{name}"] * unpacked * card),
        kv=machine.bandwidth * min(MOST_OF_BANDWIDTH, one["kv"]),
        prompt=matmul * one[f"prefill.{name}"],
        core=machine.flops * machine.share * known.of("core", name),
        step=matmul * one[f"prefill.{name}"] * one["step_matmul"],
        layer_s=1e-6 * (one[f"layer_us.{name}"] + (one["moe_layer_us"] if moe else 0.0)),
        sequence_s=1e-6 * (known.of("sequence_us", name) + (one["drawn_us"] if drawn and runtime.eager else 0.0)),
        exchange_s=1e-6 * (doubled * one["exchange_us"] + (one["far_us"] if split.far else 0.0)),
        link=link,
        busy=one["busy"],
    )


def _weights(of: Shape, each: float) -> tuple[float, float]:
    """Bytes of all weights, and of the output embedding; embeddings keep 16 bits where the rest has fewer."""
    wide = max(each, 2.0)
    head = of.embeddings * (1.0 if of.tied else 0.5)
    return (of.params - of.embeddings) * each + of.embeddings * wide, head * wide


def _experts(model: ModelSpec, of: Shape, weights: float, head: float, each: float) -> tuple[float, float, float]:
    """Bytes that each step reads, bytes of experts, share of the experts that a token chooses."""
    stacked = (of.params - of.embeddings) * each * half_of(model.family)
    if of.active >= 0.95 * of.params:
        return stacked + head, 0.0, 1.0
    choice = of.active / of.params
    if model.experts and model.experts_per_token:
        choice = model.experts_per_token / model.experts
    choice = min(0.95, choice)
    experts = min(0.98 * stacked, (of.params - of.active) / (1 - choice) * each)
    return stacked - experts + head, experts, choice


def _window(name: str) -> tuple[float, float]:
    found = next(((width, share) for pattern, width, share in WINDOWS if pattern.search(name)), None)
    return found or (1e12, 0.0)
