"""The environment, read once into one frozen Settings; secrets never show in repr."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the process was told from outside; names are the environment variables' in lower case."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

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

    def missing(self) -> list[str]:
        """What `mlbot run` cannot do without, one sentence each."""
        found = []
        if not self.slack_bot_token.get_secret_value():
            found.append("SLACK_BOT_TOKEN is not set; it is the Bot User OAuth Token of your Slack app (xoxb-...).")
        if not self.slack_app_token.get_secret_value() and not self.slack_signing_secret.get_secret_value():
            found.append(
                "Neither SLACK_SIGNING_SECRET (HTTP) nor SLACK_APP_TOKEN (Socket Mode) is set; "
                "without one nobody could tell Slack from a stranger."
            )
        return found


def problems(error: ValidationError) -> list[str]:
    """Each wrong variable as one sentence, without its value, which may be a secret."""
    return [f"{str(line['loc'][0]).upper()}: {line['msg'].removeprefix('Value error, ')}." for line in error.errors()]
