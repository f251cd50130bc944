"""Tryton, an ERP that nobody here wrote, pays through us and is told what became of it.

One activation of its modules serves all; it lives in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from adapters.erp.iso20022 import DIALECTS
from gateway.formats import camt053, mt940
from gateway.ports.erp import Draft, FileFacts
from gateway.ports.erp_told import StatusTold, ToldKind
from gateway.sandbox.ledger import AccountRow
from tests.integration.web.world import MAIN, story
from tests.interop.foreign import PYTHON
from tests.unit.formats.samples import ACCOUNT, FACTS, entry, statement, valid

LIFE = Path(__file__).with_name("tryton_life.py")
TRYTON = DIALECTS["tryton"]
IBAN = "BE70953368654125"
AT = datetime(2026, 9, 15, 10, 0, tzinfo=timezone(timedelta(hours=8)))
pytestmark = pytest.mark.timeout(600)


class Tryton:
    """The process, spoken to in lines of JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [PYTHON, "-W", "ignore", str(LIFE), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> None:
        assert self.heard() == {"ready": True}

    def heard(self):
        line = self.process.stdout.readline()
        assert line, "Tryton ended"
        return json.loads(line)

    def ask(self, *order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.heard()

    def tell(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def tryton(tmp_path_factory):
    life = Tryton(tmp_path_factory.mktemp("tryton"))
    try:
        life.ready()
        yield life
    finally:
        life.close()


def told(draft: Draft, state: str, **other) -> StatusTold:
    values = {
        "instruction": draft.end_to_end_id,
        "version": 2,
        "state": state,
        "erp": "tryton",
        "erp_reference": draft.erp_reference,
        "at": AT,
        "amount": draft.amount,
        "currency": draft.currency,
        "final": state in {"SETTLED", "REJECTED", "RETURNED"},
        "source": draft.source,
    }
    return StatusTold(**(values | other))


def notice(tryton, *records):
    facts = FileFacts(id=f"GW{len(list(tryton.folder.iterdir()))}", created=AT)
    data = b"".join(TRYTON.files[ToldKind.STATUS].write(records, facts))
    valid(data, "camt.054.001.04")
    return tryton.ask("told", tryton.tell(f"{facts.id}.xml", data))


@pytest.mark.parametrize("flavour", ["pain.001.001.03", "pain.001.001.09"])
def test_it_pays_and_learns_what_became_of_it(tryton, flavour):
    paid = tryton.ask("pay", flavour, "2026-09-15")
    data = Path(paid["file"]).read_bytes()
    assert TRYTON.sniff(data[:4096])
    head, *drafts, end = TRYTON.read([data])
    assert (head.format, end.count, end.faults) == (flavour, 3, ())
    assert [it.amount for it in drafts] == [it["amount"] for it in paid["payments"]]
    assert [it.end_to_end_id for it in drafts] == [it["id"] for it in paid["payments"]]
    assert drafts[1].purpose == "INV-2026-002 货款"
    assert {it.debtor_account for it in drafts} == {IBAN}

    first, second, third = drafts
    answer = notice(
        tryton,
        told(first, "SETTLED"),
        told(second, "REJECTED", code="AC04", text="账户已销户"),
        told(third, "UNCONFIRMED", reason="UNCONFIRMED"),
    )
    assert answer["message"] == "done"
    assert [it["state"] for it in answer["payments"]] == ["succeeded", "failed", "processing"]
    assert answer["payments"][1]["reason"] == "AC04"

    later = notice(
        tryton, told(first, "RETURNED", code="AC04", version=3), told(third, "SETTLED", version=3)
    )
    assert [it["state"] for it in later["payments"]] == ["failed", "failed", "succeeded"]


@pytest.mark.parametrize(
    ("file_format", "write"),
    [
        ("camt_053_001", camt053.writer("camt.053.001.02")),
        ("camt_053_001", camt053.writer("camt.053.001.08")),
        ("mt940", mt940.writer()),
    ],
    ids=["camt.053.001.02", "camt.053.001.08", "mt940"],
)
def test_it_takes_in_our_statements(tryton, file_format, write):
    record = statement(entry(1, amount="-3734.56"), entry(2, amount="2500.00"))
    path = tryton.tell("statement", b"".join(write((record,), FACTS)))
    [found] = tryton.ask("statement", path, file_format, ACCOUNT)["statements"]
    assert (found["start"], found["end"], found["lines"]) == ("100000.00", "98765.44", 2)
    assert [it["amount"] for it in found["origins"]] == ["-3734.56", "2500.00"]
    assert {it["date"] for it in found["origins"]} == {"2026-09-14"}
    assert all("货款 INV-2026-001" in it["description"] for it in found["origins"])
    assert all("BK0000000" in json.dumps(it["information"]) for it in found["origins"])


def through_a_folder(home):
    """Settings of a tenant whose Tryton writes our account as an IBAN."""
    system = {
        "id": "tryton",
        "dialect": "iso20022/tryton",
        "transport": "folder",
        "address": str(home),
        "options": {"settle_s": "0"},
        "poll_s": 1,
        "aliases": {IBAN: MAIN},
        "feed": {"kinds": ["statement"], "accounts": [MAIN], "every_s": 1},
    }
    return {"erp": [system]}


async def heard(tryton, folder, like, done):
    """Hand over what comes into a folder, a file once, until it is ``done``."""
    seen = set()
    async with asyncio.timeout(180):
        while True:
            for path in sorted(set(folder.glob(like)) - seen):
                answer = await asyncio.to_thread(tryton, path)
                if answer is None:  # not written yet, or nothing in it
                    continue
                seen.add(path)
                if done(answer):
                    return answer
            await asyncio.sleep(0.05)


def test_its_payments_go_through_a_whole_gateway(tryton, tmp_path):
    paid = tryton.ask("pay", "pain.001.001.09", "2026-09-15")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "payments.xml").write_bytes(Path(paid["file"]).read_bytes())

    def outcome(path):
        return tryton.ask("told", str(path))["payments"] if path.stat().st_size else None

    def booked(path):
        if b"<Ntry>" not in path.read_bytes():
            return None
        return tryton.ask("statement", str(path), "camt_053_001", IBAN)["statements"]

    async def tell(world):
        world.ledger.open_account(
            AccountRow(number="BE07131673267766", name="上海测试贸易有限公司", city="福州"),
            AccountRow(number="DE89370400440532013000", name="Supplier Three", city="福州"),
        )
        out = tmp_path / "out"
        payments = await heard(
            outcome,
            out,
            "status-*.xml",
            lambda found: all(it["state"] != "processing" for it in found),
        )
        # The bank does not know the second payee's account.
        assert [it["state"] for it in payments] == ["succeeded", "failed", "succeeded"]
        assert payments[1]["reason"] == "NARR"
        world.clock.jump(24 * 3600)

        def paid_on_it(found):
            return [it for it in found["origins"] if it["amount"].startswith("-")]

        # What was on the account before stands in statements of its own, in any order.
        [found] = await heard(
            booked, out, "statement-*.xml", lambda those: any(map(paid_on_it, those))
        )
        out_of = paid_on_it(found)
        assert sorted(it["amount"] for it in out_of) == ["-0.99", "-500.00"]
        ids = {it["information"]["camt_end_to_end_identification"] for it in out_of}
        assert ids == {paid["payments"][0]["id"], paid["payments"][2]["id"]}

    story(tmp_path, tell, tenant=through_a_folder(tmp_path))
