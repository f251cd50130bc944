"""NC Cloud: instructions, and what is written where, without a socket."""

from __future__ import annotations

import json

import pytest

from gateway.domain.errors import Refused, WireError
from gateway.domain.instruction import State
from gateway.ports.erp import Draft, FileEnd
from gateway.ports.erp_api import Pulled, Verdict
from gateway.ports.erp_told import ToldKind
from tests.conformance import erps
from tests.erp_talk import told_of
from tests.ncc_ground import Line, ncc_options, ncc_site, order, verdicts
from tests.unit.yonyou.ncc_talk import MOMENT, NCC, answer, asked, said, status


@pytest.fixture(scope="module")
def options():
    return ncc_options(ncc_site())


# ── instructions ──────────────────────────────────────────────────────────────────────────────


def page(options, reply, cursor="", **changes):
    return NCC.api({**options, **changes}).pull.follow(None, reply, cursor)


def test_instructions_are_read_with_their_own_texts(options):
    (draft,) = page(
        options,
        answer({"rows": [order("YR1", "2200.50", eptdat="20260916", c_ccynbr="01")]}),
        currencies="01=CNY, 14=USD",
    ).drafts
    assert (draft.erp_reference, draft.end_to_end_id) == ("YR1", "YR1")
    assert (draft.amount, draft.currency) == ("2200.50", "CNY")
    assert draft.execution_date == "2026-09-16"
    assert draft.creditor_agent_cnaps == "102290000001"
    assert draft.at["amount"] == "/data/rows/0/trsamt"
    assert draft.source["yurref"] == "YR1"
    (later,) = page(
        options,
        answer([order("YR1", "1", eptdat="2026-09-16 00:00:00")]),
        expect_date="ignore",
    ).drafts
    assert later.execution_date == ""


def test_the_sites_own_field_names_are_read_asked_for_and_named_in_faults(options):
    fields = "yurref=vdef1, trsamt=money, rows=list, dbtacc=payer, paystate=zt"
    own = {"fields": fields, "accounts": "77, 88", "waiting": "9", "organisation": "O1"}
    row = {"vdef1": "YR1", "money": "5.00", "payer": "77", "zt": "9", "crtacc": "1"}
    (draft,) = page(options, answer({"list": [row, {**row, "payer": "66"}]}), **own).drafts
    assert (draft.erp_reference, draft.amount, draft.debtor_account) == ("YR1", "5.00", "77")
    assert draft.at["amount"] == "/data/list/0/money"
    body = asked(NCC.api({**options, **own}).pull.encode(None, MOMENT, "3"))
    assert body == {
        "pageIndex": 3,
        "pageSize": 100,
        "zt": ["9"],
        "pk_org": "O1",
        "payer": ["77", "88"],
    }
    told = asked(said({**options, **own}))["list"][0]
    assert (told["vdef1"], told["zt"], told["gwid"]) == ("YR1", "0", "ins_01.7")


@pytest.mark.parametrize(
    ("state", "waiting", "taken"),
    [
        ("", "", True),
        ("4", "", True),
        ("0", "", False),
        ("1", "", False),
        ("2", "", False),
        ("3", "", False),
        ("4", "4,5", True),
        ("5", "4,5", True),
        ("6", "4,5", False),
        ("", "4,5", False),
    ],
)
def test_what_bears_an_outcome_is_never_paid(options, state, waiting, taken):
    row = order("YR1", "1.00", paystate=state)
    found = page(options, answer([row]), waiting=waiting)
    assert len(found.drafts) == taken
    read = list(NCC.with_options({"waiting": waiting}).read([json.dumps([row, {**row}]).encode()]))
    end = read[-1]
    assert isinstance(end, FileEnd)
    assert end.count == 2 * taken
    assert bool(end.warnings) != taken


