"""Every complaint of the books can be made: rows that are wrong in one way each."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update

from gateway.audit.books import Execution, check_books, unfinished
from gateway.domain.instruction import Cause, State
from gateway.store import tables
from tests.store_ground import bench

PATH = (
    ("", "RECEIVED", "erp"),
    ("RECEIVED", "APPROVED", "policy"),
    ("APPROVED", "QUEUED", "policy"),
    ("QUEUED", "SENDING", "dispatch"),
)
SETTLED = (*PATH, ("SENDING", "SETTLED", "bank_answer"))
REJECTED = (*PATH, ("SENDING", "REJECTED", "bank_answer"))
DOUBT = (*PATH, ("SENDING", "UNCONFIRMED", "doubt"))
AMOUNT, PAYEE = 12_345, "900010801000000014"


class Bank:
    """What the bank executed."""

    def __init__(self, *done: Execution) -> None:
        self._done = done

    def executions(self, customer: str):
        return self._done if customer == "C1" else ()


def done(serial: str = "S1", amount: int = AMOUNT, payee: str = PAYEE) -> Execution:
    return Execution(serial=serial, amount_minor=amount, creditor_account=payee)


class Books:
    """Rows by hand."""

    def __init__(self, at) -> None:
        self.at = at

    def insert(self, table, **values: object) -> None:
        with self.at.engine.connect() as db:
            db.execute(insert(table).values(**values))
            db.commit()

    def sql(self, statement: str) -> None:
        with self.at.engine.connect() as db:
            db.exec_driver_sql(statement)
            db.commit()

    def instruction(self, name: str = "i1", path=SETTLED, state: str = "") -> None:
        self.insert(
            tables.instruction,
            tenant="t",
            id=name,
            erp="sap",
            erp_reference=name,
            digest="d",
            maker="machine:sap",
            company="c",
            connection="k",
            debtor_account="D",
            amount_minor=AMOUNT,
            currency="CNY",
            creditor_name="N",
            creditor_account=PAYEE,
            own_bank=True,
            local=True,
            business_type="payment",
            urgency="normal",
            pay_day="2026-09-15",
            created_us=0,
            state=state or path[-1][1],
            version=len(path) - 1,
            changed_us=0,
        )
        for seq, (before, after, cause) in enumerate(path):
            self.insert(
                tables.history,
                tenant="t",
                instruction=name,
                seq=seq,
                before=before,
                after=after,
                cause=cause,
                actor="a",
                at_us=seq,
            )

    def message(
        self, serial: str = "S1", instruction: str = "i1", fate: str = "closed", name: str = ""
    ) -> None:
        self.insert(
            tables.message,
            tenant="t",
            id=name or f"m{serial}",
            connection="k",
            bank="cib",
            customer="C1",
            serial=serial,
            operation="pay",
            fate=fate,
            sends=1,
            enquiries=0,
            resend_refused=False,
            holder="l",
            created_us=0,
        )
        self.insert(
            tables.message_line,
            tenant="t",
            message=name or f"m{serial}",
            line=1,
            instruction=instruction,
            open=False,
        )

    def sent(self, purpose: str, at_us: int, message: str = "mS1") -> None:
        self.insert(
            tables.wire,
            tenant="t",
            id=f"w{at_us:05d}",
            message=message,
            connection="k",
            direction="out",
            purpose=purpose,
            serial="S1",
            at_us=at_us,
            content=b"",
            digest="",
        )

    def answered(self, verdict: str, at_us: int, message: str = "mS1") -> None:
        self.insert(
            tables.evidence,
            tenant="t",
            id=f"e{at_us}",
            message=message,
            grade=2,
            cause="enquiry",
            verdict=verdict,
            at_us=at_us,
        )

    def case(self, instruction: str = "i1", closed_us: int | None = None) -> None:
        self.insert(
            tables.case,
            tenant="t",
            id="c",
            instruction=instruction,
            kind="overdue",
            opened_us=1,
            closed_us=closed_us,
        )

    def broken(self, *executions: Execution) -> list[str]:
        with self.at.engine.connect() as db:
            return check_books(db, Bank(*executions))

    def unfinished(self) -> list[str]:
        with self.at.engine.connect() as db:
            return unfinished(db)


@pytest.fixture
def books():
    with bench() as at:
        yield Books(at)


def test_sound_books(books):
    books.instruction()
    books.message()
    assert books.broken(done()) == []
    assert books.unfinished() == []


def test_without_the_bank_only_its_truth_goes_unchecked(books):
    books.instruction()
    with books.at.engine.connect() as db:
        assert check_books(db) == []
    assert books.broken() == ["I5: i1 (SETTLED) was never executed"]


# ── I1, I2: twice ───────────────────────────────────────────────────────────────────────────


def test_executed_twice_under_one_serial(books):
    books.instruction()
    books.message()
    assert books.broken(done(), done()) == ["I1: i1 (SETTLED) was executed 2 times"]


def test_executed_twice_under_two_serials(books):
    books.instruction()
    books.message("S1")
    books.message("S2")
    assert books.broken(done("S1"), done("S2")) == ["I1: i1 (SETTLED) was executed 2 times"]


def test_executed_under_a_serial_that_is_not_ours(books):
    books.instruction()
    books.message()
    assert books.broken(done(), done("S9")) == [
        "I2: the bank executed serial S9, which is no message of ours"
    ]


def test_one_serial_for_two_messages(books):
    """The unique rule of the table taken away, as a careless migration might."""
    books.sql("DROP TABLE message")
    columns = ", ".join(f'"{column.name}"' for column in tables.message.c)
    books.sql(f"CREATE TABLE message ({columns})")
    books.instruction(path=REJECTED)
    books.message("S1", name="m1")
    books.message("S1", name="m2")
    assert books.broken() == ["I2: serial S1 names 2 messages"]


@pytest.mark.parametrize("fates", [("open", "open"), ("open", "planned")])
def test_in_two_open_messages(books, fates):
    books.instruction(path=DOUBT)
    for serial, fate in zip(("S1", "S2"), fates, strict=True):
        books.message(serial, fate=fate)
    assert books.broken() == ["I2: i1 rides in 2 open messages"]


# ── I4: resent ──────────────────────────────────────────────────────────────────────────────


def test_resent_after_not_found(books):
    books.instruction()
    books.message()
    books.sent("pay", 10)
    books.answered("not_found", 20)
    books.sent("resend", 30)
    books.answered("not_found", 40)
    books.sent("resend", 50)
    assert books.broken(done()) == []


@pytest.mark.parametrize(
    "answers", [[], [("unconfirmed", 20)], [("not_found", 5)], [("not_found", 35)]]
)
def test_resent_without_not_found(books, answers):
    books.instruction()
    books.message()
    books.sent("pay", 10)
    for verdict, at_us in answers:
        books.answered(verdict, at_us)
    books.sent("resend", 30)
    assert books.broken(done()) == ["I4: message mS1 was resent without an answer 'not found'"]


def test_one_not_found_is_good_for_one_resend(books):
    books.instruction()
    books.message()
    books.sent("pay", 10)
    books.answered("not_found", 20)
    books.sent("resend", 30)
    books.sent("resend", 40)
    assert len(books.broken(done())) == 1


def test_resent_what_was_never_sent(books):
    books.instruction()
    books.message()
    books.sent("resend", 30)
    assert len(books.broken(done())) == 1


# ── I5, I8: what we call settled or ended ───────────────────────────────────────────────────


@pytest.mark.parametrize("wrong", [done(amount=AMOUNT + 1), done(payee="another")])
def test_executed_with_another_amount_or_payee(books, wrong):
    books.instruction()
    books.message()
    assert books.broken(wrong) == ["I8: i1 (SETTLED) was executed with another amount or payee"]


def test_executed_although_told_as_rejected(books):
    books.instruction(path=REJECTED)
    books.message()
    assert books.broken() == []
    assert books.broken(done()) == [
        "I5: i1 (REJECTED) was executed although it is told as REJECTED"
    ]


def test_a_returned_payment_was_executed_once(books):
    books.instruction(path=(*SETTLED, ("SETTLED", "RETURNED", "statement")))
    books.message()
    assert books.broken(done()) == []
    assert books.broken() == ["I5: i1 (RETURNED) was never executed"]


def test_what_is_open_may_or_may_not_be_executed(books):
    books.instruction(path=DOUBT)
    books.message(fate="open")
    assert books.broken() == []
    assert books.broken(done()) == []


# ── I6: history ─────────────────────────────────────────────────────────────────────────────


def test_a_step_that_is_not_in_the_table(books):
    books.instruction(path=(*REJECTED, ("REJECTED", "SETTLED", "enquiry")))
    books.message()
    assert books.broken(done()) == ["I6: i1 went REJECTED to SETTLED because of enquiry"]


def test_a_step_for_a_cause_that_does_not_allow_it(books):
    books.instruction(path=(*DOUBT, ("UNCONFIRMED", "REJECTED", "statement")))
    assert books.broken() == ["I6: i1 went UNCONFIRMED to REJECTED because of statement"]


def test_a_history_that_jumps(books):
    books.instruction(path=(PATH[0], *PATH[2:], SETTLED[-1]))
    books.message()
    assert books.broken(done()) == ["I6: history of i1 jumps from RECEIVED to QUEUED"]


def test_a_state_that_its_history_does_not_know(books):
    books.instruction(path=DOUBT, state="CANCELLED")
    assert books.broken() == ["I6: i1 stands in CANCELLED, its history says UNCONFIRMED"]


def test_an_instruction_without_history(books):
    books.instruction(path=DOUBT)
    books.sql("DELETE FROM history")
    assert books.broken() == ["I6: i1 stands in UNCONFIRMED, its history says None"]


# ── I19: everything ends or waits for a person ──────────────────────────────────────────────


@pytest.mark.parametrize("state", list(State))
def test_what_is_neither_ended_nor_with_a_person(books, state):
    books.instruction(path=DOUBT)
    with books.at.engine.connect() as db:
        db.execute(update(tables.instruction).values(state=state.value))
        db.commit()
    ends = state.value in {
        *("SETTLED", "REJECTED", "RETURNED", "CANCELLED", "EXPIRED", "PAID_ELSEWHERE", "HELD")
    }
    expected = [] if ends else [f"I19: i1 ends in {state} and nobody was called"]
    assert books.unfinished() == expected


def test_a_case_calls_a_person_while_it_is_open(books):
    books.instruction(path=DOUBT)
    assert len(books.unfinished()) == 1
    books.case()
    assert books.unfinished() == []
    books.sql("UPDATE case_file SET closed_us = 5")
    assert len(books.unfinished()) == 1


def test_the_causes_of_these_tests_exist():
    assert {cause for _, _, cause in (*SETTLED, *DOUBT)} <= {it.value for it in Cause}
