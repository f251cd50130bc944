"""Fields of MT940 as certain banks fill them: fillers, own accounts, lines of their own width."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.bank_file import EntryRead
from gateway.domain.statement import Continuity
from gateway.formats.read import mt940
from gateway.ports.statement_formats import Reading
from tests.unit.formats.read.mt940_ground import (
    HEAD,
    LINE,
    TAIL,
    about,
    codes,
    ends,
    entries,
    entry,
)

TRIODOS = HEAD.replace("DE00123", "BANK/0711111111")


@pytest.mark.parametrize("filler", ["ÿ", "˙", "\xa0", "˙˙"])
def test_subfields_that_hold_a_filler_are_empty(filler):
    found = about(
        f"020~00310\n~20WODA\n~21{filler}\n~25{filler}\n~32ADAM\n~33{filler}\n~60{filler}~61X"
    )
    assert (found.remittance, found.counterparty_name) == ("WODA X", "ADAM")


def test_a_filler_inside_a_text_is_a_letter():
    assert about("020~00310~20L'Haÿ~32Ysaÿe").remittance == "L'Haÿ"


def test_the_customers_own_account_is_not_the_other_ones():
    (found,) = entries(
        f"{TRIODOS}{LINE}:86:000>100722222222\n>20VERHUUR >21MEI>310711111111\n{TAIL}"
    )
    assert found.counterparty_account == "0722222222"
    assert found.remittance.startswith("VERHUUR")
    assert ("?31", "0711111111") in found.more


def test_the_other_account_may_stand_in_the_purpose():
    text = "000>100000000000\n>20BANKNL2A\n>21NL02BANK0733333333\n>22VERHUUR\n>310711111111"
    (found,) = entries(f"{TRIODOS}{LINE}:86:{text}\n{TAIL}")
    assert (found.counterparty_account, found.counterparty_bank) == (
        "NL02BANK0733333333",
        "BANKNL2A",
    )
    assert found.remittance == "VERHUUR"


def test_an_own_account_with_nothing_beside_it():
    (found,) = entries(f"{TRIODOS}{LINE}:86:000>20VERHUUR>310711111111\n{TAIL}")
    assert (found.counterparty_account, found.remittance) == ("", "VERHUUR")


def test_a_number_that_only_ends_alike_is_another_account():
    assert about("166?20X?310123").counterparty_account == "0123"


def test_a_line_longer_than_any_field_ends_with_a_word():
    """Only a writer that cuts lines ends several of them at the same width."""
    long = "x" * 70
    assert about(f"{long}\nnext").remittance == f"{long} next"
    assert about(f"{long}\n{long}\nnext").remittance == f"{long}{long}next"
    assert about(f"{'x' * 65}\nnext").remittance == f"{'x' * 65}next"


def test_no_reference_that_a_line_cut_in_two_is_none():
    found = about("/NAME/A/REMI/B/EREF/NOTPRO\nVIDED")
    assert found.end_to_end_id == ""
    assert about("/NAME/A/REMI/B/EREF/E 1").end_to_end_id == "E 1"


def test_an_account_that_is_no_iban():
    found = about("/TRTP/TRANSFER/BBAN/71234567/NAME/ADAM/REMI/RENT")
    assert (found.counterparty_account, found.counterparty_name) == ("71234567", "ADAM")


def test_a_first_word_without_its_slash():
    found = about("EREF/E77/PREF/BATCH/9")
    assert (found.end_to_end_id, found.remittance) == ("E77", "")
    assert about("BEREF/E77").end_to_end_id == ""


def test_an_account_of_zeros_is_no_text():
    found = entry(":61:260105D1,00NTRFREF\n0000000000\n:86:/PREF/B1")
    assert (found.remittance, found.counterparty_account) == ("", "")
    assert (":61:", "0000000000") in found.more


@pytest.mark.parametrize("tag", [":62F", ":62M", ":64F"])
def test_a_balance_whose_tag_lost_its_second_colon(tag):
    text = f"{HEAD}{LINE}:86:166?20RENT\n{tag}C260105EUR110,00\n-\n"
    assert entries(text)[0].remittance == "RENT"
    if tag != ":64F":
        assert ends(text)[0].continuity is Continuity.OK


@pytest.mark.parametrize("text", [":62F is a form", ":62FX260105EUR110,00", ":61C260105EUR1,00"])
def test_words_that_only_look_like_such_a_tag(text):
    assert about(f"see\n{text}").remittance == f"see {text}"


def test_a_letter_that_is_a_figure_in_a_balance():
    assert codes(f"{HEAD.replace('EUR100,00', 'EURO100,00')}{LINE}{TAIL}") == []


def test_fields_far_from_the_margin():
    whole = f"{HEAD}{LINE}:86:text\n{TAIL}"
    assert entries(whole.replace("\n:", f"\n{' ' * 40}:")) == entries(whole)


ONE_LINE = (
    "{1:F05BANK}{2:I940IDR}{4::20:S1:25:00123:28C:7:60F:C260105IDR100,5:61:260105D10,5NTRF"
    ":86:RENT 1:2 PM:61:260105C5,NTRF:86:PAY:62F:C260105IDR95,-}"
)


@pytest.mark.parametrize("size", [1 << 16, 90, 61])
def test_a_message_that_lost_its_line_ends(size):
    body = ONE_LINE.encode()
    pieces = [body[it : it + size] for it in range(0, len(body), size)]
    found = list(mt940.read(pieces, Reading()))
    whole = ONE_LINE.replace("-}", "\n-}")
    for tag in ("20", "25", "28C", "60F", "61", "86", "62F"):
        whole = whole.replace(f":{tag}:", f"\n:{tag}:")
    expected = list(mt940.read([whole.encode()], Reading()))
    texts = [(it.amount, it.remittance) for it in found if isinstance(it, EntryRead)]
    assert texts == [(it.amount, it.remittance) for it in expected if isinstance(it, EntryRead)]
    assert [it[1] for it in texts] == ["RENT 1:2 PM", "PAY"]
    assert found[-1].continuity is Continuity.OK


@pytest.mark.parametrize(
    ("days", "value", "booked"),
    [
        ("260104260105", date(2026, 1, 4), date(2026, 1, 5)),
        ("2026010420260105", date(2026, 1, 4), date(2026, 1, 5)),
        ("202601040105", date(2026, 1, 4), date(2026, 1, 5)),
    ],
)
def test_two_days_with_their_years(days, value, booked):
    found = entry(f":61:{days}C1,00NTRFREF")
    assert (found.value_date, found.booking_date) == (value, booked)


def test_charges_and_the_amount_received_are_no_purpose():
    found = about("/ORDP//NAME/AB/REMI/INV 7 /RCMT/EUR 1,00 /CHRG/DKK 4,00")
    assert (found.counterparty_name, found.remittance) == ("AB", "INV 7")
    assert found.more == (("/RCMT/", "EUR 1,00"), ("/CHRG/", "DKK 4,00"))


def test_a_code_in_a_field_of_its_own():
    found = about("150\n:86:150~00B150PRZELEW\n~20WODA\n~32ADAM")
    assert (found.own_code, found.remittance, found.counterparty_name) == ("150", "WODA", "ADAM")
    assert about("150\n:86:1500 PIECES").remittance == "150 1500 PIECES"


def test_messages_behind_each_other_on_one_line():
    text = ":20:S1:25:001:28C:1:60F:C260105EUR1,:61:260105C2,NTRF:62F:C260105EUR3,-"
    assert [it.closing.amount.text(2) for it in ends(text * 2)] == ["3.00", "3.00"]
