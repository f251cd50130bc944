"""The kit for builders: complete in two languages, or not built at all."""

from __future__ import annotations

import json

import pytest

from gateway.web.contract import OPERATIONS
from tests.records import replace
from tools.devkit import build, messages
from tools.devkit.messages import Message, Row, Words, answers, glossary, missing, published
from tools.devkit.pages import page


@pytest.fixture(scope="module")
def described():
    return published(), answers(glossary())


def test_every_field_has_words_in_both_languages(described):
    assert missing([*described[0], *described[1]]) == []


@pytest.mark.parametrize(
    ("zh", "en"), [("", "the amount"), ("金额", ""), ("amount", "the amount"), ("  ", " ")]
)
def test_a_field_without_words_in_one_language_is_named(zh, en):
    row = Row(path="/amount", required=True, form="string", words=Words(zh, en))
    message = Message(name="v9/x", words=Words("某报文", "a message"), rows=(row,))
    assert missing([message]) == ["v9/x/amount"]


def test_a_message_or_parameter_without_words_is_named(monkeypatch):
    nameless = Message(name="v9/x", words=Words("", "a message"), rows=())
    assert missing([nameless]) == ["v9/x: its own description"]
    mute = replace(OPERATIONS[0], zh="")
    monkeypatch.setattr(messages, "OPERATIONS", (mute,))
    assert missing([]) == [mute.name]


def test_what_lacks_words_is_not_built(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build, "missing", lambda _: ["v1/x/amount"])
    out = tmp_path / "kit"
    assert build.main([str(out)]) == 1
    assert not out.exists()
    assert "v1/x/amount" in capsys.readouterr().err


def test_the_kit_holds_what_a_builder_needs(tmp_path):
    out = tmp_path / "kit"
    assert build.main([str(out)]) == 0
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names >= {
        "README.md",
        "interface.zh.html",
        "interface.en.html",
        "vectors.json",
        "vectors.tsv",
        "clients/gateway_client.py",
        "clients/GatewayClient.java",
        "clients/GatewayClient.cs",
        "schemas/v1/instruction.schema.json",
        "schemas/v2/payments.schema.json",
        "examples/own.v2.jsonl",
    }
    whole = json.loads((out / "vectors.json").read_text(encoding="utf-8"))
    assert len(whole["vectors"]) >= 4


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_document_names_every_operation_field_and_code(described, language):
    said = page(language, *described)
    for operation in OPERATIONS:
        assert operation.path in said
    for wanted in ("v1/instruction.schema.json", "/creditor/bank/cnaps", "UNCONFIRMED", "too_long"):
        assert wanted in said
    # One language at a time: the other one's words of a field do not stand there.
    there, elsewhere = ("金额", "Positive amount"), ("Positive amount", "金额，JSON 字符串")
    assert (there if language == "zh" else elsewhere)[0] in said
    assert (there if language == "zh" else elsewhere)[1] not in said


def test_a_wrong_vector_ends_the_build(monkeypatch):
    monkeypatch.setattr(build, "sign", lambda *_: "0" * 64)
    with pytest.raises(ValueError, match="is wrong"):
        build.vectors()
