"""What happens by the clock: APScheduler only wakes us; a row in the database says who runs which due moment, once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.parts import Parts
from bot.store import ticks

log = logging.getLogger(__name__)

POLL = timedelta(seconds=5)  # how soon a moved clock or a missed moment is noticed
KEEP = timedelta(days=2)  # of ticks


@dataclass(frozen=True, slots=True)
class Job:
    """Something done once in every *every*, over all replicas; late when nobody was there, and then once."""

    name: str
    every: timedelta
    run: Callable[[], object]


class Schedule:
    """Runs *jobs* in threads of its own until it is stopped."""

    def __init__(self, parts: Parts, jobs: Sequence[Job]) -> None:
        self._parts = parts
        self._jobs = tuple(jobs)
        self._who = uuid4().hex
        self._scheduler: BackgroundScheduler | None = None

    def start(self) -> None:
        """Begin; what is due by now runs within seconds."""
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max(1, len(self._jobs)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for job in self._jobs:
            trigger = IntervalTrigger(seconds=min(job.every, POLL).total_seconds(), timezone=UTC)
            scheduler.add_job(self._wake, trigger, args=[job], id=job.name)
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Start nothing more and wait for what runs."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def run_due(self) -> list[str]:
        """Do, in this thread, every job whose moment nobody has taken; returns their names."""
        return [job.name for job in self._jobs if self._run(job)]

    def _wake(self, job: Job) -> None:
        try:
            self._run(job)
        except Exception:
            log.exception("the job %s failed; its next moment is tried as usual", job.name)
        finally:
            self._parts.store.close()

    def _run(self, job: Job) -> bool:
        now = self._parts.clock.now()
        due = moment(now, job.every).isoformat()
        with self._parts.store.reading() as tx:
            if ticks.known(tx, job=job.name, due=due):
                return False
        with self._parts.store.transaction() as tx:
            if not ticks.claim(tx, job=job.name, due=due, now=now, owner=self._who):
                return False
            ticks.forget(tx, before=now - KEEP)
        job.run()
        return True


def moment(now: datetime, every: timedelta) -> datetime:
    """The latest due moment at or before *now*: whole multiples of *every* since 1970."""
    step = every.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // step * step, UTC)
