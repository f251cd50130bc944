"""A bank that answers questions, and one ERP system that is fed from its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from gateway.delivery.endpoints import ErpEndpoint
from gateway.delivery.erp_outbox import Outbox
from gateway.domain.errors import GatewayError
from gateway.domain.money import CNY, Money
from gateway.domain.receipt import ReceiptFacts, encoded
from gateway.domain.statement import Entry
from gateway.ports.erp_answers import Answered
from gateway.ports.erp_systems import Feed
from gateway.ports.erp_told import (
    BalanceTold,
    EntryTold,
    ReceiptTold,
    StatementTold,
    ToldKind,
    decoded,
)
from gateway.statements.belonging import belonging
from gateway.statements.entries import entries_told
from gateway.statements.feeds import Feeds
from gateway.statements.told_entries import Fed
from gateway.store import tables
from tests.erp_ground import OURS, system, tenant
from tests.store_ground import START
from tests.webhook_ground import instruction_row

TODAY = START.date()
DAY = timedelta(days=1)
PAYEE = "6222000000000001"


def entry(amount: int, **words: object) -> Entry:
    return Entry(**({"amount": Money(amount, CNY), "booking_date": TODAY} | words))


@dataclass
class Bank:
    """What the bank has booked, as answers to the ERP's questions."""

    clock: object
    days: dict[date, list[Entry]] = field(default_factory=dict)
    ends: dict[date, str] = field(default_factory=dict)
    ledger: str = "100.00"
    asked: list[tuple[str, str]] = field(default_factory=list)
    refuses: dict[str, GatewayError] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    older: timedelta = timedelta()
    """How old the statements are that it answers with."""
    openings: dict[date, str] = field(default_factory=dict)
    whose: Callable[[list[EntryTold]], tuple[EntryTold, ...]] = tuple

    async def answer(self, asker, question) -> Answered:
        self.asked.append((question.kind, question.start or question.erp_reference))
        if question.kind in self.refuses:
            raise self.refuses[question.kind]
        at: datetime = self.clock.now()
        told = getattr(self, question.kind)(question, at)
        return Answered(question=question, told=tuple(told), asked_at=at, warnings=self.warnings)

    def statement(self, question, at):
        start, end = date.fromisoformat(question.start), date.fromisoformat(question.end)
        days = (start + DAY * number for number in range((end - start).days + 1))
        yield StatementTold(
            statement_id=f"STM{start}",
            account=question.account,
            account_name="本公司",
            currency="CNY",
            start=start,
            end=end,
            created=at - self.older,
            entries=self.whose(
                [one for day in days for one in entries_told(self.days.get(day, []), day)]
            ),
            opening=self.openings.get(start, ""),
        )

    def balance(self, question, at):
        yield _balance(question, self.ledger, at, at.date())

    def history(self, question, at):
        for day, ledger in self.ends.items():
            yield _balance(question, ledger, at, day)

    def receipt(self, question, at):
        yield ReceiptTold(
            receipt_number=f"HD{question.erp_reference}",
            account=OURS,
            account_name="本公司",
            currency="CNY",
            day=at.date(),
            file_name="r.json",
            file_sha256="0" * 64,
            content=encoded(receipt_facts(question.erp_reference, at)),
            erp_reference=question.erp_reference,
        )


def receipt_facts(reference: str, at: datetime) -> ReceiptFacts:
    """What the bank says of any payment."""
    return ReceiptFacts(
        receipt_number=f"HD{reference}",
        bank_reference="B1",
        asked_at=at,
        debtor_name="本公司",
        debtor_account=OURS,
        creditor_name="对方公司",
        creditor_account="6222",
        amount="12.34",
        currency="CNY",
        state="settled",
        maker="",
        checkers=(),
    )


def _balance(question, ledger: str, at: datetime, day: date) -> BalanceTold:
    return BalanceTold(
        account=question.account,
        account_name="本公司",
        currency="CNY",
        ledger=ledger,
        asked_at=at,
        day=day,
    )


class Ground:
    """One system that is fed, with a real outbox."""

    def __init__(self, at, *kinds: ToldKind) -> None:
        self.at = at
        self.bank = Bank(at.runtime.clock, whose=self._whose)
        wanted = frozenset(kinds)
        it = system(feed=Feed(kinds=wanted))
        self.fed = Fed(tenant=tenant(it), system=it, kinds=wanted)
        endpoint = ErpEndpoint(system=it, owner=self.fed.tenant, kinds=wanted)
        self.outbox = Outbox(at.runtime, [endpoint])
        self.restart()

    def _whose(self, entries: list[EntryTold]) -> tuple[EntryTold, ...]:
        """As whoever answers questions says it."""
        with self.at.engine.connect() as db:
            return belonging(db, "t1", "sap", OURS, entries)

    def restart(self) -> None:
        """Another process: it remembers nothing but what is stored."""
        self.feeds = Feeds(self.at.store, self.at.runtime, self.bank, self.outbox, [self.fed])

    def look(self) -> list:
        """One look; what it put into the outbox."""
        before = len(self.told())
        asyncio.run(self.feeds.look(self.fed))
        return self.told()[before:]

    def told(self) -> list:
        rows = self.at.rows(tables.webhook_event)
        return [decoded(it.body) for it in sorted(rows, key=lambda it: it.sequence)]

    def instruction(self, number: int, **words: object) -> None:
        made = {"debtor_account": OURS, "creditor_account": PAYEE, "state": "SETTLED"} | words
        row = instruction_row(number, **made)
        self.at.group(lambda uow: uow.add(tables.instruction, row))
