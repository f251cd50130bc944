"""The bank's answers as FOX replies.

Rule kept here: an answer echoes what the bank has stored, enriched and corrected, not what the
request asked for: that is how a replay of an old serial with other content is found out.

Source: CIB interface document V4.0.4, answer tables and samples.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.amounts import amount_text
from adapters.bank.cib.bank_side import confirmations, wording
from adapters.bank.cib.bank_side.batch_replies import batch, payroll
from adapters.bank.cib.bank_side.parts import (
    local_time,
    own_result,
    payee,
    payer,
    status,
    time_text,
    voucher,
)
from adapters.bank.cib.bank_side.receipt_files import receipt_files, receipt_order
from adapters.bank.cib.bank_side.records import history, overview, receipt
from adapters.bank.cib.bank_side.statements import statement
from adapters.bank.cib.bank_side.wording import Wording
from adapters.bank.cib.envelope import CONTENT_TYPE, ENCODING, HTTP_OK
from adapters.bank.cib.transfer import SUPER, optional, super_channel
from gateway.domain.message import WireReply
from gateway.ports.bank import (
    BankAnswer,
    BankRequest,
    BankState,
    CoreResult,
    PayOrder,
    Reason,
    StoredPayment,
)
from gateway.wire.write import Element, document, element, leaf

_TAGS: Final = MappingProxyType(
    {operation: f"{stem}TRNRS" for stem, operation in codes.OPERATIONS.items()}
)


def encode(request: BankRequest, answer: BankAnswer) -> WireReply:
    """Write the reply. Raises WireError("encoding") for stored text that GBK cannot carry."""
    fox = element("FOX", _sign_on(answer), _section(request, answer))
    return WireReply(
        status=HTTP_OK,
        content_type=CONTENT_TYPE,
        body=document(fox, encoding=ENCODING, standalone="yes"),
    )


def _sign_on(answer: BankAnswer) -> Element:
    words = wording.SIGN_ON.get(answer.signon, wording.SIGN_ON[Reason.SYSTEM_FAILURE])
    return element(
        "SIGNONMSGSRSV1",
        element("SONRS", status(words), leaf("DTSERVER", time_text(answer.at))),
    )


def _section(request: BankRequest, answer: BankAnswer) -> Element | None:
    if answer.signon is not Reason.OK or request.operation == codes.SIGN_ON:
        return None
    words = wording.UNKNOWN_CODE if answer.unknown_code else _words(answer)
    if answer.detail and words.code != codes.OK:
        words = Wording(words.code, f"{words.text}：{answer.detail}", words.severity)
    body = None if answer.unknown_code else _BODIES[request.operation](request, answer)
    return element(
        "SECURITIES_MSGSRSV1",
        element(_TAGS[request.operation], leaf("TRNUID", request.serial), status(words), body),
    )


def _words(answer: BankAnswer) -> Wording:
    # A refusal that names lines says why at the lines, and of the whole only that it has faults.
    return wording.LINES_FAULTY if answer.faulty else wording.MESSAGE[answer.message]


# ── bodies ────────────────────────────────────────────────────────────────────────────────


def _payment(request: BankRequest, answer: BankAnswer) -> Element | None:
    stored = answer.payment
    if stored is None:
        return None
    return element(
        "XFERRS",
        leaf("SRVRID", stored.bank_reference),
        _info(stored.order, stored.bank_reference, stored.processed_at),
        own_result(stored.state, _state_text(stored, answer), stored.processed_at),
        leaf("CLIENTREF", request.serial),
    )


def _payment_status(_request: BankRequest, answer: BankAnswer) -> Element | None:
    stored = answer.payment
    if stored is None:
        return None
    return element(
        "XFERINQRS",
        element(
            "XFERLIST",
            leaf("FROM", stored.bank_reference),
            leaf("TO", stored.bank_reference),
            element(
                "XFER",
                # Named otherwise than in the transfer's own answer: so the bank has it.
                leaf("SRVRTID", stored.bank_reference),
                _info(stored.order, stored.bank_reference, stored.processed_at),
                own_result(stored.state, _state_text(stored, answer), stored.processed_at),
            ),
            MORE="N",
        ),
    )


def _core_result(_request: BankRequest, answer: BankAnswer) -> Element | None:
    stored = answer.payment
    if stored is None:
        return None
    clears = stored.core is CoreResult.VALID and not stored.order.own_bank
    return element(
        "TXNSTATERS",
        _info(stored.order, stored.bank_reference, stored.processed_at, inside=True),
        leaf("CORERESULT", wording.CORE_RESULTS[stored.core]),
        leaf("CORESTATUS", wording.CLEARING.get(stored.core_status, ""))
        if clears and stored.core_status
        else None,
    )


def _balance(_request: BankRequest, answer: BankAnswer) -> Element | None:
    balance = answer.balance
    if balance is None:
        return None
    available = balance.available if balance.available is not None else balance.ledger
    return element(
        "RSBODY",
        leaf("ACCTID", balance.account),
        leaf("NAME", balance.account_name),
        leaf("STATUS", "1"),
        leaf("ACCTTYPE", "0"),
        leaf("BALAMT", amount_text(balance.ledger)),
        leaf("AVAILBAL", amount_text(available)),
        leaf("CURRENCY", codes.currency_number(balance.ledger.currency)),
    )


_BODIES: Final[MappingProxyType[str, Callable[[BankRequest, BankAnswer], Element | None]]] = (
    MappingProxyType(
        {
            codes.PAYMENT: _payment,
            codes.PAYMENT_STATUS: _payment_status,
            codes.CORE_RESULT: _core_result,
            codes.BALANCE: _balance,
            codes.STATEMENT: statement,
            codes.BATCH: batch,
            codes.PAYROLL: payroll,
            codes.PAYROLL_STATUS: payroll,
            codes.HISTORY: history,
            codes.OVERVIEW: overview,
            codes.RECEIPT: receipt,
            codes.RECEIPT_ORDER: receipt_order,
            codes.RECEIPT_FILES: receipt_files,
            codes.CONFIRM: confirmations.ordered,
            codes.CONFIRM_RESULT: confirmations.told,
        }
    )
)


# ── a stored transfer ─────────────────────────────────────────────────────────────────────


def _info(order: PayOrder, bank_reference: str, at: datetime, *, inside: bool = False) -> Element:
    """XFERINFO as the bank echoes it. ``inside`` puts the bank's number first, as INQSTATE does."""
    memo = optional("MEMO", order.memo)
    due = leaf("DTDUE", (order.due or local_time(at).date()).isoformat())
    return element(
        "XFERINFO",
        leaf("SRVRID", bank_reference) if inside else None,
        payer(order.debtor),
        payee(order),
        leaf("CHEQUENUM", voucher(bank_reference)),
        leaf("CURSYM", codes.RMB),
        leaf("TRNAMT", order.amount.text()),
        leaf("PMTMODE", SUPER) if super_channel(order) else None,
        leaf("PURPOSE", order.purpose),
        *((memo, due) if inside else (due, memo)),
    )


def _state_text(stored: StoredPayment, answer: BankAnswer) -> str:
    if answer.detail:
        return answer.detail
    if stored.state is BankState.FAILED and stored.reason is not Reason.OK:
        return wording.MESSAGE[stored.reason].text
    return wording.STATE_TEXTS[stored.state]
