"""What each language reads of merged payments (合并支付), and how each document is told back."""

from __future__ import annotations

import csv
import json
from io import StringIO
from itertools import permutations

import pytest
from msgspec import UNSET, structs

from adapters.erp.byte import DIALECT as BYTE
from adapters.erp.canonical import DIALECTS as CANONICAL
from adapters.erp.file import DIALECT as FILE
from adapters.erp.iso20022 import DIALECT as ISO
from adapters.erp.nstar import DIALECT as NSTAR
from adapters.erp.yonyou import DIALECTS as YONYOU
from gateway.domain.merged import MergedPart
from gateway.ports.erp import FileFacts, LineStatus, StatusReport
from gateway.ports.erp_draft import Draft, FaultyDraft, FileEnd
from gateway.ports.erp_told import StatusTold, ToldKind, decoded, encoded
from tests.shared_tables_ground import NOW

PARTS = (
    MergedPart("A-1", "80.00", {"line": "2", "reference": "A-1"}),
    MergedPart("A-2", "-10.50", {"line": "4", "reference": "A-2"}),
)
TOLD = StatusTold(
    instruction="ins_1",
    version=3,
    state="UNCONFIRMED",
    erp="erp",
    erp_reference="M-1",
    at=NOW,
    amount="69.50",
    currency="CNY",
    reason="UNCONFIRMED",
    source={"line": "2", "reference": "M-1", "bill": "pk-m"},
    merged=PARTS,
)
FACTS = FileFacts(id="F1", created=NOW)


def drafts_of(dialect, data: bytes) -> list[Draft]:
    _, *drafts, end = dialect.read([data])
    assert isinstance(end, FileEnd)
    assert end.count == len(drafts)
    assert not end.faults
    return drafts


def parts_of(draft: Draft) -> list[tuple[str, str]]:
    return [(it.erp_reference, it.amount) for it in draft.merged]


def faults_of(draft: Draft) -> list[tuple[str, str, int | None]]:
    assert isinstance(draft, FaultyDraft)
    return [(it.code, it.path, it.line) for it in draft.faults]


# ── the record ────────────────────────────────────────────────────────────────────────────────


def test_a_record_becomes_one_for_each_document_with_the_same_state():
    first, second = TOLD.by_source()
    assert (first.erp_reference, first.amount, first.subject()) == ("A-1", "80.00", "ins_1/1")
    assert (second.erp_reference, second.amount, second.subject()) == ("A-2", "-10.50", "ins_1/2")
    assert second.source == {"line": "4", "reference": "A-2", "bill": "pk-m"}
    assert {it.state for it in (first, second)} == {"UNCONFIRMED"}
    assert {it.merged_reference for it in (first, second)} == {"M-1"}
    assert second.by_source() == (second,)
    assert decoded(encoded(TOLD)) == TOLD


def test_what_was_stored_before_there_were_parts_is_still_read():
    plain = structs.replace(TOLD, merged=UNSET)
    assert not {"merged", "part", "merged_reference"} & json.loads(encoded(plain)).keys()
    assert decoded(encoded(plain)) == plain


def test_who_is_told_per_source_says_so():
    assert all(YONYOU[it].per_source for it in ("nc", "u8", "yonbip"))
    # These write a line for each document themselves, or name them in one record (pain.002).
    assert not any(it.per_source for it in (FILE, BYTE, NSTAR, ISO, *CANONICAL.values()))


# ── sheets ────────────────────────────────────────────────────────────────────────────────────

HEAD = ["单据编号", "合并号", "付款账号", "收款人名称", "收款账号", "联行号", "金额", "用途"]


def row(reference: str, number: str, amount: str, **changes: str) -> list[str]:
    cells = [reference, number, "9001", "张三", "6228000000000000017", "", amount, "货款"]
    return [changes.get(name, cell) for name, cell in zip(HEAD, cells, strict=True)]


def sheet(*rows: list[str]) -> bytes:
    target = StringIO()
    csv.writer(target, lineterminator="\r\n").writerows([HEAD, *rows])
    return target.getvalue().encode("utf-8-sig")


