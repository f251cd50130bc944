"""How long a delivery that failed waits before it is tried again."""

from __future__ import annotations

from typing import Final

from gateway.ports.runtime import Random

FIRST_US: Final = 5_000_000
LONGEST_US: Final = 3_600_000_000
_DOUBLINGS_MAX: Final = 10


def pause_us(tries: int, random: Random, *, asked_s: int = 0) -> int:
    """Microseconds to wait after ``tries`` failures: doubling, bounded, spread over its half.

    ``asked_s`` is what the receiver asked for (Retry-After); it can only make the pause longer,
    and never longer than the longest one.
    """
    longest = min(FIRST_US << min(max(tries - 1, 0), _DOUBLINGS_MAX), LONGEST_US)
    spread = int(random.uniform(longest // 2, longest))
    return max(spread, min(asked_s * 1_000_000, LONGEST_US))
