"""The published JSON Schemas and the gateway give the same verdict about the form of a body."""

from __future__ import annotations

import json
import re
import sys

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from referencing import Registry, Resource

from gateway.domain.errors import Fault, Refused
from gateway.domain.instruction import Instruction
from gateway.domain.merged import PARTS_MAX
from gateway.domain.money import MoneyFormatError, currency
from gateway.intake.faults import FIELD_NAMES
from gateway.intake.fields import TEXT_MAX
from gateway.intake.json_body import BATCH_MAX, FIELDS, parse_batch, parse_instruction
from gateway.wire.charset import forbidden_characters
from gateway.wire.schemas import schema_path
from tests.unit.intake.sample import DRAFT, judged

INSTRUCTION, BATCH = (
    json.loads(schema_path("canonical", "v1", f"{name}.schema.json").read_text("utf-8"))
    for name in ("instruction", "batch")
)
REGISTRY = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in (INSTRUCTION, BATCH)
)
FORM = frozenset(
    [
        "required",
        "too_long",
        "forbidden_character",
        "surrounding_space",
        "account_format",
        "cnaps_format",
        "bic_format",
        "amount_format",
        "amount_sign",
        "amount_zero",
        "currency_rmb",
        "currency_unknown",
        "business_type_unknown",
        "payroll_purpose_unknown",
        "urgency_unknown",
        "date_format",
        "number_not_text",
        "not_text",
        "not_object",
        "not_array",
        "unknown_field",
        "more_unknown_fields",
        "batch_empty",
        "batch_too_long",
        "merged_too_many",
        "on_refused_unknown",
    ]
)
"""Codes of faults that a schema can express. The others need the tenant, the bank or the clock."""


def checker(schema: dict[str, object]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        schema, registry=REGISTRY, format_checker=jsonschema.FormatChecker(["date"])
    )


ONE, MANY = checker(INSTRUCTION), checker(BATCH)

ODD = st.sampled_from(
    [
        "",
        " ",
        "\u3000",
        "x",
        " x",
        "x\n",
        "x\x00",
        "\ue000",
        "\U000f0000",
        "x" * 36,
        "y" * 61,
        "z" * 65,
        "长" * 140,
        "长" * 141,
        "CNY",
        "RMB",
        "XXX",
        "KWD",
        "USD",
        "payment",
        "payroll",
        "urgent",
        "0",
        "0.00",
        "1",
        "1.5",
        "1.00001",
        "1.000001",
        "-1",
        "-0",
        "01",
        "1.",
        "1e3",
        "１",
        "1\n",
        "9" * 15,
        "9" * 16,
        "2026-09-15",
        "2026-02-30",
        "2026-09-15\n",
        "20260915",
        "0000-01-01",
        "1" * 12,
        "1" * 13,
        "１" * 12,
        "PCBCCNBJ",
        "PCBCCNBJXXX",
        "PCBCCNBJX",
        "a-Z9",
        "a b",
        "1" * 33,
    ]
)
VALUE = (
    ODD
    | st.text(max_size=20)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.just([])
    | st.just({})
)
GOOD = {field: getattr(DRAFT, field) for field in FIELDS if getattr(DRAFT, field)}
BODIES = st.builds(
    lambda changes, removed, extra: {
        name: value for name, value in {**GOOD, **changes, **extra}.items() if name not in removed
    },
    st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=3),
    st.sets(st.sampled_from(FIELDS), max_size=2),
    st.dictionaries(st.text(min_size=1, max_size=5), VALUE, max_size=1),
)


def of_form(found: Instruction | tuple[Fault, ...]) -> bool:
    return isinstance(found, Instruction) or not any(one.code in FORM for one in found)


def right_form(body: object) -> bool:
    try:
        return of_form(judged(parse_instruction(json.dumps(body).encode())))
    except Refused:
        return False


