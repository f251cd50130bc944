"""What every bank dialect must keep: its record, its requests, its words for people.

The suite knows no bank: replies come from the dialect's own bank side and are then damaged.
"""

from __future__ import annotations

import re

import pytest
from lxml import etree

from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.message import WireReply
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Verdict
from gateway.domain.party import Party
from gateway.ports.bank import (
    BalanceQuestion,
    BankState,
    EntryKind,
    PayRequest,
    SignOnQuestion,
    StatementQuestion,
    StatusQuestion,
)
from gateway.ports.bank_batch import (
    BatchStatusQuestion,
    HistoryQuestion,
    OverviewQuestion,
    ReceiptQuestion,
)
from gateway.ports.bank_confirm import ConfirmOrder, ConfirmQuestion
from gateway.ports.bank_receipts import ReceiptFilesQuestion, ReceiptOrder
from tests.conformance.found import (
    BANKS,
    BATCH,
    DIALECTS,
    ORDERS,
    OTHER_BANK,
    OTHER_SERIAL,
    PASSWORD,
    PAYROLL,
    SERIAL,
    SIGN_ON,
    STRANGE,
    TODAY,
    VERDICTS,
    answer,
    every_dialect,
    pay_reply,
    paying,
    status_reply,
    stored,
)
from tests.records import replace

# ── the record ──────────────────────────────────────────────────────────────────────────────


def test_dialects_are_found():
    assert DIALECTS


@every_dialect
def test_a_dialect_bears_its_folders_name(dialect):
    assert (BANKS / dialect.code / "__init__.py").is_file()


@every_dialect
def test_who_can_pay_can_ask(dialect):
    assert dialect.pay is None or dialect.payment_status is not None
    assert set(dialect.capabilities())


@every_dialect
def test_a_dialect_knows_its_banks_codes(dialect):
    assert dialect.bank_codes
    for code in dialect.bank_codes:
        assert re.fullmatch("[0-9]{3}", code)
        assert dialect.is_own_bank(f"{code}290000001", "", "") is True
    assert dialect.is_own_bank("000290000001", "", "") is False


@paying
def test_a_payment_is_checked_before_a_serial_is_spent(dialect):
    assert dialect.pay.check is not None
    assert [dialect.pay.check(order) for order in ORDERS] == [(), ()]


# ── outwards ────────────────────────────────────────────────────────────────────────────────


def requests(dialect):
    """One request of every operation offered."""
    questions = {
        "sign_on": SignOnQuestion(),
        "pay": OTHER_BANK,
        "payment_status": StatusQuestion(original=SERIAL, order=OTHER_BANK),
        "core_result": StatusQuestion(original=SERIAL, order=OTHER_BANK),
        "balance": BalanceQuestion(account="900010100100000011"),
        "statement": StatementQuestion(account="900010100100000011", start=TODAY, end=TODAY),
        "refunds": StatementQuestion(
            account="900010100100000011", start=TODAY, end=TODAY, kind=EntryKind.REFUNDS
        ),
        "batch": BATCH,
        "batch_status": BatchStatusQuestion(original=OTHER_SERIAL, order=BATCH),
        "payroll": PAYROLL,
        "payroll_status": BatchStatusQuestion(original=OTHER_SERIAL, order=PAYROLL),
        "history": HistoryQuestion(account="900010100100000011", start=TODAY, end=TODAY),
        "overview": OverviewQuestion(day=TODAY),
        "receipt": ReceiptQuestion(original=OTHER_SERIAL, kind=None),
        "receipt_order": ReceiptOrder(account="900010100100000011", day=TODAY),
        "receipt_files": ReceiptFilesQuestion(original=OTHER_SERIAL, account="900010100100000011"),
        "confirm": ConfirmOrder(account="900010100100000011", month=TODAY.replace(day=1)),
        "confirm_result": ConfirmQuestion(
            original=OTHER_SERIAL, account="900010100100000011", month=TODAY.replace(day=1)
        ),
    }
    return {
        name: getattr(dialect, name).encode(questions[name], SIGN_ON, SERIAL)
        for name in dialect.capabilities()
    }


@every_dialect
def test_the_same_input_gives_the_same_bytes(dialect):
    first, second = requests(dialect), requests(dialect)
    assert first == second
    assert len({message.body() for message in first.values()}) == len(first)


@every_dialect
def test_a_password_lies_in_a_secret_segment_and_nowhere_else(dialect):
    secret = PASSWORD.encode()
    for message in requests(dialect).values():
        open_ = b"\x00".join(part.content for part in message.segments if not part.secret)
        assert secret not in open_
        assert message.body().count(secret) <= 1
        assert PASSWORD not in repr(dialect.bank_side.decode(message.body()))
        assert PASSWORD not in repr(dialect.explain(message.body()))
    assert PASSWORD not in repr(SIGN_ON)


@every_dialect
def test_another_password_changes_the_secret_only(dialect):
    for name, message in requests(dialect).items():
        other = replace(SIGN_ON, password="Another-One-1")
        if name == "pay":
            again = dialect.pay.encode(OTHER_BANK, other, SERIAL)
            kept = [part for part in message.segments if not part.secret]
            assert kept == [part for part in again.segments if not part.secret]


