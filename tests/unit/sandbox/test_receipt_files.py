"""The sandbox's receipt files: ordered once, made while one waits, spoilt only when asked to."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest

from gateway.ports.bank import BankRequest, Reason, SignOn
from gateway.ports.bank_receipts import ReceiptFilesRequest, ReceiptOrderRequest, TaskState
from gateway.sandbox.options import Options
from gateway.sandbox.receipts import PDF, ZIP, Flaw, ReceiptDesk
from tests.pdf_ground import texts
from tests.sandbox_json import CUSTOMER, FROZEN, MAIN, START, UNSIGNED, Bank, generated

DAY, NEXT = START.date(), START + timedelta(days=1)
LATER = NEXT + timedelta(minutes=10)


def asked(desk, body, serial="E1", at=NEXT, customer=CUSTOMER):
    who = SignOn(customer=customer, operator="erpmaker", password="", at=START)
    return desk.answer(BankRequest(signon=who, serial=serial, operation="", body=body), body, at)


def ordered(desk, serial="E1", day=DAY, at=NEXT, account=MAIN, **more):
    return asked(desk, ReceiptOrderRequest(account=account, day=day), serial, at, **more)


def told(desk, serial="E1", at=LATER, page=1):
    return asked(desk, ReceiptFilesRequest(original=serial, page=page), at=at)


@pytest.fixture
def bank():
    with Bank(durable=False) as opened:
        for number in range(2):
            opened.pay(f"P{number}", generated(number, f"{number + 1}.00"))
        yield opened


def test_an_order_ages_into_files(bank):
    desk = ReceiptDesk(bank.ledger, Options())
    assert ordered(desk).receipts.state is TaskState.NEW
    assert told(desk, at=NEXT + timedelta(minutes=6)).receipts.state is TaskState.RUNNING
    done = told(desk).receipts
    # The opening booking of the seed is a line as well: three of them come zipped.
    assert (done.state, done.count, len(done.files)) == (TaskState.DONE, 1, 1)
    assert done.expires_on == NEXT.date() + timedelta(days=7)
    kind, content = desk.file(done.files[0].id, LATER)
    assert (kind, done.files[0].name.endswith(".zip")) == (ZIP, True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        paper = archive.read(names[1])
    lines = bank.statement(DAY)["entries"]
    assert sorted(names) == sorted(f"{it['key']}.pdf" for it in lines)
    (text,) = texts(paper)
    assert lines[1]["key"] in text
    assert "1.00" in text


def test_a_day_is_ordered_once_by_whomever(bank):
    desk = ReceiptDesk(bank.ledger, Options())
    assert ordered(desk).message is Reason.OK
    assert ordered(desk, "E2").message is Reason.RECEIPTS_ORDERED
    assert ordered(desk).message is Reason.RECEIPTS_ORDERED
    assert told(desk, "E2").message is Reason.NO_SUCH_ORDER
    assert ordered(desk, "E3", day=NEXT.date()).message is Reason.DATE_INVALID
    assert ordered(desk, "E4", account="BANK-OPENING").message is Reason.ACCOUNT_UNKNOWN
    assert ordered(desk, "E5", account=MAIN, customer=UNSIGNED).message is Reason.NOT_PERMITTED
    assert ordered(desk, "E6", account=FROZEN).message is Reason.OK


def test_what_failed_may_be_ordered_anew(bank):
    desk = ReceiptDesk(bank.ledger, Options())
    desk.spoil((Flaw.TASK_FAILS,))
    ordered(desk)
    assert ordered(desk, "E2").message is Reason.RECEIPTS_ORDERED  # not yet known to have failed
    assert told(desk).receipts.state is TaskState.FAILED
    assert ordered(desk, "E2", at=LATER).message is Reason.OK


def test_files_come_by_pages_and_go_after_a_week(bank):
    desk = ReceiptDesk(bank.ledger, Options(receipts_zipped=99, page_size=2))
    ordered(desk)
    first, second = told(desk).receipts, told(desk, page=2).receipts
    assert [it.place for it in (*first.files, *second.files)] == [1, 2, 3]
    assert (first.more, second.more, first.count) == (True, False, 3)
    one = first.files[0].id
    kind, content = desk.file(one, LATER)
    assert (kind, content[:5]) == (PDF, b"%PDF-")
    assert desk.file(one, LATER)[1] == content
    assert desk.file(one, LATER + timedelta(days=8)) is None
    assert desk.file(one, NEXT) is None  # not made yet
    for strange in ("", "1-1", "1-1-000000000000", "x", one.replace("1-1", "1-2", 1), "../etc"):
        assert desk.file(strange, LATER) is None


@pytest.mark.parametrize("flaw", [Flaw.CORRUPT, Flaw.BOMB, Flaw.TRAVERSAL, Flaw.NO_PDF])
def test_a_file_is_spoilt_once(bank, flaw):
    desk = ReceiptDesk(bank.ledger, Options())
    ordered(desk)
    file_id = told(desk).receipts.files[0].id
    sound = desk.file(file_id, LATER)
    desk.spoil((flaw,))
    spoilt = desk.file(file_id, LATER)
    assert spoilt[1] != sound[1]
    if flaw is Flaw.TRAVERSAL:
        assert zipfile.ZipFile(io.BytesIO(spoilt[1])).namelist()[0].startswith("../../")
    assert desk.flaws == ()
    assert desk.file(file_id, LATER) == sound


def test_a_receipt_can_be_missing(bank):
    desk = ReceiptDesk(bank.ledger, Options(receipts_zipped=99))
    desk.spoil((Flaw.MISSING,))
    ordered(desk)
    assert told(desk).receipts.count == 2
    assert desk.listed(LATER)[0]["state"] == "done"
