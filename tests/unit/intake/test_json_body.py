"""JSON bodies: what is read, what is refused, and where it says the fault is."""

from __future__ import annotations

import json

import pytest

from gateway.domain.errors import Refused
from gateway.intake.draft import FaultyDraft
from gateway.intake.json_body import (
    BATCH_MAX,
    FIELDS,
    OnRefused,
    parse_batch,
    parse_instruction,
)
from gateway.ports.erp import Draft
from tests.shared_folder import SHARED
from tests.unit.intake.sample import DRAFT, codes, judged

LINE = {field: getattr(DRAFT, field) for field in FIELDS if getattr(DRAFT, field)}


def body(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def refused(data: bytes, parse=parse_instruction) -> list[tuple[str, str, int | None]]:
    with pytest.raises(Refused) as caught:
        parse(data)
    return [(one.path, one.code, one.line) for one in caught.value.faults]


def test_a_body_is_read_into_exactly_the_draft_it_says():
    draft = parse_instruction(body(LINE))
    assert type(draft) is Draft
    assert {field: getattr(draft, field) for field in FIELDS} == {
        field: getattr(DRAFT, field) for field in FIELDS
    }
    assert draft.at["amount"] == "/amount"
    assert set(FIELDS) == set(Draft.__struct_fields__) - {"at", "line", "source", "merged"}
    assert set(draft.at) == set(FIELDS)
    assert len(draft.at) == len(FIELDS)


def test_null_means_absent():
    draft = parse_instruction(body({**LINE, "memo": None}))
    assert draft.memo == ""
    assert codes(judged(parse_instruction(body({**LINE, "purpose": None})))) == [
        ("/purpose", "required")
    ]


@pytest.mark.parametrize(
    ("data", "path", "code"),
    [
        (b'{"amount": 1200.50}', "/amount", "number_not_text"),
        (b'{"amount": 1e400}', "/amount", "number_not_text"),
        (b'{"amount": ' + b"9" * 100_000 + b"}", "/amount", "number_not_text"),
        (b'{"amount": true}', "/amount", "not_text"),
        (b'{"amount": {"value": "1"}}', "/amount", "not_text"),
        (b'{"creditor_account": 6217}', "/creditor_account", "number_not_text"),
        (b'{"amount": "1.00", "amount": "9.00"}', "/amount", "duplicate_field"),
        (b'{"amount": "1.00", "\\u0061mount": "1.00"}', "/amount", "duplicate_field"),
        (b'{"payee": "x"}', "/payee", "unknown_field"),
        (b'{"a/b~c": "x"}', "/a~1b~0c", "unknown_field"),
        (b'{"a\\ud800\\u0007": "x"}', "/a\\ud800\\u0007", "unknown_field"),
        (b'{"__proto__": {"admin": true}}', "/__proto__", "unknown_field"),
        (b'{"at": {"amount": "x"}}', "/at", "unknown_field"),
        (b'{"faults": "x"}', "/faults", "unknown_field"),
    ],
)
def test_a_fault_of_one_member_is_told_at_its_place(data, path, code):
    draft = parse_instruction(data)
    assert isinstance(draft, FaultyDraft)
    assert [(one.path, one.code) for one in draft.faults] == [(path, code)]
    assert draft.amount == ""
    assert (path, code) in codes(judged(draft))


def test_faults_of_form_and_of_content_are_told_together():
    changed = {**LINE, "creditor_account": "?", "payee": "x"}
    data = body(changed).replace(b'"1200.50"', b"1200.50")
    assert sorted(codes(judged(parse_instruction(data)))) == [
        ("/amount", "number_not_text"),
        ("/creditor_account", "account_format"),
        ("/payee", "unknown_field"),
    ]


def test_unknown_fields_are_listed_up_to_a_bound_and_then_counted():
    draft = parse_instruction(body({f"x{at}": "" for at in range(1000)}))
    assert isinstance(draft, FaultyDraft)
    assert len(draft.faults) == 21
    assert "980" in draft.faults[-1].en


def test_a_flood_of_repeated_members_is_refused_quickly():
    data = b"{" + b",".join(b'"x%d":"","x%d":""' % (at, at) for at in range(50_000)) + b"}"
    draft = parse_instruction(data)
    assert isinstance(draft, FaultyDraft)
    assert len(draft.faults) == 21


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "json_malformed", "1:1"),
        (b'{"amount": NaN}', "json_malformed", "1:12"),
        (b'{"memo": "NaN \\"-Infinity",\n "amount": -Infinity}', "json_malformed", "2:12"),
        (b'{"a":1}{"a":2}', "json_malformed", "1:8"),
        (b'{"a":1,}', "json_malformed", "1:8"),
        (b'{\n"a": "x\ny"}', "json_malformed", "2:8"),
        (b"{'a': 1}", "json_malformed", "1:2"),
        (b'\xef\xbb\xbf{"a":"1"}', "json_malformed", "1:1"),
        ('{"memo":\n"货款"}'.encode("gbk"), "json_encoding", "2:2"),
        (b'{"memo":"\xc0\xbc"}', "json_encoding", "1:10"),
        ('{"memo":"x"}'.encode("utf-16"), "json_encoding", "1:1"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(data, code, place):
    with pytest.raises(Refused) as caught:
        parse_instruction(data)
    (one,) = caught.value.faults
    assert (one.path, one.code) == ("", code)
    assert place in one.en
    assert place in one.zh
    assert one.line == int(place.split(":")[0])


@pytest.mark.parametrize("data", [b"[]", b'"x"', b"7", b"null", b"true"])
def test_what_is_no_object_is_refused(data):
    assert refused(data) == [("", "not_object", None)]


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_nesting_is_refused(opening):
    ((path, code, _),) = refused(opening * 100_000)
    assert (path, code) == ("", "json_depth")


def test_a_batch_is_read_with_a_path_for_every_line():
    head, drafts = parse_batch(
        body({"batch_reference": "B-1", "on_refused": "all", "instructions": [LINE, LINE]})
    )
    assert (head.batch_reference, head.on_refused) == ("B-1", OnRefused.ALL)
    assert [draft.at["amount"] for draft in drafts] == [
        "/instructions/0/amount",
        "/instructions/1/amount",
    ]
    assert drafts[1].amount == "1200.50"
    assert (
        parse_batch(body({"batch_reference": "B-1", "instructions": [LINE]}))[0].on_refused is None
    )


def test_a_bad_line_stays_that_lines_own_fault():
    lines = [LINE, 7, {**LINE, "amount": 5, "x": ""}, {**LINE, "purpose": ""}]
    _, drafts = parse_batch(body({"batch_reference": "B-1", "instructions": lines}))
    assert [codes(judged(draft)) for draft in drafts] == [
        [],
        [("/instructions/1", "not_object")],
        [("/instructions/2/x", "unknown_field"), ("/instructions/2/amount", "number_not_text")],
        [("/instructions/3/purpose", "required")],
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, [("/batch_reference", "required"), ("/instructions", "required")]),
        (
            {"batch_reference": 7, "on_refused": 7, "instructions": {}, "x": 1},
            [
                ("/x", "unknown_field"),
                ("/batch_reference", "number_not_text"),
                ("/on_refused", "number_not_text"),
                ("/instructions", "not_array"),
            ],
        ),
        (
            {"batch_reference": " B", "on_refused": "some", "instructions": []},
            [
                ("/batch_reference", "surrounding_space"),
                ("/on_refused", "on_refused_unknown"),
                ("/instructions", "batch_empty"),
            ],
        ),
        (
            {"batch_reference": "　", "instructions": [LINE]},
            [("/batch_reference", "required")],
        ),
        (
            {"batch_reference": "x" * 141, "instructions": [LINE]},
            [("/batch_reference", "too_long")],
        ),
        (
            {"batch_reference": "a\u200bb", "instructions": [LINE]},
            [("/batch_reference", "forbidden_character")],
        ),
    ],
)
def test_every_fault_of_a_batchs_head_is_told(document, expected):
    found = refused(body(document), parse_batch)
    assert [(path, code) for path, code, _ in found] == expected


