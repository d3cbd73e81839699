"""The environment, read once into one frozen Settings; secrets never show in repr."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
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
    slack_client_id: str = ""  # set: several workspaces, each installs mlbot for itself at /slack/install
    slack_client_secret: SecretStr = SecretStr("")
    slack_redirect_uri: str = ""  # where several are registered; empty: the app's only one
    slack_api_url: str = "https://slack.com/api/"
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=0, le=65535)
    database_url: str = "sqlite:///.local/mlbot.db"
    mlbot_policy: Path | None = None  # with several workspaces the folder with TEAM.toml of each
    mlbot_public_url: str = ""  # where people's browsers reach us: links to requests and estimates begin with it
    mlbot_team: str = Field(default="", pattern=r"^(T[A-Z0-9]{2,20})?$")  # of several: the one that this is about
    mlbot_hub: bool = True  # models that the catalog lacks are looked up on the Hugging Face hub
    mlbot_hub_cache: Path = Path(".local/hub")
    hf_endpoint: str = ""  # another address of the hub
    aws_region: str = "us-east-1"
    aws_endpoint_url: str | None = None

    @field_validator("slack_api_url")
    @classmethod
    def _ends_in_api(cls, url: str) -> str:
        if not url.endswith("/api/"):
            raise ValueError("SLACK_API_URL must end in /api/, like https://slack.com/api/")
        return url

    @field_validator("mlbot_public_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s/?#]+(?:/[^\s?#]*)?", url):
            raise ValueError("MLBOT_PUBLIC_URL is an address like https://mlbot.example.com")
        return url.rstrip("/")

    def _missing_for_many(self) -> list[str]:
        found = []
        if not self.slack_client_secret.get_secret_value():
            found.append("SLACK_CLIENT_ID is set and SLACK_CLIENT_SECRET is not; both stand under Basic Information.")
        if not self.slack_signing_secret.get_secret_value() and not self.slack_app_token.get_secret_value():
            found.append("With SLACK_CLIENT_ID set, SLACK_SIGNING_SECRET (or SLACK_APP_TOKEN) is needed as well.")
        if self.slack_bot_token.get_secret_value():
            found.append("Set SLACK_BOT_TOKEN (one workspace) or SLACK_CLIENT_ID (several), and not both.")
        if self.mlbot_policy is None or not self.mlbot_policy.is_dir():
            found.append(
                "With several workspaces MLBOT_POLICY names a folder with a file like T0123ABCD.toml for each."
            )
        return found

    def of_team(self, team: str, token: str = "") -> Settings:
        """The settings of one workspace of several: its own token, policy file and database."""
        if self.mlbot_team == team:
            return self.model_copy(update={"slack_bot_token": SecretStr(token)})
        given = {"mlbot_team": team, "slack_bot_token": SecretStr(token), "slack_app_token": self.slack_app_token}
        return self.model_copy(update={**given, **_places(team, self.database_url, self.mlbot_policy)})

    @property
    def installations(self) -> Path:
        """The file that keeps the workspaces' tokens; beside the database."""
        path = Path(self.database_url.partition(":///")[2])
        stem = path.stem.removesuffix(f".{self.mlbot_team}") if self.mlbot_team else path.stem
        return path.with_name(f"{stem}.installations{path.suffix}")

    def teams_with_data(self) -> tuple[str, ...]:
        """The workspaces that have a database."""
        path = Path(self.database_url.partition(":///")[2])
        found = path.parent.glob(f"{path.stem}.T*{path.suffix}")
        return tuple(sorted(one.name.removeprefix(f"{path.stem}.").removesuffix(path.suffix) for one in found))

    @model_validator(mode="after")
    def _for_one_team(self) -> Settings:
        if self.mlbot_team and not self.slack_client_id:
            raise ValueError("MLBOT_TEAM (--team) is for several workspaces, and SLACK_CLIENT_ID is not set")
        if self.mlbot_team:
            for name, value in _places(self.mlbot_team, self.database_url, self.mlbot_policy).items():
                object.__setattr__(self, name, value)  # before anybody has seen it
        return self

    def secrets(self) -> Iterator[str]:
        """Every secret that was given, for those who blank them."""
        values = (getattr(self, name).get_secret_value() for name in SECRETS)
        yield from (value for value in values if value)

    def missing(self) -> list[str]:
        """What `mlbot run` cannot do without, or cannot do with, one sentence each."""
        if self.slack_client_id and not self.mlbot_team:
            return self._missing_for_many()
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


def _places(team: str, database_url: str, policy: Path | None) -> dict[str, Any]:
    """Where a workspace's own data and policy stand."""
    path = Path(database_url.partition(":///")[2])
    own = path.with_name(f"{path.stem}.{team}{path.suffix or '.db'}")
    return {"database_url": f"sqlite:///{own}", "mlbot_policy": policy / f"{team}.toml" if policy else None}


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
    return [f"{_place(line['loc'])}{line['msg'].removeprefix('Value error, ')}." for line in error.errors()]


def _place(loc: tuple[int | str, ...]) -> str:
    return f"{str(loc[0]).upper()}: " if loc else ""


def strange(path: Path = Path(ENV_FILE)) -> list[str]:
    """Names in the .env file that look like a setting and are none, one sentence each."""
    known = [name.upper() for name in Settings.model_fields]
    given = dotenv_values(path) if path.is_file() else {}
    near = {name: difflib.get_close_matches(name, known, 1, 0.8) for name in given if name not in known}
    return [f"{path}: mlbot has no setting {name}; did you mean {told[0]}?" for name, told in near.items() if told]
