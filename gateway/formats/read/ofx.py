"""OFX and QFX, SGML and XML: one statement per account, one entry per transaction.

Rule kept here: the sign of an amount is the bank's; an amount that is not understood is listed
with zero and a contradiction. A bank's error instead of a statement is told as an empty statement
that nobody imports unseen. There is no opening balance, so nothing is proven.
Source: OFX 1.0.3 and 2.2, chapters 11 (banking) and 13 (investments).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.domain.bank_file import (
    BalanceRead,
    BalanceUse,
    Finding,
    Gravity,
    StatementEnd,
    StatementStart,
)
from gateway.domain.errors import WireError
from gateway.formats.proof import Proof
from gateway.formats.read import ofx_values as values
from gateway.formats.read.ofx_entry import PENDING, entry_of
from gateway.formats.read.ofx_tokens import Tag, tags
from gateway.formats.read.texts import Findings
from gateway.ports.statement_formats import Part, Reading, StatementFormat

NAME: Final = "OFX"
QUICKEN: Final = "QFX"
_ROOT: Final = "OFX"
_SNIFF: Final = re.compile(rb"<OFX\s*>|OFXHEADER\s*[:=]", re.IGNORECASE)
_STATEMENTS: Final = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
_ANSWERS: Final = frozenset({"STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS"})
_TRANSACTIONS: Final = frozenset({"STMTTRN", PENDING})
_BALANCES: Final[Mapping[str, BalanceUse]] = {
    "LEDGERBAL": BalanceUse.CLOSING,
    "AVAILBAL": BalanceUse.AVAILABLE,
}
_INVESTED: Final = frozenset(
    {
        *("BUYDEBT", "BUYMF", "BUYOPT", "BUYOTHER", "BUYSTOCK", "CLOSUREOPT", "INCOME"),
        *("INVEXPENSE", "JRNLFUND", "JRNLSEC", "MARGININTEREST", "REINVEST", "RETOFCAP"),
        *("SELLDEBT", "SELLMF", "SELLOPT", "SELLOTHER", "SELLSTOCK", "SPLIT", "TRANSFER"),
    }
)
_ACCOUNTS: Final = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "ACCTFROM"})
_WITHIN: Final = frozenset(
    {"CURRENCY", "ORIGCURRENCY", "PAYEE", "BANKACCTTO", "CCACCTTO", "IMAGEDATA"}
)
"""What a transaction has inside."""
_NESTED: Final = (
    frozenset({_ROOT, "SONRS", "STATUS", "FI", "BANKTRANLIST", "BANKTRANLISTP", "INVTRANLIST"})
    | frozenset({"INVBANKTRAN", "INVBAL", "BALLIST", "BAL", "INVPOSLIST", "SECLIST", "ACCTINFO"})
    | _STATEMENTS
    | _ANSWERS
    | _TRANSACTIONS
    | _BALANCES.keys()
    | _INVESTED
    | _ACCOUNTS
    | _WITHIN
)
"""What has tags inside; every other tag is a value, whether it is closed or not."""
_VALUES_MAX: Final = 200
_STRAY: Final = (
    "明细不在可识别的对账单内，账号与余额未知",
    "transactions stand in no statement that is known here: account and balances are not read",
)


def sniff(head: bytes) -> bool:
    """Whether an OFX header or root stands in the first bytes, in UTF-16 as well."""
    return _SNIFF.search(head.replace(b"\0", b"")) is not None


def read(chunks: Iterable[bytes], reading: Reading) -> Iterator[Part]:
    """The statements of a file. Raises WireError ``truncated`` where the root is not closed."""
    findings = Findings()
    reader = _Reader(reading, findings)
    for tag in tags(chunks, findings):
        yield from reader.take(tag)
    yield from reader.finished()


@dataclass(slots=True)
class _Statement:
    """What is known of the statement that is being read."""

    line: int
    started: bool = False
    currency: str = ""
    account: str = ""
    bank: str = ""
    start: date | None = None
    end: date | None = None
    balances: list[BalanceRead] = field(default_factory=list)
    proof: Proof = field(default_factory=Proof)
    skipped: Counter[str] = field(default_factory=Counter)


class _Reader:
    """Follows the tags; only aggregates are on its stack."""

    def __init__(self, reading: Reading, findings: Findings) -> None:
        self._reading = reading
        self._findings = findings
        self._stack: list[str] = []
        self._values: dict[str, str] = {}
        """The values of the transaction, balance or status that is open, by path inside it."""
        self._line = 0
        self._opened_at = 0
        self._statement: _Statement | None = None
        self._format = NAME
        self._bank = ""
        self._count = 0
        """How many statements there were."""
        self._closed = False

    def take(self, tag: Tag) -> Iterator[Part]:
        """What one tag gives."""
        self._line = tag.line
        if tag.name.startswith("INTU."):
            self._format = QUICKEN
        if tag.closing:
            if tag.name in self._stack:
                while (closed := self._stack.pop()) != tag.name:
                    yield from self._close(closed)
                yield from self._close(closed)
        elif tag.name in _NESTED and not (tag.text and tag.name in _WITHIN):
            yield from self._open(tag)
        else:
            self._value(tag)

    def finished(self) -> Iterator[Part]:
        """The end of the file. Raises WireError where the root was not opened, or not closed."""
        if not self._closed and not self._stack:
            raise WireError("unrecognised", "/")
        if self._stack:
            raise WireError("truncated", f"/{'/'.join(self._stack)}", line=self._line)
        yield from self._left_open()
        if not self._count:
            self._found(
                "no_statement", "文件中没有对账单", "the file holds no statement", f"/{_ROOT}"
            )
            yield from self._empty()

    def _open(self, tag: Tag) -> Iterator[Part]:
        name = tag.name
        if name in self._stack and name not in _WITHIN:
            # None of them stands in itself: the one before was left open.
            while (closed := self._stack.pop()) != name:
                yield from self._close(closed)
            yield from self._close(closed)
        self._stack.append(name)
        if name in _STATEMENTS:
            yield from self._left_open()
            self._statement = _Statement(tag.line, bank=self._bank)
            return
        if name in _TRANSACTIONS and self._statement is None:
            # In nothing that is known here: a loan's statement, or a part of a file.
            self._statement = _Statement(tag.line, bank=self._bank)
            self._found("stray", *_STRAY, f"/{'/'.join(self._stack)}", line=tag.line)
        if name in _TRANSACTIONS or name in _BALANCES or name in {"STATUS", "INVBAL"}:
            self._values, self._opened_at = {}, tag.line

    def _value(self, tag: Tag) -> None:
        above = self._stack[-1] if self._stack else ""
        found = self._statement
        if above in _WITHIN:
            self._keep(f"{above}/{tag.name}", tag)
        elif above in _TRANSACTIONS or above in _BALANCES or above in {"STATUS", "INVBAL"}:
            self._keep(tag.name, tag)
        elif above == "FI" and tag.name == "ORG":
            self._bank = tag.text
        elif found is not None:
            self._of_statement(found, above, tag)

    def _of_statement(self, found: _Statement, above: str, tag: Tag) -> None:
        if above in _STATEMENTS and tag.name == "CURDEF":
            found.currency = tag.text.upper()
        elif above in _ACCOUNTS:
            if tag.name == "ACCTID":
                found.account = tag.text
            elif tag.name in {"BANKID", "BROKERID"}:
                found.bank = tag.text or found.bank
        elif tag.name == "DTSTART" and tag.text:
            found.start = self._day(tag)
        elif tag.name == "DTEND" and tag.text:
            found.end = self._day(tag)

    def _keep(self, name: str, tag: Tag) -> None:
        if len(self._values) >= _VALUES_MAX:
            raise WireError("nodes", f"/{'/'.join(self._stack)}", line=tag.line)
        if tag.text:
            self._values.setdefault(name, tag.text)

    def _close(self, name: str) -> Iterator[Part]:
        found = self._statement
        if name == _ROOT:
            self._closed = True
            yield from self._left_open()
        elif name == "STATUS":
            yield from self._status()
        elif found is None:
            return
        elif name in _TRANSACTIONS:
            yield from self._start(found)
            entry = entry_of(name, self._values, found.currency, self._opened_at, self._findings)
            found.proof.add(entry)
            yield entry
        elif name in _BALANCES:
            self._balance(found, name, "BALAMT")
        elif name == "INVBAL":
            self._balance(found, name, "AVAILCASH")
        elif name in _INVESTED:
            found.skipped[name] += 1
        elif name in _STATEMENTS:
            yield from self._start(found)
            yield self._end(found)

    def _left_open(self) -> Iterator[Part]:
        if self._statement is not None:
            yield from self._start(self._statement)
            yield self._end(self._statement)

    # ── what a statement is made of ───────────────────────────────────────────────────────────

    def _start(self, found: _Statement) -> Iterator[Part]:
        if found.started:
            return
        found.started = True
        found.currency = found.currency or self._reading.currency
        found.account = found.account or self._reading.account
        yield StatementStart(
            format=self._format,
            account=found.account,
            currency=found.currency,
            account_bank=found.bank,
            start=found.start,
            end=found.end,
            line=found.line,
        )

    def _end(self, found: _Statement) -> StatementEnd:
        for name, count in sorted(found.skipped.items()):
            self._found(
                "investment",
                f"{count} 笔 {name} 为证券交易，未作为资金明细读取",
                f"{count} {name} are securities transactions, not read as entries of money",
                f"/INVTRANLIST/{name}",
            )
        if not found.account:
            self._found("account", "没有账号", "there is no account number", "/ACCTID")
        if not found.currency:
            self._found("currency", "没有币种", "there is no currency", "/CURDEF")
        closing = next((it for it in found.balances if it.use is BalanceUse.CLOSING), None)
        self._count += 1
        self._statement = None
        return StatementEnd(
            closing=closing,
            balances=tuple(found.balances),
            continuity=found.proof.judged(None, closing),
            start=found.start,
            end=found.end,
            account=found.account,
            currency=found.currency,
            entries=found.proof.count,
            findings=self._findings.taken(),
        )

    def _balance(self, found: _Statement, name: str, at: str) -> None:
        text = self._values.get(at, "")
        amount = values.amount(text) if text else None
        if amount is None:
            zh, en = ("余额为空", "the balance is empty")
            if text:
                zh, en = ("余额无法识别", "the balance is no amount")
            self._found("balance", zh, en, f"/{name}/{at}", line=self._opened_at)
            return
        found.balances.append(
            BalanceRead(
                use=_BALANCES.get(name, BalanceUse.AVAILABLE),
                code=name if at == "BALAMT" else at,
                amount=amount,
                currency=found.currency or self._reading.currency,
                day=values.day(self._values.get("DTASOF", "")),
            )
        )

    def _status(self) -> Iterator[Part]:
        """A status that says an error; it stands where a statement would."""
        severity = self._values.get("SEVERITY", "").upper()
        code = self._values.get("CODE", "")
        if severity == "ERROR" or (not severity and code.strip("0")):
            number = code if code.isascii() and code.isdigit() else ""
            self._found(
                "bank_error",
                f"银行返回错误 {number}，没有对账单",
                f"the bank answers with error {number} and no statement",
                f"/{'/'.join(self._stack)}/STATUS",
                gravity=Gravity.CONTRADICTION,
            )
            if self._statement is None:
                yield from self._empty()
        elif severity == "WARN":
            self._found(
                "bank_warning",
                "银行给出警告",
                "the bank adds a warning",
                "/STATUS",
                line=self._line,
            )

    def _empty(self) -> Iterator[Part]:
        """A statement without anything, so that what was found is told."""
        self._count += 1
        yield StatementStart(
            format=self._format, account=self._reading.account, currency=self._reading.currency
        )
        yield StatementEnd(findings=self._findings.taken())

    def _day(self, tag: Tag) -> date | None:
        found = values.day(tag.text)
        if found is None:
            self._found("date", "日期无法识别", "this is no date", f"/{tag.name}", line=tag.line)
        return found

    def _found(  # noqa: PLR0913 - by keyword beyond the five
        self,
        code: str,
        zh: str,
        en: str,
        path: str,
        *,
        line: int = 0,
        gravity: Gravity = Gravity.WARNING,
    ) -> None:
        self._findings.add(
            Finding(code=code, zh=zh, en=en, path=path, line=line or self._line, gravity=gravity)
        )


FORMAT: Final = StatementFormat(name=NAME, sniff=sniff, read=read, suffixes=(".ofx", ".qfx"))
