"""Rules of idleness side by side: how many alerts, and how many of them on what works again within the hour."""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.idle_pods import fleet, team
from bot import replay
from bot.rules.idle_episode import Alert, alerts, graded
from bot.rules.idle_facts import Series
from bot.rules.policy_idle import Idle, IdleRule

TRACES = Path(__file__).parent / "traces" / "ec2_cpu_14d.csv.gz"
BUSY = 10.0  # percent; a machine that reaches it works
Rule = Callable[[str, Mapping[str, Series]], list[Alert]]


def ours(rule: IdleRule, level: str) -> Rule:
    """Our rule at one level."""
    return lambda name, series: [one for one in alerts(name, series, rule) if one.level == level]


def plain(statistic: Callable[[Sequence[float]], float], below: float, minutes: float) -> Rule:
    """An alert where *statistic* of a sliding window falls below *below*."""

    def run(name: str, series: Mapping[str, Series]) -> list[Alert]:
        one = next(iter(series.values()))
        size = max(1, round(timedelta(minutes=minutes) / one.step))
        values = [value for _, value in one.points]
        found, before = [], False
        for end in range(size, len(values) + 1):
            now = statistic(values[end - size : end]) < below
            if now and not before:
                found.append(Alert(name, one.points[end - 1][0], "nag", ""))
            before = now
        return graded(found, one.points, BUSY)

    return run


def mean(values: Sequence[float]) -> float:
    """The average."""
    return sum(values) / len(values)


def count(rule: Rule, machines: Iterable[tuple[str, Mapping[str, Series]]]) -> tuple[Counter[str], Counter[str]]:
    """Outcomes, and the wrong alerts of each machine."""
    outcomes: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for name, series in machines:
        for alert in rule(name, series):
            outcomes["untold" if alert.wrong is None else "wrong" if alert.wrong else "right"] += 1
            wrong[name] += bool(alert.wrong)
    return outcomes, wrong


def pods(made: Callable[[int, float], Iterable[tuple[str, Series]]]) -> list[str]:
    """The table over made-up GPU pods."""
    rules: dict[str, Rule] = {
        "mean < 5 %, 60 min": plain(mean, 5, 60),
        "max < 10 %, 60 min": plain(max, 10, 60),
        "max = 0 %, 120 min": plain(max, 1, 120),
        "ours, nag": ours(Idle(), "nag"),
        "ours, nag, without its own pauses": ours(Idle(pace=0), "nag"),
        "ours, safe": ours(Idle(), "safe"),
        "ours, safe, without its own pauses": ours(Idle(pace=0), "safe"),
    }
    lines = ["| rule | 1 day: alerts | right | 3 days: alerts | right |", "|---|---|---|---|---|"]
    machines = {days: [[(n, {"gpu_max_pct": s}) for n, s in made(seed, days)] for seed in (1, 2)] for days in (1, 3)}
    for name, rule in rules.items():
        cells = []
        for days in (1, 3):
            total = sum((count(rule, one)[0] for one in machines[days]), Counter())
            told = total["right"] + total["wrong"]
            cells += [f"{told / 2:.0f}", f"{total['right'] / told:.0%}" if told else "-"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def machines() -> list[str]:
    """The table over the real CPU traces."""
    with gzip.open(TRACES, "rt") as file:
        recording = replay.read(file)
    found = [(name, recording.series(name)) for name in recording.columns]
    rules: dict[str, Rule] = {
        "mean <= 10 %, 24 h": plain(mean, 10.001, 24 * 60),
        "mean < 5 %, 60 min": plain(mean, 5, 60),
        "max < 10 %, 60 min": plain(max, 10, 60),
        "max < 10 %, 24 h": plain(max, 10, 24 * 60),
        "ours, nag (CPU only: 24 h)": ours(Idle(), "nag"),
        "ours, safe (CPU only: 48 h)": ours(Idle(), "safe"),
    }
    lines = ["| rule | alerts | wrong | most wrong of one machine |", "|---|---|---|---|"]
    for name, rule in rules.items():
        outcomes, wrong = count(rule, found)
        lines.append(f"| {name} | {outcomes.total()} | {outcomes['wrong']} | {max(wrong.values(), default=0)} |")
    return lines


if __name__ == "__main__":
    print("Eight real EC2 machines, CPU every 5 minutes for 14 days:", *machines(), sep="\n")
    print("\n128 made-up GPU pods, a value a minute (mean of two seeds):", *pods(fleet), sep="\n")
    print("\n96 made-up machines of a team, a value a minute (mean of two seeds):", *pods(team), sep="\n")
