"""Small rules that make up Block Kit's limits: each looks at a value and notes what is wrong, where."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any


class Problems(list[str]):
    """What is wrong, in Slack's words, each with its JSON pointer."""

    def add(self, message: str, at: str) -> None:
        """Note *message* for the value at pointer *at*."""
        self.append(f"{message} [json-pointer:{at}]")


Rule = Callable[[Any, str, Problems], None]


def string(most: int, *, least: int = 1, pattern: str = "") -> Rule:
    """A text of *least* to *most* characters."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add("must be a string", at)
        elif len(value) > most:
            problems.add(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            problems.add(f"must be more than {least - 1} characters", at)
        elif pattern and not re.fullmatch(pattern, value):
            problems.add("does not match the expected format", at)

    return check


def url(most: int = 3000) -> Rule:
    """An absolute address."""
    length = string(most)

    def check(value: Any, at: str, problems: Problems) -> None:
        length(value, at, problems)
        if isinstance(value, str) and value and not re.match(r"(https?|slack)://[^\s]|mailto:[^\s]", value):
            problems.add("invalid url", at)

    return check


def boolean(value: Any, at: str, problems: Problems) -> None:
    """True or false."""
    if not isinstance(value, bool):
        problems.add("must be a boolean", at)


def integer(least: int, most: int) -> Rule:
    """A whole number within bounds."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            problems.add("must be an integer", at)
        elif value < least or value > most:
            problems.add(f"must be between {least} and {most}", at)

    return check


def number(value: Any, at: str, problems: Problems) -> None:
    """Any number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        problems.add("must be a number", at)


def one_of(*allowed: str) -> Rule:
    """One of a few words."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if value not in allowed:
            problems.add("must be a valid enum value", at)

    return check


def items(rule: Rule, *, least: int = 0, most: int = 10_000) -> Rule:
    """A list of *least* to *most* values."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add("must be an array", at)
            return
        if len(value) > most:
            problems.add(f"no more than {most} items allowed", at)
        if len(value) < least:
            problems.add(f"no fewer than {least} items allowed", at)
        for index, item in enumerate(value):
            rule(item, f"{at}/{index}", problems)

    return check


def nothing_or(rule: Rule) -> Rule:
    """Null, or what *rule* allows."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if value is not None:
            rule(value, at, problems)

    return check


def anything(value: Any, at: str, problems: Problems) -> None:
    """Whatever it is."""


def fields(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """An object with these fields and no others; null counts as left out."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add("must be an object", at)
            return
        for name in required:
            if value.get(name) is None:
                problems.add(f"missing required field: {name}", at)
        for name, given in value.items():
            if name not in known:
                problems.add(f"invalid additional property: {name}", at)
            elif given is not None:
                known[name](given, f"{at}/{name}", problems)

    return check


def by_type(rules: Mapping[str, Rule], allowed: Collection[str] | None = None) -> Rule:
    """An object whose `type` says which of *rules* holds."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add("must be an object", at)
        elif not isinstance(value.get("type"), str):
            problems.add("missing required field: type", at)
        elif value["type"] not in rules or (allowed is not None and value["type"] not in allowed):
            problems.add(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            rules[value["type"]](value, at, problems)

    return check


def also(*rules: Rule) -> Rule:
    """All of *rules*, one after another: a later one sees only what the earlier ones had nothing against."""

    def check(value: Any, at: str, problems: Problems) -> None:
        before = len(problems)
        for rule in rules:
            if len(problems) == before:
                rule(value, at, problems)

    return check
