"""A property that is read once and then kept, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class Once(Generic[Owner, Value]):
    """
    Reads a property at its first use; for objects of one thread.

    functools.cached_property of Python 3.11 holds one lock for all objects of a class while it reads, so that a region
    that does not answer would keep every other one waiting.
    """

    def __init__(self, read: Callable[[Owner], Value]) -> None:
        self._read = read
        self.__doc__ = read.__doc__

    def __set_name__(self, owner: type[Owner], name: str) -> None:
        self._name = name

    def __get__(self, one: Owner, owner: type[Owner]) -> Value:
        value: Value = self._read(one)
        vars(one)[self._name] = value  # found before this descriptor from now on
        return value
