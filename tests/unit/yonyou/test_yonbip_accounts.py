"""YonBIP: lines, balances and receipts, options, and pages of documents, without a socket."""

from __future__ import annotations

import json

import pytest

from adapters.erp.yonyou import DIALECTS
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp_api import Call, Verdict
from gateway.ports.erp_told import ToldKind
from tests.conformance import erps
from tests.unit.yonyou.talk import MOMENT, access, answer, conversation

API = DIALECTS["yonbip"].api({"app_key": "k"})


def say(kind, *told, replies=(), again=False):
    return API.tell[kind].say(conversation(*told, replies=replies, again=again))


def body(call):
    assert isinstance(call, Call)
    return json.loads(call.body)


def verdicts(taken):
    assert not isinstance(taken, Call)
    return [it.verdict for it in taken]


# ── what the bank said ────────────────────────────────────────────────────────────────────────


def test_a_line_is_written_exactly_and_under_its_own_key():
    call = say(ToldKind.STATEMENT, erps.statement_told(erps.entry("k1", erps.LARGE)))
    assert b'"tran_amt":999999999999999.99' in call.body
    (row,) = body(call)
    assert row["dc_flag"] == 2
    assert len(row["resubmitCheckKey"]) == 32
    (credit,) = body(say(ToldKind.CREDIT, erps.credit_told(entry=erps.entry("k1", erps.LARGE))))
    assert credit == row


def test_pending_entries_are_not_told():
    entries = (erps.entry("k1", "1.00", status="pending"), erps.entry("k2", "2.00"))
    assert len(body(say(ToldKind.STATEMENT, erps.statement_told(*entries)))) == 1


def lines(done, *failed):
    return {"errornum": len(failed), "successnum": done, "faild": list(failed)}


def row_of(entry, message):
    return {
        "bank_seq_no": entry.reference,
        "bankaccount": erps.ACCOUNT,
        "tran_date": "2026-09-15",
        "dc_flag": 1 if entry.amount.startswith("-") else 2,
        "msg": message,
    }


def test_lines_that_are_there_already_are_as_good_as_taken():
    told = erps.statement_told(erps.ENTRIES[0])
    reply = answer("200", lines(0, row_of(erps.ENTRIES[0], "重复数据不允许新增！")))
    assert verdicts(say(ToldKind.STATEMENT, told, replies=[reply])) == [Verdict.ALREADY]


def test_a_line_that_is_not_taken_stops_the_statement_with_its_reason():
    entries = tuple(erps.entry(f"n{at}", "1.00") for at in range(150))
    reply = answer("200", lines(99, row_of(entries[3], "账户不存在")))
    taken = say(ToldKind.STATEMENT, erps.statement_told(*entries), replies=[reply])
    assert verdicts(taken) == [Verdict.REFUSED]
    assert taken[0].text == "账户不存在"


@pytest.mark.parametrize(("done", "failed"), [(1, 1), (0, 0), (2, 0)])
def test_sums_of_lines_that_do_not_agree_prove_nothing(done, failed):
    told = erps.statement_told(erps.ENTRIES[0])
    reply = answer("200", {"errornum": failed, "successnum": done, "faild": []})
    with pytest.raises(WireError):
        say(ToldKind.STATEMENT, told, replies=[reply])


def test_lines_that_nobody_sent_prove_nothing():
    reply = answer("200", lines(0, row_of(erps.ENTRIES[1], "?")))
    with pytest.raises(WireError):
        say(ToldKind.STATEMENT, erps.statement_told(erps.ENTRIES[0]), replies=[reply])


def test_balances_are_judged_one_by_one():
    told = [erps.balance_told(), erps.balance_told(account="900010100100000022", available="")]
    first, second = body(say(ToldKind.BALANCE, *told))
    assert first["avlbal"] == 98765.43
    assert second["avlbal"] == second["acctbal"] == 98765.44
    failed = {
        "enterpriseBankAccount_code": "900010100100000022",
        "balancedate": "2026-09-15",
        "msg": "账户使用组织不存在！",
    }
    reply = answer("200", {"faildnum": 1, "successnum": 1, "falid": [failed]})
    taken = say(ToldKind.BALANCE, *told, replies=[reply])
    assert verdicts(taken) == [Verdict.TAKEN, Verdict.REFUSED]


@pytest.mark.parametrize("data", [{"id": "55"}, [{"id": 55}]])
def test_a_receipts_file_goes_under_the_id_of_its_record(data):
    call = say(ToldKind.RECEIPT, erps.receipt_told(), replies=[answer("200", data)])
    (row,) = body(call)
    assert (row["id"], row["fileName"]) == ("55", "RCPT0001.pdf")


def test_a_receipt_of_another_kind_of_file_goes_to_a_person():
    taken = say(ToldKind.RECEIPT, erps.receipt_told(file_name="RCPT0001.exe"))
    assert verdicts(taken) == [Verdict.REFUSED]


# ── options and pages ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"app_key": ""},
        {"app_key": "k", "statuses": "3"},
        {"app_key": "k", "page_size": "0"},
        {"app_key": "k", "token_path": "http://x"},
    ],
)
def test_options_of_another_form_are_refused_by_name(options):
    with pytest.raises(Refused) as error:
        DIALECTS["yonbip"].api(options)
    assert all(fault.path.startswith("/options/") for fault in error.value.faults)


def test_a_cursor_that_we_never_wrote_is_refused():
    with pytest.raises(WireError):
        API.pull.encode(access(app_key="k"), MOMENT, "1|2;DROP")


@pytest.mark.parametrize(("accounts", "found"), [("1,2", 1), ("3, 2", 0), ("", 1)])
def test_only_documents_of_the_accounts_that_are_served_are_taken(accounts, found):
    detail = {
        "id": 5,
        "receipttypeb": 2,
        "statementdetailstatus": 1,
        "ourbankaccount_account": "1",
        "isdirectacc": True,
    }
    who = access(app_key="k", accounts=accounts) if accounts else access(app_key="k")
    read = API.pull.follow(who, answer("200", {"settleBench_b": [detail]}), "0|11")
    assert len(read.drafts) == found


def test_the_expected_day_may_be_ignored():
    detail = {
        "id": 5,
        "receipttypeb": 2,
        "statementdetailstatus": 1,
        "expectdate": "2026-09-01 00:00:00",
    }
    reply = answer("200", {"settleBench_b": [detail]})
    days = [
        API.pull.follow(access(app_key="k", **more), reply, "0|11").drafts[0].execution_date
        for more in ({}, {"expect_date": "use"}, {"expect_date": "ignore"})
    ]
    assert days == ["2026-09-01", "2026-09-01", ""]


def test_a_document_that_is_gone_does_not_stop_the_rest():
    read = API.pull.follow(access(app_key="k"), answer("1002", message="数据不存在"), "0|11,12")
    assert (read.drafts, read.cursor) == ((), "0|12")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"recordList": [{}], "pageCount": 1},
        {"recordList": [], "pageCount": "x"},
        {"recordList": [{"mainid": "../1"}], "pageCount": 1},
    ],
)
def test_a_list_of_another_form_is_no_list(data):
    with pytest.raises(WireError):
        API.pull.follow(access(app_key="k"), answer("200", data), "")
