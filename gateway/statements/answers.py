"""Answers to what ERPs ask: balances, statements, day ends, payments, receipts.

Rule kept here: whoever asks sees what its rights show and nothing else; equal questions share one
call to the bank, whoever asks them; nothing is told that the bank did not say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Row

from gateway.domain.errors import NotFound, NotOffered
from gateway.domain.money import Money, currency
from gateway.domain.receipt import ReceiptFacts, encoded
from gateway.domain.statement import Balance, Entry, StatementPage
from gateway.ports.bank_batch import DayBalance
from gateway.ports.erp_answers import Answered, Asker
from gateway.ports.erp_questions import Question, QuestionKind
from gateway.ports.erp_told import BalanceTold, EntryTold, ReceiptTold, StatementTold
from gateway.ports.runtime import Runtime
from gateway.ports.statements import QuestionSource, StatusEnquiry
from gateway.ports.tenancy import Directory, OwnAccount, Tenant
from gateway.statements.belonging import belonging
from gateway.statements.entries import balances_of, entries_told
from gateway.statements.payments import by_reference, standing_told
from gateway.statements.receipts import Receipts
from gateway.statements.sharing import Shared, Sharing
from gateway.statements.wanted import Wanted, wanted
from gateway.store.store import Store
from gateway.store.tenancy import acting_for

_ONE_DAY: Final = timedelta(days=1)


class Seen(Protocol):
    """What an asker may see; implemented over the control document in force."""

    def account(self, db: Connection, asker: Asker, account: OwnAccount) -> None:
        """Raise NotFound for an account whose balance and statements it may not see."""
        ...

    def entries(
        self, db: Connection, asker: Asker, account: OwnAccount, entries: Sequence[Entry]
    ) -> list[Entry]:
        """The entries without those that it may not see."""
        ...

    def instruction(self, db: Connection, asker: Asker, instruction: str) -> None:
        """Raise NotFound for a payment that it may not see."""
        ...

    def may_enquire(self, db: Connection, asker: Asker, instruction: str) -> bool:
        """Whether it may have the bank asked about a payment that it sees."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question that was understood."""

    question: Question
    asker: Asker
    tenant: Tenant
    wanted: Wanted