def test_repeated_members_of_a_batchs_head_are_refused():
    data = b'{"batch_reference":"a","batch_reference":"b","instructions":[],"instructions":[]}'
    assert [(path, code) for path, code, _ in refused(data, parse_batch)] == [
        ("/batch_reference", "duplicate_field"),
        ("/instructions", "duplicate_field"),
        ("/instructions", "batch_empty"),
    ]


def test_ten_thousand_lines_are_taken_and_one_more_is_refused():
    line = b'{"amount":"1.00"}'

    def batch(count: int) -> bytes:
        return b'{"batch_reference":"B","instructions":[' + b",".join([line] * count) + b"]}"

    assert len(parse_batch(batch(BATCH_MAX))[1]) == 10_000
    with pytest.raises(Refused) as caught:
        parse_batch(batch(BATCH_MAX + 1))
    (one,) = caught.value.faults
    assert (one.path, one.code) == ("/instructions", "batch_too_long")
    assert "10000" in one.en
    assert "10000" in one.zh


@pytest.mark.skipif(SHARED is None, reason="further material is not beside the project")
def test_the_attack_collection_gets_no_further_than_a_fault():
    assert SHARED is not None
    files = [
        path
        for folder in ("http", "value", "encoding")
        for path in sorted((SHARED / "attacks" / folder).glob("*.json"))
    ]
    assert len(files) > 10
    for path in files:
        try:
            found = codes(judged(parse_instruction(path.read_bytes())))
        except Refused as error:
            found = [(one.path, one.code) for one in error.faults]
        assert found, path.name
