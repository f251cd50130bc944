"""Receipt files in tests: a bank that makes them, and a gateway's account that wants them."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from gateway.domain.errors import GatewayError
from gateway.domain.money import CNY, Money
from gateway.domain.receipt_order import DayOrder, TaskState
from gateway.domain.statement import Entry, StatementPage
from gateway.ports.bank_batch import DayBalance
from gateway.ports.bank_receipts import ReceiptFile, ReceiptFilesPage, ReceiptOrdered
from gateway.ports.tenancy import Connection, Directory, Tenant
from gateway.statements import receipt_rows
from gateway.statements.collecting import Collecting
from gateway.statements.receipt_orders import ReceiptOrders
from gateway.store import tables
from tests.statement_ground import ACCOUNT, OTHER, tenant
from tests.store_ground import START

TODAY = START.date()
DAY = timedelta(days=1)
YESTERDAY = TODAY - DAY
PDF = b"%PDF-1.7 receipt"


def owner() -> Tenant:
    mine = tenant()
    wanting = replace(mine.accounts[ACCOUNT], receipt_files=True)
    link = Connection(
        tenant=mine.id,
        id="cib",
        bank="cib",
        url="http://bank",
        customer="c",
        operator="o",
        password="p",
        receipt_files="http://files/{file_id}",
    )
    return replace(
        mine,
        accounts={ACCOUNT: wanting, OTHER: mine.accounts[OTHER]},
        connections={"cib": link},
    )


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.pdf", content)
    return made.getvalue()


class Books:
    """A bank: its lines, the orders it took, its files, and what is wrong with its answers."""

    def __init__(self) -> None:
        self.days: dict[date, list[str]] = {YESTERDAY: ["K1", "K2"]}
        self.proves = True
        self.offers = True
        self.taken: list[tuple[date, str]] = []
        self.asked: list[str] = []
        self.fetched: list[str] = []
        self.answers: dict[str, TaskState] = {}
        """What is said of an order when it is asked for, by its number; done unless told."""
        self.says: TaskState = TaskState.NEW
        self.fault: GatewayError | None = None
        self.poll_fault: GatewayError | None = None
        self.listed: list[tuple[str, str]] = [("f1", "a.zip")]
        self.files: dict[str, bytes | GatewayError] = {"f1": zipped(K1=PDF, K2=PDF)}
        self.expires: date | None = TODAY + DAY * 7
        self.seen: list[list[str]] = []
        self.rows: Callable[[], Sequence[object]] = list
        self._numbers = 0

    # ── statements ──

    async def statement(self, _tenant, account, start: date, end: date):
        entries = tuple(
            Entry(amount=Money(100, CNY), booking_date=start, bank_key=key, reference=key)
            for key in self.days.get(start, [])
        )
        assert start == end
        return [StatementPage(account=account.number, entries=entries, more=False)]

    async def history(self, _tenant, _account, start: date, end: date):
        days = [start + DAY * at for at in range((end - start).days + 1)] if self.proves else []
        return tuple(
            DayBalance(
                day=day,
                closing=Money(100 * sum(len(k) for at, k in self.days.items() if at <= day), CNY),
                debits=0,
                credits=0,
                debit_sum=Money(0, CNY),
                credit_sum=Money(0, CNY),
            )
            for day in days
        )

    # ── receipts ──

    def offers_receipt_files(self, *_):
        return self.offers

    def order_number(self, *_):
        self._numbers += 1
        return f"N{self._numbers}"

    async def order_receipts(self, _tenant, account, day, number):
        assert account.number == ACCOUNT
        self.seen.append([getattr(row, "reference", "") for row in self.rows()])
        self.taken.append((day, number))
        if self.fault is not None:
            raise self.fault
        return ReceiptOrdered(state=self.says)

    async def receipt_files(self, _tenant, _account, number):
        self.asked.append(number)
        if self.poll_fault is not None:
            raise self.poll_fault
        state = self.answers.get(number, TaskState.DONE)
        files = tuple(
            ReceiptFile(place=place, id=it, name=name)
            for place, (it, name) in enumerate(self.listed, 1)
        )
        done = state is TaskState.DONE
        half = len(files) // 2
        page = ReceiptFilesPage(
            state=state, count=len(files) if done else None, expires_on=self.expires
        )
        if not done:
            return [page]
        first = ReceiptFilesPage(
            state=state, count=len(files), expires_on=self.expires, files=files[:half], more=True
        )
        return [first, ReceiptFilesPage(state=state, files=files[half:])]

    async def fetch(self, connection, file_id, size_max):
        assert connection.receipt_files
        assert size_max > 0
        self.fetched.append(file_id)
        found = self.files[file_id]
        if isinstance(found, GatewayError):
            raise found
        return found


class World:
    def __init__(self, at) -> None:
        self.at, self.clock = at, at.runtime.clock
        self.books = Books()
        self.books.rows = lambda: at.rows(tables.receipt_day)
        self.owner = owner()
        directory = Directory(tenants={self.owner.id: self.owner}, keys={})
        self.collecting = Collecting(
            at.store, at.runtime, self.books, directory, timedelta(minutes=30)
        )
        self.orders = ReceiptOrders(at.store, at.runtime, self.books, self.books, directory)

    def collect(self) -> None:
        asyncio.run(self.collecting.visit(self.owner, self.owner.accounts[ACCOUNT]))

    def look(self, minutes: int = 0) -> DayOrder:
        """Let time pass, look, and say where yesterday stands."""
        self.clock.pass_time(minutes=minutes)
        asyncio.run(self.orders.look())
        return self.stands()

    def stands(self) -> DayOrder:
        found = self.at.store.read(
            lambda db: receipt_rows.orders_of(db, "acme", ACCOUNT, (YESTERDAY, YESTERDAY))
        )
        return asyncio.run(found)[YESTERDAY]

    def papers(self) -> list[tuple[str, bytes]]:
        rows = self.at.rows(tables.receipt_file, tables.receipt_file.c.id)
        return [(row.bank_key, row.content) for row in rows]

    def journal(self) -> list[tuple[str, dict]]:
        found = [json.loads(row.payload) for row in self.at.journal()]
        return [
            (it["kind"], it["content"]) for it in found if str(it["kind"]).startswith("receipts")
        ]
