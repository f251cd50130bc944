"""Encodings of MT940 files, and bounds that no file exceeds."""

from __future__ import annotations

import pytest

from gateway.domain.bank_file import EntryRead
from gateway.domain.errors import WireError
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
    parts,
)

# ── encodings ─────────────────────────────────────────────────────────────────────────────

CHINESE = f"{HEAD}{LINE}:86:/NAME/上海测试贸易有限公司/REMI/货款\n{TAIL}"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (CHINESE.encode(), []),
        (b"\xef\xbb\xbf" + CHINESE.encode(), []),
        (CHINESE.encode("utf-16"), []),
        (CHINESE.encode("gb18030"), ["encoding"]),
    ],
)
def test_chinese_in_every_encoding(body: bytes, told: list[str]):
    assert mt940.sniff(body)
    (line,) = entries(body)
    assert (line.counterparty_name, line.remittance) == ("上海测试贸易有限公司", "货款")
    assert codes(body) == told


def test_a_chinese_character_broken_by_the_line_is_whole_again():
    name = "测" * 40
    raw = f":86:{name}".encode("gb18030")
    body = f"{HEAD}{LINE}".encode() + raw[:65] + b"\n" + raw[65:] + b"\n" + TAIL.encode()
    (line,) = entries(body)
    assert line.remittance.replace(" ", "") == name


def test_a_single_chinese_character_that_is_utf_8_by_accident():
    body = f"{HEAD}{LINE}:86:A司\n{TAIL}".encode("gb18030")
    assert body.decode("utf-8") != ""
    assert entries(body)[0].remittance == "A司"


def test_half_a_character_before_a_tag_does_not_take_the_tag_along():
    body = f"{HEAD}{LINE}:86:公司货款".encode("gb18030") + b"\xb9\n" + TAIL.encode()
    assert entries(body)[0].remittance == "公司货款"
    assert codes(body) == ["encoding", "undecodable"]


def test_a_line_end_between_two_pieces_is_one_line_end():
    filler = f"{HEAD}:86:"
    body = filler + "x" * (65_535 - len(filler) - filler.count("\n")) + "\n" + LINE + TAIL
    whole = body.replace("\n", "\r\n").encode()
    assert whole[65_535:65_537] == b"\r\n"
    (found,) = (it for it in mt940.read([whole], Reading()) if isinstance(it, EntryRead))
    assert found.line == 6


@pytest.mark.parametrize("text", ["Größe Grüße Straße", "créée à Liège", "Ærø Øst"])
def test_western_text_is_not_taken_for_chinese(text: str):
    body = f"{HEAD}{LINE}:86:{text}\n{TAIL}".encode("cp1252")
    assert entries(body)[0].remittance == text
    assert codes(body) == ["encoding"]


def test_old_pc_text_is_known_by_its_letters():
    body = f"{HEAD}{LINE}:86:Bérleti díj, számlák\n{TAIL}".encode("cp852")
    assert entries(body)[0].remittance == "Bérleti díj, számlák"


def test_an_encoding_that_is_told_is_believed():
    body = f"{HEAD}{LINE}:86:Оплата\n{TAIL}".encode("cp1251")
    assert entries(body, options={"encoding": "cp1251"})[0].remittance == "Оплата"
    with pytest.raises(WireError):
        parts(body, options={"encoding": "rot13"})


def test_mixed_encodings_are_a_finding_and_each_line_is_read_as_it_is():
    body = f"{HEAD}{LINE}:86:公司\n".encode() + f"{LINE}:86:公司\n{TAIL}".encode("gb18030")
    assert [it.remittance for it in entries(body)] == ["公司", "公司"]
    assert codes(body.replace(b"110,00", b"120,00")) == ["encoding", "encoding_mixed"]


def test_half_width_katakana_stays_as_it_is():
    assert about("ｶ)ﾃｽﾄ ｼﾖｳｼﾞ").remittance == "ｶ)ﾃｽﾄ ｼﾖｳｼﾞ"


def test_telegraphic_codes_are_told_where_somebody_asks():
    text = f"{HEAD}{LINE}:86:PAYMENT 3769 0155 2457 1627\n{TAIL}"
    assert codes(text) == []
    assert codes(text, options={"ccc": "yes"}) == ["ccc"]


# ── bounds ────────────────────────────────────────────────────────────────────────────────


def test_a_line_of_the_file_without_end_is_refused():
    with pytest.raises(WireError) as refused:
        list(mt940.read((b"x" * 65536 for _ in range(40)), Reading()))
    assert refused.value.reason == "size"


def test_a_field_without_end_is_refused():
    def chunks():
        yield f"{HEAD}{LINE}:86:".encode()
        for _ in range(40_000):
            yield b"x" * 64 + b"\n"

    with pytest.raises(WireError) as refused:
        list(mt940.read(chunks(), Reading()))
    assert (refused.value.reason, refused.value.path) == ("size", ":86:")


def test_findings_remarks_and_balances_are_bounded():
    text = HEAD + ":99X:\n:98X:\n" * 5000 + ":61:BAD\n" * 5000 + TAIL
    text += ":65:C260105EUR1,\n" * 3000 + ":86:REMARK\n" * 3000 + ":65:X\n" * 5000
    (end,) = ends(text)
    assert len(end.findings) < 400
    assert len(end.balances) <= 1002
    assert end.remark.count("REMARK") == 100
    found = [it.code for it in end.findings]
    assert {"more", "balances", "remarks", "entries_more"} <= set(found)
    assert found.count("unknown_tag") == 2


def test_endless_information_of_one_line_is_cut_and_told():
    text = HEAD + LINE + ":86:0123456789\n" * 20_000 + TAIL
    (line,) = entries(text)
    assert len(line.remittance) < 1 << 17
    assert "information_long" in codes(text)
