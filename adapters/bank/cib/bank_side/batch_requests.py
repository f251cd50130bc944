"""Batches and payrolls as the bank reads them. The same serial without a body is a question.

Source: CIB interface document V4.0.4, §RBATCHTRSFR, §RPAYOFF and §RPAYOFFINQ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.bank_side.reading import Faults, amount_of, inside, party, party_of
from adapters.bank.cib.batch import LINES_MAX as BATCH_LINES_MAX
from adapters.bank.cib.lines import line_number
from adapters.bank.cib.payroll import LINES_MAX as PAYROLL_LINES_MAX
from gateway.domain.money import Money
from gateway.domain.party import Account, Party
from gateway.ports.bank_batch import (
    BatchKind,
    BatchLine,
    BatchOrder,
    BatchRequest,
    BatchStatusRequest,
)
from gateway.wire.leaves import Leaves
from gateway.wire.xml import Node


def batch(transaction: Node, faults: Faults) -> BatchRequest | BatchStatusRequest:
    """RBATCHTRSFRTRNRQ."""
    body = transaction.maybe("RQBODY")
    if body is None:
        return _question(transaction.child_text("TRNUID"), BatchKind.PAYMENT)
    count, amount = _totals(body, faults)
    return BatchRequest(
        order=BatchOrder(
            kind=BatchKind.PAYMENT,
            debtor=party(inside(body, "ACCTFROM", faults), faults),
            lines=_lines(body.each("XFERINFO"), _payment_line, BATCH_LINES_MAX, faults),
            purpose=body.child_text("PURPOSE"),
            due=faults.day(body, "DTDUE"),
        ),
        count=count,
        amount=amount,
    )


def payroll(transaction: Node, faults: Faults) -> BatchRequest | BatchStatusRequest:
    """RPAYOFFTRNRQ."""
    body = transaction.maybe("RPAYOFFRQ")
    if body is None:
        return _question(transaction.child_text("TRNUID"), BatchKind.PAYROLL)
    head = inside(body, "RPAYOFFINFO", faults)
    listed = inside(head, "RPAYOFFLIST", faults)
    description = head.child_text("DESCRIPTION")
    if description not in codes.PAYROLL_KINDS:
        faults.add(f"{head.path}/DESCRIPTION")
    count, amount = _totals(head, faults)
    return BatchRequest(
        order=BatchOrder(
            kind=BatchKind.PAYROLL,
            debtor=party(inside(head, "ACCTFROM", faults), faults),
            lines=_lines(listed.each("RPAYOFF"), _payroll_line, PAYROLL_LINES_MAX, faults),
            purpose=head.child_text("TITLE"),
            payroll_purpose=codes.PAYROLL_KINDS.get(description, "other"),
            due=faults.day(head, "DTDUE"),
        ),
        count=count,
        amount=amount,
    )


def payroll_status(transaction: Node, faults: Faults) -> BatchStatusRequest:
    """RPAYOFFINQTRNRQ."""
    asked = inside(transaction, "XFERINQRQ", faults)
    return _question(asked.child_text("CLIENTREF"), BatchKind.PAYROLL)


def _question(original: str, kind: BatchKind) -> BatchStatusRequest:
    return BatchStatusRequest(original=original, kind=kind)


def _totals(head: Node, faults: Faults) -> tuple[int | None, Money | None]:
    told = head.child_text("TOTALCOUNT")
    count = line_number(told)
    if told and count is None:
        faults.add(f"{head.path}/TOTALCOUNT")
    amount = faults.money(head, "TOTALAMOUNT") if head.child_text("TOTALAMOUNT") else None
    return count, amount


def _lines(
    found: Iterator[Node],
    read: Callable[[Node, int, Faults], BatchLine],
    most: int,
    faults: Faults,
) -> tuple[BatchLine, ...]:
    lines = []
    seen: set[int] = set()
    for position, node in enumerate(found, 1):
        line = _plain_line(node) if read is _payment_line else None
        number = line.line if line is not None else line_number(node.child_text("INDX"))
        if number is None or number in seen or position > most:
            faults.add(f"{node.path}/INDX")
        if line is None:
            line = read(node, position if number is None else number, faults)
        seen.add(line.line)
        lines.append(line)
    return tuple(lines)


_PAYMENT: Final = Leaves(
    *("INDX", "TRNAMT", "USE", "REMARK"),
    inside=(
        (
            "ACCTTO",
            Leaves(
                *("ACCTID", "NAME", "BANKDESC", "BANKNUM", "CITY"),
                attributes=("INTERBANK", "LOCAL"),
            ),
        ),
    ),
)


def _plain_line(node: Node) -> BatchLine | None:
    """A line of a payment batch in one go, where nothing is wrong with it: nearly always."""
    texts = _PAYMENT.of(node)
    if texts is None:
        return None
    index, amount, purpose, memo, own_bank, local, account, *payee = texts
    number, told, creditor = line_number(index), amount_of(amount), party_of(account, *payee)
    if number is None or told is None or creditor is None:
        return None
    return BatchLine(
        line=number,
        creditor=creditor,
        amount=told,
        purpose=purpose,
        memo=memo,
        own_bank=own_bank == "Y",
        local=local == "Y",
    )


def _payment_line(node: Node, number: int, faults: Faults) -> BatchLine:
    payee = inside(node, "ACCTTO", faults)
    return BatchLine(
        line=number,
        creditor=party(payee, faults),
        amount=faults.money(node, "TRNAMT"),
        purpose=node.child_text("USE"),
        memo=node.child_text("REMARK"),
        own_bank=payee.attr("INTERBANK") == "Y",
        local=payee.attr("LOCAL") == "Y",
    )


def _payroll_line(node: Node, number: int, faults: Faults) -> BatchLine:
    return BatchLine(
        line=number,
        creditor=Party(
            name=node.child_text("ACCTNAME"), account=Account(number=node.child_text("ACCTID"))
        ),
        amount=faults.money(node, "TRNAMT"),
        purpose="",
    )
