"""Every error as a problem document: status, both languages, nothing that should stay in."""

from __future__ import annotations

import json

import pytest

from gateway.domain import errors
from gateway.domain.errors import (
    BankRefused,
    Corrupt,
    DatabaseAway,
    DocumentTaken,
    Fault,
    GatewayError,
    InvalidInstruction,
    NoRoom,
    NotFound,
    NotOffered,
    NotPermitted,
    NotSent,
    OperatorRefused,
    Overloaded,
    Refused,
    ReusedReference,
    Unconfirmed,
    WireError,
)
from gateway.web.problems import (
    NoSuchMethod,
    NotAuthenticated,
    TooLarge,
    preferred_language,
    problem,
)

FAULT = Fault(
    path="/amount", code="amount_zero", zh="金额必须大于零", en="must be positive", line=3
)


def shown(error: BaseException, **options: object) -> dict[str, object]:
    found = problem(error, trace_id="t-1", **options)
    document = json.loads(found.body)
    assert document["status"] == found.status
    assert document["type"] == f"/problems/{document['code']}"
    assert document["trace_id"] == "t-1"
    assert found.headers["Content-Type"] == "application/problem+json"
    return document


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidInstruction(faults=[FAULT]), 422, "invalid_instruction"),
        (Refused(faults=[FAULT]), 400, "refused"),
        (WireError("doctype", "/Document", line=2), 400, "wire_error"),
        (ReusedReference(stored_digest="aa", sent_digest="bb"), 409, "reused_reference"),
        (NotPermitted("no", "不行"), 403, "not_permitted"),
        (NotAuthenticated(), 401, "not_authenticated"),
        (NotFound(), 404, "not_found"),
        (NoSuchMethod(), 405, "method_not_allowed"),
        (TooLarge(), 413, "too_large"),
        (NotOffered(), 422, "not_offered"),
        (Overloaded(), 503, "overloaded"),
        (NoRoom(), 503, "no_room"),
        (DatabaseAway(), 503, "database_away"),
        (NotSent(), 503, "not_sent"),
        (BankRefused("2000", "账号与核心户名不符,应为:张三"), 502, "bank_refused"),
        (OperatorRefused("15500", "密码错误"), 502, "operator_refused"),
        (Unconfirmed(), 504, "unconfirmed"),
        (Corrupt("ledger broke", "账本损坏"), 500, "internal_error"),
        (GatewayError("inner", "内部"), 500, "internal_error"),
        (ValueError("secret"), 500, "internal_error"),
    ],
)
def test_each_error_has_its_status_and_code(error, status, code):
    document = shown(error)
    assert (document["status"], document["code"]) == (status, code)


def test_every_error_of_the_tree_is_decided():
    rows = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, GatewayError) and kind is not GatewayError
    }
    decided = (InvalidInstruction, Refused, WireError, ReusedReference, NotPermitted, NotFound)
    decided += (NotOffered, Overloaded, NoRoom, NotSent, BankRefused, OperatorRefused, Unconfirmed)
    decided += (Corrupt, DatabaseAway, DocumentTaken)
    assert rows == set(decided)


@pytest.mark.parametrize("error", [Corrupt("ledger broke"), ValueError("secret"), KeyError("x")])
def test_our_own_failures_tell_a_trace_id_and_nothing_else(error):
    document = shown(error, accept_language="en")
    assert set(document) == {"type", "title", "status", "code", "title_zh", "title_en", "trace_id"}
    assert "secret" not in json.dumps(document)


def test_all_faults_are_told_in_both_languages():
    document = shown(InvalidInstruction(faults=[FAULT, FAULT]))
    assert (
        document["faults"]
        == [
            {
                "path": "/amount",
                "line": 3,
                "code": "amount_zero",
                "zh": "金额必须大于零",
                "en": "must be positive",
            }
        ]
        * 2
    )
    assert document["title"] == document["title_zh"] == "付款指令有误"
    assert document["title_en"] == "invalid instruction"
    assert document["detail"] == document["detail_zh"] == InvalidInstruction.zh
    assert document["detail_en"] == InvalidInstruction.en


def test_the_title_follows_the_callers_language():
    english = problem(NotFound(), trace_id="t", accept_language="en-GB,zh;q=0.5")
    assert json.loads(english.body)["title"] == "not found"
    assert english.headers["Content-Language"] == "en"
    assert problem(NotFound(), trace_id="t").headers["Content-Language"] == "zh-CN"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("en", "en"),
        ("EN-us", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.8, zh;q=0.9", "zh"),
        ("de, en;q=0.7", "en"),
        ("de", "zh"),
        ("*", "zh"),
        ("en;q=0", "zh"),
        ("en;q=0.001", "en"),
        ("en;q=nan", "zh"),
        (";;,,=", "zh"),
        ("x" * 100_000, "zh"),
    ],
)
def test_the_language_is_the_best_of_those_asked_for(header, language):
    assert preferred_language(header) == language


def test_a_reused_reference_shows_both_digests():
    document = shown(ReusedReference(stored_digest="aa", sent_digest="bb"))
    assert (document["stored_digest"], document["sent_digest"]) == ("aa", "bb")


def test_a_malformed_request_is_told_where():
    document = shown(WireError("doctype", "/Document", line=2))
    (fault,) = document["faults"]
    assert (fault["path"], fault["line"], fault["code"]) == ("/Document", 2, "doctype")


def test_a_malformed_answer_of_the_bank_is_not_the_callers_fault():
    document = shown(WireError("doctype", "/FOX"), bank_reply=True)
    assert (document["status"], document["code"]) == (502, "bank_reply_unreadable")
    assert "/FOX" not in json.dumps(document)
    assert shown(NotFound(), bank_reply=True)["status"] == 404


def test_the_banks_own_words_stay_inside():
    document = shown(BankRefused("2000", "账号与核心户名不符,应为:张三"))
    assert document["bank_code"] == "2000"
    assert "张三" not in json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize("error", [Overloaded(), NotSent()])
def test_busy_says_when_to_come_back(error):
    assert problem(error, trace_id="t").headers["Retry-After"] == "5"


def test_a_missing_signature_names_the_scheme():
    headers = problem(NotAuthenticated(), trace_id="t").headers
    assert headers["WWW-Authenticate"] == "Gw-HMAC-SHA256"
    assert "WWW-Authenticate" not in problem(NotPermitted(), trace_id="t").headers
    assert "Retry-After" not in headers


def test_a_subclass_is_treated_as_its_parent():
    class TooMuch(Overloaded):
        code = "too_much"

    assert shown(TooMuch())["status"] == 503


def test_a_path_with_half_a_surrogate_pair_does_not_break_the_answer():
    document = shown(Refused(faults=[Fault(path="/a\ud800", code="x", zh="x", en="x")]))
    assert document["faults"][0]["path"] == "/a?"
