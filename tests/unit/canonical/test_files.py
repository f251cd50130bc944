"""Canonical files, version 1 and 2: what they refuse, with its place, and that schemas agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from adapters.erp.canonical import DIALECTS, v1, v2
from gateway.domain.errors import WireError
from gateway.ports.erp import FileEnd
from gateway.ports.erp_draft import TEXT_FIELDS, FaultyDraft

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data" / "erp" / "canonical"
ONE = (DATA / "own.v1.json").read_bytes()
TWO = (DATA / "own.v2.jsonl").read_bytes()
ASKED = (DATA / "questions.v2.jsonl").read_bytes()


def read(version, data):
    head, *drafts, end = DIALECTS[version].read([data])
    assert isinstance(end, FileEnd)
    return head, drafts, end


def faults(version, data):
    """(path, code, line) of everything that is wrong."""
    _, drafts, end = read(version, data)
    wrong = [it for draft in drafts if isinstance(draft, FaultyDraft) for it in draft.faults]
    return [(it.path, it.code, it.line) for it in (*wrong, *end.faults)]


def wire_error(version, data):
    with pytest.raises(WireError) as error:
        list(DIALECTS[version].read([data]))
    return error.value.reason, error.value.path, error.value.line


# ── both say the same ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("version", "data"), [("v1", ONE), ("v2", TWO)])
def test_a_good_file_has_no_fault(version, data):
    assert faults(version, data) == []
    _, drafts, end = read(version, data)
    assert [it.erp_reference for it in drafts] == ["PO-2026/0915-1", "PO-2026/0915-2"]
    assert [it.amount for it in drafts] == ["1200.50", "0.01"]
    assert end.count == 2


def test_each_version_knows_its_own_files_only():
    assert v1.sniff(ONE)
    assert v2.sniff(TWO)
    assert not v1.sniff(TWO)
    assert not v2.sniff(ONE)
    assert v2.asks(ASKED)
    assert not v2.asks(TWO)
    assert not v2.sniff(ASKED)


# ── version 1 ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b'"1200.50"', b"1200.50", ("/instructions/0/amount", "number_not_text", None)),
        (b'"0.01"', b"true", ("/instructions/1/amount", "not_text", None)),
        (b'"purpose"', b'"purpoes"', ("/instructions/0/purpoes", "unknown_field", None)),
        (
            b'"amount": "0.01"',
            b'"amount": "0.01", "amount": "9.99"',
            ("/instructions/1/amount", "duplicate_field", None),
        ),
        (b'"batch_reference"', b'"x": "1", "batch_reference"', ("/x", "unknown_field", None)),
    ],
)
def test_a_fault_of_form_in_version_1_has_its_place(old, new, expected):
    assert expected in faults("v1", ONE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "json"),
        (b"[]", "json_object"),
        (b'{"batch_reference": "B", "instructions": {}}', "json_list"),
        (b'{"instructions": []}', "missing"),
        (b'{"batch_reference": "B", "instructions": [NaN]}', "json"),
        (b'{"batch_reference": "\xff", "instructions": []}', "encoding"),
        (b"[" * 100_000, "json"),
    ],
)
def test_what_is_no_batch_is_refused(data, reason):
    assert wire_error("v1", data)[0] == reason


def test_the_10001st_line_of_version_1_refuses_the_file():
    line = json.loads(ONE)["instructions"][0]
    whole = {"batch_reference": "B", "instructions": [line] * 10_001}
    data = json.dumps(whole).encode()
    assert faults("v1", data) == [("/instructions", "batch_too_long", None)]
    whole["instructions"].pop()
    assert faults("v1", json.dumps(whole).encode()) == []


def test_a_line_that_is_no_object_is_told_as_such():
    whole = {"batch_reference": "B", "instructions": ["x"]}
    _, [draft], _ = read("v1", json.dumps(whole).encode())
    assert isinstance(draft, FaultyDraft)
    assert draft.unreadable


# ── version 2 ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b'"1200.50"', b"1200.50", ("/amount/value", "number_not_text", 2)),
        (b'"purpose"', b'"purpoes"', ("/purpoes", "unknown_field", 2)),
        (b'"cnaps"', b'"cnap"', ("/creditor/bank/cnap", "unknown_field", 2)),
        (b'{"city": "\xe7\xa6\x8f\xe5\xb7\x9e"}', b'"x"', ("/creditor/bank", "not_object", 3)),
        (
            b'"value": "0.01"',
            b'"value": "0.01", "value": "9.99"',
            ("/amount/value", "duplicate_field", 3),
        ),
        (b'{"line": "2"', b'{"line": "3"', ("/line", "line_number", 3)),
        (b'"lines": "2", "total"', b'"lines": "3", "total"', ("/payments/lines", "count", 1)),
        (b'{"CNY": "1200.51"}}}', b'{"CNY": "1200.50"}}}', ("/payments/total/CNY", "total", 1)),
        (b'{"CNY": "1200.51"}}}', b'{"USD": "1"}}}', ("/payments/total/USD", "total", 1)),
    ],
)
def test_a_fault_of_form_in_version_2_has_its_line(old, new, expected):
    assert expected in faults("v2", TWO.replace(old, new, 1))


def test_an_amount_that_cannot_be_added_refuses_its_line_and_not_the_file():
    for wrong in (b'"1e3"', b'""', b"1200.50"):
        _, drafts, end = read("v2", TWO.replace(b'"1200.50"', wrong))
        assert end.faults == ()
        assert len(drafts) == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("json", "", 1)),
        (TWO.replace(b'"2"', b'"3"', 1), ("unsupported", "/version", 1)),
        (b"\n".join(TWO.splitlines()[:3]), ("missing", "/end", None)),
        (TWO + b'{"line": "3"}\n', ("surplus", "", 5)),
        (TWO.replace(b'{"line": "2"', b'{"line: "2"'), ("json", "", 3)),
        (TWO.replace(b'"0.01"', b'"0.0\xff"'), ("encoding", "", 3)),
        (TWO.replace(b'"0.01"', b'"' + b"1" * v2.LINE_MAX + b'"'), ("size", "", 3)),
        (TWO.replace(b"OWN-F-0001", b""), ("missing", "/payments/id", 1)),
    ],
)
def test_a_broken_file_of_version_2_is_refused_with_its_line(data, expected):
    assert wire_error("v2", data) == expected


def test_a_byte_order_mark_is_taken():
    assert faults("v2", b"\xef\xbb\xbf" + TWO) == []
    assert faults("v1", b"\xef\xbb\xbf" + ONE) == []


def test_questions_are_read_with_their_place():
    balance, status = v2.questions(ASKED)
    assert (balance.kind, balance.id, balance.account) == ("balance", "Q1", "117010100100000018")
    assert (status.kind, status.erp_reference) == ("status", "PO-2026/0915-1")
    assert balance.at["account"] == "/account"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ASKED.rpartition(b'{"end"')[0],
        ASKED.replace(b'"Q1"', b"1"),
        ASKED.replace(b'"kind"', b'"knid"', 1),
    ],
)
def test_broken_questions_are_refused(data):
    with pytest.raises(WireError):
        v2.questions(data)


# ── the schemas ───────────────────────────────────────────────────────────────────────────────


def validator(version, name):
    registry = Registry()
    schemas = {}
    for path in sorted((ROOT / "schemas" / "canonical").rglob("*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        Draft202012Validator.check_schema(schema)
        schemas[path.parent.name, path.name] = schema
        registry = registry.with_resource(schema["$id"], Resource.from_contents(schema))
    return Draft202012Validator(schemas[version, name], registry=registry)


def test_the_samples_are_as_the_schemas_say():
    validator("v1", "batch.schema.json").validate(json.loads(ONE))
    for data, name in ((TWO, "payments.schema.json"), (ASKED, "questions.schema.json")):
        check = validator("v2", name)
        for line in data.splitlines():
            check.validate(json.loads(line))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"0.01"', b"0.01"),
        (b'"purpose"', b'"purpoes"'),
        (b'"cnaps"', b'"cnap"'),
        (b'"creditor"', b'"creditr"'),
        (b'"line": "2"', b'"line": 2'),
    ],
)
def test_schema_and_reader_refuse_the_same_forms(old, new):
    data = TWO.replace(old, new, 1)
    check = validator("v2", "payments.schema.json")
    assert not all(check.is_valid(json.loads(line)) for line in data.splitlines())
    assert faults("v2", data)


def test_every_place_of_a_payment_stands_in_the_schema():
    payment = validator("v2", "payments.schema.json").schema["$defs"]["payment"]
    for place in v2.PLACES.values():
        here = payment
        for step in place.split("/")[1:]:
            here = here["properties"][step]
    assert set(v2.PLACES) == set(TEXT_FIELDS)
