"""Questions answered by the bank in real time: balance, statement pages, sign-on.

Queries have a gate of their own: they never take a payment's slot. A query may be repeated
when nothing was sent; tenacity is told exactly that, and when to stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from gateway.domain.errors import NotFound, NotOffered, NotSent, OperatorRefused
from gateway.domain.message import WireReply
from gateway.domain.outcome import Outcome, Verdict
from gateway.domain.statement import Balance, StatementPage
from gateway.ports.bank import (
    BalanceQuestion,
    EntryKind,
    Operation,
    SignOnQuestion,
    StatementQuestion,
)
from gateway.ports.events import QUERIED
from gateway.ports.tenancy import OwnAccount
from gateway.relay import blockade
from gateway.relay.archive import Envelope
from gateway.relay.context import Link
from gateway.relay.pace import Pace
from gateway.relay.told import Told

Q = TypeVar("Q")
A = TypeVar("A")

_ATTEMPTS: Final = 3
_PAGES_MAX: Final = 1000
SIGN_ON: Final = "signon"


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
        self, link: Link, operation: Operation[Q, A] | None, question: Q, purpose: str
    ) -> A:
        if operation is None:
            raise NotOffered
        if purpose != SIGN_ON:
            await _must_run(link)
        key = (link.tenant.id, link.connection.id)
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(NotSent),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=0.2, max=2),
            sleep=link.runtime.tasks.sleep,
            reraise=True,
        )
        async with self._gates[key]:
            async for attempt in retrying:
                with attempt:
                    await self._paces[key].turn()
                    return await self._once(link, operation, question, purpose)
        raise NotOffered  # pragma: no cover - the loop returns or raises

    async def _once(self, link: Link, operation: Operation[Q, A], question: Q, purpose: str) -> A:
        serial = link.serial()
        wire = operation.encode(question, link.sign_on(), serial)
        envelope = Envelope(
            tenant=link.tenant.id, connection=link.connection.id, purpose=purpose, serial=serial
        )
        await link.store.write(
            lambda uow: link.archive.store_out(uow, envelope, wire, alone=True), at_once=True
        )
        with Told(link, QUERIED, envelope):
            reply: WireReply = await link.runtime.net.exchange(
                link.connection.url, wire, link.connection.timeout_s
            )
        await link.store.write(
            lambda uow: link.archive.store_in(uow, envelope, reply, alone=True), at_once=True
        )
        try:
            return operation.decode(question, serial, reply)
        except OperatorRefused as error:
            outcome = Outcome(verdict=Verdict.REJECTED, code=error.bank_code, text=error.text)
            await link.store.write(lambda uow: blockade.block(uow, link, outcome))
            raise


async def _must_run(link: Link) -> None:
    """A stopped connection asks nothing; only a person's sign-on may try it again."""
    tenant, connection = link.tenant.id, link.connection.id
    if await link.store.read(lambda db: blockade.blocked(db, tenant, connection)):
        raise NotOffered(
            f"connection {connection} is stopped because the bank refused its sign-on; "
            "a person must lift that",
            f"连接 {connection} 因银行拒绝登录已停用，须由人员解除后再查询",
        )
