"""The files under which mlbot is run elsewhere: no engine need be at hand to see that they keep their promises."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LINES = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text()).splitlines()
STEPS = [line.split(None, 1) for line in LINES if line and not line.startswith("#")]
STAGES = [n for n, (word, _) in enumerate(STEPS) if word == "FROM"]
LAST = STEPS[STAGES[-1] :]


def step(word: str) -> str:
    """The last such instruction of the stage that is shipped."""
    return [rest for name, rest in LAST if name == word][-1]


def test_the_base_is_pinned_to_one_release_and_both_stages_have_it() -> None:
    bases = {STEPS[n][1].partition(" ")[0] for n in STAGES}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", bases.pop())


def test_it_runs_as_a_number_that_is_not_root() -> None:
    assert step("USER").isdigit()
    assert int(step("USER")) >= 10000
    after = [word for word, _ in LAST[[word for word, _ in LAST].index("USER") :]]
    assert "RUN" not in after
    assert "COPY" not in after


def test_signals_reach_it_and_nothing_is_written_outside_the_volume() -> None:
    assert json.loads(step("ENTRYPOINT")) == ["mlbot"]
    assert json.loads(step("CMD")) == ["run"]
    assert json.loads(step("VOLUME")) == [step("WORKDIR")] == ["/data"]
    told = dict(pair.split("=", 1) for word, rest in LAST if word == "ENV" for pair in rest.split())
    assert told["DATABASE_URL"] == "sqlite:////data/mlbot.db"
    assert told["PYTHONDONTWRITEBYTECODE"] == "1"
    assert told["MPLCONFIGDIR"].startswith("/tmp")
    assert json.loads(step("HEALTHCHECK").partition(" CMD ")[2])[0] == "python"  # no curl in the image


def test_it_is_built_from_pinned_packages_without_fetching_or_shell_tricks() -> None:
    assert not {word for word, _ in STEPS} & {"ADD", "MAINTAINER", "SHELL", "ONBUILD"}
    for word, rest in STEPS:
        if word == "RUN":
            assert not re.search(r"\b(sudo|curl|wget|apt-get|latest)\b", rest), rest
        if word == "RUN" and "pip install" in rest:
            assert "--no-cache-dir" in rest
            assert "-c constraints.txt" in rest


def test_no_secret_and_no_database_can_be_copied_into_it() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        name.strip("./")
        for word, rest in STEPS
        if word == "COPY" and "--from" not in rest
        for name in rest.split()[:-1]
    }
    assert copied <= let_in
    assert not {".env", ".local", "."} & let_in


def test_the_unit_is_no_root_writes_one_folder_and_waits_for_the_drain() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(ROOT / "deploy" / "mlbot.service")
    service = unit["Service"]
    assert service["User"] != "root"
    assert service["ProtectSystem"] == "strict"
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert int(service["TimeoutStopSec"]) >= 45  # workers 20 s, senders and doors 10 s, and a margin
    assert service["ExecStart"].endswith("mlbot run")
    assert "EnvironmentFile" in service


def test_the_procfile_runs_the_same() -> None:
    assert (ROOT / "Procfile").read_text().strip() == "web: mlbot run"


@pytest.mark.parametrize("name", ["cloudformation.yaml", "iam-policy.json"])
def test_the_role_for_aws_can_be_read(name: str) -> None:
    text = (ROOT / "deploy" / name).read_text()
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix}")  # type: ignore[attr-defined]
    found = json.loads(text) if name.endswith(".json") else yaml.load(text, loader)
    assert "Statement" in found or "Resources" in found
