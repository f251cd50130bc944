"""Acceptance bodies, byte for byte: these bytes were promised and never change."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import Fault
from gateway.domain.ids import BatchId, InstructionId
from gateway.web.acceptance import AcceptedLine, RefusedLine, acceptance_body, batch_body

FAULT = Fault(path="/instructions/1/amount", code="amount_zero", zh="金额必须大于零", en="positive")


def test_the_bytes_of_an_acceptance():
    assert (
        acceptance_body(InstructionId("ins_01"), "PO/1 货款", "ab12")
        == (
            '{"id":"ins_01","erp_reference":"PO/1 货款","digest":"ab12","links":'
            '{"self":"/v1/instructions/ins_01",'
            '"status":"/v1/instructions?erp_reference=PO%2F1%20%E8%B4%A7%E6%AC%BE"}}'
        ).encode()
    )


def test_the_bytes_of_a_batch():
    lines = [
        AcceptedLine(line=1, id=InstructionId("ins_01"), erp_reference="A", digest="ab"),
        RefusedLine(line=2, erp_reference="B\ud800", faults=(FAULT,)),
    ]
    assert (
        batch_body(BatchId("bat_01"), "B-1", lines)
        == (
            '{"id":"bat_01","batch_reference":"B-1","accepted":1,"refused":1,"results":['
            '{"line":1,"result":"accepted","id":"ins_01","erp_reference":"A","digest":"ab","links":'
            '{"self":"/v1/instructions/ins_01","status":"/v1/instructions?erp_reference=A"}},'
            '{"line":2,"result":"refused","erp_reference":"B?","faults":['
            '{"path":"/instructions/1/amount","line":null,"code":"amount_zero",'
            '"zh":"金额必须大于零","en":"positive"}]}]}'
        ).encode()
    )


@given(
    st.text(max_size=140),
    st.from_regex(r"\Ains_[0-9a-z]{1,26}\Z"),
    st.from_regex(r"\A[0-9a-f]{64}\Z"),
)
def test_an_acceptance_is_a_function_of_its_parts_and_holds_no_state(reference, identifier, digest):
    body = acceptance_body(InstructionId(identifier), reference, digest)
    assert body == acceptance_body(InstructionId(identifier), reference, digest)
    document = json.loads(body)
    assert list(document) == ["id", "erp_reference", "digest", "links"]
    assert (document["id"], document["erp_reference"], document["digest"]) == (
        identifier,
        reference,
        digest,
    )
    assert list(document["links"]) == ["self", "status"]


def test_a_refused_reference_is_shown_only_so_far():
    body = batch_body(BatchId("b"), "B", [RefusedLine(line=1, erp_reference="x" * 9999, faults=())])
    assert json.loads(body)["results"][0]["erp_reference"] == "x" * 140


@given(st.lists(st.text(max_size=140), max_size=3), st.text(max_size=140))
def test_a_batch_is_the_canonical_text_of_what_it_says(references, name):
    lines = [
        AcceptedLine(line=n, id=InstructionId(f"ins_{n}"), erp_reference=it, digest="ab")
        for n, it in enumerate(references, start=1)
    ]
    body = batch_body(BatchId("bat"), name, lines)
    said = json.loads(body)
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    assert text.encode() == body
    assert [it["erp_reference"] for it in said["results"]] == references
