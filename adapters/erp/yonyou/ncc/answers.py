"""Answers to instructions that NCC posted, in the envelope of its own OpenAPI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters.erp.yonyou.json_tree import written
from adapters.erp.yonyou.replying import fault_text
from adapters.erp.yonyou.telling import instant_of
from gateway.ports.erp import LineStatus, RefusedFile, StatusReport

_DONE: Final = "1000000000"
_REFUSED: Final = "refused"


def report(status: StatusReport) -> Iterator[bytes]:
    """What was taken in and what was not.

    ``success`` speaks of the message and of taking in, never of a payment's outcome.
    """
    results = [_result(line) for line in status.lines()]
    failed = sum(not it["success"] for it in results)
    yield written(
        {
            "success": not failed,
            "code": _REFUSED if failed else _DONE,
            "message": "部分或全部未受理 not all were taken" if failed else "",
            "data": {
                "count": status.line_count,
                "successCount": len(results) - failed,
                "failCount": failed,
                "results": results,
            },
        }
    )


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    """A message of which nothing was taken."""
    yield written(
        {
            "success": False,
            "code": refused.faults[0].code if refused.faults else _REFUSED,
            "message": "整份未受理，请更正后重新发送 nothing was taken: correct and resend it",
            "data": {
                "message_id": refused.message_id,
                "time": instant_of(refused.created),
                "results": [
                    {"success": False, "message": fault_text(fault)} for fault in refused.faults
                ],
            },
        }
    )


def _result(line: LineStatus) -> dict[str, object]:
    made: dict[str, object] = {
        "yurref": line.source.get("yurref", "") or line.erp_reference,
        "pk_ebank_paylog": line.source.get("paylog", ""),
        "success": not line.faults,
        "message": "; ".join(fault_text(fault) for fault in line.faults) or line.text,
    }
    if not line.faults:
        made |= {
            "instruction": line.instruction,
            "state": line.state,
            "reason": line.reason_code,
            "amount": line.amount,
            "currency": line.currency,
        }
    return made
