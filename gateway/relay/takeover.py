"""Taking over what a process was sending when it ended or fell silent.

Rule kept here: nothing is sent again. What was in flight may have left at any moment until now,
so it is UNCONFIRMED, and "not found" counts only a send time-out and a quiet time from now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from gateway.relay import messages, outcome_rows
from gateway.relay.context import Link
from gateway.relay.outcome_rows import InDoubt
from gateway.store.lease import end_silent
from gateway.store.uow import Uow

_AT_ONCE: Final = 100
"""Messages taken over in one transaction."""


def take_over(links: Mapping[tuple[str, str], Link], uow: Uow) -> int:
    """End the lanes of silent processes, and put what ended ones were sending in doubt.

    Returns how many messages that was; there may be more, when it is many. A late holder can
    write nothing any more: its lane has ended in this very transaction or before.
    """
    end_silent(uow)
    return sum(_of_link(links[key], uow) for key in sorted(messages.orphaned(uow)) if key in links)


def _of_link(link: Link, uow: Uow) -> int:
    now_us = link.now_us()
    found = [
        # A clock that was set back must not make a send look older than it is.
        replace(it, last_sent_us=max(now_us, it.last_sent_us or now_us))
        for it in messages.left_behind(uow, link.tenant.id, link.connection.id, _AT_ONCE)
    ]
    messages.sent_latest(uow, found)
    outcome_rows.write(link, uow, [InDoubt(message=it, why="taken_over") for it in found])
    if found:
        uow.rouse(link.tenant.id, link.connection.id)
    return len(found)
