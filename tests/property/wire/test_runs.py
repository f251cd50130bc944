"""Reading records as runs of alike ones says what reading them one by one says: drafts and faults.

Whole files are written from pieces, some of them nasty, and cut into chunks anywhere.
"""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.erp.iso20022.read import RECORDS, parts
from gateway.domain.errors import WireError
from gateway.ports.erp import Draft
from gateway.wire.runs import Alike, runs
from gateway.wire.stream import stream

RECORD = "CdtTrfTxInf"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09" xmlns:p="urn:x">\n'
    "<CstmrCdtTrfInitn><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-09-15T10:00:00</CreDtTm></GrpHdr>\n"
)
TAIL = "</CstmrCdtTrfInitn></Document>\n"
PLAIN = (
    "<{r}><PmtId><EndToEndId>{id}</EndToEndId></PmtId>"
    '<Amt><InstdAmt Ccy="CNY">{amount}</InstdAmt></Amt><Cdtr><Nm>{name}</Nm></Cdtr></{r}>'
)
PRETTY = (
    "\n  <{r}>\n    <PmtId>\n      <InstrId>I</InstrId>\n      <EndToEndId>{id}</EndToEndId>\n"
    '    </PmtId>\n    <Amt><InstdAmt Ccy="{ccy}">{amount}</InstdAmt></Amt>\n'
    "    <Cdtr><Nm>{name}</Nm></Cdtr>\n    <RmtInf><Ustrd>{name}</Ustrd><Ustrd/></RmtInf>\n  </{r}>"
)
NESTED = "<{r}><SplmtryData><{r}><Nm>{name}</Nm></{r}></SplmtryData></{r}>"
PREFIXED = PLAIN.replace("<{r}>", "<p:{r}>").replace("</{r}>", "</p:{r}>")
DOUBLE = "<{r}><PmtId><EndToEndId>{id}</EndToEndId><EndToEndId>2</EndToEndId></PmtId></{r}>"
EMPTY = "<{r}/>"
SPACED = PLAIN.replace("</{r}>", "</{r} >").replace("Nm>", "Nm >", 1)
ATTRIBUTE = PLAIN.replace("<{r}>", '<{r} a="{id}>">')
FORMS = (PLAIN, PRETTY, NESTED, PREFIXED, DOUBLE, EMPTY, SPACED, ATTRIBUTE)
TEXTS = st.sampled_from(
    [
        *(
            "",
            "A",
            "B2",
            "示例",
            " x ",
            "\u3000全\u3000",
            "a&amp;b",
            "a&#13;b",
            "a\nb",
            "a\r\nb",
            "\t",
            "]]&gt;",
        ),
        *("<![CDATA[x]]>", f"<![CDATA[</{RECORD}>]]>", "<!-- c -->", "a>b", "]]>", "&lt;", "&x;"),
        *("\u0001", "\ufffe", "\u0085", "<?pi x?>", "<b/>", "\ud7ff"),
    ]
)
BETWEEN = st.sampled_from(
    [
        *("", "", "", "", "\n", "  \t", "x", "<!-- -->", f"<!-- </{RECORD}> -->", "<?a b?>"),
        *(f"<![CDATA[<{RECORD}></{RECORD}>]]>", "&amp;", "\r\n", "<SplmtryData/>", "<NbOfTxs/>"),
        *("<!--", f"<q:{RECORD}/>", "</PmtInf>", "<!DOCTYPE a>", "]]>"),
    ]
)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Records that are mostly alike, in one or more blocks."""
    form = draw(st.sampled_from(FORMS[:2]))
    made = [HEAD]
    for number in range(draw(st.integers(1, 2))):
        space = draw(st.sampled_from(["", ' xmlns="urn:y"', ' xmlns:p="urn:z"']))
        made.append(f"<PmtInf{space}><PmtInfId>P{number}</PmtInfId>")
        for _ in range(draw(st.integers(1, 7))):
            strange = draw(st.integers(0, 5)) == 0
            text = draw(TEXTS) if strange or draw(st.booleans()) else "示例"
            chosen = draw(st.sampled_from(FORMS)) if strange else form
            made.append(
                chosen.format(
                    r=RECORD,
                    id=draw(st.sampled_from(["E1", "E2", text])),
                    ccy=draw(st.sampled_from(["CNY", "EUR"])),
                    amount=draw(st.sampled_from(["1.00", "25"])),
                    name=text,
                )
            )
            made.append(draw(BETWEEN) if draw(st.integers(0, 5)) == 0 else "")
        made.append("</PmtInf>\n")
    made.append(TAIL)
    return "".join(made)


def outcome(read, body: bytes, size: int):
    """All that was read, and the error that ended it."""
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    found = []
    try:
        for part in parts(read(chunks)):
            found += [part, dict(part.at)] if isinstance(part, Draft) else [part]
    except WireError as error:
        return found, (error.reason, error.path, error.line)
    return found, None


@settings(max_examples=60, deadline=None)
@given(bodies(), st.sampled_from([1, 7, 64, 1 << 16]))
@example(HEAD + "<PmtInf>" + PLAIN.format(r=RECORD, id="1", amount="1", name="a") * 3, 1 << 16)
def test_runs_say_what_the_stream_says(body, size):
    raw = body.encode()
    told, error = outcome(lambda chunks: stream(chunks, RECORDS), raw, size)
    found, other = outcome(lambda chunks: runs(chunks, RECORDS, RECORD), raw, size)
    if error is None:
        assert other is None
        assert found == told
        return
    # How much is told before a fault hangs on the cuts, and so does which comes first where the
    # text itself is broken as well.
    assert other is not None
    shorter = min(len(found), len(told))
    assert found[:shorter] == told[:shorter]
    if "malformed" not in {error[0], other[0]}:
        by_byte = outcome(lambda chunks: stream(chunks, RECORDS), raw, 1)
        assert other in {error, by_byte[1]}


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([PLAIN, PRETTY]), st.integers(3, 30), st.integers(1, 500))
def test_alike_records_are_seen_to_be(form, count, size):
    records = "".join(
        form.format(r=RECORD, id=f"E{n}", ccy="CNY", amount=f"{n}.00", name="示例")
        for n in range(count)
    )
    raw = f"{HEAD}<PmtInf>{records}</PmtInf>{TAIL}".encode()
    chunks = (raw[at : at + size] for at in range(0, len(raw), size))
    found = list(runs(chunks, RECORDS, RECORD))
    alike = [it for it in found if isinstance(it, Alike)]
    # The first shows where records stand, the second teaches the shape.
    assert [f"E{n}" in it.texts and f"{n}.00" in it.texts for n, it in enumerate(alike, 2)] == (
        [True] * (count - 2)
    )
