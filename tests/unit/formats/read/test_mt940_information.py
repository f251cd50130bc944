"""Field 86 in the dialects of many banks, and what takes its place."""

from __future__ import annotations

import pytest

from tests.unit.formats.read.mt940_ground import (
    HEAD,
    LINE,
    TAIL,
    about,
    codes,
    ends,
    entries,
    entry,
    starts,
)

# ── field 86 ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mark", ["?", "<", ">", "~", "^", "|", "@"])
def test_german_subfields_with_any_mark(mark: str):
    found = about(
        "166?00ZUGANG?107316?20EREF+E-1?21KREF+K-1?22MREF+M-1?23CRED+DE41ZZZ?24SVWZ+Rent"
        "?25 May?30KUSTDEFF?31DE7730?32Windhof GmbH?3471".replace("?", mark)
    )
    assert (found.own_code, found.end_to_end_id, found.remittance) == ("166", "E-1", "Rent May")
    assert found.counterparty_name == "Windhof GmbH"
    assert (found.counterparty_account, found.counterparty_bank) == ("DE7730", "KUSTDEFF")
    (only,) = found.transactions
    assert (only.mandate_id, only.instruction_id) == ("M-1", "K-1")
    assert dict(found.more) == {
        "?00": "ZUGANG",
        "?10": "7316",
        "?34": "71",
        "CRED+": "DE41ZZZ",
    }


def test_subfields_without_a_code_before_them():
    found = about("~00WIRE~20INVOICE 7~32ACME")
    assert (found.own_code, found.remittance, found.counterparty_name) == ("", "INVOICE 7", "ACME")


def test_a_full_subfield_goes_on_in_the_next():
    found = about("177?20EREF+KD-77/Q4/RECHNUNG-0083?2164-OST?22SVWZ+TEXT")
    assert found.end_to_end_id == "KD-77/Q4/RECHNUNG-008364-OST"


def test_text_behind_an_identifier_is_the_remittance():
    found = about("106?20EREF+E-1?21MREF+M?22CRED+DE41?23CARD 7?24 TURKU?25ABWA+SHOP?26 NORTH")
    assert found.remittance == "CARD 7 TURKU"
    assert found.more == (("CRED+", "DE41"), ("ABWA+", "SHOP NORTH"))


def test_lines_break_subfields_anywhere():
    found = about("166?00ZUGANG?20EREF+E-1?2\n1SVWZ+RE\nNT MAY?3\n2BRANDL")
    assert (found.end_to_end_id, found.remittance) == ("E-1", "RENT MAY")
    assert found.counterparty_name == "BRANDL"


def test_more_purpose_follows_the_names():
    found = about("105?20SVWZ+0123456789012345678901?32A?33B?60 AND MORE?61ABWA+OTHER")
    assert found.remittance == "0123456789012345678901 AND MORE"
    assert (found.counterparty_name, found.more) == ("A B", (("ABWA+", "OTHER"),))


def test_a_mark_that_is_none_stays_in_its_text():
    assert about("105?20WHY?NO?51 IDEA?32A?").remittance == "WHY?NO?51 IDEA"


def test_a_returned_payment_says_why():
    assert about("109?00RETURN?20SVWZ+BACK?34914").return_reason == "914"
    assert about("166?20RTRN+AC04 CLOSED?21SVWZ+X").return_reason == "AC04"


def test_booking_text_stands_in_for_a_missing_purpose():
    assert about("805?00FEES?102047").remittance == "FEES"


def test_the_iban_goes_before_the_old_account():
    found = about("020?20X?31000419?38PL53207718840000")
    assert found.counterparty_account == "PL53207718840000"
    assert ("?31", "000419") in found.more


def test_not_provided_is_no_identification():
    found = about("166?20EREF+NOTPROVIDED?21SVWZ+X")
    assert (found.end_to_end_id, found.transactions) == ("", ())


def test_key_words_without_subfields():
    assert about("EREF+E-9 SVWZ+RENT").end_to_end_id == "E-9"
    assert about("EREF: E-9 SVWZ: RENT").remittance == "RENT"


def test_the_instructed_amount_of_a_payment_in_another_currency():
    (only,) = about("166?20OAMT+USD 12,50?21SVWZ+X").transactions
    assert (only.original_currency, only.original_amount) == ("USD", "12.50")


def test_code_words_between_slashes():
    found = about(
        "/TRTP/SEPA INCASSO/IBAN/BE60417733920185/BIC/KUSTBEBB\n/NAME/W TAMMINGA/REMI/Huur van"
        " de loods/EREF/NOTPROVIDED"
    )
    assert (found.counterparty_account, found.counterparty_bank) == ("BE60417733920185", "KUSTBEBB")
    assert (found.counterparty_name, found.remittance) == ("W TAMMINGA", "Huur van de loods")
    assert (found.end_to_end_id, found.more) == ("", (("/TRTP/", "SEPA INCASSO"),))


