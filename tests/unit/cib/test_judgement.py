"""The three result layers, code by code."""

from __future__ import annotations

import pytest

from adapters.bank.cib import DIALECT, codes
from gateway.domain.errors import WireError
from gateway.domain.outcome import Stage, Verdict
from gateway.ports.bank import StatusQuestion
from tests.golden.cib.cases import OWN, P1
from tests.unit.cib.foxes import SIGNED_ON, reply, signon_only, status, transfer, wired

ASKED = StatusQuestion(original=P1, order=OWN)
ENQUIRY = "20260302Q0009"


def paid(told, body="", **changes):
    return DIALECT.pay.decode(OWN, P1, reply("XFERTRNRS", P1, told, body, **changes))


def body(code, **changes):
    return f"<XFERRS>{transfer(code, **changes)}</XFERRS>"


def enquired(told, inner=""):
    return DIALECT.payment_status.decode(
        ASKED, ENQUIRY, reply("XFERINQTRNRS", ENQUIRY, told, inner)
    )


def listed(content, start="1", end="1"):
    return (
        f'<XFERINQRS><XFERLIST MORE="N"><FROM>{start}</FROM><TO>{end}</TO>{content}'
        "</XFERLIST></XFERINQRS>"
    )


@pytest.mark.parametrize(
    ("code", "verdict", "reason"),
    [
        ("AUDITING", Verdict.BANK_APPROVAL, "client_netbank"),
        ("AUDITED", Verdict.BANK_APPROVAL, "bank_due_date"),
        ("WAIT_FOR_AUDIT", Verdict.BANK_APPROVAL, "bank_branch"),
        ("SEND_BACK", Verdict.BANK_APPROVAL, "returned_to_maker"),
        ("SUBMIT_SUCC", Verdict.PROCESSING, ""),
        ("PROCESSING", Verdict.PROCESSING, ""),
        ("PENDING", Verdict.UNCONFIRMED, "pending"),
        ("PART_PAYOUT", Verdict.UNCONFIRMED, "part_payout"),
        ("PAYOUT", Verdict.SETTLED, ""),
        ("FAIL", Verdict.REJECTED, ""),
        ("CANCEL", Verdict.CANCELLED, ""),
        ("EXPIRED", Verdict.EXPIRED, ""),
        ("2005", Verdict.UNCONFIRMED, "unknown_result"),
        ("50006", Verdict.UNCONFIRMED, "unknown_result"),
        ("51010", Verdict.UNCONFIRMED, "unknown_result"),
        ("1", Verdict.UNCONFIRMED, "unknown_result"),
        ("payout", Verdict.UNCONFIRMED, "unknown_result"),
    ],
)
def test_an_instructions_own_result(code, verdict, reason):
    outcome = paid(status(severity="INFO"), body(code))
    assert (outcome.verdict, outcome.reason, outcome.stage) == (verdict, reason, Stage.EXECUTION)
    assert (outcome.code, outcome.known_reject) == (code, False)


@pytest.mark.parametrize(
    "code",
    [
        *("2005", "2006", "2021", "50006", "75001", "75320", "408019"),
        *("1031", "2373", "20001", "32021", "40001", "40807", "60101"),
    ],
)
def test_a_code_whose_meaning_is_stated_refuses_the_message(code):
    outcome = paid(status(code, "示例"))
    assert (outcome.verdict, outcome.stage) == (Verdict.REJECTED, Stage.VALIDATION)
    assert (outcome.known_reject, outcome.code) == (True, code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("2002", "账号与核心户名不符,应为:某某公司"),
        ("2002", "户名不符"),
        ("2000", "付款账户不存在 [002-1853]"),
        ("2000", "账户未开通该业务"),
        ("2002", "您的收款账号不是兴业银行账号"),
        ("2002", "收款账号字段格式错误"),
        ("2002", "附言非法"),
        ("2000", "没有该项业务的授权"),
        ("77001", "权限不足"),
        ("52000", "数据校验未通过，请使用新的流水号"),
    ],
)
def test_a_text_of_the_list_refuses_the_message(code, text):
    outcome = paid(status(code, text))
    assert (outcome.verdict, outcome.known_reject) == (Verdict.REJECTED, True)


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        ("2000", "", "unknown_code"),
        ("2000", "交易失败", "unknown_code"),
        ("2002", "派发失败", "unknown_code"),
        ("2002", "", "unknown_code"),
        ("6000", "未知错误", "bank_doubt"),
        ("6000", "权限不足", "bank_doubt"),
        ("51010", "执行异常，请查询指令", "bank_doubt"),
        ("52000", "执行异常，请查询指令", "bank_doubt"),
        ("12345", "TRNUID值已被使用", "serial_used"),
        ("1740", "查询超时", "bank_timeout"),
        ("2002", "系统存在多条记录", "several_records"),
        ("6352", "文件合计不符", "unknown_code"),
        ("51027", "合计与明细不符", "unknown_code"),
        ("60010", "明细有误", "unknown_code"),
        ("2020", "指令不存在", "unknown_code"),
        ("99999", "失败", "unknown_code"),
        ("-1", "失败", "unknown_code"),
        ("00", "成功", "unknown_code"),
    ],
)
def test_every_other_code_proves_nothing(code, text, reason):
    outcome = paid(status(code, text))
    assert (outcome.verdict, outcome.known_reject) == (Verdict.UNCONFIRMED, False)
    assert (outcome.reason, outcome.code, outcome.text) == (reason, code, text)


