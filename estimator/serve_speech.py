"""Speech to text: one pass of the encoder over a clip, then a step of the decoder for each token of its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from data.catalog import Catalog
from estimator.intervals import interval, spread
from estimator.result import Estimate, Memory, Step
from estimator.serve_load import beams_of
from estimator.serve_machine import Machine
from estimator.serve_pass import GB, MEMORY_SIGMA, READ, SAYS, answer, doubts, runs_on, share, too_big
from estimator.serve_sample import Sample
from estimator.serve_setting import Setting, short
from estimator.serve_text import roofline
from estimator.workload import ModelSpec

TOGETHER = 24  # clips of a job that are worked on at once; the default of batched pipelines
SERVED_TOGETHER = 8  # of a service
ENCODER, DECODER, CROSS = 12.0, 14.0, 2.0  # x hidden^2 weights of a layer; of the decoder's, those that pass each token
ACTIVE = 24.0  # bytes of each position and width that the encoder works on
VOCAB = 51_865
SOFTWARE = {"cpu": "faster-whisper", "framework": "Hugging Face Transformers"}
CTRANSLATE2 = re.compile(r"faster[- ]?whisper|c-?translate-?2|whisper-?x|whisper-?s2t|whisper\.?cpp", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Speech:
    """The shape of a speech model by its name: layers, positions of the encoder, and what is said in a clip."""

    pattern: re.Pattern[str]
    encoder: float
    decoder: float
    positions: float
    seconds: float
    tokens: float
    source: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """A clip's way through one chip under some software."""

    sample: Sample
    machine: Machine
    of: Speech
    hidden: float
    vocab: float
    tokens: float
    beams: float
    share: float  # of the peak, by large matrix products
    layer_s: float  # of a layer of the decoder, for one step
    host_s: float  # of a clip, before the chip hears it
    eager: bool

    @property
    def encoded(self) -> float:
        """FLOPs of a clip in the encoder, and of the keys and values that the decoder looks up."""
        wide, seen = self.hidden * self.hidden, self.of.positions
        passed = seen * 2.0 * ENCODER * wide + 4.0 * seen * seen * self.hidden
        return self.of.encoder * passed + self.of.decoder * seen * 2.0 * CROSS * wide

    @property
    def stepped(self) -> float:
        """Weights that multiply each token of the text."""
        return self.of.decoder * DECODER * self.hidden**2 + self.vocab * self.hidden

    @property
    def kept(self) -> float:
        """Bytes of keys and values of one clip: of the sound, and of the text so far."""
        tokens = self.of.positions + self.tokens / 2
        return self.of.decoder * tokens * 2.0 * self.hidden * self.machine.kv_bytes

    def step_s(self, batch: float) -> float:
        """Seconds of one token of each of *batch* clips."""
        speed = self.machine.bandwidth * READ
        sequences = batch * self.beams
        multiplied = 2.0 * self.stepped * sequences / (self.machine.flops * self.share)
        chip = roofline(self.stepped * self.machine.weight_bytes / speed, multiplied) + self.kept * sequences / speed
        host = self.of.decoder * self.layer_s
        return max(chip, host) if self.eager else chip + host

    def seconds(self, batch: float) -> float:
        """Of *batch* clips that are heard together."""
        worked = batch * self.encoded / (self.machine.flops * self.share)
        return batch * self.host_s + worked + self.of.encoder * self.layer_s + self.tokens * self.step_s(batch)

    def rate(self, batch: float) -> float:
        """Clips a second."""
        return batch / self.seconds(batch)


def speech_of(model: ModelSpec, catalog: Catalog) -> Speech | None:
    """The speech model that is meant; None for models that write no text token by token."""
    if model.family != "audio" or not model.hidden:
        return None
    return next((one for one in _speeches(catalog) if one.pattern.search(model.name)), None)


def transcribe(setting: Setting, of: Speech) -> Estimate:
    """A model that writes what it hears, on one cluster; each chip works for itself."""
    work, software = setting.work, _software(setting)
    run = _hearing(setting, of, software)
    setting.said.append(run.sample.how)
    if not work.framework:
        setting.said.append(f"no runtime named: {SOFTWARE.get(software) or SAYS[software]} assumed")
    together = _together(setting, run)
    memory = _memory(setting, run, together)
    if not memory.fits:
        return too_big(setting, memory)
    if not work.batch:
        setting.said.append(f"{together} clips are worked on together")
    capacity = run.rate(float(together)) * setting.cluster.count
    made = answer(setting, run, capacity, doubts(setting, run.sample, software))
    result = replace(made, batch=together, memory=memory, explain=lambda: _steps(run, together, capacity))
    return short(result, work.qps, capacity)


