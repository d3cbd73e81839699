"""/ml-launch in words: what is understood, and what one hears otherwise."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import data
from bot.rules import launch_words
from bot.rules.errors import Unclear
from bot.rules.launch import Wanted

CATALOG = data.load()
HERE = "us-east-1"


def parse(text: str) -> Wanted:
    return launch_words.parse(text, CATALOG, region=HERE)


def wanted(**changes: object) -> Wanted:
    return Wanted(**{"instance_type": "g5.xlarge", "region": HERE, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("g5.xlarge", wanted()),
        (
            'g5.xlarge hours=8 disk=200 market=spot region=us-west-2 name=nightly purpose="LoRA run"',
            wanted(region="us-west-2", market="spot", disk_gb=200, name="nightly", purpose="LoRA run"),
        ),
        ('purpose="a b" region=us-west-2 type=g5.xlarge', wanted(region="us-west-2", purpose="a b")),
        (
            "2 x g5.xlarge for 3 hours in us-west-2 with 500 GB disk",
            wanted(count=2, hours=3, region="us-west-2", disk_gb=500),
        ),
        ("please launch me a G5.XLARGE spot 90min", wanted(market="spot", hours=1.5)),
        ("2 g5.xlarge", wanted(count=2)),
        ("x2 g5.xlarge, 4h, us-east-2", wanted(count=2, hours=4, region="us-east-2")),
        ("g5.xlarge purpose=“LoRA run” for 1 day", wanted(purpose="LoRA run", hours=24)),
        ("g5.xlarge name=a&amp;b", wanted(name="a&b")),
        ("g5.xlarge name=<http://my.host|my.host>", wanted(name="my.host")),
        ("g5.xlarge name=<!channel>", wanted(name="<!channel>")),
        ("g5.xlarge name=<https://evil|console>", wanted(name="<https://evil|console>")),
        ("g5.xlarge purpose='a\u202eb\x07c'", wanted(purpose="ab c")),
        (
            "g5.xlarge disk=1TB key=me image=ami-0123456789abcdef0",
            wanted(disk_gb=1000, key_name="me", image="ami-0123456789abcdef0"),
        ),
        ("g5.xlarge spot max_price=$0.5", wanted(market="spot", max_usd_per_hour=0.5)),
        ("hours=8 hours=8 g5.xlarge", wanted()),
    ],
)
def test_words_are_understood(text: str, meant: Wanted) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "field", "nearest"),
    [
        ("", "type", ""),
        ("hours=8", "type", ""),
        ("g5.xlarg", "", "g5.xlarge"),
        ("g5.xlarge hourz=8", "", "hours="),
        ("g5.xlarge hours=abc", "hours", "hours=8"),
        ("g5.xlarge hours=0", "hours", "hours=8"),
        ("g5.xlarge hours=-1", "hours", "hours=8"),
        ("g5.xlarge hours=1e400", "hours", "hours=8"),
        ("g5.xlarge 8", "", "hours=8"),
        ("g5.xlarge region=us-west-9", "region", "us-west-2"),
        ("g5.xlarge g5.2xlarge", "type", ""),
        ("g5.xlarge market=sport", "market", "market=spot"),
        ("g5.xlarge market=savings-plan", "market", "market=on-demand"),
        ("g5.xlarge capacity-block", "market", "market=on-demand"),
        ("g5.xlarge hours=1e9", "hours", "hours=8"),
        ("g5.xlarge hours=0.001", "hours", "hours=8"),
        ("g5.xlarge count=0000011000", "count", "count=1"),
        ("g5.xlarge foo=bar", "", ""),
        ("g5.xlarge count=0", "count", "count=1"),
        ("g5.xlarge count=1.5", "count", "count=1"),
        ("g5.xlarge disk=huge", "disk", "disk=200"),
        ("g5.xlarge image=latest", "image", "image=ami-0123456789abcdef0"),
        ("g5.xlarge max_price=1", "max_price", "market=spot"),
        (f"g5.xlarge name={'x' * 81}", "name", ""),
        ("g5.xlarge " + "x" * 3000, "", ""),
    ],
)
def test_what_is_not_understood_gets_one_sentence_the_nearest_thing_and_an_example(
    text: str, field: str, nearest: str
) -> None:
    with pytest.raises(Unclear) as told:
        parse(text)
    assert (told.value.field, told.value.nearest) == (field, nearest)
    assert str(told.value).endswith(".")
    assert len(str(told.value)) < 160
    parse(told.value.example.removeprefix("/ml-launch "))


PIECES = ["g5.xlarge", "p4d.24xlarge", "2", "x", "=", '"', "'", "hours=", "8h", "disk=", "region=us-west-2", "<@U1>"]
PIECES += [
    "&lt;",
    "name=",
    "\u202e",
    "\x00",
    "spot",
    "for",
    "”",
    "ami-1",
    "max_price=0.1",
    "count=99999999999",
    "é",
    "=8",
    " ",
]
PIECES += [
    *launch_words.KEYS,
    *launch_words.FILLERS,
    "🦆",
    "\ud7ff",
    "%s",
    "{0}",
    "$(reboot)",
    "../..",
    "NaN",
    "1e9",
    "٣",
]


def is_a_request_or_an_unclear_sentence(text: str) -> None:
    try:
        found = parse(text)
    except Unclear:
        return
    assert found.instance_type in CATALOG.instances
    assert found.region in CATALOG.regions
    assert 0 < found.hours <= 24 * 365
    assert 1 <= found.count <= 1000
    assert 1 <= found.disk_gb <= 16384
    assert found.name.isprintable()
    assert found.purpose.isprintable()


@settings(max_examples=500, deadline=None, database=None)
@given(st.text(max_size=120))
@example("x" * 5000)
@example("g5.xlarge " + "for " * 400)
def test_any_text_is_a_request_or_an_unclear_sentence(text: str) -> None:
    is_a_request_or_an_unclear_sentence(text)


def test_ten_thousand_texts_of_broken_grammar_raise_nothing_else() -> None:
    dice = random.Random(20261121)
    for _ in range(10_000):
        glue = dice.choice(("", " ", " "))
        is_a_request_or_an_unclear_sentence(glue.join(dice.choices(PIECES, k=dice.randint(1, 12))))


def test_the_form_gives_the_same_request_and_names_the_field_that_is_wrong() -> None:
    given_by_form = {"region": HERE, "type": "g5.xlarge", "count": "1", "market": "on-demand", "disk": "100"}
    given_by_form["hours"] = "8"
    assert launch_words.from_form({**given_by_form, "name": "", "purpose": ""}, CATALOG) == wanted()
    for field, bad in (("hours", "soon"), ("disk", "-1"), ("count", "many"), ("type", ""), ("region", "")):
        with pytest.raises(Unclear) as told:
            launch_words.from_form({**given_by_form, field: bad}, CATALOG)
        assert told.value.field == field
