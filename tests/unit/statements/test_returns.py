"""退票 in kept lines: each return once, whoever tells it, and never before its payment."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, update

from gateway.controls.release import Releaser
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Entry, EntryStatus, StatementPage
from gateway.intake.accept import Caller, Intake
from gateway.lifecycle.history import all_steps
from gateway.ports.tenancy import Directory, Policy
from gateway.statements.answered import DayAnswer, keep_answer
from gateway.statements.refunds import Refunds, _Visit
from gateway.statements.returns import TRIES_MAX, Returns
from gateway.store import tables
from tests.records import replace
from tests.store_ground import START, bench
from tests.unit.intake.sample import DRAFT, FAKE, TENANT

ERP = Actor(kind=ActorKind.MACHINE, name="sap")
TODAY = START.date()
OURS = replace(TENANT, policy=Policy(default_local=False))
ACCOUNT = OURS.accounts[DRAFT.debtor_account]
BACK = Entry(
    amount=Money.parse(DRAFT.amount, CNY),
    booking_date=TODAY,
    bank_key="2026091500000000001000001",
    reference="990000000001",
    counterparty_account=DRAFT.creditor_account,
    counterparty_name=DRAFT.creditor_name,
    remittance="退汇",
)


class Ground:
    def __init__(self, at) -> None:
        self.at = at
        directory = Directory(tenants={OURS.id: OURS}, keys={})
        self.returns = Returns(at.store, at.runtime, directory)
        self.query = Refunds(at.store, at.runtime, self, directory, 1.0)
        self.intake = Intake(at.store, at.runtime, {"fake": FAKE}, Releaser(at.runtime))
        self.told: list[Entry] = []

    async def refunds(self, tenant, account, start, end):
        """The bank's refund query."""
        entries = tuple(self.told) if end == TODAY else ()
        return [StatementPage(account=account.number, entries=entries, more=False)]

    def paid(self, reference: str, *, bank: str, state: str = "SETTLED", message: str = "") -> str:
        caller = Caller(tenant=OURS, actor=ERP, erp="sap")
        draft = replace(DRAFT, erp_reference=reference)
        told = asyncio.run(self.intake.accept(caller, draft, key="", body_digest=""))
        self.stand(told.id, state, bank, message)
        return told.id

    def stand(self, name: str, state: str, bank: str, message: str = "") -> None:
        table = tables.instruction
        values = {"state": state, "bank_reference": bank, "message": message}
        change = update(table).where(table.c.id == name).values(values)
        self.at.group(lambda uow: uow.change(change))

    def carried(self, message: str, serial: str, *lines: str) -> None:
        """A message of ours with these instructions."""
        way = OURS.connections[ACCOUNT.connection]
        row = {"tenant": OURS.id, "id": message, "connection": way.id, "bank": way.bank}
        row |= {"customer": way.customer, "serial": serial, "operation": "pay", "fate": "closed"}
        row |= {"sends": 1, "enquiries": 0, "resend_refused": False, "holder": "", "created_us": 1}
        with self.at.engine.begin() as db:
            db.execute(insert(tables.message).values(row))
            for number, name in enumerate(lines, 1):
                of = {"tenant": OURS.id, "message": message, "instruction": name}
                db.execute(
                    insert(tables.message_line).values({**of, "line": number, "open": False})
                )

    def keep(self, *entries: Entry, day: date = TODAY) -> None:
        """The bank's answer of a day is kept, and looked through."""
        page = StatementPage(account=ACCOUNT.number, entries=entries, more=False)
        answer = DayAnswer(
            tenant=OURS.id,
            account=ACCOUNT,
            day=day,
            asked_at=self.at.runtime.clock.now(),
            pages=[page],
            import_id=self.at.runtime.ids.new("sti"),
            actor="policy:schedule",
        )
        now = self.at.runtime.clock.now()
        self.at.group(lambda uow: keep_answer(uow, answer, now))
        self.look()

    def look(self) -> None:
        asyncio.run(self.returns.look(OURS))

    def asked(self, *entries: Entry) -> None:
        """The bank's refund query tells these."""
        self.told = list(entries)
        closed = TODAY - timedelta(days=1)
        visit = _Visit(tenant=OURS, account=ACCOUNT, closed=closed, today=TODAY)
        asyncio.run(self.query.visit(visit))

    def states(self) -> dict[str, str]:
        return {row.id: row.state for row in self.at.rows(tables.instruction)}

    def cases(self) -> list[tuple[str, str]]:
        return sorted((row.kind, row.instruction) for row in self.at.rows(tables.case))

    def waiting(self) -> list[int]:
        return [row.tries for row in self.at.rows(tables.work) if row.kind == "returns"]

    def returned(self) -> int:
        return [row.after for row in self.at.rows(all_steps())].count("RETURNED")


