"""Answers to questions about the past: day-end balances, a day's overview, instruction receipts.

Source: CIB interface document V4.0.4, §HISBALQUERY, §TRADEOVERVIEW and §RECEIPT.
"""

from __future__ import annotations

from adapters.bank.cib import codes
from adapters.bank.cib.amounts import amount_text
from adapters.bank.cib.bank_side import wording
from adapters.bank.cib.bank_side.parts import (
    local_time,
    own_result,
    payee,
    payer,
    time_text,
    voucher,
)
from adapters.bank.cib.transfer import optional
from gateway.domain.money import Money
from gateway.ports.bank import BankAnswer, BankRequest, StoredPayment
from gateway.ports.bank_batch import (
    BatchLine,
    DayBalance,
    HistoryRequest,
    OverviewLine,
    StoredBatch,
    StoredLine,
)
from gateway.wire.write import Element, element, leaf

_TRANSFER = "1"


def history(request: BankRequest, answer: BankAnswer) -> Element | None:
    """HISBALQUERYRS; a refusal sends it empty."""
    asked = request.body
    if not isinstance(asked, HistoryRequest):
        return None
    if wording.MESSAGE[answer.message].code != codes.OK:
        return element("HISBALQUERYRS")
    return element(
        "HISBALQUERYRS",
        element(
            "HISBALQUERYINFO",
            leaf("ACCTID", asked.account),
            leaf("DTSTART", asked.start.isoformat()),
            leaf("DTEND", asked.end.isoformat()),
            element("DETAILS", *(_day(day) for day in answer.days)),
        ),
    )


def _day(day: DayBalance) -> Element:
    return element(
        "DETAIL",
        leaf("HISBALANCE", amount_text(day.closing)),
        leaf("DEBITFLOWS", str(day.debits)),
        leaf("CREDITFLOWS", str(day.credits)),
        leaf("DEBITAMOUNT", amount_text(day.debit_sum)),
        leaf("CREDITAMOUNT", amount_text(day.credit_sum)),
        leaf("DTFLOW", day.day.isoformat()),
    )


def overview(_request: BankRequest, answer: BankAnswer) -> Element | None:
    """RSBODY of the overview, or None when there is none (yet)."""
    page = answer.overview
    if page is None:
        return None
    return element(
        "RSBODY",
        leaf("ACCTNUMBER", str(len({line.account for line in page.lines}))),
        leaf("TRADEACCTNUMBER", str(len({line.account for line in page.lines}))),
        leaf("INCOMENUMBER", str(page.incomes)),
        leaf("EXPENDNUMBER", str(page.expenses)),
        leaf("INCOMEAMT", amount_text(page.income_sum)),
        leaf("EXPENDAMT", amount_text(page.expense_sum)),
        *(_overview_line(line) for line in page.lines),
        MORE="Y" if page.more else "N",
    )


def _overview_line(line: OverviewLine) -> Element:
    debit = line.amount.minor < 0
    unit = line.amount.currency
    zero = Money(0, unit)
    return element(
        "CONTENT",
        leaf("ACCTID", line.account),
        leaf("CURRENCY", codes.currency_number(unit)),
        leaf("CASH_TXN_IND", _TRANSFER),
        leaf("DEBIT_AMT", amount_text(-line.amount if debit else zero)),
        leaf("CREDIT_AMT", amount_text(zero if debit else line.amount)),
        optional(
            "BALAMT", amount_text(line.balance_after) if line.balance_after is not None else ""
        ),
        leaf("OPPT_ACCT_NUM", line.counterparty_account),
        leaf("OPPT_ACCT_NAME", line.counterparty_name),
        optional("TXN_DATE", time_text(line.booked_at) if line.booked_at is not None else ""),
        optional("PURPOSE", line.purpose),
    )


# ── receipts ──────────────────────────────────────────────────────────────────────────────


def receipt(request: BankRequest, answer: BankAnswer) -> Element | None:
    """RSBODY of an instruction receipt, or None when the bank knows no such instruction."""
    if answer.batch is not None:
        return _batch_receipt(request, answer.batch)
    return _single_receipt(request, answer.payment) if answer.payment is not None else None


def _batch_receipt(request: BankRequest, stored: StoredBatch) -> Element:
    states = {line.line: line for line in stored.lines}
    order = stored.order
    return element(
        "RSBODY",
        leaf("RECEIPTNO", _number(stored.bank_reference)),
        leaf("SRVRID", stored.bank_reference),
        payer(order.debtor),
        leaf("TOTALCOUNT", str(len(order.lines))),
        leaf("TOTALAMOUNT", order.total().text()),
        leaf("CHEQUENUM", voucher(stored.bank_reference)),
        leaf("CURSYM", codes.RMB),
        leaf("PURPOSE", order.purpose),
        leaf("DTDUE", (order.due or local_time(stored.processed_at).date()).isoformat()),
        *(_receipt_line(line, states[line.line]) for line in order.lines if line.line in states),
        leaf("SUBMITOR", request.signon.operator),
        own_result(stored.state, wording.STATE_TEXTS[stored.state], stored.processed_at),
    )


def _receipt_line(line: BatchLine, stored: StoredLine) -> Element:
    return element(
        "XFERINFO",
        leaf("INDX", str(line.line)),
        payee(line),
        leaf("TRNAMT", line.amount.text()),
        leaf("STATUS", wording.STATES[stored.state]),
        leaf("MSG", wording.STATE_TEXTS[stored.state]),
    )


def _single_receipt(request: BankRequest, stored: StoredPayment) -> Element:
    order = stored.order
    return element(
        "RSBODY",
        leaf("RECEIPTNO", _number(stored.bank_reference)),
        leaf("SRVRID", stored.bank_reference),
        payer(order.debtor),
        leaf("TOTALCOUNT", "1"),
        leaf("TOTALAMOUNT", order.amount.text()),
        leaf("CHEQUENUM", voucher(stored.bank_reference)),
        leaf("CURSYM", codes.RMB),
        leaf("PURPOSE", order.purpose),
        leaf("DTDUE", (order.due or local_time(stored.processed_at).date()).isoformat()),
        element(
            "XFERINFO",
            leaf("INDX", "1"),
            payee(order),
            leaf("TRNAMT", order.amount.text()),
            leaf("STATUS", wording.STATES[stored.state]),
            leaf("MSG", wording.STATE_TEXTS[stored.state]),
        ),
        leaf("SUBMITOR", request.signon.operator),
        own_result(stored.state, wording.STATE_TEXTS[stored.state], stored.processed_at),
    )


def _number(bank_reference: str) -> str:
    return f"R{bank_reference}"
