"""What somebody reads when something was refused, on the very page where they asked for it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, TypeVar

from gateway.domain.errors import GatewayError, Refused, WireError
from gateway.web.asked import trace_id
from gateway.web.problems import problem
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Part, both, el, join

_OURS: Final = 500
_UNREADABLE: Final = both(
    "银行应答无法读取，请稍后再试；仍不行的，请联系管理员",
    "the bank's answer cannot be read: try later, or ask who runs the gateway",
)
_T = TypeVar("_T")


def told_of(error: GatewayError) -> Part:
    """An error's words with its faults."""
    faults = error.faults if isinstance(error, Refused) else ()
    return join(both(error.zh, error.en), *(el("div", both(it.zh, it.en)) for it in faults))


async def tried(seen: Seen, doing: Awaitable[_T]) -> tuple[_T | None, Part, int]:
    """What came of something that may be refused: (it, None, 200) or (None, words, status).

    Raises what is a fault of our own.
    """
    try:
        return await doing, None, 200
    except GatewayError as error:
        asking_bank = getattr(seen.request.state, "asking_bank", False)
        made = problem(error, trace_id=trace_id(seen.request), bank_reply=asking_bank)
        if made.status == _OURS:
            raise
        # Of a bank's unreadable answer nothing is told but that it is one.
        words = _UNREADABLE if isinstance(error, WireError) else told_of(error)
        return None, words, made.status
