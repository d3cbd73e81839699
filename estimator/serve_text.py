"""Text generation: prefill and decode against the roofline of one replica, and how much fits beside the weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

from estimator.compute import Shape, attention_flops
from estimator.serve_machine import BITS, Machine
from estimator.serve_runtime import Runtime
from estimator.workload import ModelSpec

GB = 1e9
MOST_SEQUENCES = 2048  # that runtimes batch
FRAMEWORK_GB = 0.7  # context, kernels and buffers of a runtime
WORKSPACE = 0.04  # of weights and KV cache
DECODE_PEAK = 0.6  # of the peak, by the matrix products of a large decode batch


@dataclass(frozen=True, slots=True)
class Replica:
    """One copy of a model over *chips* chips of a machine under a runtime."""

    model: ModelSpec
    of: Shape
    machine: Machine
    runtime: Runtime
    chips: int
    lanes: float = 1.0  # chips that work at once: 1 where layers are spread over chips and take turns
    beams: int = 1  # sequences that each request is decoded as

    @property
    def weights(self) -> float:
        """Bytes of all weights; embeddings stay in 16 bits where the rest has 4."""
        bits: float = BITS[self.machine.precision]
        kept = self.of.embeddings if bits < 1 else 0.0
        return (self.of.params - kept) * bits + kept * 2.0

    @property
    def kv_per_token(self) -> float:
        """Bytes of keys and values of one token over all layers."""
        width = float(self.model.kv_rank) if self.model.kv_rank else 2.0 * self.of.kv
        return width * self.of.layers * self.machine.kv_bytes

    def touched(self, batch: float) -> float:
        """Bytes of weights that one decode step reads: of experts only those that some token of the batch chose."""
        if self.of.active >= 0.95 * self.of.params:
            return self.weights
        share = min(0.95, self.of.active / self.of.params)
        experts: float = 1 - (1 - share) ** batch
        return self.weights * float(max(share, experts))

    def room(self) -> float:
        """Bytes for keys and values beside the weights, over all chips; negative where the weights do not fit."""
        usable = (self.machine.usable_gb - FRAMEWORK_GB) * GB * self.chips
        return usable - self.weights * (1 + WORKSPACE)

    def most_sequences(self, context: float) -> int:
        """How many requests of *context* tokens fit at once."""
        each = max(1.0, self.kv_per_token * context * self.beams * (1 + WORKSPACE))
        return max(0, min(MOST_SEQUENCES, int(self.room() / each)))

    def step_s(self, batch: float, context: float) -> float:
        """Seconds of one decode step for *batch* requests that hold *context* tokens each."""
        lanes, run = self.lanes, self.runtime
        candidates = 1 if self.beams == 1 else 2  # beam search weighs two for each beam
        batch *= self.beams
        read = self.touched(batch) + self.kv_per_token * context * batch
        bound = read / (lanes * self.machine.bandwidth * run.memory_use)
        flops = 2.0 * self.of.active * batch + attention_flops(self.of, 2 * context) * batch
        multiplied = flops / (lanes * self.machine.flops * DECODE_PEAK)
        layers = self.of.layers * run.layer_s * (1 + 0.16 * math.log2(max(1.0, lanes)))
        return max(bound, multiplied) + layers + run.sequence_s * batch * candidates + self._exchange(batch)

    def prefill_s(self, tokens: float, batch: float = 1.0) -> float:
        """Seconds until the prompt of *tokens* tokens is read, for *batch* of them together."""
        work = tokens * batch * (2.0 * self.of.active + attention_flops(self.of, tokens))
        share = self.runtime.prefill(self.machine.precision)
        if self.of.active < 0.9 * self.of.params:
            share *= 0.6  # experts get few tokens each
        read = self.weights / (self.lanes * self.machine.bandwidth * self.runtime.memory_use)
        floor = self.of.layers * self.runtime.layer_s
        return max(work / (self.lanes * self.machine.flops * share), read) + floor + self._exchange(tokens * batch)

    def _exchange(self, tokens: float) -> float:
        """Seconds of the two all-reduces of each layer between the chips."""
        if self.lanes <= 1:
            return 0.0
        size = 2.0 * tokens * self.of.hidden
        return 2 * self.of.layers * 2 * (self.lanes - 1) / self.lanes * size / self.machine.link

    def request_s(self, batch: float, tokens_in: float, tokens_out: float) -> float:
        """Seconds of machine time that one request takes when *batch* are served at once."""
        context = tokens_in + tokens_out / 2
        return self.prefill_s(tokens_in) + tokens_out * self.step_s(batch, context) / batch

    def parts(self, batch: float, context: float) -> dict[str, float]:
        """Decimal GB on one chip, part by part."""
        kv = self.kv_per_token * context * batch * self.beams
        return {
            "weights": self.weights / self.chips / GB,
            "KV cache": kv / self.chips / GB,
            "activations": WORKSPACE * (self.weights + kv) / self.chips / GB,
            "framework": FRAMEWORK_GB,
        }
