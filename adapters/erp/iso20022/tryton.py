"""Tryton: statuses as camt.054, because it reads no pain.002.

It acts on entries with CdtDbtInd CRDT only, finds a payment by InstrId (then EndToEndId), takes
it for succeeded, or for failed where the entry has a RtrInf. So nothing is told before an outcome
is final, and a file of open outcomes is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.returns import notice, return_notice
from adapters.erp.iso20022.told import newest, report_of
from gateway.domain.instruction import State
from gateway.formats.records import only
from gateway.ports.erp import FileFacts, LineStatus, StatusReport
from gateway.ports.erp_told import StatusTold, Told

SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
_LATER: Final = "not told here: the outcome is not final yet"
OUTCOMES: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.RECEIVED: _LATER,
        State.HELD: _LATER,
        State.APPROVED: _LATER,
        State.SCHEDULED: _LATER,
        State.QUEUED: _LATER,
        State.SENDING: _LATER,
        State.ACKNOWLEDGED: _LATER,
        State.BANK_APPROVAL: _LATER,
        State.PROCESSING: _LATER,
        State.UNCONFIRMED: _LATER,
        State.SETTLED: SUCCEEDED,
        # Paid another way: failed would make Tryton pay again.
        State.PAID_ELSEWHERE: SUCCEEDED,
        State.REJECTED: FAILED,
        State.CANCELLED: FAILED,
        State.EXPIRED: FAILED,
        State.RETURNED: FAILED,
    }
)
"""What Tryton makes of a payment in each of our states."""
_MESSAGE_ID: Final = re.compile(rb"<MsgId>[0-9a-f]{32}</MsgId>", re.ASCII)
_MESSAGE: Final = b"CstmrCdtTrfInitn"


def named_outcomes() -> dict[str, str]:
    """What each state is called in Tryton."""
    return {state.value: outcome for state, outcome in OUTCOMES.items()}


def status_file(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    """A camt.054.001.04 of the final outcomes; no bytes where there is none."""
    final = [it for it in newest(only(StatusTold, told)) if _outcome(it) in {SUCCEEDED, FAILED}]
    if final:
        failed = frozenset(it.instruction for it in final if _outcome(it) == FAILED)
        yield from notice(_shown(report_of(final, facts)), lambda line: line.instruction in failed)


def returned(status: StatusReport) -> Iterator[bytes]:
    """A notice of the returned lines; no bytes where none came back."""
    return return_notice(_shown(status))


def _shown(status: StatusReport) -> StatusReport:
    return replace(status, lines=lambda: map(_readable, status.lines()))


def _readable(line: LineStatus) -> LineStatus:
    """A line whose reason Tryton shows: it reads ISO codes only, so a bank's code is a text."""
    if not line.reason_code or line.reason_code in codes.ISO_REASONS:
        return line
    text = f"{line.reason_code} {line.text}".strip()
    return replace(line, reason_code=codes.REASON_NARRATIVE, text=text)


def _outcome(told: StatusTold) -> str:
    if told.state == codes.REFUSED_STATE:
        return FAILED
    return OUTCOMES[State(told.state)]


def sniff(head: bytes) -> bool:
    """Whether the first bytes are Tryton's: its message ids are 32 small hexadecimal digits."""
    return _MESSAGE in head and _MESSAGE_ID.search(head) is not None
