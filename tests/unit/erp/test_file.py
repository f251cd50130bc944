"""Sheets of payments: saved mappings, encodings, and one clear fault for each thing wrong."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from itertools import chain

import openpyxl
import pytest

from adapters.erp.file import DIALECT, DIALECTS
from adapters.erp.file.codes import FAULTS, HEADERS
from gateway.domain.errors import Refused, WireError
from gateway.formats.sheets import csv_bytes, xlsx_bytes
from gateway.ports.erp import FileFacts, LineStatus, StatusReport
from gateway.ports.erp_draft import Draft, FaultyDraft, FileEnd, FileHead
from gateway.ports.erp_told import ToldKind
from tests.shared_tables_ground import NOW

HEAD = ["业务参考号", "付款账号", "收款人名称", "收款账号", "联行号", "金额", "币种", "用途"]
LINE = [
    "FK-1",
    "900010100100000011",
    "张三",
    "6228000000000000017",
    "105305000001",
    "8.50",
    "",
    "x",
]


def text(*rows, head=HEAD) -> str:
    target = StringIO()
    csv.writer(target, lineterminator="\r\n").writerows([head, *rows])
    return target.getvalue()


def book(*rows, head=HEAD) -> bytes:
    made = openpyxl.Workbook()
    for row in [head, *rows]:
        made.active.append(row)
    target = BytesIO()
    made.save(target)
    return target.getvalue()


def line(**changes) -> list:
    return [changes.get(name, cell) for name, cell in zip(HEAD, LINE, strict=True)]


def read(data, **options):
    data = data.encode("utf-8-sig") if isinstance(data, str) else data
    head, *drafts, end = DIALECT.with_options(options).read([data])
    assert isinstance(head, FileHead)
    assert isinstance(end, FileEnd)
    assert end.count == len(drafts)
    return head, drafts, end


def drafts(data, **options) -> list[Draft]:
    return read(data, **options)[1]


def only(data, **options) -> Draft:
    (draft,) = drafts(data, **options)
    return draft


def faults(draft) -> list[tuple[str, str, int | None]]:
    return [(it.code, it.path, it.line) for it in draft.faults]


def test_a_sheet_is_read_alike_as_csv_and_as_a_workbook():
    row = line(金额="1200.50")
    as_text, as_book = only(text(row)), only(book(row))
    assert as_text == as_book
    assert as_text.amount == "1200.50"
    assert as_text.creditor_account == "6228000000000000017"
    assert as_text.at["amount"] == "F 金额"
    assert as_text.line == 2
    assert as_text.source == {"line": "2", "reference": "FK-1"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_encodings_are_told_apart(encoding):
    row = line(收款人名称="样本钢铁（上海）有限公司")
    assert only(text(row).encode(encoding)).creditor_name == "样本钢铁（上海）有限公司"


def test_what_could_be_either_encoding_is_refused_unless_the_settings_say():
    head = ["reference", "debtor_account", "payee_name", "payee_account", "amount", "purpose"]
    data = text(["A1", "9000", "һ", "62", "8.50", "x"], head=head).encode("utf-8")
    with pytest.raises(WireError, match="encoding_unclear"):
        drafts(data)
    assert only(data, encoding="utf-8").creditor_name == "һ"
    assert only(data, encoding="gbk").creditor_name == "一"


def test_a_wrong_byte_in_utf8_is_not_taken_for_gbk():
    data = text(line(收款人名称="样本钢铁（上海）有限公司")).encode()
    at = data.index("样".encode())
    with pytest.raises(WireError, match="encoding") as caught:
        drafts(data[:at] + b"\xb5" + data[at + 1 :])
    assert caught.value.line == 2


@pytest.mark.parametrize("data", [b"", b"\r\n", "\ufeff金额\r\n".encode("utf-16"), b"a\0b,c\r\n"])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(WireError):
        drafts(data)


def test_a_cut_file_is_refused_wherever_it_is_cut_inside_a_line():
    """Half an amount is an amount too: 8.5 of 8.50."""
    head = [*HEAD[:5], "币种", "用途", "金额"]
    data = text([*LINE[:5], "", "x", "1200.50"], head=head).encode("utf-8-sig")
    for end in range(len(data) - len("1200.50\r\n"), len(data) - 1):
        with pytest.raises(WireError, match=r"truncated|columns") as caught:
            drafts(data[:end])
        assert caught.value.reason == "truncated"
        assert caught.value.line == 2


def test_a_total_row_finds_what_was_cut_at_a_line_end():
    rows = [LINE, line(业务参考号="FK-2", 金额="1.50")]
    total = ["合计", "2", "", "", "", "10.00", "", ""]
    found, end = read(text(*rows, total), trailer_needed="yes")[1:]
    assert [it.amount for it in found] == ["8.50", "1.50"]
    assert end.faults == ()
    with pytest.raises(WireError, match="truncated"):
        drafts(text(*rows), trailer_needed="yes")
    end = read(text(LINE, total))[2]
    assert {it.code for it in end.faults} == {"control_sum", "number_of_transactions"}
    assert {it.line for it in end.faults} == {3}
    with pytest.raises(WireError, match="truncated"):
        drafts(text(LINE, total, LINE))


@pytest.mark.parametrize("cell", ["=1+1", '="00123"', "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2+3"])
@pytest.mark.parametrize("column", ["收款人名称", "用途", "金额", "收款账号"])
def test_a_formula_is_a_fault_and_not_used(column, cell):
    for data in (text(line(**{column: cell})), book(line(**{column: cell}))):
        draft = only(data)
        assert faults(draft) == [("formula", f"{chr(65 + HEAD.index(column))} {column}", 2)]
        assert "=" not in str(draft.amount + draft.creditor_name + draft.purpose)


def test_plain_numbers_with_a_sign_are_no_formulas():
    assert only(text(line(金额="-5.00"))).amount == "-5.00"


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("收款账号", 6228000000000000017, "number_cell"),
        ("联行号", 105305000001, "number_cell"),
        ("付款账号", 117010100100000018, "number_cell"),
        ("金额", 12345678901234.5, "number_exact"),
        ("用途", True, "cell_error"),
        ("金额", "=SUM(A1:A2)", "formula"),
    ],
)
def test_cells_of_a_workbook_that_lose_digits_are_faults(column, cell, code):
    draft = only(book(line(**{column: cell})))
    assert faults(draft) == [(code, f"{chr(65 + HEAD.index(column))} {column}", 2)]
    fault = draft.faults[0]
    assert (fault.zh, fault.en) == FAULTS[code]


def test_numbers_of_a_workbook_are_taken_to_the_digit():
    assert only(book(line(金额=1234567.89, 业务参考号=20260915001))).amount == "1234567.89"
    assert only(book(line(金额=1.1))).amount == "1.1"
    assert only(book(line(业务参考号=20260915001))).erp_reference == "20260915001"


@pytest.mark.parametrize(
    ("written", "form", "day"),
    [
        ("2026-09-15", "YYYY-MM-DD", "2026-09-15"),
        ("2026/9/5", "YYYY/MM/DD", "2026-09-05"),
        ("20260915", "YYYYMMDD", "2026-09-15"),
        ("15.09.2026", "DD.MM.YYYY", "2026-09-15"),
        ("2026-02-30", "YYYY-MM-DD", ""),
        ("09/15/2026", "YYYY/MM/DD", ""),
    ],
)
def test_days(written, form, day):
    draft = only(text([*LINE, written], head=[*HEAD, "期望付款日期"]), date_format=form)
    assert draft.execution_date == day
    assert isinstance(draft, FaultyDraft) == (not day)


def test_a_row_that_slipped_by_a_column_is_not_read():
    slipped = text(LINE).replace(",8.50,", ",8,500.50,")
    draft = only(slipped)
    assert faults(draft) == [("cells", "/", 2)]
    assert draft.amount == ""
    short = text(LINE, LINE).replace("\r\n", ",,\r\n", 1)
    assert [faults(it)[0][0] for it in drafts(short)] == ["cells", "cells"]
    assert only(text([*LINE, "", ""])).amount == "8.50", "empty cells behind do no harm"


def test_the_10001st_line_is_named():
    rows = (
        [*LINE[:5], "x" if number == 10_001 else "8.50", "", "x"] for number in range(1, 10_003)
    )
    found = drafts(text(*rows))
    assert found[10_000].amount == "x"
    assert found[10_000].line == 10_002


def test_thousands_are_read_only_where_the_settings_say_so():
    data = text(line(金额="1,234,567.89"))
    assert only(data).amount == "1,234,567.89"
    assert only(data, thousands="yes").amount == "1234567.89"
    assert only(text(line(金额="12,34.5")), thousands="yes").amount == "12,34.5"


def test_a_saved_mapping():
    head = ["单号", "Betrag", "付款方", "收方", "收方账号", "事由"]
    data = text(["1", "8.50", "9000", "张三", "62", "货款"], head=head)
    with pytest.raises(WireError, match="columns") as caught:
        drafts(data)
    assert "业务参考号" in caught.value.path
    draft = only(
        data,
        column_erp_reference="单号",
        column_amount="#2",
        column_debtor_account="付款方",
        column_creditor_name="收方",
        column_creditor_account="收方账号",
        column_purpose="事由",
        value_currency="CNY",
    )
    assert (draft.amount, draft.debtor_account, draft.currency) == ("8.50", "9000", "CNY")
    assert draft.at["amount"] == "B Betrag"


def test_rows_of_blanks_are_no_lines():
    blank = [" "] * len(HEAD)
    assert [it.line for it in drafts(book(LINE, blank, LINE))] == [2, 4]
    assert [it.line for it in drafts(text(LINE, blank, LINE))] == [2, 4]


def test_titles_may_stand_above_the_header_and_a_sheet_may_have_none():
    assert only("九月付款\r\n\r\n" + text(LINE)).line == 4
    assert only("九月付款\r\n" + text(LINE), header_row="2").line == 3
    options = {
        f"column_{field}": f"#{HEAD.index(HEADERS[field][0]) + 1}"
        for field in ("erp_reference", "debtor_account", "creditor_name", "creditor_account",
                      "creditor_agent_cnaps", "amount", "purpose")
    }  # fmt: skip
    draft = only(text(LINE).split("\r\n", 1)[1], header_row="0", **options)
    assert (draft.amount, draft.line, draft.at["amount"]) == ("8.50", 1, "F")


def test_other_delimiters():
    assert only(text(LINE).replace(",", ";"), delimiter=";").amount == "8.50"
    assert only(text(LINE).replace(",", "\t"), delimiter="tab").amount == "8.50"


@pytest.mark.parametrize(
    "options",
    [
        {"delimiter": "x"},
        {"encoding": "latin-1"},
        {"date_format": "MM/DD/YYYY"},
        {"header_row": "21"},
        {"header_row": "0"},
        {"thousands": "maybe"},
        {"column_amount": "金额", "column_memo": " 金额"},
    ],
)
def test_a_wrong_mapping_is_told_by_its_option(options):
    with pytest.raises(Refused) as caught:
        DIALECT.with_options(options)
    assert caught.value.faults
    assert {it.path for it in caught.value.faults} <= DIALECT.options


def test_a_column_that_is_there_twice_is_refused():
    with pytest.raises(WireError, match="surplus"):
        drafts(text([*LINE, "9.00"], head=[*HEAD, "付款金额"]))


def test_unused_columns_and_sheets_are_remarked():
    head, _, _ = read(text([*LINE, "?"], head=[*HEAD, "经办人"]))
    assert any("I 经办人" in it for it in head.warnings)


def test_the_batch_number_names_the_file():
    assert read(text([*LINE, "PC-1"], head=[*HEAD, "批次号"]))[0].message_id == "PC-1"
    assert read(text(LINE))[0].message_id == ""


def test_questions():
    data = "查询种类,查询编号,账号,起始日期\r\n余额,Q1,9000,\r\n明细,Q2,9000,2026-09-01\r\n"
    assert DIALECT.asks(data.encode())
    assert not DIALECT.asks(text(LINE).encode())
    assert not DIALECT.sniff(data.encode())
    first, second = DIALECT.questions(data.encode())
    assert (first.kind, first.id, first.account) == ("balance", "Q1", "9000")
    assert (second.kind, second.start) == ("statement", "2026-09-01")
    with pytest.raises(WireError):
        DIALECT.questions("查询种类,账号\r\n余额,=1\r\n".encode())


# ── what goes back ────────────────────────────────────────────────────────────────────────────

DANGEROUS = ["=1+1", "+1+1", "-1+1", "@x", "\tx", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("cell", DANGEROUS)
def test_no_cell_of_ours_is_a_formula(cell):
    data = b"".join(csv_bytes([["a", "b"], [cell, "-5.00"]])).decode("utf-8-sig")
    (_, (first, amount)) = list(csv.reader(StringIO(data)))
    assert first == f"'{cell}"
    assert amount == "-5.00"
    made = openpyxl.load_workbook(BytesIO(b"".join(xlsx_bytes([[cell, "-5.00"]], frozenset({1})))))
    text_cell, number = next(made.active.iter_rows())
    assert text_cell.data_type == "s"
    assert (number.value, number.data_type) == (-5, "n")


def test_a_workbook_keeps_amounts_that_no_spreadsheet_number_holds():
    made = openpyxl.load_workbook(
        BytesIO(b"".join(xlsx_bytes([["999999999999999.99"]], frozenset({0}))))
    )
    assert made.active["A1"].value == "999999999999999.99"


def test_a_name_that_gbk_lacks_is_not_replaced():
    with pytest.raises(WireError, match="encoding"):
        b"".join(csv_bytes([["𠮷"]], "gbk"))
    assert b"".join(csv_bytes([["样"]], "gbk")) == "样\r\n".encode("gbk")


def test_a_status_report_names_the_senders_lines():
    standing = LineStatus(
        state="UNCONFIRMED", source={"line": "7", "reference": "=FK"}, amount="1.00", currency="CNY"
    )
    report = StatusReport(
        report_id="r",
        created=NOW,
        original_format="csv",
        original_message_id="PC-1",
        line_count=1,
        lines=lambda: iter([standing]),
    )
    said = b"".join(DIALECT.report(report)).decode("utf-8-sig")
    (_, row) = csv.reader(StringIO(said))
    assert row[:5] == ["7", "'=FK", "UNCONFIRMED", "结果未明，切勿重发", "1.00"]


def test_a_long_sheet_is_streamed_in_flat_memory():
    """Nothing is held back: each draft comes before the next line is asked for."""
    asked = 0

    def lines():
        nonlocal asked
        yield (",".join(HEAD) + "\r\n").encode("utf-8-sig")
        row = ",".join(LINE) + "\r\n"
        for _ in range(40):
            asked += 500
            yield (row * 500).encode()

    ahead = 0
    count = 0
    for count, _ in enumerate(DIALECT.read(lines())):
        ahead = max(ahead, asked - count)
    assert count == 20_001, "a head, the lines, an end"
    assert ahead < 3_000


def test_both_flavours_read_both_and_write_their_own():
    facts = FileFacts(id="f", created=NOW)
    for name, dialect in {"csv": DIALECT, **DIALECTS}.items():
        for data in (text(LINE).encode("utf-8-sig"), book(LINE)):
            assert dialect.sniff(data) or name == "xlsx"
            assert len(list(chain(dialect.read([data])))) == 3
        assert dialect.files[ToldKind.STATEMENT].suffix == name
        assert dialect.files[ToldKind.RECEIPT].suffix == "zip"
    assert facts.id == "f"
