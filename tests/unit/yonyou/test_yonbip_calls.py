"""YonBIP: tokens, replies, and what is written where, without a socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from adapters.erp.yonyou import DIALECTS
from adapters.erp.yonyou.yonbip.feedback import code_of
from adapters.erp.yonyou.yonbip.login import LOGIN, signature
from adapters.erp.yonyou.yonbip.replies import answered
from gateway.domain.errors import Refused, WireError
from gateway.domain.instruction import State
from gateway.ports.erp_api import Access, Call, CallReply, Moment, Verdict
from gateway.ports.erp_told import ToldKind
from tests.conformance import erps
from tests.unit.yonyou.talk import MOMENT, access, answer, conversation

API = DIALECTS["yonbip"].api({"app_key": "k"})
SOURCE = {"detail_id": "1741573848087134216", "business_detail_id": "77", "document_id": "9"}


def status(state=State.SETTLED, **changes):
    return erps.status_told("yonyou/yonbip", state, **{"source": SOURCE, **changes})


def say(kind, *told, replies=(), again=False):
    return API.tell[kind].say(conversation(*told, replies=replies, again=again))


def body(call):
    assert isinstance(call, Call)
    return json.loads(call.body)


def verdicts(taken):
    assert not isinstance(taken, Call)
    return [it.verdict for it in taken]


# ── token ─────────────────────────────────────────────────────────────────────────────────────


def test_the_signature_of_the_vendors_example():
    parameters = {"timestamp": "1568098531823", "appKey": "41832a3d2df94989b500da6a22268747"}
    assert signature(parameters, "secret") == "H8cSr2Q0WF/TYdKqbd85nYzjFWiK5a2PHUyIK1tbRfc="


def test_the_token_call_has_milliseconds_and_the_signature():
    key = "41832a3d2df94989b500da6a22268747"
    who = Access(system="erp", options={"app_key": key}, secrets={"app_secret": "secret"})
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1568098531823)
    call = LOGIN.encode(who, Moment(now=at, nonce=""))
    assert dict(call.query) == {
        "appKey": key,
        "timestamp": "1568098531823",
        "signature": "H8cSr2Q0WF/TYdKqbd85nYzjFWiK5a2PHUyIK1tbRfc=",
    }
    assert call.to == ""
    assert "secret" not in repr(call).replace("app_secret", "")


def test_the_token_may_be_had_from_another_host_and_an_older_path():
    options = {"app_key": "k", "token_url": "https://t.example.com", "token_path": "/old/path"}
    call = LOGIN.encode(access(**options), MOMENT)
    assert (call.to, call.path) == ("token_url", "/old/path")


def test_a_token_is_read_in_both_forms():
    given = {"access_token": "T", "expire": 7200}
    long = LOGIN.decode(answer("00000", given), MOMENT)
    short = LOGIN.decode(
        CallReply(status=200, body=b'{"access_token":"T","expires_in":60}'), MOMENT
    )
    assert long.query == short.query == (("access_token", "T"),)
    assert long.expires_at - MOMENT.now == timedelta(hours=2)
    assert short.expires_at - MOMENT.now == timedelta(minutes=1)


def test_no_token_is_refused_with_the_vendors_code():
    with pytest.raises(Refused, match="50000"):
        LOGIN.decode(answer("50000", None, "签名错误"), MOMENT)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"<html>",
        b'{"code":"00000","data":{}}',
        b'{"code":"00000","data":[]}',
        b'{"access_token":"T"}',
        b'{"access_token":"T","expires_in":"soon"}',
    ],
)
def test_what_is_no_token_is_no_token(bad):
    with pytest.raises(WireError):
        LOGIN.decode(CallReply(status=200, body=bad), MOMENT)


# ── envelopes ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["200", 200])
def test_the_code_of_success_is_a_text_or_a_number(code):
    assert answered(answer(code, {})).verdict is None


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (answer("310036", message="非法token"), Verdict.LOGIN),
        (answer("200", status=401), Verdict.LOGIN),
        (answer("999", message="系统异常"), Verdict.AGAIN),
        (answer("201", message="?"), Verdict.AGAIN),
        (answer("200", {}, status=302), Verdict.AGAIN),
        (answer("1002", message="数据不存在"), Verdict.REFUSED),
        (answer("200", {}, status=502), Verdict.AGAIN),
        (answer("200", {}, status=429), Verdict.AGAIN),
    ],
)
def test_what_other_codes_mean(reply, verdict):
    assert answered(reply).verdict is verdict


# ── results ───────────────────────────────────────────────────────────────────────────────────


def test_a_result_says_when_and_under_which_number_of_the_bank():
    (row,) = body(say(ToldKind.STATUS, status()))
    assert row == {
        "settleDetailAId": "1741573848087134216",
        "statementdetailstatus": 3,
        "settlesuccessdate": "2026-09-15",
        "settlesuccesstime": "10:00:00",
        "indextradeseqno": "BK20260915000981",
        "settlefailreason": "",
        "isrefund": "0",
        "sourceUnique": "ins_01.7",
    }


def test_a_failure_says_why_and_no_day_of_success():
    (row,) = body(say(ToldKind.STATUS, status(State.REJECTED, code="E12", text="户名不符")))
    assert row["statementdetailstatus"] == 4
    assert row["settlefailreason"] == "E12 户名不符"
    assert row["settlesuccessdate"] == ""


def test_money_that_came_back_is_a_success_with_a_mark():
    (row,) = body(say(ToldKind.STATUS, status(State.RETURNED)))
    assert (row["statementdetailstatus"], row["isrefund"]) == (3, "1")
    assert row["refundDate"] == "2026-09-15 10:00:00"


@pytest.mark.parametrize(
    "state", [State.UNCONFIRMED, State.HELD, State.PROCESSING, State.BANK_APPROVAL]
)
def test_what_is_not_decided_is_written_nowhere(state):
    assert verdicts(say(ToldKind.STATUS, status(state))) == [Verdict.TAKEN]


def test_a_document_known_before_is_never_called_failed():
    refused = status(state="REFUSED", code="reused_reference", text="同一参考号内容不同")
    assert code_of(refused) == "-"
    assert verdicts(say(ToldKind.STATUS, refused)) == [Verdict.TAKEN]
    (row,) = body(say(ToldKind.STATUS, status(state="REFUSED", code="required")))
    assert row["statementdetailstatus"] == 4


def test_a_document_that_another_channel_may_pay_is_never_called_failed():
    assert code_of(status(state="REFUSED", code="account_unknown")) == "-"


def test_refused_documents_have_names_of_their_own():
    told = [
        status(state="REFUSED", code="required", instruction="", version=1, erp_reference=number)
        for number in ("FK1", "FK2")
    ]
    rows = body(say(ToldKind.STATUS, *told))
    assert len({row["sourceUnique"] for row in rows}) == 2
    assert rows == body(say(ToldKind.STATUS, *told))


def line(at, state=State.SETTLED, **changes):
    source = {**SOURCE, "batch_line_id": f"L{at}", "batch_lines": "2"}
    return status(state, **{"source": source, "version": at, **changes})


def test_a_stop_or_a_return_of_one_line_never_touches_the_whole_payroll():
    call = say(ToldKind.STATUS, line(1), line(2, State.CANCELLED))
    assert call.endpoint == "settlement/batch/feedback"
    (row,) = body(call)
    assert row["statementdetailstatus"] == 7
    assert row["dataBatchDetailList"] == [
        {"paystatus": 4, "bussBatchDetailId": "L1"},
        {"paystatus": 5, "bussBatchDetailId": "L2"},
    ]
    assert verdicts(say(ToldKind.STATUS, line(1, State.RETURNED))) == [Verdict.REFUSED]


def test_part_of_a_payroll_is_never_called_the_whole():
    (row,) = body(say(ToldKind.STATUS, line(1)))
    assert row["statementdetailstatus"] == 7
    assert row["successTotalAmt"] == 1234.5


def test_a_line_refused_for_its_amount_counts_for_nothing():
    refused = line(2, "REFUSED", code="amount_format", amount="1e3", instruction="")
    (row,) = body(say(ToldKind.STATUS, line(1), refused))
    assert (row["successTotalAmt"], row["failTotalAmt"]) == (1234.5, 0)


def test_payments_of_another_origin_go_to_a_person():
    assert verdicts(say(ToldKind.STATUS, status(source={}))) == [Verdict.REFUSED]


def test_what_cannot_be_read_back_is_not_written_twice():
    told = status(source={"detail_id": "1"})
    assert isinstance(say(ToldKind.STATUS, told), Call)
    assert verdicts(say(ToldKind.STATUS, told, again=True)) == [Verdict.REFUSED]


def batch(failed=(), done=0):
    messages = [{"sourceUnique": name, "message": text} for name, text in failed]
    return {
        "count": done + len(messages),
        "successCount": done,
        "failCount": len(messages),
        "messages": messages,
    }


def test_single_verdicts_of_a_batch():
    told = [status(version=at, source={**SOURCE, "detail_id": str(at)}) for at in range(3)]
    reply = answer(200, batch([("ins_01.1", "结算明细已完结")], done=2))
    taken = say(ToldKind.STATUS, *told, replies=[reply])
    assert verdicts(taken) == [Verdict.TAKEN, Verdict.REFUSED, Verdict.TAKEN]
    assert taken[1].text == "结算明细已完结"


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        batch(done=2),
        batch([("stranger", "?")]),
        {**batch(), "failCount": 1, "successCount": 0},
        {**batch(done=1), "failCount": 1},
        {**batch(done=1), "messages": {}},
        {**batch(done=1), "successCount": "1.0"},
    ],
)
def test_sums_that_do_not_agree_prove_nothing(data):
    with pytest.raises(WireError):
        say(ToldKind.STATUS, status(), replies=[answer("200", data)])


@pytest.mark.parametrize(
    ("found", "refund", "verdict"), [(3, 0, Verdict.ALREADY), (4, 0, Verdict.REFUSED)]
)
def test_what_stands_there_already_is_read_first(found, refund, verdict):
    first = say(ToldKind.STATUS, status(), again=True)
    assert body(first) == {"data": {"businessdetailsids": ["77"]}}
    row = {
        "settlebench_b_bizbilldetailid": "77",
        "settlebench_b_statementdetailstatus": found,
        "settlebench_b_isrefund": refund,
    }
    taken = say(ToldKind.STATUS, status(), again=True, replies=[answer("200", [row])])
    assert verdicts(taken) == [verdict]


def test_an_open_detail_is_written_after_it_was_read():
    row = {"settlebench_b_bizbilldetailid": "77", "settlebench_b_statementdetailstatus": 2}
    second = say(ToldKind.STATUS, status(), again=True, replies=[answer("200", [row])])
    assert isinstance(second, Call)
    assert second.endpoint == "settlement/batch/feedback"


def test_a_detail_that_is_not_found_is_asked_for_later():
    taken = say(ToldKind.STATUS, status(), again=True, replies=[answer("200", [])])
    assert verdicts(taken) == [Verdict.AGAIN]


def test_the_longest_conversation_of_results_has_an_end():
    most = API.tell[ToldKind.STATUS].most
    told = [status(State.CANCELLED, version=at) for at in range(most - 1)]
    row = {"settlebench_b_bizbilldetailid": "77", "settlebench_b_statementdetailstatus": 2}
    replies = [answer("200", [row]), answer("200", batch(done=1)), *[answer("200")] * (most - 1)]
    taken = say(ToldKind.STATUS, *told, status(), replies=replies, again=True)
    assert verdicts(taken) == [Verdict.TAKEN] * most
    assert len(replies) < 40


def test_stops_go_one_by_one_after_the_results():
    told = [status(State.CANCELLED), status(), status(State.CANCELLED, version=8)]
    calls, replies = [], []
    for reply in (answer(200, batch(done=1)), answer("200"), answer("1002", message="数据不存在")):
        calls.append(say(ToldKind.STATUS, *told, replies=replies).endpoint)
        replies.append(reply)
    assert calls == ["settlement/batch/feedback", *["settlement/autoStopPay"] * 2]
    taken = say(ToldKind.STATUS, *told, replies=replies)
    assert verdicts(taken) == [Verdict.TAKEN, Verdict.TAKEN, Verdict.REFUSED]
