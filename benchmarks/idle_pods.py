"""Made-up GPU serving pods for trying idle rules: one utilisation a minute, in five habits, from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from bot.rules.idle_facts import Series

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = 1440


def fleet(seed: int, days: float) -> Iterator[tuple[str, Series]]:
    """128 pods: forgotten, seldom asked with long silences, lightly asked by day, steady, and ended half-way."""
    chance = random.Random(seed)
    habits: list[tuple[str, int, Callable[[random.Random, int], list[float]]]] = [
        ("forgotten", 18, lambda _, n: [0.0] * n),
        ("seldom", 40, seldom),
        ("light", 40, light),
        ("steady", 20, steady),
        ("ended", 10, ended),
    ]
    for name, count, habit in habits:
        for number in range(count):
            values = habit(chance, round(days * DAY))
            points = tuple((START + (n + 1) * MINUTE, float(round(value))) for n, value in enumerate(values))
            yield f"{name}-{number}", Series(MINUTE, points)


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
