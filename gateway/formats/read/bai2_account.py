"""One account of a BAI2 file: its balances, its details, and whether they add up.

Rule kept here: a detail whose amount or direction is not understood is told as informative, with
a finding; it never moves a balance.
Source: BAI Cash Management Balance Reporting Specifications, version 2, records 03, 16 and 49.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.domain.bank_file import (
    BalanceRead,
    BalanceUse,
    EntryRead,
    Finding,
    Gravity,
    StatementEnd,
)
from gateway.domain.exact import Exact
from gateway.domain.statement import Continuity, EntryStatus
from gateway.formats.proof import Proof
from gateway.formats.read import bai2_amounts as amounts
from gateway.formats.read.bai2_records import Fields, Record, joined

_TAG: Final = re.compile(r"\s*([A-Z]{4}): ?(.*)", re.DOTALL)
Tell = Callable[[str, str, str], None]
"""Takes a finding about a record: code, Chinese, English."""


@dataclass(slots=True)
class Sums:
    """What a trailer must say: the control total, how many parts, how many records."""

    total: int = 0
    parts: int = 0
    records: int = 0

    def add(self, other: Sums) -> None:
        """Count a part that is complete."""
        self.total += other.total
        self.records += other.records
        self.parts += 1

    def believe(self, total: int | None, records: int | None) -> None:
        """Take what the trailer says, so that the one above tells the same fault no second time."""
        self.total = self.total if total is None else total
        self.records = self.records if records is None else records


class Account:
    """Adds up one account while its records pass by."""

    __slots__ = ("_century", "_digits", "_said", "_seen", "balances", "currency", "day", "line",
                 "proof", "sums")  # fmt: skip

    def __init__(self, record: Record, currency: str, day: date | None, century: int) -> None:
        self.line = record.line
        self.currency = currency
        self.day = day
        self.sums = Sums(records=record.lines)
        self.proof = Proof()
        self.balances: list[BalanceRead] = []
        self._century = century
        self._digits = amounts.digits_of(currency)
        self._said: dict[str, int] = {}
        self._seen = {True: 0, False: 0}

    def summaries(self, fields: Fields, tell: Tell) -> None:
        """Take the balances and totals behind an account's number and currency."""
        if self._digits is None:
            tell(
                "currency_unknown",
                "未知币种，金额按两位小数读取",
                "the currency is not known: amounts are read with two decimals",
            )
        while not fields.over:
            code = fields.take()
            if not code and fields.fresh:
                continue  # a comma too many at the end of a line
            text, _ = fields.take(), fields.take()
            amounts.funds(fields, self._century)
            if not text:
                continue
            found = amounts.amount(text, self._digits)
            if found is None:
                tell("amount", "汇总金额无法识别", "the amount of a summary is none")
                continue
            self.sums.total += found.units
            if code in {amounts.CREDITS, amounts.DEBITS}:
                self._said[code] = found.units
            elif (use := amounts.use_of(code)) is not None:
                self.balances.append(
                    BalanceRead(
                        use=use,
                        code=code,
                        amount=found.value,
                        currency=self.currency,
                        day=self.day,
                    )
                )

    def detail(self, record: Record, fields: Fields, tell: Tell) -> EntryRead:
        """Take one detail."""
        self.sums.records += record.lines
        code, text = fields.take(), fields.take()
        found = amounts.amount(text, self._digits)
        value, status = Exact(0), EntryStatus.BOOKED
        credit = amounts.is_credit(code)
        if found is None:
            status = EntryStatus.INFO
            if text or code != amounts.NO_MONEY:
                tell("amount", "明细金额无法识别", "the amount of a detail is none")
        else:
            self.sums.total += found.units
            if found.pointed:
                tell("point", "金额带小数点", "an amount has a decimal point")
            if credit is None:
                status, value = EntryStatus.INFO, found.value
                tell(
                    "type_code",
                    "交易类型未说明借贷方向，未计入余额核对",
                    "the type says neither credit nor debit; the amount moves no balance",
                )
            else:
                value = found.value if credit else -found.value
                self._seen[credit] += found.units
        made = self._entry(record, fields, (code, value, status))
        self.proof.add(made)
        return made

    def _entry(
        self, record: Record, fields: Fields, said: tuple[str, Exact, EntryStatus]
    ) -> EntryRead:
        code, value, status = said
        on = amounts.funds(fields, self._century)
        bank, own = fields.take(), fields.take()
        pieces = fields.rest()
        tags = _tags(pieces[1:])
        credit = value.units >= 0
        return EntryRead(
            amount=value,
            currency=self.currency,
            booking_date=self.day,
            value_date=on,
            status=status,
            reference=bank,
            entry_reference=own,
            end_to_end_id=tags.get("EREF", ""),
            counterparty_name=tags.get("DBNM" if credit else "CRNM", ""),
            counterparty_account=tags.get("DACT" if credit else "CACT", ""),
            counterparty_bank=_either(tags, "DBIC", "DABA")
            if credit
            else _either(tags, "CBIC", "CABA"),
            remittance=joined(pieces),
            code=code,
            line=record.line,
        )

    def ended(self, line: int) -> tuple[StatementEnd, list[Finding]]:
        """The account's end, and what does not add up in it."""
        found: list[Finding] = []
        opening, closing = (
            next((it for it in self.balances if it.use is use), None)
            for use in (BalanceUse.OPENING, BalanceUse.CLOSING)
        )
        verdict = self.proof.judged(opening, closing)
        if verdict is Continuity.BROKEN and not self.proof.count:
            # Banks send balances alone as well: that is no statement that lost its lines.
            verdict = Continuity.UNKNOWN
            found.append(self._finding("summary_only", *_SUMMARY_ONLY, "03"))
        if (broken := self.proof.finding(verdict, path="49", line=line)) is not None:
            found.append(broken)
        if self.proof.count:
            for code, credit in ((amounts.CREDITS, True), (amounts.DEBITS, False)):
                if code in self._said and abs(self._said[code]) != self._seen[credit]:
                    zh = f"明细之和与汇总 {code} 不符"
                    en = f"the details do not add up to the total {code}"
                    found.append(self._finding("summary", zh, en, f"03/{code}"))
        end = StatementEnd(
            opening=opening,
            closing=closing,
            balances=tuple(self.balances),
            continuity=verdict,
            entries=self.proof.count,
        )
        return end, found

    def _finding(self, code: str, zh: str, en: str, path: str) -> Finding:
        return Finding(code=code, zh=zh, en=en, path=path, line=self.line, gravity=Gravity.WARNING)


def _tags(pieces: list[str]) -> Mapping[str, str]:
    """Continuations that begin with a word of four letters and a colon, as some banks write."""
    found: dict[str, str] = {}
    for piece in pieces:
        if (it := _TAG.fullmatch(piece)) is not None:
            found.setdefault(it[1], it[2].strip())
    return found


def _either(tags: Mapping[str, str], first: str, second: str) -> str:
    return tags.get(first) or tags.get(second, "")


_SUMMARY_ONLY: Final = (
    "只有余额与汇总，没有明细，余额变动无法核对",
    "balances and totals only, no details: nothing proves the movement",
)
