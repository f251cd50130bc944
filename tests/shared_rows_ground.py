"""Processes that take orders and questions from shared tables: ground of the tests."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from adapters.erp.byte import DIALECT
from gateway.intake.picking import Desk
from gateway.intake.rows import Rows
from gateway.intake.taking import Sender
from gateway.ports.erp import ErpTransport
from gateway.ports.erp_answers import Answered
from gateway.ports.erp_systems import ErpSystem
from gateway.transport.tables import open_tables
from tests.integration.intake.ground import nodes
from tests.shared_tables_ground import NOW, run
from tests.shared_tables_ground import order as put
from tests.unit.intake.sample import DRAFT, TENANT

SYSTEM = ErpSystem(
    tenant=TENANT.id,
    id="bfs",
    dialect="byte",
    transport=ErpTransport.TABLES,
)


def order(url, number, **changes):
    put(
        url,
        number,
        **{
            "payer_acct": DRAFT.debtor_account,
            "payee_acct": DRAFT.creditor_account,
            "payee_name": DRAFT.creditor_name,
            "payee_bank_name": DRAFT.creditor_agent_name,
            "payee_cnaps": DRAFT.creditor_agent_cnaps,
            "payee_city": DRAFT.creditor_city,
            **changes,
        },
    )


def results(url):
    return run(
        url,
        "SELECT src_order_no, src_line_no, seq, status, gw_ref, bank_code, bank_msg, amount,"
        " is_final FROM gw_pay_result ORDER BY src_order_no, src_line_no, seq",
    )


def statuses(url):
    rows = run(url, "SELECT src_order_no, src_line_no, src_status FROM gw_pay_order ORDER BY 1, 2")
    return [row["src_status"] for row in rows]


class Asked:
    """Answers in the gateway's stead."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.questions = []

    async def answer(self, asker, question):
        self.questions.append((asker.erp, question.kind, question.account, question.start))
        said = self.answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return Answered(question=question, told=said, asked_at=NOW + timedelta(seconds=5))


@asynccontextmanager
async def desk(database, url, count=1, answers=None, **changes):
    """So many processes with their own box each."""
    async with nodes(database, count) as made:
        found = []
        for node in made * (count if len(made) < count else 1):
            shelf = Desk(
                **dict.fromkeys(Desk.__dataclass_fields__)
                | {"store": node.store, "runtime": node.runtime, "intake": node.intake}
            )
            box = open_tables(url, node.runtime.clock.now)
            sender = Sender(system=SYSTEM, tenant=node.tenant, dialect=DIALECT)
            asked = DIALECT.tables(changes)
            found.append(Rows(sender, asked, box, shelf, lambda: False, answers))
        try:
            yield made[0], found
        finally:
            for one in found:
                await one.aclose()


def tell(database, url, story, **words):
    async def main():
        async with desk(database, url, **words) as (node, rows):
            await story(node, *rows)

    asyncio.run(main())
