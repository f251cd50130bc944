"""`gateway convert`: what goes over, what is told, what is refused."""

from __future__ import annotations

import codecs
import csv
import io
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from adapters.erp.iso20022 import read as read_pain
from adapters.erp.iso20022.compose import VERSIONS
from gateway.cli.canonical_csv import COLUMNS, guarded, unguarded
from gateway.cli.convert import Order, formats, run
from gateway.cli.convert_statement import TARGETS
from gateway.cli.main import main
from gateway.intake.json_body import parse_batch
from gateway.ports.erp import Draft
from tests.unit.iso20022.samples import DATA

NOW = datetime(2026, 9, 15, 10, tzinfo=timezone(timedelta(hours=8)))
LINE = {
    "erp_reference": "PO-1",
    "debtor_account": "900010101000000011",
    "creditor_name": "样本钢铁有限公司",
    "creditor_account": "900010801000000014",
    "amount": "1200.50",
    "currency": "CNY",
    "purpose": "货款",
    "execution_date": "2026-09-16",
    "end_to_end_id": "E-1",
}


def batch(*lines, reference="B-1"):
    body = {"batch_reference": reference, "instructions": list(lines)}
    return json.dumps(body, ensure_ascii=False).encode()


def converted(tmp_path, content, to, *, name="in.dat", **more):
    path = tmp_path / name
    path.write_bytes(content)
    out, err = io.BytesIO(), io.StringIO()
    code = run(Order(path=str(path), to=to, **more), out, err, NOW)
    return code, out.getvalue(), err.getvalue()


def good(tmp_path, content, to, **more):
    code, out, err = converted(tmp_path, content, to, **more)
    assert code == 0, err
    return out


def refused(tmp_path, content, to="csv", **more):
    code, out, err = converted(tmp_path, content, to, **more)
    assert (code, out) == (2, b"")
    assert err.count("\n") == 1
    assert err.startswith(str(tmp_path))
    return err


def drafts(pain):
    return [part for part in read_pain([pain]) if isinstance(part, Draft)]


# ── each way ────────────────────────────────────────────────────────────────────────────────


def test_every_target_is_offered():
    assert formats() == (*VERSIONS, "json", "csv", *TARGETS)


@pytest.mark.parametrize("version", VERSIONS)
def test_json_becomes_any_version_and_comes_back(tmp_path, version):
    pain = good(tmp_path, batch(LINE), version)
    assert version.encode() in pain
    head, [line] = parse_batch(good(tmp_path, pain, "json"))
    assert head.batch_reference == "B-1"
    for name in set(LINE) - {"erp_reference"}:
        assert getattr(line, name) == LINE[name]
    assert line.erp_reference == "B-1/B-1-1/E-1"


def test_an_erps_file_becomes_json_and_csv(tmp_path):
    content = (DATA / "sap-cn.pain.001.001.03.xml").read_bytes()
    meant = drafts(content)
    _, lines = parse_batch(good(tmp_path, content, "json"))
    table = good(tmp_path, content, "csv")
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    assert meant
    for name in COLUMNS:
        told = [getattr(draft, name) for draft in meant]
        assert [getattr(line, name) for line in lines] == told
        assert [unguarded(row[name]) for row in rows] == told


def test_csv_has_its_columns_in_order_and_a_mark_on_demand(tmp_path):
    plain = good(tmp_path, batch(LINE), "csv")
    marked = good(tmp_path, batch(LINE), "csv", bom=True)
    assert plain.decode().split("\r\n")[0] == ",".join(COLUMNS)
    assert marked == codecs.BOM_UTF8 + plain
    for table in (plain, marked):
        head, [line] = parse_batch(good(tmp_path, table, "json", reference="B-1"))
        assert head.batch_reference == "B-1"
        assert {name: getattr(line, name) for name in LINE} == LINE


def test_columns_may_come_in_any_order_and_be_absent(tmp_path):
    table = b"amount,erp_reference\n1.00,A\n\n2.00,B\n"
    _, lines = parse_batch(good(tmp_path, table, "json", name="七月.csv"))
    assert [(line.erp_reference, line.amount) for line in lines] == [("A", "1.00"), ("B", "2.00")]
    code, _, err = converted(tmp_path, table, "json", name="七月.csv")
    assert code == 0
    assert "批次号取自文件名：七月" in err


# ── formulas ────────────────────────────────────────────────────────────────────────────────