class Answering:
    """The use case behind every way in which a question comes. See ``ports.erp_answers``."""

    def __init__(  # noqa: PLR0913, PLR0917 - built once
        self,
        store: Store,
        runtime: Runtime,
        directory: Directory,
        bank: QuestionSource,
        enquiry: StatusEnquiry,
        seen: Seen,
    ) -> None:
        self._store = store
        self._clock = runtime.clock
        self._directory = directory
        self._bank = bank
        self._enquiry = enquiry
        self._seen = seen
        self._balances: Sharing[Balance] = Sharing(runtime)
        self._statements: Sharing[Sequence[StatementPage]] = Sharing(runtime)
        self._histories: Sharing[tuple[DayBalance, ...]] = Sharing(runtime)
        self.receipts = Receipts(store, runtime, bank, seen)

    async def answer(self, asker: Asker, question: Question) -> Answered:
        """Answer a question. Raises what ``Answers.answer`` says."""
        with acting_for((asker.tenant,)):
            return await self._answer(asker, question)

    async def _answer(self, asker: Asker, question: Question) -> Answered:
        tenant = self._directory.tenants[asker.tenant]
        it = _Asked(
            question=question,
            asker=asker,
            tenant=tenant,
            wanted=wanted(question, asker, tenant, self._clock.now().date()),
        )
        match it.wanted.kind:
            case QuestionKind.STATUS:
                return await self._status(it)
            case QuestionKind.RECEIPT:
                return await self._receipt(it)
        account = it.wanted.own()
        await self._store.glance(lambda db: self._seen.account(db, asker, account))
        match it.wanted.kind:
            case QuestionKind.BALANCE:
                return await self._balance(it)
            case QuestionKind.STATEMENT:
                return await self._statement(it)
        return await self._history(it)

    # ── accounts ──────────────────────────────────────────────────────────────────────────

    async def _balance(self, it: _Asked) -> Answered:
        account, tenant = it.wanted.own(), it.tenant.id
        found = await self._balances.ask(
            (tenant, account.number),
            self._bank.interval_s(tenant, account.connection),
            lambda: self._bank.balance(tenant, account),
        )
        told = found.answer
        return _answered(
            it,
            BalanceTold(
                account=it.question.account,
                account_name=told.account_name or account.party.name,
                currency=account.currency,
                ledger=told.ledger.text(),
                available=told.available.text() if told.available is not None else "",
                asked_at=found.asked_at,
                day=_day_of(told.as_of, found.asked_at),
                company=account.company,
            ),
            found=found,
        )

    async def _statement(self, it: _Asked) -> Answered:
        """Closed days and today are asked for apart: no bank gives them together."""
        account, start, end = it.wanted.own(), it.wanted.start, it.wanted.end
        today = self._clock.now().date()
        spans = (
            [(start, end)] if end < today or start == end else [(start, end - _ONE_DAY), (end,) * 2]
        )
        parts = [await self._pages(it, account, span) for span in spans]
        pages = [page for part in parts for page in part.answer]
        whole = [entry for page in pages for entry in page.entries]
        shown = await self._store.read(lambda db: self._seen.entries(db, it.asker, account, whole))
        hidden = len(whole) - len(shown)
        opening, closing = ("", "") if hidden else balances_of(pages)
        available = pages[-1].available if end == today and not hidden else None
        keyed = entries_told(whole, start if start == end else None)
        visible = {id(entry) for entry in shown}
        shown_entries = tuple(
            one for one, entry in zip(keyed, whole, strict=True) if id(entry) in visible
        )
        first = parts[0]
        told = StatementTold(
            statement_id=_statement_id(account, start, end, keyed),
            account=it.question.account,
            account_name=account.party.name,
            currency=account.currency,
            start=start,
            end=end,
            created=first.asked_at,
            entries=await self._whose(it, account, shown_entries),
            opening=opening,
            closing=closing,
            available=available.text() if available is not None else "",
            company=account.company,
        )
        warnings = [warning for page in pages for warning in page.warnings]
        if hidden:
            warnings.append(
                f"{hidden} 条代发明细按权限不予显示，故不提供期初、期末余额 / "
                f"{hidden} payroll entries are not shown to you, so neither are the balances"
            )
        return _answered(it, told, found=first, warnings=tuple(warnings))

    async def _whose(
        self, it: _Asked, account: OwnAccount, entries: tuple[EntryTold, ...]
    ) -> tuple[EntryTold, ...]:
        """The entries, each with the ERP system's own payment that it is proven to belong to."""
        if it.asker.erp not in it.tenant.erps:
            return entries
        find = partial(belonging, tenant=it.tenant.id, erp=it.asker.erp, account=account.number)
        return await self._store.read(lambda db: find(db, entries=entries))

    async def _pages(
        self, it: _Asked, account: OwnAccount, span: tuple[date, date]
    ) -> Shared[Sequence[StatementPage]]:
        tenant = it.tenant.id
        return await self._statements.ask(
            (tenant, account.number, span),
            self._bank.interval_s(tenant, account.connection),
            lambda: self._bank.statement(tenant, account, *span),
        )

    async def _history(self, it: _Asked) -> Answered:
        account, tenant, of = it.wanted.own(), it.tenant.id, it.wanted
        found = await self._histories.ask(
            (tenant, account.number, of.start, of.end),
            self._bank.interval_s(tenant, account.connection),
            lambda: self._bank.history(tenant, account, of.start, of.end),
        )
        told = (
            BalanceTold(
                account=it.question.account,
                account_name=account.party.name,
                currency=account.currency,
                ledger=day.closing.text(),
                asked_at=found.asked_at,
                day=day.day,
                company=account.company,
            )
            for day in sorted(found.answer, key=lambda day: day.day)
        )
        return _answered(it, *told, found=found)

    # ── payments ──────────────────────────────────────────────────────────────────────────

    async def _rows(self, it: _Asked) -> Sequence[Row[Any]]:
        """The payments asked about. Raises NotFound."""

        def find(db: Connection) -> Sequence[Row[Any]]:
            rows = by_reference(db, it.asker, it.wanted.erp_reference)
            for row in rows:
                self._seen.instruction(db, it.asker, row.id)
            return rows

        rows = await self._store.read(find)
        if not rows:
            raise NotFound
        return rows

    async def _status(self, it: _Asked) -> Answered:
        """Where it stands; while the bank owes an answer, it is asked as soon as that is fair."""
        rows = await self._rows(it)
        enquiry_at: datetime | None = None
        for row in rows:
            instruction = row.id
            if await self._store.read(
                lambda db, of=instruction: self._seen.may_enquire(db, it.asker, of)  # type: ignore[misc]
            ):
                try:
                    at = await self._enquiry.enquire_soon(it.tenant.id, instruction)
                except NotOffered:
                    continue  # nothing of it is open at the bank: what stands is all there is
                enquiry_at = datetime.fromisoformat(at)
        told = tuple(standing_told(row, it.tenant, it.wanted.erp_reference) for row in rows)
        return Answered(
            question=it.question,
            told=told,
            asked_at=max(one.at for one in told),
            enquiry_at=enquiry_at,
        )

    async def _receipt(self, it: _Asked) -> Answered:
        """The bank's data about the payment; lines of others in the same message are left out."""
        row = (await self._rows(it))[-1]
        found = await self.receipts.of(it.tenant.id, row)
        own = it.tenant.accounts[row.debtor_account]
        return Answered(
            question=it.question,
            told=(_receipt_told(found.facts, row, own, it.asker),),
            asked_at=found.asked_at,
            shared=found.shared,
        )


