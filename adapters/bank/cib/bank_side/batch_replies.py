"""Answers to batches and payrolls: the stored whole with its lines, or the lines at fault.

Source: CIB interface document V4.0.4, §RBATCHTRSFR, §RPAYOFF and §RPAYOFFINQ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.bank_side import wording
from adapters.bank.cib.bank_side.parts import local_time, own_result, payer, voucher
from adapters.bank.cib.batch import PAY
from adapters.bank.cib.own_bank import NAME
from adapters.bank.cib.transfer import optional
from gateway.ports.bank import BankAnswer, BankRequest, BankState, Reason
from gateway.ports.bank_batch import (
    BatchLine,
    BatchOrder,
    BatchRequest,
    StoredBatch,
    StoredLine,
)
from gateway.wire.write import Element, Form, element, leaf

Word = tuple[str, str]
"""STATUS and ERRMSG of a line."""
_Wording = Callable[[StoredLine], Word]


def batch(request: BankRequest, answer: BankAnswer) -> Element | None:
    """RSBODY of an RBATCHTRSFRTRNRS, or None when there is nothing to tell."""
    order = _order(request, answer)
    if order is None:
        return None
    stored = answer.batch
    words = _line_words(stored, _payment_word) if stored is not None else _fault_words(answer)
    return element(
        "RSBODY",
        payer(order.debtor),
        leaf("BIZTYPE", PAY),
        *_totals(order),
        leaf("CHEQUENUM", voucher(stored.bank_reference)) if stored is not None else None,
        leaf("CURSYM", codes.RMB),
        leaf("PURPOSE", order.purpose),
        optional("DTDUE", _due(order, stored)),
        *(_payment_line(line, words.get(line.line, ("", ""))) for line in order.lines),
        _whole_result(stored, answer),
    )


def payroll(request: BankRequest, answer: BankAnswer) -> Element | None:
    """RPAYOFFRS of an RPAYOFFTRNRS or RPAYOFFINQTRNRS, or None when there is nothing to tell."""
    order = _order(request, answer)
    if order is None:
        return None
    stored = answer.batch
    words = _line_words(stored, _payroll_word) if stored is not None else _fault_words(answer)
    return element(
        "RPAYOFFRS",
        leaf("SRVRID", stored.bank_reference) if stored is not None else None,
        element(
            "RPAYOFFINFO",
            payer(order.debtor),
            leaf("TITLE", order.purpose),
            leaf("DESCRIPTION", codes.PAYROLL_PURPOSES.get(order.payroll_purpose, "")),
            *_totals(order),
            leaf("CHEQUENUM", voucher(stored.bank_reference)[-7:]) if stored is not None else None,
            optional("DTDUE", _due(order, stored)),
            element(
                "RPAYOFFLIST",
                *(_payroll_line(line, words.get(line.line, ("", ""))) for line in order.lines),
            ),
        ),
        _whole_result(stored, answer),
    )


def _order(request: BankRequest, answer: BankAnswer) -> BatchOrder | None:
    """What is echoed: the stored batch, or the refused one where lines are named."""
    if answer.batch is not None:
        return answer.batch.order
    if answer.faulty and isinstance(request.body, BatchRequest):
        return request.body.order
    return None


def _totals(order: BatchOrder) -> tuple[Element, Element]:
    return leaf("TOTALCOUNT", str(len(order.lines))), leaf("TOTALAMOUNT", order.total().text())


def _due(order: BatchOrder, stored: StoredBatch | None) -> str:
    if order.due is not None:
        return order.due.isoformat()
    return local_time(stored.processed_at).date().isoformat() if stored is not None else ""


def _whole_result(stored: StoredBatch | None, answer: BankAnswer) -> Element | None:
    if stored is None:
        return None
    text = wording.STATE_TEXTS[stored.state]
    if stored.state is BankState.FAILED and stored.reason is not Reason.OK:
        text = wording.MESSAGE[stored.reason].text
    return own_result(stored.state, answer.detail or text, stored.processed_at)


# ── lines ─────────────────────────────────────────────────────────────────────────────────


def _line_words(stored: StoredBatch, word: _Wording) -> Mapping[int, Word]:
    return {line.line: word(line) for line in stored.lines}


def _fault_words(answer: BankAnswer) -> Mapping[int, Word]:
    text = answer.detail or wording.MESSAGE[answer.message].text
    return dict.fromkeys(answer.faulty, ("", text or wording.LINES_FAULTY.text))


def _payment_word(line: StoredLine) -> Word:
    return wording.STATES[line.state], _text(line)


def _payroll_word(line: StoredLine) -> Word:
    if line.state is BankState.FAILED:
        return wording.PAYROLL_REASONS.get(line.reason, wording.PAYROLL_OTHER), _text(line)
    return wording.PAYROLL_STATES.get(line.state, wording.PAYROLL_WAITING), _text(line)


def _text(line: StoredLine) -> str:
    if line.reason is not Reason.OK:
        return wording.MESSAGE[line.reason].text
    return wording.STATE_TEXTS[line.state]


_PAYMENT_LINE: Final = Form(
    "XFERINFO",
    "INDX",
    Form(
        "ACCTTO",
        *("ACCTID", "NAME", "BANKDESC", "BANKNUM?", "CITY?"),
        attributes=("INTERBANK", "LOCAL"),
    ),
    *("TRNAMT", "USE?", "REMARK?", "STATUS", "ERRMSG"),
)
"""``parts.payee`` and what a line adds to it, as one form."""
_PAYROLL_LINE: Final = Form("RPAYOFF", "INDX", "ACCTNAME", "ACCTID", "TRNAMT", "STATUS", "ERRMSG")


def _payment_line(line: BatchLine, word: Word) -> Element:
    own_bank, creditor = line.own_bank, line.creditor
    account = creditor.account
    agent = account.agent
    return _PAYMENT_LINE.fill(
        str(line.line),
        "Y" if own_bank else "N",
        "Y" if line.local else "N",
        account.number,
        creditor.name,
        agent.name or (NAME if own_bank else ""),
        agent.cnaps,
        agent.city,
        line.amount.text(),
        line.purpose,
        line.memo,
        *word,
    )


def _payroll_line(line: BatchLine, word: Word) -> Element:
    return _PAYROLL_LINE.fill(
        str(line.line),
        line.creditor.name,
        line.creditor.account.number,
        line.amount.text(),
        *word,
    )
