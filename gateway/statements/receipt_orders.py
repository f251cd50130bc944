"""Receipt files of every account that wants them: a closed day is ordered once, then followed.

Rule kept here: an order is durable under its number before it leaves, and while its fate is not
known it is asked about, never made under another number. One process goes on with a day, by a
claim that ends by itself. What a bank makes is compared with the lines that it booked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace
from sqlalchemy import Connection

from gateway.domain import receipt_order as steps
from gateway.domain.day import days_between
from gateway.domain.day_proof import DayState
from gateway.domain.errors import (
    BankRefused,
    Corrupt,
    DatabaseAway,
    GatewayError,
    NotOffered,
    NotSent,
)
from gateway.domain.receipt_order import (
    ASK_AFTER,
    Compared,
    Completeness,
    DayOrder,
    ListedFile,
    OrderState,
    ReceiptFinding,
    TaskState,
)
from gateway.ports.bank_receipts import ReceiptFilesPage
from gateway.ports.events import RECEIPTS_LACKING
from gateway.ports.runtime import Runtime
from gateway.ports.statements import FileFetcher, ReceiptSource
from gateway.ports.tenancy import Directory, OwnAccount, Tenant
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.statements import receipt_rows as rows
from gateway.statements.day_rows import days_of
from gateway.statements.told_entries import OVER_AFTER
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

if TYPE_CHECKING:
    from gateway.statements.receipt_packets import Paper

EVERY: Final = timedelta(minutes=15)
"""How often a worker looks (shared clock)."""
BACK_MAX: Final = 7
"""Closed days that are looked at for orders still to be made."""
PROOF_AWAITED: Final = timedelta(hours=12)
"""A day can be ordered once: so long after its end its lines may still be on their way, and it is
not ordered before they are proven."""
_NUMBER_MAX: Final = 64
_DAY: Final = timedelta(days=1)
_PROVEN: Final = frozenset({DayState.PROVEN.value, DayState.QUIET.value})
_SETTLED: Final = frozenset({Completeness.COMPLETE.value, Completeness.INCOMPLETE.value})


class ReceiptOrders:
    """The use case and its appointment."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        source: ReceiptSource,
        fetcher: FileFetcher,
        directory: Directory,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._source = source
        self._fetcher = fetcher
        self._tenants = [
            it
            for it in directory.tenants.values()
            if any(account.receipt_files for account in it.accounts.values())
        ]
        self._rounds = Rounds(store, runtime, WorkKind.RECEIPTS, EVERY)

    async def run(self) -> None:
        """Keep the appointment for ever; where no account wants receipts, there is none."""
        if self._tenants:
            await self._rounds.keep(self.look)

    async def look(self) -> None:
        """Visit every account that wants receipts; a bank that is silent is left alone at once.

        Raises Corrupt, and DatabaseAway: neither is the silence of a bank.
        """
        for tenant in self._tenants:
            with acting_for((tenant.id,)):
                silent: set[str] = set()
                for account in tenant.accounts.values():
                    if account.connection in silent or not account.receipt_files:
                        continue
                    try:
                        await self.visit(tenant, account)
                    except NotOffered:
                        continue
                    except (Corrupt, DatabaseAway):
                        raise
                    except GatewayError:
                        silent.add(account.connection)

    async def visit(self, tenant: Tenant, account: OwnAccount) -> None:
        """Plan what is to be ordered of an account, and go on with what is due."""
        if not self._source.offers_receipt_files(tenant.id, account.connection):
            raise NotOffered("the bank makes no receipt files", "银行不提供回单文件")
        now = self._runtime.clock.now()
        for day in await self._to_plan(tenant, account, now):
            planned = DayOrder(account=account.number, day=day, due=now)
            await self._store.write(partial(rows.plan, tenant=tenant.id, order=planned, now=now))
        due = await self._store.read(
            partial(rows.due_of, tenant=tenant.id, account=account.number, now=now)
        )
        for order in due:
            await _Turn(self, tenant, account).go_on(order)

    async def _to_plan(self, tenant: Tenant, account: OwnAccount, now: datetime) -> list[date]:
        """Closed days without an order whose lines are proven, or will hardly be any more.

        Days that were found complete and have another number of lines now are woken.
        """
        last = (now - OVER_AFTER).date() - _DAY
        span = (last - _DAY * (BACK_MAX - 1), last)
        known = await self._store.read(
            partial(rows.orders_of, tenant=tenant.id, account=account.number, days=span)
        )
        kept = await self._store.read(
            partial(days_of, tenant=tenant.id, account=account.number, days=span)
        )
        found = {date.fromisoformat(row.day): row for row in kept}
        wanted = []
        for day in days_between(*span):
            row = found.get(day)
            if row is not None and _outgrown(known.get(day), row.entries):
                # A line came late: compared anew, and asked about if it lacks its receipt.
                wake = partial(rows.wake, tenant=tenant.id, order=known[day], now=now)
                await self._store.write(wake)
            if day in known or (row is None and day != last):
                continue
            if row is not None and row.state in _PROVEN:
                if row.entries:
                    wanted.append(day)
            elif (now - OVER_AFTER - PROOF_AWAITED).date() > day:
                wanted.append(day)
        return wanted

    @property
    def parts(self) -> tuple[Store, Runtime, ReceiptSource, FileFetcher]:
        """What a turn works with."""
        return self._store, self._runtime, self._source, self._fetcher


