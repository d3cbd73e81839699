"""`mlbot replay --csv`: the file's forms, the line of an alert, and the real traces."""

from __future__ import annotations

import gzip
import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import replay
from bot.__main__ import main
from bot.rules.errors import Unclear
from bot.rules.policy_idle import Idle

TRACES = Path(__file__).parent.parent.parent / "benchmarks" / "traces" / "ec2_cpu_14d.csv.gz"
START = datetime.fromisoformat("2026-01-05")  # without a zone, as files have it


def csv(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


def quiet_after(minutes: int, total: int, *, name: str = "pod", zone: str = "", step: int = 60) -> list[str]:
    """Rows of a pod that works for *minutes* and then rests."""
    found = []
    for n in range(total):
        at = START + timedelta(seconds=step * n)
        found.append(f"{name},{at.isoformat()}{zone},{80 if n < minutes else 0}")
    return found


def alerts(text: str) -> list[dict]:
    recording = replay.read(io.StringIO(text))
    return [replay.line(one, zoned=recording.zoned) for one in replay.run(recording, Idle())]


def test_at_is_the_end_of_the_interval_and_looks_like_the_file() -> None:
    nag, safe = alerts(csv("resource,timestamp,gpu_max_pct", *quiet_after(10, 300)))
    assert (nag["resource"], nag["at"], nag["level"]) == ("pod", "2026-01-05T01:10:00", "nag")
    assert (safe["at"], safe["level"], safe["wrong"]) == ("2026-01-05T02:10:00", "safe", False)
    assert nag["why"].startswith("GPU 0 % for 60 min")


def test_a_file_with_zones_is_answered_with_zones() -> None:
    found = alerts(csv("resource,timestamp,gpu_max_pct", *quiet_after(10, 80, zone="+02:00")))
    assert found[0]["at"] == "2026-01-04T23:10:00+00:00"


def test_columns_stand_in_any_order_and_others_are_ignored() -> None:
    rows = [f"{row.split(',')[2]},x,{row.split(',')[1]},{row.split(',')[0]}" for row in quiet_after(10, 80)]
    assert len(alerts(csv("gpu_max_pct,node,timestamp,resource", *rows))) == 1


def test_rows_may_come_unsorted_interleaved_and_one_for_each_gpu() -> None:
    one, two = quiet_after(10, 200, name="a"), quiet_after(10, 200, name="b")
    mixed = [row for pair in zip(reversed(one), reversed(two), strict=True) for row in pair]
    second_gpu = [row.replace(",0", ",75") if row.endswith(",0") else row for row in two]
    found = alerts(csv("resource,timestamp,gpu_max_pct", *mixed, *second_gpu))
    assert [(one["resource"], one["level"]) for one in found] == [("a", "nag"), ("a", "safe")]


def test_empty_cells_and_nan_are_no_datapoints_and_no_zeros() -> None:
    rows = [row.rsplit(",", 1)[0] + ("," if n % 2 else ",nan") for n, row in enumerate(quiet_after(0, 300))]
    assert alerts(csv("resource,timestamp,gpu_max_pct", *quiet_after(5, 5), *rows[5:])) == []


@pytest.mark.parametrize("step", [15, 60, 300])
def test_the_step_is_the_files_own(step: int) -> None:
    rows = quiet_after(4, 40 * 300 // step, step=step)
    assert [one["level"] for one in alerts(csv("resource,timestamp,gpu_max_pct", *rows))] == ["nag", "safe"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column 'resource'"),
        (csv("resource,gpu_max_pct", "a,1"), "no column 'timestamp'"),
        (csv("resource,timestamp,util", "a,2026-01-01,1"), "none of the columns"),
        (csv("resource,timestamp,gpu_max_pct", "a,yesterday,1"), "Line 2"),
        (csv("resource,timestamp,gpu_max_pct", "a,2026-01-01T00:00:00,much"), "Line 2"),
        (csv("resource,timestamp,gpu_max_pct", "a"), "Line 2"),
    ],
)
def test_a_file_that_is_none_gets_a_sentence_with_the_line(text: str, said: str) -> None:
    with pytest.raises(Unclear, match=said):
        alerts(text)


def test_the_command_prints_a_json_line_an_alert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(csv("resource,timestamp,gpu_max_pct", *quiet_after(10, 300)))
    assert main(["replay", "--csv", str(file), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["level"] for line in lines] == ["nag", "safe"]
    assert {"resource", "at", "level", "why"} <= set(lines[0])


def test_the_command_in_words_sums_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(csv("resource,timestamp,gpu_max_pct", *quiet_after(10, 300)))
    assert main(["replay", "--csv", str(file)]) == 0
    assert "nag: 1 alerts, 0 wrong (busy within the hour), 100% right" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_a_file_that_cannot_be_read_is_said_so(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--csv", name]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_bytes_that_are_no_text_are_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trace.csv"
    file.write_bytes(b"\xff\xfe\x00\x01" * 10)
    assert main(["replay", "--csv", str(file)]) == 2
    assert "no text" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["cpu_avg_pct", "cpu_max_pct"])
def test_no_machine_of_the_real_traces_is_called_safe_while_it_works_within_the_hour(column: str) -> None:
    with gzip.open(TRACES, "rt") as file:
        recording = replay.read(io.StringIO(file.read().replace("cpu_avg_pct", column, 1)))
    found = list(replay.run(recording, Idle()))
    wrong = [one for one in found if one.level == "safe" and one.wrong]
    assert wrong == []
    first = {one.resource: one.at for one in reversed(found) if one.level == "safe"}
    begun = {
        name: series["cpu_avg_pct" if column not in series else column].points[0][0]
        for name in first
        for series in [recording.series(name)]
    }
    assert all(first[name] - begun[name] >= timedelta(hours=24) - timedelta(minutes=5) for name in first)
    assert len(first) == 4
