"""The stand-in of 苍穹 is as strict as the vendor says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from datetime import UTC, timedelta

import pytest

from gateway.sandbox.erps.cosmic_books import RowError
from gateway.transport.http_messages import Request
from tests.kingdee_ground import (
    COSMIC_BILL,
    COSMIC_OPTIONS,
    COSMIC_SECRETS,
    NOW,
    SECRET,
    cosmic_server,
)

ASKED = {
    "client_id": "cibgw",
    "client_secret": SECRET,
    "username": "bankapi",
    "accountId": COSMIC_OPTIONS["account_id"],
    "language": "zh_CN",
    "nonce": "n-1",
    "timestamp": "2026-09-15 10:00:00",
}
HEADERS = {
    "content-type": "application/json",
    "x-acgw-identity": COSMIC_SECRETS["acgw_identity"],
}
_HYPHENED = {"content_type": "content-type", "x_acgw_identity": "x-acgw-identity"}
PAGE = {"pageNo": 1, "pageSize": 10}


def post(server, path, body, *, method="POST", query=None, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = HEADERS | {_HYPHENED.get(name, name): it for name, it in headers.items() if it}
    request = Request(
        method=method, path=f"/ierp{path}", query=query or {}, headers=named, body=content
    )
    response = asyncio.run(server.answer(request))
    return json.loads(response.body)


def kapi(server, path, body, token, **more):
    return post(server, f"/kapi/v2/own/bei/{path}", body, accesstoken=token, **more)


@pytest.fixture
def server():
    made = cosmic_server()
    for number in range(1, 6):
        made.create(**{**COSMIC_BILL, "billno": f"YHFK-{number:04}"})
    return made


@pytest.fixture
def token(server):
    return post(server, "/kapi/oauth2/getToken", ASKED)["data"]["access_token"]


# ── log-ins ───────────────────────────────────────────────────────────────────────────────────


def test_a_token_of_one_call(server):
    told = post(server, "/kapi/oauth2/getToken", ASKED)
    assert (told["status"], told["errorCode"]) == (True, "0")
    assert told["data"]["expires_in"] == "7200000"
    zulu = {**ASKED, "nonce": "n-2", "timestamp": "2026-09-15T02:00:10.009Z"}
    assert post(server, "/kapi/oauth2/getToken", zulu)["status"] is True


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        *(({name: ""}, "603") for name in ASKED if name != "language"),
        ({"timestamp": "2026-09-15 09:54:59"}, "603"),
        ({"timestamp": "2026-09-15 10:05:01"}, "603"),
        ({"timestamp": "now"}, "603"),
        ({"client_id": "other"}, "401"),
        ({"client_secret": "guess"}, "401"),
        ({"username": "somebody"}, "603"),
        ({"accountId": "1"}, "603"),
    ],
)
def test_who_is_not_let_in_is_told_why(server, changes, code):
    told = post(server, "/kapi/oauth2/getToken", {**ASKED, **changes})
    assert (told["status"], told["errorCode"], told["data"]) == (False, code, None)
    assert server.gate.tokens == {}


def test_a_nonce_counts_once(server):
    assert post(server, "/kapi/oauth2/getToken", ASKED)["status"] is True
    assert post(server, "/kapi/oauth2/getToken", ASKED)["errorCode"] == "603"


def test_a_secret_that_is_guessed_locks_the_application(server):
    moments = iter([NOW] * 6 + [NOW + timedelta(seconds=181)])
    server.now = lambda: next(moments)
    for at in range(5):
        wrong = {**ASKED, "nonce": f"w{at}", "client_secret": "guess"}
        assert post(server, "/kapi/oauth2/getToken", wrong)["errorCode"] == "401"
    assert post(server, "/kapi/oauth2/getToken", {**ASKED, "nonce": "r1"})["errorCode"] == "401"
    assert post(server, "/kapi/oauth2/getToken", {**ASKED, "nonce": "r2"})["status"] is True


def test_a_token_counts_in_a_header_for_two_hours_and_with_the_identity(server, token):
    body = {"data": {}, **PAGE}
    path = "bei_bankpaybill/query"
    assert kapi(server, path, body, token)["status"] is True
    assert kapi(server, path, body, "", access_token=token)["status"] is True
    assert kapi(server, path, body, "")["errorCode"] == "401"
    assert kapi(server, path, body, "", query={"access_token": token})["errorCode"] == "401"
    assert kapi(server, path, body, token, query={"access_token": token})["errorCode"] == "401"
    assert kapi(server, path, body, token, x_acgw_identity="other")["errorCode"] == "401"
    server.now = lambda: NOW + timedelta(hours=2)
    assert kapi(server, path, body, token)["errorCode"] == "401"


def test_the_older_log_in_of_two_calls(server):
    first = {
        "appId": "cibgw",
        "appSecuret": SECRET,
        "tenantid": "t",
        "accountId": COSMIC_OPTIONS["account_id"],
    }
    granted = post(server, "/api/getAppToken.do", first)
    assert (granted["state"], granted["data"]["error_code"]) == ("success", "0")
    second = {
        "user": "bankapi",
        "apptoken": granted["data"]["app_token"],
        "tenantid": "t",
        "accountId": COSMIC_OPTIONS["account_id"],
        "usertype": "UserName",
    }
    told = post(server, "/api/login.do", second)["data"]
    assert told["expire_time"] == int((NOW + timedelta(hours=2)).timestamp() * 1000)
    body = {"data": {}, **PAGE}
    assert kapi(server, "bei_bankpaybill/query", body, told["access_token"])["status"] is True
    for wrong in (
        {**second, "apptoken": "x"},
        {**second, "user": "other"},
        {**second, "usertype": "Nobody"},
        {**second, "accountId": "1"},
    ):
        denied = post(server, "/api/login.do", wrong)
        assert (denied["state"], denied["data"]["success"]) == ("error", False)
        assert "access_token" not in denied["data"]


# ── the kapi ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("bei_bankpaybill/query", {}, "400"),
        ("bei_bankpaybill/query", {"data": {}}, "400"),
        ("bei_bankpaybill/query", {"data": PAGE}, "400"),
        ("bei_bankpaybill/query", {"data": {}, "pageNo": 0, "pageSize": 1}, "400"),
        ("bei_bankpaybill/query", {"data": {}, "pageNo": 1, "pageSize": 1001}, "400"),
        ("bei_bankpaybill/query", {"data": {"nonesuch": "1"}, **PAGE}, "400"),
        ("bei_bankpaybill/query", b'{"data": {}, "data": {}, "pageNo": 1, "pageSize": 1}', "400"),
        ("bei_bankpaybill/query", b'{"data": {}, "pageNo": NaN, "pageSize": 1}', "400"),
        ("bei_bankpaybill/query", b"[]", "400"),
        ("bei_bankpaybill/delete", {"data": []}, "404"),
        ("bei_bankpaybill/save", {"data": []}, "404"),
        ("bei_other/query", {"data": {}, **PAGE}, "404"),
        ("bei_bankpaybill/writeback", {"data": []}, "400"),
        ("bei_bankpaybill/writeback", {"data": {}}, "400"),
    ],
)
def test_a_call_of_another_form_is_refused(server, token, path, body, code):
    told = kapi(server, path, body, token)
    assert (told["status"], told["errorCode"]) == (False, code)


def test_another_method_or_type_of_content_is_refused(server, token):
    body = {"data": {}, **PAGE}
    path = "bei_bankpaybill/query"
    assert kapi(server, path, body, token, method="GET")["errorCode"] == "405"
    assert kapi(server, path, body, token, content_type="text/plain")["errorCode"] == "400"
    wrong = post(server, f"/kapi/v2/else/bei/{path}", body, accesstoken=token)
    assert wrong["errorCode"] == "404"


def test_pages_know_whether_they_are_the_last(server, token):
    asked = {"data": {"bankpaystate": ["OP", "OS"]}, "pageNo": 3, "pageSize": 2}
    data = kapi(server, "bei_bankpaybill/query", asked, token)["data"]
    assert [it["billno"] for it in data["rows"]] == ["YHFK-0005"]
    assert (data["lastPage"], data["totalCount"]) == (True, 5)


def written(server, token, *rows):
    return kapi(server, "bei_bankpaybill/writeback", {"data": list(rows)}, token)["data"]["result"]


@pytest.mark.parametrize(
    "row",
    [
        {"billno": "gone", "bankpaystate": "TS"},
        {"billno": "YHFK-0001", "bankpaystate": "XX"},
        {"billno": "YHFK-0001", "bankpaystate": "BP", "isrefund": True},
        {"billno": "YHFK-0001", "bankpaystate": "TS", "isrefund": "false"},
        {"billno": "YHFK-0001", "bankpaystate": "TS", "returntime": "today"},
        {"billno": "YHFK-0001", "bankpaystate": "TS", "amount": "1"},
        [],
    ],
)
def test_a_status_that_cannot_be_is_refused_and_the_others_stand(server, token, row):
    good = {"billno": "YHFK-0002", "bankpaystate": "BP"}
    bad, taken = written(server, token, row, good)
    assert (bad["billStatus"], taken["billStatus"]) == (False, True)
    assert bad["errors"]
    assert server.books.bills["YHFK-0001"].state == "OS"
    assert server.books.bills["YHFK-0002"].state == "BP"


def test_what_has_ended_stays_but_for_money_that_came_back(server, token):
    def told(state, **more):
        row = {"billno": "YHFK-0001", "bankpaystate": state, **more}
        return written(server, token, row)[0]["billStatus"]

    assert [told("NC"), told("TS"), told("TS")] == [True, True, True]
    assert [told("TF"), told("BP")] == [False, False]
    assert told("TS", isrefund=True)
    assert not told("TS"), "returned money is not forgotten"
    assert server.books.bills["YHFK-0001"].refunded


def test_a_failed_bill_is_paid_anew_by_another_once(server, token):
    anew = {**COSMIC_BILL, "lastsourcebillid": "YHFK-0001"}
    with pytest.raises(RowError, match="未失败"):
        server.create(**{**anew, "billno": "N1"})
    written(server, token, {"billno": "YHFK-0001", "bankpaystate": "TF"})
    server.create(**{**anew, "billno": "N1"})
    assert server.books.bills["YHFK-0001"].status == "F"
    with pytest.raises(RowError, match="已重付"):
        server.create(**{**anew, "billno": "N2"})


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"billno": "YHFK-0001"}, "billno"),
        ({"sourcebillid": "S1", "payunique": "U1"}, "payunique"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"payeeacct": ""}, "payeeacct"),
        ({"nonesuch": "1"}, "nonesuch"),
    ],
)
def test_a_bill_that_cannot_be_is_not_made(server, changes, name):
    server.create(**{**COSMIC_BILL, "billno": "S", "sourcebillid": "S1", "payunique": "U1"})
    with pytest.raises(RowError) as caught:
        server.create(**{**COSMIC_BILL, "billno": "N1", **changes})
    assert caught.value.field == name


LINE = {
    "uniqueseq": "a/1",
    "detailid": "a/1",
    "accountbank": "a",
    "currency": "CNY",
    "creditamount": 1.25,
    "bizdate": "2026-09-15",
    "datasource": "gw",
}
FILE = b"%PDF-1.7 receipt"
PAPER = {
    "receiptno": "R-1",
    "accountbank": "a",
    "bizdate": "2026-09-15",
    "detailid": "a/1",
    "filename": "R-1.pdf",
    "filecontent": base64.b64encode(FILE).decode(),
    "filesha256": hashlib.sha256(FILE).hexdigest(),
    "datasource": "gw",
}


KEYS = (("bei_transdetail", "uniqueseq"), ("bei_elecreceipt", "receiptno"))


def saved(server, token, form, *rows):
    return [
        (it["billStatus"], it["errors"] and it["errors"][0]["fieldName"])
        for it in kapi(server, f"{form}/save", {"data": list(rows)}, token)["data"]["result"]
    ]


@pytest.mark.parametrize(
    ("row", "changes", "name"),
    [
        (LINE, {"debitamount": 1.25}, "creditamount"),
        (LINE, {"creditamount": 0}, "creditamount"),
        (LINE, {"creditamount": "1.25"}, "creditamount"),
        (LINE, {"creditamount": 1.255}, "creditamount"),
        (LINE, {"bizdate": "15.09.2026"}, "bizdate"),
        (LINE, {"datasource": "elsewhere"}, "datasource"),
        (LINE, {"uniqueseq": ""}, "uniqueseq"),
        (LINE, {"nonesuch": "1"}, "nonesuch"),
        (PAPER, {"filecontent": "%%"}, "filecontent"),
        (PAPER, {"filesha256": "0" * 64}, "filecontent"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_field(server, token, row, changes, name):
    form, key = KEYS[row is PAPER]
    good = {**row, key: "other"}
    assert saved(server, token, form, {**row, **changes}, good) == [(False, name), (True, [])]


def test_a_key_is_there_once(server, token):
    assert saved(server, token, "bei_transdetail", LINE, LINE) == [
        (True, []),
        (False, "uniqueseq"),
    ]


def test_a_receipt_finds_its_line(server, token):
    saved(server, token, "bei_transdetail", LINE)
    saved(server, token, "bei_elecreceipt", PAPER, {**PAPER, "receiptno": "R-2", "detailid": "b"})
    kept = server.books.kept["bei_elecreceipt"]
    assert [it["ismatch"] for it in kept.values()] == [True, False]
    assert kept["R-1"]["filecontent"] == FILE


def test_the_operator_sees_bills_and_rows_and_makes_new_ones(server, token):
    def admin(method, path, body=b""):
        request = Request(method=method, path=path, query={}, headers={}, body=body)
        return json.loads(asyncio.run(server.answer(request)).body)

    made = admin("POST", "/admin/bills", json.dumps({**COSMIC_BILL, "billno": "N"}).encode())
    assert made["bills"][-1]["bill_no"] == "N"
    again = admin("POST", "/admin/bills", json.dumps({**COSMIC_BILL, "billno": "N"}).encode())
    assert again["errorCode"] == "400"
    saved(server, token, "bei_elecreceipt", PAPER)
    assert admin("GET", "/admin/rows")["bei_elecreceipt"][0]["receiptno"] == "R-1"
    assert len(admin("GET", "/admin/bills")["bills"]) == 6


def test_the_clock_is_the_machines_wherever_it_is_set(server):
    server.now = lambda: NOW.astimezone(UTC)
    assert post(server, "/kapi/oauth2/getToken", ASKED)["status"] is True
