"""Receipts over the API: data and paper, asked of the bank once, seen by whom they concern."""

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Corrupt
from gateway.ports.erp_answers import Asker
from gateway.reconciliation.sheets import Sheet
from gateway.statements.receipts import Receipts
from gateway.store import tables
from gateway.store.tenancy import acting_for
from gateway.web import sheet_paper
from gateway.web.asked import Asked
from tests.integration.web.test_queries import calls
from tests.integration.web.world import batch_of, story
from tests.pdf_ground import squeezed, whole
from tests.sandbox_json import MAIN

PDF = {"Accept": "application/pdf"}


async def kept(it):
    with acting_for(("t1",)):
        wanted = select(tables.statement_receipt)
        return await it.gateway.store.read(lambda db: db.execute(wanted).all())


def test_a_receipt_is_data_or_paper_and_is_kept(tmp_path):
    async def tell(it):
        paid = (await it.post("/v1/batches", batch_of(3, amount="1680.32"))).json()
        await it.settled_batch(paid["id"], 3)
        first, second = paid["results"][0]["id"], paid["results"][1]["id"]
        answer = await it.get(f"/v1/receipts/{first}")
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["amount"], told["state"], told["currency"]) == ("1680.32", "settled", "CNY")
        assert told["erp_reference"] == paid["results"][0]["erp_reference"]
        paper = await it.get(f"/v1/receipts/{first}", headers=PDF)
        assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
        read = whole(paper.content)
        for value in ("CNY 1,680.32", "人民币壹仟陆佰捌拾元零叁角贰分", told["creditor_name"]):
            assert squeezed(value) in read, value
        again = await it.get(f"/v1/receipts/{first}", headers=PDF)
        assert again.content == paper.content
        assert await calls(it, "receipt") == 1
        assert [row.instruction for row in await kept(it)] == [first]
        assert (await it.get(f"/v1/receipts/{second}")).json()["amount"] == "1680.32"
        assert len(await kept(it)) == 2

    story(tmp_path, tell)


def test_a_receipt_is_found_by_the_banks_number_where_that_is_one_payments(tmp_path):
    async def tell(it):
        paid = (await it.post("/v1/batches", batch_of(2, amount="5.00"))).json()
        await it.settled_batch(paid["id"], 2)
        first, second = paid["results"][0]["id"], paid["results"][1]["id"]
        told = (await it.get(f"/v1/receipts/{first}")).json()
        number = told["receipt_number"]
        assert number
        assert (await it.get(f"/v1/receipts/{number}")).json() == told
        other = (await it.get(f"/v1/receipts/{second}")).json()
        assert other["receipt_number"] != number  # each went in a message of its own
        assert (await it.get(f"/v1/receipts/{other['receipt_number']}")).json() == other
        # Where one message carried both, its number alone says nothing of either.
        both = update(tables.statement_receipt).values(number=number)
        with acting_for(("t1",)):
            await it.gateway.store.write(lambda uow: uow.change(both) and None)
        assert (await it.get(f"/v1/receipts/{number}")).status_code == 404

    story(tmp_path, tell)


class StillOpen:
    """A bank that says of every payment that it is under way."""

    def __init__(self, bank):
        self.bank = bank

    def interval_s(self, *_):
        return 0.0

    async def receipt(self, *words):
        found = await self.bank.receipt(*words)
        lines = tuple(replace(line, state="processing") for line in found.lines)
        return replace(found, lines=lines)


class SeesAll:
    """Whoever asks sees everything."""

    def instruction(self, *_):
        return None


def test_what_may_still_change_is_not_kept(tmp_path):
    async def tell(it):
        paid = (await it.post("/v1/batches", batch_of(1))).json()
        await it.settled_batch(paid["id"], 1)
        store, runtime = it.gateway.store, it.gateway.runtime
        open_ = Receipts(store, runtime, StillOpen(it.gateway.relay.queries), SeesAll())
        asker = Asker(tenant="t1", actor=Actor(kind=ActorKind.PERSON, name="w"))
        with acting_for(("t1",)):
            facts = await open_.get(asker, paid["results"][0]["id"])
        assert facts.state == "processing"
        assert await kept(it) == []

    story(tmp_path, tell)


def test_a_balance_sheet_is_printed_and_what_was_altered_never_is(tmp_path):
    async def tell(it):
        sheet = await it.get(f"/v1/reconciliations/{MAIN}/sheets/2026-09-10")
        paper = await it.get(f"/v1/reconciliations/{MAIN}/sheets/2026-09-10/paper")
        assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
        read = whole(paper.content)
        for value in ("银行存款余额调节表", "未知 unknown", sheet.json()["digest"], "not prepared"):
            assert squeezed(value) in read, value
        asked = Asked(request=None, desk=None, key=None, digest="", query={})
        kept = Sheet(state="reviewed", content="{}", digest="0" * 64)
        with pytest.raises(Corrupt):
            sheet_paper._paper(asked, kept)

    story(tmp_path, tell)


def test_what_is_not_there_or_not_the_askers_is_not_found(tmp_path):
    async def tell(it):
        paid = (await it.post("/v1/batches", batch_of(2))).json()
        await it.settled_batch(paid["id"], 2)
        first = paid["results"][0]["id"]
        assert (await it.get("/v1/receipts/ins_none")).status_code == 404
        assert (await it.get(f"/v1/receipts/{first}", key="foreign")).status_code == 404
        assert await calls(it, "receipt") == 0

    story(tmp_path, tell)
