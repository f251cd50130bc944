"""Answers to messages of 金蝶 systems, in their own envelopes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from adapters.erp.kingdee import DIALECTS
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp import FileFacts, LineStatus, RefusedFile, StatusReport
from gateway.ports.erp_told import KIND_OF
from tests.kingdee_ground import balance, entry, statement, status

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
FAULT = Fault(path="/data/Model/0/FCNAPS", code="cnaps_format", zh="错", en="wrong", line=2)
K3 = {"bill_id": "7", "bill_no": "FKD1", "entry_id": "8", "billno": "Y-1"}


def report(name, *lines):
    whole = StatusReport(
        report_id="rep_1",
        created=NOW,
        original_format="",
        original_message_id="M-1",
        line_count=len(lines),
        lines=lambda: iter(lines),
    )
    return json.loads(b"".join(DIALECTS[name].report(whole)))


def line(state="SETTLED", **fields):
    return LineStatus(
        **{"state": state, "source": K3, "amount": "3734.50", "currency": "CNY", **fields}
    )


def refused(code="cnaps_format"):
    fault = Fault(path=FAULT.path, code=code, zh=FAULT.zh, en=FAULT.en, line=FAULT.line)
    return line("REFUSED", amount="", currency="", faults=(fault, FAULT))


def test_a_report_for_k3cloud():
    told = report("k3cloud", line(), refused(), line("UNCONFIRMED"))["Result"]
    status = told["ResponseStatus"]
    assert status["IsSuccess"] is False
    assert [it["DIndex"] for it in status["SuccessEntitys"]] == [0, 2]
    assert [it["DIndex"] for it in status["Errors"]] == [1, 1]
    assert status["Errors"][0]["FieldName"] == FAULT.path
    assert "第2行 line 2" in status["Errors"][0]["Message"]
    paid, not_taken, unknown = told["NeedReturnData"]
    assert (paid["FSubmitStatus"], paid["FBankStatus"], paid["Amount"]) == ("B", "C", "3734.50")
    assert (not_taken["FSubmitStatus"], not_taken["FBankStatus"]) == ("A", "D")
    assert (unknown["FBankStatus"], unknown["Reason"]) == ("E", "UNCONFIRMED")
    assert (paid["FBillNo"], paid["FEntryID"]) == ("FKD1", "8")
    assert told["Number"] == "M-1"


def test_a_report_for_cosmic():
    told = report("cosmic", line(), refused(), line("RETURNED"))
    assert (told["status"], told["errorCode"]) == (False, "refused_lines")
    assert (told["data"]["successCount"], told["data"]["failCount"]) == ("2", "1")
    paid, not_taken, returned = told["data"]["result"]
    assert (paid["number"], paid["bankpaystate"], paid["amount"]) == ("Y-1", "TS", "3734.50")
    assert (not_taken["billStatus"], not_taken["bankpaystate"]) == (False, "TF")
    assert not_taken["errors"][0]["code"] == "cnaps_format"
    assert (returned["bankpaystate"], returned["isrefund"]) == ("TS", True)


@pytest.mark.parametrize("name", ["k3cloud", "cosmic"])
def test_a_report_of_accepted_lines_is_a_success(name):
    told = report(name, *[line("RECEIVED")] * 450)
    if name == "k3cloud":
        assert told["Result"]["ResponseStatus"]["IsSuccess"] is True
        assert len(told["Result"]["NeedReturnData"]) == 450
    else:
        assert told["status"] is True
        assert len(told["data"]["result"]) == 450


@pytest.mark.parametrize("code", ["reused_reference", "already_accepted", "repeated_reference"])
def test_a_repetition_is_given_no_status(code):
    """The one that came first goes on: nothing here may free it to be paid again."""
    k3 = report("k3cloud", refused(code))["Result"]["NeedReturnData"][0]
    assert (k3["FSubmitStatus"], k3["FBankStatus"]) == ("", "")
    assert report("cosmic", refused(code))["data"]["result"][0]["bankpaystate"] == ""


@pytest.mark.parametrize("name", ["k3cloud", "cosmic"])
def test_a_refusal_says_every_fault_and_what_happened_to_the_rest(name):
    whole = RefusedFile(
        report_id="rep_1", created=NOW, faults=(FAULT, FAULT), file_name="x", message_id="M-1"
    )
    body = b"".join(DIALECTS[name].refuse(whole))
    told = json.loads(body)
    if name == "k3cloud":
        status = told["Result"]["ResponseStatus"]
        assert status["IsSuccess"] is False
        assert len(status["Errors"]) == 3
    else:
        assert (told["status"], told["errorCode"]) == (False, "cnaps_format")
        assert len(told["data"]["errors"]) == 2
    assert "没有一笔付款被提交" in body.decode()
    assert "nothing was taken" in body.decode()


# ── questions and their answers ───────────────────────────────────────────────────────────────

FACTS = FileFacts(id="rep_2", created=NOW)
ASKED = {
    "k3cloud": {
        "formid": "CN_BANKACNT",
        "opNumber": "QueryStatement",
        "data": {"accounts": ["9001", "9002"], "start": "2026-09-01", "end": "2026-09-14"},
    },
    "cosmic": {
        "form": "am_accountbank",
        "operation": "querystatement",
        "data": {"accounts": ["9001", "9002"], "start": "2026-09-01", "end": "2026-09-14"},
    },
}


@pytest.mark.parametrize("name", ASKED)
def test_what_accounts_hold_is_asked(name):
    body = json.dumps(ASKED[name]).encode()
    assert DIALECTS[name].asks(body)
    first, second = DIALECTS[name].questions(body)
    assert (first.kind, first.account, first.start, first.end) == (
        "statement",
        "9001",
        "2026-09-01",
        "2026-09-14",
    )
    assert second.at["account"] == "/data/accounts/1"
    for wrong in ({}, {"accounts": []}, {"accounts": "9001"}):
        with pytest.raises(WireError):
            DIALECTS[name].questions(json.dumps({**ASKED[name], "data": wrong}).encode())


def answer(name, *told):
    writer = DIALECTS[name].files[KIND_OF[type(told[0])]]
    return json.loads(b"".join(writer.write(told, FACTS)), parse_float=str)


def test_a_statement_is_answered_with_its_ends_and_entries_to_the_digit():
    day = statement(entry("E1"), entry("E2", "999999999999999.99"), opening="1.00", closing="2.00")
    k3 = answer("k3cloud", day)["Result"]
    assert [it.get("F_GW_Credit", it.get("F_GW_Debit")) for it in k3["NeedReturnData"]] == [
        "3734.56",
        "999999999999999.99",
    ]
    cosmic = answer("cosmic", day)["data"]
    assert cosmic["rows"][1]["creditamount"] == "999999999999999.99"
    for head in (*k3["Statements"], *cosmic["statements"]):
        assert (head["opening"], head["closing"]) == ("1.00", "2.00")


def test_a_payment_asked_about_is_answered_as_it_stands():
    told = status("UNCONFIRMED", K3, reason="UNCONFIRMED")
    (line_,) = answer("k3cloud", told)["Result"]["NeedReturnData"]
    assert (line_["FBankStatus"], line_["Reason"], line_["SettledAt"]) == ("E", "UNCONFIRMED", "")
    (row,) = answer("cosmic", told)["data"]["result"]
    assert (row["bankpaystate"], row["number"]) == ("NC", "Y-1")


def test_a_balance_is_answered():
    assert answer("k3cloud", balance("10.50"))["Result"]["NeedReturnData"][0]["F_GW_Ledger"] == (
        "10.50"
    )
    assert answer("cosmic", balance("10.50"))["data"]["rows"][0]["amount"] == "10.50"
