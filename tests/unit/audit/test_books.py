"""Every complaint of the books can be made: rows that are wrong in one way each."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from gateway.audit.breach import Harm
from gateway.store import tables
from tests.books_ground import AMOUNT, DOUBT, PATH, REJECTED, SETTLED, Bank, done

HELD = (PATH[0], ("RECEIVED", "HELD", "policy"), ("HELD", "APPROVED", "person"))
RESOLVED = (*DOUBT, ("UNCONFIRMED", "SETTLED", "two_people"))


def test_sound_books(books):
    books.instruction()
    books.message()
    report = books.report(done(), at_rest=True, now_us=10**18)
    assert report.sound
    assert report.looked == {
        "instructions": 1,
        "messages": 1,
        "wires": 1,
        "steps": len(SETTLED),
        "executions": 1,
    }
    assert [(it.paid_minor, it.executed_minor, it.open_minor) for it in report.accounts] == [
        (AMOUNT, AMOUNT, 0)
    ]


def test_without_the_bank_only_its_truth_goes_unchecked(books):
    books.instruction()
    books.message()
    assert books.alone() == []
    assert "I5: i1 (SETTLED) was never executed" in books.broken()


# ── I1, I2: twice ───────────────────────────────────────────────────────────────────────────


def test_executed_twice_under_one_serial(books):
    books.instruction()
    books.message()
    report = books.report(done(), done())
    assert report.texts()[0] == "I1: i1 (SETTLED) was executed 2 times"
    assert report.harms[Harm.DOUBLED] == 1


def test_executed_twice_under_two_serials(books):
    books.instruction()
    books.message("S1")
    books.message("S2")
    assert "I1: i1 (SETTLED) was executed 2 times" in books.broken(done("S1"), done("S2"))


def test_executed_under_a_serial_that_is_not_ours(books):
    books.instruction()
    books.message()
    assert books.broken(done(), done("S9")) == [
        "I2: the bank executed serial S9, which is no message of ours"
    ]


def test_a_line_that_is_not_ours(books):
    books.instruction("i1")
    books.instruction("i2")
    books.message("S1", "i1", "i2", operation="batch")
    lines = [done(line=1), done(line=2)]
    assert books.broken(*lines) == []
    assert books.broken(*lines, done(line=3)) == [
        "I2: the bank executed serial S1 line 3, which is no message of ours"
    ]


def test_one_serial_for_two_messages(unruly):
    """The unique rule of the table taken away, as a careless migration might."""
    unruly.forget_unique(tables.message)
    unruly.instruction(path=REJECTED)
    unruly.message("S1", name="m1")
    unruly.message("S1", name="m2")
    assert unruly.broken() == ["I2: serial S1 names 2 messages"]


@pytest.mark.parametrize("fates", [("open", "open"), ("open", "planned")])
def test_in_two_open_messages(books, fates):
    books.instruction(path=DOUBT)
    books.case()
    for serial, fate in zip(("S1", "S2"), fates, strict=True):
        books.message(serial, fate=fate)
    assert books.broken() == ["I2: i1 rides in 2 open messages"]


# ── I4: resent ──────────────────────────────────────────────────────────────────────────────


def test_resent_after_not_found(books):
    books.instruction()
    books.message()
    books.evidence("not_found", 20)
    books.sent("resend", 30)
    books.evidence("not_found", 40)
    books.sent("resend", 50)
    assert books.broken(done()) == []


@pytest.mark.parametrize(
    "answers", [[], [("unconfirmed", 20)], [("not_found", 5)], [("not_found", 35)]]
)
def test_resent_without_not_found(books, answers):
    books.instruction()
    books.message()
    for verdict, at_us in answers:
        books.evidence(verdict, at_us)
    books.sent("resend", 30)
    assert books.broken(done()) == ["I4: message mS1 was resent without an answer 'not found'"]


def test_one_not_found_is_good_for_one_resend(books):
    books.instruction()
    books.message()
    books.evidence("not_found", 20)
    books.sent("resend", 30)
    books.sent("resend", 40)
    assert len(books.broken(done())) == 1


# ── I5, I8: what we call settled or ended ───────────────────────────────────────────────────


@pytest.mark.parametrize(
    "wrong",
    [done(amount=AMOUNT - 1), done(payee="another"), done(debtor_account="another")],
)
def test_executed_with_another_amount_or_account(books, wrong):
    books.instruction()
    books.message()
    assert books.broken(wrong)[0] == "I8: i1 (SETTLED) was executed with another amount or payee"


def test_executed_although_told_as_rejected(books):
    books.instruction(path=REJECTED)
    books.message()
    assert books.broken() == []
    assert books.broken(done())[0] == (
        "I5: i1 (REJECTED) was executed although it is told as REJECTED"
    )


def test_a_returned_payment_was_executed_once_and_given_back(books):
    books.instruction(path=(*SETTLED, ("SETTLED", "RETURNED", "statement")))
    books.message()
    assert books.broken(done(returned=True)) == []
    assert books.broken(done()) == [
        "I8: i1 (RETURNED) is told as returned, and the bank gave nothing back"
    ]
    assert books.broken()[0] == "I5: i1 (RETURNED) was never executed"


def test_what_is_open_may_or_may_not_be_executed(books):
    books.instruction(path=DOUBT)
    books.message(fate="open")
    books.case()
    assert books.broken() == []
    assert books.broken(done()) == []


def test_sums_that_differ_are_told_without_the_account_number(books):
    books.instruction()
    books.message()
    told = books.broken(done(amount=AMOUNT + 1))
    assert told[1] == f"I8: account …0011 does not add up: {AMOUNT} / {AMOUNT + 1} (+0) CNY"


@pytest.mark.parametrize("evidence", ["", "none", "rejected"])
def test_an_end_without_evidence_that_says_so(books, evidence):
    books.instruction()
    books.message()
    named = books.evidence(evidence, 1) if evidence == "rejected" else evidence
    last = tables.history.c.after == "SETTLED"
    books.run(update(tables.history).where(last).values(evidence=named))
    assert books.broken(done()) == ["I5: i1 is told as SETTLED without evidence that says so"]


def test_the_banks_own_complaints_are_told(books):
    books.instruction()
    books.message()
    bank = Bank(done(), complaints=("voucher 7 does not sum to zero",))
    assert books.broken(bank=bank) == ["BANK: bank: voucher 7 does not sum to zero"]


# ── I6: history ─────────────────────────────────────────────────────────────────────────────


def test_a_step_that_is_not_in_the_table(books):
    books.instruction(path=(*REJECTED, ("REJECTED", "SETTLED", "enquiry")))
    books.message()
    assert books.broken(done()) == ["I6: i1 went REJECTED to SETTLED because of enquiry"]


def test_a_step_for_a_cause_that_does_not_allow_it(books):
    books.instruction(path=(*DOUBT, ("UNCONFIRMED", "REJECTED", "statement")))
    books.message()
    assert books.broken() == ["I6: i1 went UNCONFIRMED to REJECTED because of statement"]


def test_a_history_that_jumps(books):
    books.instruction(path=(PATH[0], *PATH[2:], SETTLED[-1]))
    books.message()
    assert books.broken(done()) == ["I6: history of i1 jumps from RECEIVED to QUEUED"]


def test_a_state_that_its_history_does_not_know(books):
    books.instruction(path=DOUBT, state="CANCELLED")
    books.message()
    assert books.broken() == ["I6: i1 stands in CANCELLED, which is not where its history ends"]


def test_an_instruction_without_history(books):
    books.instruction(path=DOUBT)
    books.case()
    books.run(delete(tables.history))
    assert books.broken() == ["I6: i1 stands in UNCONFIRMED, which is not where its history ends"]


# ── I7: archived before it left ─────────────────────────────────────────────────────────────


def test_a_message_without_its_bytes(books):
    books.instruction()
    books.message()
    books.run(delete(tables.wire))
    assert books.broken(done()) == [
        "I7: message mS1 was sent and its bytes are not in the archive",
        "I7: i1 was SENDING and no bytes of it are in the archive",
    ]


def test_a_step_to_sending_without_a_message(books):
    books.instruction()
    assert books.alone() == ["I7: i1 was SENDING and no bytes of it are in the archive"]


@pytest.mark.parametrize("kept", [None, "out"])
def test_evidence_without_the_reply_it_rests_on(books, kept):
    books.instruction()
    books.message()
    wire = books.sent("pay", 11, direction=kept) if kept else "w-gone"
    name = books.evidence("settled", 12, wire=wire)
    assert books.broken(done()) == [
        f"I7: evidence {name} rests on a reply that is not in the archive"
    ]


def test_executed_although_it_never_left(books):
    books.instruction(path=DOUBT)
    books.message(sends=0, fate="planned")
    books.case()
    assert books.broken(done()) == ["I7: the bank executed serial S1, which we say never left"]
