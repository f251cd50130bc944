"""Tables of netbanks, and our own, read as statements."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.domain.bank_file import Gravity
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity, EntryStatus
from gateway.formats.read.sheets import CSV
from gateway.formats.read.sheets_cells import constant, style, way
from gateway.ports.statement_formats import Reading
from tests.unit.formats.read.ground import one, statements

CHINESE = """账户交易明细
账号：6222000000000001  户名：甲公司  币种：人民币
查询起始日期：2026-01-01,查询截止日期：2026-01-31
期初余额：1000.00

交易日期,交易时间,凭证号,借方发生额,贷方发生额,余额,对方户名,对方账号,对方开户行,摘要,用途,流水号
2026-01-05,10:11:12,P1,100.00,,900.00,乙公司,="6217000000000001",工行,转账,货款,A1
2026-01-06,09:00,,,"1,500.50","2,400.50",丙公司,6217000000000002\t,建行,汇入,,A2
合计,,,100.00,"1,500.50",,,,,,,
期末余额：2400.50
"""
ENGLISH = """Date,Description,Amount,Balance
2026-01-15,Coffee,-4.50,95.50
2026-01-16,Salary,10.00,105.50
2026-01-17,Rent,-5.00,100.50
"""
EUR = Reading(currency="EUR")


def test_a_netbank_of_china():
    found = one(CSV, CHINESE)
    start, end = found.start, found.end
    assert (start.format, start.account, start.currency) == ("CSV", "6222000000000001", "CNY")
    assert (start.account_name, start.start, start.end) == (
        "甲公司",
        date(2026, 1, 1),
        date(2026, 1, 31),
    )
    assert found.amounts == ["-100.00", "1500.50"]
    first, second = found.entries
    assert (first.counterparty_name, first.counterparty_account) == ("乙公司", "6217000000000001")
    assert (first.counterparty_bank, first.remittance) == ("工行", "转账 货款")
    assert (first.reference, first.entry_reference) == ("A1", "P1")
    assert first.booked_at.astimezone(UTC) == datetime(2026, 1, 5, 2, 11, 12, tzinfo=UTC)
    assert second.counterparty_account == "6217000000000002"
    assert second.balance_after.text(2) == "2400.50"
    assert (end.opening.amount.text(2), end.closing.amount.text(2)) == ("1000.00", "2400.50")
    assert (end.continuity, found.codes) == (Continuity.OK, [])


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("size", [0, 1, 100])
def test_encodings_and_pieces(codec, size):
    content = CHINESE.encode(codec)
    assert CSV.sniff(content)
    found = one(CSV, content, size=size)
    assert (found.entries, found.codes) == (one(CSV, CHINESE).entries, [])


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters(mark):
    content = ENGLISH.replace(",", mark)
    assert CSV.sniff(content.encode())
    assert one(CSV, content, EUR).amounts == ["-4.50", "10.00", "-5.00"]


@pytest.mark.parametrize(
    ("words", "signs"),
    [
        ("借 贷", "-+"),
        ("支出 收入", "-+"),
        ("D C", "-+"),
        ("DBIT CRDT", "-+"),
        ("Dr. Cr.", "-+"),
        ("转入 转出", "+-"),
    ],
)
def test_a_column_that_says_which_way(words, signs):
    first, second = words.split()
    content = f"日期,借贷标志,金额,摘要\n20260105,{first},5.00,a\n20260106,{second},6.00,b\n"
    assert one(CSV, content, EUR).amounts == [
        f"{sign}{it}".lstrip("+") for sign, it in zip(signs, ("5.00", "6.00"), strict=True)
    ]


def test_a_word_that_says_nothing_needs_a_person():
    found = one(CSV, "日期,借贷标志,金额,摘要\n20260105,错,5.00,a\n", EUR)
    assert (found.amounts, found.entries[0].status) == (["0.00"], EntryStatus.INFO)
    assert found.end.findings[0].gravity is Gravity.CONTRADICTION


def test_red_letters_and_signs_beside_words():
    # A minus against the word takes back; where every debit has one, it is its sign.
    red = "日期,借贷标志,金额,摘要\n20260105,借,5.00,a\n20260106,借,-5.00,b\n20260106,贷,-1.00,c\n"
    assert one(CSV, red, EUR).amounts == ["-5.00", "5.00", "-1.00"]
    signed = "日期,借贷标志,金额,摘要\n20260105,借,-5.00,a\n20260106,贷,6.00,b\n"
    assert one(CSV, signed, EUR).amounts == ["-5.00", "6.00"]
    columns = "Date,Debit,Credit,Text\n2026-01-05,-5.00,,a\n2026-01-06,,6.00,b\n"
    assert one(CSV, columns, EUR).amounts == ["-5.00", "6.00"]


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        (("1,234.56", "-1", "(2.50)", "￥3.00", "4.00-", "CNY 5.10", "+6"), None),
        (("1.234,56", "-1", "(2,50)", "€ 3,00", "4,00-", "5,10 EUR", "+6"), None),
        (("1 234,56", "-1", "(2,50)", "3,00", "4,00-", "5,10", "６"), None),
        (("1'234.56", "1 DR", "2.50DR", "3.00CR", "4.00DR", "5.10", "6"), None),
    ],
)
def test_how_amounts_are_written(written, texts):
    form = style(written, (), century=2000)
    assert [form.amount(it).text(2) for it in written] == [
        *("1234.56", "-1.00", "-2.50", "3.00", "-4.00", "5.10", "6.00")
    ]


@pytest.mark.parametrize("text", ["1e3", "NaN", "1_0", "--5", "abc", "1.2.3", "=1+1", "5,5,5"])
def test_what_is_no_amount(text):
    assert style(("1.00",), (), century=2000).amount(text) is None
    found = one(CSV, f'Date,Text,Amount\n2026-01-05,a,1.00\n2026-01-06,b,"{text}"\n', EUR)
    assert found.amounts == ["1.00", "0.00"]
    assert found.entries[1].status is EntryStatus.INFO
    assert found.end.findings[0].gravity is Gravity.CONTRADICTION


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-05", "2026/1/5", "20260105", "2026年1月5日", "2026.01.05", "05.01.2026"),
        *("5.1.26", "05-Jan-2026", "5 January 2026", "Jan 5, 2026", "2026-01-05 10:00:00"),
        "２０２６-01-05",
    ],
)
def test_how_days_are_written(text):
    assert style((), (), century=2000).day(text)[0] == date(2026, 1, 5)


def test_days_that_could_be_two():
    def days(*texts, **options):
        rows = "".join(f'"{it}",x,1.00\n' for it in texts)
        found = one(CSV, f"Date,Text,Amount\n{rows}", Reading(currency="EUR", options=options))
        return [it.booking_date for it in found.entries], found.codes

    assert days("01/02/2026", "01/15/2026") == ([date(2026, 1, 2), date(2026, 1, 15)], [])
    assert days("01/02/2026", "15/02/2026") == ([date(2026, 2, 1), date(2026, 2, 15)], [])
    assert days("01/02/2026") == ([None], ["date"])
    assert days("03/03/2026") == ([date(2026, 3, 3)], [])
    assert days("01/02/2026", date_format="DMY") == ([date(2026, 2, 1)], [])
    assert days("2026-02-31") == ([None], ["date"])


def test_running_balances_prove():
    assert one(CSV, ENGLISH, EUR).end.continuity is Continuity.OK
    lines = ENGLISH.splitlines(keepends=True)
    newest_first = "".join([lines[0], *reversed(lines[1:])])
    end = one(CSV, newest_first, EUR).end
    assert (end.opening.amount.text(2), end.closing.amount.text(2)) == ("100.00", "100.50")
    assert end.continuity is Continuity.OK
    gone = one(CSV, "".join([*lines[:2], lines[3]]), EUR)
    assert (gone.end.continuity, gone.codes) == (Continuity.BROKEN, ["running_balance"])
    assert gone.end.findings[0].line == 3
    shuffled = ENGLISH + "2026-01-18,x,-1.00,42.00\n2026-01-18,x,-1.00,17.00\n"
    mixed = one(CSV, shuffled, EUR)
    assert (mixed.end.continuity, mixed.codes) == (Continuity.UNKNOWN, ["running_order"])
    # One line proves nothing.
    assert one(CSV, "".join(lines[:2]), EUR).end.continuity is Continuity.UNKNOWN


def test_stated_balances_against_the_lines():
    assert one(CSV, CHINESE.replace("期末余额：2400.50", "期末余额：2400.51")).codes == [
        "continuity"
    ]
    both = CHINESE.replace("期初余额：1000.00", "期初余额：1").replace(
        "期末余额：2400.50", "期末余额：1401.50"
    )
    assert one(CSV, both).codes == ["balances"]


def test_totals_and_counts():
    wrong = one(CSV, CHINESE.replace("合计,,,100.00", "合计,,,100.01"))
    assert (wrong.codes, wrong.end.findings[0].gravity) == (["totals"], Gravity.CONTRADICTION)
    pages = CHINESE.replace("合计,,,100.00", "本页合计,,,100.00")
    assert one(CSV, pages).codes == []
    assert one(CSV, CHINESE + "总笔数：2\n").codes == []
    assert one(CSV, CHINESE + "总笔数：3\n").codes == ["count"]


def test_balances_as_rows():
    content = (
        "日期,摘要,借方金额,贷方金额,余额\n,承前页,,,100.00\n20260105,a,5.00,,95.00\n"
        "20260106,b,,1.00,96.00\n,期末余额,,,96.00\n"
    )
    found = one(CSV, content, EUR)
    assert (found.amounts, found.codes) == (["-5.00", "1.00"], [])
    assert found.end.opening.code == "opening"
    assert found.end.closing.amount.text(2) == "96.00"


def test_rows_that_are_no_lines_are_told():
    found = one(CSV, ENGLISH + ",just words,,\n", EUR)
    assert (len(found.entries), found.codes, found.end.findings[0].line) == (3, ["row"], 5)
    again = ENGLISH + ENGLISH.splitlines()[0] + "\n" + "2026-01-18,x,1.00,101.50\n"
    assert (len(one(CSV, again, EUR).entries), one(CSV, again, EUR).codes) == (4, [])


def test_a_formula_is_never_money():
    content = ENGLISH + '2026-01-18,"=cmd|x",=1+1,101.50\n2026-01-19,t,="7.00",1\n'
    found = one(CSV, content, EUR)
    assert found.amounts[3:] == ["0.00", "7.00"]
    assert found.entries[3].remittance == "=cmd|x"
    assert "formula" in found.codes


def test_rows_that_slipped():
    found = one(CSV, ENGLISH + "2026-01-18,Smith, John,5.00,101.50\n", EUR)
    assert (found.amounts[3], found.entries[3].status) == ("0.00", EntryStatus.INFO)
    assert "cells" in found.codes


def test_quoted_texts():
    content = ENGLISH + '2026-01-18,"two\nlines, ""quoted""",5.00,105.50\n'
    assert one(CSV, content, EUR).entries[3].remittance == 'two lines, "quoted"'
    inches = ENGLISH + '2026-01-18,5" pipe,5.00,105.50\n' + "2026-01-19,y,1.00,106.50\n" * 30
    found = one(CSV, inches, EUR)
    assert len(found.entries) == 34
    assert "quotes" in found.codes


