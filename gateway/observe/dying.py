"""How a process of the gateway ends when a task of it died."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from gateway.observe.log import EventLog
from gateway.observe.words import what_failed
from gateway.ports.events import DIED

_FAILED: Final = 1


def ending_with(log: EventLog) -> Callable[[str, BaseException], None]:
    """What is told of a dead task and ends the process at once with exit code 1.

    What was in flight is then in doubt, as after a power cut, and is taken over.
    """

    def died(task: str, error: BaseException) -> None:
        kind, place, why = what_failed(error)
        log.tell(DIED, error=kind, place=place, why=f"{task}: {why}")
        log.close()
        # Stopping in good order would need the very parts that may just have failed.
        os._exit(_FAILED)

    return died
