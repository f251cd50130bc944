"""BAI2, OFX and tables: what we write we read, in any pieces; what is spoilt is refused or told."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects import erp_dialect
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity
from gateway.formats import bai2 as bai2_writer
from gateway.formats.read import bai2, ofx, sheets
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import EntryTold, StatementTold, ToldKind
from gateway.ports.statement_formats import Reading
from tests.unit.formats.read.ground import statements

NOW = datetime(2026, 2, 1, tzinfo=UTC)
FACTS = FileFacts(id="F1", created=NOW)
DAY = date(2026, 1, 5)
WORDS = st.text(st.sampled_from("ab 货款-,/:\"'=+@;|.1"), max_size=12).map(str.strip)
TEXTS = st.text(st.sampled_from("abc 货款支付,/-1"), max_size=200).map(
    lambda it: " ".join(it.split())
)
CENTS = st.integers(-(10**9), 10**9)
WRITERS = {
    "BAI2": (bai2.FORMAT, bai2_writer.writer()),
    "CSV": (sheets.CSV, erp_dialect("file").files[ToldKind.STATEMENT].write),
    "XLSX": (sheets.XLSX, erp_dialect("file/xlsx").files[ToldKind.STATEMENT].write),
}


def money(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


@st.composite
def told(draw):
    moves = draw(st.lists(st.tuples(CENTS, WORDS, TEXTS), max_size=8))
    balance = opening = draw(CENTS)
    entries = []
    for number, (cents, name, text) in enumerate(moves):
        balance += cents
        entries.append(
            EntryTold(
                key=f"K{number}",
                amount=money(cents),
                currency="CNY",
                booking_date=DAY + timedelta(days=number),
                reference=f"R{number}",
                end_to_end_id=f"E{number}",
                counterparty_name=name,
                remittance=text,
                balance_after=money(balance),
            )
        )
    return StatementTold(
        statement_id="S",
        account="6222",
        account_name="甲",
        currency="CNY",
        start=DAY,
        end=DAY + timedelta(days=8),
        created=NOW,
        entries=tuple(entries),
        opening=money(opening),
        closing=money(balance),
    )


@pytest.mark.parametrize("name", WRITERS)
@given(statement=told(), size=st.integers(1, 300))
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_in_any_pieces(name, statement, size):
    form, write = WRITERS[name]
    content = b"".join(write((statement,), FACTS))
    assert form.sniff(content[: 1 << 16])
    [found] = statements(form, content, size=size)
    assert found.amounts == [it.amount for it in statement.entries]
    assert [it.reference for it in found.entries] == [it.reference for it in statement.entries]
    if name == "BAI2":
        for entry, wanted in zip(found.entries, statement.entries, strict=True):
            said = f"{wanted.counterparty_name} {wanted.remittance}"
            assert "".join(entry.remittance.split()) == "".join(said.rstrip("/ ").split())
        assert found.codes == []
        assert found.end.continuity is Continuity.OK
        return
    assert [it.remittance for it in found.entries] == [it.remittance for it in statement.entries]
    assert [it.booking_date for it in found.entries] == [
        it.booking_date for it in statement.entries
    ]
    if len(statement.entries) > 1:
        assert found.end.continuity is Continuity.OK
        assert found.end.closing.amount.text(2) == statement.closing


OFX = (
    "OFXHEADER:100\nDATA:OFXSGML\nENCODING:USASCII\nCHARSET:1252\n\n<OFX><SIGNONMSGSRSV1><SONRS>"
    "<STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS>"
    "<STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST><DTSTART>20260101"
    "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260105<TRNAMT>-1.00<FITID>1<NAME><![CDATA[a<b]]></STMTTRN>"
    "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260105<TRNAMT>2,00<FITID>2<MEMO>für &amp;</STMTTRN>"
    "</BANKTRANLIST><LEDGERBAL><BALAMT>1.00</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
).encode("cp1252")
BAI = (
    b"01,B,C,260102,0900,7,80,,2/\n02,C,B,1,260101,2400,USD,2/\n03,1,,010,0,,,015,100,,/\n"
    b"16,195,200,V,260101,,R,C,a,b/c\n88,more\n16,495,100,S,1,2,3,,,x/\n49,400,5/\n"
    b"98,400,1,7/\n99,400,1,9/\n"
)
TABLE = (
    "账号：1,币种：CNY\n期初余额：1.00\n交易日期,借方发生额,贷方发生额,余额,摘要\n"
    '2026-01-05,1.00,,0.00,"a,\n""b"""\n2026-01-06,,"1,000.50",1000.50,货款\n合计,1.00,1000.50,,\n'
).encode("gbk")
SPOILT = {"OFX": (ofx.FORMAT, OFX), "BAI2": (bai2.FORMAT, BAI), "CSV": (sheets.CSV, TABLE)}


@pytest.mark.parametrize("name", SPOILT)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 800), st.integers(0, 40)), max_size=4),
    bits=st.lists(st.tuples(st.integers(0, 800), st.integers(0, 255)), max_size=6),
    spliced=st.tuples(st.integers(0, 800), st.integers(0, 800), st.integers(0, 800)),
    size=st.integers(1, 999),
)
@settings(max_examples=60, deadline=None)
def test_what_is_spoilt_is_refused_or_told(name, cuts, bits, spliced, size):
    form, whole = SPOILT[name]
    content = bytearray(whole)
    for at, octet in bits:
        content[at % len(content)] = octet
    for at, length in cuts:
        del content[at % (len(content) + 1) :][:length]
        content[at % (len(content) + 1) : at % (len(content) + 1) + length] = b""
    start, end, to = (it % (len(content) + 1) for it in spliced)
    content[to:to] = content[start:end]
    form.sniff(bytes(content))
    try:
        found = statements(form, bytes(content), size=size)
    except WireError:
        return
    again = statements(form, bytes(content), Reading())
    assert [(it.start, it.entries, it.end) for it in found] == [
        (it.start, it.entries, it.end) for it in again
    ]


@pytest.mark.parametrize("name", SPOILT)
@given(data=st.binary(max_size=400))
@settings(max_examples=30, deadline=None)
def test_noise_is_refused_or_told(name, data):
    form, whole = SPOILT[name]
    for content in (data, whole[:100] + data, data + whole):
        form.sniff(content)
        with suppress(WireError):
            statements(form, content)


@pytest.mark.parametrize("name", ["OFX", "BAI2"])
def test_every_cut_is_refused(name):
    form, whole = SPOILT[name]
    # Nothing follows a file's trailer that could be missed.
    last = whole.index(b"\n99,") + 1 if name == "BAI2" else len(whole)
    for size in range(1, last):
        with pytest.raises(WireError):
            statements(form, whole[:size])