def test_a_party_between_slashes():
    found = about(
        "/EREF/E-1//MARF/M-1//CNTP/NL19KUST0447305/KUSTNL2A/Molen Fietsen///REMI/USTD//73-2208/"
        "/RTRN/MS03//ULTD//NAME/OTHER/"
    )
    assert (found.end_to_end_id, found.return_reason) == ("E-1", "MS03")
    assert found.transactions[0].mandate_id == "M-1"
    assert (found.counterparty_account, found.counterparty_bank) == ("NL19KUST0447305", "KUSTNL2A")
    assert (found.counterparty_name, found.remittance) == ("Molen Fietsen", "73-2208")
    assert ("/ULTD//NAME/", "OTHER") in found.more


def test_a_structured_reference_between_slashes():
    (only,) = about("/REMI/STRD/CUR/4820077351906643/").transactions
    assert only.structured == "4820077351906643"


def test_words_of_parties_between_slashes():
    found = about("/BENM//NAME/H VOS/ACCW/NL36KUST0582,KUSTNL2A/REMI/Lot 14/ISDT/2026-01-03")
    assert (found.counterparty_account, found.counterparty_bank) == ("NL36KUST0582", "KUSTNL2A")
    assert (found.counterparty_name, found.remittance) == ("H VOS", "Lot 14")


def test_a_party_without_words_of_its_own():
    found = about(" /QRST//260104 FJORD OY\n /ORDP/SKOG FINANS AB (FIL)\n /REMI/LOT 31\nSHIPMENT 9")
    assert found.counterparty_name == "SKOG FINANS AB (FIL)"
    assert found.remittance == "QRST//260104 FJORD OY LOT 31 SHIPMENT 9"


def test_a_party_of_account_and_name_and_a_text_behind_it():
    found = about("/BENM/170000482215906\n/VODOVOD DOO\n/00//58-113\n/Water of June")
    assert (found.counterparty_account, found.counterparty_name) == (
        "170000482215906",
        "VODOVOD DOO",
    )
    assert found.remittance == "00//58-113/Water of June"


def test_what_follows_a_short_value_is_text():
    found = about("/OCMT/USD617,45/\nGOODS ON LISTS 8\n/RTRN/MS03/ ASK US")
    assert (found.remittance, found.return_reason) == (
        "GOODS ON LISTS 8 ASK US",
        "MS03",
    )
    assert found.transactions[0].original_amount == "617.45"
    assert about("166?20RTRN+AC04 CLOSED").remittance == "CLOSED"


def test_words_with_colons_in_free_text():
    found = about(
        "SEPA INCASSO                     IBAN: NL93KUST0748819203        \n"
        "BIC: KUSTNL2A                    NAAM: R DEKKER                  \n"
        "OMSCHRIJVING: LAMPEN 5           KENMERK: K-31"
    )
    assert (found.counterparty_account, found.counterparty_bank) == (
        "NL93KUST0748819203",
        "KUSTNL2A",
    )
    assert (found.counterparty_name, found.end_to_end_id) == ("R DEKKER", "K-31")
    assert "OMSCHRIJVING: LAMPEN 5" in found.remittance
    found = about("775 X; Z RACH.: \n83207750290000418836600712; OD: W LIPA  \nUL. K; TYT.: R   ; ")
    assert (found.counterparty_account, found.counterparty_name) == (
        "83207750290000418836600712",
        "W LIPA",
    )
    found = about("ORDER 44\nREK: NL08KUST0219940635/NAAM: S BRAAM")
    assert (found.counterparty_account, found.counterparty_name) == (
        "NL08KUST0219940635",
        "S BRAAM",
    )


def test_account_and_name_on_the_first_line_where_the_reference_repeats_it():
    found = entry(
        ":61:260105D48,30NOVBNL62KUST0335570918\nb kuiper\n"
        ":86:NL62KUST0335570918 b kuiper\n\nKlompen en hout\n\n\n"
    )
    assert (found.counterparty_account, found.counterparty_name) == (
        "NL62KUST0335570918",
        "b kuiper",
    )
    assert (found.remittance, found.more) == ("Klompen en hout", ())


def test_hungarian_lines_have_their_places():
    found = about("QKT26A0400057713\n117440268100000530097742\nTISZA KERT BT.\nUV")
    assert (found.counterparty_account, found.counterparty_name) == (
        "117440268100000530097742",
        "TISZA KERT BT.",
    )


