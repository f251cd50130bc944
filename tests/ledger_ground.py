"""The book side in tests: kept lines of a bank without a file, ledger items, two people."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from hashlib import sha256

from gateway.domain.balance_sheet import Side
from gateway.domain.decision import Actor, ActorKind
from gateway.ports.tenancy import Directory, Tenant
from gateway.reconciliation.deciding import Deciding, Wanted, Wish
from gateway.reconciliation.ledger import Ledger
from gateway.reconciliation.ledger_reading import read_balances, read_items
from gateway.reconciliation.running import Reconciling
from gateway.reconciliation.sheets import Sheets
from gateway.reconciliation.standing import Standing
from gateway.reconciliation.things import asking, open_things
from gateway.store import tables
from tests.statement_ground import ACCOUNT, tenant
from tests.store_ground import NOW_US, Bench

FIRST = date(2026, 8, 31)
SAP = Actor(kind=ActorKind.MACHINE, name="sap")
WANG = Actor(kind=ActorKind.PERSON, name="王")
LI = Actor(kind=ActorKind.PERSON, name="李")
PLACE = ("acme", ACCOUNT)


def day(number: int) -> str:
    """A day of September."""
    return f"2026-09-{number:02d}"


class Books:
    """One account: its bank, its ledger, its people."""

    def __init__(self, at: Bench) -> None:
        self.at = at
        self.tenant: Tenant = tenant()
        self.account = self.tenant.accounts[ACCOUNT]
        self.of = (self.tenant, self.account)
        at.runtime.tasks.read = _read
        directory = Directory(tenants={self.tenant.id: self.tenant}, keys={})
        self.ledger = Ledger(at.store, at.runtime)
        self.running = Reconciling(at.store, at.runtime, directory, timedelta())
        self.deciding = Deciding(at.store, at.runtime)
        self.sheets = Sheets(at.store, at.runtime)
        self.standing = Standing(at.store, at.runtime)
        self._lines = 0
        at.group(self._import)

    def _import(self, uow) -> None:
        row = {"tenant": "acme", "id": "sti_1", "state": "imported", "source": "bank"}
        more = {"digest": "", "actor": "person:x", "begun_us": NOW_US}
        uow.add(tables.statement_import, row | more)

    def line(self, on: str, fen: int, reference: str = "", name: str = "", **more) -> str:
        """A booked line; its ref."""
        self._lines += 1
        key = sha256(f"{self._lines}".encode()).hexdigest()
        row = {
            "tenant": "acme",
            "account": ACCOUNT,
            "day": on,
            "key": key,
            "import_id": "sti_1",
            "place": self._lines,
            "status": "booked",
            "amount_minor": fen,
            "currency": "CNY",
            "entry_reference": reference,
            "counterparty_name": name,
            "first_seen_us": NOW_US,
        }
        self.at.group(lambda uow: uow.add(tables.statement_line, row | more))
        return f"{on}/{key}"

    def proven(self, on: str, closing: int | None, state: str = "proven") -> None:
        """A judged day."""
        row = {
            "tenant": "acme",
            "account": ACCOUNT,
            "day": on,
            "state": state,
            "closing_minor": closing,
            "judged_us": NOW_US,
        }
        self.at.group(lambda uow: uow.add(tables.statement_day, row))

    def all_proven(self, first: int, last: int, closing: int) -> None:
        """Days of September, the last of them with its closing balance."""
        for number in range(first, last):
            self.proven(day(number), None, "quiet")
        self.proven(day(last), closing)

    def item(self, item_id: str, on: str, amount: str, direction: str = "out", **more) -> None:
        """A ledger item."""
        self.items([item(item_id, on, amount, direction, **more)])

    def items(self, sent) -> list:
        """Ledger items as an ERP sends them."""
        body = json.dumps({"items": sent}).encode()
        read = read_items(body, {ACCOUNT: "CNY"})
        return asyncio.run(self.ledger.take_items(self.tenant, SAP, read))

    def balance(self, on: str, amount: str) -> list[str]:
        """The books' balance of a day."""
        sent = {"balances": [{"account": ACCOUNT, "date": on, "balance": amount}]}
        read = read_balances(json.dumps(sent).encode(), {ACCOUNT: "CNY"})
        return asyncio.run(self.ledger.take_balances(self.tenant, SAP, read))

    def run(self, up_to: str = "2026-09-30"):
        """Reconcile."""
        at = date.fromisoformat(up_to)
        return asyncio.run(self.running.reconcile(*self.of, at, "person:王"))

    def decide(self, name: str, *words, actor: Actor = WANG) -> str:
        """A person's decision."""
        return asyncio.run(getattr(self.deciding, name)(self.of, actor, *words))

    def prepare(self, on: str, actor: Actor = WANG):
        """Prepare a sheet."""
        at = date.fromisoformat(on)
        return asyncio.run(self.sheets.prepare(self.of, actor, at, ""))

    def review(self, on: str, digest: str, actor: Actor = LI):
        """Review it."""
        at = date.fromisoformat(on)
        return asyncio.run(self.sheets.review(self.of, actor, at, (digest, "")))

    def close(self, on: str) -> None:
        """Prepare and review."""
        self.review(on, self.prepare(on).digest)

    def sheet(self, on: str) -> dict:
        """The sheet of a day as data."""
        shown = asyncio.run(self.sheets.get(self.of, date.fromisoformat(on)))
        return json.loads(shown.content)

    def open(self, side: Side) -> dict[str, int]:
        """What is left of everything that is open."""
        with self.at.engine.connect() as db:
            return {it.ref: it.left for it in open_things(asking(db), PLACE, side, date.max)}

    def matches(self) -> list:
        """All matches."""
        match = tables.reconciliation_match
        return self.at.rows(match, match.c.id)


async def _read(work):
    return work()


def item(item_id: str, on: str, amount: str, direction: str = "out", **more) -> dict:
    """A ledger item as an ERP sends it."""
    told = {"item_id": item_id, "account": ACCOUNT, "direction": direction, "amount": amount}
    return told | {"date": on, "currency": "CNY"} | more


def wish(entries=(), items=(), reason: str = "because") -> Wish:
    """What a person wants; each a ref, or a ref and an amount."""
    return Wish(entries=_wanted(entries), items=_wanted(items), reason=reason)


def _wanted(refs) -> tuple[Wanted, ...]:
    return tuple(Wanted(it) if isinstance(it, str) else Wanted(*it) for it in refs)