FORMULAS = ["=1+1", "+86", "-甲", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"]


@pytest.mark.parametrize("cell", [*FORMULAS, "'=1", "''＝1"])
def test_a_formula_is_made_text_and_made_whole_again(tmp_path, cell):
    assert guarded("memo", cell) == f"'{cell}"
    table = good(tmp_path, batch({**LINE, "memo": cell}), "csv")
    _, [line] = parse_batch(good(tmp_path, table, "json"))
    assert line.memo == cell


@pytest.mark.parametrize("cell", ["", "'", "'甲", "O'Neill", "1=1", "甲-乙", "''"])
def test_other_texts_stay_as_they_are(cell):
    assert guarded("memo", cell) == unguarded(cell) == cell


def test_an_amount_stays_a_number_but_a_formula_in_its_place_does_not():
    assert guarded("amount", "-12.50") == "-12.50"
    assert guarded("amount", "=12.50") == "'=12.50"
    assert guarded("purpose", "-12.50") == "'-12.50"


# ── what is told ────────────────────────────────────────────────────────────────────────────


def test_what_pain_cannot_carry_is_told_by_field_and_count(tmp_path):
    lines = [{**LINE, "memo": "附", "company": "甲"}, {**LINE, "memo": "言"}]
    code, out, err = converted(tmp_path, batch(*lines), "pain.001.001.09")
    assert code == 0
    assert len(drafts(out)) == 2
    assert "does not carry memo (2 lines)" in err
    assert "does not carry company (1 lines)" in err


def test_what_pain_needs_and_is_not_given_is_told(tmp_path):
    line = {name: LINE[name] for name in LINE if name not in {"currency", "execution_date"}}
    code, out, err = converted(tmp_path, batch(line), "pain.001.001.03")
    assert code == 0
    assert (drafts(out)[0].currency, drafts(out)[0].execution_date) == ("CNY", "2026-09-15")
    assert "2026-09-15 is written" in err
    assert "CNY is written" in err
    assert "FJIBCNBA" in err


def test_payroll_and_urgency_go_over(tmp_path):
    line = {**LINE, "business_type": "payroll", "urgency": "urgent"}
    [draft] = drafts(good(tmp_path, batch(line), "pain.001.001.09"))
    assert (draft.business_type, draft.urgency) == ("payroll", "urgent")


def test_a_csv_forgets_the_batch_reference_and_says_so(tmp_path):
    _, _, err = converted(tmp_path, batch(LINE), "csv")
    assert "no batch reference in CSV: B-1" in err


# ── what is refused ─────────────────────────────────────────────────────────────────────────

PAIN = (DATA / "sap-cn.pain.001.001.03.xml").read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"hello", "not a format that is known here"),
        (b"a,b\n1,2\n", "not a format that is known here"),
        (b"[1]", "not a format that is known here"),
        (b'{"batch_reference": "B"', "not valid JSON"),
        (b'{"instructions": []}', "/batch_reference"),
        (batch({**LINE, "amount": 1.5}), "/instructions/0/amount"),
        (b"erp_reference,amount\nA\n", "line 2"),
        (b"erp_reference,amount,erp_reference\n", "comes twice"),
        (b"erp_reference,colour\n", "unknown column"),
        (b'erp_reference,amount\nA,"1\n', "line 2"),
        (b"erp_reference,purpose\nA,\xbb\xf5\n", "not valid UTF-8"),
        (PAIN[: len(PAIN) // 2], "not well-formed XML"),
        (b"<!DOCTYPE x>" + PAIN[PAIN.index(b"<Document") :], "document types"),
    ],
)
def test_what_cannot_be_read_gives_one_line_and_nothing_else(tmp_path, content, words):
    assert words in refused(tmp_path, content)


def test_half_a_character_is_named(tmp_path):
    body = b'{"batch_reference":"B","instructions":[{"erp_reference":"A","memo":"\\ud83d"}]}'
    for target in ("csv", "json"):
        assert "/instructions/0/memo" in refused(tmp_path, body, target)


def test_wrong_totals_are_refused(tmp_path):
    wrong = PAIN.replace(b"<NbOfTxs>", b"<NbOfTxs>9", 1)
    assert "GrpHdr" in refused(tmp_path, wrong, "json")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "1e3"}, "/instructions/0/amount"),
        ({"amount": "1.005"}, "more than the currency's 2 decimals"),
        ({"currency": "RMB"}, "/instructions/0/currency"),
        ({"execution_date": "2026-9-1"}, "/instructions/0/execution_date"),
        ({"execution_date": "20260901"}, "/instructions/0/execution_date"),
        ({"erp_reference": "x" * 36, "end_to_end_id": ""}, "/instructions/0/erp_reference"),
        ({"end_to_end_id": "x" * 36}, "/instructions/0/end_to_end_id"),
        ({"creditor_name": "甲\u0001"}, "Nm"),
    ],
)
def test_what_pain_cannot_say_is_refused_at_its_field(tmp_path, changes, words):
    assert words in refused(tmp_path, batch({**LINE, **changes}), "pain.001.001.09")


def test_one_file_pays_from_one_account(tmp_path):
    other = {**LINE, "debtor_account": "900010101000000029"}
    assert "one debtor account" in refused(tmp_path, batch(LINE, other), "pain.001.001.09")


def test_a_long_batch_reference_needs_another(tmp_path):
    long = batch(LINE, reference="x" * 40)
    assert "--reference" in refused(tmp_path, long, "pain.001.001.09")
    assert good(tmp_path, long, "pain.001.001.09", reference="B-2")


# ── the command ─────────────────────────────────────────────────────────────────────────────


def test_the_command_writes_its_file_only_when_it_is_whole(tmp_path, capsys):
    source, target = tmp_path / "in.json", tmp_path / "out.csv"
    target.write_text("old", encoding="utf-8")
    source.write_bytes(b"{")
    assert main(["convert", str(source), "--to", "csv", "--out", str(target)]) == 2
    assert target.read_text("utf-8") == "old"
    source.write_bytes(batch(LINE))
    assert main(["convert", str(source), "--to", "csv", "--out", str(target)]) == 0
    assert target.read_text("utf-8").startswith("erp_reference")
    assert main(["convert", str(tmp_path / "none"), "--to", "json"]) == 2
    assert "none" in capsys.readouterr().err


def test_an_unknown_target_is_told(tmp_path):
    assert "pain.001.001.13" in refused(tmp_path, batch(LINE), "pain.001.001.02")
    assert Path(tmp_path / "in.dat").exists()
