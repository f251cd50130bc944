"""A U8 server on a socket: its EAI interface, and the payments its users hand to the bank.

Rule kept here: strict about what EAI registers (sender, receiver, the names of documents), never
overwrites a document of money, and answers one ``item`` per document, where ``succeed`` 0 is
success and 1 an error. Written from what is known of EAI, not from the adapter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from gateway.domain.errors import WireError
from gateway.sandbox.erps.ufinterface import (
    ROOT,
    ExchangeServer,
    Payment,
    RefusedError,
    fault_of,
    fields_of,
)
from gateway.transport.http_messages import Request
from gateway.wire.node import Node
from gateway.wire.write import Element, document, element, leaf
from gateway.wire.xml import Profile, parse

_INTERFACE: Final = "/U8EAI/import.asp"
_PAYMENTS: Final = "gwpayment"
_SUCCESS: Final = "0"
_ERROR: Final = "1"
_ID_MAX: Final = 60
_ITEMS_MAX: Final = 20_000
_AMOUNT: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,2})?", re.ASCII)
_EXCHANGED: Final = frozenset({"Y", "N", "y", "n", ""})

DOCUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "gwpaylog": ("yurref", "paystate", "paytime", "gwstate"),
    "gwbankstatement": ("curacc", "trans_date", "cdflag", "trsamt", "uid2"),
    "gwbankbalance": ("bankacc", "curdate", "balance"),
    "gwbankreceipt": ("receiptno", "bankacc", "filename", "filecontent"),
}
"""Documents as this site's interface knows them, with the fields that it needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class U8Site:
    """What is registered in EAI. ``keyed`` False: an item does not name its document."""

    sender: str = "001"
    receiver: str = "u8"
    keyed: bool = True


class U8(ExchangeServer):
    """One U8 server: EAI's page, and what its interface writes."""

    def __init__(self, site: U8Site | None = None) -> None:
        super().__init__(DOCUMENTS)
        self.site = site or U8Site()

    def serves(self, path: str) -> bool:
        """EAI's page, in whatever case."""
        return path.lower() == _INTERFACE.lower()

    # ── documents that come in ──

    def exchanged(self, request: Request) -> bytes:
        """One item for each document."""
        root: Node | None = None
        try:
            root = parse(request.body, Profile.FILE)
            items = [self._item(it, root.attr("roottag")) for it in self._gate(root)]
        except WireError as error:
            items = [_item("", _ERROR, f"XML格式错误 {error.reason}")]
        except RefusedError as error:
            items = [_item("", _ERROR, str(error))]
        tag = root.attr("roottag") if root is not None else ""
        made = element(
            ROOT,
            *items,
            **{
                "roottag": f"{tag}addreturn",
                "docid": root.attr("docid") if root is not None else "",
                "proc": root.attr("proc") if root is not None else "",
                "sender": self.site.receiver,
                "receiver": root.attr("sender") if root is not None else "",
                "request-roottag": tag,
            },
        )
        return document(made, encoding="UTF-8")

    def _gate(self, root: Node) -> list[Node]:
        """The documents of a message. Raises RefusedError for what EAI takes nothing of."""
        tag = root.attr("roottag")
        if root.name != ROOT or tag not in DOCUMENTS:
            raise RefusedError("roottag未注册")
        if root.attr("sender") != self.site.sender:
            raise RefusedError("外部系统编码未登记")
        if root.attr("receiver") != self.site.receiver:
            raise RefusedError("接收方错误")
        if root.attr("proc").lower() != "add":
            raise RefusedError("资金单据只允许新增")
        flags = (root.attr("codeexchanged"), root.attr("exportneedexch"))
        if not root.attr("docid") or not _EXCHANGED.issuperset(flags):
            raise RefusedError("docid或codeexchanged错误")
        found = list(root.each(tag))
        if not found or len(found) > _ITEMS_MAX:
            raise RefusedError("没有单据，或超过maxdataitems")
        return found

    def _item(self, node: Node, tag: str) -> Element:
        id_ = node.attr("id")
        key = id_ if self.site.keyed else ""
        try:
            self._take(node, tag, id_)
        except RefusedError as error:
            return _item(key, _ERROR, str(error))
        return _item(key, _SUCCESS, "", u8key=f"U8{len(self.documents):08d}")

    def _take(self, node: Node, tag: str, id_: str) -> None:
        """Keep one document. Raises RefusedError."""
        if not 0 < len(id_) <= _ID_MAX:
            raise RefusedError("单据id为空或超长")
        if f"{tag}/{id_}" in self.documents:
            raise RefusedError(f"单据{id_}已存在")
        head = fields_of(node.one("header"))
        wrong = fault_of(head, DOCUMENTS[tag], _AMOUNT)
        if wrong:
            raise RefusedError(wrong)
        if tag == "gwpaylog":
            payment = self.payments.get(head["yurref"])
            if payment is None:
                raise RefusedError(f"付款单{head['yurref']}不存在")
            payment.told.append(head)
        self.documents[f"{tag}/{id_}"] = (tag, head)

    # ── payments that go out ──

    def add(self, id_: str, fields: Mapping[str, str]) -> Payment:
        """A user makes a payment: its number, and what the site's interface writes of it."""
        payment = Payment(id=id_, fields=dict(fields))
        self.payments[id_] = payment
        return payment

    def ordered(self, body: bytes) -> Payment:
        """The same from the admin view: ``id`` and ``fields``."""
        order = msgspec.json.decode(body, type=_Order)
        return self.add(order.id, order.fields)

    def outgoing(self) -> bytes:
        """The message with every payment that was not sent yet; b"" where there is none."""
        waiting = self.waiting()
        if not waiting:
            return b""
        made = [
            element(
                _PAYMENTS,
                element("header", *(leaf(name, text) for name, text in it.fields.items())),
                id=it.id,
            )
            for it in waiting
        ]
        root = element(
            ROOT,
            *made,
            sender=self.site.receiver,
            receiver=self.site.sender,
            roottag=_PAYMENTS,
            docid=f"{waiting[0].id}-{len(waiting)}",
            proc="add",
            codeexchanged="N",
            exportneedexch="N",
            display="付款单",
            family="现金管理",
            timestamp="0x00000000000A1B2C",
            maxdataitems=str(_ITEMS_MAX),
            bignoreextenduserdefines="y",
        )
        return document(root, encoding="UTF-8")

    def replied(self, body: bytes) -> None:
        """Read the gateway's items. Raises WireError for what is none."""
        root = parse(body, Profile.MESSAGE)
        if root.name != ROOT or not root.attr("roottag").endswith("return"):
            raise root.fault("unsupported")
        for item in root.each("item"):
            payment = self.payments.get(item.attr("key"))
            if payment is None:
                continue
            payment.sent = True
            taken = item.attr("succeed") == _SUCCESS
            payment.refused = "" if taken else item.attr("dsc")


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    fields: dict[str, str]


def _item(key: str, succeed: str, text: str, *, u8key: str = "") -> Element:
    named = {"key": key} if key else {}
    return element("item", **named, succeed=succeed, dsc=text, u8key=u8key)
