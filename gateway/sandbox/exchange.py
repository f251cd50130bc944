"""How an answer leaves the bank: its bytes, what happens to the connection, and when.

Rule kept here: a fault after commit changes only what the client sees, never what was done.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from gateway.domain.message import WireReply
from gateway.sandbox.faults import Fault

_HTML: Final = "<html><body>代理服务器维护中</body></html>".encode()
_GARBAGE: Final = b"\x81\x20\xff\xfe\x80\xa0\xff<\x90\x7f\xff"


class Delivery(StrEnum):
    """What happens to the connection."""

    NORMAL = "normal"
    REFUSE = "refuse"
    """Reset as if nobody had listened."""
    DROP = "drop"
    """Closed without an answer."""
    HALF_OPEN = "half_open"
    """Left open in silence."""
    TRUNCATE = "truncate"
    """Closed in the middle of the answer."""
    DUPLICATE = "duplicate"
    """The answer is sent twice; the second may meet the connection's next request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the client gets: the answer's bytes (if any), how and how late they come.

    ``fault`` names what went wrong on purpose. ``delay_s`` is monotonic seconds.
    """

    reply: WireReply | None = None
    delivery: Delivery = Delivery.NORMAL
    delay_s: float = 0.0
    fault: Fault | None = None


UNREADABLE: Final = Exchange(reply=WireReply(400, "text/plain", b"request not readable"))


def undone(fault: Fault) -> Exchange:
    """What the client sees of a request that was not carried out."""
    if fault is Fault.REFUSE:
        return Exchange(delivery=Delivery.REFUSE, fault=fault)
    if fault is Fault.ERROR_5XX_BEFORE_COMMIT:
        return Exchange(reply=WireReply(502, "text/plain", b"bad gateway"), fault=fault)
    return Exchange(delivery=Delivery.DROP, fault=fault)


_SILENT: Final = {
    Fault.DROP_AFTER_COMMIT: Delivery.DROP,
    Fault.HALF_OPEN: Delivery.HALF_OPEN,
}
_TWISTED: Final = {
    Fault.TRUNCATED: Delivery.TRUNCATE,
    Fault.DUPLICATE_ANSWER: Delivery.DUPLICATE,
}


def done(fault: Fault, reply: WireReply, *, before: WireReply | None, delay_s: float) -> Exchange:
    """What the client sees of a request that was carried out.

    ``before`` is the answer before this one, ``delay_s`` how late a late answer comes.
    """
    if fault in _SILENT:
        return Exchange(delivery=_SILENT[fault], fault=fault)
    if fault is Fault.DELAY:
        return Exchange(reply=reply, delay_s=delay_s, fault=fault)
    if fault is Fault.ERROR_5XX_AFTER_COMMIT:
        reply = WireReply(500, "text/plain", b"internal error")
    elif fault is Fault.HTML_200:
        reply = WireReply(200, "text/html; charset=utf-8", _HTML)
    elif fault is Fault.GARBAGE_GBK:
        reply = replace(reply, body=_GARBAGE)
    elif fault is Fault.OTHER_ANSWER and before is not None:
        reply = before
    delivery = _TWISTED.get(fault, Delivery.NORMAL)
    return Exchange(reply=reply, delivery=delivery, fault=fault)
