"""A day of both vendors' treasury systems against the gateway's rows, seen from their side."""

from __future__ import annotations

import asyncio
import importlib
import json
from contextlib import asynccontextmanager, contextmanager

import pytest
from msgspec.structs import replace

from gateway.intake.picking import Desk
from gateway.intake.rows import Rows
from gateway.intake.taking import Sender
from gateway.ports.erp import ErpTransport
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.erp_told import StatusTold, ToldKind
from gateway.sandbox.erps.tables import VENDORS, Treasury
from gateway.store import tables
from gateway.transport.http_messages import Request
from gateway.transport.tables import open_tables
from tests.integration.intake.ground import nodes
from tests.shared_tables_ground import NOW
from tests.unit.intake.sample import DRAFT, TENANT

OWN = {  # what is in one vendor's columns, by byte's names
    "byte": {},
    "nstar": {
        "src_system": "sys_code",
        "src_order_no": "bill_no",
        "src_line_no": "bill_line",
        "payer_acct": "pay_acc_no",
        "payee_acct": "rcv_acc_no",
        "payee_name": "rcv_acc_name",
        "payee_bank_name": "rcv_bank_name",
        "payee_cnaps": "rcv_bank_cnaps",
        "payee_city": "rcv_city",
        "amount": "amt",
        "purpose": "pay_use",
    },
}


def order(vendor, number, **changes):
    cells = {
        "src_system": "tms",
        "src_order_no": number,
        "src_line_no": "1",
        "payer_acct": DRAFT.debtor_account,
        "payee_acct": DRAFT.creditor_account,
        "payee_name": DRAFT.creditor_name,
        "payee_bank_name": DRAFT.creditor_agent_name,
        "payee_cnaps": DRAFT.creditor_agent_cnaps,
        "payee_city": DRAFT.creditor_city,
        "amount": "1200.50",
        "purpose": "货款",
        **changes,
    }
    return {OWN[vendor].get(name, name): cell for name, cell in cells.items()}


@contextmanager
def place(request, database, folder):
    """The address of a database without any table."""
    if database.postgresql:
        with request.getfixturevalue("databases").fresh("") as found:
            yield found.url
    else:
        (folder / "tms.db").touch()
        yield f"sqlite:///{folder}/tms.db"


@asynccontextmanager
async def served(database, vendor, url):
    """A process that looks at the tables: it, its rows, and its way to the tables."""
    dialect = importlib.import_module(f"adapters.erp.{vendor}").DIALECT
    system = ErpSystem(tenant=TENANT.id, id="tms", dialect=vendor, transport=ErpTransport.TABLES)
    async with nodes(database, 1) as (node,):
        desk = Desk(
            **dict.fromkeys(Desk.__dataclass_fields__)
            | {"store": node.store, "runtime": node.runtime, "intake": node.intake}
        )
        box = open_tables(url, lambda: NOW)
        sender = Sender(system=system, tenant=node.tenant, dialect=dialect)
        rows = Rows(sender, dialect.tables({}), box, desk, lambda: False)
        try:
            yield node, rows, box
        finally:
            await rows.aclose()


async def a_day(node, rows, treasury, vendor):
    """Orders are written, one is taken back, one refused, corrected and taken."""
    words = VENDORS[vendor]
    treasury.submit(
        [
            order(vendor, "A1", amount="1.00"),
            order(vendor, "A2", amount="2.00", payee_cnaps="12"),
            order(vendor, "A3", amount="3.00"),
        ]
    )
    treasury.cancel(order(vendor, "A3"))
    await rows.look()
    assert treasury.acknowledge() == 2
    books = treasury.books()["orders"]
    assert books["A1/1"]["told"] == [words.accepted]
    assert books["A2/1"]["told"] == [words.refused]
    assert (books["A3/1"]["state"], books["A3/1"]["told"]) == ("2", [])
    treasury.correct(order(vendor, "A2", payee_cnaps="105305000001", amount="2.00"))
    await rows.look()
    assert treasury.acknowledge() == 1
    assert treasury.books()["orders"]["A2/1"]["told"] == [words.refused, words.accepted]
    return {row.erp_reference: row.id for row in node.rows(tables.instruction)}


@pytest.mark.parametrize("vendor", ["byte", "nstar"])
def test_a_day_and_what_the_treasury_system_would_stumble_over(database, request, tmp_path, vendor):
    status = (
        importlib.import_module(f"adapters.erp.{vendor}")
        .DIALECT.tables({})
        .results[ToldKind.STATUS]
    )

    async def day(url):
        treasury = Treasury(vendor, url, lambda: NOW)
        treasury.lay()
        treasury.lay()
        async with served(database, vendor, url) as (node, rows, box):
            stored = await a_day(node, rows, treasury, vendor)
            assert set(stored) == {"A1/1", "A2/1"}
            paid = told_paid(stored["A1/1"])
            await box.write(status, status.rows(paid))
            books = treasury.books()
            assert books["orders"]["A1/1"]["final"]
            assert books["complaints"] == []
            for wrong, complaint in wrong_ones(paid):
                await box.write(status, status.rows(wrong))
                said = treasury.books()["complaints"]
                assert any(complaint in it for it in said), (complaint, said)
        treasury.close()

    with place(request, database, tmp_path) as url:
        asyncio.run(day(url))


def told_paid(instruction):
    return StatusTold(
        instruction=instruction,
        version=4,
        state="SETTLED",
        erp="tms",
        erp_reference="A1/1",
        at=NOW,
        amount="1.00",
        currency="CNY",
        final=True,
        source={"system": "tms", "order": "A1", "line": "1"},
    )


def wrong_ones(paid):
    """What must never be written, and how it is complained of."""
    nobody = {"system": "tms", "order": "ZZ", "line": "1"}
    yield changed_to(paid, state="REJECTED", version=5), "failed after it was paid"
    yield changed_to(paid, version=6, amount="1.01"), "another amount"
    yield changed_to(paid, version=7, instruction="ins_other"), "became 2 payments"
    yield changed_to(paid, version=8, state="UNCONFIRMED"), "final and open"
    yield changed_to(paid, source=nobody), "a result without its order"


def changed_to(told, **changes):
    return replace(told, **changes)


def test_the_stand_in_refuses_what_its_users_may_not_do(tmp_path):
    (tmp_path / "tms.db").touch()
    treasury = Treasury("byte", f"sqlite:///{tmp_path}/tms.db", lambda: NOW)
    treasury.lay()
    treasury.submit([order("byte", "A1")])

    async def post(path, body, method="POST"):
        sent = Request(method=method, path=path, query={}, headers={}, body=body.encode())
        return (await treasury.answer(sent)).status

    async def story():
        one = json.dumps(order("byte", "A1"))
        assert await post("/admin/orders", f"[{one}]") == 409, "the number is there"
        assert await post("/admin/correct", one) == 409, "nobody refused it"
        assert await post("/admin/queries", "[") == 400
        assert await post("/admin/elsewhere", one) == 409
        assert await post("/admin/cancel", one) == 200
        assert await post("/admin/cancel", one) == 409
        asked = json.dumps({"src_system": "bfs", "query_no": "Q1", "kind": "balance"})
        assert await post("/admin/queries", asked) == 200
        assert await post("/admin/books", "", "GET") == 200

    asyncio.run(story())
    assert treasury.books()["queries"] == {"Q1": ""}
    treasury.close()