def _software(setting: Setting) -> str:
    """The class of software: that of other models, or CTranslate2 where it is named."""
    usual, framework = runs_on(setting.work.framework, setting.cluster), setting.work.framework or ""
    return "ctranslate2" if CTRANSLATE2.search(framework) and usual not in ("cpu", "neuron") else usual


def _hearing(setting: Setting, of: Speech, software: str) -> Hearing:
    work, constants = setting.work, setting.known.constants
    model = work.model
    run = Hearing(
        sample=Sample(0.0, "speech", of.encoder, 1.0, _how(of, work.output_tokens), ""),
        machine=setting.machine,
        of=of,
        hidden=float(model.hidden or 0),
        vocab=float(model.vocab or VOCAB),
        tokens=float(work.output_tokens or of.tokens),
        beams=beams_of(work.scenario or ""),
        share=share(setting, "audio", "compiled" if software == "ctranslate2" else software),
        layer_s=1e-6 * constants[f"speech_us.{software}"],
        host_s=constants[f"speech_host_s.{software}"],
        eager=software in ("framework", "ctranslate2"),
    )
    flops = run.encoded + 2.0 * run.stepped * run.tokens * run.beams
    return replace(run, sample=replace(run.sample, flops=flops))


def _how(of: Speech, told: int | None) -> str:
    text = f"{told} tokens" if told else f"{of.tokens:.0f} tokens assumed (150 words a minute)"
    layers = f"{of.encoder:.0f} encoder layers once, and {of.decoder:.0f} decoder layers for each token of the text"
    return f"a sample is a clip of {of.seconds:.0f} s: {layers}, {text}"


def _together(setting: Setting, run: Hearing) -> int:
    """Clips that are worked on at once: told, else the usual number, halved until it fits."""
    work = setting.work
    if work.batch:
        return work.batch
    usual = SERVED_TOGETHER if work.qps or work.concurrency else TOGETHER
    while usual > 1 and not _memory(setting, run, usual).fits:
        usual //= 2
    return usual


def _memory(setting: Setting, run: Hearing, clips: int) -> Memory:
    parts = {
        "weights": setting.work.model.params * setting.machine.weight_bytes / GB,
        "KV cache": clips * run.beams * run.kept / GB,
        "activations": 0.1 + clips * ACTIVE * run.of.positions * run.hidden / GB,
        "framework": 0.8,
    }
    return Memory(interval(sum(parts.values()), spread(MEMORY_SIGMA)), parts, setting.machine.usable_gb)


def _steps(run: Hearing, together: int, capacity: float) -> tuple[Step, ...]:
    """How a clip's time was computed."""
    chip, step = run.machine, run.step_s(float(together))
    heard = run.encoded / (chip.flops * run.share)
    return (
        Step(
            name="encoder",
            formula=f"{run.encoded / 1e12:,.3g} TFLOPs a clip at {run.share:.0%} of {chip.flops / 1e12:,.4g} TFLOP/s "
            f"= {1e3 * heard:,.1f} ms, and {1e3 * run.host_s:,.0f} ms on the host before",
            source=run.of.source,
        ),
        Step(
            name="decoder",
            formula=f"{run.tokens:,.0f} tokens of {1e3 * step:,.1f} ms for {together:,} clips at once: "
            f"{run.stepped * chip.weight_bytes / GB:,.2f} GB of weights and {run.kept / 1e6:,.0f} MB of keys and "
            f"values a clip{'' if run.beams == 1 else f' and beam ({run.beams:.0f})'}, or {run.of.decoder:.0f} layers "
            f"of {1e6 * run.layer_s:,.0f} us",
            source="overheads of a layer as in data/calibration/serving_priors.csv",
        ),
        Step(
            name="clips a second",
            formula=f"{together:,} clips in {run.seconds(float(together)):,.2f} s a chip; {capacity:,.4g} in all, "
            f"{capacity * run.of.seconds:,.0f} times as fast as they are spoken",
            source="encoder and decoder together",
        ),
    )


@lru_cache(maxsize=4)
def _speeches(catalog: Catalog) -> tuple[Speech, ...]:
    return tuple(map(_speech, catalog.calibration["serving_speech"]))


def _speech(row: Mapping[str, str]) -> Speech:
    return Speech(
        pattern=re.compile(row["pattern"], re.IGNORECASE),
        encoder=float(row["encoder_layers"]),
        decoder=float(row["decoder_layers"]),
        positions=float(row["positions"]),
        seconds=float(row["seconds"]),
        tokens=float(row["tokens"]),
        source=row["source"],
    )
