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


def test_rows_that_are_not_understood_are_left_out_and_told_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = quiet_after(10, 300)
    bad = [
        "pod,yesterday,0",
        "pod,2026-01-05T00:00:30,much",
        "pod",
        ",2026-01-05T00:00:30,0",
        "pod,2026-01-05T01:00:30,-1",
    ]
    file = tmp_path / "trace.csv"
    file.write_text(csv("resource,timestamp,gpu_max_pct", *rows[:20], *bad, "", *rows[20:], "pod,2026-01-0"))
    assert main(["replay", "--csv", str(file), "--json"]) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["at"] for line in out.splitlines()] == ["2026-01-05T01:10:00", "2026-01-05T02:10:00"]
    assert err.startswith("Left out 6 of 306 rows that were not understood: line 22: Invalid isoformat string")
    assert "line 23: gpu_max_pct 'much' is no number; line 24: it ends too soon" in err
    assert "line 25: it names no resource; line 26: gpu_max_pct -1 is below 0; ..." in err


def test_shares_in_the_place_of_percent_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(csv("resource,timestamp,gpu_max_pct", *[row.replace(",80", ",0.8") for row in quiet_after(10, 30)]))
    assert main(["replay", "--csv", str(file), "--json"]) == 0
    assert "gpu_max_pct never exceeds 1 and is read as percent" in capsys.readouterr().err


def test_percentages_are_not_taken_for_shares() -> None:
    recording = replay.read(io.StringIO(csv("resource,timestamp,gpu_max_pct", *quiet_after(10, 30))))
    assert recording.notes() == []


def test_columns_of_several_steps_stand_in_one_file() -> None:
    rows = [row + ("," if n % 5 else ",3") for n, row in enumerate(quiet_after(10, 300))]
    nag, safe = alerts(csv("resource,timestamp,gpu_max_pct,cpu_max_pct", *rows))
    assert (nag["at"], safe["at"]) == ("2026-01-05T01:10:00", "2026-01-05T02:10:00")


def test_times_with_several_offsets_are_one_line_of_time() -> None:
    rows = quiet_after(10, 300, zone="+00:00")
    moved = [
        f"pod,{(START + timedelta(hours=5, minutes=30 + n)).isoformat()}+05:30,{80 if n < 10 else 0}"
        for n in range(300)
    ]
    mixed = [row if n % 2 else other for n, (row, other) in enumerate(zip(rows, moved, strict=True))]
    assert alerts(csv("resource,timestamp,gpu_max_pct", *mixed)) == alerts(csv("resource,timestamp,gpu_max_pct", *rows))


def test_a_hole_in_the_data_is_no_quiet() -> None:
    rows = quiet_after(10, 300)
    found = alerts(csv("resource,timestamp,gpu_max_pct", *rows[:40], *rows[100:]))
    assert [one["at"] for one in found] == ["2026-01-05T02:40:00", "2026-01-05T03:40:00"]


@pytest.mark.parametrize("step", [900, 3600])
def test_long_steps_are_judged_by_their_own_length(step: int) -> None:
    found = alerts(csv("resource,timestamp,gpu_max_pct", *quiet_after(2, 12, step=step)))
    nag, safe = (START + timedelta(seconds=2 * step, minutes=minutes) for minutes in (60, 120))
    assert [one["at"] for one in found] == [nag.isoformat(), safe.isoformat()]


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_a_file_that_cannot_be_read_is_said_so(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--csv", name]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_file_that_was_cut_off_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trace.csv.gz"
    file.write_bytes(gzip.compress(csv("resource,timestamp,gpu_max_pct", *quiet_after(10, 300)).encode())[:-40])
    assert main(["replay", "--csv", str(file)]) == 2
    assert "is damaged" in capsys.readouterr().err


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
