"""NC's ``<ufinterface>``: requests to its exchange servlet, ``sendresult`` replies both ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.bills import Bill
from adapters.erp.yonyou.envelope import ROOT, Shape
from adapters.erp.yonyou.posting import verdict_of
from adapters.erp.yonyou.replying import fault_text, line_text, printable
from gateway.domain.errors import WireError
from gateway.ports.erp import LineStatus, RefusedFile, StatusReport
from gateway.ports.erp_api import Taken, Verdict
from gateway.ports.erp_told import ToldKind
from gateway.wire.write import Element, document, element, fragment, leaf
from gateway.wire.xml import Node, Profile, parse

SHAPE: Final = Shape(
    format="nc.ufinterface",
    head=("billhead", "head"),
    body=("billbody", "body"),
    reply=lambda tag: tag == "sendresult",
)
BILL_TYPES: Final[Mapping[ToldKind, str]] = {
    ToldKind.STATUS: "GWPAYLOG",
    ToldKind.STATEMENT: "GWDZD",
    ToldKind.BALANCE: "GWBALANCE",
    ToldKind.RECEIPT: "GWYHHD",
}
"""What each message is called unless set otherwise; it must be registered under that name."""
_ENCODING: Final = "UTF-8"
_TAKEN: Final = "1"
_GAP: Final = "gap"


def request(
    kind: ToldKind, bills: Sequence[Bill], root: Mapping[str, str], bill_types: Mapping[str, str]
) -> bytes:
    """An envelope that adds records and never replaces one."""
    billtype = bill_types.get(kind.value, BILL_TYPES[kind])
    attributes = {
        **root,
        "billtype": billtype,
        "roottag": "bill",
        "replace": "N",
        "isexchange": "Y",
        "proc": "add",
        "filename": f"{billtype}-{bills[0].id}.xml" if bills else f"{billtype}.xml",
    }
    made = (_bill(bill) for bill in bills)
    return document(element(ROOT, *made, **attributes), encoding=_ENCODING)


def _bill(bill: Bill) -> Element:
    head = element("billhead", *(leaf(name, printable(text)) for name, text in bill.fields))
    return element("bill", head, id=bill.id)


def verdicts(body: bytes, sent: Sequence[Bill]) -> Mapping[str, Taken]:
    """What became of each record: 1 is taken, another number is not, anything else is unknown.

    Raises WireError for what is no ``sendresult``.
    """
    root = parse(body, Profile.REPLY)
    if root.name != ROOT:
        raise root.fault("root")
    if root.attr("roottag") != "sendresult":
        raise WireError("unsupported", f"{root.path}/@roottag", line=root.line)
    found: dict[str, Taken] = {}
    for one in root.each("sendresult"):
        id_ = one.child_text("bdocid")
        if id_ in found:
            raise one.fault("surplus")
        found[id_] = _verdict(one)
    # A result without a record speaks of the message: nothing is known of any record.
    whole = found.pop("", None)
    if whole is not None:
        unknown = Taken(place=0, verdict=Verdict.AGAIN, code=whole.code, text=whole.text)
        return dict.fromkeys((bill.id for bill in sent), unknown) | found
    return found


def _verdict(result: Node) -> Taken:
    code = result.one("resultcode").need()
    text = result.child_text("resultdescription")
    if code == _TAKEN:
        return Taken(place=0, verdict=Verdict.TAKEN, code=code)
    digits = code.removeprefix("-")
    known = digits.isascii() and digits.isdigit()
    found = verdict_of(text, refused=known)
    return Taken(place=0, verdict=found.verdict, code=code, text=found.text)


# ── replies of ours ───────────────────────────────────────────────────────────────────────────


def report(status: StatusReport) -> Iterator[bytes]:
    """A ``sendresult`` per line, in pieces: 1 for what was taken in, -1 with every fault."""
    lines = iter(status.lines())
    first = next(lines, None)
    all_taken = first is not None and not any(line.faults for line in status.lines())
    opening, closing = _frame(first.source if first else {}, successful=all_taken)
    yield opening
    piece = b""
    for line in chain(() if first is None else (first,), lines):
        piece += fragment(_result(line), encoding=_ENCODING)
        if len(piece) > _PIECE:
            yield piece
            piece = b""
    yield piece + closing


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    """A ``sendresult`` for a message of which nothing was taken."""
    # A message is called by its sender, its file and its first record; the last is the record's.
    above, _, bill = refused.message_id.rpartition("/")
    sender, _, file_name = above.partition("/")
    file_name = file_name or refused.file_name
    opening, closing = _frame({"filename": file_name, "receiver": sender}, successful=False)
    yield opening
    for fault in refused.faults:
        text = f"整份未受理 nothing was taken. {fault_text(fault)}"
        result = _sendresult(bill, file_name, codes.RESULT_REFUSED, text)
        yield fragment(result, encoding=_ENCODING)
    yield closing


def _frame(source: Mapping[str, str], *, successful: bool) -> tuple[bytes, bytes]:
    """What stands before and after the results; the sender's own words are echoed."""
    echoed = {
        name: printable(source[name])
        for name in ("billtype", "filename", "proc", "receiver", "sender")
        if source.get(name)
    }
    frame = element(
        ROOT,
        element(_GAP),
        **echoed,
        isexchange="Y",
        replace="N",
        roottag="sendresult",
        successful="Y" if successful else "N",
    )
    opening, _, closing = document(frame, encoding=_ENCODING).partition(f"<{_GAP}/>".encode())
    return opening, closing


def _result(line: LineStatus) -> Element:
    source = line.source
    return _sendresult(
        source.get("bill", "") or line.erp_reference,
        source.get("filename", ""),
        codes.RESULT_REFUSED if line.faults else codes.RESULT_OK,
        line_text(line),
        line.instruction,
    )


def _sendresult(bill: str, filename: str, code: str, text: str, content: str = "") -> Element:
    return element(
        "sendresult",
        leaf("billpk", ""),
        leaf("bdocid", printable(bill)),
        leaf("filename", printable(filename)),
        leaf("resultcode", code),
        leaf("resultdescription", printable(text)),
        leaf("content", content),
    )


_PIECE: Final = 64 << 10
