"""Telling other processes what a commit changed: one NOTIFY per group commit (PostgreSQL).

A payload names queues with new work and instructions with new versions; what does not fit is
told as "any". A hint only: whoever misses it looks at the tables at the next poll.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Text, bindparam, func, literal, select

from gateway.store.prepared import prepare

CHANNEL: Final = "gateway"
_PAYLOAD_MAX: Final = 7_900
"""PostgreSQL takes less than 8,000 bytes."""
_NOTIFY: Final = prepare(
    select(
        func.pg_notify(literal(CHANNEL, Text()), bindparam("payload", type_=Text())).label("told")
    )
)
_Keys = Sequence[tuple[str, str]]


def announce(connection: Connection, lane: str, roused: _Keys, touched: _Keys) -> None:
    """Tell it with this transaction's commit; nothing when there is nothing to tell."""
    if roused or touched:
        _NOTIFY.rows(connection, {"payload": _payload(lane, roused, touched)})


def _payload(lane: str, roused: _Keys, touched: _Keys) -> str:
    """What fits: the instructions are left out first, then the queues too."""
    for told in ((roused, touched), (roused, None)):
        payload = json.dumps({"lane": lane, "roused": told[0], "touched": told[1]})
        if len(payload.encode()) <= _PAYLOAD_MAX:
            return payload
    return json.dumps({"lane": lane, "roused": None, "touched": None})