def test_a_refusal_with_a_failed_body_is_a_failure():
    outcome = paid(status("75320", "可用余额不足", "ERR"), body("FAIL", text="余额不足"))
    assert (outcome.verdict, outcome.stage) == (Verdict.REJECTED, Stage.EXECUTION)


@pytest.mark.parametrize("code", ["PAYOUT", "PROCESSING", "AUDITING", "CANCEL", "50006"])
def test_a_refusal_with_a_living_body_is_a_contradiction(code):
    outcome = paid(status("2005"), body(code))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, "contradiction")


@pytest.mark.parametrize("inner", ["", "<XFERRS/>", "<XFERRS><XFERPRCSTS/></XFERRS>"])
def test_acceptance_without_a_result_proves_nothing(inner):
    outcome = paid(status(), inner)
    assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, "no_result")


def test_the_banks_number_has_several_names():
    for name in ("SRVRID", "SRVRTID"):
        told = body("PAYOUT").replace("SRVRID", name)
        assert paid(status(), told).bank_reference == "990000000001"


def test_a_refused_sign_on_with_a_business_section_is_unclear():
    outcome = paid(status(), body("PAYOUT"), signon=status("15500", "登录错误"))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, "signon_unclear")


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (status("15500"), True),
        (status("2000", "证书不匹配"), True),
        (status("9", "密码错误次数超限"), True),
        (status("9", "密码已经锁定"), True),
        (status("6000", "系统异常"), False),
        (status("2005", "权限不足"), False),
        (status("98765"), False),
    ],
)
def test_a_refused_sign_on_is_known_or_unclear(told, known):
    for outcome in (
        DIALECT.pay.decode(OWN, P1, signon_only(told)),
        DIALECT.payment_status.decode(ASKED, ENQUIRY, signon_only(told)),
    ):
        assert outcome.stage is Stage.SIGNON
        assert outcome.known_reject is known
        assert outcome.verdict is (Verdict.REJECTED if known else Verdict.UNCONFIRMED)


@pytest.mark.parametrize(
    "fox",
    [
        "<FOX/>",
        "<FOX><SIGNONMSGSRSV1/></FOX>",
        "<FOX><SIGNONMSGSRSV1><SONRS/></SIGNONMSGSRSV1></FOX>",
        "<FOX><SIGNONMSGSRSV1><SONRS><STATUS><CODE/></STATUS></SONRS></SIGNONMSGSRSV1></FOX>",
        f"<FOX><SIGNONMSGSRSV1><SONRS>{SIGNED_ON}</SONRS></SIGNONMSGSRSV1></FOX>",
        f"<FOX><SIGNONMSGSRSV1><SONRS>{SIGNED_ON}{SIGNED_ON}</SONRS></SIGNONMSGSRSV1></FOX>",
        "<FOXES/>",
    ],
)
def test_what_lacks_a_status_is_no_reply(fox):
    with pytest.raises(WireError):
        DIALECT.pay.decode(OWN, P1, wired(fox))


@pytest.mark.parametrize("serial", ["", "20260302P0002", "20260302p0001", "20260302P00011"])
def test_another_serial_is_no_reply(serial):
    with pytest.raises(WireError, match="serial"):
        DIALECT.pay.decode(OWN, P1, reply("XFERTRNRS", serial, status(), body("PAYOUT")))


def test_another_client_reference_is_no_reply():
    told = body("PAYOUT").replace("</XFERRS>", "<CLIENTREF>20260302P0002</CLIENTREF></XFERRS>")
    with pytest.raises(WireError, match="serial"):
        paid(status(), told)


@pytest.mark.parametrize(
    "changes",
    [
        {"payee": "900010100100000098"},
        {"amount": "1200.51"},
        {"amount": "12005.0"},
        {"more": "<PURPOSE>别的用途</PURPOSE>"},
        {"more": "<CURSYM>USD</CURSYM>"},
    ],
)
def test_an_echo_of_other_content_proves_nothing(changes):
    outcome = paid(status(), body("PAYOUT", **changes))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, "echo_mismatch")


@pytest.mark.parametrize("amount", ["", "1.2e3", "1200,50", "１２００.50", "NaN", "-1200.50"])
def test_an_echo_that_is_no_amount_is_no_proof(amount):
    if not amount:
        assert paid(status(), body("PAYOUT", amount=amount)).verdict is Verdict.SETTLED
        return
    with pytest.raises(WireError, match="amount"):
        paid(status(), body("PAYOUT", amount=amount))


def test_a_payments_echo_may_be_absent_but_an_enquirys_may_not():
    assert paid(status(), body("PAYOUT", info=False)).verdict is Verdict.SETTLED
    content = f"<XFER>{transfer('PAYOUT', info=False)}</XFER>"
    outcome = enquired(status(), listed(content))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, "echo_missing")


def test_every_code_class_is_in_use():
    assert {line.kind for line in codes.MEANINGS} == set(codes.CodeClass)
