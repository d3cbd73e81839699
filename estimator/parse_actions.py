"""What a phrase with numbers means: from a match to values found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from estimator.parse_keys import Unclear
from estimator.parse_numbers import TIME_UNITS, length, value_of
from estimator.parse_text import Found, Numeral

WORDS_PER_TOKEN = 0.75  # English text: tokenizers of 30k-50k pieces give about 1.3 tokens a word
BYTES_PER_TOKEN = 4.0  # English text
LONG_SAMPLE = 16_384  # tokens; fewer are not enough to train on
CLIP_SECONDS = 30.0  # what Whisper hears at a time
MONTH_HOURS = 730.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A match and the numbers that its groups a and b stand for."""

    match: re.Match[str]
    numbers: tuple[Numeral, ...]

    def __getitem__(self, name: str) -> str:
        """A group of the match; "" when it took no part."""
        return (self.match.groupdict().get(name) or "").strip()

    def numeral(self, name: str) -> Numeral:
        """The number of group a or b."""
        return self.numbers[int(self.match[name])]

    def value(self, name: str = "a") -> float:
        """Its value."""
        return value_of(self.numeral(name).figure, self.numeral(name).magnitude)

    def length(self, name: str = "a") -> float:
        """Its value as a length in tokens: 8k is 8,192."""
        return length(self.numeral(name).figure, self.numeral(name).magnitude)

    def said(self, name: str = "a") -> str:
        """The number as it was written."""
        return self.numeral(name).written

    def hours(self) -> float:
        """Hours in the unit of time that the phrase names."""
        return TIME_UNITS[self["time"]]


Action = Callable[[Phrase, Found], None]


def number(key: str, group: str = "a") -> Action:
    """The number is the value of *key*."""
    return lambda phrase, found: found.number(key, phrase.value(group), phrase.said(group))


def tokens(key: str, group: str = "a") -> Action:
    """The number is a length in tokens."""
    return lambda phrase, found: found.number(key, phrase.length(group), phrase.said(group))


def all_tokens(phrase: Phrase, found: Found) -> None:
    """20M tokens are the amount; 512 tokens can only be the length of a sample."""
    if 1 <= phrase.value() <= LONG_SAMPLE and "seq_len" not in found.values:
        tokens("seq_len")(phrase, found)
        found.note(f"{phrase.said()} tokens: read as the length of a sample")
    else:
        number("tokens")(phrase, found)


def harmless(phrase: Phrase, found: Found) -> None:
    """A learning rate or a seed changes neither time nor cost."""
    found.note(f"{phrase['word']} changes neither time nor cost; not counted")


def in_and_out(phrase: Phrase, found: Found) -> None:
    """512 in and 256 out."""
    tokens("input_tokens")(phrase, found)
    tokens("output_tokens", "b")(phrase, found)


def samples(phrase: Phrase, found: Found) -> None:
    """50k samples of 512 tokens; of requests the 512 are input, of images they are pixels."""
    asked = bool(phrase["request"])
    number("queries" if asked else "samples")(phrase, found)
    length = "b" if phrase["b"] else ""
    if length and re.match(r"images?|photos?|pictures?|clips?|videos?", phrase["thing"]):
        found.note(f"{phrase['thing']} of {phrase.said('b')}: the model's usual size is counted; gflops= tells another")
    elif length:
        tokens("input_tokens" if asked else "seq_len", "b")(phrase, found)
        found.hints.add("of each sample")
        if not phrase["told"]:
            found.note(f"{phrase.said('b')}: read as tokens of a sample")


def rows_of_tokens(phrase: Phrase, found: Found) -> None:
    """50k x 512 tokens."""
    number("samples")(phrase, found)
    tokens("seq_len", "b")(phrase, found)
    found.hints.add("of each sample")


def a_user(phrase: Phrase, found: Found) -> None:
    """50 requests per user per day, which `settle_shares` multiplies by the users."""
    hours = TIME_UNITS[phrase["time"]] if phrase["time"] else 24.0
    found.shares["user"] = phrase.value() / (hours * 3600)


def a_request(phrase: Phrase, found: Found) -> None:
    """100 documents per query: each is one for the model."""
    found.shares["request"] = phrase.value()


def a_weight(phrase: Phrase, found: Found) -> None:
    """20 tokens per parameter."""
    found.shares["weight"] = phrase.value()


