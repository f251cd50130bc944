"""Which language a file is in: exactly one, or why not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.cli import erp_sniff
from gateway.cli.demo_stage import settings_text
from gateway.cli.erp_sniff import candidates, choose, foremost, seems
from gateway.cli.main import main
from gateway.domain.errors import NotFound, Refused
from tests.conformance.erps import FILES, HEAD
from tests.sandbox_json import MAIN

DATA = Path(__file__).resolve().parents[2] / "data" / "erp"
V2 = DATA / "canonical" / "own.v2.jsonl"


@pytest.mark.parametrize(("name", "path"), FILES, ids=[f"{it}-{at.name}" for it, at in FILES])
def test_each_sample_is_given_to_one_flavour_of_its_folder(name, path):
    folder = name.partition("/")[0]
    chosen = choose(folder, path.read_bytes()[:HEAD])
    assert chosen is not None
    assert chosen.name.partition("/")[0] == folder
    assert chosen.sniff(path.read_bytes()[:HEAD])


def test_a_flavour_that_is_named_is_taken_at_its_word():
    assert choose("canonical/v1", V2.read_bytes()).name == "canonical/v1"


def test_auto_looks_everywhere():
    assert choose("auto", V2.read_bytes()).name == "canonical/v2"
    assert choose("auto", b"nobody's") is None


@pytest.mark.parametrize("name", ["sap9", "canonical/v9", "nobody/at-all"])
def test_an_unknown_name_is_told_with_those_that_are(name):
    with pytest.raises(NotFound):
        candidates(name)


def test_two_that_know_a_file_equally_well_are_both_named(monkeypatch):
    greedy = {key: replace(it, sniff=lambda _: True) for key, it in candidates("canonical").items()}
    assert len(greedy) > 1
    monkeypatch.setattr(erp_sniff, "candidates", lambda _: greedy)
    monkeypatch.setattr(erp_sniff, "_stands_behind", lambda *_: False)
    with pytest.raises(Refused) as refused:
        choose("canonical", b"{}")
    assert "canonical/v1, canonical/v2" in refused.value.en
    assert "canonical/v1, canonical/v2" in refused.value.zh


def test_a_folders_own_dialect_and_the_plain_standard_stand_behind():
    found = candidates("auto")
    plain = {key: found[key] for key in ("iso20022", "iso20022/tryton", "canonical/v2")}
    assert set(foremost(plain)) == {"iso20022/tryton", "canonical/v2"}
    assert set(foremost({"iso20022": found["iso20022"]})) == {"iso20022"}


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "empty"),
        (b"-- tables\nCREATE TABLE x (", "SQL"),
        (b":20:GW1\n:25:117\n", "MT940"),
        (b"{1:F01X}{2:I940}{4:\n:20:GW1\n", "MT940"),
        (b"01,SENDER,RECEIVER,260915,1000,1,,,2/\n", "BAI2"),
        (b"import os\n", "source"),
        (b"a\tb\tc\n", "tab separated"),
        (b'{"token": 1, "rows": []}', "token, rows"),
        (b"[1,2]", "JSON"),
        (b"<Document xmlns='urn:x'><BkToCstmrStmt><Id>1</Id>" + b" " * 99, "camt.053"),
        (b"<ufx/>", "<ufx>"),
        (b"<", "broken"),
        (b"PK\x03\x04", "workbook"),
        (b"hello", "no format"),
    ],
)
def test_what_a_file_of_nobody_seems_to_be(head, words):
    zh, en = seems(head)
    assert zh
    assert words in en


def test_a_page_of_questions_is_shown_as_such(capsys):
    path = DATA / "canonical" / "questions.v2.jsonl"
    assert main(["erp", "try", "canonical", str(path), "--json"]) == 0
    *asked, whole = map(json.loads, capsys.readouterr().out.splitlines())
    assert [it["question"]["kind"] for it in asked] == ["balance", "status"]
    assert (whole["questions"], whole["lines"]) == (2, 0)


def test_what_would_come_back_is_shown_in_the_erps_own_form(capsys):
    assert main(["erp", "try", "auto", str(V2), "--json"]) == 1
    *_, whole = map(json.loads, capsys.readouterr().out.splitlines())
    assert whole["dialect"] == "canonical/v2"
    assert whole["reply"]["way"] == "refuse"
    assert whole["reply"]["text"].startswith('{"version": "2", "refusal"')


def test_a_file_that_cannot_be_read_still_gets_its_answer(capsys, tmp_path):
    path = tmp_path / "cut.jsonl"
    path.write_bytes(V2.read_bytes()[:-20])
    assert main(["erp", "try", "canonical/v2", str(path), "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["reply"]["way"] == "refuse"
    assert captured.err.count("\n") == 1


def test_a_file_of_nobody_says_what_it_seems_to_be(capsys, tmp_path):
    path = tmp_path / "x.sql"
    path.write_bytes(b"CREATE TABLE gw_pay_order (\n")
    assert main(["erp", "try", "auto", str(path)]) == 2
    assert "an SQL script" in capsys.readouterr().err


def test_an_erp_system_of_the_settings_brings_its_account_names(capsys, tmp_path):
    config = tmp_path / "gateway.toml"
    text = settings_text("http://127.0.0.1:1", 1).replace('clock = "clock.json"\n', "")
    system = (
        "\n[[tenant.erp]]\nid = 'tryton'\ndialect = 'iso20022/tryton'\ntransport = 'folder'\n"
        f"address = 'in'\n[tenant.erp.aliases]\nBE70953368654125 = '{MAIN}'\n"
    )
    first, second = text.rsplit("[[tenant]]", 1)
    config.write_text(f"{first}{system}\n[[tenant]]{second}", encoding="utf-8")
    path = DATA / "iso20022" / "tryton.pain.001.001.09.xml"

    def codes(name):
        assert main(["erp", "try", name, str(path), "--config", str(config), "--json"]) == 1
        *lines, whole = map(json.loads, capsys.readouterr().out.splitlines())
        assert whole["dialect"] == "iso20022/tryton"
        return {fault["code"] for line in lines for fault in line["faults"]}

    assert "account_unknown" in codes("auto")
    assert "account_unknown" not in codes("tryton")
    assert "account_unknown" not in codes("iso20022/tryton")


@pytest.mark.parametrize("path", sorted({path for _, path in FILES}), ids=lambda path: path.name)
def test_each_sample_belongs_to_somebody_or_to_several_that_are_named(path):
    head = path.read_bytes()[:HEAD]
    knowing = foremost({name: it for name, it in candidates("auto").items() if it.sniff(head)})
    assert knowing
    if len(knowing) == 1:
        assert choose("auto", head).name in knowing
    else:
        with pytest.raises(Refused) as refused:
            choose("auto", head)
        assert ", ".join(sorted(knowing)) in refused.value.en
