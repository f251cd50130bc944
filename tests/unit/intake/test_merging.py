"""Merged payments: what their parts must be, and what they do to a payment's content."""

from __future__ import annotations

import json

import pytest

from gateway.domain.instruction import Instruction
from gateway.domain.merged import (
    PARTS_MAX,
    MergedPart,
    merged_parts,
    merged_text,
    read_source,
    source_text,
)
from gateway.intake.comparing import compare
from gateway.intake.json_body import parse_batch, parse_instruction
from gateway.intake.merging import documents_of, stored_source
from gateway.ports.erp import FileEnd, FileHead
from gateway.ports.erp_draft import DraftPart
from tests.records import replace
from tests.unit.intake.sample import DRAFT, codes, judged


def part(reference: str, amount: str, **more: object) -> DraftPart:
    return DraftPart(erp_reference=reference, amount=amount, **more)


def of(*parts: DraftPart, **changes: str):
    return judged(replace(DRAFT, merged=parts), **changes)


RIGHT = (part("A-1", "1000.50"), part("A-2", "250"), part("红-3", "-50.00"))


def test_the_parts_stand_in_the_content_sorted_and_exact():
    made = of(*RIGHT)
    assert isinstance(made, Instruction)
    assert made.merged == '[["A-1","1000.50"],["A-2","250.00"],["红-3","-50.00"]]'
    assert made.content()["merged"] == made.merged
    assert merged_parts(made.merged)[2] == MergedPart("红-3", "-50.00")


def test_in_whatever_order_they_come_it_is_the_same_payment():
    assert of(*RIGHT).digest() == of(*reversed(RIGHT)).digest()


def test_other_parts_are_other_content():
    other = (part("A-1", "1000.50"), part("A-2", "249.99"), part("A-3", "-49.99"))
    assert of(*RIGHT).digest() != of(*other).digest()
    assert of(*RIGHT).digest() != judged().digest()


def test_a_payment_without_parts_is_what_it_always_was():
    assert judged().merged == ""
    assert "merged" not in judged().content()


def test_what_does_not_add_up_is_one_fault_with_both_sums():
    parts = (part("A-1", "1000.50"), part("A-2", "199.99"))
    found = judged(replace(DRAFT, merged=parts, at={"merged": "F 合并号"}, line=7))
    assert codes(found) == [("F 合并号", "merged_total")]
    (fault,) = found
    assert fault.line == 7
    for text in (fault.zh, fault.en):
        assert "1200.49 / 1200.50" in text


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ((part("", "1200.50"),), ("/merged/0/erp_reference", "required")),
        ((part(" A", "1200.50"),), ("/merged/0/erp_reference", "surrounding_space")),
        ((part("A" * 141, "1200.50"),), ("/merged/0/erp_reference", "too_long")),
        ((part("A", "1200.50"), part("B", "")), ("/merged/1/amount", "required")),
        ((part("A", "1200.50"), part("B", "0.00")), ("/merged/1/amount", "amount_zero")),
        ((part("A", "1200.50"), part("B", "-0")), ("/merged/1/amount", "amount_zero")),
        ((part("A", "1200.50"), part("B", "1e3")), ("/merged/1/amount", "amount_format")),
        ((part("A", "1200.50"), part("B", "1_0")), ("/merged/1/amount", "amount_format")),
        ((part("A", "1200.50"), part("B", "１")), ("/merged/1/amount", "amount_format")),
        ((part("A", "1200.50"), part("B", "NaN")), ("/merged/1/amount", "amount_format")),
        ((part("A", "1200.50"), part("B", "0.001")), ("/merged/1/amount", "amount_decimals")),
        (
            (part("A", "600.25"), part("A", "600.25")),
            ("/merged/1/erp_reference", "merged_repeated"),
        ),
    ],
)
def test_each_fault_of_a_part_is_told_once_at_its_place(parts, fault):
    assert codes(of(*parts)) == [fault]


