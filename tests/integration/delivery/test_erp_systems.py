"""A gateway with an ERP system in a folder: its payments, told back, and its accounts."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest
from lxml import etree

from gateway.cli.own_postgres import NODE
from gateway.domain.reconciliation import code_of
from gateway.ports.erp_told import EntryTold, decoded
from gateway.store import tables
from gateway.store.tenancy import acting_for
from tests.integration.web import world
from tests.integration.web.world import MAIN, line, pain001, payment, story
from tests.postgres import BOTH, seen_by

KINDS = ["credit", "statement", "balance"]


@pytest.fixture(autouse=True, params=BOTH)
def _database(request, monkeypatch):
    """Each story on both kinds of database; on PostgreSQL behind the second wall."""
    with ExitStack() as until:
        if request.param == "postgresql":
            database = until.enter_context(request.getfixturevalue("databases").fresh())
            seen = {"database": seen_by(NODE, database).url}
            monkeypatch.setattr(world, "database", lambda: seen)
        yield


async def read(it, query):
    """Rows of the first tenant."""
    with acting_for(["t1"]):
        return await it.gateway.store.read(lambda db: db.execute(query).all())


def folder_of(tmp_path: Path) -> Path:
    home = tmp_path / "exchange"
    home.mkdir()
    return home


def with_system(home: Path, **more: object) -> dict[str, object]:
    erp = {
        "id": "sap",
        "dialect": "iso20022",
        "transport": "folder",
        "address": str(home),
        "options": {"settle_s": "0"},
        "poll_s": 1,
        **more,
    }
    return {"erp": [erp]}


def whole_files(folder: Path, like: str) -> list[Path]:
    return [it for it in sorted(folder.glob(like)) if not it.name.startswith(".")]


async def files_in(folder: Path, count: int, *, like: str = "*") -> list[Path]:
    """The whole files of a folder, once there are so many."""
    async with asyncio.timeout(15):
        while True:
            found = whole_files(folder, like)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


def texts(path: Path, name: str) -> list[str]:
    document = etree.fromstring(path.read_bytes())
    return [it.text for it in document.iter("{*}" + name)]


def test_a_file_is_paid_and_its_outcome_told_in_a_file(tmp_path):
    home = folder_of(tmp_path)

    async def tell(it):
        answer = await it.call(
            "POST",
            "/v1/files?erp=iso20022",
            pain001("M-1", line(end_to_end_id="E1"), line(end_to_end_id="E2")),
        )
        assert answer.status_code == 200, answer.text
        await it.settled_batch(answer.json()["id"], 2)
        told: dict[str, str] = {}
        async with asyncio.timeout(15):
            while told != {"E1": "ACSC", "E2": "ACSC"}:
                await asyncio.sleep(0.05)
                for path in whole_files(home / "out", "status-*.xml"):
                    assert texts(path, "OrgnlMsgId") == ["M-1"]
                    ends = texts(path, "OrgnlEndToEndId")
                    told |= dict(zip(ends, texts(path, "TxSts"), strict=True))
        for row in await read(it, tables.instruction.select()):
            code = code_of("t1", "sap", row.erp_reference)
            assert row.reconciliation_code == code
            assert row.memo == code

    story(tmp_path, tell, tenant=with_system(home))


def test_accounts_are_told_without_asking(tmp_path):
    home = folder_of(tmp_path)
    feed = {"kinds": KINDS, "accounts": [MAIN], "every_s": 1}

    async def tell(it):
        (balance,) = (await files_in(home / "out", 1, like="balance-*"))[:1]
        assert MAIN in balance.read_text()
        (statement,) = (await files_in(home / "out", 1, like="statement-*"))[:1]
        assert b"BkToCstmrStmt" in statement.read_bytes()

    story(tmp_path, tell, tenant=with_system(home, feed=feed))


async def delivered(it):
    """What the list says of the settled payment, once it stands there: after the file does."""
    async with asyncio.timeout(15):
        while True:
            listed = await it.get("/v1/webhooks/deliveries?state=delivered", key="wang")
            for one in listed.json()["deliveries"]:
                if one["instruction_state"] == "SETTLED":
                    return one
            await asyncio.sleep(0.05)


def test_one_click_delivers_again(tmp_path):
    home = folder_of(tmp_path)

    async def tell(it):
        answer = await it.post("/v1/instructions", payment("R-1"))
        await it.reaches(answer.json()["id"], "SETTLED")
        (told,) = (await files_in(home / "out", 1, like="status-*"))[:1]
        told.unlink()
        event = await delivered(it)
        assert (event["endpoint"], event["kind"]) == ("erp:sap", "status")
        again = await it.post(event["links"]["redelivery"], {}, key="wang")
        assert again.status_code == 200, again.text
        (repeated,) = (await files_in(home / "out", 1, like="status-*"))[:1]
        assert repeated.name == told.name

    story(tmp_path, tell, tenant=with_system(home))


def test_the_code_goes_to_the_bank_and_comes_back_with_the_statement(tmp_path):
    home = folder_of(tmp_path)
    feed = {"kinds": ["statement"], "accounts": [MAIN], "every_s": 1}

    async def tell(it):
        answer = await it.post("/v1/instructions", payment("R-1"))
        await it.reaches(answer.json()["id"], "SETTLED")
        it.clock.jump(24 * 3600)
        code, entries = code_of("t1", "sap", "R-1"), []
        async with asyncio.timeout(15):
            while not entries:
                await asyncio.sleep(0.05)
                entries = [one for one in await told_entries(it) if one.amount == "-100.00"]
        (entry,) = entries
        assert code in entry.remittance
        assert (entry.reconciliation_code, entry.erp_reference) == (code, "R-1")

    story(tmp_path, tell, tenant=with_system(home, feed=feed))


async def told_entries(it) -> list[EntryTold]:
    table = tables.webhook_event
    query = table.select().where(table.c.kind == "statement")
    rows = await read(it, query)
    return [entry for row in rows for entry in decoded(row.body).entries]
