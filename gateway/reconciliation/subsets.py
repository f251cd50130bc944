"""Which of some amounts add up to a target: all ways up to two, within bounds.

Rule kept here: a search that runs out of steps has found nothing, and a second way is a rival.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Final

ENOUGH: Final = 2
"""One way may decide; two are a suggestion, and more say nothing further."""


class OutOfStepsError(Exception):
    """The search was given up: neither found nor excluded."""


def ways(units: Sequence[int], target: int, *, steps: int) -> list[tuple[int, ...]]:
    """At most two sets of two or more positions whose units add up to ``target``.

    Raises OutOfStepsError after so many steps.
    """
    order = sorted(range(len(units)), key=lambda at: (-abs(units[at]), at))
    highest, lowest = [0], [0]
    for at in reversed(order):
        highest.append(highest[-1] + max(units[at], 0))
        lowest.append(lowest[-1] + min(units[at], 0))
    highest.reverse()
    lowest.reverse()
    found: list[tuple[int, ...]] = []
    left = steps
    stack: list[tuple[int, int, tuple[int, ...]]] = [(0, target, ())]
    while stack:
        left -= 1
        if left < 0:
            raise OutOfStepsError
        depth, missing, chosen = stack.pop()
        if depth == len(order):
            if missing == 0 and len(chosen) >= ENOUGH:
                found.append(tuple(sorted(chosen)))
                if len(found) == ENOUGH:
                    break
            continue
        if not lowest[depth] <= missing <= highest[depth]:
            continue
        at = order[depth]
        stack.append((depth + 1, missing, chosen))
        stack.append((depth + 1, missing - units[at], (*chosen, at)))
    return found


def rare(units: Sequence[int], *, rarity: int) -> bool:
    """Whether some subset of these amounts hardly hits a given amount by chance.

    All sums are multiples of the common divisor; the subsets must be ``rarity`` times fewer than
    the sums there could be.
    """
    step = gcd(*units)
    span = sum(abs(it) for it in units) // step if step else 0
    return int(1 << len(units)) * rarity <= span
