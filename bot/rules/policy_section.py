"""The base of every table of the policy file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the policy file; unknown keys are refused so that a typo cannot loosen a limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")
