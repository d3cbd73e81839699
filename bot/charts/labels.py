"""Where labels go: never over another label or the edge, and over a point only when nothing else is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

GAPS = (18.0, 44.0, 84.0, 130.0, 190.0)  # pixels from the point; beyond the first a line leads back to it
NEAR = 2  # gaps at which a label that is not needed may stand
LED = 40.0  # pixels from which on a line leads back to the point
FAR_IS_BAD = 4.0  # a pixel further away weighs as much as so many square pixels of covered points


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        """The area that both cover."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.top, other.top) - max(self.bottom, other.bottom)
        return wide * high if wide > 0 and high > 0 else 0.0

    def holds(self, other: Box) -> bool:
        """Whether *other* lies within."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.bottom <= other.bottom and other.top <= self.top


@dataclass(frozen=True, slots=True)
class Wish:
    """A label of a size for a point; one that is not *needed* is left out where there is no room."""

    x: float
    y: float
    wide: float
    high: float
    needed: bool = False


def place(wishes: Sequence[Wish], *, bounds: Box, taken: Sequence[Box]) -> list[Box | None]:
    """
    A box for each wish, or None; *taken* is what is drawn already.

    The needed ones (few) come first, in that order among themselves which leaves the least covered.
    """
    needed = [index for index, wish in enumerate(wishes) if wish.needed]
    others = [index for index, wish in enumerate(wishes) if not wish.needed]
    tries = [_in_order(wishes, order, bounds, taken) for order in permutations(needed)]
    found = min(tries, key=lambda boxes: _trouble(wishes, boxes, taken))
    placed = _in_order(wishes, others, bounds, taken, found)
    return [placed.get(index) for index in range(len(wishes))]


Placed = dict[int, Box]


def _in_order(
    wishes: Sequence[Wish], order: Sequence[int], bounds: Box, taken: Sequence[Box], before: Placed | None = None
) -> Placed:
    placed: Placed = dict(before or {})
    for index in order:
        leads = [step for other, box in placed.items() for step in _lead(wishes[other], box)]
        box = _best(wishes[index], bounds, [*placed.values(), *leads], taken)
        if box is not None:
            placed[index] = box
    return placed


def _trouble(wishes: Sequence[Wish], placed: Placed, taken: Sequence[Box]) -> float:
    """How bad it looks; a label that found no place is worst."""
    missing = sum(wish.needed for wish in wishes) - len(placed)
    return missing * 1e6 + sum(_badness(wishes[index], box, taken) for index, box in placed.items())


def led_from(wish: Wish, box: Box) -> tuple[float, float] | None:
    """Where at *box* the line to its point begins; None where they are close."""
    x, y = min(max(wish.x, box.left), box.right), min(max(wish.y, box.bottom), box.top)
    return (x, y) if abs(x - wish.x) + abs(y - wish.y) > LED else None


def _lead(wish: Wish, box: Box) -> list[Box]:
    """The line as small boxes."""
    start = led_from(wish, box)
    if start is None:
        return []
    steps = [n / 12 for n in range(1, 12)]
    along = [(wish.x + (start[0] - wish.x) * part, wish.y + (start[1] - wish.y) * part) for part in steps]
    return [Box(x - 3, y - 3, x + 3, y + 3) for x, y in along]


def _best(wish: Wish, bounds: Box, labels: Sequence[Box], taken: Sequence[Box]) -> Box | None:
    options = [box for box in _around(wish) if bounds.holds(box)]
    clear = [
        box
        for box in options
        if not any(box.overlap(other) or any(step.overlap(other) for step in _lead(wish, box)) for other in labels)
    ]
    if not wish.needed:
        return next((box for box in clear if not any(box.overlap(other) for other in taken)), None)

    return min(clear, key=lambda box: _badness(wish, box, taken), default=None)


def _badness(wish: Wish, box: Box, taken: Sequence[Box]) -> float:
    x, y = led_from(wish, box) or (wish.x, wish.y)
    distance = abs(x - wish.x) + abs(y - wish.y)
    covered = sum(part.overlap(other) for part in (box, *_lead(wish, box)) for other in taken)
    return covered + FAR_IS_BAD * distance


def _around(wish: Wish) -> Iterator[Box]:
    """Right, left, above and below and the corners between, near ones first."""
    for gap in GAPS if wish.needed else GAPS[:NEAR]:
        right, left = wish.x + gap, wish.x - gap - wish.wide
        above, below = wish.y + gap, wish.y - gap - wish.high
        level, middle = wish.y - wish.high / 2, wish.x - wish.wide / 2
        corners = ((right, above), (right, below), (left, above), (left, below))
        for x, y in ((right, level), (left, level), (middle, above), (middle, below), *corners):
            yield Box(x, y, x + wish.wide, y + wish.high)
