"""Questions answered by the bank in real time: balance, statement pages, receipts, sign-on.

Queries have a gate of their own: they never take a payment's slot, and where calls are counted
they wait for payments that are due, never the other way round. A query may be repeated when
nothing was sent; tenacity is told exactly that, and when to stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from gateway.domain.errors import NotFound, NotOffered, NotSent, OperatorRefused, Overloaded
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome, Verdict
from gateway.domain.statement import Balance, StatementPage
from gateway.lifecycle.stops import next_sendable
from gateway.ports.bank import (
    BalanceQuestion,
    EntryKind,
    Operation,
    SignOnQuestion,
    StatementQuestion,
)
from gateway.ports.bank_batch import (
    DayBalance,
    HistoryQuestion,
    InstructionReceipt,
    ReceiptQuestion,
)
from gateway.ports.bank_confirm import (
    ConfirmOrder,
    ConfirmOutcome,
    ConfirmQuestion,
    ConfirmResult,
)
from gateway.ports.bank_receipts import (
    ReceiptFilesPage,
    ReceiptFilesQuestion,
    ReceiptOrder,
    ReceiptOrdered,
)
from gateway.ports.events import QUERIED
from gateway.ports.tenancy import OwnAccount
from gateway.relay import blockade
from gateway.relay.archive import Envelope
from gateway.relay.batching import KINDS
from gateway.relay.context import Link
from gateway.relay.pace import Pace
from gateway.relay.told import Told
from gateway.schedule.work import WorkKind
from gateway.store.groups import Item
from gateway.store.uow import Uow

Q = TypeVar("Q")
A = TypeVar("A")

_ATTEMPTS: Final = 3
_FIRST_WAIT_S: Final = 0.2
_PAGES_MAX: Final = 1000
_TURN_MAX_S: Final = 30.0
"""Longest a query waits behind payments before its asker is told to come again."""
SIGN_ON: Final = "signon"
CONFIRMATION, CONFIRMATION_RESULT = "confirmation", "confirm_result"
"""Purposes, as the archive keeps them: no longer than its column."""


class Queries:
    """Real-time questions over the connections."""

    def __init__(
        self, links: Mapping[tuple[str, str], Link], paces: Mapping[tuple[str, str], Pace]
    ) -> None:
        self._links = links
        self._paces = paces
        self._gates = {
            key: link.runtime.tasks.gate(link.connection.enquiry_slots)
            for key, link in links.items()
        }

    async def balance(self, tenant: str, account: OwnAccount) -> Balance:
        """Ask the bank for an account's balance now.

        Raises NotOffered, BankRefused, NotSent, Unconfirmed or WireError.
        """
        link = self._link(tenant, account.connection)
        question = BalanceQuestion(account=account.number)
        return await self._ask(link, link.dialect.balance, question, "balance")

    async def statement(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> list[StatementPage]:
        """Ask the bank for all pages of a statement; today must be asked for alone."""
        link = self._link(tenant, account.connection)
        return await self._pages(link, link.dialect.statement, account, (start, end))

    async def refunds(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> list[StatementPage]:
        """Ask the bank for all pages of its returned payments (退汇) of some days."""
        link = self._link(tenant, account.connection)
        return await self._pages(
            link, link.dialect.refunds, account, (start, end), kind=EntryKind.REFUNDS
        )

    async def _pages(
        self,
        link: Link,
        operation: Operation[StatementQuestion, StatementPage] | None,
        account: OwnAccount,
        days: tuple[date, date],
        *,
        kind: EntryKind = EntryKind.ALL,
    ) -> list[StatementPage]:
        pages: list[StatementPage] = []
        while not pages or pages[-1].more:
            if len(pages) >= _PAGES_MAX:
                raise NotOffered("too many pages; ask for fewer days", "页数过多，请缩短查询区间")
            question = StatementQuestion(
                account=account.number,
                start=days[0],
                end=days[1],
                page=len(pages) + 1,
                kind=kind,
            )
            pages.append(await self._ask(link, operation, question, kind.value))
        return pages

    async def history(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> tuple[DayBalance, ...]:
        """Ask the bank for the day-end balances of closed days (历史余额)."""
        link = self._link(tenant, account.connection)
        question = HistoryQuestion(account=account.number, start=start, end=end)
        return await self._ask(link, link.dialect.history, question, "history")

    async def receipt(
        self, tenant: str, connection: str, serial: str, operation: str
    ) -> InstructionReceipt:
        """Ask the bank for its receipt (指令回单) of an earlier payment message of ours."""
        link = self._link(tenant, connection)
        question = ReceiptQuestion(original=Serial(serial), kind=KINDS.get(operation))
        return await self._ask(link, link.dialect.receipt, question, "receipt")

    def confirmation_serial(self, tenant: str, connection: str) -> Serial:
        """A serial for one order to confirm a month. Raises NotOffered where there is no such."""
        link = self._link(tenant, connection)
        if link.dialect.confirm is None or link.dialect.confirm_result is None:
            raise _lacks(link, CONFIRMATION)
        return link.serial()

    async def confirm(
        self, tenant: str, account: OwnAccount, month: date, serial: str
    ) -> ConfirmOutcome:
        """Order the confirmation of a month under ``serial``, or ask under it what became of it."""
        link = self._link(tenant, account.connection)
        order = ConfirmOrder(account=account.number, month=month)
        return await self._ask(link, link.dialect.confirm, order, CONFIRMATION, Serial(serial))

    async def confirmation_result(
        self, tenant: str, account: OwnAccount, month: date, serial: str
    ) -> ConfirmResult:
        """Ask the bank what came of an order to confirm a month."""
        link = self._link(tenant, account.connection)
        question = ConfirmQuestion(original=Serial(serial), account=account.number, month=month)
        operation = link.dialect.confirm_result
        return await self._ask(link, operation, question, CONFIRMATION_RESULT)

    def offers_receipt_files(self, tenant: str, connection: str) -> bool:
        """Whether the bank makes receipt files on order."""
        dialect = self._link(tenant, connection).dialect
        return dialect.receipt_order is not None and dialect.receipt_files is not None

    def order_number(self, tenant: str, connection: str) -> str:
        """A fresh number for an order; whoever takes it makes it durable before it leaves."""
        return self._link(tenant, connection).serial()

    async def order_receipts(
        self, tenant: str, account: OwnAccount, day: date, number: str
    ) -> ReceiptOrdered:
        """Order the receipt files of a closed day under ``number``, which is durable already."""
        link = self._link(tenant, account.connection)
        order = ReceiptOrder(account=account.number, day=day)
        operation, serial = link.dialect.receipt_order, Serial(number)
        return await self._ask(link, operation, order, "receipt_order", serial)

    async def receipt_files(
        self, tenant: str, account: OwnAccount, number: str
    ) -> list[ReceiptFilesPage]:
        """Ask what became of an order of receipt files: all pages of their list."""
        link = self._link(tenant, account.connection)
        pages: list[ReceiptFilesPage] = []
        while not pages or pages[-1].more:
            if len(pages) >= _PAGES_MAX:
                raise NotOffered("too many pages", "页数过多")
            question = ReceiptFilesQuestion(
                original=Serial(number), account=account.number, page=len(pages) + 1
            )
            operation = link.dialect.receipt_files
            pages.append(await self._ask(link, operation, question, "receipt_files"))
        return pages

    def interval_s(self, tenant: str, connection: str) -> float:
        """Seconds within which the bank is not asked the same thing twice."""
        link = self._link(tenant, connection)
        return (
            link.connection.query_interval_s or link.dialect.timing.query_interval.total_seconds()
        )

    async def sign_on(self, tenant: str, connection: str) -> Outcome:
        """Only sign on: is the front-end alive, are the credentials right?"""
        link = self._link(tenant, connection)
        return await self._ask(link, link.dialect.sign_on, SignOnQuestion(), SIGN_ON)

    def _link(self, tenant: str, connection: str) -> Link:
        link = self._links.get((tenant, connection))
        if link is None:
            raise NotFound("no such connection", "没有该银行连接")
        return link

    async def _ask(
        self,
        link: Link,
        operation: Operation[Q, A] | None,
        question: Q,
        purpose: str,
        serial: Serial | None = None,
    ) -> A:
        """``serial`` is that of an order; a question gets a fresh one at each try."""
        if operation is None:
            raise _lacks(link, purpose)
        async with self._gates[link.tenant.id, link.connection.id]:
            try:
                return await self._in_turn(link, operation, question, purpose, serial)
            except NotSent:
                # Asking for repetition costs more than the rest of the way: only who needs it does.
                await link.runtime.tasks.sleep(_FIRST_WAIT_S)
            again = AsyncRetrying(
                retry=retry_if_exception_type(NotSent),
                stop=stop_after_attempt(_ATTEMPTS - 1),
                wait=wait_exponential(multiplier=2 * _FIRST_WAIT_S, max=2),
                sleep=link.runtime.tasks.sleep,
                reraise=True,
            )
            return await again(self._in_turn, link, operation, question, purpose, serial)

    async def _in_turn(
        self,
        link: Link,
        operation: Operation[Q, A],
        question: Q,
        purpose: str,
        serial: Serial | None,
    ) -> A:
        await self._turn(link, self._paces[link.tenant.id, link.connection.id])
        return await self._once(link, operation, question, purpose, serial)

    async def _turn(self, link: Link, pace: Pace) -> None:
        """Wait until no payment is due, then for a turn. Raises Overloaded when that is long."""
        if not link.connection.rate_per_s:
            return
        clock = link.runtime.clock
        give_up_s = clock.monotonic() + _TURN_MAX_S
        while not pace.spare() or await self._payment_due(link):
            if clock.monotonic() >= give_up_s:
                raise Overloaded(
                    "payments take all the calls that the bank allows now; ask again later",
                    "银行允许的调用次数正全部用于付款，请稍后再查询",
                )
            await link.runtime.tasks.sleep(1 / link.connection.rate_per_s)
        await pace.turn()

    async def _payment_due(self, link: Link) -> bool:
        queue = link.queue(WorkKind.SEND)
        due_us = await link.store.read(lambda db: next_sendable(db, queue))
        return due_us is not None and due_us <= link.now_us()

    async def _once(
        self,
        link: Link,
        operation: Operation[Q, A],
        question: Q,
        purpose: str,
        given: Serial | None,
    ) -> A:
        serial = given if given is not None else link.serial()
        wire = operation.encode(question, link.sign_on(), serial)
        envelope = Envelope(
            tenant=link.tenant.id, connection=link.connection.id, purpose=purpose, serial=serial
        )
        left = Item(_leave, _Out(link, envelope, wire))
        if not await link.store.write(left, at_once=True):
            raise _stopped(link.connection.id)
        with Told(link, QUERIED, envelope):
            reply: WireReply = await link.runtime.net.exchange(
                link.connection.url, wire, link.connection.timeout_s
            )
        await link.store.write(Item(_arrive, _In(link, envelope, reply)), at_once=True)
        try:
            return operation.decode(question, serial, reply)
        except OperatorRefused as error:
            outcome = Outcome(verdict=Verdict.REJECTED, code=error.bank_code, text=error.text)
            await link.store.write(lambda uow: blockade.block(uow, link, outcome))
            raise


class _Out(NamedTuple):
    """A question that is about to leave."""

    link: Link
    envelope: Envelope
    wire: WireMessage


class _In(NamedTuple):
    """An answer that came."""

    link: Link
    envelope: Envelope
    reply: WireReply


def _leave(uow: Uow, items: Sequence[_Out]) -> Sequence[bool]:
    """Archive questions; False on a stopped connection, which asks nothing.

    Only a person's sign-on may try that again.
    """
    stopped: dict[tuple[str, str], bool] = {}
    left: list[bool] = []
    for it in items:
        key = (it.envelope.tenant, it.envelope.connection)
        if key not in stopped:
            stopped[key] = blockade.standing(uow, *key)
        may = it.envelope.purpose == SIGN_ON or not stopped[key]
        if may:
            it.link.archive.store_out(uow, it.envelope, it.wire, alone=True)
        left.append(may)
    return left


def _arrive(uow: Uow, items: Sequence[_In]) -> Sequence[None]:
    """Archive answers."""
    for it in items:
        it.link.archive.store_in(uow, it.envelope, it.reply, alone=True)
    return [None] * len(items)


def _lacks(link: Link, purpose: str) -> NotOffered:
    """Which bank lacks which capability."""
    bank = link.connection.dialect
    return NotOffered(
        f"bank {bank} does not offer this query: {purpose}", f"银行 {bank} 不提供此查询：{purpose}"
    )


def _stopped(connection: str) -> NotOffered:
    return NotOffered(
        f"connection {connection} is stopped because the bank refused its sign-on; "
        "a person must lift that",
        f"连接 {connection} 因银行拒绝登录已停用，须由人员解除后再查询",
    )
