"""One transaction of an OFX file as an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.bank_file import EntryRead, Finding, Gravity, TransactionRead
from gateway.domain.exact import Exact
from gateway.domain.statement import EntryStatus
from gateway.formats.read import ofx_values as values
from gateway.formats.read.texts import Findings

PENDING: Final = "STMTTRNP"
_OUT: Final = frozenset({"DEBIT", "CHECK", "PAYMENT", "FEE", "SRVCHG", "ATM", "DIRECTDEBIT"})


def entry_of(
    name: str, said: Mapping[str, str], currency: str, line: int, findings: Findings
) -> EntryRead:
    """The entry that a transaction's values make; what they lack is found.

    ``FITID`` is the bank's key and, for want of another, its reference; banks do reuse them.
    """

    def found(code: str, zh: str, en: str, tag: str, gravity: Gravity = Gravity.WARNING) -> None:
        path = f"/{name}/{tag}"
        findings.add(Finding(code=code, zh=zh, en=en, path=path, line=line, gravity=gravity))

    get = said.get
    pending = name == PENDING
    status = EntryStatus.PENDING if pending else EntryStatus.BOOKED
    amount = values.amount(get("TRNAMT", ""))
    if amount is None:
        status, amount = EntryStatus.INFO, Exact(0)
        zh = "金额缺失或无法识别，该明细按零金额列出，须人工核对"
        en = "the amount is missing or not understood: listed with zero, a person must look"
        found("amount", zh, en, "TRNAMT", Gravity.CONTRADICTION)
    if amount.units > 0 and get("TRNTYPE", "").upper() in _OUT:
        zh, en = (
            "支出类交易的金额为正，以正负号为准",
            "money out with a positive amount: its sign counts",
        )
        found("sign", zh, en, "TRNTYPE", Gravity.NOTE)
    at = "DTTRAN" if pending else "DTPOSTED"
    booked = values.day(get(at, ""))
    if booked is None:
        written = bool(get(at))
        zh, en = ("记账日期无法识别", "this is no date") if written else ("没有记账日期", "no date")
        found("date", zh, en, at)
    if get("CORRECTFITID"):
        zh, en = "该明细更正或删除以前的明细", "the transaction corrects or deletes an earlier one"
        found("correction", zh, en, "CORRECTFITID")
    key = get("FITID", "")
    if not key and not pending:
        found("key", "没有交易编号 FITID", "there is no FITID", "FITID", Gravity.NOTE)
    # CURRENCY says what the amount is in, ORIGCURRENCY only what it was before.
    own = get("CURRENCY/CURSYM", currency).upper()
    original = get("ORIGCURRENCY/CURSYM", "").upper()
    parts: tuple[TransactionRead, ...] = ()
    if original and original != own:
        parts = (TransactionRead(amount=amount, currency=own, original_currency=original),)
    return EntryRead(
        amount=amount,
        currency=own,
        booking_date=booked,
        value_date=values.day(get("DTAVAIL", "")),
        booked_at=values.instant(get(at, "")),
        status=status,
        reference=key,
        entry_reference=get("CHECKNUM") or get("REFNUM", ""),
        bank_key=key,
        counterparty_name=get("NAME") or get("EXTDNAME") or get("PAYEE/NAME", ""),
        counterparty_account=get("BANKACCTTO/ACCTID") or get("CCACCTTO/ACCTID", ""),
        counterparty_bank=get("BANKACCTTO/BANKID", ""),
        remittance=get("MEMO") or get("MEMO2", ""),
        code=get("TRNTYPE", ""),
        own_code=get("SIC", ""),
        line=line,
        transactions=parts,
    )