@pytest.fixture
def ground():
    with bench() as at:
        yield Ground(at)


def test_a_kept_line_with_the_banks_reference_returns_its_payment_alone(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    twin = ground.paid("PO-2", bank="990000000002")
    ground.keep(BACK)
    assert ground.states() == {ours: "RETURNED", twin: "SETTLED"}
    assert ground.cases() == []
    assert ground.waiting() == []
    (proof,) = ground.at.rows(tables.evidence)
    assert (proof.verdict, proof.grade, proof.bank_reference) == ("returned", 3, "990000000001")
    reasons = {row.id: row.reason for row in ground.at.rows(tables.instruction)}
    assert reasons[ours].startswith("refund booked 2026-09-15 2026091500000000001000001 line 2026-")


def test_our_serial_in_the_words_returns_it_though_the_payee_is_not_named(ground):
    ours = ground.paid("PO-1", bank="990000000009", message="msg_1")
    ground.carried("msg_1", "GW20260910000001", ours)
    suspense = replace(
        BACK,
        counterparty_account="",
        counterparty_name="待清算",
        reference="77",
        remittance="退票 GW20260910000001 账号户名不符",
    )
    ground.keep(suspense)
    assert ground.states() == {ours: "RETURNED"}
    (row,) = ground.at.rows(tables.instruction)
    assert row.bank_reference == "990000000009", "the payment keeps the number of its payment"


def test_a_line_of_a_batch_comes_back_alone(ground):
    names = [ground.paid(f"PO-{at}", bank="", message="msg_1") for at in (1, 2)]
    table = tables.instruction
    other = update(table).where(table.c.id == names[1]).values(creditor_account="6999")
    ground.at.group(lambda uow: uow.change(other))
    ground.carried("msg_1", "GW20260910000001", *names)
    ground.keep(replace(BACK, reference="GW20260910000001"))
    assert ground.states() == {names[0]: "RETURNED", names[1]: "SETTLED"}


def test_one_amount_of_a_batch_is_not_its_line_while_nobody_is_named(ground):
    """The bank's number is the whole batch's: the others are looked up before one is chosen."""
    names = [ground.paid(f"PO-{at}", bank="990000000001", message="msg_1") for at in (1, 2)]
    table = tables.instruction
    other = update(table).where(table.c.id == names[1]).values(amount_minor=77)
    ground.at.group(lambda uow: uow.change(other))
    ground.carried("msg_1", "GW20260910000001", *names)
    ground.keep(replace(BACK, counterparty_account="", counterparty_name="代发工资"))
    assert set(ground.states().values()) == {"SETTLED"}
    assert ground.cases() == [("refund_suspected", names[0])]


def test_what_was_never_paid_comes_back_in_one_sum_and_is_no_return(ground):
    names = [ground.paid(f"PO-{at}", bank="", state="REJECTED", message="msg_1") for at in (1, 2)]
    names.append(ground.paid("PO-3", bank="", message="msg_1"))
    ground.carried("msg_1", "GW20260910000001", *names)
    both = replace(BACK, amount=BACK.amount + BACK.amount, remittance="代发失败退票")
    ground.keep(replace(both, reference="GW20260910000001", counterparty_account=""))
    assert list(ground.states().values()) == ["REJECTED", "REJECTED", "SETTLED"]
    assert ground.cases() == []


def test_what_the_bank_only_announces_has_not_come_back(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    ground.keep(replace(BACK, status=EntryStatus.PENDING))
    assert ground.states() == {ours: "SETTLED"}
    ground.keep(BACK)
    assert ground.states() == {ours: "RETURNED"}


def test_the_query_and_the_line_are_one_return_whichever_comes_first(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    ground.asked(BACK)
    ground.keep(BACK)
    ground.asked(BACK)
    other = ground.paid("PO-2", bank="990000000002")
    again = replace(BACK, reference="990000000002", bank_key="2026091500000000001000002")
    ground.keep(BACK, again)
    ground.asked(BACK, again)
    assert ground.states() == {ours: "RETURNED", other: "RETURNED"}
    assert ground.returned() == 2
    assert ground.cases() == []
    assert len(ground.at.rows(tables.evidence)) == 2


def test_a_second_return_of_one_payment_calls_people_once(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    ground.keep(BACK)
    second = replace(BACK, bank_key="2026091500000000001000009")
    ground.keep(BACK, second)
    ground.asked(BACK, second)
    assert ground.cases() == [("refund_repeated", ours)]
    assert ground.returned() == 1


def test_payee_and_amount_alone_call_people_once(ground):
    ours = ground.paid("PO-1", bank="990000000009")
    twin = replace(BACK, bank_key="2026091500000000001000002")
    ground.keep(BACK, twin)
    ground.asked(BACK, twin)
    assert ground.states() == {ours: "SETTLED"}
    assert ground.cases() == [("refund_suspected", ours)]


def test_a_return_of_nothing_of_ours_is_one_case_of_its_own(ground):
    ground.keep(BACK)
    ground.asked(BACK)
    assert ground.cases() == [("refund_unlinked", "")]


def test_before_its_payment_is_proven_it_is_a_case_and_waits(ground):
    ours = ground.paid("PO-1", bank="990000000001", state="PROCESSING")
    ground.keep(BACK)
    assert ground.states() == {ours: "PROCESSING"}
    assert ground.cases() == [("refund_early", ours)]
    assert ground.waiting() == [1]
    ground.look()  # not due yet
    assert ground.waiting() == [1]
    ground.stand(ours, "SETTLED", "990000000001")
    ground.at.runtime.clock.pass_time(minutes=6)
    ground.look()
    assert ground.states() == {ours: "RETURNED"}
    assert ground.waiting() == []
    assert ground.cases() == [("refund_early", ours)]


def test_what_is_never_proven_is_not_waited_for_for_ever(ground):
    ours = ground.paid("PO-1", bank="990000000001", state="UNCONFIRMED")
    ground.keep(BACK)
    table = tables.work
    worn = update(table).where(table.c.kind == "returns").values(tries=TRIES_MAX, due_us=0)
    ground.at.group(lambda uow: uow.change(worn))
    ground.look()
    assert ground.waiting() == []
    assert ground.states() == {ours: "UNCONFIRMED"}
    assert ground.cases() == [("refund_early", ours)]


def test_a_final_state_that_denies_it_is_a_contradiction_once(ground):
    ours = ground.paid("PO-1", bank="990000000001", state="PAID_ELSEWHERE")
    ground.keep(BACK)
    ground.keep(BACK, replace(BACK, bank_key="2026091500000000001000002"))
    assert ground.states() == {ours: "PAID_ELSEWHERE"}
    assert ground.cases() == [("contradiction", ours)]


def test_a_return_that_the_bank_takes_back_at_once_moves_nothing(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    undone = replace(BACK, amount=-BACK.amount, bank_key="K2", reversal=True, remittance="冲正")
    ground.keep(BACK, undone)
    assert ground.states() == {ours: "SETTLED"}
    assert ground.cases() == [("refund_reversed", ours)]


def test_a_return_that_is_taken_back_later_calls_people(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    ground.keep(BACK)
    undone = replace(BACK, amount=-BACK.amount, bank_key="K2", reversal=True, remittance="冲正")
    ground.keep(BACK, undone)
    assert ground.states() == {ours: "RETURNED"}
    assert ground.cases() == [("refund_reversed", ours)]


def test_the_payments_own_debit_is_none_whatever_its_purpose(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    debit = replace(BACK, amount=-BACK.amount, bank_key="K0", remittance="退款给客户，冲正上月")
    ground.keep(debit, BACK)
    assert ground.states() == {ours: "RETURNED"}
    assert ground.cases() == []


def test_ordinary_money_from_a_payee_is_no_return(ground):
    ours = ground.paid("PO-1", bank="990000000001")
    ground.keep(replace(BACK, reference="55", remittance="货款"))
    assert ground.states() == {ours: "SETTLED"}
    assert ground.cases() == []


def test_a_line_of_another_account_of_ours_is_none(ground):
    """What one of our accounts pays to another bears the same number on both."""
    ours = ground.paid("PO-1", bank="990000000001")
    table = tables.instruction
    other = update(table).where(table.c.id == ours).values(debtor_account="1")
    ground.at.group(lambda uow: uow.change(other))
    ground.keep(replace(BACK, remittance="往来款"))
    assert ground.states() == {ours: "SETTLED"}
    assert ground.cases() == []
