"""Answers to messages that 星空 posted, in its own envelope; see README.md for NeedReturnData."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.erp.kingdee import exact
from adapters.erp.kingdee.codes import BILL_REFUSED, BILL_STATES, REFUSED
from adapters.erp.kingdee.k3_bill import ENTRY_ID, ID, NUMBER
from adapters.erp.kingdee.standings import line_words, standing_of
from gateway.domain.errors import Fault
from gateway.ports.erp import LineStatus, RefusedFile, StatusReport

_VALIDATION = 11
"""MsgCode of a message with faults."""
_PIECE = 200
"""Lines per piece of a streamed answer."""


def report(status: StatusReport) -> Iterator[bytes]:
    """Where every line stands: SuccessEntitys and Errors by DIndex, and NeedReturnData.

    ``IsSuccess`` is whether every line was accepted; what the bank made of each is its FBankStatus.
    """
    refused = any(line.state == REFUSED for line in status.lines())
    head = _status(succeeded=not refused)
    # The lists of the envelope come last, so that lines are written as they are walked.
    yield exact.encoded({"Result": {"Id": status.report_id, "ResponseStatus": head}})[:-3]
    yield b',"Errors":['
    yield from _joined(_errors(status))
    yield b'],"SuccessEntitys":['
    yield from _joined(_entities(status))
    yield b']},"Number":' + exact.encoded(status.original_message_id) + b',"NeedReturnData":['
    yield from _joined(_lines(status))
    yield b"]}}"


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    """A message of which nothing was taken: every fault, and that the rest was not taken either."""
    rest = Fault(
        path="",
        code="nothing_taken",
        zh="整份未受理，没有一笔付款被提交；更正后可整份重新提交",
        en="nothing was taken, no payment was submitted; correct it and send the whole again",
    )
    errors = [_error(fault, 0) for fault in (*refused.faults, rest)]
    status = {**_status(succeeded=False), "Errors": errors, "SuccessEntitys": []}
    result = {"ResponseStatus": status, "Id": refused.report_id, "Number": refused.message_id}
    yield exact.encoded({"Result": {**result, "NeedReturnData": []}})


def _status(*, succeeded: bool) -> dict[str, object]:
    code = 0 if succeeded else _VALIDATION
    return {"ErrorCode": 0 if succeeded else 500, "IsSuccess": succeeded} | {
        "SuccessMessages": [],
        "MsgCode": code,
    }


def _errors(status: StatusReport) -> Iterator[Mapping[str, object]]:
    for place, line in enumerate(status.lines()):
        if line.state == REFUSED:
            yield from (_error(fault, place) for fault in line.faults)


def _error(fault: Fault, place: int) -> Mapping[str, object]:
    where = f"第{fault.line}行 line {fault.line} " if fault.line else ""
    words = f"{where}{fault.zh} / {fault.en}"
    return {"FieldName": fault.path, "Message": words, "DIndex": place, "Code": fault.code}


def _entities(status: StatusReport) -> Iterator[Mapping[str, object]]:
    for place, line in enumerate(status.lines()):
        if line.state != REFUSED:
            source = line.source
            yield {
                "Id": source.get("bill_id", ""),
                "Number": source.get("bill_no", ""),
                "DIndex": place,
            }


def _lines(status: StatusReport) -> Iterator[Mapping[str, object]]:
    for place, line in enumerate(status.lines()):
        yield _line(place, line)


def _line(place: int, line: LineStatus) -> Mapping[str, object]:
    code = line.faults[0].code if line.faults else ""
    standing = standing_of(line.state, code, BILL_STATES, BILL_REFUSED)
    source = line.source
    submitted, _, bank = (standing.status if standing is not None else "").partition("/")
    return {
        "DIndex": place,
        ID: source.get("bill_id", ""),
        NUMBER: source.get("bill_no", ""),
        ENTRY_ID: source.get("entry_id", ""),
        "FSubmitStatus": submitted,
        "FBankStatus": bank,
        "State": line.state,
        "Reason": standing.reason if standing is not None else "",
        "Amount": line.amount,
        "Currency": line.currency,
        "Message": line_words(line, standing),
        "BankReference": line.bank_reference,
        "SettledAt": line.settled_at.isoformat() if line.settled_at else "",
        "InstructionId": line.instruction,
    }


def _joined(written: Iterator[Mapping[str, object]]) -> Iterator[bytes]:
    """Members of a list with commas between them, some hundred at a time."""
    pieces: list[bytes] = []
    first = True
    for one in written:
        pieces.append((b"" if first else b",") + exact.encoded(one))
        first = False
        if len(pieces) >= _PIECE:
            yield b"".join(pieces)
            pieces = []
    if pieces:
        yield b"".join(pieces)
