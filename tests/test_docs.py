"""Docs cannot rot: what they name exists, and what exists is named."""

from __future__ import annotations

import argparse
import importlib
import json
import re
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot import doctor_slack
from bot.__main__ import COMMANDS
from bot.playground.slack.methods import METHODS
from bot.rules.policy import Policy
from bot.settings import Settings
from data import load
from estimator.answer import answer
from estimator.parse import parse
from handlers import reach_steps

ROOT = Path(__file__).parent.parent
MANIFEST = json.loads((ROOT / "manifest.json").read_text())
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CATALOG, CATALOG_DAY = load(), date(2026, 11, 21)
ALL_DOCS = "\n".join(path.read_text() for path in DOCS)


class Recorder:
    """Stands where a Bolt app would and remembers what was registered."""

    def __init__(self) -> None:
        self.seen: dict[str, list[Any]] = {}

    def __getattr__(self, kind: str) -> Any:
        def register(pattern: Any, *rest: Any, **options: Any) -> Any:
            self.seen.setdefault(kind, []).append(pattern)
            return lambda listener: listener

        return register


def registered() -> dict[str, list[Any]]:
    from handlers import register

    app = Recorder()
    register(app, None, None)  # type: ignore[arg-type]
    return app.seen


def test_the_manifest_names_just_the_commands_that_the_code_registers() -> None:
    in_code = {name for name in registered()["command"] if isinstance(name, str)}
    in_manifest = {command["command"] for command in MANIFEST["features"]["slash_commands"]}
    assert in_manifest == in_code


def test_the_manifest_subscribes_to_just_the_events_that_the_code_handles() -> None:
    in_code = {name for name in registered().get("event", []) if isinstance(name, str)}
    told = MANIFEST["settings"].get("event_subscriptions", {}).get("bot_events", [])
    in_code |= {"function_executed"} if registered().get("function") else set()
    assert {name.partition(".")[0] for name in told} == in_code


def test_the_manifest_has_just_the_workflow_steps_that_the_code_registers() -> None:
    assert set(MANIFEST["functions"]) == set(registered()["function"]) == set(reach_steps.DO)
    found = answer(parse("finetune llama-3-8b with lora on 50k samples of 512 tokens", CATALOG), CATALOG, CATALOG_DAY)
    assert reach_steps.outputs(found).keys() == MANIFEST["functions"]["estimate"]["output_parameters"].keys()


def test_the_manifest_offers_just_the_message_shortcuts_that_the_code_registers() -> None:
    offered = {one["callback_id"] for one in MANIFEST["features"]["shortcuts"] if one["type"] == "message"}
    assert offered == set(registered()["message_shortcut"])


def test_the_doctor_looks_for_just_the_scopes_that_the_manifest_asks_for() -> None:
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == doctor_slack.SCOPES


# The scope that Slack asks for before it sends an event (none for those that every app may hear).
EVENT_SCOPES = {
    "app_uninstalled": "",
    "tokens_revoked": "",
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "app_home_opened": "",
    "link_shared": "links:read",
    "function_executed": "",
}


def test_the_scopes_are_those_that_the_calls_the_events_and_the_commands_need() -> None:
    code = (ROOT / "bot" / "slack.py").read_text()
    called = set(
        re.findall(r'"((?:chat|conversations|users|usergroups|views|functions|auth|files)\.[a-zA-Z.]+)"', code)
    )
    called |= {"files.getUploadURLExternal"} if "files_upload_v2" in code else set()
    needed = [set(METHODS[name].scope.split("|")) for name in called if METHODS[name].scope]
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    needed += [{EVENT_SCOPES[name]} for name in events if EVENT_SCOPES[name]] + [{"commands"}]
    scopes = doctor_slack.SCOPES
    assert all(alternatives & scopes for alternatives in needed)
    # groups:read is channels:read for private channels; nothing else may be there that nothing needs
    assert scopes - set().union(*needed) == set()