def test_a_full_page_asks_for_the_next_one(options):
    rows = [order(f"YR{at}", "1.00") for at in range(2)]
    assert page(options, answer(rows), page_size="2").cursor == "2"
    assert page(options, answer(rows), "2", page_size="2").cursor == "3"
    assert page(options, answer(rows), page_size="3").cursor == ""
    for cursor in ("x", "0", "-1", "1" * 10):
        with pytest.raises(WireError):
            NCC.api(options).pull.encode(None, MOMENT, cursor)


def test_a_query_that_is_refused_is_told_loudly_and_others_are_asked_again(options):
    no_right = answer(success=False, code="1000000010", message="第三方应用没有权限")
    with pytest.raises(Refused, match="1000000010"):
        page(options, no_right)
    assert page(options, answer(success=False, message="token失效")) is Verdict.LOGIN
    assert page(options, answer(status=502)) is Verdict.AGAIN
    for strange in (None, {}, "x", {"rows": {}}):
        with pytest.raises(WireError):
            page(options, answer(strange))
    assert page(options, answer([])) == Pulled(drafts=())


def test_posted_instructions_are_sniffed_by_the_names_of_the_site():
    body = json.dumps([order("YR1", "1.00")]).encode()
    own = NCC.with_options({"fields": "yurref=vdef1"})
    assert NCC.sniff(body)
    assert not own.sniff(body)
    assert own.sniff(body.replace(b"yurref", b"vdef1"))
    (draft,) = (it for it in NCC.read([body[1:-1]]) if isinstance(it, Draft))
    assert draft.at["amount"] == "/trsamt"


# ── states ────────────────────────────────────────────────────────────────────────────────────


def results(*rows):
    named = ({"gwid": id_, "success": ok, "message": text} for id_, ok, text in rows)
    return answer({"results": list(named)})


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.SETTLED, "0"),
        (State.PAID_ELSEWHERE, "0"),
        (State.RETURNED, "0"),
        (State.REJECTED, "1"),
        (State.CANCELLED, "1"),
        (State.EXPIRED, "1"),
        (State.UNCONFIRMED, "2"),
        (State.PROCESSING, "3"),
        (State.RECEIVED, "3"),
    ],
)
def test_each_state_has_its_number(options, state, code):
    (row,) = asked(said(options, status(state)))["rows"]
    assert row["paystate"] == code
    assert row["isrefund"] == ("Y" if state is State.RETURNED else "N")
    assert (row["yurref"], row["pk_ebank_paylog"], row["srcpkid"]) == ("YR1", "PK1", "SRC1")
    own = {"paystate_paid": "10", "paystate_failed": "20", "paystate_unknown": "30"}
    (row,) = asked(said({**options, **own, "paystate_processing": "40"}, status(state)))["rows"]
    assert row["paystate"] == {"0": "10", "1": "20", "2": "30", "3": "40"}[code]


@pytest.mark.parametrize("code", ["reused_reference", "already_accepted", "account_unknown"])
def test_a_payment_of_ours_or_of_another_channel_is_never_called_failed(options, code):
    refused = status("REFUSED", instruction="", code=code)
    assert verdicts(said(options, refused)) == [Verdict.TAKEN]
    other = status("REFUSED", instruction="", code="amount_invalid", text="/data/rows/0/trsamt 错")
    (row,) = asked(said(options, refused, other))["rows"]
    assert row["paystate"] == "1"
    assert "trsamt" in row["payerrmsg"]


@pytest.mark.parametrize(
    ("named", "verdict"),
    [
        ([("ins_01.7", True, "")], Verdict.TAKEN),
        ([("ins_01.7", False, "记录已存在")], Verdict.ALREADY),
        ([("ins_01.7", False, "支付指令不存在")], Verdict.REFUSED),
        ([], Verdict.AGAIN),
    ],
)
def test_only_what_the_answer_names_is_known(options, named, verdict):
    assert verdicts(said(options, replies=[results(*named)])) == [verdict]


