"""The invariants of the books: one check for tests, campaigns, demonstrations and production.

It reads rows as they come and keeps only what is wrong, so that a million instructions need no
more memory than ten. What the bank really executed is asked of whoever knows it (the sandbox's
ledger); without that, the checks that need no bank still hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, func, select

from gateway.audit import (
    books_content,
    books_controls,
    books_limits,
    books_money,
    books_payees,
    books_people,
    books_relay,
    books_rest,
    books_steps,
)
from gateway.audit.books_money import AccountSum
from gateway.audit.books_rest import Promise
from gateway.audit.breach import Breach, Harm
from gateway.audit.rows import one_moment
from gateway.audit.verify import verify
from gateway.ports.bank_books import BankBooks, Execution
from gateway.store import tables

KEPT_MAX: Final = 1_000
"""So many breaches are kept in words; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a check is to look at, beside the database.

    ``promises`` are what ERPs were answered; ``at_rest`` says that nothing may be under way any
    more; ``now_us`` is business time, without it nothing counts as overdue. ``trail`` also
    verifies the journal, with ``key`` its signatures. ``only`` names the invariants to check.
    """

    bank: BankBooks | None = None
    promises: Iterable[Promise] = ()
    at_rest: bool = False
    now_us: int | None = None
    trail: bool = False
    key: Ed25519PublicKey | None = None
    only: Collection[str] = ()


@dataclass(slots=True)
class Report:
    """What a check found."""

    breaches: list[Breach] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Breaches by invariant, also those not kept in words."""
    looked: dict[str, int] = field(default_factory=dict)
    """How much was looked at."""
    accounts: list[AccountSum] = field(default_factory=list)
    """Per account: what we call paid, what the bank executed; only with the bank's books."""
    harms: Counter[Harm] = field(default_factory=Counter)

    @property
    def sound(self) -> bool:
        """Whether every invariant holds."""
        return not self.counts

    def texts(self, language: str = "en") -> list[str]:
        """The kept breaches in words."""
        return [it.text(language) for it in self.breaches]

    def add(self, breach: Breach) -> None:
        """Count a breach, and keep it while there is room."""
        self.counts[breach.rule] += 1
        self.harms[breach.harm] += 1
        if len(self.breaches) < KEPT_MAX:
            self.breaches.append(breach)


def check(db: Connection, question: Question = Question()) -> Report:
    """Check the books that ``db`` shows; its transaction is ended.

    The database may be live: ours is read as of one moment, and the bank's books after it.
    """
    report = Report()
    one_moment(db)
    only = frozenset(question.only)
    for breach in _breaches(db, question, report):
        if not only or breach.rule in only:
            report.add(breach)
    return report


def _breaches(db: Connection, question: Question, report: Report) -> Iterator[Breach]:
    asked = _Asked(frozenset(question.only))
    report.looked |= _sizes(db)
    if asked("I6", "I5"):
        report.looked["steps"] = books_steps.count(db)
        yield from books_steps.breaches(db)
    if asked("I2", "I4"):
        yield from books_relay.breaches(db)
    if asked("I7"):
        yield from books_relay.unarchived(db)
    if asked("I10"):
        yield from books_people.breaches(db)
        yield from books_content.altered(db)
        yield from books_content.sources(db)
        yield from books_controls.breaches(db)
        yield from books_payees.breaches(db)
    if asked("I11"):
        yield from books_limits.breaches(db)
    yield from _whole(db, question, asked)
    if question.bank is not None and asked("I1", "I2", "I5", "I7", "I8", "BANK"):
        yield from _money(db, question.bank, report)


def _whole(db: Connection, question: Question, asked: _Asked) -> Iterator[Breach]:
    """Whether everything is there, and somebody will come."""
    if asked("I3", "I12"):
        yield from books_rest.gone(db)
    if asked("I3"):
        yield from books_content.journaled(db)
        yield from books_rest.broken_promises(db, question.promises)
    if asked("I19"):
        yield from books_rest.forgotten(db, question.now_us)
    if question.at_rest and asked("I17", "I19"):
        yield from books_rest.unfinished(db)
    if question.trail and asked("I13"):
        for finding in verify(db, question.key).findings:
            yield Breach(kind="trail", subject=finding.lane, detail=finding.text("en"))


def _money(db: Connection, bank: BankBooks, report: Report) -> Iterator[Breach]:
    """Last, because it goes on to another moment."""
    money = books_money.Money(db, bank)
    try:
        yield from money.breaches()
        report.accounts = money.sums()
        report.looked["executions"] = money.executions
    finally:
        money.close()


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whether any of some invariants is to be checked."""

    only: frozenset[str]

    def __call__(self, *rules: str) -> bool:
        return not self.only or not self.only.isdisjoint(rules)


_SIZED: Final[Mapping[str, str]] = {
    "instructions": "instruction",
    "messages": "message",
    "wires": "wire",
}


def _sizes(db: Connection) -> dict[str, int]:
    """How much there is to look at."""
    return {
        name: db.execute(select(func.count()).select_from(getattr(tables, table))).scalar() or 0
        for name, table in _SIZED.items()
    }


__all__ = [
    "AccountSum",
    "BankBooks",
    "Breach",
    "Execution",
    "Promise",
    "Question",
    "Report",
    "check",
]
