"""What goes back as a sheet: statuses, refusals, statements, balances, notices of money come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from functools import partial
from itertools import chain
from typing import Final

from adapters.erp.file.codes import REFUSED, STATES
from gateway.domain.errors import Fault
from gateway.formats import receipts
from gateway.formats.amounts import checked
from gateway.formats.sheets import Rows, csv_bytes, xlsx_bytes
from gateway.formats.standings import state_of
from gateway.ports.erp import FileFacts, FileWriter, LineStatus, RefusedFile, StatusReport
from gateway.ports.erp_told import (
    BalanceTold,
    CreditTold,
    EntryTold,
    HeldMatch,
    MatchedLine,
    MatchTold,
    StatementTold,
    StatusTold,
    Told,
    ToldKind,
)

CHINA: Final = timezone(timedelta(hours=8))
Write = Callable[[Rows, frozenset[int]], Iterator[bytes]]
"""Rows, and which columns hold amounts, as a file's bytes."""

_STATUS: Final = (
    *("行号", "业务参考号", "状态", "状态说明", "金额", "币种", "银行流水号", "时间"),
    *("原因", "说明", "网关编号"),
)
_STATUS_AMOUNTS: Final = frozenset({4})
_ENTRY: Final = (
    *("账号", "户名", "交易日期", "起息日", "交易时间", "借贷", "金额", "余额", "币种", "对方账号"),
    *("对方户名", "对方开户行", "摘要", "银行流水号", "业务参考号", "对账标识码", "端到端标识"),
    *("回单编号", "退汇", "状态", "唯一号"),
)
_ENTRY_AMOUNTS: Final = frozenset({6, 7})
_BALANCE: Final = (
    *("账号", "户名", "币种", "日期", "余额", "可用余额", "冻结金额", "上日余额", "查询时间"),
)
_BALANCE_AMOUNTS: Final = frozenset({4, 5, 6, 7})
_MATCH: Final = (
    *("明细编号", "版本", "业务参考号", "账号", "户名", "币种", "金额", "已勾对金额", "勾对状态"),
    *("勾对编号", "勾对方式", "规则", "勾对人", "勾对时间", "银行日期", "银行流水号", "银行金额"),
    *("对方户名", "对方账号", "摘要", "银行明细"),
)
_MATCH_AMOUNTS: Final = frozenset({6, 7, 16})
_REFUSAL: Final = ("行号", "列", "错误码", "说明", "explanation")


def as_csv(encoding: str) -> Write:
    """Rows as CSV."""
    return lambda rows, _amounts: csv_bytes(rows, encoding)


def as_xlsx(rows: Rows, amounts: frozenset[int]) -> Iterator[bytes]:
    """Rows as a workbook."""
    return xlsx_bytes(rows, amounts)


def report(report: StatusReport, *, write: Write) -> Iterator[bytes]:
    """Where every line of a file stands."""

    def rows() -> Iterator[Sequence[str]]:
        yield _STATUS
        for line in report.lines():
            yield from map(_line, line.by_source())

    return write(rows(), _STATUS_AMOUNTS)


def _line(line: LineStatus) -> Sequence[str]:
    state = state_of(line)
    return (
        line.source.get("line", "") or str(line.line or ""),
        line.erp_reference or line.source.get("reference", ""),
        state,
        STATES[state],
        line.amount,
        line.currency,
        line.bank_reference,
        _time(line.settled_at),
        line.reason_code or (line.faults[0].code if line.faults else ""),
        _words(line.faults) or line.text,
        line.instruction,
    )


def refuse(refused: RefusedFile, *, write: Write) -> Iterator[bytes]:
    """Why nothing of a file was taken."""
    all_of_it = (
        "",
        "",
        REFUSED,
        "整份未受理，其余各行也未受理；更正后请重新发送",
        "nothing of it was taken, the other lines neither; send it again once it is corrected",
    )
    faults = [
        (str(it.line) if it.line else "", it.path, it.code, it.zh, it.en) for it in refused.faults
    ]
    return write([_REFUSAL, all_of_it, *faults], frozenset())


