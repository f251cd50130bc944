"""The stand-ins of YonBIP and NC refuse what the vendors refuse; no adapter is asked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from gateway.sandbox.erps.nc import Nc
from gateway.sandbox.erps.yonbip import YonBip
from gateway.transport.http_messages import Request
from gateway.wire.xml import Profile, parse

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
STAMP = "1789437600000"
TOKEN = "/open-auth/selfAppAuth/base/v1/getAccessToken"


def ask(stand_in, method, path, query=None, *, body=b"", content_type="application/json"):
    request = Request(
        method=method,
        path=path,
        query=query or {},
        headers={"content-type": content_type},
        body=body,
    )
    return asyncio.run(stand_in.answer(request))


# ── YonBIP ────────────────────────────────────────────────────────────────────────────────────


class Tenant:
    def __init__(self):
        self.now = NOW
        self.bip = YonBip(app_key="K", app_secret="S", now=lambda: self.now)
        document = self.bip.books.create("110", [{"originalcurrencyamt": 1}])
        (self.detail,) = document.details
        self.token = self.got()["access_token"]

    def got(self, **changes):
        query = {"appKey": "K", "timestamp": STAMP}
        text = "".join(f"{name}{query[name]}" for name in sorted(query))
        digest = hmac.new(b"S", text.encode(), hashlib.sha256).digest()
        query |= {"signature": base64.b64encode(digest).decode(), **changes}
        answer = json.loads(ask(self.bip, "GET", TOKEN, query).body)
        return answer["data"] or answer

    def post(self, path, content, **more):
        query = {"access_token": self.token}
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return json.loads(ask(self.bip, "POST", path, query, body=body, **more).body)


@pytest.fixture
def tenant():
    return Tenant()


def test_the_time_of_these_tests_is_the_stamp_of_their_signature():
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(STAMP)) == NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "AAAA"},
        {"appKey": "other"},
        {"timestamp": "soon"},
        {"timestamp": "1789437600001"},
        {"more": "1"},
    ],
)
def test_a_token_needs_the_right_signature(tenant, changes):
    assert tenant.got(**changes)["code"] == "50000"


def test_an_old_signature_gives_no_token(tenant):
    tenant.now = NOW + timedelta(minutes=11)
    assert tenant.got()["message"] == "timestamp已过期"


def test_a_token_ends(tenant):
    path = "/yonbip/ctm/api/query/settlementdetail"
    tenant.now = NOW + timedelta(hours=2)
    assert tenant.post(path, {})["message"] == "非法token"


FEEDBACK = "/yonbip/ctm/api/settlement/batch/feedback"
GOOD = {
    "statementdetailstatus": 3,
    "settlesuccessdate": "2026-09-15",
    "isrefund": "0",
    "sourceUnique": "a",
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settleDetailAId": "1"}, "数据不存在"),
        ({"statementdetailstatus": 2}, "结算明细状态只能为3、4、7"),
        ({"statementdetailstatus": "3"}, "结算明细状态只能为3、4、7"),
        ({"settlesuccessdate": "15.09.2026"}, "结算成功日期格式错误"),
        ({"isrefund": "1"}, "回传退票时结算明细状态应为结算成功"),
        ({"statementdetailstatus": 7}, "部分成功时代发明细不能为空"),
    ],
)
def test_results_of_another_form_are_named(tenant, changes, message):
    row = {"settleDetailAId": str(tenant.detail.row["id"]), **GOOD, **changes}
    content = tenant.post(FEEDBACK, [row])["data"]
    assert content["failCount"] == 1
    assert content["messages"] == [{"sourceUnique": "a", "message": message}]
    assert tenant.detail.status == 1


def test_a_result_that_is_written_twice_is_seen(tenant):
    row = {"settleDetailAId": str(tenant.detail.row["id"]), **GOOD}
    counts = [tenant.post(FEEDBACK, [row])["data"]["successCount"] for _ in range(2)]
    assert counts == [1, 0]
    assert len(tenant.detail.told) == 2


@pytest.mark.parametrize("body", [b"{", b"{}", b"[]", b"[1]"])
def test_bodies_of_another_form_are_an_error_of_the_call(tenant, body):
    assert tenant.post(FEEDBACK, body)["code"] == "1022020403000"
    assert tenant.post(FEEDBACK, [GOOD], content_type="text/plain")["code"] == "1022020403000"


LINES = "/yonbip/ctm/cmp/bankReconciliationBatchSave"
LINE = {
    "bankaccount": "1",
    "bank_seq_no": "2",
    "currency": "CNY",
    "tran_date": "2026-09-15",
    "dc_flag": 1,
    "tran_amt": 3.5,
    "resubmitCheckKey": "k",
}


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, 0),
        ({"tran_amt": "3.5"}, 1),
        ({"tran_amt": 3.555}, 1),
        ({"tran_amt": -3.5}, 1),
        ({"dc_flag": "1"}, 1),
        ({"dc_flag": 3}, 1),
        ({"tran_date": "20260915"}, 1),
        ({"tran_time": "10:00"}, 1),
        ({"bankaccount": ""}, 1),
        ({"resubmitCheckKey": "k" * 33}, 1),
    ],
)
def test_statement_lines_are_looked_at_closely(tenant, changes, failed):
    assert tenant.post(LINES, [{**LINE, **changes}])["data"]["errornum"] == failed


def test_a_key_that_comes_again_is_one_line_and_never_another(tenant):
    assert tenant.post(LINES, [LINE, LINE])["data"]["successnum"] == 2
    assert len(tenant.bip.books.lines) == 1
    other = tenant.post(LINES, [{**LINE, "tran_amt": 4}])["data"]
    assert other["faild"][0]["msg"] == "resubmitCheckKey对应的数据不一致"
    twin = tenant.post(LINES, [{**LINE, "resubmitCheckKey": "k2"}])["data"]
    assert twin["faild"][0]["msg"] == "重复数据不允许新增！"


def test_a_receipts_file_needs_its_record(tenant):
    answer = tenant.post("/yonbip/ctm/bank/tran/update", [{"id": "1", "fileName": "a.pdf"}])
    assert answer["code"] == "1002"


# ── NC ────────────────────────────────────────────────────────────────────────────────────────

ENVELOPE = (
    '<ufinterface account="0001" groupcode="01" billtype="GWBALANCE" sender="BANKGW"'
    ' receiver="10101" roottag="bill" replace="N" isexchange="Y" proc="add" filename="f.xml">'
    '<bill id="B1"><billhead><bankacc>1</bankacc><curdate>2026-09-15</curdate>'
    "<balance>1.00</balance></billhead></bill></ufinterface>"
)


def post(nc, text):
    answer = ask(nc, "POST", "/service/XChangeServlet", body=text.encode())
    root = parse(answer.body, Profile.MESSAGE)
    codes = [it.one("resultcode").text() for it in root.each("sendresult")]
    return root.attr("successful"), codes


def test_a_bill_is_taken_once():
    nc = Nc()
    assert post(nc, ENVELOPE) == ("Y", ["1"])
    assert post(nc, ENVELOPE) == ("N", ["-28001"])
    assert len(nc.documents) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('account="0001"', 'account="9999"'),
        ('groupcode="01"', 'groupcode="02"'),
        ('receiver="10101"', 'receiver="1"'),
        ('sender="BANKGW"', 'sender="X"'),
        ("GWBALANCE", "GWOTHER"),
        ('replace="N"', 'replace="Y"'),
        ('proc="add"', 'proc="update"'),
        ('isexchange="Y"', 'isexchange="N"'),
        ('filename="f.xml"', 'filename=""'),
        ('roottag="bill"', 'roottag="voucher"'),
        ("<balance>1.00</balance>", ""),
        ("<balance>1.00</balance>", "<balance>1,00</balance>"),
        ("2026-09-15", "20260915"),
        ('id="B1"', 'id=""'),
        ("</ufinterface>", ""),
    ],
)
def test_what_is_not_registered_or_not_whole_is_refused(old, new):
    nc = Nc()
    assert post(nc, ENVELOPE.replace(old, new)) == ("N", ["-28001"])
    assert not nc.documents


def test_states_of_payments_that_nobody_made_are_refused():
    text = ENVELOPE.replace("GWBALANCE", "GWPAYLOG").replace(
        "<bankacc>1</bankacc>",
        "<yurref>?</yurref><paystate>0</paystate><paytime>t</paytime><gwstate>SETTLED</gwstate>",
    )
    assert post(Nc(), text) == ("N", ["-28001"])
