"""`mlbot estimate`: words in a terminal, lines in a batch, exit codes, speed when cold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import main

LINES = """\
{"id": "a", "kind": "finetune", "model": "llama-3-8b", "samples": 1000, "hardware": {"accelerator": "A10G"}}
this is no JSON

{"id": "b", "kind": "train", "model": "llama-2-7b", "tokens": -1}
{"id": "c", "kind": "infer", "model": "bert-base", "qps": 10}
"""


def test_words_are_answered_and_exit_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "finetune llama-3-8b lora samples=50k seq=512 on g5.xlarge"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Fine-tune llama-3-8b (lora)")
    assert "g5.xlarge" in out


def test_words_need_no_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "infer", "bert", "qps=10", "seq=128", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_words_that_are_not_understood_exit_2_with_the_nearest_and_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["estimate", "finetune lama-3-8b"]) == 2
    told = capsys.readouterr().err
    assert "llama-3-8b" in told
    assert "For example: mlbot estimate" in told


def test_words_that_are_not_understood_are_an_error_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "train llama-2-7b tokens=-5", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["error"]["field"] == "tokens"


def test_no_words_say_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate"]) == 2
    assert "Say what to estimate" in capsys.readouterr().err


def test_how_shows_the_formulas_and_words_to_copy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "train gpt2 tokens=1B on g5.xlarge", "--how"]) == 0
    out = capsys.readouterr().out
    assert "cost of the job" in out
    assert "train model=gpt2" in out


def test_a_batch_is_answered_in_order_and_a_bad_line_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lines").write_text(LINES)
    assert main(["estimate", "--batch", str(tmp_path / "lines")]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["ok"]) for one in answers] == [("a", True), (None, False), ("b", False), ("c", True)]


def test_a_file_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "--batch", "/no/such/file"]) == 2
    assert capsys.readouterr().err == "Cannot read /no/such/file: No such file or directory.\n"


def run(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "estimate", *words], input=given, capture_output=True, text=True, check=False
    )


def test_standard_streams_answer_a_batch_without_a_word_on_standard_error() -> None:
    done = run("--batch", "-", given=LINES)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 4
    assert done.stderr == ""


def test_a_cold_start_takes_less_than_a_second() -> None:
    def seconds() -> float:
        """Of processor time: others may share the machine."""
        before = os.times()
        assert run("train llama-2-7b tokens=2T").returncode == 0
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(2)) < 1.0


def test_a_cold_start_imports_no_cloud_no_slack_and_no_pictures() -> None:
    code = (
        "import sys; from bot.__main__ import main; main(['estimate', 'train gpt2 tokens=1B']);"
        "print([m for m in ('boto3', 'slack_bolt', 'matplotlib', 'pydantic', 'moto') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
