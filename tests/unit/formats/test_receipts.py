"""Receipts as a ZIP: the bank's bytes, a list that no spreadsheet runs, no way out of a folder."""

from __future__ import annotations

import csv
import io
from zipfile import ZipFile

import pytest

from gateway.domain.errors import Corrupt
from gateway.formats import receipts
from tests.unit.formats.samples import FACTS, receipt, statement


def opened(*told) -> ZipFile:
    return ZipFile(io.BytesIO(b"".join(receipts.write(told, FACTS))))


def test_files_and_their_list():
    archive = opened(receipt(), receipt(receipt_number="R2", content=b"\x00" * 100_000))
    assert archive.namelist() == ["receipts.csv", "0001-r1.pdf", "0002-r1.pdf"]
    assert archive.read("0001-r1.pdf") == b"%PDF-1.7 invented"
    assert archive.read("0002-r1.pdf") == b"\x00" * 100_000
    rows = list(csv.DictReader(io.StringIO(archive.read("receipts.csv").decode("utf-8-sig"))))
    assert [(row["file"], row["receipt_number"], row["amount"]) for row in rows] == [
        ("0001-r1.pdf", "R1", "-1.56"),
        ("0002-r1.pdf", "R2", "-1.56"),
    ]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\a\\..\\b.pdf", "/x/y", "..", "\x00\n", ""]
)
def test_a_name_leads_nowhere_else(name):
    [_, inside] = opened(receipt(file_name=name)).namelist()
    assert inside.startswith("0001-")
    assert not set(inside) & set("/\\\x00\n")
    assert "-.." not in inside


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1+2", "@x", "\t=1"])
def test_no_cell_is_a_formula(cell):
    archive = opened(receipt(counterparty_name=cell))
    [row] = csv.DictReader(io.StringIO(archive.read("receipts.csv").decode("utf-8-sig")))
    written = row["counterparty_name"]
    assert written.replace(".", "").isdigit() or not written.startswith(("=", "+", "-", "@", "\t"))


def test_the_same_receipts_give_the_same_bytes():
    told = (receipt(), receipt(receipt_number="R2"))
    assert b"".join(receipts.write(told, FACTS)) == b"".join(receipts.write(told, FACTS))


def test_other_records_are_none_of_it():
    with pytest.raises(Corrupt):
        list(receipts.write((statement(),), FACTS))