@paying
@pytest.mark.parametrize("order", ORDERS, ids=["other bank", "own bank"])
def test_money_and_payee_survive(dialect, order):
    sent = dialect.pay.encode(order, SIGN_ON, SERIAL)
    request = dialect.bank_side.decode(sent.body())
    assert isinstance(request.body, PayRequest)
    assert (request.malformed, request.serial) == ("", SERIAL)
    assert request.signon == SIGN_ON
    read = request.body.order
    assert read.amount == order.amount
    assert read.creditor.name == order.creditor.name
    assert read.creditor.account.number == order.creditor.account.number
    assert read.debtor.account.number == order.debtor.account.number
    assert (read.own_bank, read.purpose) == (order.own_bank, order.purpose)


@paying
def test_the_longest_serial_is_carried_whole(dialect):
    serial = Serial("9" * dialect.serial_length_max)
    sent = dialect.pay.encode(OTHER_BANK, SIGN_ON, serial)
    assert dialect.bank_side.decode(sent.body()).serial == serial


def named(name):
    creditor = Party(name=name, account=OTHER_BANK.creditor.account)
    return replace(OTHER_BANK, creditor=creditor)


@paying
@pytest.mark.parametrize(
    "name",
    ["样" * 200, "a" * 500, "", "  ", "甲\n乙", "甲\x00乙", "甲<乙", "甲\u202e乙", "甲\ue000"],
)
def test_a_name_that_cannot_stand_is_refused(dialect, name):
    problems = dialect.pay.check(named(name))
    assert "creditor_name" in {problem.name for problem in problems}
    assert all(problem.zh and problem.en and problem.code for problem in problems)


@paying
@pytest.mark.parametrize("name", ["㛃公司", "𠮷野家", "€ Company", "麤镕有限公司", "😀", "A" * 50])
def test_a_name_is_carried_whole_or_refused_never_changed(dialect, name):
    if dialect.pay.check(named(name)):
        return
    sent = dialect.pay.encode(named(name), SIGN_ON, SERIAL)
    assert dialect.bank_side.decode(sent.body()).body.order.creditor.name == name


@paying
@pytest.mark.parametrize("name", ["㛃公司", "𠮷野家", "😀"])
def test_what_the_character_set_lacks_never_becomes_a_question_mark(dialect, name):
    try:
        sent = dialect.pay.encode(named(name), SIGN_ON, SERIAL)
    except WireError:
        assert dialect.pay.check(named(name))
    else:
        assert dialect.bank_side.decode(sent.body()).body.order.creditor.name == name


@paying
@pytest.mark.parametrize("minor", [0, -1, 10**17])
def test_an_impossible_amount_is_refused(dialect, minor):
    problems = dialect.pay.check(replace(OTHER_BANK, amount=Money(minor, CNY)))
    assert "amount" in {problem.name for problem in problems}


# ── the bank's half is strict ───────────────────────────────────────────────────────────────


def swapped(body):
    """The request with two neighbours exchanged, once for every such pair of different names."""
    pairs = [
        (child.getparent().getroottree().getpath(child), child.getnext().tag)
        for child in etree.fromstring(body).iter()
        if child.getnext() is not None and child.getnext().tag != child.tag
    ]
    for path, _ in pairs:
        root = etree.fromstring(body)
        first = root.getroottree().xpath(path)[0]
        first.getnext().addnext(first)
        yield etree.tostring(root, encoding="UTF-8", xml_declaration=True)


@every_dialect
def test_the_bank_side_refuses_another_order_of_elements(dialect):
    for name, message in requests(dialect).items():
        if not message.body().lstrip().startswith(b"<"):
            continue
        for body in swapped(message.body()):
            try:
                malformed = dialect.bank_side.decode(body).malformed
            except WireError:
                continue
            assert malformed, name


@every_dialect
@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE)
def test_the_bank_side_says_what_it_cannot_read(dialect, body):
    with pytest.raises(WireError):
        dialect.bank_side.decode(body)


# ── for people who read the archive ─────────────────────────────────────────────────────────


@every_dialect
def test_every_message_is_recognised_and_explained(dialect):
    for message in requests(dialect).values():
        assert dialect.sniff(message.body())
        view = dialect.explain(message.body())
        assert (view.direction, view.outcome) == ("request", "")
        assert view.operation
        assert view.fields


@paying
@pytest.mark.parametrize("state", BankState)
def test_the_explanation_says_what_the_decoder_says(dialect, state):
    reply = pay_reply(dialect, OTHER_BANK, answer(stored(OTHER_BANK, state)))
    assert dialect.sniff(reply.body)
    view = dialect.explain(reply.body)
    assert (view.direction, view.outcome) == ("reply", VERDICTS[state].value)
    status = status_reply(dialect, "payment_status", answer(stored(OTHER_BANK, state)))
    assert dialect.explain(status.body).outcome == VERDICTS[state].value


@every_dialect
@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE)
def test_a_stranger_is_not_recognised(dialect, body):
    assert not dialect.sniff(body)
    with pytest.raises(WireError):
        dialect.explain(body)


@every_dialect
def test_reading_needs_no_content_type(dialect):
    if dialect.pay is None:
        return
    reply = pay_reply(dialect, OTHER_BANK, answer(stored(OTHER_BANK)))
    bare = WireReply(status=reply.status, content_type="", body=reply.body)
    assert dialect.pay.decode(OTHER_BANK, SERIAL, bare).verdict is Verdict.SETTLED
