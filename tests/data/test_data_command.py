"""`mlbot catalog show` and `list`, in plain text."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import FixedClock
from bot.commands import catalog as command

GOLDEN = Path(__file__).parent / "golden"
NOW = FixedClock(datetime(2026, 11, 21, tzinfo=UTC))


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mlbot")
    command.add(parser.add_subparsers())
    return parser.parse_args(["catalog", *words])


def run(tmp_path: Path, *words: str) -> int:
    args = parsed(*words, "--overlay", str(tmp_path))
    return args.run(args, clock=NOW) if args.verb == "show" else args.run(args)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("p5.48xlarge", "p5"),
        ("g6f.large", "g6f"),
        ("c5.large", "c5"),
        ("H100", "h100"),
        ("mixtral", "mixtral"),
        ("sdxl", "sdxl"),
    ],
)
def test_one_thing_is_shown_with_its_figures_and_sources(
    name: str, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "show", name) == 0
    shown, golden = capsys.readouterr().out, GOLDEN / f"{file}.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown)
    assert shown == golden.read_text()


def test_a_name_may_be_several_words_and_regions_may_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "show", "P5", "48XL", "--region", "us-west-2") == 0
    out = capsys.readouterr().out
    assert "us-west-2" in out
    assert "us-east-1 " not in out


def test_an_unknown_name_gets_one_sentence_with_the_nearest_and_an_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "show", "p5.49xlarge") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "p5.48xlarge" in err
    assert "for example: mlbot catalog show" in err


@pytest.mark.parametrize("words", [("show", "g5.xlarge", "--region", "mars-1"), ("list", "--region", "mars-1")])
def test_an_unknown_region_is_told_with_those_that_are_known(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, *words) == 2
    assert "us-east-1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "name"), [("instances", "p5.48xlarge"), ("chips", "MI300X"), ("models", "llama-3-8b")]
)
def test_everything_is_listed_one_a_line(
    what: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "list", what) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith(f"{name} ") for line in lines) == 1
    assert not [line for line in lines if line != line.rstrip()]


def test_prices_of_the_last_ninety_days_are_not_called_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = parsed("show", "trn2.48xlarge", "--region", "us-east-2", "--overlay", str(tmp_path))
    for month, old in ((8, False), (11, True)):
        args.run(args, clock=FixedClock(datetime(2026, month, 21, tzinfo=UTC)))
        assert ("more than 90 days old" in capsys.readouterr().out) is old