@pytest.mark.parametrize(
    ("reply", "verdict", "code"),
    [
        (answer(success=False, message="token失效"), Verdict.LOGIN, "1000000000"),
        (answer(success=False, code="X1", message="忙"), Verdict.AGAIN, "X1"),
        (answer(status=502), Verdict.AGAIN, "HTTP 502"),
    ],
)
def test_a_call_that_failed_as_a_whole_says_why(options, reply, verdict, code):
    statement = erps.statement_told(*(erps.entry(f"k{at}", "1.00") for at in range(250)))
    for told, kind in ((status(), ToldKind.STATUS), (statement, ToldKind.STATEMENT)):
        for again in (False, True):
            (taken,) = said(options, told, kind=kind, again=again, replies=[reply])
            assert (taken.verdict, taken.code) == (verdict, code)


@pytest.mark.parametrize(
    "named",
    [[("other", True, "")], [("ins_01.7", True, "")] * 2, [("ins_01.7", "maybe", "")]],
)
def test_an_answer_of_other_records_proves_nothing(options, named):
    with pytest.raises(WireError):
        said(options, replies=[results(*named)])


@pytest.mark.parametrize(
    ("state", "stands", "back", "expected"),
    [
        (State.SETTLED, "0", "N", Verdict.ALREADY),
        (State.SETTLED, "3", "N", None),
        (State.SETTLED, "2", "N", None),
        (State.SETTLED, "4", "N", None),
        (State.SETTLED, "1", "N", Verdict.REFUSED),
        (State.REJECTED, "0", "N", Verdict.REFUSED),
        (State.REJECTED, "1", "N", Verdict.ALREADY),
        (State.RETURNED, "0", "N", None),
        (State.RETURNED, "0", "Y", Verdict.ALREADY),
        (State.RETURNED, "1", "N", Verdict.REFUSED),
        (State.UNCONFIRMED, "2", "N", Verdict.ALREADY),
        (State.UNCONFIRMED, "0", "N", Verdict.ALREADY),
        # A person there called failed what the bank has not decided: another one has to look.
        (State.UNCONFIRMED, "1", "N", Verdict.REFUSED),
        (State.PROCESSING, "1", "N", Verdict.REFUSED),
        (State.PROCESSING, "2", "N", None),
    ],
)
def test_what_stands_there_is_read_before_a_state_is_told_again(
    options, state, stands, back, expected
):
    first = said(options, status(state), again=True)
    assert first.path.endswith("/query")
    assert asked(first)["yurref"] == ["YR1"]
    row = {"yurref": "YR1", "paystate": stands, "isrefund": back}
    following = said(options, status(state), again=True, replies=[answer([row])])
    if expected is None:
        assert asked(following)["rows"]
    else:
        assert verdicts(following) == [expected]


def test_what_cannot_be_read_back_is_not_written(options):
    for reply in (answer([]), answer(success=False, message="忙"), answer(status=502)):
        assert verdicts(said(options, again=True, replies=[reply])) == [Verdict.AGAIN]
    gone = answer(success=False, message="token失效")
    assert verdicts(said(options, again=True, replies=[gone])) == [Verdict.LOGIN]


def test_the_number_of_a_write_is_always_the_same_until_something_was_read(options):
    def number(call):
        return dict(call.headers)["busi_id"]

    first = said(options, nonce="1" * 32)
    assert number(first) == number(said(options, nonce="2" * 32))
    assert number(first) != number(said(options, status(version=8)))
    looked = {"again": True, "replies": [answer([{"yurref": "YR1", "paystate": "3"}])]}
    assert number(said(options, nonce="1" * 32, **looked)) != number(first)
    assert number(said(options, nonce="2" * 32, **looked)) != number(
        said(options, nonce="1" * 32, **looked)
    )


