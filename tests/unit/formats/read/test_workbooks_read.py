"""Workbooks of netbanks read as statements."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl
import pytest

from gateway.domain.bank_file import Gravity
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity
from gateway.formats.read.sheets import CSV, XLSX
from gateway.ports.statement_formats import Reading
from tests.unit.formats.read.ground import one, statements

EUR = Reading(currency="EUR")


def workbook(*rows, others=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name in others:
        book.create_sheet(name)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


HEADER = ("交易日期", "收入金额", "支出金额", "余额", "对方户名", "摘要")


def test_a_workbook():
    content = workbook(
        ("账号", "6222", "币种", "CNY"),
        HEADER,
        (datetime(2026, 1, 5), 10.1, None, 110.1, "甲", "a"),  # noqa: DTZ001 - Excel has no zones
        ("2026-01-06", "", "1,000.10", "-890.00", "乙", "b"),
        (20260107, 1, 0, -889, "丙", "c"),
        ("合计", 11.1, 1000.1, None, None, None),
        others=("其他",),
    )
    assert XLSX.sniff(content)
    assert not CSV.sniff(content)
    found = one(XLSX, content)
    assert found.amounts == ["10.10", "-1000.10", "1.00"]
    assert [it.booking_date.day for it in found.entries] == [5, 6, 7]
    assert (found.start.format, found.start.account, found.start.currency) == (
        "XLSX",
        "6222",
        "CNY",
    )
    assert (found.codes, found.end.continuity) == (["sheet"], Continuity.OK)


def test_formulas_of_a_workbook():
    content = workbook(
        HEADER,
        ("2026-01-05", "=1+1", None, None, "甲", "a"),
        ("2026-01-06", 1, None, None, '=HYPERLINK("x")', "b"),
    )
    found = one(XLSX, content, EUR)
    assert found.amounts == ["0.00", "1.00"]
    assert [it.gravity for it in found.end.findings] == [Gravity.CONTRADICTION, Gravity.WARNING]
    assert found.entries[1].counterparty_name == ""


def test_a_workbook_without_a_statement():
    with pytest.raises(WireError) as caught:
        statements(XLSX, workbook(("a", "b"), (1, 2)))
    assert caught.value.reason == "columns"
    with pytest.raises(WireError):
        statements(XLSX, workbook(HEADER)[:500])
