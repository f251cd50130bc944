"""`gateway read` of statement files: one form for all, and whole or not at all."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
import zipfile

import pytest

from adapters.bank.cib import DIALECT as CIB
from adapters.erp.iso20022 import DIALECT as ISO
from adapters.erp.iso20022 import describe
from gateway.cli import read_command
from gateway.cli.main import main
from gateway.cli.read import Languages, run
from gateway.domain.bank_file import EntryRead, StatementEnd, StatementStart, TransactionRead
from gateway.domain.errors import Refused
from gateway.domain.exact import Exact
from gateway.formats.read import formats
from gateway.ports.statement_formats import Reading, StatementFormat

BAI = (
    "01,B,C,260102,0900,7,80,,2/\n02,C,B,1,260101,2400,{},2/\n03,1,,010,0,,,015,100,,/\n"
    "16,195,200,V,260105,,R1,C1,a <b>\n16,495,100,Z,R2,,\n49,400,4/\n98,400,1,6/\n99,400,1,8/\n"
)
USD = BAI.format("USD").encode()
TABLE = "交易日期,金额,余额,摘要\n2026-01-05,-1.00,9.00,货款\n2026-01-06,1.50,10.50,x\n".encode()
KEYS = (
    *("kind", "format", "account", "currency", "statement_id", "opening", "closing", "from", "to"),
    *("continuity", "entries", "warnings"),
)
ENTRY = (
    *("amount", "currency", "booking_date", "value_date", "status", "reference"),
    *("counterparty_name", "counterparty_account", "remittance", "transactions"),
)


def read(content, *, as_json=True, statements=formats, reading=None):
    out, err = io.StringIO(), io.StringIO()
    code = run(
        "-",
        as_json=as_json,
        out=out,
        err=err,
        languages=Languages(
            banks=[CIB],
            erps=[ISO],
            readers={"iso20022": describe},
            statements=statements,
            reading=reading or Reading(),
        ),
        stdin=io.BytesIO(content),
    )
    return code, out.getvalue(), err.getvalue()


def objects(content, **other):
    code, out, err = read(content, **other)
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def test_the_form():
    [found] = objects(USD)
    assert tuple(found) == KEYS
    entries = found.pop("entries")
    assert found == {
        "kind": "statement",
        "format": "BAI2",
        "account": "1",
        "currency": "USD",
        "statement_id": "7",
        "opening": "0.00",
        "closing": "1.00",
        "from": "2026-01-01",
        "to": "2026-01-01",
        "continuity": "ok",
        "warnings": [],
    }
    assert all(tuple(it) == ENTRY for it in entries)
    assert entries[0] == {
        "amount": "2.00",
        "currency": "USD",
        "booking_date": "2026-01-01",
        "value_date": "2026-01-05",
        "status": "booked",
        "reference": "R1",
        "counterparty_name": None,
        "counterparty_account": None,
        "remittance": "a <b>",
        "transactions": [],
    }
    assert (entries[1]["amount"], entries[1]["remittance"]) == ("-1.00", None)


def test_amounts_have_the_currencys_decimals():
    def amounts(currency):
        [found] = objects(BAI.format(currency).encode())
        return found["closing"], found["entries"][0]["amount"]

    assert amounts("JPY") == ("100", "200")
    assert amounts("KWD") == ("0.100", "0.200")
    assert amounts("XYZ") == ("1.00", "2.00")


def made(*parts, fail=False):
    """A format that gives these parts for whatever begins with a question mark."""

    def parts_of(chunks, _reading):
        for _ in chunks:
            continue
        yield from parts
        if fail:
            raise RuntimeError

    return lambda: [StatementFormat(name="X", sniff=lambda it: it.startswith(b"?"), read=parts_of)]


def test_parts_of_an_entry_and_nulls():
    part = TransactionRead(
        amount=Exact(-15, 1), currency="CNY", end_to_end_id="E", counterparty_name="甲"
    )
    one, two = (
        EntryRead(amount=Exact(-15, 1), currency="CNY", transactions=parts)
        for parts in ((part,), (part, TransactionRead()))
    )
    start = StatementStart(format="X")
    [found] = objects(b"?", statements=made(start, one, two, StatementEnd()))
    assert found["account"] is found["currency"] is found["opening"] is found["from"] is None
    first, second = found["entries"]
    # What an entry's only part says is said of the entry.
    assert first["counterparty_name"] == "甲"
    assert second["counterparty_name"] is None
    assert first["transactions"] == [
        {
            "amount": "-1.50",
            "end_to_end_id": "E",
            "counterparty_name": "甲",
            "counterparty_account": None,
            "remittance": None,
        }
    ]
    assert second["transactions"][1]["amount"] is None


def test_a_statement_that_breaks_off_is_not_printed():
    cut = USD + USD[: USD.index(b"49,")]
    code, out, err = read(cut)
    assert code == 2
    assert [json.loads(it)["account"] for it in out.splitlines()] == ["1"]
    assert err.count("\n") == 1
    assert "truncated" not in err
    assert "line 13" in err
    ended = made(StatementStart(format="X"), EntryRead(amount=Exact(1), currency="CNY"))
    assert read(b"?", statements=ended)[:2] == (2, "")


def test_findings_are_warnings():
    [found] = objects(USD.replace(b"49,400,", b"49,401,").replace(b"98,400,", b"98,401,"))
    assert any("line 6 49: 控制总额与内容不符" in it for it in found["warnings"])


def test_text_for_people():
    code, out, _ = read(TABLE, as_json=False)
    assert code == 0
    assert "kind: statement\n" in out
    assert "entries: 2\n  1. amount=-1.00  booking_date=2026-01-05" in out
    assert "remittance=货款" in out
    assert "warnings: 1\n  1. 表中没有币种" in out
    hostile = TABLE.replace("货款".encode(), "\x9b31m".encode())
    assert "\x9b" not in read(hostile, as_json=False)[1]


def test_memory_stays_flat():
    lines = [BAI[: BAI.index("16,")].format("USD"), *[f"16,195,0,Z,R,C,{'x' * 9_000}\n"] * 900]
    tail = "49,100,902/\n98,100,1,904/\n99,100,1,906/\n"
    content = ("".join(lines) + tail).encode()

    class Out(io.StringIO):
        def write(self, text):
            assert len(text) <= 1 << 17
            return len(text)

    tracemalloc.start()
    try:
        code = run(
            "-",
            as_json=True,
            out=Out(),
            err=io.StringIO(),
            languages=Languages(banks=[], erps=[], readers={}, statements=formats),
            stdin=io.BytesIO(content),
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert code == 0
    assert peak < 4 << 20  # the file has eight


# ── archives ──────────────────────────────────────────────────────────────────────────────────


def archive(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def test_every_file_of_an_archive():
    assert [it["format"] for it in objects(gzip.compress(USD))] == ["BAI2"]
    found = objects(archive(a_bai=USD, b_csv=TABLE))
    assert [it["format"] for it in found] == ["BAI2", "CSV"]


def test_a_file_that_cannot_be_read_does_not_hide_the_others():
    code, out, err = read(archive(a_pdf=b"%PDF", b_bai=USD, c_zip=archive(x=USD), d_txt=b""))
    assert code == 2
    assert len(out.splitlines()) == 1
    first, second, third = err.splitlines()
    assert "a.pdf" in first
    assert "无法识别的格式" in first
    assert "c.zip" in second
    assert "压缩包内还有压缩包" in second
    assert "d.txt" in third
    assert "文件为空" in third
    assert read(archive())[0] == 2
    assert read(gzip.compress(gzip.compress(USD)))[0] == 2


# ── what is named although it is not read ─────────────────────────────────────────────────────


URN = "urn:iso:std:iso:20022:tech:xsd:"
HEAD = f'<E><AppHdr xmlns="{URN}head.001.001.02"/>'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (f'<Document xmlns="{URN}camt.055.001.09"><CstmrPmtCxlReq/></Document>', "camt.055.001.09"),
        (f'<D xmlns="{URN}camt.056.001.08.ch.02"><x/></D>', "camt.056.001.08.ch.02"),
        ("<Document><a:RsltnOfInvstgtn/></Document>", "camt.029"),
        (f'{HEAD}<Document xmlns="{URN}pacs.008.001.08"/></E>', "pacs.008.001.08"),
        # However long it is: only its beginning is looked at.
        (f'<Document xmlns="{URN}camt.029.001.09">{" " * 70_000}', "camt.029.001.09"),
    ],
)
def test_messages_that_are_named(content, name):
    code, out, err = read(content.encode())
    assert (code, out) == (2, "")
    assert f"({name})" in err
    assert "不受支持" in err


def test_the_command_and_its_mapping(tmp_path, capsys):
    sheet, mapping = tmp_path / "a.csv", tmp_path / "m.json"
    sheet.write_text("Wann;Wieviel\n05.01.2026;1,50\n")
    mapping.write_text(
        '{"account": "7", "currency": "EUR", "column_booking_date": "Wann",'
        ' "column_amount": "Wieviel", "delimiter": ";"}'
    )
    assert main(["read", str(sheet), "--json"]) == 2
    capsys.readouterr()
    # A mapping says whose the table is; its header would not have been known.
    assert main(["read", str(sheet), "--json", "--mapping", str(mapping)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["account"], found["currency"]) == ("7", "EUR")
    assert found["entries"][0]["amount"] == "1.50"
    mapping.write_text('{"a": 1}')
    with pytest.raises(Refused):
        read_command.reading("x", mapping)


def test_one_object_is_one_line_for_every_reader_of_lines():
    """U+0085, U+2028 and U+2029 are line breaks to some, and lawful inside a text of JSON."""
    breaks = "货\u2028款\u2029a\x85b"
    parts = [
        StatementStart(format="X"),
        EntryRead(amount=Exact(1, 2), currency="CNY", remittance=breaks),
        StatementEnd(),
    ]
    form = StatementFormat(name="x", sniff=lambda _: True, read=lambda *_: iter(parts))
    code, out, _ = read(b"x", statements=lambda: (form,))
    (line,) = out.splitlines()
    assert (code, json.loads(line)["entries"][0]["remittance"]) == (0, breaks)
