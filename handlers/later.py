"""Work after the ack that need not survive a crash (an estimate, a list, a form); what must survive is an op row."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger(__name__)


class Later:
    """A few threads; a task's error goes to its *trouble* function, so that somebody is always told."""

    def __init__(self, threads: int = 4) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="later")

    def run(self, task: Callable[[], None], trouble: Callable[[Exception], None]) -> None:
        """Queue *task* and return at once."""
        self._pool.submit(_guarded, task, trouble)

    def stop(self) -> None:
        """Finish what runs; start nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _guarded(task: Callable[[], None], trouble: Callable[[Exception], None]) -> None:
    try:
        task()
    except Exception as error:
        try:
            trouble(error)
        except Exception:
            log.exception("could not tell somebody of an error")


def reference() -> str:
    """A short word that joins what a person saw to a line of the log."""
    return secrets.token_hex(3)
