"""A payment made past the gateway, in the bank in a box, holds ours to the same payee."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from adapters.bank.cib import DIALECT
from gateway.controls.netbank import NetbankPaid, NetbankSettling
from gateway.controls.release import Releaser
from gateway.controls.sending import SendingCheck
from gateway.domain.ids import Serial
from gateway.domain.instruction import Instruction
from gateway.intake.accept import Caller, Intake
from gateway.ports.bank_order import pay_order
from gateway.ports.tenancy import Directory
from gateway.relay.relay import Relay
from gateway.signing.release_seal import ReleaseSeal
from gateway.simulation.plan import ERP_ACTOR
from gateway.statements.debits import EVERY, DebitBook, Debits
from gateway.store import tables
from tests.controls_ground import StandingRules, content
from tests.records import replace
from tests.relay_ground import DRAFT, at_work

ASKED = content(
    machines=[{"name": "*", "roles": ["erp"]}],
    payees={"netbank_paid": True},
    matrix=[{"id": "all", "currency": "CNY", "bands": [{"steps": []}]}],
)


class Guarded:
    """The office under a document that asks for the guard."""

    def __init__(self, it, far) -> None:
        self.it, self.far = it, far
        self.rules = StandingRules(ASKED)
        seals, book = ReleaseSeal(b"r" * 32), DebitBook()
        directory = Directory(tenants={it.tenant.id: it.tenant}, keys={})
        guard = NetbankPaid(book, it.clock.now)
        releaser = Releaser(it.runtime, self.rules, directory.tenants, seals, inspectors=[guard])
        it.intake = Intake(it.store, it.runtime, {"cib": DIALECT}, releaser)
        check = SendingCheck(seals, self.rules, lambda: it.clock.now().date(), (guard,))
        it.link = replace(it.link, check=check)
        it.relay = Relay([it.link])
        it.store.on_rouse(it.relay.rouse)
        settling = NetbankSettling(guard, self.rules, releaser, it.runtime, directory)
        self.debits = Debits(it.store, it.runtime, it.relay.queries, directory, book, settling)
        row = {"tenant": it.tenant.id, "version": 1, "state": "in_force", "proposed_us": 0}
        texts = dict.fromkeys(("digest", "content", "proposed_by"), "")
        with it.engine.connect() as db:
            db.execute(tables.control_version.insert().values(row | texts))
            db.commit()

    def pay_in_netbank(self, **changes: str) -> None:
        """Somebody pays in the bank's own channel: with no serial of ours."""
        caller = Caller(tenant=self.it.tenant, actor=ERP_ACTOR, erp="sap")
        made = self.it.intake.examine(caller, replace(DRAFT, **changes))
        assert isinstance(made, Instruction)
        wire = DIALECT.pay.encode(pay_order(made), self.it.link.sign_on(), Serial("NB0001"))
        assert self.far.bank.handle(wire.body(), self.it.clock.now()).reply is not None

    def holds(self, instruction: str) -> list[str]:
        """What keeps it back, in English."""
        rows = self.it.rows(tables.hold, tables.hold.c.seq)
        return [it.en for it in rows if it.instruction == instruction and it.lifted_us is None]


def story_of(tmp_path, tell):
    async def story(it, far):
        await tell(Guarded(it, far), it, far)

    # What was paid past the gateway is in the bank's books and not in ours: that is the point.
    at_work(tmp_path, story, start=False, books=False)


def test_what_was_paid_in_netbank_holds_ours_naming_the_entry(tmp_path):
    async def tell(office, it, far):
        office.pay_in_netbank()
        assert far.paid() == 1
        await it.relay.start()
        ours = await it.post()
        other = await it.post(erp_reference="B", amount="7.00")
        (waits,) = office.holds(ours)
        assert waits.startswith("data not fresh")
        await office.debits.look()
        (found,) = office.holds(ours)
        assert "is none of ours, to the same payee ****0014" in found
        assert "the bank was asked 0 minutes ago" in found
        await it.until_state(other, "SETTLED")
        assert it.row(ours).state == "HELD"
        assert far.paid() == 2
        assert ("APPROVED", "policy") in it.steps(other), "and nobody had to do anything"

    story_of(tmp_path, tell)


