"""Balances and lines of MT940, in every form that banks give them."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.bank_file import Gravity
from gateway.domain.statement import Continuity, EntryStatus
from tests.unit.formats.read.mt940_ground import HEAD, LINE, TAIL, codes, ends, entries, entry

# ── balances ──────────────────────────────────────────────────────────────────────────────


def test_a_wrong_sum_is_a_contradiction():
    (end,) = ends(f"{HEAD}{LINE}{TAIL}".replace("110,00", "111,00"))
    assert end.continuity is Continuity.BROKEN
    assert [it.code for it in end.findings] == ["continuity"]


@pytest.mark.parametrize("gone", [":60F:C260105EUR100,00\n", ":62F:C260105EUR110,00\n"])
def test_a_missing_balance_proves_nothing(gone: str):
    (end,) = ends(f"{HEAD}{LINE}{TAIL}".replace(gone, ""))
    assert end.continuity is Continuity.UNKNOWN
    assert len(end.findings) == 1


@pytest.mark.parametrize("day", ["180230", "231475", "120931"])
def test_a_day_that_no_calendar_has_is_left_empty(day: str):
    text = f"{HEAD}:61:{day}C10,00NTRFREF1\n{TAIL}".replace(":62F:C260105", f":62F:C{day}")
    (line,) = entries(text)
    (end,) = ends(text)
    assert (line.value_date, line.amount.text(2)) == (None, "10.00")
    assert (end.closing.day, end.continuity) == (None, Continuity.OK)
    assert [it.code for it in end.findings] == ["date", "date"]


def test_a_balance_that_is_none_is_named():
    (end,) = ends(f"{HEAD}{LINE}{TAIL}".replace("-\n", ":65F:Cnullnull2806,9\n-\n"))
    assert [it.code for it in end.findings] == ["date", "currency"]
    (end,) = ends(f"{HEAD}{LINE}:62F:CXX\n")
    assert end.closing is None
    assert [it.code for it in end.findings] == ["balance"]


def test_a_closing_balance_without_its_currency_has_that_of_the_opening():
    (end,) = ends(f"{HEAD}{LINE}{TAIL}".replace("C260105EUR110", "C260105110"))
    assert (end.closing.currency, end.continuity) == ("EUR", Continuity.OK)
    assert [it.code for it in end.findings] == ["currency"]


def test_other_balances_are_kept():
    text = (
        f"{HEAD}{LINE}:62F:C260105EUR110,\n:64:C260105EUR90,\n:65:C260106EUR80,\n:65:D260107EUR1,\n"
    )
    (end,) = ends(text)
    assert [(it.code, it.amount.text(2)) for it in end.balances][2:] == [
        ("64", "90.00"),
        ("65", "80.00"),
        ("65", "-1.00"),
    ]


def test_rmb_is_the_yuan():
    text = f"{HEAD}{LINE}{TAIL}".replace("EUR", "RMB")
    assert entries(text)[0].currency == "CNY"
    assert codes(text) == ["currency_rmb", "currency_rmb"]


def test_two_currencies_in_one_statement_contradict_each_other():
    assert "currency_differs" in codes(f"{HEAD}{LINE}{TAIL}".replace("EUR110", "USD110"))


def test_two_closing_balances_contradict_each_other():
    (end,) = ends(f"{HEAD}{LINE}:62F:C260105EUR110,\n:62F:C260105EUR111,\n")
    assert ("closing_twice", Gravity.CONTRADICTION) in {
        (it.code, it.gravity) for it in end.findings
    }


def test_lines_outside_the_balances_days_are_told():
    text = f"{HEAD}:61:2601050104C5,NMSC\n:61:2601050106C5,NMSC\n{TAIL}"
    (end,) = ends(text)
    assert [(it.code, it.line) for it in end.findings] == [("earlier", 5), ("later", 6)]


# ── field 61 ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "amount", "code", "reference", "bank"),
    [
        ("2601050105D48,30NOVBNL62KUST0335570918", "-48.30", "NOVB", "NL62KUST0335570918", ""),
        ("260105    D17,20NTRFQZK", "-17.20", "NTRF", "QZK", ""),
        (
            "2601050105CR412,NTRFLos 771 ABRUF//30518846",
            "412.00",
            "NTRF",
            "Los 771 ABRUF",
            "30518846",
        ),
        ("260105DF836,40S   Y", "-836.40", "S", "Y", ""),
        ("260105D6,N158NONREF", "-6.00", "N158", "", ""),
        ("260105C350NTRF04-02-2026 17:32//K9", "350.00", "NTRF", "04-02-2026 17:32", "K9"),
        ("2601050105C72,00 NTRFNONREF//38", "72.00", "NTRF", "", "38"),
        ("260105D\n41,00NMSCV", "-41.00", "NMSC", "V", ""),
        ("260105D000000000734,91N061", "-734.91", "N061", "", ""),
        ("260105D,50NMSC", "-0.50", "NMSC", "", ""),
        ("260105C7,50", "7.50", "", "", ""),
        ("260105C7,50//BANK", "7.50", "", "", "BANK"),
        ("260105C7,50NONREF", "7.50", "", "", ""),
        ("260105CN0,03NTRFNONREF//KP7\n640-OPLATA", "0.03", "NTRF", "", "KP7"),
        ("260105C58,3FMSC04472//NONREF\n2026", "58.30", "FMSC", "04472", ""),
        ("260105DR6,2NTRFKREF+//71QX", "-6.20", "NTRF", "KREF+", "71QX"),
        (
            "260105D1,00NTRFLONG-REFERENCE-OF-MORE-THAN-SIXTEEN1//B",
            "-1.00",
            "NTRF",
            "LONG-REFERENCE-OF-MORE-THAN-SIXTEEN1",
            "B",
        ),
        ("260105D1,00NTRFREF\n//BEHIND", "-1.00", "NTRF", "REF", "BEHIND"),
        ("260105D 1,00NTRFREF", "-1.00", "NTRF", "REF", ""),
        ("20260105D1,00NTRFREF", "-1.00", "NTRF", "REF", ""),
    ],
)
def test_lines_of_every_form(line, amount, code, reference, bank):
    found = entry(f":61:{line}")
    assert found.amount.text(2) == amount
    assert (found.code, found.entry_reference, found.reference) == (code, reference, bank)
    assert found.value_date == date(2026, 1, 5)


@pytest.mark.parametrize(
    ("mark", "amount", "reversal", "status"),
    [
        ("C", "1.00", False, EntryStatus.BOOKED),
        ("D", "-1.00", False, EntryStatus.BOOKED),
        ("RC", "-1.00", True, EntryStatus.BOOKED),
        ("RD", "1.00", True, EntryStatus.BOOKED),
        ("EC", "1.00", False, EntryStatus.PENDING),
        ("ED", "-1.00", False, EntryStatus.PENDING),
        ("RCR", "-1.00", True, EntryStatus.BOOKED),
        ("CD", "1.00", False, EntryStatus.BOOKED),
    ],
)
def test_marks_say_where_money_goes(mark, amount, reversal, status):
    found = entry(f":61:260105{mark}1,00NMSC")
    assert (found.amount.text(2), found.reversal, found.status) == (amount, reversal, status)


@pytest.mark.parametrize(
    ("figures", "amount", "told"),
    [
        ("1234.56", "1234.56", "amount_form"),
        ("1.234,56", "1234.56", "amount_form"),
        ("1,234.56", "1234.56", "amount_form"),
        ("1.234.567,8", "1234567.80", "amount_form"),
        ("1.234.567", "1234567.00", "amount_form"),
        ("12,34567", "12.34567", ""),
        ("1 234,56", "1234.56", "amount_form"),
    ],
)
def test_amounts_with_other_marks_are_read_and_told(figures, amount, told):
    text = f"{HEAD}:61:260105C{figures}NMSC\n"
    assert entries(text)[0].amount.text(2) == amount
    assert [it for it in codes(text) if it.startswith("amount")] == ([told] if told else [])


def test_three_digits_behind_a_point_are_told_as_unclear():
    text = f"{HEAD}:61:260105C1.234NMSC\n"
    assert entries(text)[0].amount.text(2) == "1.234"
    assert "amount_unclear" in codes(text)


@pytest.mark.parametrize(
    "figures",
    ["1,2,3", "1,23.4.5", "1 23 45,00", "1,234,56", "1 2", "9" * 40 + ",00", "0,1234567890"],
)
def test_what_is_no_amount_is_no_entry_and_a_contradiction(figures):
    (end,) = ends(f"{HEAD}:61:260105C{figures}NMSC\n")
    assert end.entries == 0
    assert ("entry", Gravity.CONTRADICTION) in {(it.code, it.gravity) for it in end.findings}


@pytest.mark.parametrize(
    ("value", "booked", "expected"),
    [
        ("251231", "0102", date(2026, 1, 2)),
        ("260102", "1231", date(2025, 12, 31)),
        ("260630", "0701", date(2026, 7, 1)),
        ("240301", "0229", date(2024, 2, 29)),
        ("180230", "0301", date(2018, 3, 1)),
    ],
)
def test_the_entry_date_lies_in_the_year_next_to_the_value_date(value, booked, expected):
    assert entry(f":61:{value}{booked}C1,00NMSC").booking_date == expected


def test_without_an_entry_date_there_is_none():
    assert entry(":61:260105C1,00NMSC").booking_date is None


def test_two_digit_years_belong_to_the_century_that_the_network_means():
    assert entry(":61:991231C1,00NMSC").value_date == date(1999, 12, 31)
    assert entry(":61:790101C1,00NMSC").value_date == date(2079, 1, 1)
    assert entry(":61:260105C1,00NMSC", century=1900).value_date == date(1926, 1, 5)


def test_fixed_columns_behind_the_reference_hold_a_name():
    found = entry(":61:260105D5,00N0610583304417      B. KUIPER\n:86:RENT")
    assert (found.entry_reference, found.counterparty_name) == ("0583304417", "B. KUIPER")
    assert found.counterparty_account == "0583304417"


def test_details_below_the_line_are_kept_and_an_iban_is_the_account():
    found = entry(":61:260105D5,00NTRFX\nNL58KUST0691147320\n:86:RENT")
    assert found.counterparty_account == "NL58KUST0691147320"
    found = entry(":61:260105D5,00NTRFX\nCARD PAYMENT\nSECOND LINE")
    assert found.remittance == "CARD PAYMENT SECOND LINE"
    assert found.more == ((":61:", "CARD PAYMENT SECOND LINE"),)


def test_original_amount_and_charges_become_parts_that_add_up():
    found = entry(":61:260105D7,00NTRFX\n/OCMT/EUR6,1//CHGS/EUR0,9/")
    assert [(it.kind, it.amount.text(2)) for it in found.transactions] == [
        ("", "-6.10"),
        ("charges", "-0.90"),
    ]
    found = entry(":61:260105D7,00NTRFX\n/OCMT/USD8,30//CHGS/EUR0,9/")
    (only,) = found.transactions
    assert (only.amount.text(2), only.original_currency, only.original_amount) == (
        "-7.00",
        "USD",
        "8.30",
    )


def test_charges_that_do_not_add_up_are_no_part():
    (only,) = entry(":61:260105D7,00NTRFX\n/OCMT/EUR6,1//CHGS/EUR0,8/").transactions
    assert (only.amount.text(2), only.original_amount) == ("-7.00", "6.1")


def test_a_foreign_funds_code_is_told_once():
    assert codes(f"{HEAD}:61:260105CN5,NMSC\n:61:260105CN5,NMSC\n{TAIL}") == ["funds_code"]
