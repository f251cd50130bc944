"""What NC and U8 are told and what they answer, without a socket."""

from __future__ import annotations

import pytest

from adapters.erp.yonyou import DIALECTS
from adapters.erp.yonyou.telling import page_size
from gateway.domain.errors import Refused, WireError
from gateway.domain.instruction import State
from gateway.ports.erp import FileFacts
from gateway.ports.erp_api import Call, Verdict
from gateway.ports.erp_told import ToldKind
from gateway.wire.xml import Profile, parse
from tests.conformance import erps
from tests.unit.yonyou.talk import conversation, xml

NC_OPTIONS = {"account": "0001", "receiver": "10101", "groupcode": "01"}
U8_OPTIONS = {"sender": "001"}


def say(flavour, kind, *told, replies=(), **options):
    base = NC_OPTIONS if flavour == "nc" else U8_OPTIONS
    api = DIALECTS[flavour].api({**base, **options})
    return api.tell[kind].say(conversation(*told, replies=replies))


def sent(call):
    assert isinstance(call, Call)
    return parse(call.body, Profile.FILE)


def status(state=State.SETTLED, **changes):
    return erps.status_told("yonyou/nc", state, **{"source": {"bill": "D51"}, **changes})


def sendresult(*results, tag="sendresult"):
    inside = "".join(
        f"<sendresult><bdocid>{id_}</bdocid><resultcode>{code}</resultcode>"
        f"<resultdescription>{text}</resultdescription></sendresult>"
        for id_, code, text in results
    )
    return xml(f'<ufinterface roottag="{tag}" successful="Y">{inside}</ufinterface>')


def items(*inside):
    return xml(f'<ufinterface roottag="gwpaylogreturn">{"".join(inside)}</ufinterface>')


def verdict(flavour, reply, *, told=None):
    taken = say(flavour, ToldKind.STATUS, told or status(), replies=[reply])
    assert not isinstance(taken, Call)
    (one,) = taken
    return one.verdict


# ── NC ────────────────────────────────────────────────────────────────────────────────────────


def test_a_status_is_a_bill_that_replaces_nothing():
    call = say("nc", ToldKind.STATUS, status())
    assert (call.path, dict(call.query)) == (
        "/service/XChangeServlet",
        {"account": "0001", "groupcode": "01"},
    )
    root = sent(call)
    attributes = ("replace", "proc", "isexchange", "roottag", "sender", "receiver", "billtype")
    assert [root.attr(name) for name in attributes] == [
        *("N", "add", "Y", "bill", "BANKGW", "10101", "GWPAYLOG")
    ]
    assert root.one("bill").attr("id") == "ins_01.7"
    head = root.at("bill/billhead")
    assert head.child_text("yurref") == "FK-0001"
    assert head.child_text("srcpkid") == "D51"
    assert head.child_text("paystate") == "0"
    assert head.child_text("isrefund") == "N"
    assert head.child_text("trsamt") == "1234.50"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.SETTLED, "0"),
        (State.RETURNED, "0"),
        (State.PAID_ELSEWHERE, "0"),
        (State.REJECTED, "1"),
        (State.UNCONFIRMED, "2"),
        (State.PROCESSING, "3"),
        (State.HELD, "3"),
    ],
)
def test_the_payment_state_of_each_state(state, code):
    head = sent(say("nc", ToldKind.STATUS, status(state))).at("bill/billhead")
    assert head.child_text("paystate") == code
    assert head.child_text("gwstate") == state.value
    assert head.child_text("isrefund") == ("Y" if state is State.RETURNED else "N")


def test_an_amount_that_was_none_is_not_repeated_as_one():
    refused = status(state="REFUSED", code="amount_format", amount="1e3", instruction="")
    head = sent(say("nc", ToldKind.STATUS, refused)).at("bill/billhead")
    assert not head.has("trsamt")


def test_sites_choose_their_own_numbers_but_never_one_for_two_outcomes():
    options = {"paystate_unknown": "9", "billtype_status": "36PS"}
    root = sent(say("nc", ToldKind.STATUS, status(State.UNCONFIRMED), **options))
    assert root.attr("billtype") == "36PS"
    assert root.at("bill/billhead").child_text("paystate") == "9"
    with pytest.raises(Refused):
        say("nc", ToldKind.STATUS, status(), paystate_unknown="1")