class _Turn:
    """Going on with one day of one account: every step is claimed, made, and stored."""

    def __init__(self, of: ReceiptOrders, tenant: Tenant, account: OwnAccount) -> None:
        self._store, self._runtime, self._source, self._fetcher = of.parts
        self._tenant, self._account = tenant, account

    async def go_on(self, seen: DayOrder) -> None:
        """The next step of a day, and those that follow at once.

        Raises what leaves a bank silent for the rest of the look: NotSent, and Unconfirmed.
        """
        given_up = steps.kept_up(seen, self._now())
        if given_up is not seen:
            await self._put(seen, given_up)
            return
        if seen.state is OrderState.PLANNED:
            await self._order(seen)
            return
        if seen.state is OrderState.DONE:
            compared = await self._compare(seen)
            if compared.verdict is not Completeness.INCOMPLETE:
                await self._conclude(seen, compared)
                return
        order = await self._ask(seen)
        if order is not None and order.state is OrderState.FETCHING:
            await self._fetch(order)

    async def _order(self, seen: DayOrder) -> None:
        number = seen.reference or self._source.order_number(
            self._tenant.id, self._account.connection
        )
        it = steps.leaving(seen, number, self._now())
        told: dict[str, object] = {"reference": number}
        if not await self._put(seen, it, journal=("receipts_ordered", told)):
            return
        try:
            answer = await self._source.order_receipts(
                self._tenant.id, self._account, it.day, number
            )
        except (NotSent, NotOffered):
            await self._put(it, steps.not_sent(it, self._now()))
            raise
        except BankRefused as refused:
            # Which refusals prove that nothing was ordered, no table says: the number is asked for.
            await self._put(it, steps.in_doubt(it, self._now(), refused.bank_code))
        except GatewayError as error:
            await self._put(it, steps.in_doubt(it, self._now(), error.code))
            raise
        else:
            await self._put(it, steps.ordered(it, answer.state, self._now()))

    async def _ask(self, seen: DayOrder) -> DayOrder | None:
        """Ask about an order; None when somebody else is at it, or nothing came."""
        it = replace(seen, due=self._now() + ASK_AFTER)
        if not await self._put(seen, it):
            return None
        try:
            pages = await self._source.receipt_files(self._tenant.id, self._account, it.reference)
        except BankRefused as refused:
            await self._put(it, steps.in_doubt(it, self._now(), refused.bank_code))
            return None
        except GatewayError as error:
            await self._put(it, steps.in_doubt(it, self._now(), error.code))
            raise
        # Fetching follows at once, so the day stays claimed.
        then = steps.asked(_named(it, pages), _word(pages), _files(pages), self._now())
        if then.state is OrderState.FETCHING:
            then = replace(then, due=self._now() + ASK_AFTER, findings=_short(pages, then.files))
        return then if await self._put(it, then) else None

    async def _fetch(self, order: DayOrder) -> None:
        connection = self._tenant.connections[self._account.connection]
        from gateway.statements.receipt_packets import (  # noqa: PLC0415 - costs a start
            FILE_MAX,
            unpacked,
        )

        for file in steps.still_wanted(order):
            findings: tuple[ReceiptFinding, ...] = ()
            papers: Sequence[Paper] = ()
            whole, digest = False, file.digest
            try:
                content = await self._fetcher.fetch(connection, file.id, FILE_MAX)
            except GatewayError as error:
                findings = (ReceiptFinding(code="not_fetched", name=error.code),)
            else:
                papers, findings, whole = await self._runtime.tasks.read(
                    partial(unpacked, file.name, content)
                )
                digest = hashlib.sha256(content).hexdigest()
            tried = replace(
                file, fetched=whole, tries=file.tries + 1, digest=digest, findings=findings
            )
            then = replace(steps.fetched(order, tried), due=self._now() + ASK_AFTER)
            if not await self._put(order, then, papers=(tried, papers)):
                return
            order = then
        await self._conclude(order, await self._compare(order))

    async def _compare(self, order: DayOrder) -> Compared:
        tenant, account, day = self._tenant.id, self._account.number, order.day
        return await self._store.read(lambda db: compared_day(db, tenant, account, day))

    async def _conclude(self, order: DayOrder, compared: Compared) -> None:
        then = steps.compared(order, compared, self._now())
        told: dict[str, object] = {
            "verdict": compared.verdict.value,
            "lines": compared.lines,
            "receipts": compared.receipts,
            "missing": len(compared.missing),
            "surplus": len(compared.surplus),
        }
        new = then.verdict != order.verdict and then.verdict in _SETTLED
        journal = ("receipts_compared", told) if new else None
        stored = await self._put(order, then, journal=journal)
        if stored and compared.verdict is Completeness.INCOMPLETE:
            self._runtime.log.tell(
                RECEIPTS_LACKING,
                tenant=self._tenant.id,
                serial=order.reference,
                count=len(compared.missing) + len(compared.surplus),
            )

    async def _put(
        self,
        seen: DayOrder,
        then: DayOrder,
        *,
        journal: tuple[str, dict[str, object]] | None = None,
        papers: tuple[ListedFile, Sequence[Paper]] | None = None,
    ) -> bool:
        """Store the next state, if nobody else has gone on meanwhile; with what belongs to it."""
        tenant, now, ids = self._tenant.id, self._now(), self._runtime.ids

        def write(uow: Uow) -> bool:
            if not rows.take(uow, tenant, seen, then, now):
                return False
            if papers is not None and papers[1]:
                file, found = papers
                made = rows.Made(file.id, [ids.new("rcf") for _ in found], now)
                digests = rows.keep(uow, tenant, then, found, made)
                told: dict[str, object] = {"file_digest": file.digest, "digests": digests}
                uow.journal(rows.record(tenant, then, "receipts_kept", now, told))
            if journal is not None:
                uow.journal(rows.record(tenant, then, journal[0], now, journal[1]))
            return True

        return await self._store.write(write, at_once=True)

    def _now(self) -> datetime:
        return self._runtime.clock.now()


