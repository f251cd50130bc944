"""Batches, payrolls and questions about the past as the bank reads them: strict in form."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.errors import BankRefused, WireError
from gateway.domain.money import CNY, Money
from gateway.ports.bank_batch import (
    BatchKind,
    BatchStatusRequest,
    HistoryQuestion,
    OverviewQuestion,
    ReceiptQuestion,
)
from tests.golden.cib.cases import (
    BATCH,
    BATCHED,
    HISTORY,
    ORDERED,
    PAID_OFF,
    PAYROLL,
    RECEIPT_FILES,
    RECEIPT_ORDER,
    SIGN_ON,
)
from tests.records import replace
from tests.unit.cib.foxes import reply, status

OVERVIEW = OverviewQuestion(day=date(2026, 3, 1))


def message(name):
    question, serial = {
        "batch": (BATCH, BATCHED),
        "payroll": (PAYROLL, PAID_OFF),
        "history": (HISTORY, "H1"),
        "overview": (OVERVIEW, "V1"),
        "receipt": (ReceiptQuestion(original=BATCHED, kind=BatchKind.PAYMENT), "R1"),
        "receipt_order": (RECEIPT_ORDER, ORDERED),
        "receipt_files": (RECEIPT_FILES, "F1"),
    }[name]
    return getattr(DIALECT, name).encode(question, SIGN_ON, serial).body().decode("gbk")


def read(name, old, new):
    text = message(name)
    assert old in text
    return DIALECT.bank_side.decode(text.replace(old, new).encode("gbk"))


@pytest.mark.parametrize(
    ("name", "old", "new", "path"),
    [
        ("batch", "<INDX>2<", "<INDX>1<", "/XFERINFO[2]/INDX"),
        ("batch", "<INDX>2<", "<INDX>B<", "/XFERINFO[2]/INDX"),
        ("batch", "<TOTALCOUNT>2<", "<TOTALCOUNT>two<", "/TOTALCOUNT"),
        ("batch", "<TOTALAMOUNT>36200.50<", "<TOTALAMOUNT>1e3<", "/TOTALAMOUNT"),
        ("batch", "<TRNAMT>1200.50<", "<TRNAMT>1200,50<", "/XFERINFO[1]/TRNAMT"),
        ("batch", "<BIZTYPE>0</BIZTYPE>", "", "/RQBODY/BIZTYPE"),
        ("batch", 'INTERBANK="Y"', 'INTERBANK="J"', "/ACCTTO"),
        ("batch", "<INDX>1</INDX>", "", "/XFERINFO/INDX"),
        ("batch", "<TRNAMT>1200.50</TRNAMT>", "<NOTE>1</NOTE>", "/XFERINFO/TRNAMT"),
        ("payroll", "<DESCRIPTION>006<", "<DESCRIPTION>999<", "/DESCRIPTION"),
        ("payroll", "<ACCTNAME>张三</ACCTNAME>", "", "/RPAYOFF/ACCTNAME"),
        ("payroll", "<INDX>2<", "<INDX>1<", "/RPAYOFF[2]/INDX"),
        ("payroll", "<TITLE>二月工资</TITLE>", "", "/RPAYOFFINFO/TITLE"),
        ("history", "<DTEND>2026-03-01</DTEND>", "", "/DTEND"),
        ("history", "<DTEND>2026-03-01<", "<DTEND>20260301<", "/DTEND"),
        ("overview", 'PAGE="1"', 'PAGE="0"', "/@PAGE"),
        ("overview", ' PAGE="1"', "", "/@PAGE"),
        ("receipt", "<BIZTYPE>2<", "<BIZTYPE>4<", "/BIZTYPE"),
        ("receipt_order", "<RECEIPT_TYPE>01<", "<RECEIPT_TYPE>02<", "/RECEIPT_TYPE"),
        ("receipt_order", "<RECEIPTDATE>2026-03-01<", "<RECEIPTDATE>20260301<", "/RECEIPTDATE"),
        ("receipt_order", "<RECEIPTDATE>2026-03-01</RECEIPTDATE>", "", "/RECEIPTDATE"),
        ("receipt_files", ' PAGE="1"', "", "/@PAGE"),
    ],
)
def test_what_breaks_the_form_is_named(name, old, new, path):
    assert read(name, old, new).malformed.endswith(path)


def test_a_batch_of_no_lines_breaks_the_form():
    text = message("batch")
    start, end = text.index("<XFERINFO>"), text.index("</RQBODY>")
    bare = DIALECT.bank_side.decode((text[:start] + text[end:]).encode("gbk"))
    assert bare.malformed.endswith("/RQBODY/XFERINFO")
    assert bare.body.order.lines == ()


def test_more_lines_than_the_bank_takes_break_the_form():
    text = message("batch")
    start, end = text.index("<XFERINFO>"), text.index("</XFERINFO>") + len("</XFERINFO>")
    line = text[start:end]
    many = "".join(line.replace("<INDX>1<", f"<INDX>{n}<") for n in range(3, 102))
    over = DIALECT.bank_side.decode(text.replace("</RQBODY>", many + "</RQBODY>").encode("gbk"))
    assert over.malformed.endswith("/XFERINFO[101]/INDX")


def test_totals_are_told_as_they_stand_for_the_ledger_to_compare():
    request = read("batch", "<TOTALAMOUNT>36200.50<", "<TOTALAMOUNT>36200.51<")
    assert (request.malformed, request.body.count) == ("", 2)
    assert request.body.amount == Money(3620051, CNY)
    silent = read("batch", "<TOTALCOUNT>2</TOTALCOUNT><TOTALAMOUNT>36200.50</TOTALAMOUNT>", "")
    assert (silent.malformed, silent.body.count, silent.body.amount) == ("", None, None)


@pytest.mark.parametrize(
    ("tag", "kind"),
    [("RBATCHTRSFRTRNRQ", BatchKind.PAYMENT), ("RPAYOFFTRNRQ", BatchKind.PAYROLL)],
)
def test_the_same_serial_without_a_body_is_a_question(tag, kind):
    text = DIALECT.sign_on.encode(None, SIGN_ON, "").body()
    asked = f"<SECURITIES_MSGSRQV1><{tag}><TRNUID>7</TRNUID></{tag}></SECURITIES_MSGSRQV1></FOX>"
    request = DIALECT.bank_side.decode(text.replace(b"</FOX>", asked.encode()))
    assert request.body == BatchStatusRequest(original="7", kind=kind)
    assert request.malformed == ""


def test_other_kinds_of_pay_are_read_as_such():
    request = read("payroll", "<DESCRIPTION>006<", "<DESCRIPTION>747<")
    assert (request.malformed, request.body.order.payroll_purpose) == ("", "other")


def test_a_message_that_the_bank_would_refuse_never_leaves():
    short = replace(BATCH.debtor, account=replace(BATCH.debtor.account, number="1" * 33))
    with pytest.raises(WireError, match="schema"):
        DIALECT.batch.encode(replace(BATCH, debtor=short), SIGN_ON, BATCHED)
    lines = tuple(replace(PAYROLL.lines[0], line=number) for number in range(1, 302))
    with pytest.raises(WireError, match="schema"):
        DIALECT.payroll.encode(replace(PAYROLL, lines=lines), SIGN_ON, PAID_OFF)


# ── answers about the past ──────────────────────────────────────────────────────────────────


def days(inner, account="900010100100000011"):
    body = (
        f"<HISBALQUERYRS><HISBALQUERYINFO><ACCTID>{account}</ACCTID>{inner}"
        "</HISBALQUERYINFO></HISBALQUERYRS>"
    )
    return DIALECT.history.decode(HISTORY, "H1", reply("HISBALQUERYTRNRS", "H1", status(), body))


def day(text="2026-03-01", count="1"):
    return (
        f"<DETAIL><HISBALANCE>-1.00</HISBALANCE><DEBITFLOWS>{count}</DEBITFLOWS>"
        "<CREDITFLOWS>0</CREDITFLOWS><DEBITAMOUNT>1.00</DEBITAMOUNT>"
        f"<CREDITAMOUNT>0.00</CREDITAMOUNT><DTFLOW>{text}</DTFLOW></DETAIL>"
    )


def test_a_days_closing_balance_may_be_below_zero():
    assert days(f"<DETAILS>{day()}</DETAILS>")[0].closing == Money(-100, CNY)
    assert days("<DETAILS></DETAILS>") == ()
    assert days("") == ()


@pytest.mark.parametrize("told", [day("2026-03-02"), day("2026/03/01"), day(count="one")])
def test_a_day_that_is_none_is_refused(told):
    with pytest.raises(WireError):
        days(f"<DETAILS>{told}</DETAILS>")


def test_days_of_another_account_are_refused():
    with pytest.raises(WireError, match="account"):
        days("", account="900010100100000012")


def test_a_question_too_far_back_is_a_refusal_and_not_an_empty_period():
    told = reply("HISBALQUERYTRNRS", "H1", status("6000", "(7537)"), "<HISBALQUERYRS/>")
    question = HistoryQuestion(account="1", start=date(2024, 6, 3), end=date(2024, 6, 3))
    with pytest.raises(BankRefused) as refused:
        DIALECT.history.decode(question, "H1", told)
    assert refused.value.bank_code == "6000"


def overview(inner, more=""):
    body = (
        f"<RSBODY{more}><INCOMENUMBER>0</INCOMENUMBER><EXPENDNUMBER>0</EXPENDNUMBER>"
        f"<INCOMEAMT>0.00</INCOMEAMT><EXPENDAMT>0.00</EXPENDAMT>{inner}</RSBODY>"
    )
    answer = reply("TRADEOVERVIEWTRNRS", "V1", status(), body)
    return DIALECT.overview.decode(OVERVIEW, "V1", answer)


def test_a_booking_in_the_overview_has_one_side_at_least():
    line = "<CONTENT><ACCTID>1</ACCTID>{}</CONTENT>"
    both = line.format("<DEBIT_AMT>0.00</DEBIT_AMT><CREDIT_AMT>2.00</CREDIT_AMT>")
    assert overview(both).lines[0].amount == Money(200, CNY)
    with pytest.raises(WireError, match="missing"):
        overview(line.format("<DEBIT_AMT></DEBIT_AMT>"))


def test_a_full_page_that_does_not_say_asks_for_the_next():
    line = "<CONTENT><ACCTID>1</ACCTID><DEBIT_AMT>1.00</DEBIT_AMT></CONTENT>"
    assert overview(line * 100).more
    assert not overview(line * 99).more
    assert not overview(line * 100, ' MORE="N"').more
    with pytest.raises(WireError, match="more"):
        overview(line, ' MORE="1"')


def receipt(kind, inner, tail=""):
    body = (
        "<RSBODY><RECEIPTNO>R1</RECEIPTNO><ACCTFROM><ACCTID>1</ACCTID></ACCTFROM>"
        f"<TOTALAMOUNT>1.00</TOTALAMOUNT>{inner}<CHECKER>b</CHECKER><GRANTOR>c</GRANTOR>{tail}"
        "</RSBODY>"
    )
    question = ReceiptQuestion(original=BATCHED, kind=kind)
    return DIALECT.receipt.decode(question, "R9", reply("RECEIPTTRNRS", BATCHED, status(), body))


def receipt_line(state, index="<INDX>1</INDX>"):
    return (
        f"<XFERINFO>{index}<ACCTTO><ACCTID>2</ACCTID></ACCTTO><TRNAMT>1.00</TRNAMT>"
        f"<STATUS>{state}</STATUS></XFERINFO>"
    )


@pytest.mark.parametrize(
    ("kind", "state", "said"),
    [
        (BatchKind.PAYMENT, "PAYOUT", "settled"),
        (BatchKind.PAYMENT, "23", "unconfirmed"),
        (BatchKind.PAYROLL, "23", "settled"),
        (BatchKind.PAYROLL, "49", "rejected"),
        (BatchKind.PAYROLL, "FAIL", "rejected"),
        (None, "", "processing"),
        (None, "NEW", "unconfirmed"),
    ],
)
def test_a_receipts_state_is_decoded(kind, state, said):
    whole = "<XFERPRCSTS><XFERPRCCODE>PROCESSING</XFERPRCCODE></XFERPRCSTS>"
    read_ = receipt(kind, receipt_line(state), whole)
    assert read_.lines[0].state == said
    assert read_.checkers == ("b", "c")


def test_a_receipts_lines_may_lack_numbers():
    both = receipt_line("PAYOUT", "") * 2
    assert [line.line for line in receipt(None, both).lines] == [1, 2]
    with pytest.raises(WireError, match="count"):
        receipt(None, receipt_line("PAYOUT", "<INDX>A</INDX>"))