def test_a_document_known_before_is_never_called_failed():
    known = status(state="REFUSED", code="reused_reference")
    (taken,) = say("nc", ToldKind.STATUS, known)
    assert taken.verdict is Verdict.TAKEN
    refused = sent(say("nc", ToldKind.STATUS, status(state="REFUSED", code="required")))
    assert refused.at("bill/billhead").child_text("paystate") == "1"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (("ins_01.7", "1", "处理完毕!"), Verdict.TAKEN),
        (("ins_01.7", "-28001", "单据ins_01.7已经存在"), Verdict.ALREADY),
        (("ins_01.7", "-1", "账户不存在"), Verdict.REFUSED),
        (("ins_01.7", "0", "?"), Verdict.REFUSED),
        (("ins_01.7", "OK", "?"), Verdict.AGAIN),
        (("", "-1", "账套不存在"), Verdict.AGAIN),
        (("", "1", "?"), Verdict.AGAIN),
    ],
)
def test_result_code_one_is_success_and_nothing_else(result, expected):
    assert verdict("nc", sendresult(result)) is expected


def test_a_bill_that_the_reply_does_not_name_is_posted_again():
    assert verdict("nc", sendresult()) is Verdict.AGAIN
    assert verdict("nc", xml("<html/>", status=500)) is Verdict.AGAIN


@pytest.mark.parametrize(
    "reply",
    [
        xml(""),
        xml("<html><body>login</body></html>"),
        sendresult(tag="bill"),
        xml('<other roottag="sendresult" successful="Y"/>'),
        sendresult(("ins_01.7", "1", ""), ("ins_01.7", "-1", "")),
        sendresult(("stranger", "1", "")),
        xml('<ufinterface roottag="sendresult"><sendresult/></ufinterface>'),
    ],
    ids=["empty", "page", "request", "root", "twice", "stranger", "no code"],
)
def test_what_is_no_reply_proves_nothing(reply):
    with pytest.raises(WireError):
        verdict("nc", reply)


def test_lines_have_the_iso_mark_and_one_key_for_ever():
    bills = list(sent(say("nc", ToldKind.STATEMENT, erps.statement_told())).each("bill"))
    heads = [it.one("billhead") for it in bills]
    assert [it.child_text("cdtdbtind") for it in heads] == ["DBIT", "CRDT", "DBIT", "DBIT", "CRDT"]
    assert [it.child_text("cdflag") for it in heads] == ["1", "2", "1", "1", "2"]
    assert heads[0].child_text("trsamt") == "1234567.89"
    assert len({it.attr("id") for it in bills}) == len(erps.ENTRIES), "twins are two lines"
    credit = erps.credit_told(entry=erps.ENTRIES[1])
    assert sent(say("nc", ToldKind.CREDIT, credit)).one("bill").attr("id") == bills[1].attr("id")


def test_a_long_statement_goes_page_by_page_and_stops_at_what_is_not_taken():
    entries = tuple(erps.entry(f"n{at}", "1.00") for at in range(150))
    told = erps.statement_told(*entries)
    first = [it.attr("id") for it in sent(say("nc", ToldKind.STATEMENT, told)).each("bill")]
    assert len(first) == 100
    good = sendresult(*((id_, "1", "") for id_ in first))
    second = say("nc", ToldKind.STATEMENT, told, replies=[good])
    ids = [it.attr("id") for it in sent(second).each("bill")]
    assert len(ids) == 50
    done = say(
        "nc", ToldKind.STATEMENT, told, replies=[good, sendresult(*((i, "1", "") for i in ids))]
    )
    assert [it.verdict for it in done] == [Verdict.TAKEN]
    bad = sendresult(*((id_, "1", "") for id_ in first[1:]), (first[0], "-1", "账户不存在"))
    (stopped,) = say("nc", ToldKind.STATEMENT, told, replies=[bad])
    assert (stopped.verdict, stopped.text) == (Verdict.REFUSED, "账户不存在")


