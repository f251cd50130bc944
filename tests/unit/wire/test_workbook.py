"""Workbooks: what was written in each cell, and as what; nothing unpacked without bound."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
import xlsxwriter

from gateway.domain.errors import WireError
from gateway.wire import package, workbook
from gateway.wire.workbook import CellKind, is_workbook, open_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def made(rows, **words) -> bytes:
    """A workbook of one sheet by an independent writer."""
    book = openpyxl.Workbook(**words)
    for row in rows:
        book.active.append(row)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def cells(data, **words):
    return [
        (row.line, {at: (cell.kind.value, cell.text) for at, cell in row.cells.items()})
        for row in open_workbook([data], **words).rows
    ]


def by_hand(sheet, strings="", book=""):
    """A workbook as spreadsheets write it, with the sheet's own XML given."""
    target = BytesIO()
    kinds = {"rId1": ("worksheet", "worksheets/sheet1.xml"), "rId2": ("styles", "styles.xml")}
    if strings:
        kinds["rId3"] = ("sharedStrings", "sharedStrings.xml")
    related = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{at}"/>'
        for key, (kind, at) in kinds.items()
    )
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships {package}><Relationship Id="r" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": book
        or f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="付款" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships {package}>{related}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" '
        'formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/></numFmts><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="164"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}" xmlns:mc="urn:x" xmlns:a="urn:a" '
        f'mc:Ignorable="a"><sheetData>{sheet}</sheetData></worksheet>',
    }
    if strings:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    with ZipFile(target, "w", ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return target.getvalue()


def test_cells_of_an_independent_writer():
    rows = [["参考号", 1200.1, 0.1 + 0.2], [None, "=1+1", True], [dt.date(2026, 9, 15), -5, 10**14]]
    assert cells(made(rows)) == [
        (1, {0: ("text", "参考号"), 1: ("number", "1200.1"), 2: ("number", "0.3")}),
        (2, {1: ("formula", ""), 2: ("truth", "1")}),
        (3, {0: ("day", "2026-09-15"), 1: ("number", "-5"), 2: ("number", "100000000000000")}),
    ]


def test_cells_of_another_independent_writer():
    target = BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    sheet.write_string(0, 0, "甲")
    sheet.write_number(0, 1, 1234567.89)
    sheet.write_formula(0, 2, "=B1*2", value=7)
    sheet.write_rich_string(1, 0, "a", book.add_format({"bold": True}), "b", "c")
    sheet.write_datetime(4, 0, dt.date(2026, 9, 15), book.add_format({"num_format": "yyyy/m/d"}))
    book.close()
    assert cells(target.getvalue()) == [
        (1, {0: ("text", "甲"), 1: ("number", "1234567.89"), 2: ("formula", "")}),
        (2, {0: ("text", "abc")}),
        (5, {0: ("day", "2026-09-15")}),
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1.1000000000000001", "1.1"),
        ("1234567.8899999999", "1234567.89"),
        ("1E+3", "1000"),
        ("8000", "8000"),
        ("12345678901234567", "12345678901234600"),
    ],
)
def test_a_number_is_what_the_spreadsheet_shows(written, read):
    data = by_hand(f'<row r="1"><c r="A1"><v>{written}</v></c></row>')
    assert cells(data) == [(1, {0: ("number", read)})]


def test_what_spreadsheets_write_beside_the_cells_is_no_matter():
    row = (
        '<row r="3" spans="1:2" a:dyDescent="0.25"><c r="B3" t="s"><v>0</v></c>'
        '<c r="C3" s="1"><v>46280</v></c><c r="D3" t="e"><v>#REF!</v></c>'
        '<c r="E3" t="str"><f>A1</f><v>x</v></c><c r="F3"/></row>'
    )
    strings = "<si><r><t>甲</t></r><r><t>乙</t></r><rPh><t>x</t></rPh></si>"
    assert cells(by_hand(row, strings)) == [
        (3, {1: ("text", "甲乙"), 2: ("day", "2026-09-15"), 3: ("error", ""), 4: ("formula", "")})
    ]


def test_a_sheet_is_chosen_by_name_and_the_others_are_named():
    book = openpyxl.Workbook()
    book.active.title = "一"
    book.create_sheet("二").append(["x"])
    target = BytesIO()
    book.save(target)
    found = open_workbook([target.getvalue()], "二")
    assert (found.sheet, found.others) == ("二", ("一",))
    assert next(found.rows).cells[0].text == "x"
    with pytest.raises(WireError, match="sheet"):
        open_workbook([target.getvalue()], "三")


@pytest.mark.parametrize(
    "sheet",
    [
        '<row r="1"><c r="A2"><v>1</v></c></row>',  # a cell of another row
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
        '<row r="2"/><row r="1"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>7</v></c></row>',  # no such string
        '<row r="1"><c r="A1"><v>0x10</v></c></row>',
        '<row r="1"><c r="A1"><v>1_0</v></c></row>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="zz"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c>',
    ],
)
def test_what_is_not_as_promised_is_refused(sheet):
    with pytest.raises(WireError):
        cells(by_hand(sheet))


def test_a_document_type_is_refused():
    book = f'<!DOCTYPE x [<!ENTITY e "x">]><workbook xmlns="{MAIN}"/>'
    with pytest.raises(WireError, match="doctype"):
        open_workbook([by_hand("", book=book)])


def test_what_unpacks_to_too_much_is_refused(monkeypatch):
    data = by_hand('<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 200_000)
    assert len(data) < 3000
    monkeypatch.setattr(workbook, "_SHEET_MAX", 100_000)
    with pytest.raises(WireError, match="size"):
        cells(data)


def test_more_texts_than_memory_should_hold_are_refused(monkeypatch):
    row = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    data = by_hand(row, "<si><t/></si>" * 11)
    assert cells(data) == [(1, {0: ("text", "")})]
    monkeypatch.setattr(workbook, "_TEXTS_MAX", 10)
    with pytest.raises(WireError, match="size"):
        cells(data)


def test_a_row_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(package, "_NODES_MAX", 500)
    many = "".join("<c><v>1</v></c>" for _ in range(9_000))
    with pytest.raises(WireError, match="size"):
        cells(by_hand(f'<row r="1">{many}</row>'))


def test_a_cut_or_broken_workbook_is_refused():
    data = made([["x"] * 50] * 50)
    for end in (100, len(data) // 2, len(data) - 1):
        with pytest.raises(WireError):
            cells(data[:end])
    with pytest.raises(WireError):
        cells(b"PK\x03\x04 and nothing more")


def test_what_is_a_workbook():
    assert is_workbook(made([["x"]])[:4096])
    assert not is_workbook(b"PK\x03\x04 some other archive")
    assert CellKind("formula") is CellKind.FORMULA
