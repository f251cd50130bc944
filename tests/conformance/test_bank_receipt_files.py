"""Receipt files in every bank's language: our number comes back, no state is guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.errors import BankRefused, WireError
from gateway.ports.bank import Reason
from gateway.ports.bank_receipts import (
    ReceiptFile,
    ReceiptFilesPage,
    ReceiptFilesQuestion,
    ReceiptFilesRequest,
    ReceiptOrder,
    ReceiptOrdered,
    ReceiptOrderRequest,
    StoredReceiptTask,
    TaskState,
)
from tests.conformance.found import (
    ACCOUNT,
    OTHER_SERIAL,
    SERIAL,
    SIGN_ON,
    TODAY,
    answer,
    damaged,
    every_dialect,
)
from tests.records import replace

ORDER = ReceiptOrder(account=ACCOUNT, day=TODAY - timedelta(days=1))
QUESTION = ReceiptFilesQuestion(original=OTHER_SERIAL, account=ACCOUNT, page=2)
FILES = (
    ReceiptFile(place=101, id="f-101", name="20260914000000000070000010.pdf"),
    ReceiptFile(place=102, id="f-102", name="receipts.zip"),
)
STORED = StoredReceiptTask(
    original=SERIAL,
    account=ACCOUNT,
    state=TaskState.DONE,
    created_on=TODAY,
    bank_reference="990000000020",
    count=102,
    expires_on=TODAY + timedelta(days=7),
    files=FILES,
)


def asked(dialect, operation, question, told):
    sent = getattr(dialect, operation).encode(question, SIGN_ON, SERIAL)
    return dialect.bank_side.encode(dialect.bank_side.decode(sent.body()), told)


@every_dialect
def test_who_orders_receipts_can_ask_for_their_files(dialect):
    assert (dialect.receipt_order is None) == (dialect.receipt_files is None)


@every_dialect
@pytest.mark.parametrize(
    "state", [TaskState.NEW, TaskState.RUNNING, TaskState.DONE, TaskState.FAILED]
)
def test_an_order_survives_the_way_to_the_bank_and_back(dialect, state):
    if dialect.receipt_order is None:
        return
    sent = dialect.receipt_order.encode(ORDER, SIGN_ON, SERIAL)
    request = dialect.bank_side.decode(sent.body())
    assert (request.serial, request.malformed) == (SERIAL, "")
    assert request.body == ReceiptOrderRequest(account=ACCOUNT, day=ORDER.day)
    told = answer(receipts=replace(STORED, state=state))
    reply = dialect.bank_side.encode(request, told)
    assert dialect.receipt_order.decode(ORDER, SERIAL, reply) == ReceiptOrdered(state=state)
    for body in damaged(reply.body):
        with pytest.raises((WireError, BankRefused)):
            dialect.receipt_order.decode(ORDER, SERIAL, replace(reply, body=body))
    with pytest.raises(WireError):
        dialect.receipt_order.decode(ORDER, OTHER_SERIAL, reply)
    with pytest.raises(WireError):
        dialect.receipt_order.decode(replace(ORDER, account="1" * 18), SERIAL, reply)


@every_dialect
@pytest.mark.parametrize("more", [True, False])
def test_a_page_of_files_is_read_whole(dialect, more):
    if dialect.receipt_files is None:
        return
    sent = dialect.receipt_files.encode(QUESTION, SIGN_ON, SERIAL)
    request = dialect.bank_side.decode(sent.body())
    assert request.body == ReceiptFilesRequest(original=OTHER_SERIAL, page=2)
    reply = dialect.bank_side.encode(request, answer(receipts=replace(STORED, more=more)))
    assert dialect.receipt_files.decode(QUESTION, SERIAL, reply) == ReceiptFilesPage(
        state=TaskState.DONE,
        bank_reference="990000000020",
        count=102,
        expires_on=STORED.expires_on,
        files=FILES,
        more=more,
    )
    for body in damaged(reply.body):
        with pytest.raises((WireError, BankRefused)):
            dialect.receipt_files.decode(QUESTION, SERIAL, replace(reply, body=body))
    with pytest.raises(WireError):
        dialect.receipt_files.decode(replace(QUESTION, account="1" * 18), SERIAL, reply)
    twice = answer(receipts=replace(STORED, files=(FILES[0], FILES[0])))
    told = asked(dialect, "receipt_files", QUESTION, twice)
    with pytest.raises(WireError):
        dialect.receipt_files.decode(QUESTION, SERIAL, told)


@every_dialect
def test_a_word_for_a_state_that_nobody_knows_is_not_guessed(dialect):
    if dialect.receipt_order is None:
        return
    strange = answer(receipts=replace(STORED, word="9"))
    reply = asked(dialect, "receipt_order", ORDER, strange)
    assert dialect.receipt_order.decode(ORDER, SERIAL, reply).state is TaskState.UNKNOWN
    reply = asked(dialect, "receipt_files", QUESTION, strange)
    assert dialect.receipt_files.decode(QUESTION, SERIAL, reply).state is TaskState.UNKNOWN


@every_dialect
def test_only_two_refusals_speak_of_the_order_itself(dialect):
    if dialect.receipt_order is None:
        return
    exists = asked(dialect, "receipt_order", ORDER, answer(message=Reason.RECEIPTS_ORDERED))
    assert dialect.receipt_order.decode(ORDER, SERIAL, exists).state is TaskState.EXISTS
    none = asked(dialect, "receipt_files", QUESTION, answer(message=Reason.NO_SUCH_ORDER))
    assert dialect.receipt_files.decode(QUESTION, SERIAL, none).state is TaskState.NONE
    for told in (
        answer(message=Reason.ACCOUNT_UNKNOWN),
        answer(message=Reason.DATE_INVALID),
        answer(message=Reason.NOT_PERMITTED),
        answer(signon=Reason.PASSWORD_WRONG),
        answer(unknown_code=True),
    ):
        for name, question in (("receipt_order", ORDER), ("receipt_files", QUESTION)):
            reply = asked(dialect, name, question, told)
            with pytest.raises(BankRefused):
                getattr(dialect, name).decode(question, SERIAL, reply)
