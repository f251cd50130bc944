"""One ``Stmt``, ``Rpt`` or ``Ntfctn``: from its first element to what its balances prove.

Rule kept here: a statement opens as soon as its first entry comes, with what is known by then,
and closes with everything that was found in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from gateway.domain.bank_file import (
    BalanceRead,
    BalanceUse,
    EntryRead,
    Gravity,
    StatementEnd,
    StatementStart,
)
from gateway.domain.statement import Continuity
from gateway.formats.proof import Proof
from gateway.formats.read import camt_balances
from gateway.formats.read.camt_balances import text_at
from gateway.formats.read.camt_entry import entry
from gateway.formats.read.camt_finder import Texts
from gateway.formats.read.camt_layout import Layout
from gateway.formats.read.camt_parts import Whose
from gateway.formats.read.camt_paths import AGENT
from gateway.formats.read.camt_totals import Totals
from gateway.formats.read.camt_values import count, day, finding, instant
from gateway.formats.read.texts import Findings
from gateway.ports.statement_formats import Part, Reading
from gateway.wire.node import Node

HEADS: Final = frozenset(
    {"Acct", "Bal", "TxsSummry", "FrToDt", "StmtPgntn", "RptPgntn", "NtfctnPgntn"}
)
"""Elements of a statement that come whole."""
_ACCOUNT: Final = (
    "Id/IBAN",
    "Id/Othr/Id",
    "Id/BBAN",
    "Id/UPIC",
    "Id/PrtryAcct/Id",
    "Prxy/Id",
)
_OPENS: Final = (BalanceUse.OPENING, BalanceUse.CLOSING)
_COPIES: Final = frozenset({"CODU", "COPY", "DUPL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which page of several; 0 unsaid."""

    number: int = 0
    last: bool = True

    @property
    def alone(self) -> bool:
        """Whether it is all there is."""
        return self.last and self.number <= 1


def page(node: Node) -> Page:
    """``PgNb`` and ``LastPgInd``."""
    return Page(
        number=count(text_at(node, "PgNb")) or 0,
        last=text_at(node, "LastPgInd") not in ("false", "0"),
    )


@dataclass(slots=True)
class _Head:
    """What stands before the entries."""

    statement_id: str = ""
    electronic: str = ""
    legal: str = ""
    created: datetime | None = None
    account: str = ""
    currency: str = ""
    account_name: str = ""
    account_bank: str = ""
    start: date | None = None
    end: date | None = None
    balances: list[BalanceRead] = field(default_factory=list)


