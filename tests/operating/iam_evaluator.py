"""AWS's policy evaluation for identity policies, offline: explicit deny wins, else an allow is needed, else refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

Values = list[str]


@dataclass(frozen=True)
class Call:
    """One action on one resource with its context; AWS checks a call such as RunInstances once for each resource."""

    action: str
    resource: str = "*"
    context: Mapping[str, Any] = field(default_factory=dict)


def decide(policy: Mapping[str, Any], call: Call) -> str:
    """'allowed', 'denied' (by a statement that says so) or 'refused' (nothing allows it)."""
    effects = {statement["Effect"] for statement in _list(policy["Statement"]) if matches(statement, call)}
    return "denied" if "Deny" in effects else "allowed" if "Allow" in effects else "refused"


def allowed(policy: Mapping[str, Any], calls: Iterable[Call]) -> bool:
    """Whether every check of a call passes."""
    return all(decide(policy, call) == "allowed" for call in calls)


def matches(statement: Mapping[str, Any], call: Call) -> bool:
    """Whether *statement* speaks of *call*."""
    unknown = set(statement) - {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
    if unknown:
        raise ValueError(f"the evaluator does not know {unknown}")
    context = {key.lower(): value for key, value in call.context.items()}
    return (
        _of(statement, "Action", call.action.lower(), str.lower)
        and _of(statement, "Resource", call.resource, partial(_filled, context))
        and all(
            _holds(operator, key.lower(), _list(wanted), context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def like(pattern: str, value: str) -> bool:
    """AWS's wild cards: * any text, ? one character."""
    parts = (".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def _of(statement: Mapping[str, Any], name: str, value: str, prepared: Callable[[str], str]) -> bool:
    if f"Not{name}" in statement:
        return not any(like(prepared(one), value) for one in _list(statement[f"Not{name}"]))
    return any(like(prepared(one), value) for one in _list(statement[name]))


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, given: wanted == given,
    "StringEqualsIgnoreCase": lambda wanted, given: wanted.lower() == given.lower(),
    "StringLike": like,
    "ArnLike": like,
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "NumericEquals": lambda wanted, given: float(wanted) == float(given),
    "NumericLessThan": lambda wanted, given: float(given) < float(wanted),
    "NumericLessThanEquals": lambda wanted, given: float(given) <= float(wanted),
    "NumericGreaterThan": lambda wanted, given: float(given) > float(wanted),
    "NumericGreaterThanEquals": lambda wanted, given: float(given) >= float(wanted),
}
NEGATED = {"StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotLike": "ArnLike"}


def _holds(operator: str, key: str, wanted: Values, context: Mapping[str, Any]) -> bool:
    """One operator and key; several wanted values are alternatives, several operators or keys must all hold."""
    given = context.get(key)
    if operator == "Null":
        return (given is None) == (str(wanted[0]).lower() == "true")
    quantifier, _, name = operator.rpartition(":")
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    if given is None:
        return if_exists or quantifier == "ForAllValues" or (not quantifier and name in NEGATED)
    test = partial(_one, name, [_filled(context, one) for one in wanted])
    values = [_text(one) for one in _list(given)]
    if quantifier == "ForAllValues":
        return all(test(one) for one in values)
    if not quantifier and isinstance(given, (list, tuple, set)):
        raise ValueError(f"{key} has several values; AWS wants ForAllValues or ForAnyValue")
    return any(test(one) for one in values)


def _one(name: str, wanted: Values, given: str) -> bool:
    if name in NEGATED:
        return not any(OPERATORS[NEGATED[name]](one, given) for one in wanted)
    return any(OPERATORS[name](one, given) for one in wanted)


def _filled(context: Mapping[str, Any], text: str) -> str:
    """Policy variables such as ${aws:PrincipalAccount}; one without a value matches nothing."""

    def value(found: re.Match[str]) -> str:
        return _text(context.get(found[1].lower(), "\0"))

    return re.sub(r"\$\{([^}]+)\}", value, str(text))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple, set)) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
