"""What a bank's receipt file may hold: nothing of it is believed, what is good is kept."""

from __future__ import annotations

import io
import zipfile

import pytest

from gateway.sandbox.receipt_paper import bomb, broken, packed
from gateway.statements import receipt_packets
from gateway.statements.receipt_packets import unpacked
from gateway.statements.receipt_words import words_of

PDF = b"%PDF-1.7 " + b"x" * 100


def codes(told):
    return [it.code for it in told.findings]


def keys(told):
    return [it.key for it in told.papers]


def test_a_pdf_is_the_receipt_of_the_line_that_it_is_named_by():
    told = unpacked("2026091500000000001000001.pdf", PDF)
    assert (keys(told), told.findings, told.whole) == (["2026091500000000001000001"], (), True)
    assert told.papers[0].content == PDF
    assert keys(unpacked("K1", PDF)) == ["K1"]
    assert keys(unpacked("K1.PDF", PDF)) == ["K1"]


def test_a_zip_holds_many_and_what_it_is_is_seen_from_its_bytes():
    content = packed([("K1.pdf", PDF), ("folder/K2.pdf", PDF + b"2")])
    told = unpacked("named-like-a.pdf", content)
    assert (keys(told), codes(told), told.whole) == (["K1", "K2"], [], True)
    assert keys(unpacked("x.zip", packed([]))) == []


@pytest.mark.parametrize("content", [b"", b"<html>busy</html>", b"PK", b"%PD", b" %PDF-1.7"])
def test_what_is_neither_is_refused_and_fetched_again(content):
    told = unpacked("K1.pdf", content)
    assert (told.papers, codes(told), told.whole) == ((), ["not_pdf"], False)


@pytest.mark.parametrize(
    "name",
    [
        "../K1.pdf",
        "../../etc/K1.pdf",
        "a/../../K1.pdf",
        "/K1.pdf",
        "..",
        "C:K1.pdf",
        "a\\..\\K1.pdf",
        "K\n1.pdf",
    ],
)
def test_a_name_that_leads_out_is_refused_and_the_others_are_kept(name):
    told = unpacked("x.zip", packed([(name, PDF), ("K2.pdf", PDF)]))
    assert (keys(told), codes(told)) == (["K2"], ["path_odd"])
    # Its form is the bank's to mend: fetching it again would bring the same.
    assert told.whole
    assert told.findings[0].name.isprintable()


def test_a_name_that_can_be_no_key_is_refused():
    told = unpacked("x.zip", packed([(".pdf", PDF), ("K" * 200 + ".pdf", PDF)]))
    assert (told.papers, codes(told)) == ((), ["name_odd", "name_odd"])
    assert codes(unpacked("", PDF)) == ["name_odd"]


def test_a_bomb_is_read_no_further_than_a_receipt_can_be(monkeypatch):
    read, real = [], zipfile.ZipExtFile.read

    def counted(source, most=-1):
        read.append(real(source, most))
        return read[-1]

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    told = unpacked("x.zip", bomb())
    assert (told.papers, codes(told), told.whole) == ((), ["too_large"], False)
    assert sum(map(len, read)) == receipt_packets.PAPER_MAX + 1


def test_all_together_are_bounded_also_where_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(receipt_packets, "WHOLE_MAX", 250)
    told = unpacked("x.zip", packed([(f"K{n}.pdf", PDF) for n in range(9)]))
    assert keys(told) == ["K0", "K1"]
    assert codes(told) == ["too_large", "too_large"]
    read = []
    real = receipt_packets._member
    monkeypatch.setattr(
        receipt_packets, "_member", lambda *it: read.append(it[1].filename) or real(*it)
    )
    unpacked("x.zip", packed([(f"K{n}.pdf", b"none" * 30) for n in range(9)]))
    assert len(read) == 3


def test_one_paper_and_their_number_are_bounded(monkeypatch):
    monkeypatch.setattr(receipt_packets, "PAPER_MAX", 50)
    monkeypatch.setattr(receipt_packets, "MEMBERS_MAX", 2)
    assert codes(unpacked("K1.pdf", PDF)) == ["too_large"]
    assert codes(unpacked("x.zip", packed([("K1.pdf", PDF)]))) == ["too_large"]
    assert codes(unpacked("x.zip", packed([(f"K{n}.pdf", b"%PDF-") for n in range(3)]))) == [
        "too_many"
    ]


def test_a_damaged_archive_is_fetched_again_and_what_was_whole_is_kept():
    content = packed([("K1.pdf", PDF), ("K2.pdf", bytes(range(256)) * 40)])
    for flawed in (broken(content), content[:-30], content[: len(content) // 2], content[:30]):
        told = unpacked("x.zip", flawed)
        assert (codes(told)[-1], told.whole) == ("damaged", False)


def test_what_is_encrypted_or_packed_strangely_is_named():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("K1.pdf", PDF)
    assert codes(unpacked("x.zip", made.getvalue())) == ["unreadable"]
    plain = bytearray(packed([("K1.pdf", PDF)]))
    for head, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(head) + flags] |= 1
    assert codes(unpacked("x.zip", bytes(plain))) == ["unreadable"]


def test_every_finding_has_words_in_both_languages():
    for code in ("not_pdf", "too_large", "too_many", "damaged", "path_odd", "name_odd"):
        told = words_of(code)
        assert told["zh"] != code
        assert told["en"] != code