def test_what_breaks_off_is_refused():
    for content in (ENGLISH + "2026-01-18,Co", ENGLISH + '2026-01-18,"Co'):
        with pytest.raises(WireError) as caught:
            statements(CSV, content, EUR)
        assert (caught.value.reason, caught.value.line) == ("truncated", 5)
    # Without its last line end alone a file is whole.
    assert len(one(CSV, ENGLISH.rstrip("\n"), EUR).entries) == 3


def test_other_tables_are_not_taken():
    for content in (
        "业务参考号,付款账号,收款户名,收款账号,金额,付款日期\n",
        "item_id,erp_reference,account,direction,amount,currency,date\n",
        "a,b,c\n1,2,3\n",
        "<x/>",
        '{"a": 1}',
        ":20:X\n",
        "date\n",
    ):
        assert not CSV.sniff(content.encode())
    with pytest.raises(WireError) as caught:
        statements(CSV, "a,b,c\n1,2,3\n")
    assert caught.value.reason == "columns"


def test_a_saved_mapping():
    options = {
        "column_booking_date": "Wann",
        "column_amount": "#4",
        "column_remittance": "Was, Warum",
        "column_counterparty_name": "Wer",
        "delimiter": ";",
    }
    content = "x\nWann;Wer;Was;Wieviel;Warum\n05.01.2026;A;b;1.234,50;c\n06.01.2026;A;b;-1,00;\n"
    assert not CSV.sniff(content.encode())
    found = one(CSV, content, Reading(account="7", currency="EUR", options=options))
    assert found.amounts == ["1234.50", "-1.00"]
    [first, _] = found.entries
    assert (first.remittance, first.counterparty_name) == ("b c", "A")
    assert found.start.account == "7"
    with pytest.raises(WireError) as caught:
        statements(CSV, content.replace("Wer;", "Wann;"), Reading(options=options))
    assert caught.value.reason == "surplus"