def test_there_are_not_more_than_can_be_told():
    many = [part(f"A-{at}", "1.00") for at in range(PARTS_MAX)]
    assert isinstance(of(*many, amount=f"{PARTS_MAX}.00"), Instruction)
    more = [*many, part("A-x", "1.00")]
    assert codes(of(*more, amount=f"{PARTS_MAX + 1}.00")) == [("/merged", "merged_too_many")]


def test_a_payment_whose_own_amount_is_wrong_is_not_summed_as_well():
    assert codes(of(part("A", "1.00"), amount="1e3")) == [("/amount", "amount_format")]


def body(**more: object) -> bytes:
    fields = {name: getattr(DRAFT, name) for name in ("erp_reference", "amount", "purpose")}
    return json.dumps({**fields, **more}).encode()


def test_json_brings_them_and_a_batch_too():
    said = [{"erp_reference": "A", "amount": "1000.50"}, {"erp_reference": "B", "amount": "200"}]
    draft = parse_instruction(body(merged=said))
    assert [(it.erp_reference, it.amount) for it in draft.merged] == [
        ("A", "1000.50"),
        ("B", "200"),
    ]
    whole = b'{"batch_reference": "b", "instructions": [' + body(merged=said) + b"]}"
    _, (line,) = parse_batch(whole)
    assert line.merged[1].at["amount"] == "/instructions/0/merged/1/amount"
    assert parse_instruction(body(merged=None)).merged == ()


@pytest.mark.parametrize(
    ("member", "path", "code"),
    [
        ("A", "/merged", "not_array"),
        ([1], "/merged/0", "not_object"),
        ([{"erp_reference": "A", "amount": 5}], "/merged/0/amount", "number_not_text"),
        ([{"erp_reference": "A", "amount": "5", "x": ""}], "/merged/0/x", "unknown_field"),
    ],
)
def test_json_of_another_form_is_a_fault_at_its_place(member, path, code):
    draft = parse_instruction(body(merged=member))
    assert [(it.path, it.code) for it in draft.faults] == [(path, code)]
    assert draft.amount == DRAFT.amount, "a part's fault spoils nothing of the payment's own"


def test_two_lists_in_one_object_are_refused():
    doubled = body()[:-1] + b', "merged": [], "merged": []}'
    draft = parse_instruction(doubled)
    assert [(it.path, it.code) for it in draft.faults] == [("/merged", "duplicate_field")]


def test_what_replies_must_echo_is_kept_for_each_document():
    parts = (part("B", "2", source={"bill": "b2"}), part("A", "1", source={"bill": "b1"}))
    draft = replace(DRAFT, source={"file": "f"}, merged=parts)
    source, echoed = read_source(stored_source(draft))
    assert source == {"file": "f"}
    assert {it.reference: it.source for it in echoed} == {"A": {"bill": "b1"}, "B": {"bill": "b2"}}
    assert stored_source(replace(DRAFT, source={"file": "f"})) == '{"file": "f"}'
    assert stored_source(DRAFT) == source_text({}) == merged_text([]) == ""
    assert read_source("") == ({}, ())


def test_a_refused_draft_is_told_of_by_its_documents():
    draft = replace(
        DRAFT, source={"o": "1"}, merged=(part("A", "1", source={"b": "2"}), part("B", "2"))
    )
    told = documents_of(draft)
    assert [(it.erp_reference, it.amount, it.source) for it in told] == [
        ("A", "1", {"o": "1", "b": "2"}),
        ("B", "2", {"o": "1"}),
    ]
    assert documents_of(DRAFT) == (DRAFT,)


def test_a_shadow_that_reads_other_documents_differs_in_them():
    def parts(*merged: DraftPart):
        yield FileHead(format="x", message_id="M")
        yield replace(DRAFT, merged=merged)
        yield FileEnd(count=1)

    assert compare(parts(*RIGHT), parts(*reversed(RIGHT)), "salt").differences == []
    (found,) = compare(parts(*RIGHT), parts(*RIGHT[:2]), "salt").differences
    assert (found.line, found.field) == (1, "merged")