def test_unstructured_text_of_a_german_bank():
    found = about("999PN8812BEITRAG-NR. 40557")
    assert (found.own_code, found.remittance) == ("999", "999PN8812BEITRAG-NR. 40557")


def test_full_lines_go_on_and_shorter_ones_end_with_a_word():
    full = "A" * 65
    assert about(f"{full}\nB\nC").remittance == f"{full}B C"


def test_several_fields_86_of_one_line_are_one_text():
    assert about("ONE\n:86:TWO\n:86:THREE").remittance == "ONE TWO THREE"


def test_an_empty_or_missing_field_86_is_no_finding():
    assert codes(f"{HEAD}{LINE}:86:\n{TAIL}") == []
    assert entry(LINE.strip()).remittance == ""


def test_a_wrapped_time_is_no_tag():
    found = about("106?20EREF+E-1?24/SE 03-02-2026T09\n:26:51 Ka?25rte 4")
    assert "T09:26:51 Ka" in found.remittance
    for minute in ("20", "21", "25", "28", "13"):
        text = f"{HEAD}{LINE}:86:PAID AT 11\n:{minute}:44 O CLOCK\n{TAIL}"
        (line,) = entries(text)
        assert f":{minute}:44 O CLOCK" in line.remittance
        assert [it.account for it in starts(text)] == ["DE00123"]
        assert codes(text) == []


def test_a_tag_broken_at_a_fixed_width_is_a_tag():
    text = HEAD + ":61:2601050105CR\n10,00N118NONREF\n:\n86:166?20SVWZ+Test\n" + TAIL
    (line,) = entries(text)
    assert (line.amount.text(2), line.remittance) == ("10.00", "Test")
    # Wherever a piece ends.
    padded = HEAD + ":86:" + "x" * 40 + "\n" + "y" * 50 + "\n"
    long = padded + (":61:260105C1,\n:\n86:Z\n") * 9000
    assert {it.remittance for it in entries(long)} == {"Z"}


def test_a_new_message_begins_even_where_the_last_one_has_no_end():
    text = f"{HEAD}{LINE}:86:X\n{HEAD}{LINE}{TAIL}"
    assert [it.entries for it in ends(text)] == [1, 1]


def test_another_tag_in_place_of_field_86_is_its_text():
    text = f"{HEAD}{LINE}:25:166?00ZUGANG?20SVWZ+RENT\n{TAIL}"
    assert entries(text)[0].remittance == "RENT"
    assert starts(text)[0].account == "DE00123"
    assert codes(text) == ["information_tag"]


def test_information_about_the_whole_statement_is_its_remark():
    text = f"{HEAD}{LINE}{TAIL}".replace("-\n", ":86:D000000C000001D0,00C10,00\n-\n")
    (end,) = ends(text)
    assert end.remark == "D000000C000001D0,00C10,00"
    assert [it.code for it in end.findings] == ["information"]
    assert "control_sum" in codes(text.replace("D0,00C10", "D0,00C11"))


def test_sums_between_slashes_are_checked():
    text = f"{HEAD}{LINE}{TAIL}".replace("-\n", ":86:/NAME/A BANK//SUM/0/1/0,/10,00/\n-\n")
    assert codes(text) == ["information"]
    assert "control_sum" in codes(text.replace("/0,/10", "/0,/11"))


def test_a_dash_inside_a_text_ends_nothing():
    found = about("ONE\n-\nTWO\n- THREE")
    assert found.remittance == "ONE - TWO - THREE"


def test_non_swift_fields_of_line_and_account():
    text = HEAD.replace(":60F", ":NS:22WINDHOF KG\n23Werk\n3055012000\n:60F")
    text += (
        f":61:260105C10,00S051\n:NS:01Rent\n02May\n15Payer\n17ZUGANG\n3320417703\n340071836\n{TAIL}"
    )
    (start,) = starts(text)
    assert (start.account_name, start.account_bank) == ("WINDHOF KG", "55012000")
    (line,) = entries(text)
    assert (line.remittance, line.counterparty_name) == ("Rent May", "Payer")
    assert (line.counterparty_account, line.counterparty_bank) == ("0071836", "20417703")
    assert line.more == ((":NS:17", "ZUGANG"),)


def test_non_swift_fields_beside_field_86_are_kept():
    found = entry(":61:260105D31,FCHGX\n\n:NS:01Uferweg\n02Kiel\n\n:86:>20Fee>31>32")
    assert (found.remittance, found.more) == ("Fee", ((":NS:", "Uferweg Kiel"),))
