"""The stand-in of 星空 is as strict as the real one: filters, saves, operations, sessions."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from gateway.sandbox.erps.k3cloud_books import Books, OpError
from gateway.sandbox.erps.k3cloud_filter import FilterError, condition
from gateway.sandbox.erps.k3cloud_gate import Gate
from gateway.transport.http_messages import Request
from tests.kingdee_ground import ACCOUNT, ENTRY, NOW, k3_server, k3_with_bills

ROW = {"FID": "7", "FBillNo": "A'1", "Amount": Decimal("2.50"), "State": "B"}


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ("", True),
        ("State='B'", True),
        ("State='B' AND FID>6", True),
        ("State='C' OR FID=7", True),
        ("State='C' OR FID=7 AND Amount<2", False),
        ("(State='C' OR FID=7) AND Amount>=2.5", True),
        ("FBillNo='A''1'", True),
        ("FBillNo IN ('x','A''1')", True),
        ("FID IN (1, 2)", False),
        ("FID<>7", False),
        ("State = 'x' OR FBillNo = 'OR 1=1'", False),
    ],
)
def test_a_filter(written, holds):
    assert condition(written)(ROW) is holds


@pytest.mark.parametrize(
    "written",
    [
        *("State=", "State='B", "State='B' AND", "(State='B'", "1=1", "State='B' State='B'"),
        *("FID IN ()", "FID LIKE 'x'", "State='B'; DROP"),
    ],
)
def test_a_filter_that_cannot_be_read(written):
    with pytest.raises(FilterError):
        condition(written)


def test_an_unknown_field_is_a_fault():
    with pytest.raises(FilterError):
        condition("Nobody='x'")(ROW)


def refused(work, *arguments):
    with pytest.raises(OpError) as caught:
        work(*arguments)
    return caught.value.code


def test_what_a_save_may_not_do():
    books = k3_with_bills().books
    (bill, other) = books.bills.values()
    fid, first = bill.id, bill.entries[0].id

    def entries(*some):
        return {"FID": fid, "FPAYBILLENTRY": list(some)}

    keep = {"IsDeleteEntry": "false"}
    own = {"FEntryID": first, "F_GW_State": "SETTLED"}
    assert refused(books.save, "AP_PAYBILL", entries(own), {}) == 12
    assert refused(books.save, "AP_PAYBILL", entries({**own, "FCNAPS": "1"}), keep) == 12
    assert refused(books.save, "AP_PAYBILL", entries({"FEntryID": 1, "F_GW_State": ""}), keep) == 10
    assert refused(books.save, "AP_PAYBILL", {"FID": 1, "FPAYBILLENTRY": []}, keep) == 10
    assert refused(books.save, "AP_PAYBILL", entries({**own, "FNothing": 1}), keep) == 9
    assert refused(books.save, "AP_PAYBILL", {"FBillNo": other.number}, {}) == 11
    assert refused(books.save, "AP_PAYBILL", {"FBillNo": "new"}, {}) == 11
    assert refused(books.save, "CN_NOTHING", {}, {}) == 5
    assert not any(it.told for it in bill.entries)
    only = {**keep, "NeedUpDateFields": ["FPAYBILLENTRY", "F_GW_State"]}
    books.save("AP_PAYBILL", entries({**own, "FCNAPS": "1"}), only)
    assert bill.entries[0].told == [{"F_GW_State": "SETTLED"}]


def test_an_own_row_has_a_key_of_its_own():
    books = Books()
    assert refused(books.save, "GW_BankEntry", {"F_GW_Day": "x"}, {}) == 11
    books.save("GW_BankEntry", {"F_GW_Key": "1"}, {"ValidateRepeatJson": "true"})
    assert refused(books.save, "GW_BankEntry", {"F_GW_Key": "1"}, {}) == 11
    assert refused(books.save, "GW_BankEntry", {"F_GW_Key": "2", "FDATE": "x"}, {}) == 9
    again = {"F_GW_Key": "1"}, {"ValidateRepeatJson": "true"}
    assert refused(books.save, "GW_BankEntry", *again) == 11


def test_operations_follow_the_life_of_a_bill():
    books = Books()
    books.save("AP_PAYBILL", {"FBillNo": "F1", "FPAYBILLENTRY": [ENTRY]}, {})
    for operation in ("Audit", "SubmitBank"):
        assert refused(books.operate, operation, "F1") == 12
    for operation in ("Submit", "Audit", "SubmitBank"):
        books.operate(operation, "F1")
    (entry,) = next(iter(books.bills.values())).entries
    assert entry.fields["F_GW_Attempt"] == 1
    for operation in ("SubmitBank", "UnAudit", "CancelWB"):
        assert refused(books.operate, operation, "F1") == 12
    entry.fields["F_GW_BankStatus"] = "B/D"
    books.operate("Synchronism", "F1")
    books.operate("CancelWB", "F1")
    books.operate("SubmitBank", "F1")
    assert (entry.submitted, entry.bank, entry.fields["F_GW_Attempt"]) == ("B", "A", 2)
    assert refused(books.operate, "Delete", "F1") == 3
    assert refused(books.operate, "Submit", "F2") == 10


def test_a_session_ends_when_nobody_uses_it():
    gate = Gate(ACCOUNT)
    gate.sessions["s"] = NOW
    headers = {"kdservice-sessionid": "s"}
    assert gate.refusal("/x", headers, NOW + timedelta(minutes=19)) == ""
    assert gate.refusal("/x", headers, NOW + timedelta(minutes=38)) == ""
    assert gate.refusal("/x", headers, NOW + timedelta(minutes=59)) == "session"
    assert gate.refusal("/x", {}, NOW).startswith("no header")


def call(server, path, body=b"{}", method="POST"):
    request = Request(method=method, path=path, query={}, headers={}, body=body)
    answer = asyncio.run(server.answer(request))
    return answer.status, answer.body


def test_what_is_no_call_of_its_own():
    server = k3_server()
    service = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.{}.common.kdsvc"
    query = service.format("DynamicFormService.ExecuteBillQuery")
    assert call(server, "/elsewhere")[0] == 404
    assert call(server, query, method="GET")[0] == 404
    assert call(server, query, b"[]")[1].startswith(b"response_error:")
    assert call(server, query, b"{")[1].startswith(b"response_error:")
    assert call(server, query)[0] == 401
    login = service.format("AuthService.LoginBySign")
    for body in (b"{}", b'{"parameters": [1,2,3,4,5,6]}'):
        assert json.loads(call(server, login, body)[1])["LoginResultType"] == 0


def test_the_operator_makes_bills_and_sees_what_they_were_told():
    server = k3_server()
    order = {"number": "F9", "entries": [ENTRY]}
    body = json.dumps(order).encode()
    assert call(server, "/admin/bills", body)[0] == 200
    (shown,) = json.loads(call(server, "/admin/bills", method="GET")[1])["bills"]
    assert (shown["bill_no"], shown["status"], shown["told"]) == ("F9", "B/A", [])
    assert json.loads(call(server, "/admin/entries", method="GET")[1]) == {}
    assert json.loads(call(server, "/admin/files", method="GET")[1]) == {"files": []}
    assert call(server, "/admin/else", method="GET")[0] == 404
