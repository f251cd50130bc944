"""``gateway erp shadow`` names what differs by the document, or by its line in a file."""

from __future__ import annotations

from gateway.cli.erp_shadow import _text

ROW = {
    "at": "2026-09-15T10:00:00+08:00",
    "system": "cosmic",
    "dialect": "kingdee/cosmic",
    "batch": "",
    "lines": 3,
    "different": 2,
}


def test_a_document_is_named_by_its_number_and_a_line_of_a_file_by_its_place():
    differences = [
        {"line": 1, "field": "currency", "reference": "YHFK-1"},
        {"line": 2, "field": "amount", "reference": ""},
    ]
    shown = _text(ROW | {"differences": differences})
    assert shown.endswith("YHFK-1:currency，2:amount")
    assert "3 行" in shown
