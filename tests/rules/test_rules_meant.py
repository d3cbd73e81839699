"""Plain English to a command: one table, and whatever else is said is refused in a sentence that helps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules import launch_words, mute_words
from bot.rules.errors import Unclear
from bot.rules.meant import EXAMPLES, Meant, meant, plainly
from data import load
from estimator.parse import parse

CATALOG = load()
ME = "<@U0MLBOT> "
ASKED = [
    ("what would it cost to fine-tune mistral 7b on 20M tokens?", "estimate", None),
    ("how long does it take to train llama-2-7b on 2T tokens with 64 p4d.24xlarge?", "estimate", None),
    ("does llama-3-70b qlora fit one g6e.xlarge?", "estimate", None),
    ("serve llama 3 8b at 5 requests per second", "estimate", None),
    ("mistral 7b lora 20M tokens", "estimate", None),
    ("how expensive is running llama 3 8b on 2 machines?", "estimate", None),
    ("fine tune llama-3-8b under $200 &amp; within 24h on 50k samples", "estimate", None),
    ("estimate <https://huggingface.co/mistralai|mistral-7b> lora on 20M tokens", "estimate", None),
    ("can I get a g5.xlarge for 8 hours?", "launch", "can I get a g5.xlarge for 8 hours"),
    ("can I get a g5.xlarge for 8 hours for the LoRA run?", "launch", None),
    ("how much is a g5.xlarge for 8 hours?", "launch", None),
    ("what would a p5.48xlarge cost for a day", "launch", None),
    ("spin up a g5.2xlarge", "launch", None),
    ("ml-launch g5.xlarge hours=8", "launch", "g5.xlarge hours=8"),
    ("launch g5.xlarge hours=8 purpose=“LoRA run”", "launch", None),
    ("what am I running?", "instances", "mine"),
    ("what's running", "instances", "all"),
    ("who is running what?", "instances", "all"),
    ("show my machines", "instances", "mine"),
    ("what do my machines cost?", "instances", "mine"),
    ("stop my machine", "instances", "mine"),
    ("what is idle?", "idle", "mine"),
    ("is anything idle?", "idle", "mine"),
    ("what are we wasting?", "idle", "all"),
    ("scan for idle machines now", "idle", "now"),
    ("/ml-idle now", "idle", "now"),
    ("mute me for 3 days", "idle", "mute 3d"),
    ("mute me for a week", "idle", "mute 1w"),
    ("Unmute", "idle", "unmute"),
    ("", "help", ""),
    ("hi there!", "help", ""),
    ("Help", "help", ""),
    ("what can you do?", "help", ""),
    ("help me with estimates", "help", "estimates"),
    ("help launch", "help", "launch"),
]


@pytest.mark.parametrize(("text", "what", "words"), ASKED)
def test_what_is_asked_in_plain_english(text: str, what: str, words: str | None) -> None:
    found = meant(ME + text, CATALOG)
    assert found.what == what
    if words is not None:
        assert found.words == words
    if what == "estimate":
        parse(found.words, CATALOG)
    if what == "launch":
        assert launch_words.parse(found.words, CATALOG, region="us-east-1").instance_type


def test_what_follows_is_the_purpose_and_a_day_is_24_hours() -> None:
    found = meant("could we have 2 x p4d.24xlarge spot in us-west-2 for a day to pretrain our model", CATALOG)
    wanted = launch_words.parse(found.words, CATALOG, region="us-east-1")
    assert (wanted.count, wanted.hours, wanted.market) == (2, 24.0, "spot")
    assert wanted.purpose == "pretrain our model"


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("wat is idel", EXAMPLES["idle"]),
        ("pls estmate", EXAMPLES["estimate"]),
        ("make me a sandwich", "help"),
        ("ml-estmate foo", "estimate"),
        ("/ml-freeze on", "/ml-freeze"),
        ("can I get an A100 for 8 hours", "p4d.24xlarge"),
    ],
)
def test_what_is_not_understood_names_the_nearest_and_an_example(text: str, nearest: str) -> None:
    with pytest.raises(Unclear) as refused:
        meant(ME + text, CATALOG)
    assert refused.value.nearest == nearest
    assert refused.value.example


@pytest.mark.parametrize("what", EXAMPLES)
def test_every_example_means_what_it_stands_for(what: str) -> None:
    assert meant(EXAMPLES[what], CATALOG).what == what


PIECES = (
    "what",
    "is",
    "idle",
    "my",
    "g5.xlarge",
    "A100",
    "8",
    "hours",
    "<@U0X>",
    "&",
    "?",
    "to",
    "because",
    "a",
    "get",
)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_whatever_is_written_is_understood_or_refused(said: str) -> None:
    try:
        found: Meant | Unclear = meant(said, CATALOG)
    except Unclear as refused:
        found = refused
    assert isinstance(found, Meant) or found.nearest


def test_mentions_links_and_entities_read_as_they_were_typed() -> None:
    text = "<@U0MLBOT|mlbot> see <https://a.example/x|llama> &amp; <#C0ML|ml> <mailto:a@b.example> `lora`"
    assert plainly(text) == "see llama & ml a@b.example lora"


@pytest.mark.parametrize(
    ("words", "hours"), [("mute", 168), ("mute 3d", 72), ("mute for 2 weeks", 336), ("mute 12h", 12), ("unmute", None)]
)
def test_how_long_it_is_quiet(words: str, hours: int | None) -> None:
    found = mute_words.length(words)
    assert (found.total_seconds() / 3600 if found else None) == hours


@pytest.mark.parametrize("words", ["mute 31d", "mute 0d", "mute forever", "unmute now", "mute 3 moons"])
def test_how_long_it_cannot_be_quiet(words: str) -> None:
    with pytest.raises(Unclear):
        mute_words.length(words)
