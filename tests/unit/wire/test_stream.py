"""Files as a stream."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from gateway.domain.errors import WireError
from gateway.wire.xml import LIMITS, Close, Note, Open, Profile, Record, stream

RECORDS = frozenset({"GrpHdr", "Dbtr", "Tx"})
FILE = """<?xml version="1.0" encoding="{label}"?>
<!-- made by hand -->
<Document xmlns="urn:iso" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="urn:iso x.xsd" v="1">
 <Initn><GrpHdr><MsgId>M1</MsgId></GrpHdr>
  <PmtInf><PmtInfId> P1 </PmtInfId><Dbtr><Nm>甲公司</Nm></Dbtr>
   <Tx><Id>1</Id><Dbtr><Nm>inner</Nm></Dbtr></Tx>
   <?note x?>
   <Tx><Id>2</Id></Tx></PmtInf>
  <PmtInf><PmtInfId>P2</PmtInfId><Tx><Id>3</Id></Tx><Empty/></PmtInf>
 </Initn>
</Document>
<!-- end -->"""


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def told(data: bytes, size: int) -> list[str]:
    lines = []
    for event in stream(pieces(data, size), RECORDS):
        match event:
            case Open(path=path):
                lines.append(f"+{path}")
            case Close(path=path, text=text):
                lines.append(f"-{path}={text}")
            case Record(node=node):
                texts = [child.text() for child in node.children() if child.name in ("Id", "Nm")]
                lines.append(f"={node.path}:{node.line}:{','.join(texts)}")
            case Note(code=code, line=line):
                lines.append(f"!{code}:{line}")
    return lines


EXPECTED = [
    "!comment:2",
    "!schema_location:4",
    "+/Document",
    "+/Document/Initn",
    "=/Document/Initn/GrpHdr:5:",
    "+/Document/Initn/PmtInf",
    "+/Document/Initn/PmtInf/PmtInfId",
    "-/Document/Initn/PmtInf/PmtInfId=P1",
    "=/Document/Initn/PmtInf/Dbtr:6:甲公司",
    "=/Document/Initn/PmtInf/Tx:7:1",
    "!pi:8",
    "=/Document/Initn/PmtInf/Tx:9:2",
    "-/Document/Initn/PmtInf=",
    "+/Document/Initn/PmtInf",
    "+/Document/Initn/PmtInf/PmtInfId",
    "-/Document/Initn/PmtInf/PmtInfId=P2",
    "=/Document/Initn/PmtInf/Tx:10:3",
    "+/Document/Initn/PmtInf/Empty",
    "-/Document/Initn/PmtInf/Empty=",
    "-/Document/Initn/PmtInf=",
    "-/Document/Initn=",
    "-/Document=",
]


@pytest.mark.parametrize("size", [1, 2, 7, 100, 1 << 20])
@pytest.mark.parametrize(
    ("label", "codec"),
    [("UTF-8", "utf-8"), ("UTF-8", "utf-8-sig"), ("GBK", "gbk"), ("GB2312", "gb18030")],
)
def test_events_do_not_depend_on_chunks_or_encoding(size, label, codec):
    data = FILE.format(label=label).encode(codec)
    assert told(data, size) == EXPECTED


def test_details_of_a_container():
    opened = [e for e in stream([FILE.format(label="utf-8").encode()], RECORDS) if type(e) is Open]
    assert opened[0].namespace == "urn:iso"
    assert opened[0].attributes == (("v", "1"),)
    assert opened[0].name == "Document"


def test_the_root_may_be_a_record_or_nothing_may_be():
    (only,) = stream([b"<Tx><Id>1</Id></Tx>"], RECORDS)
    assert isinstance(only, Record)
    assert only.node.path == "/Tx"
    assert [type(event) for event in stream([b"<A><B/></A>"], RECORDS)] == [
        Open,
        Open,
        Close,
        Close,
    ]
    assert [type(event) for event in stream([b"<A/>"], frozenset())] == [Open, Close]


def test_a_record_that_is_kept_stays_readable():
    kept = [
        e.node for e in stream([FILE.format(label="utf-8").encode()], RECORDS) if type(e) is Record
    ]
    assert [node.child_text("Id") for node in kept] == ["", "", "1", "2", "3"]


def reason(data: bytes, size: int = 11) -> str:
    with pytest.raises(WireError) as caught:
        list(stream(pieces(data, size), RECORDS))
    return caught.value.reason


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "malformed"),
        (b"<A><Tx></A>", "malformed"),
        (b"<A><Tx/>", "malformed"),
        (b"<A/>x", "malformed"),
        (b"<A>&x;</A>", "malformed"),
        (b"<A>\x00</A>", "malformed"),
        (b" <?xml version='1.0'?><A/>", "malformed"),
        (b"<?xml version='1.1'?><A/>", "declaration"),
        (b"<?xml version='1.0' encoding='latin-1'?><A/>", "encoding"),
        ("<A/>".encode("utf-16"), "encoding"),
        (b"<A>\xe4\xb8</A>", "encoding"),
        (b"<A>\xe4", "encoding"),
        ("<?xml version='1.0' encoding='GBK'?><A>付款单位</A>".encode(), "encoding_mismatch"),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='GBK'?><A/>", "encoding_mismatch"),
        (b"<!DOCTYPE A><A/>", "doctype"),
        (b"<!DOCTYPE A [<!ENTITY x 'y'>]><A>&x;</A>", "doctype"),
        (b"<A>x<Tx/></A>", "content"),
        (b"<A><Tx/>x</A>", "content"),
        (b"<A><Tx/><B/>x<Tx/></A>", "content"),
        (b"<A><B>1<!-- x -->2</B></A>", "comment"),
        (b"<A><B><!-- x -->2</B></A>", "comment"),
        (b"<A><Tx><B>1<!-- x -->2</B></Tx></A>", "comment"),
        (b"<A><Tx><B>1<?x y?></B></Tx></A>", "pi"),
        (b"<A>" * 40 + b"</A>" * 40, "depth"),
        (b"<A>" * 300 + b"</A>" * 300, "depth"),
        (b"<A><Tx>" + b"<B>" * 31 + b"</B>" * 31 + b"</Tx></A>", "depth"),
        (b"<A>" * 32 + b"<Tx/>" + b"</A>" * 32, "depth"),
        (b"<A><Tx>" + b"<B/>" * 20_000 + b"</Tx></A>", "nodes"),
        (b"<A><Tx " + b" ".join(b"a%d='1'" % n for n in range(17)) + b"/></A>", "attributes"),
        (b"<A " + b" ".join(b"a%d='1'" % n for n in range(17)) + b"/>", "attributes"),
        (b"<A><Tx " + b"n" * 201 + b"='1'/></A>", "name"),
        (b"<A><Tx><" + b"n" * 201 + b"/></Tx></A>", "name"),
        (b"<A><" + b"n" * 201 + b"/></A>", "name"),
        (b"<A><Tx xml:lang='zh'/></A>", "xsi"),
        (b"<A xml:lang='zh'/>", "xsi"),
    ],
)
def test_refusals(body, expected):
    assert reason(body) == expected
    assert reason(body, 1 << 20) == expected


def test_a_record_may_reach_the_last_level_but_not_pass_it():
    depth = LIMITS[Profile.FILE].depth
    body = b"<A><Tx>" + b"<B>" * (depth - 2) + b"</B>" * (depth - 2) + b"</Tx></A>"
    assert sum(1 for event in stream([body], RECORDS) if isinstance(event, Record)) == 1


def test_an_encoding_error_names_its_line():
    data = b"<A>\n\n<B/>\n\xff</A>"
    for size in (1, 4, 100):
        with pytest.raises(WireError) as caught:
            list(stream(pieces(data, size), RECORDS))
        assert (caught.value.reason, caught.value.line) == ("encoding", 4)


def test_what_never_becomes_a_record_is_bounded():
    def endless() -> Iterator[bytes]:
        yield b"<A><Tx><B>"
        while True:
            yield b"x" * (1 << 16)

    with pytest.raises(WireError) as caught:
        list(stream(endless(), RECORDS))
    assert caught.value.reason == "size"


def many(count: int) -> Iterator[bytes]:
    yield b"<Document><Initn><GrpHdr/><PmtInf>"
    for number in range(count):
        yield f"<Tx>\n <Id>{number}</Id><Nm>上海示例贸易有限公司</Nm>\n</Tx>\n<!-- c -->\n".encode()
    yield b"</PmtInf></Initn></Document>"


def test_memory_is_flat_and_lines_stay_right():
    count = 30_000
    tracemalloc.start()
    last = None
    for event in stream(many(count), RECORDS):
        if isinstance(event, Record):
            last = event.node
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert last is not None
    assert (last.child_text("Id"), last.line) == (str(count - 1), 1 + 4 * (count - 1))
    assert last.one("Nm").line == 2 + 4 * (count - 1)


def test_leaving_early_is_safe():
    events = stream(many(10), RECORDS)
    assert isinstance(next(events), Open)
    events.close()
    assert list(events) == []