def _answered(
    it: _Asked,
    *told: BalanceTold | StatementTold,
    found: Shared[Any],
    warnings: tuple[str, ...] = (),
) -> Answered:
    return Answered(
        question=it.question,
        told=told,
        asked_at=found.asked_at,
        shared=found.shared,
        warnings=warnings,
    )


def _statement_id(account: OwnAccount, start: date, end: date, entries: Sequence[EntryTold]) -> str:
    """The same for the same content; another one once today has another entry (35 at most)."""
    words = f"{account.number} {len(entries)} {entries[-1].key if entries else ''}"
    digest = hashlib.sha256(words.encode()).hexdigest()[:16]
    return f"STM{start:%y%m%d}{end:%y%m%d}{digest}"


def _day_of(as_of: date | datetime | None, asked_at: datetime) -> date:
    if isinstance(as_of, datetime):
        return as_of.date()
    return as_of or asked_at.date()


def _receipt_told(facts: ReceiptFacts, row: Row[Any], own: OwnAccount, asker: Asker) -> ReceiptTold:
    """The bank gives data, not a picture: the file is that data as JSON."""
    content = encoded(facts)
    amount = Money.parse(facts.amount, currency(facts.currency), signed=True)
    return ReceiptTold(
        receipt_number=facts.receipt_number or facts.bank_reference or row.serial or row.id,
        account=asker.written(own.number),
        account_name=own.party.name,
        currency=facts.currency,
        day=facts.asked_at.date(),
        file_name=f"receipt-{row.id}.json",
        file_sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        amount=(-amount).text(),
        bank_reference=facts.bank_reference or row.bank_reference,
        counterparty_name=facts.creditor_name,
        counterparty_account=facts.creditor_account,
        erp_reference=row.erp_reference,
        company=own.company,
    )
