"""苍穹: token, waiting bills, what is told, and what is asked; against a small kapi of the test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from adapters.erp.kingdee import DIALECTS
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp import Draft, FileHead
from gateway.ports.erp_api import Access, CallReply, Conversation, Moment, Verdict
from gateway.ports.erp_told import ToldKind
from gateway.transport.http_messages import Response
from tests.kingdee_ground import NOW, Line, balance, credit, entry, receipt, statement, status

DATA = Path(__file__).resolve().parents[2] / "data" / "erp" / "kingdee"
COSMIC = DIALECTS["cosmic"]
OPTIONS = {"isv": "own", "client_id": "cibgw", "username": "bankapi", "account_id": "12345"}
ACCESS = Access(
    system="cosmic",
    options=OPTIONS,
    secrets={"client_secret": "s3cret", "acgw_identity": "identity"},
)
TAKEN, ALREADY, AGAIN, REFUSED = (
    Verdict.TAKEN,
    Verdict.ALREADY,
    Verdict.AGAIN,
    Verdict.REFUSED,
)
BILL = {
    "billno": "YHFK-0001",
    "bankpaystate": "OS",
    "payeracct": "900010100100000011",
    "payeename": "样本钢铁有限公司",
    "payeeacct": "6222000012345678",
    "payeebank": "中国工商银行上海某支行",
    "recbanknumber": "102290002916",
    "amount": "3734.5600000000",
    "currency": "CNY",
    "usage": "货款",
    "srcbillno": "FK-0001",
}


@dataclass
class Kapi:
    """A kapi as strict as what is tested needs it: tokens, queries by field, results per row."""

    bills: list[dict] = field(default_factory=list)
    kept: dict[str, list[dict]] = field(default_factory=dict)
    lose: int = 0
    token: str = ""
    paths: list[str] = field(default_factory=list)

    async def answer(self, request):
        body = json.loads(request.body)
        self.paths.append(request.path)
        if request.path == "/ierp/kapi/oauth2/getToken":
            if body["client_secret"] != "s3cret" or body["timestamp"] != "2026-09-15 10:00:00":
                return told(None, code="603", status=False)
            self.token = f"T{len(self.paths)}"
            return told({"access_token": self.token})
        if request.headers.get("accesstoken") != self.token or not self.token:
            return told(None, code="401", status=False)
        assert request.headers["x-acgw-identity"] == "identity"
        assert request.path.startswith("/ierp/kapi/v2/own/bei/")
        _, form, operation = request.path.removeprefix("/ierp/kapi/v2/own/").split("/")
        reply = self.query(form, body) if operation == "query" else self.write(form, body["data"])
        if self.lose:
            self.lose -= 1
            return Response(status=504, body=b"timeout")
        return reply

    def query(self, form, body):
        rows = self.bills if form == "bei_bankpaybill" else self.kept.get(form, [])
        for name, wanted in body["data"].items():
            some = wanted if isinstance(wanted, list) else [wanted]
            rows = [it for it in rows if it.get(name) in some]
        start = (body["pageNo"] - 1) * body["pageSize"]
        return told({"rows": rows[start : start + body["pageSize"]]})

    def write(self, form, rows):
        return told({"result": [self.one(form, at, row) for at, row in enumerate(rows)]})

    def one(self, form, at, row):
        if form != "bei_bankpaybill":
            self.kept.setdefault(form, []).append(row)
            return {"billIndex": at, "billStatus": True, "id": "1", "errors": []}
        for bill in self.bills:
            if bill["billno"] == row["billno"]:
                bill.update(row)
                return {"billIndex": at, "billStatus": True, "id": "1", "errors": []}
        return {"billIndex": at, "billStatus": False, "errors": ["no such bill"]}


def told(data, code="0", *, status=True):
    said = {"status": status, "errorCode": code, "message": "", "data": data}
    return Response(body=json.dumps(said).encode())


@pytest.fixture
def kapi():
    return Kapi(bills=[{**BILL, "billno": f"YHFK-{at:04}"} for at in range(1, 6)])


def line(kapi, **options) -> Line:
    made = Line(kapi, COSMIC.api({**OPTIONS, **options}), ACCESS)
    made.log_in()
    return made


# ── reading ───────────────────────────────────────────────────────────────────────────────────


def test_bills_that_are_posted():
    head, first, second, end = COSMIC.read([(DATA / "cosmic-post.json").read_bytes()])
    assert head == FileHead(format="cosmic.bei_bankpaybill", message_id="BEI-20260915-0001")
    assert (first.erp_reference, first.amount) == ("YHFK-0001", "3734.56")
    assert (second.amount, second.purpose) == ("1200.50", "运费")
    assert first.reconciliation_code == "RC0001"
    assert first.at["creditor_agent_cnaps"] == "/data/0/recbanknumber"
    assert first.source["srcbillno"] == "FK-0001"
    assert end.count == 2


def test_a_query_that_was_recorded():
    _, only, _ = COSMIC.read([(DATA / "own-cosmic-query.json").read_bytes()])
    assert (only.erp_reference, only.amount, only.line) == ("YHFK-0001", "3734.56", 1)


def test_columns_may_stand_under_their_own_names():
    row = {f"f{name}": value for name, value in BILL.items()}
    row["fcurrency"] = {"number": "CNY"}
    _, only, _ = COSMIC.read([json.dumps({"data": [row]}).encode()])
    assert (only.erp_reference, only.amount, only.currency) == ("YHFK-0001", "3734.56", "CNY")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "nothing"),
        (b"{}", "missing"),
        (b'{"data": []}', "empty"),
        (b'{"data": [1]}', "value"),
        (b'{"data": [{"billno": []}]}', "value"),
        (b'{"data": [{"billno": "1", "billno": "2"}]}', "surplus"),
        (b'{"data": [', "json"),
        ('{"data": [{"usage": "货款"}]}'.encode("gbk"), "encoding"),
    ],
)
def test_a_broken_message_is_refused(body, reason):
    with pytest.raises(WireError) as caught:
        list(COSMIC.read([body]))
    assert caught.value.reason == reason


def test_the_10001st_bill_refuses_the_message_and_is_named():
    body = json.dumps({"data": [BILL] * 10_001}).encode()
    *drafts, end = COSMIC.read([body])
    assert sum(isinstance(it, Draft) for it in drafts) == 10_000
    (fault,) = end.faults
    assert (fault.path, fault.line) == ("/data/10000", 10_001)


def test_where_bills_stand_is_asked():
    asked = {"operation": "syncpaystate", "form": "bei_bankpaybill", "data": {"billno": ["Y-1"]}}
    body = json.dumps(asked).encode()
    assert COSMIC.asks(body)
    (question,) = COSMIC.questions(body)
    assert (question.kind, question.erp_reference) == ("status", "Y-1")
    for wrong in ({**asked, "data": {"billno": []}}, {**asked, "operation": "delete"}):
        with pytest.raises(WireError):
            COSMIC.questions(json.dumps(wrong).encode())


# ── fetching ──────────────────────────────────────────────────────────────────────────────────


def test_waiting_bills_are_fetched_page_by_page(kapi):
    ours, pages, cursor = line(kapi, page="2"), [], ""
    pull = ours.api.pull
    while True:
        found = pull.follow(ACCESS, ours.carry(pull.encode(ACCESS, ours.moment(), cursor)), cursor)
        pages.append([it.erp_reference for it in found.drafts])
        cursor = found.cursor
        if not cursor:
            break
    assert pages == [["YHFK-0001", "YHFK-0002"], ["YHFK-0003", "YHFK-0004"], ["YHFK-0005"]]
    assert found.drafts[0].amount == "3734.56"


def test_several_states_may_be_waiting(kapi):
    kapi.bills[0]["bankpaystate"] = "OP"
    kapi.bills[1]["bankpaystate"] = "TS"
    assert len(line(kapi).pull()[0]) == 3
    assert len(line(kapi, pull_states="OP,OS").pull()[0]) == 4


def test_a_spent_token_is_a_log_in(kapi):
    ours = line(kapi)
    kapi.token = "another"
    assert ours.pull() is Verdict.LOGIN
    assert ours.verdicts(status(source={"billno": "YHFK-0001"})) == [Verdict.LOGIN]


def test_a_query_that_fails_is_told_in_the_vendors_words(kapi):
    ours = line(kapi)
    kapi.query = lambda _form, _body: Response(
        body=b'{"status": false, "errorCode": "777", "message": "no right", "data": null}'
    )
    with pytest.raises(Refused, match=r"777.*no right"):
        ours.pull()
    kapi.lose = 1
    assert ours.pull() is AGAIN


def test_a_wrong_secret_gets_no_token(kapi):
    ours = Line(kapi, COSMIC.api(OPTIONS), replace(ACCESS, secrets={"client_secret": "x"}))
    with pytest.raises(Refused, match="errorCode 603"):
        ours.log_in()
    ours.access = replace(ACCESS, secrets={})
    with pytest.raises(Refused, match="client_secret"):
        ours.log_in()


# ── telling ───────────────────────────────────────────────────────────────────────────────────


def bill(kapi, number):
    return next(it for it in kapi.bills if it["billno"] == number)


@pytest.mark.parametrize(
    ("state", "code", "refund"),
    [
        ("SETTLED", "TS", False),
        ("REJECTED", "TF", False),
        ("UNCONFIRMED", "NC", False),
        ("PROCESSING", "BP", False),
        ("RETURNED", "TS", True),
        ("CANCELLED", "OZ", False),
    ],
)
def test_each_state_is_told(kapi, state, code, refund):
    assert line(kapi).verdicts(status(state, {"billno": "YHFK-0002"})) == [TAKEN]
    found = bill(kapi, "YHFK-0002")
    assert (found["bankpaystate"], found["isrefund"]) == (code, refund)
    assert found["gatewaystate"] == state
    assert bill(kapi, "YHFK-0001")["bankpaystate"] == "OS"


def test_an_unknown_outcome_says_not_to_send_again(kapi):
    line(kapi).tell(status("UNCONFIRMED", {"billno": "YHFK-0002"}))
    assert bill(kapi, "YHFK-0002")["bankreturnmsg"].startswith("结果未明，切勿重发")


def test_a_lost_answer_is_read_before_it_is_written_again(kapi):
    ours, record = line(kapi), status("SETTLED", {"billno": "YHFK-0001"})
    kapi.lose = 1
    assert ours.verdicts(record) == [AGAIN]
    kapi.paths.clear()
    fresh = status("REJECTED", {"billno": "YHFK-0002"})
    assert ours.verdicts(record, fresh, again=True) == [ALREADY, TAKEN]
    assert [it.rpartition("/")[2] for it in kapi.paths] == ["query", "writeback"]


def test_each_record_has_its_own_verdict(kapi):
    told_ = [status("SETTLED", {"billno": it}) for it in ("YHFK-0001", "gone", "YHFK-0003")]
    assert line(kapi).verdicts(*told_, status("SETTLED", {})) == [TAKEN, REFUSED, TAKEN, REFUSED]


def test_a_repetition_that_was_refused_leaves_the_first_ones_state_alone(kapi):
    record = status("REFUSED", {"billno": "YHFK-0001"}, code="reused_reference", text="重复")
    assert line(kapi).verdicts(record) == [TAKEN]
    found = bill(kapi, "YHFK-0001")
    assert (found["bankpaystate"], found["bankreturnmsg"]) == ("OS", "reused_reference 重复")


def test_entries_are_rows_once_and_to_the_digit(kapi):
    ours = line(kapi)
    came = entry("E9", "999999999999999.99")
    assert ours.verdicts(credit(came)) == [TAKEN]
    assert ours.verdicts(statement(came, entry("E1"), entry("E2", "-7.77"))) == [TAKEN]
    assert ours.verdicts(statement(came, entry("E1"), entry("E2", "-7.77"))) == [ALREADY]
    rows = kapi.kept["bei_transdetail"]
    assert [it["uniqueseq"].rpartition("/")[2] for it in rows] == ["E9", "E1", "E2"]
    assert "debitamount" in rows[1]
    sent = next(it for it in ours.sent if it.path.endswith("transdetail/save"))
    assert b'"creditamount":999999999999999.99' in sent.body


def test_balances_and_receipts_are_rows_once(kapi):
    ours = line(kapi)
    for record, form in ((balance(), "bei_bankbalance"), (receipt(), "bei_elecreceipt")):
        assert ours.verdicts(record) == [TAKEN]
        assert ours.verdicts(record, again=True) == [ALREADY]
        assert len(kapi.kept[form]) == 1


# ── replies ───────────────────────────────────────────────────────────────────────────────────


def said(data, *, kind=ToldKind.STATUS, count=1, code="0", ok=True, http=200):
    told_ = [status(source={"billno": f"Y-{at}"}) for at in range(count)]
    body = json.dumps({"status": ok, "errorCode": code, "message": "?", "data": data}).encode()
    verdicts = (
        COSMIC.api(OPTIONS)
        .tell[kind]
        .say(
            Conversation(
                told=told_,
                access=ACCESS,
                moment=Moment(now=NOW, nonce="0" * 32),
                again=False,
                replies=(CallReply(status=http, body=body),),
            )
        )
    )
    return [it.verdict for it in verdicts]


def test_success_counts_for_what_it_names_or_for_as_many_as_were_sent():
    first = {"billIndex": 0, "billStatus": "true"}
    assert said({"result": [first]}, count=2) == [TAKEN, AGAIN]
    assert said({"successCount": "2"}, count=2) == [TAKEN, TAKEN]
    for data in ({"successCount": "1"}, {}, {"rows": []}, []):
        with pytest.raises(WireError):
            said(data, count=2)


@pytest.mark.parametrize(
    ("code", "http", "verdict"),
    [
        ("401", 200, Verdict.LOGIN),
        ("0", 401, Verdict.LOGIN),
        ("403", 200, AGAIN),
        ("999", 200, AGAIN),
        ("0", 500, AGAIN),
        ("0", 429, AGAIN),
    ],
)
def test_what_says_nothing_of_a_record_settles_nothing(code, http, verdict):
    assert said(None, code=code, ok=False, http=http) == [verdict]


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, {"client_id", "username", "account_id"}),
        ({**OPTIONS, "page": "0", "pull_states": "os"}, {"page", "pull_states"}),
        ({**OPTIONS, "status_path": "../x", "base_path": "ierp"}, {"status_path", "base_path"}),
        ({**OPTIONS, "entry_query_path": ""}, {"entry_query_path"}),
        ({**OPTIONS, "auth": "basic", "app_secret_field": "x"}, {"auth", "app_secret_field"}),
    ],
)
def test_wrong_options_are_told_all_at_once(options, wrong):
    with pytest.raises(Refused) as caught:
        COSMIC.api(options)
    assert {it.path for it in caught.value.faults} == wrong


def test_what_is_not_published_is_not_told():
    silent = dict.fromkeys(("entry_path", "balance_path", "receipt_path"), "")
    assert set(COSMIC.api({**OPTIONS, **silent}).tell) == {ToldKind.STATUS}


def test_a_reply_that_only_counts_says_nothing_of_a_statements_rows(kapi):
    """Some of its rows may be those that were there before."""
    kapi.write = lambda _form, rows: told({"successCount": str(len(rows))})
    with pytest.raises(WireError):
        line(kapi).tell(statement(entry("E1")))
