"""Messages, headers and files that are cut off: MT940 and MT942 as they come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from gateway.domain.bank_file import EntryRead, Gravity, StatementEnd, StatementStart
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity, EntryStatus
from gateway.formats.read.mt940 import FORMAT
from tests.unit.formats.read.mt940_ground import (
    HEAD,
    LINE,
    TAIL,
    codes,
    ends,
    entries,
    parts,
    starts,
)

# ── the whole ─────────────────────────────────────────────────────────────────────────────


def test_a_plain_statement_is_read_and_proven():
    start, line, end = parts(f"{HEAD}{LINE}:86:RENT MAY\n{TAIL}")
    assert start == StatementStart(
        format="MT940",
        account="DE00123",
        currency="EUR",
        statement_id="S1",
        sequence="7",
        page=2,
        start=date(2026, 1, 5),
        line=1,
    )
    assert isinstance(line, EntryRead)
    assert (line.amount.text(2), line.currency) == ("10.00", "EUR")
    assert line.booking_date == line.value_date == date(2026, 1, 5)
    assert (line.reference, line.entry_reference, line.code) == ("BK1", "REF1", "NTRF")
    assert (line.remittance, line.status, line.line) == ("RENT MAY", EntryStatus.BOOKED, 5)
    assert isinstance(end, StatementEnd)
    assert end.continuity is Continuity.OK
    assert (end.entries, end.findings, end.last_page) == (1, (), True)
    assert (end.opening.code, end.closing.code, end.closing.amount.text(2)) == (
        "60F",
        "62F",
        "110.00",
    )


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\r\r\n"])
def test_any_line_end_reads_the_same(ending: str):
    text = f"{HEAD}{LINE}:86:ONE\nTWO\n{TAIL}"
    (line,) = entries(text.replace("\n", ending))
    assert line.remittance == "ONE TWO"
    assert ends(text.replace("\n", ending))[0].continuity is Continuity.OK


def test_blocks_of_the_network_frame_messages_and_name_kind_and_sender():
    block = "{1:F01KUSTDEFFAXXX0000000000}{2:O9401200260105KUSTDEFFAXXX00000000002601051200N}{4:"
    text = f"{block}\n{HEAD}{LINE}{TAIL.removesuffix('-' + chr(10))}-}}{{5:}}\n"
    found = parts(text * 2)
    assert [it.format for it in found if isinstance(it, StatementStart)] == ["MT940", "MT940"]
    assert {it.account_bank for it in found if isinstance(it, StatementStart)} == {"KUSTDEFF"}
    assert codes(text * 2) == []


def test_a_tag_behind_its_block_on_one_line_is_a_tag():
    assert codes("{4:" + HEAD + LINE + TAIL.replace("-\n", "-}\n")) == []


def test_pages_are_messages_of_their_own():
    text = (
        ":20:P\n:25:A1\n:28C:12/1\n:60F:C260105EUR0,\n:61:260105C5,NMSC\n:62M:C260105EUR5,\n-\n"
        ":20:P\n:25:A1\n:28C:12/2\n:60M:C260105EUR5,\n:61:260105C5,NMSC\n:62F:C260105EUR10,\n-\n"
    )
    assert [(it.sequence, it.page) for it in starts(text)] == [("12", 1), ("12", 2)]
    assert [it.last_page for it in ends(text)] == [False, True]
    assert {it.continuity for it in ends(text)} == {Continuity.OK}


def test_accounts_in_one_file_keep_their_lines_apart():
    text = "".join(
        f":20:X\n:25:ACC{it}\n:28C:1\n:60F:C260105EUR0,\n:61:260105C{it},NMSC\n"
        f":62F:C260105EUR{it},\n"
        for it in (1, 2, 3)
    )
    found = parts(text)
    assert [it.account for it in found if isinstance(it, StatementStart)] == [
        "ACC1",
        "ACC2",
        "ACC3",
    ]
    assert [type(it).__name__ for it in found] == [
        "StatementStart",
        "EntryRead",
        "StatementEnd",
    ] * 3


def test_frames_of_old_systems_are_not_taken_for_content():
    text = f"\x01\n{HEAD}{LINE}{TAIL}\x03"
    assert codes(text) == []
    old = f"KUSTNL2A\n940\nKUSTNL2A\n{HEAD}{LINE}{TAIL}KUSTNL2A\n940\nKUSTNL2A\n{HEAD}{LINE}{TAIL}"
    assert codes(old) == []
    assert (
        codes(f"0000 01KUSTNL2AXXXX00001\n940 00\n{HEAD}{LINE}{TAIL}".replace("-\n", "-XXX\n"))
        == []
    )
    assert codes(f":940:\n{HEAD}{LINE}{TAIL}:940:\n{HEAD}{LINE}{TAIL}") == []
    assert codes(f"ä4:\n{HEAD}{LINE}{TAIL}".replace("-\n", "-å\n") * 2) == []


def test_what_stands_before_the_first_tag_is_named():
    (note,) = ends(f"HELLO WORLD, THIS IS A MAIL\n{HEAD}{LINE}{TAIL}")[0].findings
    assert (note.code, note.line, note.gravity) == ("unread", 1, Gravity.NOTE)


def test_what_stood_before_one_message_is_told_once():
    assert [len(it.findings) for it in ends(f"A MAIL\n{HEAD}{LINE}{TAIL}{HEAD}{LINE}{TAIL}")] == [
        1,
        0,
    ]


def test_interim_messages_without_reference_are_told_apart_by_their_end():
    one = ":25:A\n:28C:1\n:34F:EUR0,\n:61:260105C1,NMSC\n-\n"
    assert [it.account for it in starts(one + one.replace(":A", ":B"))] == ["A", "B"]


def test_an_unknown_tag_is_named_and_changes_nothing():
    (note,) = ends(f"{HEAD}:99X:WHAT\n{LINE}{TAIL}")[0].findings
    assert (note.code, note.path, note.line) == ("unknown_tag", ":99X:", 5)


def test_a_message_without_reference_begins_with_its_account():
    text = f"{HEAD}{LINE}{TAIL}".replace(":20:S1\n", "")
    assert [it.account for it in starts(text * 2)] == ["DE00123", "DE00123"]
    assert codes(text) == ["reference_missing"]


def test_other_message_types_are_refused_by_name():
    with pytest.raises(WireError) as refused:
        parts("{1:F01KUSTDEFFAXXX0000000000}{2:I103KUSTDEFFXXXXN}{4:\n:20:A\n-}")
    assert (refused.value.reason, refused.value.path) == ("unsupported", "MT103")


def test_a_balance_report_and_a_statement_message_are_read_too():
    text = "{2:I950KUSTDEFFXXXXN}{4:\n" + HEAD + LINE + ":62F:C260105EUR110,\n-}"
    assert starts(text)[0].format == "MT950"
    report = "{2:I941KUSTDEFFXXXXN}{4:\n:20:A\n:25:B\n:28:1\n:60F:C260105EUR1,\n:90D:3EUR4,\n"
    report += ":90C:1EUR4,\n:62F:C260105EUR1,\n:64:C260105EUR1,\n-}"
    assert starts(report)[0].format == "MT941"
    assert codes(report) == []


@pytest.mark.parametrize("head", [b"", b"  \n\n"])
def test_an_empty_file_says_so(head: bytes):
    with pytest.raises(WireError) as refused:
        parts(head)
    assert refused.value.reason == "nothing"


def test_a_file_without_any_tag_is_none_of_these():
    with pytest.raises(WireError) as refused:
        parts("date;amount\n2026-01-05;10,00\n")
    assert refused.value.reason == "unrecognised"


# ── cut off ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cut", [":6", ":62F", ":"])
def test_a_file_that_ends_within_a_tag_is_cut_off(cut: str):
    with pytest.raises(WireError) as refused:
        parts(f"{HEAD}{LINE}{cut}")
    assert refused.value.reason == "truncated"


def test_an_open_block_is_cut_off_where_others_are_closed():
    whole = "{4:\n" + HEAD + LINE + TAIL.replace("-\n", "-}\n")
    for text in (whole + "{4:\n" + HEAD + LINE + TAIL[:-2], "{4:\n" + HEAD + LINE, whole + "{1:F0"):
        with pytest.raises(WireError) as refused:
            parts(text)
        assert refused.value.reason == "truncated"
    assert codes("{4:\n" + HEAD + LINE + TAIL[:-2]) == ["block"]


def test_a_last_brace_behind_a_text_closes_its_block():
    assert codes("{4:\n" + HEAD + LINE + ":86:RENT }") == ["block", "closing_missing"]


def test_a_statement_without_its_end_contradicts_the_others_in_the_file():
    whole = f"{HEAD}{LINE}{TAIL}"
    assert codes(f"{HEAD}{LINE}") == ["closing_missing"]
    first, second = ends(f"{whole}{HEAD}{LINE}")
    assert (first.findings, first.continuity) == ((), Continuity.OK)
    assert second.continuity is Continuity.UNKNOWN
    assert [(it.code, it.gravity) for it in second.findings] == [("cut", Gravity.CONTRADICTION)]


def test_half_a_line_is_never_an_entry():
    (end,) = ends(f"{HEAD}{LINE}:61:26010501")
    assert end.entries == 1
    half = end.findings[0]
    assert (half.code, half.gravity, half.line) == ("entry", Gravity.CONTRADICTION, 6)


# ── header ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stated", "sequence", "page"),
    [
        ("1/1", "1", 1),
        ("00000/004", "00000", 4),
        ("0000", "0000", 0),
        ("48207/1", "48207", 1),
        ("2604402604", "2604402604", 0),
        ("00063 / 00002", "00063", 2),
        ("5/2/9", "5", 2),
        ("3", "3", 0),
        (" /1", "", 1),
    ],
)
def test_statement_numbers_of_every_form(stated: str, sequence: str, page: int):
    (start,) = starts(f"{HEAD}{TAIL}".replace("7/2", stated))
    assert (start.sequence, start.page) == (sequence, page)


@pytest.mark.parametrize(
    ("stated", "account", "number", "bank"),
    [
        ("76491305/8820416", "76491305/8820416", "8820416", "76491305"),
        ("76491305/8820416EUR", "76491305/8820416EUR", "8820416", "76491305"),
        ("6304.71.925EUR", "6304.71.925EUR", "6304.71.925", ""),
        ("TISZHUHB/60718/HUF", "TISZHUHB/60718/HUF", "60718", "TISZHUHB"),
        ("KUSTENBANK/0417730926", "KUSTENBANK/0417730926", "0417730926", "KUSTENBANK"),
        ("NL25KUST0630418827 EUR", "NL25KUST0630418827 EUR", "NL25KUST0630418827", ""),
    ],
)
def test_accounts_stand_as_the_file_has_them_or_bare(stated, account, number, bank):
    text = f":20:A\n:25:{stated}\n:28C:1\n:61:260105C1,00NMSC\n"
    assert starts(text)[0].account == account
    (start,) = starts(text, options={"account": "number"})
    assert (start.account, start.account_bank) == (number, bank)


def test_the_currency_behind_an_account_counts_where_nothing_else_names_one():
    text = ":20:A\n:25:76491305/8820416USD\n:28C:1\n:61:260105C1,00NMSC\n"
    assert entries(text)[0].currency == "USD"
    assert entries(text.replace(":61", ":34F:EUR0,\n:61"))[0].currency == "EUR"
    assert entries(text.replace(":61", ":60F:C260105CHF0,\n:61"))[0].currency == "CHF"


def test_a_party_account_names_its_bank_on_the_second_line():
    (start,) = starts(f"{HEAD}{TAIL}".replace(":25:DE00123", ":25P:DE00123\nKUSTDEFFXXX"))
    assert (start.account, start.account_bank) == ("DE00123", "KUSTDEFFXXX")


def test_the_reading_stands_in_for_what_the_file_does_not_say():
    text = ":20:A\n:61:260105C1,00NMSC\n"
    (start,) = starts(text, account="117", currency="CNY")
    assert (start.account, start.currency) == ("117", "CNY")
    assert entries(text, currency="CNY")[0].currency == "CNY"
    assert "account" in codes(text)


def test_a_field_that_comes_again_is_a_finding_and_the_first_counts():
    text = f"{HEAD}{TAIL}".replace(":28C:", ":25:OTHER\n:28C:")
    assert starts(text)[0].account == "DE00123"
    assert codes(text.replace("110,00", "100,00")) == ["repeated"]


def test_interim_reports_are_known_by_their_fields():
    text = (
        ":20:I\n:25:A\n:28C:1/1\n:34F:EURD0,\n:34F:EURC0,\n:13D:2601050826+0100\n"
        ":61:2601050105D2,50NTRFX\n:61:260105EC1,00NTRFX\n:90D:1EUR2,50\n:90C:1EUR1,00\n-\n"
    )
    (start,) = starts(text)
    assert (start.format, start.currency) == ("MT942", "EUR")
    assert start.created == datetime(2026, 1, 5, 8, 26, tzinfo=timezone(timedelta(hours=1)))
    assert [it.status for it in entries(text)] == [EntryStatus.BOOKED, EntryStatus.PENDING]
    assert {it.status for it in entries(text, options={"status": "pending"})} == {
        EntryStatus.PENDING
    }
    assert ends(text)[0].continuity is Continuity.UNKNOWN
    assert codes(text) == []
    assert starts(text.replace("+0100", "+0000"))[0].created == datetime(
        2026, 1, 5, 8, 26, tzinfo=UTC
    )
    assert codes(text.replace("+0100", "")) == ["time"]


@pytest.mark.parametrize("wrong", [":90D:2EUR2,50", ":90D:1EUR2,51"])
def test_counts_and_sums_are_checked(wrong: str):
    text = f":20:I\n:25:A\n:28C:1\n:34F:EUR0,\n:61:260105D2,50NTRFX\n{wrong}\n:90C:0EUR0,\n"
    assert codes(text) == ["control_sum"]
    assert codes(text.replace("EUR0,\n:61", "EUR5,\n:61")) == ["control_sum_floor"]


# ── sniffing ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        "\x01\n" + HEAD,
        ":940:\n" + HEAD,
        "{1:F01X}{2:I940}{4:\n:20:A",
        "{4::20:A",
        ":61:260105C1,",
    ],
)
def test_sniffed(head: str):
    assert FORMAT.sniff(head.encode())


def test_a_payment_message_is_no_statement():
    assert not FORMAT.sniff(b":20:A\n:32A:260105EUR1,00\n:50K:/1\n:59:/2\n")
    assert FORMAT.sniff(b":20:A\n:60F:C260105EUR1,00\n:32A:260105EUR1,00\n")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<?xml version='1.0'?><a>\n:20:</a>",
        b"date,amount\n",
        b"01,A,B,260105,",
        b"OFXHEADER:100",
    ],
)
def test_not_sniffed(head: bytes):
    assert not FORMAT.sniff(head)


def test_amounts_are_exact():
    total = sum(Decimal(it.amount.text()) for it in entries(f"{HEAD}{LINE * 10}{TAIL}"))
    assert total == Decimal(100)