def test_our_own_debit_holds_nothing_and_each_account_is_asked_when_half_its_time_is_over(tmp_path):
    async def tell(office, it, far):
        await it.relay.start()
        await office.debits.look()
        asked = len(far.of("SCUSTSTMT"))
        assert asked == len(it.tenant.accounts)
        first = await it.post()
        await it.until_state(first, "SETTLED")
        it.clock.pass_time(minutes=7)
        await office.debits.look()
        assert len(far.of("SCUSTSTMT")) == asked
        it.clock.pass_time(seconds=31)
        await office.debits.look()
        assert len(far.of("SCUSTSTMT")) == 2 * asked
        twin = await it.post(erp_reference="B")
        assert [it.split(" ")[0] for it in office.holds(twin)] == ["the"], "it is like ours alone"
        assert it.row(twin).reason == "duplicate: PO-1"

    story_of(tmp_path, tell)


def test_a_bank_that_does_not_answer_leaves_it_waiting_and_the_round_goes_on(tmp_path):
    async def tell(office, it, far):
        await it.relay.start()
        far.script.append(far.lost)
        ours = await it.post()
        await office.debits.look()
        assert len(far.of("SCUSTSTMT")) == 1, "its other accounts are not tried one by one"
        assert office.holds(ours)[0].startswith("data not fresh")
        await office.debits.look()
        await it.until_state(ours, "SETTLED")

    story_of(tmp_path, tell)


def test_an_account_whose_statement_the_bank_refuses_is_not_asked_every_round(tmp_path):
    async def tell(office, it, far):
        number = min(it.tenant.accounts)
        with far.ledger.transaction():
            far.ledger.db.execute("DELETE FROM operator_right WHERE account = ?", (number,))
        await office.debits.look()
        asked = len(far.of("SCUSTSTMT"))
        assert asked == len(it.tenant.accounts), "the others are asked all the same"
        assert number not in {row.account for row in it.rows(tables.bank_debit_look)}
        await office.debits.look()
        assert len(far.of("SCUSTSTMT")) == asked
        it.clock.pass_time(minutes=8)
        await office.debits.look()
        assert len(far.of("SCUSTSTMT")) == 2 * asked

    story_of(tmp_path, tell)


def test_the_task_begins_when_a_document_asks_and_keeps_its_appointment(tmp_path):
    async def tell(office, it, far):
        rests: list[float] = []

        async def rest(seconds: float) -> None:
            rests.append(seconds)
            await asyncio.sleep(0)

        quick = SimpleNamespace(
            clock=it.clock, log=it.runtime.log, tasks=SimpleNamespace(sleep=rest)
        )
        office.debits._runtime = office.debits._rounds._runtime = quick
        office.rules.put(content())
        it.tasks.spawn("debits", office.debits.run())
        await it.until(lambda: len(rests) > 3)
        assert [row.kind for row in it.rows(tables.work)] == []
        office.rules.put(ASKED)
        await it.until(lambda: [row.kind for row in it.rows(tables.work)] == ["debits"])
        assert not far.of("SCUSTSTMT")
        it.clock.pass_time(seconds=EVERY.total_seconds())
        await it.until(lambda: len(far.of("SCUSTSTMT")) == len(it.tenant.accounts))

    story_of(tmp_path, tell)


def test_what_was_released_for_a_later_day_is_asked_about_once_more_when_it_leaves(tmp_path):
    async def tell(office, it, far):
        await office.debits.look()
        ours = await it.post(execution_date="2026-09-16")
        other = await it.post(erp_reference="B", execution_date="2026-09-16", amount="7.00")
        assert it.row(ours).state == it.row(other).state == "SCHEDULED"
        it.clock.pass_time(days=1)
        office.pay_in_netbank()
        await office.debits.look()
        await it.relay.start()
        await it.until_state(other, "SETTLED")
        await it.until_state(ours, "HELD")
        assert it.row(ours).reason == "netbank_paid"
        assert "is none of ours" in office.holds(ours)[0]

    story_of(tmp_path, tell)
