"""An NC server on a socket: the exchange servlet, and the payments its users hand to the bank.

Rule kept here: strict about what the exchange platform registers (data source, sender, bill type,
receiver), never overwrites a bill of money, and answers one ``sendresult`` per bill. Written from
what is known of the platform, not from the adapter.
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

_SERVLET: Final = "/service/XChangeServlet"
_AMOUNT: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,2})?", re.ASCII)
_TAKEN: Final = "1"
_ID_MAX: Final = 40
_REFUSED: Final = "-28001"
_NOT_NEEDED: Final = frozenset({"N", ""})

BILL_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "GWPAYLOG": ("yurref", "paystate", "paytime", "gwstate"),
    "GWDZD": ("curacc", "trans_date", "cdflag", "trsamt", "uid2"),
    "GWBALANCE": ("bankacc", "curdate", "balance"),
    "GWYHHD": ("receiptno", "bankacc", "filename", "filecontent"),
}
"""Bill types as this site registered them, with the fields that their mapping needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is registered in the exchange platform."""

    account: str = "0001"
    groupcode: str = "01"
    receiver: str = "10101"
    sender: str = "BANKGW"
    name: str = "NC65"
    """What NC calls itself as a sender."""


class Nc(ExchangeServer):
    """One NC server: the exchange servlet, and what its users hand to the bank."""

    def __init__(self, site: Site | None = None) -> None:
        super().__init__(BILL_TYPES)
        self.site = site or Site()
        self._posted = 0

    def serves(self, path: str) -> bool:
        """The exchange servlet."""
        return path == _SERVLET

    # ── bills that come in ──

    def exchanged(self, request: Request) -> bytes:
        """One ``sendresult`` for each bill."""
        root: Node | None = None
        try:
            root = parse(request.body, Profile.FILE)
            self._gate(root, request.query)
            results = [self._take(bill, root.attr("billtype")) for bill in root.each("bill")]
            if not results:
                raise RefusedError("没有单据")
        except WireError as error:
            results = [_result("", _REFUSED, f"报文格式错误 {error.reason}", "")]
        except RefusedError as error:
            results = [_result("", _REFUSED, str(error), "")]
        echoed = ("billtype", "filename", "proc", "receiver", "sender")
        attributes = {name: root.attr(name) for name in echoed} if root is not None else {}
        good = all(code == _TAKEN for _, code in results)
        made = element(
            ROOT,
            *(it for it, _ in results),
            **attributes,
            isexchange="Y",
            replace="N",
            roottag="sendresult",
            successful="Y" if good else "N",
        )
        return document(made, encoding="UTF-8")

    def _gate(self, root: Node, query: Mapping[str, str]) -> None:
        site = self.site
        if root.name != ROOT or root.attr("roottag") != "bill":
            raise RefusedError("根元素或roottag错误")
        if query.get("account", root.attr("account")) != site.account:
            raise RefusedError("账套不存在")
        if query.get("groupcode", root.attr("groupcode")) not in {"", site.groupcode}:
            raise RefusedError("集团编码不存在")
        if root.attr("receiver") != site.receiver:
            raise RefusedError("接收方不存在")
        if root.attr("sender") != site.sender:
            raise RefusedError("发送方未在外部交换平台登记")
        if root.attr("billtype") not in BILL_TYPES:
            raise RefusedError("单据类型未登记")
        if root.attr("replace") not in _NOT_NEEDED:
            raise RefusedError("资金单据不允许覆盖")
        if root.attr("proc") != "add" or root.attr("isexchange") != "Y":
            raise RefusedError("proc或isexchange错误")
        if not root.attr("filename"):
            raise RefusedError("filename不能为空")

    def _take(self, bill: Node, billtype: str) -> tuple[Element, str]:
        id_ = bill.attr("id")
        if not id_ or len(id_) > _ID_MAX:
            return _result(id_, _REFUSED, "单据id为空或超长", "")
        key = f"{billtype}/{id_}"
        if key in self.documents:
            return _result(id_, _REFUSED, f"单据{id_}已经存在，不允许重复导入", "")
        head = fields_of(bill.one("billhead"))
        wrong = fault_of(head, BILL_TYPES[billtype], _AMOUNT)
        if wrong:
            return _result(id_, _REFUSED, f"单据{id_}{wrong}", "")
        if billtype == "GWPAYLOG":
            payment = self.payments.get(head["yurref"])
            if payment is None:
                return _result(id_, _REFUSED, f"支付参考号{head['yurref']}不存在", "")
            payment.told.append(head)
        self._posted += 1
        self.documents[key] = (billtype, head)
        key = f"1001ZZ{self._posted:014d}"
        return _result(id_, _TAKEN, f"单据{id_}开始处理...单据{id_}处理完毕!", key)

    # ── payments that go out ──

    def add(self, fields: Mapping[str, str]) -> Payment:
        """A user makes a payment: fields of NC's own data model, ``yurref`` among them."""
        payment = Payment(id=f"D5{fields['yurref']}", fields=dict(fields))
        self.payments[fields["yurref"]] = payment
        return payment

    def ordered(self, body: bytes) -> Payment:
        """The same from the admin view: its fields."""
        return self.add(msgspec.json.decode(body, type=dict[str, str]))

    def outgoing(self) -> bytes:
        """The message with every payment that was not sent yet; b"" where there is none."""
        waiting = self.waiting()
        if not waiting:
            return b""
        bills = [
            element(
                "bill",
                element("billhead", *(leaf(name, text) for name, text in it.fields.items())),
                id=it.id,
            )
            for it in waiting
        ]
        root = element(
            ROOT,
            *bills,
            account=self.site.account,
            groupcode=self.site.groupcode,
            billtype="GWPAY",
            sender=self.site.name,
            receiver=self.site.sender,
            roottag="bill",
            replace="N",
            isexchange="Y",
            proc="add",
            filename=f"PAY-{waiting[0].id}-{len(waiting)}.xml",
        )
        return document(root, encoding="UTF-8")

    def replied(self, body: bytes) -> None:
        """Read the gateway's ``sendresult``. Raises WireError for what is none."""
        root = parse(body, Profile.MESSAGE)
        if root.name != ROOT or root.attr("roottag") != "sendresult":
            raise root.fault("unsupported")
        by_id = {it.id: it for it in self.payments.values()}
        for result in root.each("sendresult"):
            payment = by_id.get(result.one("bdocid").text())
            if payment is None:
                continue
            payment.sent = True
            taken = result.one("resultcode").need() == _TAKEN
            payment.refused = "" if taken else result.one("resultdescription").text()


def _result(id_: str, code: str, text: str, content: str) -> tuple[Element, str]:
    made = element(
        "sendresult",
        leaf("billpk", ""),
        leaf("bdocid", id_),
        leaf("filename", ""),
        leaf("resultcode", code),
        leaf("resultdescription", text),
        leaf("content", content),
    )
    return made, code
