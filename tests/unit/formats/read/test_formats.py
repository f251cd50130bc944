"""The table of formats: each file is taken by one, and none is loaded before it is asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.formats.read import formats
from tests.unit.formats.read.test_bai2_read import file as bai2
from tests.unit.formats.read.test_ofx_read import closed
from tests.unit.formats.read.test_ofx_read import file as ofx
from tests.unit.formats.read.test_sheets_read import CHINESE, ENGLISH
from tests.unit.formats.read.test_workbooks_read import HEADER, workbook

CAMT = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr/>'
    "<Stmt/></BkToCstmrStmt></Document>"
)
MT940 = ":20:A\r\n:25:1\r\n:28C:1/1\r\n:60F:C260101EUR1,00\r\n:62F:C260101EUR1,00\r\n-\r\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("camt", CAMT),
        ("OFX", ofx()),
        ("OFX", closed(ofx())),
        ("mt940", MT940),
        ("BAI2", bai2()),
        ("XLSX", workbook(HEADER)),
        ("CSV", CHINESE),
        ("CSV", ENGLISH),
    ],
)
def test_each_file_is_taken_by_one_format(name, content):
    head = content if isinstance(content, bytes) else content.encode()
    assert [it.name for it in formats() if it.sniff(head)] == [name]


@pytest.mark.parametrize("content", ["", "hello\n", "<a/>", "{}", "<FOX></FOX>", "%PDF-1.7"])
def test_other_files_are_taken_by_none(content):
    assert not [it.name for it in formats() if it.sniff(content.encode())]


def test_no_reader_is_loaded_before_it_is_asked():
    program = (
        "import sys; from gateway.formats.read import formats; found = formats();"
        "loaded = [it for it in sys.modules if it.startswith('gateway.formats.read.')];"
        "assert not loaded, loaded; assert found[0].sniff(b'x') is False;"
        "assert 'gateway.formats.read.camt' in sys.modules;"
        "assert 'gateway.formats.read.ofx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