MERGING = FILE.with_options({"column_merged": "合并号"})
ROWS = [row("A-1", "M-1", "80"), row("B", "", "5.00"), row("A-2", "M-1", "-10.50")]


def test_rows_of_one_number_make_one_payment_wherever_they_stand():
    for rows in permutations(ROWS):
        found = {it.erp_reference: it for it in drafts_of(MERGING, sheet(*rows))}
        assert found.keys() == {"M-1", "B"}
        assert found["M-1"].amount == "69.5"
        assert sorted(parts_of(found["M-1"])) == [("A-1", "80"), ("A-2", "-10.50")]
        assert found["B"].merged == ()
        lines = {it.erp_reference: it.line for it in found["M-1"].merged}
        assert lines == {it[0]: at for at, it in enumerate(rows, 2) if it[1]}


def test_without_the_option_no_sheet_is_merged():
    drafts = drafts_of(FILE, sheet(*ROWS))
    assert [it.erp_reference for it in drafts] == ["A-1", "B", "A-2"]


def test_rows_of_one_number_that_pay_differently_are_one_fault_each():
    rows = [*ROWS, row("A-3", "M-1", "1.00", 收款账号="622800000000000002")]
    draft = next(it for it in drafts_of(MERGING, sheet(*rows)) if it.merged)
    assert faults_of(draft) == [("merged_differs", "E 收款账号", 5)]


def test_an_amount_that_cannot_be_added_is_named_by_its_row():
    rows = [ROWS[0], row("A-2", "M-1", "1e3")]
    (draft,) = drafts_of(MERGING, sheet(*rows))
    assert faults_of(draft) == [("merged_amount", "G 金额", 3)]
    assert draft.amount == ""


def test_the_total_of_a_sheet_counts_rows_and_red_letters():
    total = ["合计", "", "", "", "", "", "74.50", "3"]
    assert len(drafts_of(MERGING, sheet(*ROWS, total))) == 2


def test_a_sheet_that_goes_back_has_a_line_for_each_document():
    text = b"".join(FILE.files[ToldKind.STATUS].write((TOLD,), FACTS)).decode("utf-8-sig")
    _, first, second = csv.reader(text.splitlines())
    assert (first[0], first[1], first[2], first[4]) == ("2", "A-1", "UNCONFIRMED", "80.00")
    assert (second[0], second[1], second[2], second[4]) == ("4", "A-2", "UNCONFIRMED", "-10.50")
    line = LineStatus(
        state="RECEIVED", source={}, amount="69.50", currency="CNY", line=1, merged=PARTS
    )
    report = StatusReport(
        report_id="R",
        created=NOW,
        original_format="csv",
        original_message_id="F",
        line_count=1,
        lines=lambda: (line,),
    )
    rows = list(csv.reader(b"".join(FILE.report(report)).decode("utf-8-sig").splitlines()))
    assert [(it[0], it[1]) for it in rows[1:]] == [("2", "A-1"), ("4", "A-2")]


# ── shared tables ─────────────────────────────────────────────────────────────────────────────

ORDER = {
    "byte": {"src_order_no": "M-1", "src_line_no": "1", "amount": "69.50"},
    "nstar": {"bill_no": "M-1"},
}


@pytest.mark.parametrize("dialect", [BYTE, NSTAR], ids=["byte", "nstar"])
def test_an_order_row_names_its_sources_in_the_column_that_is_set(dialect):
    tables = dialect.tables({"order_sources": "merge_src"})
    draft = tables.draft({**ORDER[dialect.name], "merge_src": "A-1=80.00; A-2/3=-10.50"})
    assert parts_of(draft) == [("A-1/1", "80.00"), ("A-2/3", "-10.50")]
    assert [it.source for it in draft.merged] == [
        {"order": "A-1", "line": "1"},
        {"order": "A-2", "line": "3"},
    ]
    assert draft.merged[0].at["amount"].endswith(".merge_src")
    assert dialect.tables({}).draft(ORDER[dialect.name]).merged == ()
    (part,) = tables.draft({**ORDER[dialect.name], "merge_src": "nonsense"}).merged
    assert (part.erp_reference, part.amount) == ("", "nonsense")


