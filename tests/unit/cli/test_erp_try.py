"""`gateway erp try`: what a file would do, with nothing stored."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.erp.iso20022.compose import Debtor, Line, compose
from gateway import bootstrap
from gateway.cli.demo_stage import settings_text
from gateway.cli.main import main
from gateway.domain.money import CNY, Money
from gateway.runtime import SystemClock
from tests.sandbox_json import MAIN, OTHER_NAME, OTHER_PAYEE, OWN_NAME, OWN_PAYEE


def line(end_to_end_id, **changes):
    fields = {
        "end_to_end_id": end_to_end_id,
        "amount": Money(12050, CNY),
        "creditor_name": OWN_NAME,
        "creditor_account": OWN_PAYEE,
        "creditor_agent_name": "兴业银行",
        "creditor_city": "福州",
        "purpose": "货款",
        "execution_date": date(2026, 9, 15),
    }
    return Line(**{**fields, **changes})


OTHER = {
    "creditor_name": OTHER_NAME,
    "creditor_account": OTHER_PAYEE,
    "creditor_agent_name": "示例商业银行上海分行",
    "creditor_city": "上海",
}


def file(tmp_path, *lines, version="pain.001.001.09", debtor=MAIN):
    path = tmp_path / "pay.xml"
    created = datetime(2026, 9, 15, 9)  # noqa: DTZ001 - as the ERP writes it
    payer = Debtor(name="", account=debtor)
    path.write_bytes(compose(version, "M-1", created, payer, lines))
    return path


def tried(capsys, path, *more):
    code = main(["erp", "try", "iso20022", str(path), "--json", *more])
    *lines, whole = map(json.loads, capsys.readouterr().out.splitlines())
    assert {it["kind"] for it in lines} <= {"line"}
    assert whole["kind"] == "file"
    return code, lines, whole


@pytest.fixture(autouse=True)
def no_database(monkeypatch):
    """Nothing may open one."""

    def opened(*_arguments, **_names):
        raise AssertionError("a database was opened")

    monkeypatch.setattr(bootstrap, "open_engine", opened)
    monkeypatch.setattr(sqlite3.dbapi2, "connect", opened)


def test_a_good_file_says_how_it_would_go_out(capsys, tmp_path):
    path = file(
        tmp_path,
        line("E1"),
        line("E2", **OTHER, urgent=False),
        line("E3", execution_date=date(2026, 9, 20)),
    )
    code, lines, whole = tried(capsys, path)
    assert code == 0
    assert [it["instruction"]["amount"] for it in lines] == ["120.50"] * 3
    assert [it["instruction"]["erp_reference"] for it in lines][:2] == [
        "M-1/M-1-1/E1",
        "M-1/M-1-1/E2",
    ]
    routes = [it["route"] for it in lines]
    assert {(it["connection"], it["bank"], it["operation"]) for it in routes} == {
        ("cib-main", "cib", "pay")
    }
    assert [(it["own_bank"], it["local"]) for it in routes] == [
        (True, True),
        (False, False),
        (True, True),
    ]
    assert [(it["due"], it["due_kept_by"]) for it in routes] == [
        (None, None),
        (None, None),
        ("2026-09-20", "gateway"),
    ]
    assert (whole["accepted"], whole["refused"], whole["faults"]) == (3, 0, [])
    assert {it["answer"]["status"] for it in lines} == {"RCVD"}


def test_every_fault_is_told_with_its_place_and_what_would_come_back(capsys, tmp_path):
    path = file(
        tmp_path,
        line("E1"),
        line("E2", creditor_name="甲" * 60, purpose=""),
        line("E1"),
        version="pain.001.001.03",
    )
    code, lines, whole = tried(capsys, path)
    assert code == 1
    assert [{it["code"] for it in one["faults"]} for one in lines] == [
        set(),
        {"too_long", "required"},
        {"repeated_reference"},
    ]
    for fault in lines[1]["faults"]:
        assert fault["path"].startswith("/Document/CstmrCdtTrfInitn/PmtInf[1]/CdtTrfTxInf[2]/")
        assert fault["line"]
        assert fault["zh"]
        assert fault["en"]
    assert [it["answer"]["status"] for it in lines] == ["ACTC", "RJCT", "RJCT"]
    assert (whole["accepted"], whole["refused"], whole["group_status"]) == (1, 2, "PART")


def test_a_file_of_which_nothing_is_taken_has_no_report(capsys, tmp_path):
    code, lines, whole = tried(capsys, file(tmp_path, line("E1"), debtor="123456"))
    assert (code, whole["accepted"], whole["group_status"]) == (1, 0, None)
    assert lines[0]["faults"][0]["code"] == "account_unknown"
    assert "123456" not in lines[0]["faults"][0]["en"]


def test_wrong_totals_refuse_the_whole(capsys, tmp_path):
    path = file(tmp_path, line("E1"))
    path.write_bytes(path.read_bytes().replace(b"<NbOfTxs>1", b"<NbOfTxs>7", 1))
    code, lines, whole = tried(capsys, path)
    assert (code, whole["accepted"], whole["refused"]) == (1, 0, 1)
    assert whole["faults"]
    assert lines[0]["answer"] is None


def test_people_read_it_without_account_numbers(capsys, tmp_path):
    assert main(["erp", "try", "iso20022", str(file(tmp_path, line("E1")))]) == 0
    out = capsys.readouterr().out
    assert OWN_PAYEE not in out
    assert MAIN not in out
    for words in ("✓ 1 M-1/M-1-1/E1  120.50 CNY", "cib-main (cib) pay", "nothing stored"):
        assert words in out


def test_the_settings_decide_whose_file_it_is(capsys, tmp_path):
    config = tmp_path / "gateway.toml"
    text = settings_text("http://127.0.0.1:1", 1).replace('"cib-main"', '"my-bank"')
    config.write_text(text.replace('clock = "clock.json"\n', ""), encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    tomorrow = SystemClock().now().date() + timedelta(days=1)
    past = line("E1", execution_date=date(2000, 1, 1))
    path = file(tmp_path, past, line("E2", execution_date=tomorrow))
    _, lines, _ = tried(capsys, path, "--config", str(config))
    assert [it["code"] for it in lines[0]["faults"]] == ["date_past"]
    assert lines[1]["route"]["connection"] == "my-bank"
    assert sorted(tmp_path.iterdir()) == sorted([*before, path])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sap9", "FILE"], "no such ERP"),
        (["iso20022", "none.xml"], "cannot be read"),
        (["iso20022", "FILE", "--tenant", "nobody"], "no such tenant"),
        (["iso20022", "FILE", "--config", "none.toml"], "cannot be read"),
    ],
)
def test_a_wrong_call_is_told(capsys, tmp_path, arguments, words):
    path = file(tmp_path, line("E1"))
    called = [str(path) if it == "FILE" else it for it in arguments]
    assert main(["erp", "try", *called]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"), [(b"<Document", "not well-formed"), (b"", ""), (b"<a/>", "root")]
)
def test_a_broken_file_gives_one_line(capsys, tmp_path, content, words):
    path = tmp_path / "broken.xml"
    path.write_bytes(content)
    assert main(["erp", "try", "iso20022", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" or captured.out.startswith("返回 what would come back: refuse")
    assert captured.err.count("\n") == 1
    assert words in captured.err
    assert Path(path).name in captured.err
