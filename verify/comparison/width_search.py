"""The smallest even width at which something succeeds, found by doubling and bisection, then checked around it.

Success need not be monotone in the width, since every width is a draw of its own: bisection finds *a* width that
succeeds next to one that fails. What was tried, and whether it was monotone, belongs to the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Even widths on either side of the answer that are tried as well.
_NEIGHBOURS = 2


@dataclass(frozen=True)
class WidthSearch:
    """``tried`` says of every width that was tried, in ascending order, whether it succeeded."""

    tried: tuple[tuple[int, bool], ...]

    @property
    def smallest(self) -> int | None:
        """The smallest width that succeeded; None if none did."""
        return min((width for width, success in self.tried if success), default=None)

    @property
    def stable(self) -> int | None:
        """The smallest width from which on all that were tried succeeded; None if the widest failed."""
        least = None
        for width, success in reversed(self.tried):
            if not success:
                break
            least = width
        return least

    @property
    def monotone(self) -> bool:
        """Whether no width that was tried failed above one that succeeded."""
        outcomes = [success for _, success in self.tried]
        return outcomes == sorted(outcomes)


def smallest_even_width(succeeds: Callable[[int], bool], *, limit: int) -> WidthSearch:
    """Try even widths from 2 to ``limit``; ``succeeds`` is asked once for each.

    Doubling from 2 finds a width that succeeds, bisection one whose narrower neighbour fails. Then the two narrower
    and the two wider neighbours are tried; if a narrower one succeeds, so are the two below it, and so on.
    """
    tried: dict[int, bool] = {}

    def attempt(width: int) -> bool:
        if width not in tried:
            tried[width] = succeeds(width)
        return tried[width]

    largest = limit - limit % 2
    below, width = 0, min(2, largest)
    while 0 < width and not attempt(width):
        below, width = width, min(2 * width, largest) if width < largest else 0
    while width - below > 2:
        middle = (below + width) // 2
        middle -= middle % 2
        below, width = (below, middle) if attempt(middle) else (middle, width)
    _try_neighbours(attempt, width, largest)
    return WidthSearch(tuple(sorted(tried.items())))


def _try_neighbours(attempt: Callable[[int], bool], width: int, largest: int) -> None:
    """Down to two failures in a row below the smallest success, and the next two widths above it."""
    if width == 0:
        return
    candidate = width - 2
    while candidate > 0 and candidate >= width - 2 * _NEIGHBOURS:
        if attempt(candidate):
            width = candidate
        candidate -= 2
    for wider in range(width + 2, min(width + 2 * _NEIGHBOURS, largest) + 1, 2):
        attempt(wider)