# ── against the stand-in ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("site", "options_"),
    [
        ({}, {}),
        ({"level": "L2"}, {"secret_level": "L2"}),
        ({"old": True}, {"scheme": "pkcs1"}),
    ],
)
def test_each_version_and_level_is_spoken(site, options_):
    stand_in = ncc_site("YR1", "YR2", "YR3", **site)
    line = Line(stand_in, page_size="2", **options_).log_in()
    drafts = line.pull()
    assert [it.erp_reference for it in drafts] == ["YR1", "YR2", "YR3"]
    told = [told_of(it) for it in drafts]
    assert verdicts(line.tell(ToldKind.STATUS, *told)) == [Verdict.TAKEN] * 3
    assert line.pull() == []


@pytest.mark.parametrize(
    ("site", "options_", "words"),
    [
        ({"biz_center": "other"}, {"biz_center": "develop"}, "账套编码"),
        ({"client_id": "other"}, {"client_id": "bankgw"}, "not registered"),
        ({"client_secret": "other"}, {}, "not authorized"),
        ({}, {"scheme": "pkcs1"}, "Decryption error"),
        ({"level": "L2"}, {}, "secret_level"),
    ],
)
def test_a_wrong_application_gets_no_token_and_the_reason(site, options_, words):
    with pytest.raises(Refused, match=words):
        Line(ncc_site(**site), **options_).log_in()


def test_lines_are_one_record_whether_told_as_credit_or_statement_and_whatever_is_lost():
    line = Line(ncc_site()).log_in()
    books = line.site.books
    credit = erps.credit_told(entry=erps.ENTRIES[1])
    assert verdicts(line.tell(ToldKind.CREDIT, credit, lost=[True])) == [Verdict.AGAIN]
    assert verdicts(line.tell(ToldKind.CREDIT, credit, again=True)) == [Verdict.ALREADY]
    statement = erps.statement_told()
    # Not told before, but one of its lines is there: the others are kept, none comes twice.
    assert verdicts(line.tell(ToldKind.STATEMENT, statement)) == [Verdict.TAKEN]
    assert verdicts(line.tell(ToldKind.STATEMENT, statement, again=True)) == [Verdict.ALREADY]
    assert len(books.lines) == len(erps.ENTRIES)
    row = next(it for it in books.lines.values() if it["trsamt"] == "1234567.89")
    assert (row["cdflag"], row["cdtdbtind"], row["yurref"]) == ("1", "DBIT", "FK-0001")


def test_a_long_statement_goes_page_by_page_and_goes_on_where_it_stopped():
    line = Line(ncc_site()).log_in()
    entries = tuple(erps.entry(f"k{at}", f"{at}.01") for at in range(1, 251))
    statement = erps.statement_told(*entries)
    lost = [False, True]
    assert verdicts(line.tell(ToldKind.STATEMENT, statement, lost=lost)) == [Verdict.AGAIN]
    assert len(line.site.books.lines) == 200
    assert verdicts(line.tell(ToldKind.STATEMENT, statement, again=True)) == [Verdict.TAKEN]
    assert len(line.site.books.lines) == 250
    saves = [it for it in line.sent if it.path.endswith("ebankdzd/save")]
    assert [len(json.loads(it.body)["rows"]) for it in saves] == [100, 100, 50]


def test_balances_and_receipts_are_kept_once():
    line = Line(ncc_site()).log_in()
    for kind, record in (
        (ToldKind.BALANCE, erps.balance_told()),
        (ToldKind.RECEIPT, erps.receipt_told()),
    ):
        assert verdicts(line.tell(kind, record)) == [Verdict.TAKEN]
        assert verdicts(line.tell(kind, record, again=True)) == [Verdict.ALREADY]
    (balance,) = line.site.books.balances.values()
    assert (balance["balance"], balance["usablebalance"]) == ("98765.44", "98765.43")
    (receipt,) = line.site.books.receipts.values()
    assert receipt["filename"] == "RCPT0001.pdf"


def test_a_token_that_ended_is_asked_for_anew():
    line = Line(ncc_site("YR1")).log_in()
    line.site._tokens.clear()
    assert line.pull() is Verdict.LOGIN
    assert len(line.log_in().pull()) == 1
