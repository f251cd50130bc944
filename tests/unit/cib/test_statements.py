"""Statement lines and balances: signs, currencies, days, pages."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.errors import BankRefused, WireError
from gateway.domain.money import CNY, Money, currency
from gateway.domain.outcome import Verdict
from gateway.ports.bank import BalanceQuestion
from tests.golden.cib.cases import BALANCE, STATEMENT
from tests.records import replace
from tests.unit.cib.foxes import reply, status

SERIAL = "20260302S001"
DAYS = "<DTSTART>2026-03-01</DTSTART><DTEND>2026-03-01</DTEND>"


def page(inner, told=None, serial=SERIAL):
    body = reply("SCUSTSTMTTRNRS", serial, told or status(), f"<SCUSTSTMTRS>{inner}</SCUSTSTMTRS>")
    return DIALECT.statement.decode(STATEMENT, SERIAL, body)


def line(kind="DEBIT", amount="1.00", more=""):
    return f"<STMTTRN><TRNTYPE>{kind}</TRNTYPE><TRNAMT>{amount}</TRNAMT>{more}</STMTTRN>"


def entry(**changes):
    listed = f'<TRANLIST MORE="N">{DAYS}{line(**changes)}</TRANLIST>'
    return page(listed).entries[0]


@pytest.mark.parametrize(
    ("kind", "amount", "minor", "reversal"),
    [
        ("DEBIT", "10.00", -1000, False),
        ("CREDIT", "10.00", 1000, False),
        ("DEBIT", "-10.00", 1000, True),
        ("CREDIT", "-10.00", -1000, True),
        ("DEBIT", "0.00", 0, False),
        ("CREDIT", "4.1", 410, False),
    ],
)
def test_an_entry_is_signed_from_the_holders_view(kind, amount, minor, reversal):
    read = entry(kind=kind, amount=amount)
    assert (read.amount, read.reversal) == (Money(minor, CNY), reversal)


def test_a_same_day_reversal_may_be_a_flag():
    assert entry(more="<CBBZ>1</CBBZ>").reversal
    assert not entry(more="<CBBZ>2</CBBZ><BCZBZ>1</BCZBZ>").reversal


@pytest.mark.parametrize(
    ("more", "remittance"),
    [
        ("<MEMO>汇款|货款</MEMO>", "货款"),
        ("<MEMO>冲正</MEMO>", "冲正"),
        ("<MEMO>汇款|</MEMO>", "汇款|"),
        ("<MEMO></MEMO><PURPOSE>货款</PURPOSE>", "货款"),
        ("<MEMO>PO-1</MEMO><PURPOSE>货款</PURPOSE>", "货款 PO-1"),
        ("<MEMO>货款</MEMO><PURPOSE>货款</PURPOSE>", "货款"),
        ("", ""),
    ],
)
def test_a_remittance_stands_in_memo_or_purpose(more, remittance):
    assert entry(more=more).remittance == remittance


def test_the_reference_is_the_core_number_else_the_tellers():
    both = "<SRVRTID>9</SRVRTID><HXJYLSBH>H1</HXJYLSBH>"
    assert entry(more=both).reference == "H1"
    assert entry(more="<SRVRTID>9</SRVRTID><HXJYLSBH></HXJYLSBH>").reference == "9"


@pytest.mark.parametrize("text", ["2026-03-01T10:01:00", "2026-03-01 10:01:00", "2026-03-01"])
def test_a_booking_day_may_have_a_time(text):
    assert entry(more=f"<DTACCT>{text}</DTACCT>").booking_date == date(2026, 3, 1)


@pytest.mark.parametrize(
    "listed",
    [
        line(kind="debit"),
        line(kind=""),
        line(amount=""),
        line(amount="1.001"),
        line(amount="1e2"),
        line(more="<DTACCT>yesterday</DTACCT>"),
        line(more="<CURRENCY>XXX</CURRENCY>"),
        line(more="<TRNAMT>2.00</TRNAMT>"),
        line(more="<BALAMT>x</BALAMT>"),
        "<STMTTRN><TRNTYPE>DEBIT</TRNTYPE></STMTTRN>",
    ],
)
def test_a_line_that_cannot_be_read_spoils_the_page(listed):
    with pytest.raises(WireError):
        page(f'<TRANLIST MORE="N">{DAYS}{listed}</TRANLIST>')


@pytest.mark.parametrize(
    "inner",
    [
        "<ACCTFROM><ACCTID>900010100100000012</ACCTID></ACCTFROM>",
        f'<TRANLIST MORE="N">{DAYS.replace("03-01", "03-02")}</TRANLIST>',
        f'<TRANLIST MORE="X">{DAYS}</TRANLIST>',
        "<CURDEF>XXX</CURDEF>",
        "<LEDGERBAL><BALAMT></BALAMT></LEDGERBAL>",
        "<LEDGERBAL><DTASOF>2026-03-01</DTASOF></LEDGERBAL>",
    ],
)
def test_a_page_of_something_else_is_refused(inner):
    with pytest.raises(WireError):
        page(inner)


@pytest.mark.parametrize(("told", "lines", "more"), [("Y", 1, True), ("N", 100, False)])
def test_the_bank_says_whether_more_follows(told, lines, more):
    assert page(f'<TRANLIST MORE="{told}">{DAYS}{line() * lines}</TRANLIST>').more is more


@pytest.mark.parametrize(("lines", "more"), [(99, False), (100, True)])
def test_a_full_page_that_does_not_say_asks_for_another(lines, more):
    assert page(f"<TRANLIST>{DAYS}{line() * lines}</TRANLIST>").more is more


def test_equal_lines_are_kept():
    twins = page(f'<TRANLIST MORE="N">{DAYS}{line() * 2}</TRANLIST>').entries
    assert twins[0] == twins[1]
    assert len(twins) == 2


@pytest.mark.parametrize("inner", ["", "<SCUSTSTMTRS/>"])
def test_no_entries_is_an_empty_page(inner):
    told = reply("SCUSTSTMTTRNRS", SERIAL, status("6421", "无明细", "INFO"), inner)
    read = DIALECT.statement.decode(STATEMENT, SERIAL, told)
    assert (read.entries, read.more, read.ledger) == ((), False, None)


def test_success_without_a_body_is_no_page():
    with pytest.raises(WireError, match="missing"):
        DIALECT.statement.decode(STATEMENT, SERIAL, reply("SCUSTSTMTTRNRS", SERIAL, status()))


def balance(inner, question=BALANCE, told=None):
    serial = "20260302B001"
    body = reply("CURRACCTQUERYTRNRS", serial, told or status(), f"<RSBODY>{inner}</RSBODY>")
    return DIALECT.balance.decode(question, serial, body)


@pytest.mark.parametrize(
    ("number", "code", "text", "minor"),
    [
        ("01", "CNY", "98765.43", 9876543),
        ("", "CNY", "-0.01", -1),
        ("14", "USD", "1.00", 100),
        ("27", "JPY", "1000.00", 1000),
        ("27", "JPY", "1000", 1000),
        ("88", "TWD", "5.5", 550),
        ("RMB", "CNY", "5", 500),
    ],
)
def test_a_balance_has_the_banks_currency(number, code, text, minor):
    read = balance(f"<BALAMT>{text}</BALAMT><CURRENCY>{number}</CURRENCY>")
    assert read.ledger == Money(minor, currency(code))
    assert (read.available, read.account) == (None, BALANCE.account)


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<BALAMT></BALAMT>",
        "<BALAMT>1.001</BALAMT>",
        "<BALAMT>1.50</BALAMT><CURRENCY>27</CURRENCY>",
        "<BALAMT>1</BALAMT><CURRENCY>99</CURRENCY>",
        "<ACCTID>900010100100000012</ACCTID><BALAMT>1</BALAMT>",
    ],
)
def test_what_is_no_balance_of_the_account_is_refused(inner):
    with pytest.raises(WireError):
        balance(inner)


def test_a_refused_question_tells_code_and_text():
    with pytest.raises(BankRefused) as refused:
        balance("", told=status("2005", "权限不足"))
    assert (refused.value.bank_code, refused.value.text) == ("2005", "权限不足")


def test_an_http_error_is_no_answer_to_a_question():
    body = reply("CURRACCTQUERYTRNRS", "1", status(), "<RSBODY><BALAMT>1</BALAMT></RSBODY>")
    question = BalanceQuestion(account="1")
    assert DIALECT.balance.decode(question, "1", body).ledger.minor == 100
    with pytest.raises(WireError, match="http_502"):
        DIALECT.balance.decode(question, "1", replace(body, status=502))


def test_an_http_error_leaves_a_sign_on_unconfirmed():
    outcome = DIALECT.sign_on.decode(None, "", replace(reply("X", "1", status()), status=503))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, "http_503")
