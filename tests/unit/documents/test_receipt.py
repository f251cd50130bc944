"""The receipt as a paper: every fact of the bank's is on it, and what it is not."""

from datetime import date, datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from gateway.documents.receipt import STATE_WORDS, grouped, receipt_pdf
from gateway.domain.errors import WireError
from gateway.domain.outcome import Verdict
from gateway.domain.receipt import ReceiptFacts, decoded, encoded
from tests.pdf_ground import blank_marks, squeezed, texts, whole

FACTS = ReceiptFacts(
    receipt_number="HD20260915000123",
    bank_reference="CORE9081726354",
    asked_at=datetime(2026, 9, 15, 10, 30, tzinfo=timezone(timedelta(hours=8))),
    debtor_name="福州示例贸易有限公司",
    debtor_account="117010100100000001",
    debtor_bank="兴业银行福州分行",
    creditor_name="厦门㐱记（喆）商行",
    creditor_account="6222020000000001234",
    creditor_bank="示例银行厦门支行",
    amount="1680.32",
    currency="CNY",
    state="settled",
    maker="经办甲",
    checkers=("复核乙", "授权丙"),
    purpose="九月货款 invoice 2026/09",
    erp_reference="AP-2026-0001",
    booked_on=date(2026, 9, 15),
)


def test_every_fact_is_on_it():
    made = receipt_pdf(FACTS)
    read = whole(made)
    for value in (
        *(FACTS.receipt_number, FACTS.bank_reference, FACTS.debtor_name, FACTS.debtor_account),
        *(FACTS.debtor_bank, FACTS.creditor_name, FACTS.creditor_account, FACTS.creditor_bank),
        *(FACTS.maker, *FACTS.checkers, FACTS.purpose, FACTS.erp_reference),
        *("CNY 1,680.32", "人民币壹仟陆佰捌拾元零叁角贰分", "交易成功", "settled", "2026-09-15"),
        "2026-09-15 10:30:00+08:00",
    ):
        assert squeezed(value) in read, value
    assert not blank_marks(made)


def test_it_says_that_it_is_no_original():
    made = receipt_pdf(FACTS)
    assert "非银行加盖印章的电子回单原件" in whole(made)
    assert "notthebank'soriginal" in whole(made)
    assert len(texts(made)) == 1


@pytest.mark.parametrize("state", [it.value for it in Verdict])
def test_each_state_has_its_words(state):
    assert squeezed(STATE_WORDS[state]) in whole(receipt_pdf(replace(FACTS, state=state)))


def test_a_state_that_nobody_knows_is_not_known_and_never_failed():
    read = whole(receipt_pdf(replace(FACTS, state="odd")))
    assert "结果未明" in read
    assert "失败" not in read


def test_it_is_the_same_each_time():
    assert receipt_pdf(FACTS) == receipt_pdf(FACTS)
    assert receipt_pdf(FACTS) != receipt_pdf(replace(FACTS, amount="1680.33"))


@pytest.mark.parametrize("amount", ["", "NaN", "1e3", "1_0", "１２", "1.234"])
def test_what_is_no_amount_is_never_printed(amount):
    with pytest.raises(WireError):
        receipt_pdf(replace(FACTS, amount=amount))


def test_facts_read_back_from_their_file():
    assert decoded(encoded(FACTS)) == FACTS
    with pytest.raises(WireError):
        decoded(b"%PDF-1.7")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0.05", "0.05"),
        ("999.00", "999.00"),
        ("1000.00", "1,000.00"),
        ("-1234567.80", "-1,234,567.80"),
        ("123456", "123,456"),
    ],
)
def test_digits_stand_in_threes(text, shown):
    assert grouped(text) == shown
