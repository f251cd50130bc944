"""`gateway convert` of statements: every source into every target, and what is lost is told."""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone

import pytest

from gateway.cli.convert import Order, run
from gateway.cli.convert_statement import TARGETS
from gateway.formats.read import formats
from tests.unit.formats.read.ground import statements

NOW = datetime(2026, 9, 15, 10, tzinfo=timezone(timedelta(hours=8)))
TABLE = (
    "账号：6222000000000001,户名：甲公司,币种：人民币\n期初余额：1000.00\n"
    "交易日期,借方发生额,贷方发生额,余额,对方户名,对方账号,对方开户行,摘要,流水号\n"
    "2026-01-05,100.00,,900.00,乙公司,6217001,工行,货款,A1\n"
    "2026-01-06,,1500.50,2400.50,丙公司,6217002,,工资,A2\n期末余额：2400.50\n"
)
LEDGER = [it for it in TARGETS if not it.startswith(("camt.052", "camt.054"))] + ["csv"]


@pytest.fixture
def convert(tmp_path):
    def converted(content, to, **more):
        path = tmp_path / "in.dat"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        out, err = io.BytesIO(), io.StringIO()
        code = run(Order(path=str(path), to=to, **more), out, err, NOW)
        return code, out.getvalue(), err.getvalue()

    return converted


def back(content):
    form = next(it for it in formats() if it.sniff(content))
    return statements(form, content)


@pytest.mark.parametrize("target", LEDGER)
def test_what_was_written_is_read(convert, target):
    code, out, err = convert(TABLE, target)
    assert code == 0, err
    [found] = back(out)
    assert found.amounts == ["-100.00", "1500.50"]
    assert found.start.account == "6222000000000001"
    assert found.start.currency == "CNY"
    assert [it.reference for it in found.entries] == ["A1", "A2"]
    assert all("货款" in it.remittance for it in found.entries[:1])
    balances = found.end.opening, found.end.closing
    assert [it.amount.text(2) for it in balances] == ["1000.00", "2400.50"]
    assert found.end.continuity == "ok"


@pytest.mark.parametrize("source", LEDGER)
def test_every_source_becomes_every_target(convert, source):
    _, content, _ = convert(TABLE, source)
    for target in LEDGER:
        code, out, err = convert(content, target)
        assert code == 0, err
        assert back(out)[0].amounts == ["-100.00", "1500.50"]


def test_what_is_lost_is_told(convert):
    def told(target, content=TABLE):
        return convert(content, target)[2]

    assert "不携带 balance_after（2 条）" in told("camt.053.001.08")
    assert "counterparty_bank（1 条）" in told("MT940")
    assert "does not carry booking_date (1 lines)" in told("BAI2")
    assert "opening, closing" in told("csv")
    pending = TABLE.replace("流水号", "流水号,状态").replace(",A1\n", ",A1,成功\n")
    pending = pending.replace(",A2\n", ",A2,处理中\n").replace("期末余额：2400.50", "")
    code, out, err = convert(pending, "MT940")
    assert code == 0, err
    assert "does not carry status=pending (1 lines)" in err
    assert back(out)[0].amounts == ["-100.00"]
    kept = back(convert(pending, "camt.053.001.02")[1])[0]
    assert [it.status for it in kept.entries] == ["booked", "pending"]


def test_findings_are_told(convert):
    code, _, err = convert(TABLE.replace("期末余额：2400.50", "期末余额：1.00"), "xlsx")
    assert code == 0
    assert "期初余额加已记账明细不等于期末余额" in err


def test_a_balance_alone_and_notices(convert):
    code, out, err = convert(TABLE, "camt.052.001.02")
    assert code == 0, err
    assert "does not carry entries (2 lines)" in err
    assert b"2400.50" in out
    code, out, err = convert(TABLE, "camt.054.001.08")
    assert code == 0, err
    assert "opening, closing" in err
    assert back(out)[0].amounts == ["-100.00", "1500.50"]


@pytest.mark.parametrize(
    ("content", "target", "reason"),
    [
        (TABLE, "json", "gateway read"),
        (TABLE, "pain.001.001.09", "a statement cannot become"),
        (TABLE.replace(",币种：人民币", ""), "MT940", "--mapping"),
        ("Date,Amount,Text\n2026-01-05,1.00,a\n", "camt.052.001.02", "currency"),
        ("Date,Amount,Currency\n2026-01-05,1.00,EUR\n", "camt.053.001.02", "未知"),
        ("Date,Amount,Currency\n2026-01-05,1.1234567,EUR\n", "csv", "too many digits"),
        ("Date,Amount,Currency\n2026-01-05,1.00,EUR\n", "camt.052.001.02", "no balance"),
        (TABLE.rstrip() + "\n2026-01-07,1", "csv", "cut off"),
    ],
)
def test_refusals_leave_no_output(convert, content, target, reason):
    code, out, err = convert(content, target)
    assert (code, out) == (2, b"")
    assert err.count("\n") == 1
    assert reason in err


def test_payments_become_no_statement(convert):
    body = "erp_reference,creditor_name,creditor_account,amount\nA,B,1,1.00\n"
    code, out, err = convert(body, "MT940")
    assert (code, out) == (2, b"")
    assert "a file of payments cannot become MT940" in err


def test_a_mapping(convert, tmp_path):
    mapping = tmp_path / "m.json"
    mapping.write_text('{"currency": "EUR", "column_amount": "#2", "column_booking_date": "#1"}')
    content = "Wann;Wieviel;Saldo;Wer\n05.01.2026;1,50;3,50;x\n06.01.2026;-1,00;2,50;x\n"
    assert convert(content, "csv")[0] == 2
    code, out, _ = convert(content, "csv", mapping=mapping)
    assert code == 0
    assert back(out)[0].amounts == ["1.50", "-1.00"]


def _other_money(closing: str, entry: str) -> str:
    """A statement in euros whose closing balance, or entry, is of another currency."""
    balance = (
        "<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp>"
        '<Amt Ccy="{}">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-05</Dt></Dt></Bal>'
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-01-05T08:00:00</CreDtTm></GrpHdr><Stmt><Id>S</Id>"
        "<Acct><Id><Othr><Id>6222</Id></Othr></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance.format('OPBD', 'EUR', '10.00')}{balance.format('CLBD', closing, '15.00')}"
        f'<Ntry><Amt Ccy="{entry}">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        "<BookgDt><Dt>2026-01-05</Dt></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>"
    )


def test_a_balance_of_another_currency_never_becomes_the_statements_own(convert):
    code, out, err = convert(_other_money("SEK", "EUR"), "MT940")
    assert code == 0
    assert b"SEK" not in out
    assert "CLBD (SEK)" in err
    # The closing balance follows from the opening one.
    assert b":62F:C260105EUR15," in out


def test_an_entry_of_another_currency_is_not_written_where_it_cannot_be_said(convert):
    code, out, err = convert(_other_money("EUR", "SEK"), "MT940")
    assert (code, out) == (2, b"")
    assert "currency" in err
