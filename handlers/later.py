"""Work after the ack that need not survive a crash (an estimate, a list, a form); what must survive is an op row."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

log = logging.getLogger(__name__)


PATIENCE_SECONDS = 0.2  # how long a task makes way for acks, which Slack gives three seconds


class Later:
    """
    A few threads; a task's error goes to its *trouble* function, so that somebody is always told.

    While *quiet* is not set, requests are being acked; a task lets them pass for a moment.
    """

    def __init__(self, quiet: threading.Event, threads: int = 4) -> None:
        self._quiet = quiet
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="later")
        self._lock = threading.Lock()
        self._open: set[Future[None]] = set()

    def run(self, task: Callable[[], object], trouble: Callable[[Exception], None]) -> None:
        """Queue *task* and return at once."""
        future = self._pool.submit(self._make_way, task, trouble)
        with self._lock:
            self._open.add(future)
        future.add_done_callback(self._done)

    def _make_way(self, task: Callable[[], object], trouble: Callable[[Exception], None]) -> None:
        self._quiet.wait(PATIENCE_SECONDS)
        _guarded(task, trouble)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._open.discard(future)

    def settle(self) -> int:
        """Wait for all that is queued; returns how many tasks that were."""
        with self._lock:
            waiting = set(self._open)
        wait(waiting)
        return len(waiting)

    def stop(self) -> None:
        """Finish what runs; start nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _guarded(task: Callable[[], object], trouble: Callable[[Exception], None]) -> None:
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
