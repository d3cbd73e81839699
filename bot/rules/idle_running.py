"""Whether a running machine is idle: every datapoint of its accelerators, vetoed by CPU, network and disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypedDict

from bot.rules.idle_facts import Confidence, Verdict
from bot.rules.idle_track import NOTHING, Track
from bot.rules.idle_words import moment, percent, rate, span
from bot.rules.policy_idle import IdleRule

Plan = Literal["", "before", "after"]
STALE = timedelta(minutes=20)  # agents publish minutes late; older than this, what is measured is not the present
MOST_WINDOWS = 12  # its own pauses lengthen a window at most this often
AVERAGE_HIDES = 5  # an average of 1 % may hide five seconds in a minute: its limits are this many times lower
WORDS = {"gpu": "GPU", "neuron": "NeuronCore", "cpu": "CPU", "net": "network", "disk": "disk"}


@dataclass(frozen=True, slots=True)
class Signal:
    """One track and the limits that it must stay below."""

    kind: str  # gpu, cpu, net, disk
    track: Track
    limit: float
    safe_limit: float
    busy: float  # at or above this the machine works
    word: str  # what people call it

    def words(self, value: float) -> str:
        """A datapoint as a person reads it."""
        if self.kind in ("gpu", "cpu"):
            return percent(value)
        per_s = value / self.track.step.total_seconds()
        return rate(per_s) if self.kind == "net" else f"{per_s:.0f} operations/s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is known of a machine beside its measurements."""

    accelerator: str | None = None  # "GPU", "Neuron", "" for none, None when nobody knows
    missing: tuple[str, ...] = ()  # signals that were asked for and do not exist
    plan: Plan = ""
    until: datetime | None = None
    pause: timedelta = NOTHING  # longest pause known from before the measurements
    idle_since: datetime | None = None  # start of the episode that the last scan saw
    was_safe: bool = False  # the last scan called a stop safe


class Episode(TypedDict):
    """The fields of a Verdict that say since when it is quiet."""

    since: datetime | None
    at_least: bool


@dataclass(frozen=True, slots=True)
class Weighed:
    """The signals of a machine and the windows that count for it, made once and asked at many moments."""

    basis: Signal
    vetoes: tuple[Signal, ...]
    rule: IdleRule
    machine: Machine
    nag: timedelta
    safe: timedelta
    confidence: Confidence
    history: timedelta = field(default=timedelta(days=14))


def weigh(tracks: Mapping[str, Track], rule: IdleRule, machine: Machine) -> Weighed | None:
    """The signals and windows for *machine*; None where nothing says how busy it is."""
    signals = [signal for signal in (_gpu(tracks, rule, machine), *_others(tracks, rule)) if signal]
    if not signals or signals[0].kind not in ("gpu", "cpu"):
        return None
    basis, vetoes = signals[0], tuple(signals[1:])
    sooner = 0.5 if machine.plan == "after" else 1.0
    if basis.kind == "gpu":
        nag, safe = timedelta(minutes=rule.nag_minutes * sooner), timedelta(minutes=rule.safe_minutes * sooner)
    else:
        nag, safe = timedelta(hours=rule.cpu_hours), timedelta(hours=rule.cpu_safe_hours)
    if machine.plan == "before":
        safe *= 2
    return Weighed(basis, vetoes, rule, machine, nag, safe, _confidence(basis, tracks, machine))


def too_soon(weighed: Weighed, *, safe: bool) -> bool:
    """Whether it is not quiet for long enough to be idle (or *safe*); cheap, for who asks at every datapoint."""
    basis = weighed.basis
    limit, window = (basis.safe_limit, weighed.safe) if safe else (basis.limit, weighed.nag)
    quiet = basis.track.quiet(limit)
    return quiet < window or quiet < _needed(weighed, window)


def judge(weighed: Weighed, now: datetime) -> Verdict:
    """The verdict as of *now*, from what the tracks say up to their positions."""
    if active := _at_work(weighed):
        return active
    if unknown := _too_little_data(weighed, now):
        return unknown
    if _quiet(weighed) < _needed(weighed, weighed.nag):
        quiet, pause = span(_quiet(weighed)), span(_pause(weighed))
        reason = f"{weighed.basis.word} quiet for {quiet}; it has paused for {pause} and gone on before"
        return Verdict(level="active", reason=reason, **_episode(weighed))
    return _idle(weighed, now)


def _episode(weighed: Weighed) -> Episode:
    """Since when the data say that it is quiet, and whether that is only where they begin."""
    track = weighed.basis.track
    quiet = track.quiet(weighed.basis.limit)
    return {"since": track.end - quiet if track.end else None, "at_least": quiet >= track.reach}


def _gpu(tracks: Mapping[str, Track], rule: IdleRule, machine: Machine) -> Signal | None:
    word = WORDS["neuron" if machine.accelerator == "Neuron" else "gpu"]
    for name, hidden in (("gpu_max_pct", 1), ("gpu_avg_pct", AVERAGE_HIDES)):
        if (track := tracks.get(name)) and track.end:
            idle, safe, busy = rule.gpu_pct / hidden, rule.gpu_safe_pct / hidden, rule.gpu_busy_pct / hidden
            return Signal("gpu", track, idle, safe, busy, word)
    return None


def _others(tracks: Mapping[str, Track], rule: IdleRule) -> list[Signal]:
    found = []
    cpu = tracks.get("cpu_max_pct") or tracks.get("cpu_avg_pct")
    if cpu and cpu.end:
        found.append(Signal("cpu", cpu, rule.cpu_pct, rule.cpu_pct, rule.cpu_pct, WORDS["cpu"]))
    floors = (("net", "net_bytes", rule.net_kb_per_s * 1000), ("disk", "disk_ops", rule.disk_ops_per_s))
    for kind, name, per_s in floors:
        if (track := tracks.get(name)) and track.end:
            limit = per_s * track.step.total_seconds()
            found.append(Signal(kind, track, limit, limit, limit, WORDS[kind]))
    return found


