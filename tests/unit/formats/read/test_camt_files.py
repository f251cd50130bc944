"""Files of camt statements: several in one, versions, wrappers, encodings, what is refused."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateway.domain.bank_file import EntryRead, Gravity
from gateway.domain.errors import WireError
from gateway.domain.statement import Continuity
from gateway.formats.read.camt import FORMAT
from gateway.formats.read.camt_layout import Layout, Layouts
from gateway.wire.shapes import Shape
from tests.unit.formats.read.camt_ground import (
    ACCT,
    SPACE,
    STATEMENTS,
    bal,
    codes,
    details,
    document,
    ends,
    entries,
    ntry,
    parts,
    starts,
    stmt,
)

OPEN, CLOSE = bal("OPBD", "100.00"), bal("CLBD", "110.00")
PROVEN = stmt(ACCT, OPEN, CLOSE, ntry())


# ── several statements, documents, versions, wrappers ─────────────────────────────────────


def test_statements_follow_each_other_and_keep_their_findings():
    other = stmt(ACCT.replace("820416", "820417"), ntry(amount="x"), ntry(), number="S-2")
    data = document(PROVEN, other)
    assert [it.statement_id for it in starts(data)] == ["S-1", "S-2"]
    assert [it.account[-3:] for it in starts(data)] == ["416", "417"]
    first, second = ends(data)
    assert first.findings == ()
    assert [it.path for it in second.findings] == ["/Document/BkToCstmrStmt/Stmt[2]/Ntry[1]/Amt"]
    assert [it.entries for it in (first, second)] == [1, 2]


@pytest.mark.parametrize(
    "between", [b"", b"\n", b"\xef\xbb\xbf", b"\n<!-- next -->\n", b"\x00\x1a"]
)
def test_documents_follow_each_other_in_one_file(between: bytes):
    whole = document(PROVEN)
    data = whole + between + whole + between
    assert [it.continuity for it in ends(data)] == [Continuity.OK] * 2
    bare = whole.partition(b"\n")[2]
    assert len(ends(bare + between + bare)) == 2
    lines = [it.line for it in entries(data)]
    assert lines == [2, 4 + between.count(b"\n") - 1]


def test_a_fault_of_the_second_document_has_its_line_in_the_file():
    with pytest.raises(WireError) as caught:
        parts(document(PROVEN) + b"\n" + document(PROVEN)[:-5])
    assert (caught.value.reason, caught.value.line) == ("malformed", 4)


@pytest.mark.parametrize("message", ["052", "053", "054"])
@pytest.mark.parametrize("number", range(1, 15))
def test_every_version_is_known_by_its_namespace(message: str, number: int):
    version = f"camt.{message}.001.{number:02}"
    data = document(stmt(ACCT, ntry(), name=STATEMENTS[message]), version=version)
    assert [it.format for it in starts(data)] == [version]
    assert FORMAT.sniff(data)
    if number == 1:
        old = data.replace(b"BkToCstmrStmt>", b"BkToCstmrStmtV01>")
        assert [it.format for it in starts(old)] == [version]


def test_without_a_namespace_the_container_tells_and_that_is_told():
    data = document(PROVEN).replace(f' xmlns="{SPACE}camt.053.001.08"'.encode(), b"")
    assert [it.format for it in starts(data)] == ["camt.053"]
    assert [(it.code, it.gravity) for it in ends(data)[0].findings] == [
        ("version_unknown", Gravity.NOTE)
    ]
    untrue = document(PROVEN).replace(b"camt.053.001.08", b"camt.052.001.08")
    assert [it.format for it in starts(untrue)] == ["camt.053"]
    assert codes(ends(untrue)[0]) == ["version_untrue"]


def test_a_prefix_makes_no_difference():
    data = document(PROVEN).decode()
    for name in ("Document", "BkToCstmrStmt", "Stmt", "Ntry", "Amt", "Cd", "Sts", "Acct", "IBAN"):
        data = data.replace(f"<{name}>", f"<c:{name}>").replace(f"<{name} ", f"<c:{name} ")
        data = data.replace(f"</{name}>", f"</c:{name}>")
    data = data.replace("xmlns=", "xmlns:c=")
    assert FORMAT.sniff(data.encode())
    assert [it.amount for it in entries(data.encode())] == [
        it.amount for it in entries(document(PROVEN))
    ]
    assert starts(data.encode())[0].format == "camt.053.001.08"


@pytest.mark.parametrize(
    "wrapped",
    [
        "<Envelope xmlns='urn:x'><AppHdr xmlns='urn:y'><MsgDefIdr/></AppHdr>{}</Envelope>",
        "<BizMsgEnvlp><Hdr><AppHdr><Fr/></AppHdr></Hdr><Doc>{}</Doc></BizMsgEnvlp>",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'>{}</s:Envelope>",
    ],
)
def test_a_wrapper_is_passed_over(wrapped: str):
    inner = document(PROVEN).decode().partition("\n")[2]
    data = wrapped.format(inner).encode()
    assert [it.format for it in starts(data)] == ["camt.053.001.08"]
    assert len(entries(data)) == 1
    two = wrapped.format(inner + inner).encode()
    assert len(entries(two)) == 2


def test_the_header_names_the_version_where_no_namespace_does():
    data = (
        "<Envelope><AppHdr><MsgDefIdr>camt.053.001.06</MsgDefIdr></AppHdr><Document>"
        f"<BkToCstmrStmt><GrpHdr/>{PROVEN}</BkToCstmrStmt></Document></Envelope>"
    ).encode()
    assert [it.format for it in starts(data)] == ["camt.053.001.06"]


def test_attributes_of_schemas_and_languages_are_passed_over():
    data = document(PROVEN).replace(
        b"<Document ",
        b"<Document xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xml:lang='de' "
        b"xsi:type='x' xsi:schemaLocation='a b' ",
    )
    assert len(entries(data)) == 1


# ── encodings ─────────────────────────────────────────────────────────────────────────────

WORDS = "Überweisung für Grün & Söhne, 示例"
SPOKEN = document(
    stmt(
        ACCT, OPEN, CLOSE, ntry(details(f"<AddtlTxInf>{WORDS.replace('&', '&amp;')}</AddtlTxInf>"))
    )
).decode()
WESTERN = SPOKEN.replace("示例", "!")


def declared(text: str, name: str) -> str:
    return text.replace('encoding="UTF-8"', f'encoding="{name}"')


@pytest.mark.parametrize(
    ("data", "findings"),
    [
        (SPOKEN.encode(), []),
        (SPOKEN.encode("utf-8-sig"), []),
        (b"\n \n" + SPOKEN.encode(), []),
        (declared(SPOKEN, "UTF-16").encode("utf-16"), []),
        (declared(SPOKEN, "UTF-16").encode("utf-16-be"), []),
        (declared(WESTERN, "ISO-8859-1").encode("latin-1"), []),
        (declared(WESTERN, "windows-1252").encode("cp1252"), []),
        (declared(WESTERN, "iso-8859-15").encode("iso8859-15"), []),
        (declared(SPOKEN, "GB18030").encode("gb18030"), []),
        (declared(SPOKEN.replace("Ü", "U"), "GBK").encode("gb18030"), []),
        (declared(SPOKEN, "ISO-8859-1").encode(), ["encoding_untrue"]),
        (declared(SPOKEN, "GB2312").encode(), ["encoding_untrue"]),
        (declared(SPOKEN, "X-UNHEARD").encode(), ["encoding_unknown"]),
        (WESTERN.encode("latin-1"), ["encoding_mixed"]),
        (SPOKEN.replace("Ü", "U").replace("ü", "u").replace("ö", "o").encode("gb18030"),
         ["encoding_mixed"]),
    ],
)  # fmt: skip
def test_any_encoding_is_read_and_an_untrue_one_told(data: bytes, findings: list[str]):
    for chunks in ([data], [data[at : at + 1] for at in range(len(data))]):
        found = parts(chunks)
        (entry,) = (it for it in found if isinstance(it, EntryRead))
        assert entry.remittance.rstrip("示例!").replace("Ue", "Ü")[1:] in (
            "berweisung für Grün & Söhne, ",
            "berweisung fur Grun & Sohne, ",
        )
        assert FORMAT.sniff(data)
    assert codes(ends(data)[0]) == findings


def test_line_breaks_of_every_kind_count_as_lines():
    plain = SPOKEN.replace("><", ">\n<")
    expected = entries(plain.encode())
    for breaks in ("\r\n", "\r"):
        assert entries(plain.replace("\n", breaks).encode()) == expected
    lines = [line for line, text in enumerate(plain.split("\n"), 1) if text.startswith("<Ntry>")]
    assert [it.line for it in expected] == lines


def test_files_with_windows_line_breaks_take_the_fast_way(monkeypatch: pytest.MonkeyPatch):
    taken: list[int] = []
    fast = Layouts.of_shape

    def counted(self: Layouts, shape: Shape) -> Layout:
        taken.append(1)
        return fast(self, shape)

    monkeypatch.setattr(Layouts, "of_shape", counted)
    data = document(stmt(ACCT, *(f"{ntry()}\r\n" for _ in range(5))))
    assert len(entries(data)) == 5
    assert taken == [1]


# ── refused ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "nothing"),
        (b" \n", "nothing"),
        (b'<?xml version="1.0"?>', "nothing"),
        (b"statement", "malformed"),
        (b"<", "malformed"),
        (b"<Document/>", "root"),
        (b"<!DOCTYPE a><Document/>", "doctype"),
        (document(PROVEN) + b"more", "malformed"),
        (document(), "missing"),
        (document(PROVEN).replace(b"<Stmt>", b"<!ENTITY x 'y'><Stmt>"), "doctype"),
        (
            f"<Document xmlns='{SPACE}camt.055.001.09'><CstmrPmtCxlReq/></Document>".encode(),
            "unsupported",
        ),
        (document(ntry()), "missing"),
    ],
)
def test_what_is_no_statement_is_refused(data: bytes, reason: str):
    with pytest.raises(WireError) as caught:
        parts(data)
    assert caught.value.reason == reason


def test_a_file_that_breaks_off_is_refused_wherever():
    data = document(PROVEN)
    for at in range(len(data)):
        with pytest.raises(WireError):
            parts(data[:at])


def test_a_large_collection_is_read():
    parts_of_it = "<AmtDtls><TxAmt><Amt Ccy='EUR'>0.01</Amt></TxAmt></AmtDtls>"
    data = document(stmt(ACCT, ntry(details(*([parts_of_it] * 4200)), amount="42.00")))
    (entry,) = entries(data)
    assert len(entry.transactions) == 4200
    assert codes(ends(data)[0]) == []


def test_what_another_format_is_is_not_sniffed():
    for other in (b"", b":20:X", b"<Document><CstmrCdtTrfInitn>", b"BkToCstmrStmt,Date"):
        assert not FORMAT.sniff(other)


def test_documents_are_told_in_order():
    found = [type(it).__name__ for it in parts(document(PROVEN, PROVEN))]
    assert found == ["StatementStart", "EntryRead", "StatementEnd"] * 2
    assert all(a != b for a, b in pairwise(found))
