"""Merged payments from shared tables and a vendor's API: a refusal never hurts what is paid."""

from __future__ import annotations

import asyncio

import pytest

from gateway.intake.pulling import Pulling
from gateway.ports.erp_api import Pulled
from gateway.ports.erp_draft import DraftPart
from gateway.store import tables
from tests.integration.intake.test_pulling import Vendor, draft
from tests.records import replace
from tests.shared_rows_ground import order, results, statuses, tell
from tests.shared_tables_ground import run, shared_database
from tests.ways_in_ground import grounds


@pytest.fixture
def shared(request, database, tmp_path):
    kind = "postgresql" if database.postgresql else "sqlite"
    with shared_database(request, kind, tmp_path) as url:
        run(url, "ALTER TABLE gw_pay_order ADD COLUMN merge_src TEXT")
        yield url


def told(url) -> dict[str, list[str]]:
    """The words of each order's results."""
    found: dict[str, list[str]] = {}
    for row in results(url):
        found.setdefault(row["src_order_no"], []).append(row["status"])
    return found


def test_a_merged_order_and_its_sources_are_answered_and_a_source_by_itself_is_not_paid(
    database, shared
):
    order(shared, "M1", amount="69.50", merge_src="A=80.00;B=-10.50")
    order(shared, "M2", amount="5.00", merge_src="C=5.01")

    async def story(node, rows):
        await rows.look()
        (paid,) = node.rows(tables.instruction)
        assert (paid.erp_reference, paid.amount_minor) == ("M1/1", 6950)
        assert told(shared) == {
            "M1": ["ACCEPTED"],
            "A": ["ACCEPTED"],
            "B": ["ACCEPTED"],
            "M2": ["REFUSED"],
            "C": ["REFUSED"],
        }
        amounts = {row["src_order_no"]: str(row["amount"]) for row in results(shared)}
        assert (amounts["A"][:2], amounts["B"][:3]) == ("80", "-10")
        order(shared, "A", amount="80.00")
        order(shared, "M3", amount="81.00", merge_src="A=80.00;D=1.00")
        await rows.look()
        assert len(node.rows(tables.instruction)) == 1
        found = told(shared)
        assert found["A"] == ["ACCEPTED", "ACCEPTED"], "it is being paid, and never called refused"
        assert (found["M3"], found["D"]) == (["REFUSED"], ["REFUSED"])
        assert set(statuses(shared)) == {"3"}

    tell(database, shared, story, order_sources="merge_src")


@pytest.mark.parametrize("per_source", [True, False])
def test_a_refused_merge_is_told_by_its_documents_but_for_those_that_are_being_paid(
    database, tmp_path, per_source
):
    def part(name: str, amount: str) -> DraftPart:
        return DraftPart(erp_reference=name, amount=amount, source={"id": f"id-{name}"})

    first = draft("M-1", amount="3.00", merged=(part("A", "1.00"), part("B", "2.00")))
    second = draft("M-2", amount="6.00", merged=(part("B", "2.00"), part("C", "4.00")))

    async def whole():
        async with grounds(database, tmp_path) as (it,):
            dialect = replace(it.sender.dialect, per_source=per_source)
            sender = replace(it.sender, dialect=dialect)
            vendor = Vendor()
            pulling = Pulling(sender, vendor.api(), vendor, it.outbox, it.desk, lambda: False)
            vendor.pages = {"": Pulled(drafts=(first, second, draft("A", amount="1.00")))}
            for _ in range(2):
                await pulling.look()
            assert it.references() == ["M-1"]
            said = {(one.erp_reference, one.state, one.source["id"]) for one in it.outbox.told}
            alone = ("C", "REFUSED", "id-C") if per_source else ("M-2", "REFUSED", "id-M-2")
            assert said == {alone}, "A and B are being paid"

    asyncio.run(whole())
