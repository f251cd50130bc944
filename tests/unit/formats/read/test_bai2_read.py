"""BAI2 files as banks write them."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.bank_file import BalanceUse, Gravity
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity, EntryStatus
from gateway.formats.read.bai2 import FORMAT
from gateway.ports.statement_formats import Reading
from tests.unit.formats.read.ground import one, statements

HEAD = "01,BANK,CORP,260102,0900,7,80,,2/\n02,CORP,BANKID,1,260101,2400,{},2/\n"


def file(*details, summary="010,10000,,,015,10000,,", currency="USD", account="123", add=0):
    """A file of one account whose totals and counts are right, plus ``add``."""
    lines = [f"03,{account},,{summary}/", *details]
    total = add
    for line in lines:
        fields = line.split(",")
        if line.startswith("03"):
            total += sum(int(it) for it in fields[4:-1:4] if it)
        elif line.startswith("16"):
            total += int(fields[2].rstrip("/"))
    count = len(lines) + 1
    tail = f"49,{total},{count}/\n98,{total},1,{count + 2}/\n99,{total},1,{count + 4}/\n"
    return HEAD.format(currency) + "\n".join(lines) + "\n" + tail


def test_an_account():
    found = one(FORMAT, file("16,195,2500,Z,B1,C1,Paid, by/wire/", "16,495,2500,Z,B2,,Out"))
    assert found.amounts == ["25.00", "-25.00"]
    first, second = found.entries
    assert (first.reference, first.entry_reference, first.remittance) == (
        "B1",
        "C1",
        "Paid, by/wire",
    )
    assert (first.booking_date, first.code, first.line) == (date(2026, 1, 1), "195", 4)
    assert (second.reference, second.entry_reference) == ("B2", "")
    start, end = found.start, found.end
    assert (start.format, start.account, start.currency) == ("BAI2", "123", "USD")
    assert (start.statement_id, start.account_bank) == ("7", "BANKID")
    assert start.start == start.end == date(2026, 1, 1)
    assert end.opening.amount.text(2) == end.closing.amount.text(2) == "100.00"
    assert (end.continuity, found.codes) == (Continuity.OK, [])


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        *(("108", ""), ("399", ""), ("409", "-"), ("699", "-"), ("721", ""), ("760", "-")),
        *(("930", ""), ("975", "-")),
    ],
)
def test_the_type_code_says_which_way(code, sign):
    found = one(FORMAT, file(f"16,{code},2500,Z,,,t"))
    assert found.amounts == [f"{sign}25.00"]
    assert found.entries[0].status is EntryStatus.BOOKED


def test_a_type_that_says_neither_moves_nothing():
    found = one(FORMAT, file("16,701,2500,Z,,,t"))
    assert (found.entries[0].status, found.codes) == (EntryStatus.INFO, ["type_code"])
    assert found.end.continuity is Continuity.OK


def test_a_line_without_money():
    content = file("16,890,0,Z,,,just words").replace("16,890,0", "16,890,")
    found = one(FORMAT, content)
    assert (found.amounts, found.entries[0].status) == (["0.00"], EntryStatus.INFO)
    assert (found.entries[0].remittance, found.codes) == ("just words", [])


@pytest.mark.parametrize(
    ("funds", "value"),
    [
        ("V,260105,,", date(2026, 1, 5)),
        ("V,260105,1200,", date(2026, 1, 5)),
        ("V,,,", None),
        ("S,100,200,2200,", None),
        ("S,,200,2300,", None),
        ("D,3,0,250,1,650,4,1600,", None),
        ("0,", None),
        (",", None),
        # What must follow is left out.
        ("S,", None),
        ("D,", None),
    ],
)
def test_funds_types(funds, value):
    found = one(FORMAT, file(f"16,195,2500,{funds}B1,C1,text", summary=""))
    [entry] = found.entries
    assert (entry.reference, entry.entry_reference, entry.remittance) == ("B1", "C1", "text")
    assert (entry.value_date, entry.amount.text(2)) == (value, "25.00")


def test_continuations_anywhere():
    content = file(
        "16,195,2500/", "88,V,260105,,B1,C1/", "88,Name: Ostrow", "88,CRNM: Selby", summary=""
    )
    [entry] = one(FORMAT, content).entries
    assert (entry.value_date, entry.reference) == (date(2026, 1, 5), "B1")
    assert entry.remittance == "Name: Ostrow CRNM: Selby"
    split = file(summary="010,10000,,,015,10000,,,045,1,,")
    folded = split.replace(",,,015,10000", ",,,015/\n88,10000").replace("49,20001,2", "49,20001,3")
    [found] = statements(FORMAT, folded)
    assert [it.use for it in found.end.balances] == list(BalanceUse)[:3]
    assert found.codes == ["control_count"]  # of the group, which was not told of the new record


def test_texts_of_continuations_that_some_banks_tag():
    lines = ("16,195,2500,,B1,C1,Wire", "88,EREF: E-1", "88,DBNM: Payer, Inc", "88,DACT: 77")
    [entry] = one(FORMAT, file(*lines)).entries
    assert (entry.end_to_end_id, entry.counterparty_name) == ("E-1", "Payer, Inc")
    assert entry.counterparty_account == "77"
    [entry] = one(FORMAT, file(*(it.replace("195", "495") for it in lines))).entries
    assert (entry.end_to_end_id, entry.counterparty_name) == ("E-1", "")


def test_several_records_on_a_line_and_a_record_on_several():
    content = file("16,195,2500,Z,,,one", "16,495,2500,Z,,,two", summary="010,10000,,,015,10000,,")
    folded = content.replace(",,,one\n", ",,,one/ ").replace(
        "16,495,2500,Z,,,two", "16,495,2500,Z,,,t/5\nwo/"
    )
    found = one(FORMAT, folded)
    assert [it.remittance for it in found.entries] == ["one", "t/5 wo"]
    assert found.codes == ["stray_line"]


def test_decimals_of_the_currency():
    def amount(currency):
        return one(FORMAT, file("16,195,2500,Z,,,", currency=currency)).entries[0].amount.text()

    assert (amount("JPY"), amount("KWD"), amount("CAD")) == ("2500", "2.5", "25")
    assert "currency_unknown" in one(FORMAT, file(currency="XYZ")).codes
    assert one(FORMAT, file(currency="")).start.currency == "USD"
    assert one(FORMAT, file(currency="")).codes == ["currency_default"]
    assert one(FORMAT, file(currency=""), Reading(currency="EUR")).start.currency == "EUR"


def test_totals_and_counts_are_checked():
    wrong = one(FORMAT, file("16,195,2500,Z,,,", add=1))
    assert "control_total" in wrong.codes
    assert any(it.gravity is Gravity.CONTRADICTION for it in wrong.end.findings)
    lost = file("16,195,2500,Z,,,x", "16,495,2500,Z,,,y").replace("16,495,2500,Z,,,y\n", "")
    found = one(FORMAT, lost)
    assert found.end.continuity is Continuity.BROKEN
    # The account's own trailer tells it, and what adds up trailers does not tell it again.
    assert found.codes == ["control_total", "control_count", "continuity"]
    group = one(
        FORMAT, file().replace("98,20000,1,", "98,20001,1,").replace("99,20000", "99,20001")
    )
    assert group.codes == ["control_total"]
    assert one(FORMAT, file().replace("98,20000,1,", "98,20000,2,")).codes == ["control_count"]


def test_totals_of_the_summary():
    summary = "100,2500,1,,400,0,0,"
    assert one(FORMAT, file("16,195,2500,Z,,,", summary=summary)).codes == []
    assert one(FORMAT, file("16,195,2400,Z,,,", summary=summary)).codes == ["summary"]


def test_balances_alone():
    found = one(FORMAT, file(summary="010,10000,,,015,9000,,,400,1000,1,"))
    assert (found.end.continuity, found.codes) == (Continuity.UNKNOWN, ["summary_only"])
    assert found.end.closing.amount.text(2) == "90.00"


def test_an_empty_pair_of_the_summary_is_skipped():
    found = one(FORMAT, file(summary=",,,,060,275,,"))
    assert [it.code for it in found.end.balances] == ["060"]


@pytest.mark.parametrize(
    ("state", "gravity"),
    [("2", Gravity.CONTRADICTION), ("3", Gravity.WARNING), ("4", Gravity.CONTRADICTION)],
)
def test_groups_that_are_no_update(state, gravity):
    found = one(FORMAT, file().replace("BANKID,1,", f"BANKID,{state},"))
    [finding] = found.end.findings
    assert (finding.code, finding.gravity) == ("group_status", gravity)


def test_amounts_that_are_none():
    found = one(FORMAT, file("16,195,2500,Z,,,").replace("16,195,2500", "16,195,1e3"))
    assert found.amounts == ["0.00"]
    assert "amount" in found.codes
    assert found.entries[0].status is EntryStatus.INFO
    pointed = one(FORMAT, file("16,195,2500,Z,,,").replace("16,195,2500", "16,195,25.00"))
    assert pointed.amounts == ["25.00"]
    assert "point" in pointed.codes


def test_impossible_days():
    found = one(FORMAT, file().replace(",260101,2400", ",261341,9999"))
    assert (found.start.start, found.codes) == (None, ["date"])


@pytest.mark.parametrize("lines", range(1, 6))
def test_what_breaks_off_is_refused(lines):
    whole = file("16,195,2500,Z,,,x").splitlines(keepends=True)
    with pytest.raises(WireError) as caught:
        statements(FORMAT, "".join(whole[:lines]))
    assert caught.value.reason == "truncated"


def test_a_missing_trailer_in_the_middle_is_a_contradiction():
    double = file().replace("03,123", "03,1,,010,0,,/\n03,123")
    first, second = statements(FORMAT, double)
    assert "no_trailer" in first.codes
    assert first.end.findings[0].gravity is Gravity.CONTRADICTION
    assert "no_trailer" not in second.codes


def test_details_before_any_account():
    with pytest.raises(WireError) as caught:
        statements(FORMAT, file().replace("03,123", "16,195"))
    assert (caught.value.reason, caught.value.line) == ("order", 3)


def test_several_files_in_one_and_lines_above():
    both = statements(FORMAT, "$$ADD ID=X\n" + file() + file(account="9"))
    assert [it.start.account for it in both] == ["123", "9"]
    assert both[0].codes == ["preamble"]
    assert FORMAT.sniff(b"$$ADD ID=X\n" + file().encode())


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "   \r\n"])
@pytest.mark.parametrize("size", [0, 1, 7])
def test_line_ends_and_pieces(ends, size):
    content = file("16,195,2500,Z,B,C,a,b", summary="").replace("\n", ends)
    found = one(FORMAT, content, size=size)
    assert (found.amounts, found.codes) == (["25.00"], [])


@pytest.mark.parametrize("codec", ["gb18030", "cp1252", "utf-8-sig", "utf-16"])
def test_encodings(codec):
    text = "Zürich Fribourg für" if codec == "cp1252" else "货款支付给某某公司"
    found = one(FORMAT, file(f"16,195,2500,Z,B,C,{text}").encode(codec))
    assert found.entries[0].remittance == text
    assert FORMAT.sniff(file().encode(codec))


def test_mixed_encodings_are_told():
    content = file("16,195,2500,Z,,,AAA", "16,495,2500,Z,,,BBB").encode()
    content = content.replace(b"AAA", "货款".encode()).replace(b"BBB", "货款支付".encode("gbk"))
    found = one(FORMAT, content)
    assert [it.remittance for it in found.entries] == ["货款", "货款支付"]
    assert found.codes == ["encoding_mixed"]


def test_version_3_has_long_years():
    content = file().replace("260101", "20260101").replace(",,2/\n02", ",,3/\n02")
    assert one(FORMAT, content).start.start == date(2026, 1, 1)


def test_other_files_are_not_taken():
    assert not FORMAT.sniff(b"01,some,csv\n")
    assert not FORMAT.sniff(b":20:X\n:25:Y\n")
    with pytest.raises(WireError):
        statements(FORMAT, "no records at all\n")
    with pytest.raises(WireError) as caught:
        statements(FORMAT, HEAD + "03,1,,/\n" + "88,x\n" * 5_000)
    assert caught.value.reason == "size"


def test_a_comma_too_many_before_a_continuation():
    """Two summaries, a comma that opens a third, and the next line begins with a code again."""
    text = HEAD.format("USD") + (
        "03,123,,010,10000,,,015,12500,,,/\n88,045,700,,,/\n16,195,2500,Z,B1,C1,Paid/\n"
        "49,25700,4/\n98,25700,1,6/\n99,25700,1,8/\n"
    )
    found = one(FORMAT, text)
    uses = {it.use: it.amount.text(2) for it in found.end.balances}
    assert uses == {
        BalanceUse.OPENING: "100.00",
        BalanceUse.CLOSING: "125.00",
        BalanceUse.AVAILABLE: "7.00",
    }
    assert (found.end.continuity, found.codes) == (Continuity.OK, [])


def test_a_file_whose_own_trailer_alone_is_there_is_whole():
    """Without 49 and 98 much may be missing, which is told; 99 says that the file is over."""
    lines = file("16,195,2500,Z,B1,C1,Paid").splitlines()
    text = "\n".join(it for it in lines if it[:2] not in {"49", "98"})
    found = one(FORMAT, text)
    assert (found.amounts, found.codes.count("no_trailer")) == (["25.00"], 2)


@pytest.mark.parametrize("head", [", ", ",\t", ",090000,", ",09:00:59,", ",09.00,"])
def test_a_header_with_blanks_or_seconds_is_recognised_as_well(head):
    plain = file("16,195,2500,Z,B1,C1,Paid", "16,495,2500,Z,B2,,Out")
    text = plain.replace(",0900,", head) if "09" in head else plain.replace(",", head)
    assert FORMAT.sniff(text.encode())
    found, expected = one(FORMAT, text), one(FORMAT, plain)
    assert (found.amounts, found.codes) == (expected.amounts, expected.codes)
    assert found.end.continuity is Continuity.OK
