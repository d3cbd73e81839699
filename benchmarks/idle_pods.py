"""Made-up GPU machines for trying idle rules, a value a minute, from a seed: a fleet that serves, and a team's."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from bot.rules.idle_facts import Series

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = 1440


Habit = Callable[[random.Random, int], list[float]]


def fleet(seed: int, days: float) -> Iterator[tuple[str, Series]]:
    """128 serving pods: forgotten, seldom asked with long silences, lightly asked, steady, and ended half-way."""
    habits: list[tuple[str, int, Habit]] = [
        ("forgotten", 18, lambda _, n: [0.0] * n),
        ("seldom", 40, seldom),
        ("light", 40, light),
        ("steady", 20, steady),
        ("ended", 10, ended),
    ]
    return _pods(habits, seed, days)


def team(seed: int, days: float) -> Iterator[tuple[str, Series]]:
    """96 machines of people: training with gaps, notebooks, serving by day, jobs on a timer, stuck, idle with blips."""
    habits: list[tuple[str, int, Habit]] = [
        ("training", 16, training),
        ("notebook", 16, notebook),
        ("serving", 16, serving),
        ("timer", 16, timer),
        ("stuck", 16, ended),
        ("blips", 16, lambda chance, n: [chance.choice([0.0] * 30 + [1.0, 2.0, 3.0]) for _ in range(n)]),
    ]
    return _pods(habits, seed, days)


def _pods(habits: list[tuple[str, int, Habit]], seed: int, days: float) -> Iterator[tuple[str, Series]]:
    chance = random.Random(seed)
    for name, count, habit in habits:
        for number in range(count):
            values = habit(chance, round(days * DAY))
            points = tuple((START + (n + 1) * MINUTE, float(round(value))) for n, value in enumerate(values))
            yield f"{name}-{number}", Series(MINUTE, points)


def training(chance: random.Random, minutes: int) -> list[float]:
    """Loads data, works through epochs with pauses to evaluate and save, rests until the next run."""
    values: list[float] = []
    while len(values) < minutes:
        values += [0.0] * int(chance.uniform(2, 40))
        for _ in range(int(chance.uniform(1, 7))):
            values += [chance.uniform(60, 100) for _ in range(_about(chance, 150))]
            values += [0.0] * _about(chance, 6)
        values += [0.0] * min(minutes, _about(chance, 400))
    return values[:minutes]


def notebook(chance: random.Random, minutes: int) -> list[float]:
    """Short bursts on three working days of four, nothing at night."""
    values = [0.0] * minutes
    for day in range(0, minutes, DAY):
        at, evening = day + int(chance.gauss(560, 60)), day + int(chance.gauss(1080, 90))
        while at < min(evening, minutes) and chance.random() > 0.01:
            for _ in range(_about(chance, 3)):
                if 0 <= at < minutes:
                    values[at] = chance.uniform(5, 95)
                at += 1
            at += _about(chance, 25)
    return values


def serving(chance: random.Random, minutes: int) -> list[float]:
    """Requests by day, few or none by night."""
    rate, night = math.exp(chance.gauss(math.log(1 / 4), 0.8)), chance.uniform(0.0, 0.1)
    found = []
    for minute in range(minutes):
        by_day = max(0.0, math.sin(math.pi * (24 * (minute / DAY % 1) - 7) / 14))
        asked = chance.random() < 1 - math.exp(-rate * (night + by_day))
        found.append(chance.uniform(2, 70) if asked else 0.0)
    return found


def timer(chance: random.Random, minutes: int) -> list[float]:
    """A job every one to twenty-four hours."""
    values, every = [0.0] * minutes, chance.choice([60, 120, 180, 240, 360, 720, 1440])
    for start in range(int(chance.uniform(0, every)), minutes, every):
        for at in range(start, min(minutes, start + int(chance.uniform(3, 20)))):
            values[at] = chance.uniform(30, 95)
    return values


def _about(chance: random.Random, typical: int) -> int:
    """Minutes around *typical*, now and then many times as long."""
    return int(math.exp(chance.gauss(math.log(typical), 1.0))) + 1


def seldom(chance: random.Random, minutes: int) -> list[float]:
    """Bursts between silences without a typical length (Pareto), some of them very long."""
    values = [0.0] * minutes
    typical, at = math.exp(chance.gauss(math.log(40), 1.2)), 0
    while at < minutes:
        at += int(min(typical * (chance.paretovariate(0.9) - 1) + 1, minutes))
        for _ in range(int(math.exp(chance.gauss(1.0, 1.0))) + 1):
            if at < minutes:
                values[at] = chance.uniform(3, 90)
            at += 1
    return values


def light(chance: random.Random, minutes: int) -> list[float]:
    """Single requests, more by day than by night."""
    rate = math.exp(chance.gauss(math.log(1 / 15), 1.0))
    found = []
    for minute in range(minutes):
        now = rate * (0.15 + 2 * math.sin(math.pi * (minute / DAY % 1)) ** 2)
        found.append(chance.uniform(1, 60) if chance.random() < 1 - math.exp(-now) else 0.0)
    return found


def steady(chance: random.Random, minutes: int) -> list[float]:
    """Always at work."""
    return [min(100.0, max(0.0, chance.gauss(40, 20))) for _ in range(minutes)]


def ended(chance: random.Random, minutes: int) -> list[float]:
    """At work until some moment, then never again."""
    last = int(chance.uniform(0.1, 0.9) * minutes)
    return steady(chance, last) + [0.0] * (minutes - last)
