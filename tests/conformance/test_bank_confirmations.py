"""Confirmations and notices in every bank's language: the bank's own words, or nothing at all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.domain.errors import BankRefused, OperatorRefused, WireError
from gateway.domain.message import WireReply
from gateway.domain.money import CNY, Money
from gateway.ports.bank import Reason
from gateway.ports.bank_confirm import (
    BalanceNotice,
    ConfirmedLine,
    ConfirmOrder,
    ConfirmQuestion,
    ConfirmRequest,
    ConfirmResultRequest,
    OrderVerdict,
    ResultVerdict,
    StoredConfirmation,
)
from tests.conformance.found import (
    ACCOUNT,
    AT,
    OTHER_SERIAL,
    SERIAL,
    SIGN_ON,
    answer,
    damaged,
    every_dialect,
)
from tests.records import replace

MONTH = date(2026, 8, 1)
ORDER = ConfirmOrder(account=ACCOUNT, month=MONTH)
QUESTION = ConfirmQuestion(original=OTHER_SERIAL, account=ACCOUNT, month=MONTH)
LINE = ConfirmedLine(
    account=ACCOUNT, name="示例制造有限公司", verdict=ResultVerdict.AGREED, balance=Money(9876, CNY)
)
STORED = StoredConfirmation(
    serial=OTHER_SERIAL,
    month=MONTH,
    verdict=OrderVerdict.DONE,
    executed_at=AT - timedelta(hours=1),
    lines=(LINE,),
)


def asked(dialect, name, question, told):
    sent = getattr(dialect, name).encode(question, SIGN_ON, SERIAL)
    request = dialect.bank_side.decode(sent.body())
    return request, dialect.bank_side.encode(request, told)


@every_dialect
@pytest.mark.parametrize("verdict", [OrderVerdict.RUNNING, OrderVerdict.DONE, OrderVerdict.FAILED])
def test_an_order_names_its_account_and_tells_its_state(dialect, verdict):
    if dialect.confirm is None:
        return
    told = answer(confirmation=replace(STORED, verdict=verdict))
    request, reply = asked(dialect, "confirm", ORDER, told)
    assert request.body == ConfirmRequest(account=ACCOUNT, month=MONTH)
    assert request.serial == SERIAL
    assert dialect.confirm.decode(ORDER, SERIAL, reply).verdict is verdict
    for body in damaged(reply.body):
        with pytest.raises(WireError):
            dialect.confirm.decode(ORDER, SERIAL, replace(reply, body=body))
    with pytest.raises(WireError):
        dialect.confirm.decode(ORDER, OTHER_SERIAL, reply)
    with pytest.raises(WireError):
        dialect.confirm.decode(replace(ORDER, month=date(2026, 7, 1)), SERIAL, reply)
    with pytest.raises(ValueError, match="every account"):
        dialect.confirm.encode(replace(ORDER, account=""), SIGN_ON, SERIAL)


@every_dialect
def test_only_a_known_refusal_says_that_an_order_did_nothing(dialect):
    if dialect.confirm is None:
        return
    for told, verdict in (
        (answer(message=Reason.NOT_PERMITTED), OrderVerdict.REFUSED),
        (answer(unknown_code=True), OrderVerdict.UNCLEAR),
        (answer(message=Reason.SYSTEM_FAILURE), OrderVerdict.UNCLEAR),
        (answer(), OrderVerdict.UNCLEAR),
    ):
        _, reply = asked(dialect, "confirm", ORDER, told)
        assert dialect.confirm.decode(ORDER, SERIAL, reply).verdict is verdict
    _, reply = asked(dialect, "confirm", ORDER, answer(signon=Reason.PASSWORD_WRONG))
    with pytest.raises(OperatorRefused):
        dialect.confirm.decode(ORDER, SERIAL, reply)


@every_dialect
@pytest.mark.parametrize("verdict", [*ResultVerdict])
def test_a_result_is_the_accounts_own_line(dialect, verdict):
    if dialect.confirm_result is None or verdict is ResultVerdict.NOT_READY:
        return
    other = replace(LINE, account="900010100100000012", balance=Money(1, CNY))
    absent = verdict is ResultVerdict.ABSENT
    due = verdict is not ResultVerdict.NOTHING_DUE
    line = replace(LINE, verdict=verdict, balance=LINE.balance if due else None)
    told = answer(confirmation=replace(STORED, lines=(other,) if absent else (other, line)))
    request, reply = asked(dialect, "confirm_result", QUESTION, told)
    assert request.body == ConfirmResultRequest(original=OTHER_SERIAL, page=1)
    read = dialect.confirm_result.decode(QUESTION, SERIAL, reply)
    assert read.verdict is verdict
    assert read.balance == (line.balance if not absent else None)
    for body in damaged(reply.body):
        with pytest.raises((WireError, BankRefused)):
            dialect.confirm_result.decode(QUESTION, SERIAL, replace(reply, body=body))


@every_dialect
def test_a_result_that_is_not_there_yet_is_no_answer(dialect):
    if dialect.confirm_result is None:
        return
    _, reply = asked(dialect, "confirm_result", QUESTION, answer(message=Reason.TOO_EARLY))
    early = dialect.confirm_result.decode(QUESTION, SERIAL, reply)
    assert early.verdict is ResultVerdict.NOT_READY
    told = answer(message=Reason.NO_SUCH_INSTRUCTION)
    _, reply = asked(dialect, "confirm_result", QUESTION, told)
    with pytest.raises(BankRefused):
        dialect.confirm_result.decode(QUESTION, SERIAL, reply)


@every_dialect
@pytest.mark.parametrize("fen", [-120050, 1000])
def test_a_notice_is_read_as_the_bank_wrote_it(dialect, fen):
    if dialect.notice is None or dialect.bank_side.notice is None:
        return
    told = BalanceNotice(
        account=ACCOUNT,
        account_name="示例制造有限公司",
        amount=Money(fen, CNY),
        at=AT,
        key="2026091500000000001000001",
        available=Money(-5, CNY),
        memo="运费",
    )
    posted = dialect.bank_side.notice(told)
    assert dialect.notice(posted) == told
    assert dialect.sniff(posted.body)
    assert dialect.explain(posted.body).operation == "balance_notice"
    for body in (b"", b"<html/>", posted.body[: len(posted.body) // 2]):
        with pytest.raises(WireError):
            dialect.notice(WireReply(0, "", body))