def compared_day(db: Connection, tenant: str, account: str, day: date) -> Compared:
    """The receipts that are kept of a day beside the lines that are kept of it."""
    lines = rows.lines_of(db, tenant, account, day)
    papers = rows.papers_of(db, tenant, account, day)
    proven = any(row.state in _PROVEN for row in days_of(db, tenant, account, (day, day)))
    return steps.compare(
        [it.bank_key for it in lines], [it.bank_key for it in papers], proven=proven
    )


def _outgrown(order: DayOrder | None, entries: int) -> bool:
    """Whether a day that was found complete has other lines now."""
    return (
        order is not None
        and order.due is None
        and order.verdict == Completeness.COMPLETE.value
        and order.lines != entries
    )


def _word(pages: Sequence[ReceiptFilesPage]) -> TaskState:
    """What all pages say; where they differ, the order moved on meanwhile and nothing is known."""
    words = {page.state for page in pages}
    return words.pop() if len(words) == 1 else TaskState.UNKNOWN


def _files(pages: Sequence[ReceiptFilesPage]) -> list[ListedFile]:
    listed = {file.id: file for page in pages for file in page.files}
    return [ListedFile(id=it.id, name=it.name) for it in listed.values()]


def _short(
    pages: Sequence[ReceiptFilesPage], files: Sequence[ListedFile]
) -> tuple[ReceiptFinding, ...]:
    """The bank counts other than it lists: told, and what it lists is fetched all the same."""
    count = pages[0].count
    if count is None or count == len(files):
        return ()
    return (ReceiptFinding(code="list_differs", name=f"{len(files)}/{count}"),)


def _named(it: DayOrder, pages: Sequence[ReceiptFilesPage]) -> DayOrder:
    """With what the bank calls the order, and how long it has the files."""
    first = pages[0]
    return replace(
        it,
        bank_reference=first.bank_reference[:_NUMBER_MAX] or it.bank_reference,
        expires_on=first.expires_on or it.expires_on,
    )
