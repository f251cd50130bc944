"""MT940: fields as the standard has them, six lines of 65 characters, nothing that reads wrong."""

from __future__ import annotations

import re

import pytest

from gateway.domain.errors import Corrupt, Refused
from gateway.formats import mt940
from tests.unit.formats.samples import FACTS, ODD, PLAIN, credit, entry, statement

FIELD = re.compile(r"(:(20|25|28C|60F|61|86|62F|64):|-$|[^:-]|$)")


def written(*told, encoding="utf-8"):
    return b"".join(mt940.writer(encoding)(told, FACTS))


def fields(*entries, **other):
    text = written(statement(*entries, **other)).decode()
    return text.split("\r\n")


def test_a_whole_message():
    assert fields(entry(1)) == [
        ":20:20260914906CACC8",
        ":25:117010100100000001",
        ":28C:325/1",
        ":60F:C260914CNY100000,00",
        ":61:2609140914D1,56NTRFE-1//BK00000001",
        ":86:/EREF/E-1/RECO/R1/NAME/上海测试贸易有限公司/ACCT/6222000012345678/REMI/货款 I",
        "NV-2026-001",
        ":62F:C260914CNY98765,44",
        ":64:C260914CNY90000,00",
        "-",
        "",
    ]


def test_every_line_fits_and_begins_like_nothing_else():
    for one in ODD[:8]:
        for line in fields(one):
            assert len(line) <= 65 + len(":86:")
            assert FIELD.match(line), line


@pytest.mark.parametrize("sign", [":", "-"])
def test_a_break_never_makes_a_field_or_an_end(sign):
    text = "".join(f"{'x' * (number % 7)}{sign}" for number in range(60))
    lines = fields(entry(remittance=text, counterparty_name=""))
    at = next(place for place, line in enumerate(lines) if line.startswith(":86:"))
    body = lines[at : lines.index(":62F:C260914CNY98765,44")]
    assert not any(line.startswith((":", "-")) for line in body[1:])
    assert "".join(body).startswith(":86:/EREF/E-1/RECO/R1/ACCT/6222000012345678/REMI/x:"[:40])


def test_what_does_not_fit_six_lines_says_so():
    lines = fields(entry(remittance="长" * 600))
    body = [line for line in lines if "长" in line or line.startswith(":86:")]
    assert len(body) == 6
    assert body[-1].endswith("+")
    assert "/EREF/E-1/RECO/R1" in body[0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": "7.00"}, "C7,00NTRF"),
        ({"amount": "-7.00"}, "D7,00NTRF"),
        ({"amount": "7.00", "reversal": True}, "RD7,00NTRF"),
        ({"amount": "-7.00", "reversal": True}, "RC7,00NTRF"),
        ({"amount": "7.00", "returned": True}, "C7,00NRTI"),
        ({"amount": "7"}, "C7,NTRF"),
        ({"amount": "-0.00"}, "C0,00NTRF"),
    ],
)
def test_marks(changes, expected):
    assert expected in fields(entry(**changes))[4]


@pytest.mark.parametrize(
    ("own", "bank", "tail"),
    [
        ("E-1", "BK1", "E-1//BK1"),
        ("E" * 17, "B" * 17, "NONREF"),
        ("/E", "B//C", "NONREF"),
        ("汉", "E/", "NONREF"),
        ("", "", "NONREF"),
    ],
)
def test_references_that_no_reader_could_tell_apart_stand_in_the_text(own, bank, tail):
    one = entry(end_to_end_id=own, reference=bank, reconciliation_code="")
    lines = fields(one)
    assert lines[4].endswith("NTRF" + tail)
    if tail == "NONREF" and bank:
        assert f"/BREF/{bank}" in "".join(lines)


def test_an_entry_without_anything_has_no_field_86():
    lines = fields(entry(**PLAIN))
    assert lines[4] == ":61:2609140914D1,56NTRFNONREF"
    assert lines[5].startswith(":62F:")


def test_without_a_running_number_the_day_of_the_year_stands():
    assert ":28C:257/1" in fields(sequence=0)


def test_chinese_in_gbk():
    assert "上海".encode("gb18030") in written(statement(entry()), encoding="gbk")
    with pytest.raises(KeyError):
        mt940.writer("latin-1")


@pytest.mark.parametrize(
    "told",
    [
        statement(entry(amount="9999999999999.99")),
        statement(account="1" * 36),
        statement(opening="", closing=""),
    ],
)
def test_what_the_format_cannot_hold_is_refused(told):
    with pytest.raises(Refused) as refused:
        written(told)
    assert refused.value.zh
    assert refused.value.en


def test_other_records_are_none_of_it():
    for told in ((), (credit(),)):
        with pytest.raises(Corrupt):
            written(*told)


def test_it_is_written_in_pieces():
    told = (statement(*(entry(number) for number in range(1, 2001))),)
    pieces = list(mt940.writer()(told, FACTS))
    assert len(pieces) > 2
    assert b"".join(pieces).count(b":61:") == 2000