def _confidence(basis: Signal, tracks: Mapping[str, Track], machine: Machine) -> Confidence:
    if basis.kind == "cpu":
        return "medium" if machine.accelerator == "" else "low"
    if "gpu_max_pct" not in tracks or any(name.startswith(("cpu", "net")) for name in machine.missing):
        return "medium"
    return "high"


def _at_work(weighed: Weighed) -> Verdict | None:
    """Anything at or above its limit inside the window proves work, however little else is measured."""
    basis = weighed.basis
    for signal in (basis, *weighed.vetoes):
        quiet = signal.track.quiet(signal.limit)
        if quiet >= min(weighed.nag, signal.track.reach):
            continue
        peak = signal.track.peak(weighed.nag)
        if peak is None:
            continue
        said = f"{signal.word} reached {signal.words(peak[1])} at {moment(peak[0])}"
        if signal is not basis and basis.track.quiet(basis.limit) >= weighed.nag:
            said = f"{_still(weighed)}, but {said}: maybe loading or preparing data"
        return Verdict(level="active", reason=said)
    return None


def _too_little_data(weighed: Weighed, now: datetime) -> Verdict | None:
    basis, rule = weighed.basis, weighed.rule
    track, word = basis.track, basis.word
    coverage = track.coverage(weighed.nag)
    if track.end and now - track.end > max(STALE, 3 * track.step):
        reason = f"no {word} datapoint since {moment(track.end)}"
    elif any(name.startswith(basis.kind) for name in weighed.machine.missing):
        reason = f"not every {word} of it is measured"
    elif coverage < rule.coverage:
        reason = f"only {percent(100 * coverage)} of the {word} datapoints of the last {span(weighed.nag)} are there"
    else:
        return None
    return Verdict(level="unknown", reason=reason, confidence="low", advice=advice(weighed.machine, word))


def advice(machine: Machine, word: str) -> str:
    """What to install so that the machine can be judged."""
    if machine.accelerator == "Neuron":
        return "Publish neuroncore_utilization to CloudWatch (neuron-monitor with the CloudWatch agent)."
    if machine.accelerator == "" and word == "CPU":
        return "CloudWatch has no CPU datapoints of it: see that detailed or basic monitoring reaches CloudWatch."
    return "Run the CloudWatch agent with the nvidia_gpu section, so that the GPU can be seen."


def _pause(weighed: Weighed) -> timedelta:
    basis = weighed.basis
    return max(weighed.machine.pause, basis.track.pause(basis.busy, weighed.history))


def _needed(weighed: Weighed, window: timedelta) -> timedelta:
    """The window, longer for a machine that has gone back to work after longer pauses."""
    return max(window, min(MOST_WINDOWS * window, weighed.rule.pace * _pause(weighed)))


def _quiet(weighed: Weighed) -> timedelta:
    """For how long it has been quiet; as long as earlier scans saw, where the data are quiet to their beginning."""
    track, since = weighed.basis.track, weighed.machine.idle_since
    quiet = track.quiet(weighed.basis.limit)
    if since is None or track.end is None or quiet < track.reach:
        return quiet
    return max(quiet, track.end - since)


def _idle(weighed: Weighed, now: datetime) -> Verdict:
    basis, machine = weighed.basis, weighed.machine
    said = [_still(weighed)]
    for signal in weighed.vetoes:
        if signal.kind != "disk" and (peak := signal.track.peak(weighed.nag)):
            said.append(f"{signal.word} at most {signal.words(peak[1])}")
    reason = ", ".join(said)
    if machine.plan == "before":
        reason += "; before its planned end, so maybe loading data"
    elif machine.plan == "after" and machine.until:
        reason += f"; past its planned end by {span(now - machine.until)}"
    low = basis.kind == "cpu" and machine.accelerator != ""
    return Verdict(
        level="idle",
        reason=reason,
        safe=_safe(weighed, now),
        confidence=weighed.confidence,
        advice=advice(machine, "GPU") if low and machine.accelerator else "",
        **_episode(weighed),
    )


def _still(weighed: Weighed) -> str:
    """GPU 0 % for 31 h."""
    basis = weighed.basis
    peak = basis.track.peak(basis.track.quiet(basis.limit))
    most = f"at most {basis.words(peak[1])}" if peak and peak[1] > 0 else basis.words(0)
    return f"{basis.word} {most} for {span(_quiet(weighed))}"


def _safe(weighed: Weighed, now: datetime) -> bool:
    basis, machine, rule = weighed.basis, weighed.machine, weighed.rule
    unseen_gpu = basis.kind == "cpu" and bool(machine.accelerator)
    if unseen_gpu or any(name.startswith(("cpu", "net")) for name in machine.missing):
        return False
    strictly = basis.track.quiet(basis.safe_limit)
    still_safe = machine.was_safe and strictly >= basis.track.reach
    if strictly < _needed(weighed, weighed.safe) and not still_safe:
        return False
    window = min(weighed.safe, basis.track.reach) if still_safe else weighed.safe
    if basis.track.coverage(window) < rule.coverage:
        return False
    return all(_seen_quiet(signal, window, rule.coverage, now) for signal in weighed.vetoes)


def _seen_quiet(signal: Signal, window: timedelta, coverage: float, now: datetime) -> bool:
    track = signal.track
    fresh = track.end is not None and now - track.end <= max(STALE, 3 * track.step)
    return fresh and track.quiet(signal.limit) >= window and track.coverage(window) >= coverage
