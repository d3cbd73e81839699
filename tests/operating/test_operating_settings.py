"""What an operator gets wrong in the environment is said in a sentence, never with the secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.__main__ import main
from bot.settings import SECRETS, Settings, strange

GOOD = {"slack_bot_token": "xoxb-1-abc", "slack_signing_secret": "0123456789abcdef"}


def settings(**given: str) -> Settings:
    return Settings(_env_file=None, **{**GOOD, **given})  # type: ignore[arg-type]


def test_what_is_complete_misses_nothing() -> None:
    assert settings().missing() == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"slack_bot_token": ""}, "SLACK_BOT_TOKEN is not set"),
        ({"slack_bot_token": "xoxb-..."}, "SLACK_BOT_TOKEN still is what .env.example has"),
        ({"slack_bot_token": "xapp-1-secret"}, "begins with xapp-; that is for SLACK_APP_TOKEN"),
        ({"slack_bot_token": "xoxp-1-secret"}, "mlbot needs none"),
        ({"slack_app_token": "xoxb-1-secret"}, "begins with xoxb-; that is for SLACK_BOT_TOKEN"),
        ({"slack_signing_secret": "..."}, "SLACK_SIGNING_SECRET still is"),
        ({"slack_signing_secret": "01234 secret"}, "There is a space in SLACK_SIGNING_SECRET"),
        ({"slack_signing_secret": ""}, "Neither SLACK_SIGNING_SECRET"),
    ],
)
def test_what_is_certainly_wrong_is_said_without_the_secret(given: dict[str, str], says: str) -> None:
    told = settings(**given).missing()
    assert len(told) == 1
    assert says in told[0]
    assert "secret" not in told[0].replace("SECRET", "")


def test_a_misspelt_name_in_the_env_file_is_found(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SLACK_BOT_TOKN=xoxb-1\nAWS_PROFILE=ml\nPORT=3000\nEDITOR=vi\n")
    assert strange(file) == [f"{file}: mlbot has no setting SLACK_BOT_TOKN; did you mean SLACK_BOT_TOKEN?"]
    assert strange(tmp_path / "none") == []


@pytest.mark.parametrize("command", ["run", "doctor", "backup x", "audit verify"])
def test_every_command_says_which_variable_is_wrong(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORT", "99999")
    monkeypatch.setenv("SLACK_API_URL", "https://slack.com")
    assert main(command.split()) == 2
    said = capsys.readouterr().err
    assert "PORT: Input should be less than or equal to 65535." in said
    assert "SLACK_API_URL must end in /api/" in said
    assert "Traceback" not in said


def test_secrets_show_in_no_repr_and_all_are_told_to_who_blanks_them() -> None:
    found = settings(slack_app_token="xapp-1-abc")
    assert set(found.secrets()) == {*GOOD.values(), "xapp-1-abc"}
    assert not any(secret in repr(found) for secret in found.secrets())
    assert all(isinstance(getattr(found, name), SecretStr) for name in SECRETS)
