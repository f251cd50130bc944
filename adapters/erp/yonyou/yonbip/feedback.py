"""Rows of YonBIP's result call: one per settlement detail, lines of a payroll inside theirs.

Rule kept here: which number a result has hangs on where it stands: a detail's success is 3, that
of a payroll's line is 4, which for a detail means failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.json_tree import is_plain, number, whole
from adapters.erp.yonyou.telling import (
    NEVER_ACCEPTED,
    NOT_FAILED,
    clock_of,
    day_of,
    instant_of,
    key_of,
    reason_of,
    told_key,
)
from adapters.erp.yonyou.yonbip.replies import Row
from gateway.domain.errors import Corrupt
from gateway.domain.instruction import State
from gateway.ports.erp_told import StatusTold

_REASON_MAX: Final = 200
_REJECT_TYPE: Final = 2
_LINE_PAID: Final = "4"
_LINE_FAILED: Final = "5"
Group = tuple[tuple[int, ...], Row]
"""The records that a row tells, by their places, and the row."""


def is_line(told: StatusTold) -> bool:
    """Whether it is one line of a payroll that is a single settlement detail."""
    return bool(told.source.get("batch_line_id"))


def code_of(told: StatusTold) -> str:
    """What the detail, or its line, is to become; NOT_TOLD where nothing is written.

    A document that was refused because its number is known already says nothing of the payment
    that was accepted under that number, and one that pays from an account of another channel says
    nothing of that channel: neither is called failed.
    """
    line = is_line(told)
    if told.state == NEVER_ACCEPTED:
        failed = _LINE_FAILED if line else codes.FAILED
        return codes.NOT_TOLD if told.code in NOT_FAILED else failed
    try:
        state = State(told.state)
    except ValueError:
        raise Corrupt("no YonBIP code for this state") from None
    if line:
        return codes.PAYROLL_LINE[state]
    stop = codes.STOP[state]
    return stop if stop != codes.NOT_TOLD else codes.FEEDBACK[state]


def is_stop(told: StatusTold) -> bool:
    """Whether it is told by stopping the detail."""
    return not is_line(told) and code_of(told) == codes.STOPPED


def groups(sent: Mapping[int, StatusTold]) -> list[Group]:
    """One row per detail and status; lines of one payroll share theirs."""
    made: list[Group] = []
    payrolls: dict[str, list[int]] = {}
    for at, told in sent.items():
        if is_line(told):
            payrolls.setdefault(told.source["detail_id"], []).append(at)
        else:
            made.append(((at,), _row(told)))
    shared = ((tuple(it), _payroll([sent[at] for at in it])) for it in payrolls.values())
    return [*made, *shared]


def stop(told: StatusTold) -> Row:
    """The body that stops a detail."""
    remark = reason_of(told) or "付款已在银企直联端撤销 cancelled before payment"
    return {
        "settleDetailId": whole(told.source["detail_id"]),
        "rejectRemark": remark[:_REASON_MAX],
        "rejectType": _REJECT_TYPE,
    }


def _row(told: StatusTold) -> Row:
    code = code_of(told)
    returned = told.state == State.RETURNED
    paid = code == codes.SUCCEEDED and not returned
    row: Row = {
        "settleDetailAId": told.source["detail_id"],
        "statementdetailstatus": whole(code),
        "settlesuccessdate": day_of(told.at) if paid else "",
        "settlesuccesstime": clock_of(told.at) if paid else "",
        "indextradeseqno": told.bank_reference or told.serial,
        "settlefailreason": reason_of(told)[:_REASON_MAX] if code == codes.FAILED else "",
        "isrefund": codes.REFUNDED if returned else "0",
        "sourceUnique": told_key(told),
    }
    if returned:
        row["refundDate"] = instant_of(told.at)
    if told.state == State.PAID_ELSEWHERE:
        row["description"] = "线下已付 paid by another way"
    return row


def _payroll(lines: Sequence[StatusTold]) -> Row:
    """What is known of a payroll: all paid, all failed, or line by line.

    It is called paid or failed as a whole only when every line of it is here.
    """
    first = lines[0]
    results = {told.source["batch_line_id"]: code_of(told) for told in lines}
    whole_one = str(len(results)) == first.source.get("batch_lines", "")
    status = codes.PARTLY
    if whole_one and set(results.values()) == {_LINE_PAID}:
        status = codes.SUCCEEDED
    elif whole_one and set(results.values()) == {_LINE_FAILED}:
        status = codes.FAILED
    latest = max(lines, key=lambda told: told.at)
    row: Row = {
        "settleDetailAId": first.source["detail_id"],
        "statementdetailstatus": whole(status),
        "settlesuccessdate": "" if status == codes.FAILED else day_of(latest.at),
        "settlesuccesstime": "" if status == codes.FAILED else clock_of(latest.at),
        "indextradeseqno": latest.bank_reference or latest.serial,
        "settlefailreason": _reasons(lines),
        "isrefund": "0",
        "successTotalAmt": number(_total(lines, _LINE_PAID)),
        "failTotalAmt": number(_total(lines, _LINE_FAILED)),
        "dataBatchDetailList": [
            {"paystatus": whole(code), "bussBatchDetailId": name} for name, code in results.items()
        ],
        "sourceUnique": key_of(*(told_key(told) for told in lines)),
    }
    return row


def _reasons(lines: Sequence[StatusTold]) -> str:
    found = {reason_of(told): None for told in lines if code_of(told) == _LINE_FAILED}
    return "；".join(it for it in found if it)[:_REASON_MAX]


def _total(lines: Sequence[StatusTold], code: str) -> str:
    """The sum of lines; one that was refused for its amount has none."""
    amounts = (it.amount for it in lines if code_of(it) == code and is_plain(it.amount))
    return f"{sum(map(Decimal, amounts), Decimal(0)):f}"
