"""RunInstances and its ClientToken, by EC2's documented rules of idempotency."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from bot.playground.aws.request import Answer, Refused, Request

LONGEST = 64
NOT_COMPARED = ("Action", "Version", "ClientToken", "DryRun")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a token was used for first."""

    params: str  # a hash
    answer: Answer
    instances: tuple[str, ...]


class Tokens:
    """
    What was launched under which token: the same parameters give the same instances, others are refused.

    A token counts in one account and region, and within the zone where a zone or subnet is named: the same token in
    another zone launches again. A token whose instances are terminated is refused.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str, str], Remembered] = {}

    def replay(self, request: Request, zone: str, backend: Any) -> Answer | None:
        """The first answer to this token, or None when it is new; raises Refused."""
        token = str(request.params.get("ClientToken", ""))
        if not token:
            return None
        if len(token) > LONGEST or not token.isascii():
            raise Refused(
                "InvalidParameterValue", f"Invalid value for ClientToken: at most {LONGEST} ASCII characters."
            )
        known = self._known.get(_key(request, zone))
        if known is None:
            return None
        if known.params != _hash(request):
            raise Refused(
                "IdempotentParameterMismatch",
                "The client token you have provided is associated with a resource having different parameters "
                "from the ones you've provided.",
            )
        states = [instance.state for one in known.instances if (instance := backend.get_instance_by_id(one))]
        if all(state in ("shutting-down", "terminated") for state in states):
            raise Refused(
                "IdempotentInstanceTerminated",
                "The client token you have provided is associated with a resource that is already terminated.",
            )
        return known.answer

    def remember(self, request: Request, zone: str, answer: Answer, instances: tuple[str, ...]) -> None:
        """Keep the answer for the next time the same token comes."""
        if request.params.get("ClientToken"):
            self._known[_key(request, zone)] = Remembered(_hash(request), answer, instances)


def _key(request: Request, zone: str) -> tuple[str, str, str, str]:
    return request.account, request.region, zone, str(request.params["ClientToken"])


def _hash(request: Request) -> str:
    compared = {key: value for key, value in request.params.items() if key not in NOT_COMPARED}
    return hashlib.sha256(json.dumps(compared, sort_keys=True).encode()).hexdigest()