def settle_shares(found: Found) -> None:
    """Requests of each user times the users, documents of each query times the queries."""
    values, shares = found.values, found.shares
    if "user" in shares:
        if "concurrency" not in values:
            raise Unclear("How many users are there?", field="qps", example="1000 users, 50 requests per user per day")
        users = float(values.pop("concurrency"))
        found.number("qps", users * shares["user"], f"{users:g} users")
        found.note(f"{users:,.0f} users with {shares['user'] * 86400:g} requests a day each, spread evenly")
    if "request" in shares:
        name = next((name for name in ("qps", "queries") if name in values), "")
        if not name:
            raise Unclear("How many queries are there? Say qps=5 or queries=1M.", field="qps", example="qps=5")
        values[name] = float(values[name]) * shares["request"]
        found.note(f"each query is {shares['request']:g} for the model")


def money(phrase: Phrase, found: Found) -> None:
    """Under $200; under $5 an hour; $500 a month is a month's budget of a service."""
    if not phrase["time"]:
        number("budget_usd")(phrase, found)
    elif phrase.hours() == MONTH_HOURS:
        number("budget_usd")(phrase, found)
        found.number("service_hours", MONTH_HOURS, "a month")
    else:
        found.number("max_usd_per_hour", phrase.value() / phrase.hours(), phrase.said())


def other_money(phrase: Phrase, found: Found) -> None:
    """Another currency is asked about: the catalog knows US dollars."""
    raise Unclear(
        f"Prices are in US dollars; please give {phrase.said()} in them.", field="budget_usd", example="budget=200"
    )


def average(phrase: Phrase, found: Found) -> None:
    """On average 800 tokens a sample."""
    tokens("seq_len")(phrase, found)
    found.note(f"{phrase.said()} tokens on average: every sample counts as so long")


def deadline(phrase: Phrase, found: Found) -> None:
    """Within 24 hours."""
    found.number("deadline_hours", phrase.value() * phrase.hours(), phrase.said())


def lasting(phrase: Phrase, found: Found) -> None:
    """For 3 days: how long a service runs; of a job it is the deadline, which the kind decides."""
    found.number("service_hours", phrase.value() * phrase.hours(), phrase.said())


def latency(key: str) -> Action:
    """Under 200 ms."""

    def act(phrase: Phrase, found: Found) -> None:
        scale = 1.0 if phrase["unit"].startswith("m") else 1000.0
        found.number(key, phrase.value() * scale, phrase.said())

    return act


def per_time(key: str) -> Action:
    """5 requests per second, 100k a day."""

    def act(phrase: Phrase, found: Found) -> None:
        found.number(key, phrase.value() / (phrase.hours() * 3600), phrase.said())

    return act


def words(phrase: Phrase, found: Found) -> None:
    """3.3B words of text."""
    found.number("tokens", phrase.value() / WORDS_PER_TOKEN, phrase.said())
    found.note("a token is taken as 0.75 words")


def text_bytes(phrase: Phrase, found: Found) -> None:
    """20 GB of text."""
    size = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}[phrase["size"]]
    found.number("tokens", phrase.value() * size / BYTES_PER_TOKEN, phrase.said())
    found.note("a token is taken as 4 bytes of text")


def audio(phrase: Phrase, found: Found) -> None:
    """1,000 hours of audio."""
    found.number("samples", phrase.value() * phrase.hours() * 3600 / CLIP_SECONDS, phrase.said())
    found.note("audio is counted in clips of 30 s")
    found.hints.add("infer")


def nodes_of_chips(phrase: Phrase, found: Found) -> None:
    """4 nodes of 8 GPUs."""
    found.number("chips", phrase.value() * phrase.value("b"), phrase.said())
    found.number("per_node", phrase.value("b"), phrase.said("b"))


def batch(phrase: Phrase, found: Found) -> None:
    """Batch 1024, micro batch 4, batch of 4M tokens; without a kind, the workload's kind decides."""
    kind = phrase["kind"]
    if phrase["tokens"]:
        number("batch_tokens")(phrase, found)
    elif kind.startswith(("micro", "mini", "per", "local")) or phrase["device"]:
        number("micro_batch")(phrase, found)
    else:
        number("global_batch" if kind else "batch")(phrase, found)


def zero(phrase: Phrase, found: Found) -> None:
    """ZeRO-3."""
    found.put("sharding", f"zero-{phrase.value():.0f}")


def resolution(phrase: Phrase, found: Found) -> None:
    """1024x1024: the size of images, which counts where a diffusion model makes them."""
    found.put("resolution", f"{phrase.said()}x{phrase.said('b')}")


def guidance(phrase: Phrase, found: Found) -> None:
    """Guidance 7.5."""
    found.put("guidance", phrase.said())
