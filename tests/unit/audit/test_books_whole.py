"""Every complaint of the books can be made: what is gone, not decided by people, or forgotten."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import delete, update

from gateway.audit.books import KEPT_MAX, Promise
from gateway.audit.breach import Harm
from gateway.domain.instruction import State
from gateway.store import tables
from tests.books_ground import AMOUNT, DOUBT, PATH, PAYEE, SETTLED, done

HELD = (PATH[0], ("RECEIVED", "HELD", "policy"), ("HELD", "APPROVED", "person"))
RESOLVED = (*DOUBT, ("UNCONFIRMED", "SETTLED", "two_people"))


# ── I3, I12: everything accepted is there, once ─────────────────────────────────────────────


def promise(**changes) -> Promise:
    kept = {"tenant": "t", "erp": "sap", "erp_reference": "i1", "id": "i1", "amount_minor": AMOUNT}
    return Promise(**kept | changes)


def test_promises_that_are_kept(books):
    books.instruction()
    books.message()
    assert books.broken(done(), promises=[promise(), promise(id="", amount_minor=None)]) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"erp_reference": "i9"}, "I3: i9 was accepted and is gone"),
        ({"tenant": "other"}, "I3: i1 was accepted and is gone"),
        ({"id": "i9"}, "I3: i1 was accepted, and what is stored is another: i1"),
        ({"amount_minor": 1}, "I3: i1 was accepted, and what is stored is another: i1"),
    ],
)
def test_promises_that_are_not(books, change, words):
    books.instruction()
    books.message()
    report = books.report(done(), promises=[promise(**change)])
    assert report.texts() == [words]
    assert report.harms == {Harm.LOST: 1}


def test_what_the_journal_saw_accepted_and_is_gone(books):
    books.instruction()
    books.message()
    for subject, lines in (("i1", ["i1"]), ("i7", ["i7"]), ("b1", ["l1"]), ("b2", ["l2"])):
        payload = {"content": {"lines": [[line, "d"] for line in lines]}}
        books.insert(
            tables.journal,
            lane="x",
            seq=ord(subject[0]) * 100 + int(subject[1]),
            tenant="t",
            kind="accepted",
            subject=subject,
            at_us=0,
            payload=json.dumps(payload).encode(),
            leaf=b"",
            hash=b"",
        )
    batch(books, "b1", accepted_us=None)
    batch(books, "b2", accepted_us=5)
    assert sorted(books.broken(done())) == [
        "I3: batch b2 has not the lines it was accepted with: 1/1, 0+0",
        "I3: i7 was accepted and is gone",
        "I3: l2 was accepted and is gone",
    ]


def batch(books, name: str, **columns) -> None:
    values = {"lines": 1, "accepted": 1, "accepted_us": 5, "created_us": 0}
    books.insert(
        tables.batch,
        tenant="t",
        id=name,
        erp="sap",
        reference=name,
        format="json",
        digest="d",
        maker="m",
        **values | columns,
    )


def test_a_batch_with_all_its_lines(books):
    batch(books, "b1", lines=2)
    books.instruction(batch="b1", line=1)
    books.insert(tables.refused_line, tenant="t", batch="b1", line=2)
    books.message()
    assert books.broken(done()) == []
    books.run(delete(tables.refused_line))
    assert books.broken(done()) == ["I3: batch b1 has not the lines it was accepted with: 1/2, 1+0"]


def test_a_key_whose_answer_is_gone(books):
    books.instruction()
    books.message()
    for subject in ("i1", "i9"):
        books.insert(
            tables.acceptance,
            tenant="t",
            scope="key",
            key=subject,
            digest="d",
            subject=subject,
            at_us=0,
        )
    assert books.broken(done()) == ["I3: an idempotency key names i9, which is gone"]


def test_one_reference_for_two_instructions(unruly):
    unruly.forget_unique(tables.instruction)
    for name, serial in (("i1", "S1"), ("i2", "S2")):
        unruly.instruction(name, erp_reference="PO-1")
        unruly.message(serial, name)
    assert unruly.broken(done("S1"), done("S2")) == ["I12: reference PO-1 exists 2 times"]


# ── I10: people decided where they must, about what is stored ───────────────────────────────


def test_content_that_is_not_what_was_accepted(books):
    books.instruction()
    books.message()
    books.run(update(tables.instruction).values(creditor_account="someone else"))
    told = books.broken(done(payee="someone else"))
    assert told == ["I10: i1 is not what was accepted: its content has another digest"]


def test_a_merged_payment_is_found_by_just_the_documents_of_its_content(books):
    books.instruction()
    books.message()
    wrong = "I10: i1 is not what was accepted: its content has another digest"
    told = "I10: the source documents by which i1 is found are not those that were accepted"
    row = {"tenant": "t", "instruction": "i1", "part": 1, "erp": "sap", "erp_reference": "A"}
    books.insert(tables.merged_source, **row)
    assert books.alone() == [told], "a document that keeps another from being paid"
    books.run(update(tables.instruction).values(merged='[["A","123.45"]]'))
    assert books.alone() == [wrong]
    books.run(update(tables.merged_source).values(erp_reference="B"))
    assert books.alone() == [wrong, told]
    books.run(delete(tables.merged_source))
    assert books.alone() == [wrong, told], "nothing keeps its document from being paid again"


def test_released_by_a_person(books):
    books.instruction(path=(*HELD, *PATH[2:], SETTLED[-1]))
    books.message()
    missing = ["I10: i1 went on without the people it needed (person)"]
    assert books.broken(done()) == missing
    books.vote("machine:sap")  # the maker's own
    books.vote("person:wang", "reject")
    books.vote("person:wang", of="another content")
    assert books.broken(done()) == missing
    books.vote("person:wang")
    assert books.broken(done()) == []


def test_released_by_a_policy_that_had_not_held_it(books):
    """Only what waited for newer data of the bank goes on by itself."""
    held = (*HELD[:-1], ("HELD", "APPROVED", "policy"))
    books.instruction(path=(*held, *PATH[2:], SETTLED[-1]))
    books.message()
    missing = ["I10: i1 went on without the people it needed (policy)"]
    assert books.broken(done()) == missing
    hold = {"tenant": "t", "instruction": "i1", "raised_us": 1, "lifted_us": 2}
    books.insert(tables.hold, seq=1, rule="approval", lifted_by="policy:netbank_paid", **hold)
    books.insert(tables.hold, seq=2, rule="netbank_paid", lifted_by="person:wang", **hold)
    assert books.broken(done()) == missing
    books.insert(tables.hold, seq=3, rule="netbank_paid", lifted_by="policy:netbank_paid", **hold)
    assert books.broken(done()) == []


def test_resolved_by_two(books):
    books.instruction(path=RESOLVED)
    books.message()
    missing = ["I10: i1 went on without the people it needed (two_people)"]
    books.vote("person:wang", "resolve_settled")
    books.vote("person:wang", "resolve_settled")
    assert books.broken(done()) == missing
    books.vote("person:li", "resolve_settled")
    assert books.broken(done()) == []


# ── I13: the trail ──────────────────────────────────────────────────────────────────────────


def test_the_trail_is_verified_when_asked(books):
    books.instruction()
    books.message()
    assert books.broken(done()) == []
    told = books.broken(done(), trail=True)
    assert len(told) == 1
    assert told[0].startswith("I13: audit trail: archived bytes do not match the digest")


# ── I19: everything ends, or somebody will come ─────────────────────────────────────────────


@pytest.mark.parametrize("state", list(State))
def test_what_is_neither_ended_nor_with_a_person(books, state):
    books.instruction(path=DOUBT)
    books.run(update(tables.instruction).values(state=state.value))
    ends = state.value in {
        *("SETTLED", "REJECTED", "RETURNED", "CANCELLED", "EXPIRED", "PAID_ELSEWHERE", "HELD")
    }
    told = [it for it in books.alone(at_rest=True) if "nobody was called" in it]
    assert told == ([] if ends else [f"I19: i1 ends in {state} and nobody was called"])


def test_at_rest_no_process_holds_a_message(books):
    books.instruction()
    books.message(in_flight=True, holder="lan_1")
    assert books.broken(done()) == []
    assert books.broken(done(), at_rest=True) == [
        "I17: message mS1 is still held by lan_1, and nobody is sending"
    ]


def test_a_case_calls_a_person_while_it_is_open(books):
    books.instruction(path=DOUBT)
    books.message()
    assert len(books.alone(at_rest=True)) == 2
    books.case()
    assert books.alone(at_rest=True) == []
    books.run(update(tables.case).values(closed_us=5))
    report = books.report(at_rest=True)
    assert report.harms == {Harm.STUCK: 2}


@pytest.mark.parametrize(
    ("path", "kind", "subject"),
    [
        (DOUBT, "enquire", "mS1"),
        ((*DOUBT, ("UNCONFIRMED", "PROCESSING", "enquiry")), "enquire", "mS1"),
        (PATH[:3], "send", "i1"),
        (PATH[:1], "release", "b1"),
    ],
)
def test_nothing_is_planned_for_it(books, path, kind, subject):
    books.instruction(path=path, message="mS1", batch="b1" if kind == "release" else "")
    if kind == "enquire":
        books.message()
    if kind == "release":
        batch(books, "b1")
    books.work("send" if kind == "enquire" else "enquire", subject)  # of the wrong kind
    assert books.alone() == [f"I19: i1 is {path[-1][1]} and nothing is planned for it"]
    books.run(delete(tables.work))
    books.work(kind, subject)
    assert books.alone() == []


def test_what_is_staged_waits_for_its_batch(books):
    batch(books, "b1", accepted_us=None)
    books.instruction(path=PATH[:1], batch="b1")
    assert books.alone() == []
    books.run(update(tables.batch).values(accepted_us=1))
    assert len(books.alone()) == 1


def test_open_for_more_than_a_day_without_a_case(books):
    hour = 3_600_000_000
    books.instruction(path=DOUBT, message="mS1")
    books.message(fate="open", first_sent_us=0)
    books.work("enquire", "mS1")
    assert books.alone(now_us=24 * hour) == []
    assert books.alone(now_us=31 * hour) == [
        "I19: i1 is UNCONFIRMED for more than a day and nobody was called"
    ]
    books.case()
    assert books.alone(now_us=31 * hour) == []


# ── the report ──────────────────────────────────────────────────────────────────────────────


def test_only_what_is_asked_for(books):
    books.instruction(path=DOUBT, state="CANCELLED")
    assert {it[:3] for it in books.alone()} == {"I6:", "I7:"}
    assert {it[:3] for it in books.alone(only=("I7",))} == {"I7:"}


def test_much_that_is_wrong_is_counted_and_not_kept(books):
    books.instruction()
    books.message()
    strangers = [done(f"X{number}", payee=PAYEE) for number in range(KEPT_MAX + 5)]
    report = books.report(done(), *strangers)
    assert report.counts == {"I2": KEPT_MAX + 5}
    assert report.harms == {Harm.WRONG: KEPT_MAX + 5}
    assert len(report.texts()) == KEPT_MAX


@pytest.mark.parametrize("language", ["zh", "en"])
def test_breaches_in_both_languages(books, language):
    books.instruction(path=DOUBT, state="CANCELLED")
    texts = books.report().texts(language)
    assert texts
    assert all(("被" in it or "却" in it or "与" in it) == (language == "zh") for it in texts)