@pytest.mark.parametrize("dialect", [BYTE, NSTAR], ids=["byte", "nstar"])
def test_results_have_a_row_for_the_merged_order_and_one_for_each_source(dialect):
    sources = tuple(
        MergedPart(f"{order}/1", amount, {"order": order, "line": "1"})
        for order, amount in (("A-1", "80.00"), ("A-2", "-10.50"))
    )
    told = structs.replace(TOLD, source={"order": "M-1", "line": "1"}, merged=sources)
    table = dialect.tables({}).results[ToldKind.STATUS]
    rows = table.rows(told)
    assert len({tuple(it[name] for name in table.key) for it in rows}) == 3
    assert [{"M-1", "A-1", "A-2"} & set(map(str, it.values())) for it in rows] == [
        {"M-1"},
        {"A-1"},
        {"A-2"},
    ]


# ── Yonyou ────────────────────────────────────────────────────────────────────────────────────

NC, BIP = YONYOU["nc"], YONYOU["yonbip"]


def envelope(relations: str, rows: str = "") -> bytes:
    return f"""<ufinterface billtype="P" sender="NC" roottag="bill" replace="N" proc="add">
<bill id="pk-m"><billhead><yurref>M-1</yurref><trsamt>69.50</trsamt></billhead>{rows}
<ebank_logyurrefrel>{relations}</ebank_logyurrefrel></bill></ufinterface>""".encode()


def relation(source: str, amount: str, merged: str = "M-1") -> str:
    return (
        f"<item><srcyurref>{source}</srcyurref><destyurref>{merged}</destyurref>"
        f"<srcpkid>pk-{source}</srcpkid><trsamt>{amount}</trsamt></item>"
    )


def test_nc_brings_the_map_of_merged_references():
    (draft,) = drafts_of(NC, envelope(relation("A-1", "80.00") + relation("A-2", "-10.50", "")))
    assert draft.erp_reference == "M-1"
    assert parts_of(draft) == [("A-1", "80.00"), ("A-2", "-10.50")]
    assert [it.source for it in draft.merged] == [{"bill": "pk-A-1"}, {"bill": "pk-A-2"}]
    place = "/ufinterface/bill[1]/ebank_logyurrefrel/item[2]/trsamt"
    assert draft.merged[1].at["amount"] == place


def test_ncs_rows_get_their_own_sources():
    rows = """<billbody><item><yurref>M-1</yurref></item><item><yurref>M-2</yurref></item>
    <item><yurref>C</yurref></item></billbody>"""
    relations = relation("A-1", "1") + relation("B-1", "2", "M-2") + relation("A-2", "3")
    found = {it.erp_reference: parts_of(it) for it in drafts_of(NC, envelope(relations, rows))}
    assert found == {"M-1": [("A-1", "1"), ("A-2", "3")], "M-2": [("B-1", "2")], "C": []}


def test_a_source_of_no_payment_in_the_bill_is_a_fault_of_it():
    (draft,) = drafts_of(NC, envelope(relation("A-1", "80.00") + relation("X", "1.00", "M-9")))
    ((code, path, _),) = faults_of(draft)
    assert code == "merged_unknown"
    assert path == "/ufinterface/bill[1]/ebank_logyurrefrel/item[2]/destyurref"


def test_nc_is_told_each_document_under_its_own_number_and_key():
    written = [
        b"".join(NC.files[ToldKind.STATUS].write((it,), FACTS)).decode() for it in TOLD.by_source()
    ]
    for text, number, key in zip(written, ("A-1", "A-2"), ("ins_1-1.3", "ins_1-2.3"), strict=True):
        assert f"<yurref>{number}</yurref>" in text
        assert "<destyurref>M-1</destyurref>" in text
        assert f'id="{key}"' in text


