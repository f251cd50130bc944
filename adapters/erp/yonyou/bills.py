"""What is told to NC and U8 as records of their own 银企直联 data model: names and texts."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.json_tree import is_plain
from adapters.erp.yonyou.telling import (
    DEBIT,
    KNOWN_BEFORE,
    NEVER_ACCEPTED,
    clock_of,
    direction,
    entry_day,
    instant_of,
    key_of,
    magnitude,
    reason_of,
    seen_on,
    told_key,
)
from gateway.domain.errors import Corrupt
from gateway.domain.instruction import State
from gateway.ports.erp_told import (
    KIND_OF,
    BalanceTold,
    CreditTold,
    EntryTold,
    ReceiptTold,
    StatementTold,
    StatusTold,
    Told,
    ToldKind,
)

_REASON_MAX: Final = 450


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """One record: its key at the ERP, and its fields in order."""

    id: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What differs between sites: the numbers of payment states and of debit and credit."""

    pay_states: Mapping[str, str]
    debit: str
    credit: str


KINDS: Final = (
    *(ToldKind.STATUS, ToldKind.STATEMENT, ToldKind.BALANCE, ToldKind.CREDIT, ToldKind.RECEIPT),
)
"""What these systems have records for. None is known for 勾对 and how accounts stand."""


def kind_of(told: Told) -> ToldKind:
    """Which kind of record it becomes: 到账 is a statement line ahead of its statement."""
    kind = KIND_OF[type(told)]
    return ToldKind.STATEMENT if kind is ToldKind.CREDIT else kind


def bills_of(told: Told, words: Words, start: int = 0, stop: int | None = None) -> tuple[Bill, ...]:
    """The records that tell it, from ``start`` to before ``stop``; none if nothing is to be told.

    Entries that are not booked yet are not told: they come back once they are.
    """
    if isinstance(told, StatementTold):
        booked = (it for it in told.entries if it.status == "booked")
        return tuple(_line(told, it, told.end, words) for it in islice(booked, start, stop))
    if start:
        return ()
    match told:
        case StatusTold():
            return _status(told, words)
        case CreditTold():
            return (_line(told, told.entry, seen_on(told), words),)
        case BalanceTold():
            return (_balance(told),)
        case ReceiptTold():
            return (_receipt(told, words),)
        case _:
            return ()


def pay_state(told: StatusTold) -> str:
    """What kind of ``paystate`` a status is, '' where nothing may be said of the payment.

    A document that was refused because its number is known already says nothing of the payment
    that was accepted under that number.
    """
    if told.state == NEVER_ACCEPTED:
        return "" if told.code in KNOWN_BEFORE else codes.NOT_PAID
    try:
        return codes.PAY_STATE_NAMES[State(told.state)]
    except ValueError:
        raise Corrupt("no paystate for this state") from None


def _status(told: StatusTold, words: Words) -> tuple[Bill, ...]:
    name = pay_state(told)
    if not name:
        return ()
    failed = name == codes.NOT_PAID
    return (
        _bill(
            told_key(told),
            yurref=told.erp_reference,
            destyurref=told.merged_reference or "",
            srcpkid=told.source.get("bill", ""),
            pk_org=told.source.get("organisation", ""),
            paystate=words.pay_states[name],
            payresultcode=told.code,
            payerrmsg=reason_of(told)[:_REASON_MAX] if failed else "",
            paymsg="" if failed else reason_of(told)[:_REASON_MAX],
            paytime=instant_of(told.at),
            isrefund="Y" if told.state == State.RETURNED else "N",
            gwstate=told.state,
            gwreason=told.reason,
            bankseqno=told.bank_reference,
            dbtacc=told.debtor_account,
            crtacc=told.creditor_account,
            crtaccname=told.creditor_name,
            trsamt=told.amount if is_plain(told.amount) else "",
            c_ccynbr=told.currency,
            nusage=told.purpose,
            reconciliationcode=told.reconciliation_code,
        ),
    )


def _line(of: StatementTold | CreditTold, entry: EntryTold, otherwise: date, words: Words) -> Bill:
    day = entry_day(entry, otherwise)
    debit = direction(entry.amount) == DEBIT
    return _bill(
        key_of("line", of.account, entry.key),
        curacc=of.account,
        trans_date=day,
        trans_time=clock_of(entry.booked_at) if entry.booked_at is not None else "",
        oppacc=entry.counterparty_account,
        oppname=entry.counterparty_name,
        oppbank=entry.counterparty_bank,
        cdflag=words.debit if debit else words.credit,
        cdtdbtind="DBIT" if debit else "CRDT",
        trsamt=magnitude(entry.amount),
        balance=entry.balance_after,
        currcode=entry.currency,
        trans_abstr="退汇" if entry.returned else "",
        nusage=entry.remittance,
        yurref=entry.erp_reference,
        srcyurref=",".join(it.reference for it in entry.merged or ()),
        check_num=entry.receipt_number,
        accthostseqid=entry.reference,
        uid2=key_of("line", of.account, entry.key),
        reconciliationcode=entry.reconciliation_code,
        bookgdt=entry.booking_date.isoformat() if entry.booking_date else "",
        valdt=entry.value_date.isoformat() if entry.value_date else "",
    )


def _balance(told: BalanceTold) -> Bill:
    return _bill(
        key_of("balance", told.account, told.asked_at.isoformat()),
        bankacc=told.account,
        bankaccname=told.account_name,
        curdate=told.day.isoformat(),
        querytime=instant_of(told.asked_at),
        yesterdaybalance=told.previous_day,
        balance=told.ledger,
        usablebalance=told.available,
        frozenbalance=told.frozen,
        currcode=told.currency,
    )


def _receipt(told: ReceiptTold, words: Words) -> Bill:
    debit = direction(told.amount) == DEBIT
    return _bill(
        key_of("receipt", told.account, told.receipt_number),
        receiptno=told.receipt_number,
        bankacc=told.account,
        trans_date=told.day.isoformat(),
        cdflag="" if not told.amount else words.debit if debit else words.credit,
        trsamt=magnitude(told.amount),
        currcode=told.currency,
        oppacc=told.counterparty_account,
        oppname=told.counterparty_name,
        accthostseqid=told.bank_reference,
        yurref=told.erp_reference,
        filename=told.file_name,
        filedigest=told.file_sha256,
        filecontent=_base64(told.content),
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _bill(key: str, /, **fields: str) -> Bill:
    return Bill(id=key, fields=tuple((name, text) for name, text in fields.items() if text))
