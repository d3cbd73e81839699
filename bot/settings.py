"""The environment, read once into one frozen Settings; secrets never show in repr."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = ".env"
EXAMPLE = "..."  # what stands in .env.example where a secret belongs
STARTS = {"xoxb-": "SLACK_BOT_TOKEN", "xapp-": "SLACK_APP_TOKEN", "xoxp-": "people, and mlbot needs none of theirs"}


class Settings(BaseSettings):
    """What the process was told from outside; names are the environment variables' in lower case."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, extra="ignore", frozen=True, env_ignore_empty=True)

    slack_bot_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_app_token: SecretStr = SecretStr("")  # set: Socket Mode
    slack_api_url: str = "https://slack.com/api/"
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    database_url: str = "sqlite:///.local/mlbot.db"
    mlbot_policy: Path | None = None
    aws_region: str = "us-east-1"
    aws_endpoint_url: str | None = None

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_api(cls, url: str) -> str:
        if not url.endswith("/api/"):
            raise ValueError("SLACK_API_URL must end in /api/, like https://slack.com/api/")
        return url

    def secrets(self) -> Iterator[str]:
        """Every secret that was given, for those who blank them."""
        values = (getattr(self, name).get_secret_value() for name in SECRETS)
        yield from (value for value in values if value)

    def missing(self) -> list[str]:
        """What `mlbot run` cannot do without, or cannot do with, one sentence each."""
        found = [line for name in SECRETS for line in _odd(name.upper(), getattr(self, name).get_secret_value())]
        if not self.slack_bot_token.get_secret_value():
            found.append("SLACK_BOT_TOKEN is not set; it is the Bot User OAuth Token of your Slack app (xoxb-...).")
        if not self.slack_app_token.get_secret_value() and not self.slack_signing_secret.get_secret_value():
            found.append(
                "Neither SLACK_SIGNING_SECRET (HTTP) nor SLACK_APP_TOKEN (Socket Mode) is set; "
                "without one nobody could tell Slack from a stranger."
            )
        return found


SECRETS = tuple(name for name, field in Settings.model_fields.items() if field.annotation is SecretStr)


def _odd(name: str, value: str) -> Iterator[str]:
    """What is certainly wrong with the secret *value*, without saying it."""
    if value.endswith(EXAMPLE):
        yield f"{name} still is what .env.example has; put your own app's value there, or leave it empty."
    elif any(letter.isspace() for letter in value):
        yield f"There is a space in {name}; copy it again."
    for start, whose in STARTS.items():
        if value.startswith(start) and name != whose:
            yield f"{name} holds a token that begins with {start}; that is for {whose}."


def problems(error: ValidationError) -> list[str]:
    """Each wrong variable as one sentence, without its value, which may be a secret."""
    return [f"{str(line['loc'][0]).upper()}: {line['msg'].removeprefix('Value error, ')}." for line in error.errors()]


def strange(path: Path = Path(ENV_FILE)) -> list[str]:
    """Names in the .env file that look like a setting and are none, one sentence each."""
    known = [name.upper() for name in Settings.model_fields]
    given = dotenv_values(path) if path.is_file() else {}
    near = {name: difflib.get_close_matches(name, known, 1, 0.8) for name in given if name not in known}
    return [f"{path}: mlbot has no setting {name}; did you mean {told[0]}?" for name, told in near.items() if told]
