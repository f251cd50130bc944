"""U8's EAI ``<ufinterface>``: requests to its interface, ``item`` replies both ways.

Rule kept here: ``succeed`` 0 is success and 1 is an error. Anything else is not known.
"""

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
    format="u8.ufinterface",
    head=("header", "billhead"),
    body=("body", "billbody"),
    reply=lambda tag: tag.endswith("return"),
)
ROOT_TAGS: Final[Mapping[ToldKind, str]] = {
    ToldKind.STATUS: "gwpaylog",
    ToldKind.STATEMENT: "gwbankstatement",
    ToldKind.BALANCE: "gwbankbalance",
    ToldKind.RECEIPT: "gwbankreceipt",
}
"""What each message is called unless set otherwise."""
_ENCODING: Final = "UTF-8"
_GAP: Final = "gap"
_PIECE: Final = 64 << 10
_KEYS: Final = ("key", "id", "voucher_id")


def request(
    kind: ToldKind, bills: Sequence[Bill], root: Mapping[str, str], tags: Mapping[str, str]
) -> bytes:
    """An envelope that adds records."""
    tag = tags.get(kind.value, ROOT_TAGS[kind])
    attributes = {
        **root,
        "roottag": tag,
        "docid": bills[0].id if bills else "",
        "proc": "add",
        "codeexchanged": "N",
        "exportneedexch": "N",
        "display": "",
        "family": "",
    }
    made = (_bill(tag, bill) for bill in bills)
    return document(element(ROOT, *made, **attributes), encoding=_ENCODING)


def _bill(tag: str, bill: Bill) -> Element:
    head = element("header", *(leaf(name, printable(text)) for name, text in bill.fields))
    return element(tag, head, id=bill.id)


def verdicts(body: bytes, sent: Sequence[Bill]) -> Mapping[str, Taken]:
    """What became of each record, by the key an item names, else by its place.

    Raises WireError for what is no reply, and where places cannot be told.
    """
    root = parse(body, Profile.REPLY)
    if root.name != ROOT:
        raise root.fault("root")
    if not SHAPE.reply(root.attr("roottag")):
        raise WireError("unsupported", f"{root.path}/@roottag", line=root.line)
    items = list(root.each("item"))
    ids = {bill.id for bill in sent}
    named = [next((it.attr(key) for key in _KEYS if it.attr(key) in ids), "") for it in items]
    if not all(named):
        if len(items) != len(sent):
            raise WireError("count", f"{root.path}/item", line=root.line)
        named = [bill.id for bill in sent]
    return {key: _verdict(item) for key, item in zip(named, items, strict=True)}


def _verdict(item: Node) -> Taken:
    code, text = item.attr("succeed"), item.attr("dsc")
    if code == codes.ITEM_OK:
        return Taken(place=0, verdict=Verdict.TAKEN, code=code)
    found = verdict_of(text, refused=code == codes.ITEM_FAILED)
    return Taken(place=0, verdict=found.verdict, code=code, text=found.text)


# ── replies of ours ───────────────────────────────────────────────────────────────────────────


def report(status: StatusReport) -> Iterator[bytes]:
    """An ``item`` per line, in pieces: succeed 0 for what was taken in, 1 with every fault."""
    lines = iter(status.lines())
    first = next(lines, None)
    opening, closing = _frame(first.source if first else {})
    yield opening
    piece = b""
    for line in chain(() if first is None else (first,), lines):
        piece += fragment(_item(line), encoding=_ENCODING)
        if len(piece) > _PIECE:
            yield piece
            piece = b""
    yield piece + closing


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    """A reply to a message of which nothing was taken."""
    opening, closing = _frame({})
    yield opening
    for fault in refused.faults:
        text = printable(f"整份未受理 nothing was taken. {fault_text(fault)}")
        item = element("item", key=refused.message_id, succeed=codes.ITEM_FAILED, dsc=text)
        yield fragment(item, encoding=_ENCODING)
    yield closing


def _frame(source: Mapping[str, str]) -> tuple[bytes, bytes]:
    tag = source.get("roottag", "")
    attributes = {
        "roottag": f"{tag}addreturn",
        "docid": printable(source.get("docid", "")),
        "proc": printable(source.get("proc", "add")),
        "sender": printable(source.get("receiver", "")),
        "receiver": printable(source.get("sender", "")),
        "request-roottag": tag,
    }
    frame = element(ROOT, element(_GAP), **attributes)
    opening, _, closing = document(frame, encoding=_ENCODING).partition(f"<{_GAP}/>".encode())
    return opening, closing


def _item(line: LineStatus) -> Element:
    return element(
        "item",
        key=printable(line.source.get("bill", "") or line.erp_reference),
        succeed=codes.ITEM_FAILED if line.faults else codes.ITEM_OK,
        dsc=line_text(line),
        u8key=line.instruction,
    )
