"""SYSTAT01: what became of payment IDocs, as the status that SAP keeps of each.

Rule kept here: 17 (negative acknowledgement) is said of what is known to have failed, of nothing
else; an open outcome is 22, dispatched with the acknowledgement still due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from adapters.erp.iso20022.codes import KNOWN_BEFORE
from adapters.erp.iso20022.refusal import FATE, FATE_KNOWN
from adapters.erp.iso20022.told import newest, report_of
from gateway.domain.errors import Corrupt, Fault
from gateway.domain.instruction import State
from gateway.formats.messages import CHINA, clean
from gateway.formats.records import only
from gateway.ports.erp import FileFacts, LineStatus, RefusedFile, StatusReport
from gateway.ports.erp_told import StatusTold, Told
from gateway.wire.write import Element, document, element, leaf
from gateway.wire.xml import Profile, parse

MESSAGE: Final = "SYSTAT01"
_DUE: Final = "22"
_POSITIVE: Final = "16"
_NEGATIVE: Final = "17"
_RECEIVED: Final = "14"
_SYNTAX: Final = "15"
"""The file as a whole could not be taken."""
STATUSES: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.RECEIVED: _RECEIVED,
        State.HELD: _RECEIVED,
        State.APPROVED: _RECEIVED,
        State.SCHEDULED: _RECEIVED,
        State.QUEUED: _RECEIVED,
        State.SENDING: _DUE,
        State.ACKNOWLEDGED: _DUE,
        State.BANK_APPROVAL: _DUE,
        State.PROCESSING: _DUE,
        State.UNCONFIRMED: _DUE,
        State.SETTLED: _POSITIVE,
        # The payment was made; that it came back is told by the statement (camt.053 RtrInf).
        State.RETURNED: _POSITIVE,
        State.PAID_ELSEWHERE: _POSITIVE,
        State.REJECTED: _NEGATIVE,
        State.CANCELLED: _NEGATIVE,
        State.EXPIRED: _NEGATIVE,
    }
)
_REFUSED: Final = "REFUSED"


def named_statuses() -> dict[str, str]:
    """What each state is called."""
    return {state.value: status for state, status in STATUSES.items()}


def report(status: StatusReport) -> Iterator[bytes]:
    """One IDoc SYSTAT01 with a status segment per line. Raises Corrupt for an unknown state."""
    yield _message(status.report_id, (_segment(line, status) for line in status.lines()))


def status_file(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    """Records as a SYSTAT01; of several versions of an instruction the newest is told."""
    return report(report_of(newest(only(StatusTold, told)), facts))


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    """A status of the file as a whole, and every fault in one of its own."""
    known = any(fault.code in KNOWN_BEFORE for fault in refused.faults)
    # A negative status that names an IDoc accepted before would be taken for that one's.
    number, at = "" if known else refused.message_id, refused.created
    first = _status(number, at, _SYNTAX, " / ".join(FATE_KNOWN if known else FATE))
    rest = (_status(number, at, _SYNTAX, _words(fault)) for fault in refused.faults)
    yield _message(refused.report_id, (first, *rest))


def _segment(line: LineStatus, status: StatusReport) -> Element:
    text = " ".join(
        it
        for it in (line.reason_code, line.text, *map(_words, line.faults), line.bank_reference)
        if it
    )
    number = line.source.get("idoc", "") or line.source.get("message_id", "")
    return _status(number, status.created, _code(line), text, line.source.get("end_to_end_id", ""))


def _code(line: LineStatus) -> str:
    if any(fault.code in KNOWN_BEFORE for fault in line.faults):
        return _DUE  # the payment that came before goes on
    if line.faults or line.state == _REFUSED:
        return _NEGATIVE
    try:
        return STATUSES[State(line.state)]
    except (KeyError, ValueError):
        raise Corrupt("no SYSTAT01 status for this state") from None


def _words(fault: Fault) -> str:
    line = f"第{fault.line}行 line {fault.line} " if fault.line else ""
    return f"{line}{fault.path}: {fault.zh} / {fault.en}"


def _status(number: str, at: datetime, code: str, text: str, reference: str = "") -> Element:
    said, local = clean(text), at.astimezone(CHINA)
    return element(
        "E1STATS",
        leaf("DOCNUM", clean(number)),
        leaf("LOGDAT", f"{local:%Y%m%d}"),
        leaf("LOGTIM", f"{local:%H%M%S}"),
        leaf("STATUS", code),
        leaf("REFINT", clean(reference)) if reference else None,
        leaf("STATXT", said) if said else None,
        SEGMENT="1",
    )


def _message(number: str, segments: Iterable[Element]) -> bytes:
    control = element(
        "EDI_DC40",
        leaf("DOCNUM", number),
        leaf("IDOCTYP", MESSAGE),
        leaf("MESTYP", "STATUS"),
        SEGMENT="1",
    )
    root = element(MESSAGE, element("IDOC", control, *segments, BEGIN="1"))
    return document(root, encoding="UTF-8")


def describe(data: bytes) -> dict[str, object]:
    """A SYSTAT01 as one plain object, as ``gateway erp try`` shows it. Raises WireError."""
    segments = parse(data, Profile.FILE).one("IDOC").each("E1STATS")
    return {
        "kind": "status_report",
        "format": MESSAGE,
        "group_status": None,
        "transactions": [
            {
                "original_end_to_end_id": segment.child_text("REFINT") or None,
                "status": segment.child_text("STATUS") or None,
                "reason": None,
                "text": segment.child_text("STATXT") or None,
            }
            for segment in segments
        ],
        "warnings": [],
    }