def right_batch(body: object) -> bool:
    try:
        _, drafts = parse_batch(json.dumps(body).encode())
    except Refused:
        return False
    return all(of_form(judged(draft)) for draft in drafts)


@given(BODIES)
@example(GOOD)
def test_schema_and_gateway_agree_about_an_instruction(body):
    assert ONE.is_valid(body) == right_form(body), list(ONE.iter_errors(body))


@given(
    st.fixed_dictionaries(
        {"instructions": st.lists(BODIES, max_size=3) | VALUE},
        optional={
            "batch_reference": VALUE,
            "on_refused": VALUE | st.sampled_from(["lines", "all"]),
        },
    )
)
@example({"batch_reference": "B-1", "instructions": [GOOD]})
@example({"batch_reference": "B-1", "on_refused": "all", "instructions": [GOOD, 7]})
def test_schema_and_gateway_agree_about_a_batch(body):
    assert MANY.is_valid(body) == right_batch(body), list(MANY.iter_errors(body))


@pytest.mark.parametrize("field", FIELDS)
@given(value=VALUE)
def test_schema_and_gateway_agree_about_each_field(field, value):
    body = {**GOOD, field: value}
    assert ONE.is_valid(body) == right_form(body)


PARTS = st.lists(
    st.builds(
        lambda said, extra: {**said, **extra},
        st.fixed_dictionaries(
            {},
            optional={
                "erp_reference": VALUE | st.sampled_from(["A-1", "A-2"]),
                "amount": VALUE | st.sampled_from(["-1200.50", "1200.50", "0.01"]),
            },
        ),
        st.dictionaries(st.text(min_size=1, max_size=3), VALUE, max_size=1),
    )
    | VALUE,
    max_size=3,
)


@given(value=PARTS | VALUE)
@example([{"erp_reference": "A-1", "amount": "-0"}])
@example([{"erp_reference": "A-1", "amount": "-0.01"}])
@example([{"erp_reference": f"A-{at}", "amount": "1"} for at in range(PARTS_MAX + 1)])
def test_schema_and_gateway_agree_about_the_parts_of_a_merged_payment(value):
    body = {**GOOD, "merged": value}
    assert ONE.is_valid(body) == right_form(body), list(ONE.iter_errors(body))


def test_the_schema_forbids_exactly_the_characters_the_gateway_forbids():
    for name in ("text", "optional_text"):
        pattern = re.compile(INSTRUCTION["$defs"][name]["not"]["pattern"])
        differing = [
            hex(point)
            for point in range(sys.maxunicode + 1)
            if (pattern.search(chr(point)) is not None) != forbidden_characters(chr(point))
        ]
        assert differing == []


def test_the_schema_names_exactly_the_fields_limits_and_currencies_of_the_gateway():
    members = INSTRUCTION["properties"]
    assert set(members) == {*FIELDS, "merged"}
    assert members["merged"]["maxItems"] == PARTS_MAX
    assert {
        name: one["maxLength"] for name, one in members.items() if "maxLength" in one
    } == TEXT_MAX
    assert BATCH["properties"]["instructions"]["maxItems"] == BATCH_MAX
    letters = [chr(point) for point in range(ord("A"), ord("Z") + 1)]
    known = set()
    for code in (f"{a}{b}{c}" for a in letters for b in letters for c in letters):
        try:
            known.add(currency(code).code)
        except MoneyFormatError:
            continue
    assert set(members["currency"]["enum"]) == known | {"", None}


def test_every_field_is_described_in_both_languages():
    for schema in (INSTRUCTION, BATCH):
        jsonschema.Draft202012Validator.check_schema(schema)
        for name, member in schema["properties"].items():
            assert member["description"].isascii(), name
            assert re.search("[\u4e00-\u9fff]", member["x-description-zh"]), name
            assert name in FIELD_NAMES or name == "on_refused"


def test_the_schemas_own_example_is_right():
    for shown in INSTRUCTION["examples"]:
        assert ONE.is_valid(shown)
        assert right_form(shown)
