"""Questions in shared tables: answered beside the orders, asked again where they failed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from adapters.erp.byte import DIALECT
from gateway.domain.errors import NotFound, NotSent
from gateway.ports.erp_told import BalanceTold
from tests.shared_rows_ground import Asked, order, results, tell
from tests.shared_tables_ground import NOW, run, shared_database
from tests.unit.intake.sample import DRAFT


@pytest.fixture
def shared(request, database, tmp_path):
    kind = "postgresql" if database.postgresql else "sqlite"
    with shared_database(request, kind, tmp_path) as url:
        yield url


BALANCE = BalanceTold(
    account=DRAFT.debtor_account,
    account_name="甲",
    currency="CNY",
    ledger="999999999999999.99",
    asked_at=NOW,
    day=NOW.date(),
)


def ask(url, number, kind="balance", **changes):
    cells = {"src_system": "bfs", "query_no": number, "kind": kind, **changes}
    marks = ", ".join(f":{name}" for name in cells)
    run(url, f"INSERT INTO gw_query ({', '.join(cells)}) VALUES ({marks})", **cells)  # noqa: S608


def answered(url):
    return run(url, "SELECT query_no, status, code, msg FROM gw_query_result ORDER BY query_no")


def test_questions_are_answered_in_their_tables(database, shared):
    ask(shared, "Q1", acct=DRAFT.debtor_account, start_date="2026-09-14")
    ask(shared, "Q2", acct="000")
    asked = Asked((BALANCE,), NotFound())

    async def story(node, rows):
        await rows.look()
        await node.until(lambda: not rows._asking)
        (balance,) = run(shared, "SELECT acct, balance FROM gw_balance")
        assert Decimal(balance["balance"]) == Decimal("999999999999999.99")
        first, second = answered(shared)
        assert (first["query_no"], first["status"], first["code"]) == ("Q1", "OK", "")
        assert (second["status"], second["code"]) == ("REFUSED", "not_found")
        assert asked.questions[0] == ("bfs", "balance", DRAFT.debtor_account, "2026-09-14")
        left = run(shared, "SELECT src_status FROM gw_query")
        assert [it["src_status"] for it in left] == ["3", "3"]

    tell(database, shared, story, answers=asked)


def test_a_question_that_failed_on_the_way_is_asked_again(database, shared):
    ask(shared, "Q1", acct=DRAFT.debtor_account)
    asked = Asked(NotSent("away"), (BALANCE,))

    async def story(node, rows):
        for status in ("AGAIN", "OK"):
            await rows.look()
            await node.until(lambda: not rows._asking)
            (told,) = answered(shared)
            assert told["status"] == status
        assert len(asked.questions) == 2

    tell(database, shared, story, answers=asked)


def test_a_slow_bank_keeps_no_order_waiting(database, shared):
    ask(shared, "Q1", acct=DRAFT.debtor_account)

    async def story(node, rows):
        late = node.tasks.signal()

        class Slow(Asked):
            async def answer(self, asker, question):
                await late.wait()
                return await super().answer(asker, question)

        rows._answers = Slow((BALANCE,))
        await rows.look()
        order(shared, "A1", amount="5.00")
        await rows.look()
        assert [it["status"] for it in results(shared)] == ["ACCEPTED"]
        late.set()
        await node.until(lambda: not rows._asking)
        assert answered(shared)[0]["status"] == "OK"

    tell(database, shared, story, answers=Asked())


def test_an_answer_without_a_table_and_one_that_cannot_be_written_are_told(database, shared):
    """Whatever a question meets concerns it alone."""
    ask(shared, "Q1", acct=DRAFT.debtor_account)
    ask(shared, "Q2", acct=DRAFT.debtor_account)
    asked = Asked((BALANCE,), (replace(BALANCE, ledger="1e9"),))

    async def story(node, rows):
        await rows.look()
        await node.until(lambda: not rows._asking)
        first, second = answered(shared)
        assert (first["status"], first["code"]) == ("REFUSED", "not_offered")
        assert (second["status"], second["code"]) == ("REFUSED", "not_offered")
        rows._tables = DIALECT.tables({})
        run(shared, "UPDATE gw_query SET src_status = '0' WHERE query_no = 'Q2'")
        asked.answers.append((replace(BALANCE, ledger="1e9"),))
        await rows.look()
        await node.until(lambda: not rows._asking)
        assert (answered(shared)[1]["status"], answered(shared)[1]["code"]) == (
            "REFUSED",
            "corrupt",
        )

    tell(database, shared, story, answers=asked, balance_table="")