def test_a_mapping_by_place_alone():
    options = {"header_row": "0", "column_booking_date": "#1", "column_amount": "#3"}
    found = one(
        CSV, "20260105,x,1.00\n20260106,y,-2.00\n", Reading(currency="EUR", options=options)
    )
    assert found.amounts == ["1.00", "-2.00"]
    with pytest.raises(WireError):
        statements(CSV, "20260105,x,1.00\n", Reading(options={"header_row": "0"}))


def test_columns_nobody_uses_are_named():
    found = one(CSV, "Date,Amount,Weather\n2026-01-05,1.00,rain\n", EUR)
    assert "Weather" in found.end.findings[0].en
    assert found.end.findings[0].gravity is Gravity.NOTE


def test_several_accounts_in_one_table():
    content = "账号,日期,金额,币种\n1,20260105,1.00,CNY\n1,20260106,2.00,CNY\n2,20260105,3.00,USD\n"
    first, second = statements(CSV, content)
    assert [(it.start.account, it.start.currency, len(it.entries)) for it in (first, second)] == [
        ("1", "CNY", 2),
        ("2", "USD", 1),
    ]


def test_lines_that_are_not_booked():
    content = "日期,金额,状态\n20260105,1.00,成功\n20260106,2.00,处理中\n20260107,3.00,失败\n"
    assert [it.status for it in one(CSV, content, EUR).entries] == list(EntryStatus)


