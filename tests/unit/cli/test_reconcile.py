"""``gateway reconcile``: two files in, one line per decision out."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest

from gateway.cli.main import main
from gateway.cli.reconcile import run
from gateway.domain.bank_file import (
    EntryRead,
    Finding,
    Gravity,
    StatementEnd,
    StatementStart,
    TransactionRead,
)
from gateway.domain.errors import WireError
from gateway.domain.exact import Exact
from gateway.domain.statement import EntryStatus
from gateway.ports.statement_formats import StatementFormat

HEADER = (
    "item_id,erp_reference,account,direction,amount,currency,date,"
    "counterparty_name,counterparty_account,remittance\n"
)
ROW = "L1,FK-1001,35101,out,100.00,CNY,2026-09-15,福州兴业科技有限公司,,货款\n"
DAY = date(2026, 9, 15)


def entry(units, **said):
    plain = {"currency": "CNY", "booking_date": DAY}
    return EntryRead(amount=Exact(units, 2), **plain | said)


def statement(*entries, account="35101", end=""):
    return (
        StatementStart(format="x", account=account, currency="CNY"),
        *entries,
        StatementEnd(account=end),
    )


def form(*parts, fault=None):
    """A format that recognises everything and gives these parts."""

    def read(chunks, reading):
        del chunks, reading
        yield from parts
        if fault is not None:
            raise fault

    return (StatementFormat(name="x", sniff=lambda _: True, read=read),)


def decisions(tmp_path, known, ledger, *, rules=None, as_json=True):
    """(exit code, decisions or text, standard error)."""
    for name, content in (
        ("ledger.csv", ledger),
        ("statement", b"x"),
        ("rules.json", rules or b""),
    ):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    out, err = io.StringIO(), io.StringIO()
    code = run(
        tmp_path / "statement",
        tmp_path / "ledger.csv",
        as_json=as_json,
        out=out,
        err=err,
        rules_file=tmp_path / "rules.json" if rules else None,
        known=known,
    )
    told = out.getvalue()
    return code, [json.loads(it) for it in told.splitlines()] if as_json else told, err.getvalue()


def test_every_line_is_told_once_over_the_whole_file(tmp_path):
    parts = [
        *statement(entry(-10000, end_to_end_id="FK-1001")),
        *statement(
            entry(5000, status=EntryStatus.PENDING),
            entry(-2000, counterparty_name="德胜"),
            account="",
            end="35102",
        ),
    ]
    ledger = (
        HEADER + ROW + "L2,,35102,out,20.00,CNY,20260914,德胜,,\nL3,,35102,in,7,CNY,2026-09-14,,,\n"
    )
    code, found, err = decisions(tmp_path, form(*parts), ledger)
    assert (code, err) == (0, "")
    assert [list(it) for it in found] == [["decision", "rule", "entries", "items", "reasons"]] * 4
    assert [(it["decision"], it["rule"], it["entries"], it["items"]) for it in found] == [
        ("auto", "exact-key", [0], ["L1"]),
        ("auto", "amount-date-party", [2], ["L2"]),
        ("none", "not-booked", [1], []),
        ("none", "no-match", [], ["L3"]),
    ]
    assert all(" / " in reason for it in found for reason in it["reasons"])


def test_what_only_the_transaction_says_counts_and_batches_fall_apart(tmp_path):
    one = TransactionRead(end_to_end_id="FK-1001", counterparty_name="x", remittance="y")
    batch = [
        TransactionRead(amount=Exact(-units, 2), currency="CNY", end_to_end_id=key)
        for units, key in ((3000, "FK-2"), (4000, "FK-3"))
    ]
    parts = statement(entry(-10000, transactions=(one,)), entry(-7000, transactions=tuple(batch)))
    rows = "".join(
        f"L{n},FK-{n},35101,out,{units}.00,CNY,2026-09-15,,,\n" for n, units in ((2, 30), (3, 40))
    )
    _, found, _ = decisions(
        tmp_path, form(*parts), HEADER + ROW.replace("福州兴业科技有限公司", "") + rows
    )
    assert {it["rule"]: it["items"] for it in found} == {
        "batch-parts": ["L2", "L3"],
        "exact-key": ["L1"],
    }


def test_a_fee_and_a_return_are_seen_by_the_banks_code(tmp_path):
    parts = statement(
        entry(-10000, end_to_end_id="FK-1001"),
        entry(-500, end_to_end_id="FK-1001", code="NCHG"),
        entry(-300, counterparty_name="z"),
        entry(300, counterparty_name="z", return_reason="AC01"),
    )
    _, found, _ = decisions(tmp_path, form(*parts), HEADER + ROW)
    assert [(it["rule"], it["entries"]) for it in found] == [
        ("exact-key", [0]),
        ("reversal", [2, 3]),
        ("no-match", [1]),
    ]


@pytest.mark.parametrize("account", ["", "DE00 3510 0001 2345", "351000012345"])
def test_the_account_may_be_written_otherwise(tmp_path, account):
    parts = statement(entry(-10000, end_to_end_id="FK-1001"), account=account)
    ledger = HEADER + ROW.replace("35101", "3510 0001 2345")
    _, found, _ = decisions(tmp_path, form(*parts), ledger)
    assert found[0]["rule"] == "exact-key"


def test_five_decimals_and_tolerance_at_their_scale(tmp_path):
    finer = Exact(-10_000_001, 5)
    parts = statement(
        EntryRead(amount=finer, currency="CNY", booking_date=DAY, end_to_end_id="FK-1001")
    )
    _, found, _ = decisions(tmp_path, form(*parts), HEADER + ROW)
    assert found[0]["rule"] == "key-amount-differs"
    _, found, _ = decisions(tmp_path, form(*parts), HEADER + ROW, rules=b'{"amount_tolerance": 1}')
    assert found[0]["rule"] == "key-tolerance"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_encodings_of_the_ledger(tmp_path, codec):
    parts = statement(entry(-10000, counterparty_name="福州兴业科技有限公司"))
    _, found, _ = decisions(tmp_path, form(*parts), (HEADER + ROW).encode(codec))
    assert found[0]["rule"] == "amount-date-party"


@pytest.mark.parametrize(
    ("before", "after", "column"),
    [
        ("100.00", "1e2", "amount"),
        ("100.00", '"1,00.00"', "amount"),
        ("100.00", "１００", "amount"),
        ("100.00", "", "amount"),
        ("out", "debit", "direction"),
        ("CNY", "RMB元", "currency"),
        ("2026-09-15", "2026-02-30", "date"),
        ("2026-09-15", "15.09.2026", "date"),
        ("L1", "", "item_id"),
        ("35101", "", "account"),
    ],
)
def test_a_bad_cell_is_one_line_with_file_line_and_column(tmp_path, before, after, column):
    row = (
        ROW.replace("L1", "L2").replace(before, after) if before != "L1" else ROW.replace("L1", "")
    )
    code, found, err = decisions(tmp_path, form(*statement()), HEADER + ROW + row)
    assert (code, found) == (2, [])
    assert err.count("\n") == 1
    assert f"ledger.csv: 第3行 line 3 {column}: " in err


def test_the_same_item_twice_and_a_missing_column(tmp_path):
    _, _, err = decisions(tmp_path, form(*statement()), HEADER + ROW + ROW)
    assert "line 3 item_id" in err
    _, _, err = decisions(tmp_path, form(*statement()), HEADER.replace("currency", "ccy") + ROW)
    assert "line 1 currency" in err


def test_files_that_break_off_are_not_matched(tmp_path):
    parts = statement(entry(-10000, end_to_end_id="FK-1001"))
    known = form(*parts, fault=WireError("truncated", "/Stmt", line=9))
    code, found, err = decisions(tmp_path, known, HEADER + ROW)
    assert (code, found) == (2, [])
    assert "statement: 第9行 line 9 /Stmt: " in err
    code, _, err = decisions(tmp_path, (), HEADER + ROW)
    assert code == 2
    code, _, err = decisions(tmp_path, form(*parts), HEADER + ROW, rules=b'{"margin": 0}')
    assert code == 2
    assert "rules.json" in err


def test_a_contradiction_of_the_statement_is_told(tmp_path):
    finding = Finding(code="continuity", zh="甲", en="b", gravity=Gravity.CONTRADICTION)
    parts = (StatementStart(format="x"), StatementEnd(findings=(finding,)))
    code, _, err = decisions(tmp_path, form(*parts), HEADER + ROW)
    assert (code, err) == (0, "statement: 甲 / b\n")


def test_the_text_for_people_counts_and_names_what_is_open(tmp_path):
    parts = statement(entry(-10000, end_to_end_id="FK-1001"), entry(-1))
    _, told, _ = decisions(tmp_path, form(*parts), HEADER + ROW, as_json=False)
    assert "自动 auto  exact-key: 1" in told
    assert "entries 1" in told


def test_the_command_reads_a_table_of_a_netbank(tmp_path, capsys):
    (tmp_path / "bank.csv").write_text(
        "Account,Booking Date,Amount,Currency,Reference,Counterparty\n"
        "35101,2026-09-15,-100.00,CNY,FK-1001,\n",
        "utf-8",
    )
    (tmp_path / "ledger.csv").write_text(HEADER + ROW, "utf-8")
    files = ["--statement", str(tmp_path / "bank.csv"), "--ledger", str(tmp_path / "ledger.csv")]
    assert main(["reconcile", *files, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == ["L1"]
    assert main(["reconcile", *files[:3], str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err
