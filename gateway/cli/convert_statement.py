"""``gateway convert`` of a statement file: what was read becomes records, which the writers take.

Rule kept here: what the target has no place for is counted and told; an entry that is not booked
is never written into a format that cannot say so. A statement is held whole: the writers need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Final

from gateway.cli.read_statements import amount_text
from gateway.domain.bank_file import (
    BalanceRead,
    BalanceUse,
    EntryRead,
    Gravity,
    StatementEnd,
    StatementStart,
)
from gateway.domain.errors import Fault, Refused
from gateway.domain.exact import Exact
from gateway.domain.statement import EntryStatus
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import BalanceTold, CreditTold, EntryTold, StatementTold, Told
from gateway.ports.statement_formats import Part, Reading, StatementFormat

MT940, BAI2, CSV, XLSX = "MT940", "BAI2", "csv", "xlsx"
STATEMENTS: Final = ("camt.053.001.02", "camt.053.001.08")
BALANCES: Final = ("camt.052.001.02", "camt.052.001.08")
NOTICES: Final = ("camt.054.001.02", "camt.054.001.08")
TARGETS: Final = (*STATEMENTS, *BALANCES, *NOTICES, MT940, BAI2, XLSX)
"""What only a statement becomes; ``csv`` is a target of payments as well."""
_CHUNK: Final = 1 << 16
_ID_MAX: Final = 35
_DECIMALS_MAX: Final = 5
_DIGITS_MAX: Final = 18
_NO_REFERENCE: Final = frozenset({"NONREF", "NOTPROVIDED", "NOTAVAILABLE"})
_NOT_CARRIED: Final = {
    MT940: ("balance_after", "counterparty_bank"),
    BAI2: ("value_date", "balance_after", "counterparty_bank", "booked_at"),
    CSV: (),
    XLSX: (),
}
_CAMT_LACKS: Final = ("balance_after",)
Remark = Callable[[str, str], None]
Lose = Callable[[str], None]


# ruff: noqa: PLC0415 - each reader and each writer costs a start


def statement_format(head: bytes, *, mapped: bool = False) -> StatementFormat | None:
    """The format of a statement file, None for any other; with a mapping at least a table."""
    from gateway.formats.read import formats

    return next((it for it in formats() if it.sniff(head) or (mapped and it.name == "CSV")), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for. ``reference`` is the file's own id, at most 35 characters of it."""

    form: StatementFormat
    to: str
    reference: str
    now: datetime
    reading: Reading = field(default_factory=Reading)


def converted(order: Order, source: IO[bytes], remark: Remark, lose: Lose) -> Iterator[bytes]:
    """The target's bytes. Raises WireError or Refused."""
    if order.to not in {*TARGETS, CSV}:
        raise _refused(
            f"对账单不能转换为 {order.to}；查看内容请用 gateway read",
            f"a statement cannot become {order.to}; gateway read shows what it holds",
        )
    chunks = iter(lambda: source.read(_CHUNK), b"")
    told = list(_told(order, order.form.read(chunks, order.reading), remark, lose))
    records: list[Told] = list(told)
    if order.to in BALANCES:
        records = [_balance(it, order.now, lose) for it in told]
    elif order.to in NOTICES:
        records = [credit for it in told for credit in _credits(it, order.now, lose)]
    if not records:
        raise _refused("文件中没有可写的内容", "the file holds nothing that can be written")
    facts = FileFacts(id=order.reference[:_ID_MAX], created=order.now)
    return _writer(order.to)(tuple(records), facts)


def _writer(target: str) -> Callable[[tuple[Told, ...], FileFacts], Iterator[bytes]]:
    if target in STATEMENTS:
        from gateway.formats import camt053

        return camt053.writer(target)
    if target in BALANCES:
        from gateway.formats import camt052

        return camt052.writer(target)
    if target in NOTICES:
        from gateway.formats import camt054

        return camt054.writer(target)
    if target == MT940:
        from gateway.formats import mt940

        return mt940.writer()
    if target == BAI2:
        from gateway.formats import bai2

        return bai2.writer()
    from gateway.dialects import erp_dialect
    from gateway.ports.erp_told import ToldKind

    sheets = erp_dialect("file" if target == CSV else "file/xlsx")
    return sheets.files[ToldKind.STATEMENT].write


# ── statements ────────────────────────────────────────────────────────────────────────────────


def _told(
    order: Order, parts: Iterator[Part], remark: Remark, lose: Lose
) -> Iterator[StatementTold]:
    start: StatementStart | None = None
    entries: list[EntryRead] = []
    for part in parts:
        if isinstance(part, EntryRead):
            entries.append(part)
        elif isinstance(part, StatementStart):
            start, entries = part, []
        elif start is not None:
            for finding in part.findings:
                if finding.gravity is not Gravity.NOTE:
                    where = f"第{finding.line}行 line {finding.line} " if finding.line else ""
                    remark(f"{where}{finding.zh}", finding.en)
            yield _statement(order, start, entries, part, lose)


