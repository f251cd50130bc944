"""The published form of what 金蝶 systems post to us: samples keep it, and the readers agree."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from adapters.erp.kingdee import DIALECTS
from gateway.wire.schemas import schema_path

TESTS = Path(__file__).resolve().parents[2]
POSTED = {
    "k3cloud": ("k3cloud-bill", "k3cloud-batchsave.json"),
    "cosmic": ("cosmic-bill", "cosmic-post.json"),
}
each = pytest.mark.parametrize("name", POSTED)


def schema(name):
    return json.loads(
        schema_path("erp", "kingdee", f"{POSTED[name][0]}.schema.json").read_text("utf-8")
    )


def sample(name):
    return json.loads((TESTS / "data" / "erp" / "kingdee" / POSTED[name][1]).read_text("utf-8"))


def texts(node):
    """Every described thing of a schema."""
    if isinstance(node, dict):
        if "description" in node or "x-description-zh" in node:
            yield node
        for inner in node.values():
            yield from texts(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from texts(inner)


@each
def test_it_is_a_schema_and_every_text_stands_in_both_languages(name):
    Draft202012Validator.check_schema(schema(name))
    described = list(texts(schema(name)))
    assert len(described) > 10
    assert all(it.get("description") and it.get("x-description-zh") for it in described)


@each
def test_the_sample_is_valid(name):
    Draft202012Validator(schema(name)).validate(sample(name))


@each
def test_what_the_schema_asks_for_is_what_the_reader_needs(name):
    """Without a required member the draft lacks a field that every payment must have."""
    validator = Draft202012Validator(schema(name))
    kind = schema(name)["$defs"]["entry" if name == "k3cloud" else "bill"]
    amount = ["FREALPAYAMOUNTFOR"] if name == "k3cloud" else []
    for member in (*kind["required"], *amount):
        spoilt = copy.deepcopy(sample(name))
        line = (
            spoilt["data"]["Model"][0]["FPAYBILLENTRY"][0]
            if name == "k3cloud"
            else spoilt["data"][0]
        )
        del line[member]
        assert not validator.is_valid(spoilt), member
        _, first, *_ = DIALECTS[name].read([json.dumps(spoilt).encode()])
        needed = (
            *("erp_reference", "debtor_account", "creditor_account", "creditor_name"),
            *("amount", "currency", "purpose"),
        )
        assert any(not getattr(first, field) for field in needed), member