def test_empty_amounts_and_both():
    content = "Date,Debit,Credit\n2026-01-05,,\n2026-01-06,1.00,3.00\n2026-01-07,0.00,0.00\n"
    found = one(CSV, content, EUR)
    assert found.amounts == ["0.00", "2.00", "0.00"]
    assert found.codes == ["no_amount", "both"]
    assert found.entries[0].status is EntryStatus.INFO


def test_payer_and_payee_in_columns_of_their_own():
    content = (
        "查询账号[ Inquirer account number ],12345\n总笔数[ Total ],2\n"
        "付款人账号[ Debit No. ],付款人名称[ Payer ],收款人账号[ No. ],收款人名称[ Payee ],"
        "交易日期[ Date ],交易货币[ Currency ],交易金额[ Amount ]\n"
        "1,甲,2,乙,20260105,CNY,100.00\n2,乙,3,丙,20260106,CNY,-50.00\n"
    )
    found = one(CSV, content)
    assert [(it.counterparty_name, it.counterparty_account) for it in found.entries] == [
        ("甲", "1"),
        ("丙", "3"),
    ]
    assert (found.start.account, found.start.currency, found.codes) == ("12345", "CNY", [])


def test_a_kind_that_is_a_direction():
    content = "Date,Text,Amount,Transaction Type\n2026-01-05,a,5.50,debit\n2026-01-06,b,9,credit\n"
    assert one(CSV, content, EUR).amounts == ["-5.50", "9.00"]
    signed = content.replace("5.50", "-5.50").replace(",9,", ",-9,")
    assert one(CSV, signed, EUR).amounts == ["-5.50", "-9.00"]


def test_the_currency_behind_a_columns_name():
    def unit(name):
        return one(CSV, f"日期,摘要,{name}\n20260105,a,1.00\n").start.currency

    assert [unit(it) for it in ("金额(元)", "Betrag (EUR)", "收入（支取）", "Amount (out)")] == [
        *("CNY", "EUR", "", "")
    ]


def test_small_things():
    assert [constant(it) for it in ('="a"', "\t1 ", "'=x", "'s", '="a"&"b"')] == [
        *("a", "1", "=x", "'s", '="a"&"b"')
    ]
    assert (way("借"), way(" CR "), way("?")) == (False, True, None)
    assert one(CSV, ENGLISH).codes == ["currency"]


def test_names_that_erp_exports_and_german_netbanks_give_their_columns():
    table = "Date,Label,Currency,Amount,Partner Name\n2026-01-05,Invoice 7,EUR,-1.50,Muster\n"
    german = (
        "Buchungstag;Verwendungszweck;Begünstigter/Zahlungspflichtiger;Betrag;Währung\n"
        "05.01.2026;Invoice 7;Muster;-1,50;EUR\n"
    )
    for text in (table, german):
        found = one(CSV, text)
        assert (found.amounts, found.codes) == (["-1.50"], [])
        (entry,) = found.entries
        assert (entry.counterparty_name, entry.remittance) == ("Muster", "Invoice 7")