def _statement(
    order: Order, start: StatementStart, entries: Sequence[EntryRead], end: StatementEnd, lose: Lose
) -> StatementTold:
    unit = start.currency or end.currency
    days = [it for it in (entry.booking_date or entry.value_date for entry in entries) if it]
    first = start.start or end.start or min(days, default=None) or _day(end.opening)
    last = start.end or end.end or max(days, default=None) or _day(end.closing)
    available = next((it for it in end.balances if it.use is BalanceUse.AVAILABLE), None)
    if not unit and order.to not in {CSV, XLSX}:
        raise _refused(
            "对账单没有币种，请用 --mapping 指定",
            "the statement names no currency: say it with --mapping",
        )
    foreign = next((it for it in entries if it.currency and it.currency != unit), None)
    if foreign is not None and order.to in {MT940, BAI2}:
        raise _refused(
            f"第{foreign.line}行的币种与对账单不同，该格式无处写明，未转换",
            f"line {foreign.line} has another currency than the statement, which this format "
            "cannot say: nothing was converted",
        )
    if order.to in {CSV, XLSX} and (end.opening or end.closing):
        lose("opening, closing")
    if order.to == BAI2 and any(it != last for it in days):
        lose("booking_date")
    own = order.form.name != "camt"
    return StatementTold(
        statement_id=start.statement_id,
        account=start.account or end.account,
        account_name=start.account_name,
        currency=unit,
        start=first or last or order.now.date(),
        end=last or first or order.now.date(),
        created=start.created if start.created and start.created.tzinfo else order.now,
        entries=tuple(
            _entry(it, order.to, lose, own_reference=own)
            for it in entries
            if _carried(it, order.to, lose)
        ),
        opening=_text(end.opening, unit, lose),
        closing=_text(end.closing, unit, lose),
        available=_text(available, unit, lose),
        sequence=int(start.sequence)
        if start.sequence.isascii() and start.sequence.isdigit()
        else 0,
    )


def _carried(entry: EntryRead, target: str, lose: Lose) -> bool:
    """Whether the target can say that an entry is not booked."""
    if entry.status is EntryStatus.BOOKED or target not in {MT940, BAI2}:
        return True
    lose(f"status={entry.status.value}")
    return False


def _entry(entry: EntryRead, target: str, lose: Lose, *, own_reference: bool) -> EntryTold:
    only = entry.transactions[0] if len(entry.transactions) == 1 else None
    if len(entry.transactions) > 1:
        lose("transactions")
    for name in _NOT_CARRIED.get(target, _CAMT_LACKS):
        if getattr(entry, name):
            lose(name)
    if entry.code or entry.own_code:
        lose("code")
    end_to_end = entry.end_to_end_id or (only.end_to_end_id if only else "")
    if not end_to_end and own_reference and entry.entry_reference not in _NO_REFERENCE:
        end_to_end = entry.entry_reference
    after = entry.balance_after
    return EntryTold(
        key=entry.bank_key or ("" if own_reference else entry.entry_reference),
        amount=_amount(entry.amount, entry),
        currency=entry.currency,
        booking_date=entry.booking_date,
        value_date=entry.value_date,
        booked_at=entry.booked_at if entry.booked_at and entry.booked_at.tzinfo else None,
        status=entry.status.value,
        reference=entry.reference or (only.reference if only else ""),
        balance_after=_amount(after, entry) if after is not None else "",
        counterparty_name=entry.counterparty_name or (only.counterparty_name if only else ""),
        counterparty_account=(
            entry.counterparty_account or (only.counterparty_account if only else "")
        ),
        counterparty_bank=entry.counterparty_bank or (only.counterparty_bank if only else ""),
        remittance=entry.remittance or (only.remittance if only else ""),
        reversal=entry.reversal,
        returned=bool(entry.return_reason),
        end_to_end_id=end_to_end,
    )


def _amount(amount: Exact, entry: EntryRead) -> str:
    """An amount with its currency's decimals. Raises Refused for more than writers can write."""
    text = amount_text(amount, entry.currency)
    decimals = len(text.partition(".")[2])
    if decimals > _DECIMALS_MAX or len(text.lstrip("-").replace(".", "")) > _DIGITS_MAX:
        raise _refused(
            "金额位数过多，无法写出",
            "an amount has too many digits to be written",
            line=entry.line or None,
        )
    return text


def _text(balance: BalanceRead | None, unit: str, lose: Lose) -> str:
    """A balance of the statement's own currency; one of another would become other money."""
    if balance is None:
        return ""
    if balance.currency and unit and balance.currency != unit:
        lose(f"{balance.code} ({balance.currency})")
        return ""
    return amount_text(balance.amount, balance.currency)


def _day(balance: BalanceRead | None) -> date | None:
    return balance.day if balance is not None else None


def _balance(told: StatementTold, now: datetime, lose: Lose) -> BalanceTold:
    """A statement as its last balance. Raises Refused where it states none."""
    ledger = told.closing or told.opening
    if not ledger:
        raise _refused("对账单没有余额", "the statement states no balance")
    for _ in told.entries:
        lose("entries")
    return BalanceTold(
        account=told.account,
        account_name=told.account_name,
        currency=told.currency,
        ledger=ledger,
        available=told.available,
        asked_at=now,
        day=told.end,
    )


def _credits(told: StatementTold, now: datetime, lose: Lose) -> Iterator[CreditTold]:
    if told.opening or told.closing:
        lose("opening, closing")
    for entry in told.entries:
        yield CreditTold(
            account=told.account,
            account_name=told.account_name,
            currency=told.currency,
            entry=entry,
            seen_at=now,
        )


def _refused(zh: str, en: str, *, line: int | None = None) -> Refused:
    return Refused(en, zh, [Fault(path="", code="convert", zh=zh, en=en, line=line)])