@pytest.mark.parametrize("entries", [100, 3000, 3001, 20_000])
def test_no_statement_needs_more_calls_than_a_conversation_has(entries):
    assert -(-entries // page_size(entries)) <= 30
    assert page_size(entries) >= 100


def test_options_of_the_transport_are_none_of_ours():
    options = {"host_key": "ssh-ed25519 AAAA " + "x" * 80}
    assert DIALECTS["nc"].with_options(options).files


def test_files_say_the_same_as_messages():
    facts = FileFacts(id="F1", created=erps.AT)
    dialect = DIALECTS["nc"].with_options(NC_OPTIONS)
    told = (status(), status(State.REJECTED, version=8))
    written = b"".join(dialect.files[ToldKind.STATUS].write(told, facts))
    assert written == say("nc", ToldKind.STATUS, *told).body


def test_a_reply_of_ours_takes_or_refuses_each_bill():
    lines = [
        erps.standing(
            0, "UNCONFIRMED", source={"bill": "A", "filename": "f.xml", "sender": "NC65"}
        ),
        erps.standing(1, "REJECTED", source={"bill": "B"}),
        erps.standing(2, "RECEIVED", source={"bill": "C"}, faults=(erps.FAULT,)),
    ]
    root = parse(b"".join(DIALECTS["nc"].report(erps.report_of(*lines))), Profile.MESSAGE)
    assert (root.attr("roottag"), root.attr("successful")) == ("sendresult", "N")
    assert root.attr("sender") == "NC65"
    results = list(root.each("sendresult"))
    assert [it.one("resultcode").text() for it in results] == ["1", "1", "-1"]
    assert [it.one("bdocid").text() for it in results] == ["A", "B", "C"]
    all_taken = parse(b"".join(DIALECTS["nc"].report(erps.report_of(lines[0]))), Profile.MESSAGE)
    assert all_taken.attr("successful") == "Y"


def test_a_refusal_names_the_record_and_the_file_that_the_sender_knows():
    refused = erps.refusal(message_id="NC65/FK1.xml/D51", file_name="")
    root = parse(b"".join(DIALECTS["nc"].refuse(refused)), Profile.MESSAGE)
    result = root.one("sendresult")
    assert result.one("bdocid").text() == "D51"
    assert result.one("filename").text() == root.attr("filename") == "FK1.xml"
    assert (result.one("resultcode").text(), root.attr("successful")) == ("-1", "N")


# ── U8 ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ('<item key="ins_01.7" succeed="0" dsc=""/>', Verdict.TAKEN),
        ('<item succeed="0" dsc=""/>', Verdict.TAKEN),
        ('<item key="ins_01.7" succeed="1" dsc="账套未启用"/>', Verdict.REFUSED),
        ('<item key="ins_01.7" succeed="1" dsc="单据已存在"/>', Verdict.ALREADY),
        ('<item key="ins_01.7" succeed="2" dsc="?"/>', Verdict.AGAIN),
        ('<item key="ins_01.7" dsc="?"/>', Verdict.AGAIN),
    ],
)
def test_zero_is_success_and_one_an_error(item, expected):
    assert verdict("u8", items(item)) is expected


@pytest.mark.parametrize(
    "reply",
    [
        items("<item/>", "<item/>"),
        xml("<html/>"),
        xml("{}"),
        xml('<ufinterface roottag="gwpaylog"><item succeed="0"/></ufinterface>'),
        xml('<other roottag="gwpaylogreturn"><item succeed="0"/></other>'),
    ],
)
def test_items_that_cannot_be_told_apart_prove_nothing(reply):
    with pytest.raises(WireError):
        verdict("u8", reply)


def test_a_reply_without_items_is_no_success():
    assert verdict("u8", items()) is Verdict.AGAIN


def test_the_interface_and_the_form_of_a_record():
    call = say("u8", ToldKind.BALANCE, erps.balance_told(), receiver="u8-999")
    assert call.path == "/U8EAI/import.asp"
    root = sent(call)
    assert (root.attr("sender"), root.attr("receiver")) == ("001", "u8-999")
    assert root.attr("roottag") == "gwbankbalance"
    assert root.at("gwbankbalance/header").child_text("balance") == "98765.44"


def test_a_reply_of_ours_turns_sender_and_receiver_round():
    source = {"bill": "A", "sender": "u8", "receiver": "001", "roottag": "gwpayment"}
    lines = [
        erps.standing(0, "SETTLED", source=source),
        erps.standing(1, "RECEIVED", source={"bill": "B"}, faults=(erps.FAULT,)),
    ]
    root = parse(b"".join(DIALECTS["u8"].report(erps.report_of(*lines))), Profile.MESSAGE)
    assert (root.attr("sender"), root.attr("receiver")) == ("001", "u8")
    assert root.attr("roottag") == "gwpaymentaddreturn"
    assert [it.attr("succeed") for it in root.each("item")] == ["0", "1"]


# ── options ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("flavour", "options", "named"),
    [
        ("nc", {}, {"account", "receiver"}),
        ("nc", {**NC_OPTIONS, "servlet": "http://x/"}, {"servlet"}),
        ("nc", {**NC_OPTIONS, "cdflag_debit": "d/c"}, {"cdflag_debit"}),
        ("u8", {}, {"sender"}),
        ("u8", {**U8_OPTIONS, "dynamicdate": "a b"}, {"dynamicdate"}),
    ],
)
def test_options_of_another_form_are_refused_by_name(flavour, options, named):
    with pytest.raises(Refused) as error:
        DIALECTS[flavour].api(options)
    assert {it.path.rpartition("/")[2] for it in error.value.faults} == named
