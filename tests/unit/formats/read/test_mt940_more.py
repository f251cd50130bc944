"""What else is met in MT940 files: one line for the whole file, small letters, lost line ends."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.statement import Continuity
from gateway.formats.read import mt940
from gateway.formats.read.mt940_bytes import PIECE
from gateway.ports.statement_formats import Reading
from tests.unit.formats.read.mt940_ground import HEAD, LINE, TAIL, codes, ends, entries, parts

WHOLE = f"{HEAD}{LINE}:86:text\n{TAIL}"


@pytest.mark.parametrize("text", [WHOLE, f"\n{WHOLE}", WHOLE.replace("text", "a@b.example")])
def test_lines_that_end_in_two_at_signs(text):
    marked = text.replace("\n", "@@")
    assert mt940.sniff(marked.encode())
    assert parts(marked) == parts(text)


def test_two_at_signs_are_text_where_lines_have_ends():
    (entry,) = entries(WHOLE.replace("text", "a@@:b"))
    assert entry.remittance == "a@@:b"


@pytest.mark.parametrize("more", range(3))
def test_at_signs_that_a_piece_cuts_in_two(more):
    line = f"{LINE}:86:text\n"
    count = 2 * PIECE // len(line)
    marked = (HEAD + "x" * more + "\n" + count * line).replace("\n", "@@").encode()
    whole = list(mt940.read([marked], Reading()))
    assert sum(hasattr(it, "remittance") for it in whole) == count
    assert list(mt940.read([marked[:PIECE], marked[PIECE:]], Reading())) == whole


@pytest.mark.parametrize(
    ("mark", "amount"), [("c", "10"), ("d", "-10"), ("rc", "-10"), ("Rd", "10"), ("C+", "10")]
)
def test_marks_in_small_letters_and_a_plus(mark, amount):
    (entry,) = entries(f"{HEAD}:61:2601050105{mark}10,00NTRFREF1\n{TAIL}")
    assert entry.amount.text(0) == amount
    assert entry.reversal is (mark[0] in "rR")


def test_a_minus_behind_the_mark_may_mean_either_and_is_no_entry():
    (end,) = ends(f"{HEAD}:61:2601050105D-10,00NTRFREF1\n{TAIL}")
    assert (end.entries, end.findings[0].code) == (0, "entry")


def test_currencies_in_small_letters():
    (end,) = ends(WHOLE.replace("EUR", "eur"))
    assert (end.currency, end.continuity, end.findings) == ("EUR", Continuity.OK, ())
    assert end.opening.currency == "EUR"


@pytest.mark.parametrize("behind", ["-}", "-}{5:{CHK:0123456789AB}}", "-} {5:}"])
def test_the_end_of_a_message_on_the_line_of_its_last_balance(behind):
    framed = "{1:F01AAAADEFFAXXX0000000000}{2:I940AAAADEFFXXXXN}{4:\n"
    text = framed + WHOLE.removesuffix("\n-\n") + behind + "\n"
    (end,) = ends(text)
    assert (end.closing.amount.text(2), end.continuity, end.findings) == (
        "110.00",
        Continuity.OK,
        (),
    )
    assert len(ends(text * 2)) == 2


def test_a_year_of_four_digits_is_of_our_time():
    (entry,) = entries(f"{HEAD}:61:20260105C10,00NTRFREF1\n{TAIL}")
    assert entry.value_date == date(2026, 1, 5)
    # Two digits where the entry date has four: what looks like the year 1601 is none.
    text = f"{HEAD}:61:16010505C10,00NTRFREF1\n{TAIL}"
    (entry,) = entries(text)
    assert (entry.value_date, entry.amount.text(2)) == (None, "10.00")
    assert "date" in codes(text)