def writers(write: Write, suffix: str) -> dict[ToldKind, FileWriter]:
    """The files for the ERP, by what they tell; receipts are a zip of the bank's own files."""

    def writer(make: Callable[[tuple[Told, ...]], Rows], amounts: frozenset[int]) -> FileWriter:
        def pieces(told: tuple[Told, ...], _facts: FileFacts) -> Iterator[bytes]:
            return write(make(told), amounts)

        return FileWriter(suffix=suffix, write=pieces)

    return {
        ToldKind.STATUS: writer(_statuses, _STATUS_AMOUNTS),
        ToldKind.STATEMENT: writer(_entries, _ENTRY_AMOUNTS),
        ToldKind.CREDIT: writer(_entries, _ENTRY_AMOUNTS),
        ToldKind.BALANCE: writer(_balances, _BALANCE_AMOUNTS),
        ToldKind.RECEIPT: FileWriter(suffix="zip", write=receipts.write),
        ToldKind.MATCH: writer(_matches, _MATCH_AMOUNTS),
    }


def _statuses(told: tuple[Told, ...]) -> Rows:
    yield _STATUS
    each = (one.by_source() for one in told if isinstance(one, StatusTold))
    for it in chain.from_iterable(each):
        yield (
            it.source.get("line", "") or str(it.line or ""),
            it.erp_reference,
            it.state,
            STATES[it.state],
            checked(it.amount) if it.amount else "",
            it.currency,
            it.bank_reference or it.serial,
            _time(it.at),
            it.reason or it.code,
            it.text,
            it.instruction,
        )


def _entries(told: tuple[Told, ...]) -> Rows:
    yield _ENTRY
    for it in told:
        if isinstance(it, StatementTold):
            yield from map(partial(_entry, it), it.entries)
        elif isinstance(it, CreditTold):
            yield _entry(it, it.entry)


def _entry(told: StatementTold | CreditTold, entry: EntryTold) -> Sequence[str]:
    amount = checked(entry.amount)
    return (
        told.account,
        told.account_name,
        _day(entry.booking_date),
        _day(entry.value_date),
        _time(entry.booked_at),
        "借" if amount.startswith("-") else "贷",
        amount,
        checked(entry.balance_after) if entry.balance_after else "",
        entry.currency,
        entry.counterparty_account,
        entry.counterparty_name,
        entry.counterparty_bank,
        entry.remittance,
        entry.reference,
        entry.erp_reference,
        entry.reconciliation_code,
        entry.end_to_end_id,
        entry.receipt_number,
        "是" if entry.returned else "",
        entry.status,
        entry.key,
    )


def _balances(told: tuple[Told, ...]) -> Rows:
    yield _BALANCE
    for it in told:
        if isinstance(it, BalanceTold):
            amounts = (it.ledger, it.available, it.frozen, it.previous_day)
            yield (
                it.account,
                it.account_name,
                it.currency,
                _day(it.day),
                *(checked(amount) if amount else "" for amount in amounts),
                _time(it.asked_at),
            )


def _matches(told: tuple[Told, ...]) -> Rows:
    """A row for each line of the bank that an item is matched with; one for an open item."""
    yield _MATCH
    for it in told:
        if isinstance(it, MatchTold):
            item = (
                *(it.item_id, str(it.version), it.erp_reference, it.account, it.account_name),
                *(it.currency, checked(it.amount), checked(it.matched), it.state),
            )
            found = [(held, line) for held in it.matches for line in held.lines]
            yield from ((*item, *_held(held, line)) for held, line in found)
            if not found:
                yield (*item, *[""] * (len(_MATCH) - len(item)))


def _held(held: HeldMatch, line: MatchedLine) -> Sequence[str]:
    return (
        *(held.match, held.kind, held.rule, held.by, _time(held.at)),
        *(_day(line.booking_date), line.reference, checked(line.amount)),
        *(line.counterparty_name, line.counterparty_account, line.remittance, line.key),
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _time(moment: datetime | None) -> str:
    """Chinese wall-clock time, as people read it."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S") if moment is not None else ""


def _words(faults: Sequence[Fault]) -> str:
    return "；".join(f"{it.path} {it.zh} / {it.en}" for it in faults)
