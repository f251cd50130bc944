"""Answers to messages that 苍穹 posted, in the envelope of its kapi."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.erp.kingdee import exact
from adapters.erp.kingdee.codes import PAY_REFUSED, PAY_STATES, REFUSED
from adapters.erp.kingdee.standings import line_words, standing_of
from gateway.domain.errors import Fault
from gateway.ports.erp import LineStatus, RefusedFile, StatusReport

_PIECE = 200


def report(status: StatusReport) -> Iterator[bytes]:
    """Where every bill stands; ``billStatus`` is whether it was accepted."""
    refused = sum(line.state == REFUSED for line in status.lines())
    head = {"status": not refused, "errorCode": "refused_lines" if refused else "0"}
    data = {
        "requestId": status.original_message_id,
        "reportId": status.report_id,
        "totalCount": str(status.line_count),
        "failCount": str(refused),
        "successCount": str(status.line_count - refused),
    }
    yield exact.encoded({**head, "message": "", "data": data})[:-2] + b',"result":['
    pieces: list[bytes] = []
    for place, line in enumerate(status.lines()):
        pieces.append((b"," if place else b"") + exact.encoded(_line(place, line)))
        if len(pieces) >= _PIECE:
            yield b"".join(pieces)
            pieces = []
    yield b"".join(pieces) + b"]}}"


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    """A message of which nothing was taken: every fault, and what happened to the rest."""
    said = {
        "status": False,
        "errorCode": refused.faults[0].code if refused.faults else "refused",
        "message": "整份未受理，没有一笔付款被提交；更正后可整份重新提交"
        " / nothing was taken, no payment was submitted; correct it and send the whole again",
        "data": {
            "requestId": refused.message_id,
            "reportId": refused.report_id,
            "result": [],
            "errors": [_error(fault) for fault in refused.faults],
        },
    }
    yield exact.encoded(said)


def _line(place: int, line: LineStatus) -> Mapping[str, object]:
    code = line.faults[0].code if line.faults else ""
    standing = standing_of(line.state, code, PAY_STATES, PAY_REFUSED)
    return {
        "billIndex": place,
        "billStatus": line.state != REFUSED,
        "number": line.source.get("billno", ""),
        "bankpaystate": standing.status if standing is not None else "",
        "state": line.state,
        "reason": standing.reason if standing is not None else "",
        "isrefund": standing is not None and standing.reason == "RETURNED",
        "amount": line.amount,
        "currency": line.currency,
        "bankreturnmsg": line_words(line, standing),
        "bankreference": line.bank_reference,
        "returntime": line.settled_at.isoformat() if line.settled_at else "",
        "gatewayid": line.instruction,
        "errors": [_error(fault) for fault in line.faults],
    }


def _error(fault: Fault) -> Mapping[str, object]:
    return fault.document()
