"""The base of every table of the policy file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Section(BaseModel):
    """A table of the policy file; unknown keys are refused so that a typo cannot loosen a limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_no_switches(cls, value: Any, about: ValidationInfo) -> Any:
        """A true where a number belongs would count as 1."""
        field = cls.model_fields[about.field_name or ""]
        if isinstance(value, bool) and field.annotation is not bool:
            raise ValueError(f"{str(value).lower()} is a switch; this key takes another kind of value")
        return value