def test_the_manifest_keeps_slacks_limits() -> None:
    names = MANIFEST["display_information"]
    jsonschema.validate(
        names,
        {
            "properties": {
                "name": {"maxLength": 35},
                "description": {"maxLength": 140},
                "long_description": {"minLength": 175, "maxLength": 4000},
            }
        },
    )
    for command in MANIFEST["features"]["slash_commands"]:
        assert re.fullmatch(r"/[a-z-]{1,31}", command["command"])
        assert len(command["description"]) <= 2000
        assert len(command.get("usage_hint", "")) <= 1000


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_line_command_is_documented_and_exists(command: str) -> None:
    assert f"mlbot {command}" in ALL_DOCS
    assert (ROOT / "bot" / "commands" / f"{command}.py").exists()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_example_environment_or_the_docs(name: str) -> None:
    assert name.upper() in (ROOT / ".env.example").read_text() + ALL_DOCS


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_links_between_the_docs_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_no_file_names_a_package_registry() -> None:
    names = re.compile(
        "|".join(("files." + "pythonhosted", "pypi" + r"\.org", "registry." + "npmjs", "index" + "-url"))
    )
    for path in (ROOT / "constraints.txt", ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci" / "run", *DOCS):
        assert not names.search(path.read_text()), path


def keys_of(section: Any, path: str = "") -> list[str]:
    """Every key of the policy, with its tables."""
    found = []
    for name, field in section.model_fields.items():
        found.append(name)
        inner = field.annotation
        if isinstance(inner, type) and hasattr(inner, "model_fields"):
            found += keys_of(inner, f"{path}{name}.")
    return found


@pytest.mark.parametrize("key", sorted(set(keys_of(Policy))))
def test_every_key_of_the_policy_is_explained(key: str) -> None:
    default = (ROOT / "bot" / "default_policy.toml").read_text()
    assert re.search(rf"\b{key}\b", default + ALL_DOCS), key


def test_every_word_of_slack_is_documented_and_every_documented_one_exists() -> None:
    in_code = {name for name in registered()["command"] if isinstance(name, str)}
    assert set(re.findall(r"`(/ml-[a-z]+)", ALL_DOCS)) == in_code


@pytest.mark.parametrize("command", COMMANDS)
def test_every_verb_and_option_of_the_command_line_is_documented(command: str) -> None:
    commands = argparse.ArgumentParser().add_subparsers()
    importlib.import_module(f"bot.commands.{command}").add(commands)
    missing = [word for word in _words(commands.choices[command]) if word not in ALL_DOCS]
    assert not missing, missing


def _words(parser: argparse.ArgumentParser) -> list[str]:
    """Verbs and long options, those of verbs too; --help needs no words."""
    found = []
    for action in parser._actions:
        found += [word for word in action.option_strings if word.startswith("--") and word != "--help"]
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                found += [name, *_words(inner)]
    return found


def test_the_readme_leads_each_reader_to_a_page() -> None:
    readme = (ROOT / "README.md").read_text()
    for page in ("user", "lead", "operating", "contributing"):
        assert f"(docs/{page}.md)" in readme


def modules() -> list[str]:
    """Every module of the product, as `bot/launch_answer`; a package file covers itself."""
    rooms = [ROOT / room for room in ("bot", "handlers", "estimator", "data")]
    found = (path.relative_to(ROOT).with_suffix("") for room in rooms for path in room.rglob("*.py"))
    return sorted(str(path) for path in found)


def named_in_the_architecture() -> set[str]:
    """What architecture.md names in back quotes or at the head of a line of its map: paths and patterns."""
    text = (ROOT / "docs" / "architecture.md").read_text().replace("<step>", "*").replace("<kind>", "*")
    return set(re.findall(r"(?:bot|handlers|estimator|data)/[\w/*]+", text))


def test_every_module_that_the_architecture_names_exists() -> None:
    known = [*modules(), *{str(Path(name).parent) for name in modules()}, "bot", "handlers", "estimator", "data"]
    wrong = [name for name in named_in_the_architecture() if not any(fnmatch(one, name.rstrip("/")) for one in known)]
    assert not wrong, wrong


def test_every_module_is_named_in_the_architecture_or_covered_by_a_pattern() -> None:
    names = {name.rstrip("/") for name in named_in_the_architecture()}
    missing = [
        one for one in modules() if not one.endswith("/__init__") and not any(fnmatch(one, name) for name in names)
    ]
    assert not missing, missing