class Statement:
    """One statement while it is being read. ``base`` counts the lines before the document."""

    def __init__(  # noqa: PLR0913 - keyword-only, what a statement stands in
        self,
        *,
        format: str,  # noqa: A002 - the record's own word
        path: str,
        line: int,
        base: int,
        page: Page,
        findings: Findings,
        reading: Reading,
    ) -> None:
        self._format = format
        self._line = line
        self._base = base
        self._page = page
        self._findings = findings
        self._reading = reading
        self._head = _Head()
        self._proof = Proof()
        self._totals = Totals()
        self.opened = False
        """Whether its start has been told."""
        self.whose = Whose(findings.add, path=path)

    def record(self, name: str, node: Node) -> None:
        """A part of the head that comes whole; balances and totals may also follow the entries."""
        match name:
            case "Acct":
                self._account(node)
            case "Bal":
                self._balance(node)
            case "TxsSummry":
                self._totals.state(node)
            case "FrToDt":
                self._period(node)
            case _:
                self._page = page(node)

    def leaf(self, name: str, text: str, line: int) -> None:
        """An element of the head with nothing but a text."""
        head = self._head
        match name:
            case "Id":
                head.statement_id = head.statement_id or text
            case "ElctrncSeqNb":
                head.electronic = text
            case "LglSeqNb":
                head.legal = text
            case "CreDtTm":
                head.created = instant(text)
                if text and day(text) is None:
                    self._wrong("date", "CreDtTm", line)
            case "CpyDplctInd" if text in _COPIES:
                self._wrong("copy", "CpyDplctInd", line)

    def entry(self, layout: Layout, texts: Texts, line: int) -> EntryRead:
        """An entry. The statement must be open."""
        whose = self.whose
        whose.number += 1
        whose.line = line
        found = entry(layout, texts, whose)
        self._proof.add(found)
        self._totals.add(found)
        return found

    def end(self) -> Iterator[Part]:
        """The end, behind the start where there was no entry."""
        if not self.opened:
            yield self.start()
        head, whose = self._head, self.whose
        intraday = self._format.startswith("camt.052")
        chosen = camt_balances.choose(head.balances, whose.currency, intraday=intraday)
        verdict = self._verdict(chosen)
        if not self._page.alone:
            self._wrong("pages", "", self._line)
        else:
            # An intraday report may be nothing but balances and totals.
            bare = not self._proof.count and intraday
            gravity = Gravity.WARNING if bare else Gravity.CONTRADICTION
            for it in self._totals.findings(whose.path, gravity):
                self._findings.add(it)
        yield StatementEnd(
            opening=chosen.opening,
            closing=chosen.closing,
            balances=chosen.balances,
            continuity=verdict,
            start=head.start,
            end=head.end,
            account=whose.account,
            currency=whose.currency,
            entries=self._proof.count,
            findings=self._findings.taken(),
        )

    def _verdict(self, chosen: camt_balances.Chosen) -> Continuity:
        """What the balances prove.

        A page, or an intraday report that may list new entries only, cannot be blamed for not
        leading from one balance to the other; where it does, that is no accident.
        """
        if self.whose.doubtful:
            return Continuity.UNKNOWN
        if self._proof.mixed(chosen.opening, chosen.closing):
            self._wrong("currency_differs", "Bal", self._line)
        verdict = self._proof.judged(chosen.opening, chosen.closing)
        if verdict is Continuity.BROKEN and (chosen.interim or not self._page.alone):
            if chosen.interim:
                self._wrong("interim", "Bal", self._line)
            return Continuity.UNKNOWN
        broken = self._proof.finding(verdict, path=f"{self.whose.path}/Bal", line=self._line)
        if broken is not None:
            self._findings.add(broken)
        return verdict

    def start(self, currency: str = "") -> StatementStart:
        """Open it. ``currency`` is that of its first entry."""
        self.opened = True
        head, whose, reading = self._head, self.whose, self._reading
        whose.currency = whose.currency or currency or reading.currency
        if not head.account:
            whose.account = reading.account
            if not reading.account:
                self._wrong("account", "Acct/Id", self._line)
        return StatementStart(
            format=self._format,
            account=whose.account,
            currency=whose.currency,
            statement_id=head.statement_id,
            sequence=head.electronic or head.legal,
            page=self._page.number,
            last_page=self._page.last,
            account_name=head.account_name,
            account_bank=head.account_bank,
            start=head.start,
            end=head.end,
            created=head.created,
            line=self._line,
        )

    def _account(self, node: Node) -> None:
        head = self._head
        if head.account:
            self._wrong("surplus", "Acct", self._at(node))
            return
        head.account = text_at(node, *_ACCOUNT)
        if text_at(node, "Id/IBAN"):
            head.account = head.account.replace(" ", "")
        head.currency = text_at(node, "Ccy")
        head.account_name = text_at(node, "Nm", "Ownr/Nm", "Ownr/Pty/Nm")
        head.account_bank = text_at(node, *(f"Svcr/FinInstnId/{tail}" for tail in AGENT))
        whose = self.whose
        whose.account, whose.name = head.account, text_at(node, "Ownr/Nm", "Ownr/Pty/Nm", "Nm")
        whose.currency = head.currency or whose.currency

    def _balance(self, node: Node) -> None:
        told = camt_balances.read(node, self.whose.currency)
        line = self._at(node)
        if told.balance is None:
            self._wrong("balance", f"Bal/{told.tag}", line)
            return
        if not told.dated:
            self._wrong("date", "Bal/Dt", line)
        self._head.balances.append(told.balance)
        if not self.whose.currency and told.balance.use in _OPENS:
            self.whose.currency = told.balance.currency

    def _period(self, node: Node) -> None:
        head = self._head
        for tag in ("FrDtTm", "FrDt", "ToDtTm", "ToDt"):
            text = text_at(node, tag)
            known = day(text) if text else None
            if text and known is None:
                self._wrong("date", f"FrToDt/{tag}", self._at(node))
            elif known is not None and tag.startswith("Fr"):
                head.start = known
            elif known is not None:
                head.end = known

    def _at(self, node: Node) -> int:
        return (node.line or 0) + self._base

    def _wrong(self, code: str, tag: str, line: int) -> None:
        path = f"{self.whose.path}/{tag}" if tag else self.whose.path
        gravity = Gravity.NOTE if code in _NOTES else Gravity.WARNING
        self._findings.add(finding(code, path, line, gravity))


_NOTES: Final = frozenset({"copy", "pages", "interim"})
