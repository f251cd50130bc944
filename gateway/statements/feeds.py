"""What happened on accounts, told to ERP systems without their asking: 到账, 余额, 对账单, 回单.

Rule kept here: what is new is found by comparing the whole day with what this ERP was told
before, never by time stamps; telling and remembering it are one commit. A day is told as a
statement once it is over and, where balances are known, only if they prove it whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from gateway.domain.day import days_between
from gateway.domain.errors import BankRefused, GatewayError, Refused
from gateway.domain.money import Money, currency
from gateway.lifecycle.telling import ErpOutbox, Say
from gateway.ports.erp_answers import Answered, Answers, asker_of
from gateway.ports.erp_questions import Question, QuestionKind
from gateway.ports.erp_systems import ReceiptForm
from gateway.ports.erp_told import (
    BalanceTold,
    CreditTold,
    EntryTold,
    ReceiptTold,
    StatementTold,
    Told,
)
from gateway.ports.erp_told import ToldKind as Kind
from gateway.ports.events import FEED_BROKEN
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import OwnAccount
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.statements.receipt_papers import on_paper
from gateway.statements.told_entries import (
    CLOSED,
    SILENT,
    Fed,
    TellKey,
    Turn,
    closed,
    known,
    remember,
)
from gateway.store.store import Store
from gateway.store.uow import Uow

if TYPE_CHECKING:
    from gateway.documents.face import FontFile

BACK_MAX: Final = 15
"""How many closed days a look goes back at most, after a time of silence."""
PATIENCE: Final = timedelta(hours=1)
"""How long what the bank would not say, or what did not add up, is left alone."""
RECEIPTS_MAX: Final = 20
"""Most receipts of one account that are asked for in one look."""
_BOOKED: Final = "booked"
_DAY: Final = timedelta(days=1)
_TIME_MAX: Final = 2_000_000_000


class Feeds:
    """One task for each system that is told of accounts."""

    def __init__(  # noqa: PLR0913 - built once
        self,
        store: Store,
        runtime: Runtime,
        answers: Answers,
        outbox: ErpOutbox,
        fed: Sequence[Fed],
        *,
        font: FontFile | None = None,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._answers = answers
        self._outbox = outbox
        self._fed = tuple(fed)
        self._font = font
        self._not_before: dict[tuple[str, ...], datetime] = {}

    def start(self) -> None:
        """Begin to look."""
        for fed in self._fed:
            self._runtime.tasks.spawn(f"feed {fed.system.id}", self._keep(fed))

    async def _keep(self, fed: Fed) -> None:
        rounds = Rounds(
            self._store,
            self._runtime,
            WorkKind.FEEDS,
            timedelta(seconds=fed.system.feed.every_s),
            tenant=fed.tenant.id,
            subject=fed.system.id,
        )
        await rounds.keep(partial(self.look, fed))

    async def look(self, fed: Fed) -> None:
        """Tell a system what is new on its accounts; what cannot be asked now is asked next time.

        A connection that gives no answer is not asked account by account.
        """
        silent: set[str] = set()
        listed = fed.system.feed.accounts
        for number, account in fed.tenant.accounts.items():
            if (listed and number not in listed) or account.connection in silent:
                continue
            try:
                await self._account(fed, account)
            except GatewayError:
                silent.add(account.connection)

    async def _account(self, fed: Fed, account: OwnAccount) -> None:
        """One account. Raises NotSent, Unconfirmed or WireError where the bank cannot be asked."""
        steps = (
            (frozenset({Kind.BALANCE}), self._balance),
            (frozenset({Kind.STATEMENT}), self._statements),
            (frozenset({Kind.CREDIT, Kind.RECEIPT}), self._days),
        )
        for kinds, step in steps:
            if kinds & fed.kinds:
                # What this account may not be asked, or the bank refuses, is no reason against
                # the others.
                with suppress(Refused, BankRefused):
                    await step(Turn(fed=fed, account=account, now=self._runtime.clock.now()))

    # ── 余额 ──────────────────────────────────────────────────────────────────────────────

    async def _balance(self, it: Turn) -> None:
        """One at a time: while the last one has not been taken, a newer one would be late too."""
        for told in await self._asked(it, QuestionKind.BALANCE):
            if isinstance(told, BalanceTold):
                version = int(told.asked_at.timestamp()) % _TIME_MAX
                say = Say(
                    told=told, subject=it.subject("bal"), version=version, unless_waiting=True
                )
                it.says.append(say)
        await self._tell(it)

    # ── 到账, 回单 ────────────────────────────────────────────────────────────────────────

    async def _days(self, it: Turn) -> None:
        """Today, then days that are over and were not yet compared to their end."""
        today = it.now.date()
        over, _ = await self._store.read(partial(closed, of=it, kind=Kind.CREDIT))
        await self._day(it, today)
        if over is None:  # the past before the first look is not news
            it.keys.append((Kind.CREDIT, it.last_over, CLOSED))
        await self._tell(it)
        first = max((over or it.last_over) + _DAY, it.last_over - _DAY * BACK_MAX)
        for day in days_between(first, today - _DAY):
            await self._day(it, day)
            if day <= it.last_over:
                it.keys.append((Kind.CREDIT, day, CLOSED))
            await self._tell(it)

    async def _day(self, it: Turn, day: date) -> None:
        statement = await self._statement(it, day)
        if statement is None:
            return
        if Kind.CREDIT in it.fed.kinds:
            before = await self._store.read(partial(known, of=it, kind=Kind.CREDIT, day=day))
            for entry in statement.entries:
                if _comes_in(entry) and entry.key not in before:
                    it.says.append(self._credit(it, statement, entry))
                    it.keys.append((Kind.CREDIT, day, entry.key))
        if Kind.RECEIPT in it.fed.kinds:
            await self._receipts(it, day, statement.entries)

    @staticmethod
    def _credit(it: Turn, statement: StatementTold, entry: EntryTold) -> Say:
        told = CreditTold(
            account=statement.account,
            account_name=statement.account_name,
            currency=statement.currency,
            entry=entry,
            seen_at=statement.created,
            company=statement.company,
        )
        return Say(told=told, subject=it.subject("cre", entry.key))

    async def _receipts(self, it: Turn, day: date, entries: Sequence[EntryTold]) -> None:
        """Receipts of the ERP's own payments that the bank has booked, a few in each look."""
        before = await self._store.read(partial(known, of=it, kind=Kind.RECEIPT, day=day))
        waiting = [
            entry
            for entry in entries
            if entry.erp_reference
            and entry.amount.startswith("-")
            and entry.key not in before
            and self._may_ask(it, entry.key)
        ]
        for entry in waiting[:RECEIPTS_MAX]:
            try:
                found = await self._asked(
                    it, QuestionKind.RECEIPT, erp_reference=entry.erp_reference
                )
                found = [await self._filed(it, told, entry) for told in found]
            except (Refused, BankRefused):
                self._put_off(it, entry.key)
                continue
            for told in found:
                if isinstance(told, ReceiptTold):
                    named = replace(told, entry_key=entry.key)
                    it.says.append(Say(told=named, subject=it.subject("rec", entry.key)))
            it.keys.append((Kind.RECEIPT, day, entry.key))

    async def _filed(self, it: Turn, told: Told, entry: EntryTold) -> Told:
        """A receipt with the file that the system is told with."""
        if not isinstance(told, ReceiptTold) or it.fed.system.feed.receipts is ReceiptForm.DATA:
            return told
        work = partial(on_paper, told, entry.booking_date, self._font)
        return await self._runtime.tasks.read(work)

    # ── 对账单 ────────────────────────────────────────────────────────────────────────────

    async def _statements(self, it: Turn) -> None:
        """Each day that is over, once and in order; the first time, the latest of them."""
        over, told = await self._store.read(partial(closed, of=it, kind=Kind.STATEMENT))
        first = max((over or it.last_over - _DAY) + _DAY, it.last_over - _DAY * BACK_MAX)
        for day in days_between(first, it.last_over):
            if not self._may_ask(it, day.isoformat()):
                return
            statement = await self._statement(it, day)
            if statement is None:
                return
            whole = await self._proven(it, statement)
            if whole is None:
                self._put_off(it, day.isoformat())
                self._runtime.log.tell(
                    FEED_BROKEN, tenant=it.fed.tenant.id, endpoint=it.fed.system.id
                )
                return
            if whole.entries or whole.opening:
                told += 1
                numbered = replace(whole, sequence=told)
                it.says.append(Say(told=numbered, subject=it.subject("stm", day.isoformat())))
                it.keys.append((Kind.STATEMENT, day, CLOSED))
            else:
                it.keys.append((Kind.STATEMENT, day, SILENT))
            await self._tell(it)

    async def _proven(self, it: Turn, statement: StatementTold) -> StatementTold | None:
        """The statement with its balances where the bank tells them; None where they disprove it.

        What a line-by-line balance does not tell, the day-end balances do, if the bank has them,
        or else what followed the day.
        """
        read = partial(Money.parse, unit=currency(statement.currency), signed=True)
        booked = [entry for entry in statement.entries if entry.status == _BOOKED]
        moved = sum(read(entry.amount).minor for entry in booked)
        if not statement.opening and not it.incomplete:
            statement = await self._with_day_ends(it, statement)
        if not statement.opening and not it.incomplete:
            closing = await self._closing(it, statement.end)
            if not closing:
                return statement
            unit = currency(statement.currency)
            opening = Money(read(closing).minor - moved, unit).text()
            return replace(statement, opening=opening, closing=closing)
        if not statement.opening:
            return statement
        adds_up = read(statement.opening).minor + moved == read(statement.closing).minor
        return statement if adds_up else None

    async def _with_day_ends(self, it: Turn, statement: StatementTold) -> StatementTold:
        before = statement.start - _DAY
        try:
            found = await self._asked(
                it, QuestionKind.HISTORY, start=before.isoformat(), end=statement.end.isoformat()
            )
        except (Refused, BankRefused):
            return statement
        ends = {told.day: told.ledger for told in found if isinstance(told, BalanceTold)}
        if before not in ends or statement.end not in ends:
            return statement
        return replace(statement, opening=ends[before], closing=ends[statement.end])

    async def _closing(self, it: Turn, day: date) -> str:
        """What was left at the end of a day, by what followed it; '' where nothing proves it.

        The balance is asked first: where the later statement shows no movement, there was none.
        """
        try:
            found = await self._asked(it, QuestionKind.BALANCE)
            since = await self._answer(
                it,
                QuestionKind.STATEMENT,
                start=(day + _DAY).isoformat(),
                end=it.now.date().isoformat(),
            )
        except (Refused, BankRefused):
            return ""
        now = next((told for told in found if isinstance(told, BalanceTold)), None)
        after = next((told for told in since.told if isinstance(told, StatementTold)), None)
        if now is None or after is None or since.warnings:
            return ""
        unmoved = not after.entries and now.asked_at <= after.created
        return now.ledger if unmoved else after.opening

    # ── asking, telling, remembering ──────────────────────────────────────────────────────

    async def _statement(self, it: Turn, day: date) -> StatementTold | None:
        """A day's entries; the answer names the payment of each where that is proven."""
        text = day.isoformat()
        answered = await self._answer(it, QuestionKind.STATEMENT, start=text, end=text)
        it.incomplete = bool(answered.warnings)
        return next((one for one in answered.told if isinstance(one, StatementTold)), None)

    async def _answer(self, it: Turn, kind: QuestionKind, **words: str) -> Answered:
        number = "" if kind is QuestionKind.RECEIPT else it.account.number
        question = Question(
            kind=kind.value,
            account=number,
            start=words.get("start", ""),
            end=words.get("end", ""),
            erp_reference=words.get("erp_reference", ""),
        )
        return await self._answers.answer(asker_of(it.fed.system), question)

    async def _asked(self, it: Turn, kind: QuestionKind, **words: str) -> Sequence[Told]:
        return (await self._answer(it, kind, **words)).told

    async def _tell(self, it: Turn) -> None:
        """Into the outbox and into memory, in one commit."""
        says, keys = tuple(it.says), tuple(it.keys)
        it.says.clear()
        it.keys.clear()
        if says or keys:
            await self._store.write(partial(self._put, it=it, says=says, keys=keys))

    def _put(self, uow: Uow, *, it: Turn, says: Sequence[Say], keys: Sequence[TellKey]) -> None:
        self._outbox.tell(uow, it.fed.tenant.id, it.fed.system.id, says)
        remember(uow, it, keys)

    def _may_ask(self, it: Turn, what: str) -> bool:
        return self._not_before.get(it.named(what), it.now) <= it.now

    def _put_off(self, it: Turn, what: str) -> None:
        self._not_before[it.named(what)] = it.now + PATIENCE


def _comes_in(entry: EntryTold) -> bool:
    """Whether it is money that has come in: what merely announces itself has not."""
    return entry.status == _BOOKED and not entry.amount.startswith("-")
