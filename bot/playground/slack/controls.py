"""The playground's own buttons, above the chat."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Control:
    """One button; *act* may return a sentence to show."""

    id: str
    label: str
    act: Callable[[], object]
    hint: str = ""
    pressed: Callable[[], bool] | None = None  # a switch says whether it is on
    lock: threading.Lock = field(default_factory=threading.Lock)


class Controls:
    """The buttons in the order in which they came."""

    def __init__(self) -> None:
        self._known: dict[str, Control] = {}

    def add(self, control: Control) -> None:
        """One more button."""
        self._known[control.id] = control

    def told(self) -> list[dict[str, Any]]:
        """The buttons as the page draws them."""
        return [
            {"id": c.id, "label": c.label, "hint": c.hint, "pressed": c.pressed() if c.pressed else None}
            for c in self._known.values()
        ]

    def press(self, identity: str) -> str:
        """Do it; returns a sentence to show, empty when all is said."""
        control = self._known[identity]
        if not control.lock.acquire(blocking=False):
            return f"{control.label}: still at it."
        try:
            words = control.act()
        except Exception:
            log.exception("control %s", identity)
            return f"{control.label} did not work; the terminal says why."
        finally:
            control.lock.release()
        return words if isinstance(words, str) else f"{control.label}: done."
