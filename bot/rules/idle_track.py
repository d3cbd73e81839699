"""One measured signal up to a point that moves forward: how long it has been quiet, how complete it is, its pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.rules.idle_facts import Series

Point = tuple[datetime, float]
HOLE = timedelta(minutes=30)  # without data for longer, nothing before it counts towards a quiet run
LEAST_PAUSE = timedelta(minutes=20)  # shorter ones are the rhythm of work, not pauses
NOTHING = timedelta()


class Track:
    """
    A signal's datapoints and a position among them.

    Each question costs what was added since it was last asked, so that one code serves a scan (asked once, at the
    end) and a replay (asked at every datapoint).
    """

    def __init__(self, series: Series, *, at_end: bool = True) -> None:
        self.step = series.step
        self._points = series.points
        self._at = len(self._points) - 1 if at_end else -1
        self._runs: dict[float, _Runs] = {}
        self._gaps = _Gaps(self._points, self.step)

    @property
    def end(self) -> datetime | None:
        """The end of the last datapoint so far."""
        return self._points[self._at][0] if self._at >= 0 else None

    @property
    def last(self) -> float:
        """The value of the last datapoint so far."""
        return self._points[self._at][1]

    @property
    def reach(self) -> timedelta:
        """From the start of the first datapoint to the end of the last so far."""
        end = self.end
        return end - self._points[0][0] + self.step if end else NOTHING

    def advance(self, now: datetime) -> bool:
        """Move to the last datapoint that ends by *now*; says whether there was a new one."""
        before = self._at
        while self._at + 1 < len(self._points) and self._points[self._at + 1][0] <= now:
            self._at += 1
        return self._at > before

    def quiet(self, limit: float) -> timedelta:
        """For how long every datapoint has been below *limit*."""
        runs = self._upto(limit)
        end = self.end
        return end - runs.start if end and runs.start else NOTHING

    def pause(self, limit: float, memory: timedelta) -> timedelta:
        """The longest time below *limit* that ended in work, within *memory*."""
        runs, end = self._upto(limit), self.end
        return max((length for at, length in runs.pauses if end and end - at <= memory), default=NOTHING)

    def coverage(self, window: timedelta) -> float:
        """The share of *window* (up to the last datapoint) that datapoints cover, 0 to 1."""
        covered = min(self.reach, window) - self._gaps.within(self._at, window)
        return max(0.0, covered / window)

    def peak(self, window: timedelta) -> Point | None:
        """The highest datapoint of *window* and its time."""
        end = self.end
        best: Point | None = None
        for index in range(self._at, -1, -1):
            point = self._points[index]
            if end is None or end - point[0] >= window:
                break
            if best is None or point[1] > best[1]:
                best = point
        return best

    def _upto(self, limit: float) -> _Runs:
        runs = self._runs.get(limit)
        if runs is None:
            runs = self._runs[limit] = _Runs(limit, self.step)
        runs.read(self._points, self._at)
        return runs


class _Runs:
    """The present run below a limit, and the pauses before it."""

    def __init__(self, limit: float, step: timedelta) -> None:
        self.start: datetime | None = None
        self.pauses: list[tuple[datetime, timedelta]] = []
        self._limit = limit
        self._step = step
        self._hole = max(HOLE, 2 * step)
        self._worked = False  # a pause counts only between two spells of work
        self._read = 0
        self._last: datetime | None = None

    def read(self, points: Sequence[Point], upto: int) -> None:
        step, limit, last, start = self._step, self._limit, self._last, self.start
        for at, value in points[self._read : upto + 1]:
            if last is None or start is None or at - last > self._hole:
                start, self._worked = at - step, False
            if value >= limit:
                length = at - step - start
                if self._worked and length >= LEAST_PAUSE:
                    self.pauses.append((at, length))
                start, self._worked = at, True
            last = at
        self._read = max(self._read, upto + 1)
        self._last, self.start = last, start


class _Gaps:
    """The time without datapoints."""

    def __init__(self, points: Sequence[Point], step: timedelta) -> None:
        self._points = points
        self._step = step
        self._read = 1
        self._gaps: list[tuple[datetime, timedelta]] = []  # end of a gap, its length

    def within(self, upto: int, window: timedelta) -> timedelta:
        """The missing time in *window* up to the datapoint at index *upto*."""
        points, step, most = self._points, self._step, self._step * 1.5
        for index in range(self._read, upto + 1):
            between = points[index][0] - points[index - 1][0]
            if between > most:
                self._gaps.append((points[index][0] - step, between - step))
        self._read = max(self._read, upto + 1)
        if upto < 0:
            return NOTHING
        missing, begin = NOTHING, points[upto][0] - window
        for end, length in reversed(self._gaps):
            if end <= begin:
                break
            missing += min(length, end - begin)
        return missing
