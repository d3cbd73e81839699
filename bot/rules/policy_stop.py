"""What the policy file may say of who works on whose machines, with today's default: the owner and approvers."""

from __future__ import annotations

from pydantic import Field, model_validator

from bot.rules.policy_section import Section


class Stopping(Section):
    """The [stop] table: who may stop, start, end, save or park what; a stop may be opened to everybody."""

    owner: bool = True  # the person in the tag mlbot:owner, every verb
    approvers: bool = True  # every verb, on any machine
    claims: bool = True  # who claimed what nobody owns may stop, start, save, park it and set its hours
    team: bool = False  # every member may stop any machine; the other verbs stay with owner and approvers
    anyone_after_hours: float | None = Field(default=None, ge=0)  # after its planned end every member may stop it

    @model_validator(mode="after")
    def _somebody_may(self) -> Stopping:
        if not (self.owner or self.approvers):
            raise ValueError("owner and approvers are both false, so nobody could terminate anything; leave one true")
        return self