def settlement(*details: dict[str, object]) -> bytes:
    made = [
        {
            "id": f"10{at}",
            "settleDetailId": f"J-{at}",
            "receipttypeb": 2,
            "statementdetailstatus": 1,
            "ourbankaccount_account": "9001",
            "counterpartybankacc": "6228",
            **it,
        }
        for at, it in enumerate(details, 1)
    ]
    document = {"code": "JS-1", "settleBench_b": made}
    return json.dumps(document, ensure_ascii=False).encode()


def test_yonbip_merges_details_by_the_member_that_is_set():
    data = settlement(
        {"originalcurrencyamt": "80", "define1": "M-1", "bizbilldetailid": "b1"},
        {"originalcurrencyamt": "5", "define1": ""},
        {"originalcurrencyamt": "-10.50", "define1": "M-1"},
    )
    merging = BIP.with_options({"app_key": "k", "merged_member": "define1"})
    alone, merged = drafts_of(merging, data)
    assert alone.erp_reference == "J-2"
    assert (merged.erp_reference, merged.amount) == ("M-1", "69.5")
    assert parts_of(merged) == [("J-1", "80"), ("J-3", "-10.50")]
    first, second = (it.source for it in merged.merged)
    assert (first["detail_id"], second["detail_id"]) == ("101", "103")
    assert (first["business_detail_id"], second["business_detail_id"]) == ("b1", "")
    assert len(drafts_of(BIP, data)) == 3


# ── canonical ─────────────────────────────────────────────────────────────────────────────────


def test_canonical_files_bring_them_in_both_versions():
    fields = {"erp_reference": "M-1", "amount": "69.50"}
    parts = [{"erp_reference": "A-1", "amount": "80.00"}, {"erp_reference": "A-2", "amount": "x"}]
    one = {"batch_reference": "B", "instructions": [{**fields, "merged": parts}]}
    (draft,) = drafts_of(CANONICAL["v1"], json.dumps(one).encode())
    assert parts_of(draft) == [("A-1", "80.00"), ("A-2", "x")]
    assert draft.merged[1].at["amount"] == "/instructions/0/merged/1/amount"
    head = {"id": "B", "created": "", "lines": "1", "total": {"CNY": "69.50"}}
    line = {
        "line": "1",
        "reference": "M-1",
        "amount": {"value": "69.50", "currency": "CNY"},
        "merged": [{"reference": "A-1", "amount": "69.50"}],
    }
    two = [
        {"version": "2", "payments": head},
        line,
        {"end": {"lines": "1", "total": head["total"]}},
    ]
    (second,) = drafts_of(CANONICAL["v2"], "\n".join(map(json.dumps, two)).encode())
    assert parts_of(second) == [("A-1", "69.50")]
    assert second.merged[0].at["erp_reference"] == "/merged/0/reference"


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ('"merged": 5', "not_array", "/merged"),
        ('"merged": [5]', "not_object", "/merged/0"),
        ('"merged": [{"amount": 5}]', "number_not_text", "/merged/0/amount"),
        ('"merged": [], "merged": []', "duplicate_field", "/merged"),
    ],
)
def test_canonical_faults_name_the_part(wrong, code, path):
    one = '{"batch_reference": "B", "instructions": [{"amount": "1", ' + wrong + "}]}"
    (draft,) = drafts_of(CANONICAL["v1"], one.encode())
    assert faults_of(draft) == [(code, f"/instructions/0{path}", None)]
    head = '{"version": "2", "payments": {"id": "B", "lines": "1", "total": {}}}'
    lines = [head, '{"line": "1", ' + wrong + "}", '{"end": {"lines": "1", "total": {}}}']
    (second,) = drafts_of(CANONICAL["v2"], "\n".join(lines).encode())
    assert faults_of(second) == [(code, path, 2)]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_canonical_records_of_other_payments_are_what_they_always_were(version):
    write = CANONICAL[version].files[ToldKind.STATUS].write
    plain = b"".join(write((structs.replace(TOLD, merged=UNSET),), FACTS))
    for name in (b"merged", b'"part"'):
        assert name not in plain
    merged = b"".join(write((TOLD,), FACTS)).decode()
    assert '"merged": [{"reference": "A-1", "amount": "80.00"' in merged
