"""Receipt files over real sockets: ordered of the sandbox bank, fetched, compared, handed out."""

from __future__ import annotations

import asyncio

from gateway.controls.sight import Sight
from gateway.sandbox.receipts import Flaw
from gateway.statements import receipt_rows
from gateway.watching import receipt_orders
from tests.integration.web.world import batch_of, story
from tests.sandbox_json import MAIN

PDF = {"Accept": "application/pdf"}
DAY = "2026-09-15"
RECEIPTS = f"/v1/accounts/{MAIN}/receipts?day={DAY}"
FETCH = f"/v1/accounts/{MAIN}/days?from={DAY}&to={DAY}"


async def after_the_day(it, count=3):
    """Some payments; then it is the next day, and the day is proven."""
    paid = (await it.post("/v1/batches", batch_of(count, amount="1680.32"))).json()
    await it.settled_batch(paid["id"], count)
    await it.jump(17 * 3600)
    assert (await it.call("POST", FETCH)).json()["in_doubt"] == []
    return [one["id"] for one in paid["results"]]


async def look(it, minutes, ready):
    """Let time pass and look, until the answer is ``ready``: the gateway itself looks as well."""
    await it.jump(minutes * 60)
    async with asyncio.timeout(10):
        while True:
            await orders(it).look()
            told = (await it.get(RECEIPTS)).json()
            if ready(told):
                return told
            await asyncio.sleep(0.02)


def orders(it):
    """As the running gateway has them, over the same store and bank."""
    made = it.gateway
    return receipt_orders(made.settings, made.store, made.runtime, made.relay)


def waits(told):
    return told["state"] == "waiting"


def done(told):
    return told["state"] == "done"


def complete(told):
    return told["complete"] is True


def test_a_day_is_ordered_fetched_compared_and_its_papers_handed_out(tmp_path, monkeypatch):
    async def tell(it):
        first, *_ = await after_the_day(it)
        before = await it.get(f"/v1/receipts/{first}", headers=PDF)
        assert before.headers["receipt-source"] == "gateway"
        told = await look(it, 0, waits)
        assert (told["state"], told["complete"], told["wanted"]) == ("waiting", False, True)
        assert (told["entries"], told["receipts"], len(told["missing"])) == (4, 0, 4)
        told = await look(it, 16, complete)
        assert (told["state"], told["verdict"], told["complete"]) == ("done", "complete", True)
        assert (told["entries"], told["receipts"], told["hidden"]) == (4, 4, 0)
        assert (told["missing"], told["surplus"], told["findings"]) == ([], [], [])
        # The bank's own paper, of the line and of the payment.
        one = told["files"][1]
        paper = await it.get(f"/v1/receipt-files/{one['id']}")
        assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
        assert paper.headers["receipt-source"] == "bank"
        assert paper.headers["receipt-sha256"] == one["digest"]
        own = await it.get(f"/v1/receipts/{first}", headers=PDF)
        assert own.headers["receipt-source"] == "bank"
        assert own.content.startswith(b"%PDF-")
        facts = (await it.get(f"/v1/receipts/{first}")).json()
        assert facts["bank_file"] in {file["id"] for file in told["files"]}
        assert facts["amount"] == "1680.32"
        # Nobody else's.
        assert (await it.get(RECEIPTS, key="foreign")).status_code == 404
        target = f"/v1/receipt-files/{one['id']}"
        assert (await it.get(target, key="foreign")).status_code == 404
        assert (await it.get("/v1/receipt-files/rcf_none")).status_code == 404
        bad = await it.get(f"/v1/accounts/{MAIN}/receipts?day=20260915")
        assert bad.status_code == 400
        # Lines that somebody may not see have no receipts for them either, nor has what is no line.
        monkeypatch.setattr(Sight, "entries", lambda *_: [])
        told = (await it.get(RECEIPTS)).json()
        assert (told["hidden"], told["files"], told["entries"]) == (4, [], 4)
        assert (await it.get(f"/v1/receipt-files/{one['id']}")).status_code == 404
        monkeypatch.setattr(receipt_rows, "lines_of", lambda *_: [])
        assert (await it.get(f"/v1/receipt-files/{one['id']}")).status_code == 200
        assert len((await it.get(RECEIPTS)).json()["surplus"]) == 4
        monkeypatch.setattr(Sight, "everything", lambda *_: False)
        assert (await it.get(f"/v1/receipt-files/{one['id']}")).status_code == 404
        told = (await it.get(RECEIPTS)).json()
        assert (told["surplus"], told["files"], told["receipts"]) == ([], [], 4)

    story(tmp_path, tell, receipt_files=True)


def test_what_is_wrong_with_an_archive_is_named_and_the_rest_is_kept(tmp_path):
    async def tell(it):
        await after_the_day(it)
        await look(it, 0, waits)
        it.bank.receipts.spoil((Flaw.TRAVERSAL,))
        told = await look(it, 16, done)
        assert [one["code"] for one in told["findings"]] == ["path_odd"]
        assert (told["complete"], told["receipts"], len(told["missing"])) == (False, 3, 1)
        assert told["next_at"] is not None

    story(tmp_path, tell, receipt_files=True)


def test_what_nobody_ordered_is_not_missing(tmp_path):
    async def tell(it):
        await after_the_day(it, 1)
        told = (await it.get(RECEIPTS)).json()
        assert (told["wanted"], told["state"], told["complete"]) == (False, None, None)
        assert (told["verdict"], told["entries"]) == ("incomplete", 2)

    story(tmp_path, tell)
