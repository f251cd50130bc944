"""An NC server on a socket: the exchange servlet, and the payments its users hand to the bank.

Rule kept here: strict about what the exchange platform registers (data source, sender, bill type,
receiver), never overwrites a bill of money, and answers one ``sendresult`` per bill. Written from
what is known of the platform, not from the adapter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from gateway.domain.errors import WireError
from gateway.transport.http_messages import Request, Response
from gateway.wire.node import Node
from gateway.wire.write import Element, document, element, leaf
from gateway.wire.xml import Profile, parse

_SERVLET: Final = "/service/XChangeServlet"
_ROOT: Final = "ufinterface"
_AMOUNT: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,2})?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
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


class RefusedError(Exception):
    """The platform takes nothing of a message."""


@dataclass(slots=True)
class Payment:
    """A payment of an NC user. ``told`` are the states written to it, in order."""

    id: str
    fields: dict[str, str]
    sent: bool = False
    refused: str = ""
    told: list[dict[str, str]] = field(default_factory=list)

    def view(self) -> dict[str, object]:
        """For the admin view."""
        return {
            "id": self.id,
            "fields": self.fields,
            "sent": self.sent,
            "refused": self.refused,
            "told": self.told,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is registered in the exchange platform."""

    account: str = "0001"
    groupcode: str = "01"
    receiver: str = "10101"
    sender: str = "BANKGW"
    name: str = "NC65"
    """What NC calls itself as a sender."""


class Nc:
    """One NC server. ``answer`` is the handler for ``gateway.transport.http_server.serve``.

    ``outgoing`` is the message that NC posts to the gateway, ``replied`` reads what came back; the
    admin view offers both, so that a demonstration can carry them.
    """

    def __init__(self, site: Site | None = None) -> None:
        self.site = site or Site()
        self.payments: dict[str, Payment] = {}
        self.bills: dict[str, tuple[str, dict[str, str]]] = {}
        self._losing = 0
        self._posted = 0

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/admin"):
            return self._admin(request)
        if request.path != _SERVLET:
            return Response(status=404, body=b"<html>404</html>", content_type="text/html")
        if request.method != "POST":
            return Response(status=405, body=b"<html>405</html>", content_type="text/html")
        reply = self._exchange(request)
        if self._losing:
            self._losing -= 1
            return Response(status=502, body=b"<html>502</html>", content_type="text/html")
        return Response(body=reply, content_type="text/xml; charset=UTF-8")

    # ── bills that come in ──

    def _exchange(self, request: Request) -> bytes:
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
            _ROOT,
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
        if root.name != _ROOT or root.attr("roottag") != "bill":
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
        if key in self.bills:
            return _result(id_, _REFUSED, f"单据{id_}已经存在，不允许重复导入", "")
        head = {it.name: it.text() for it in bill.one("billhead").children()}
        lacking = [name for name in BILL_TYPES[billtype] if not head.get(name)]
        if lacking:
            return _result(id_, _REFUSED, f"单据{id_}缺少字段{','.join(lacking)}", "")
        wrong = [
            name for name in ("trsamt", "balance") if not _AMOUNT.fullmatch(head.get(name, "0"))
        ]
        wrong += [
            name
            for name in ("trans_date", "curdate")
            if not _DAY.fullmatch(head.get(name, "2026-01-01"))
        ]
        if wrong:
            return _result(id_, _REFUSED, f"单据{id_}字段格式错误{','.join(wrong)}", "")
        if billtype == "GWPAYLOG":
            payment = self.payments.get(head["yurref"])
            if payment is None:
                return _result(id_, _REFUSED, f"支付参考号{head['yurref']}不存在", "")
            payment.told.append(head)
        self._posted += 1
        self.bills[key] = (billtype, head)
        key = f"1001ZZ{self._posted:014d}"
        return _result(id_, _TAKEN, f"单据{id_}开始处理...单据{id_}处理完毕!", key)

    # ── payments that go out ──

    def add(self, fields: Mapping[str, str]) -> Payment:
        """A user makes a payment: fields of NC's own data model, ``yurref`` among them."""
        payment = Payment(id=f"D5{fields['yurref']}", fields=dict(fields))
        self.payments[fields["yurref"]] = payment
        return payment

    def outgoing(self) -> bytes:
        """The message with every payment that was not sent yet; b"" where there is none."""
        waiting = [it for it in self.payments.values() if not it.sent]
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
            _ROOT,
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
        if root.name != _ROOT or root.attr("roottag") != "sendresult":
            raise root.fault("unsupported")
        by_id = {it.id: it for it in self.payments.values()}
        for result in root.each("sendresult"):
            payment = by_id.get(result.one("bdocid").text())
            if payment is None:
                continue
            payment.sent = True
            taken = result.one("resultcode").need() == _TAKEN
            payment.refused = "" if taken else result.one("resultdescription").text()

    # ── admin ──

    def _admin(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/admin/payments":
                return _json({"payments": [it.view() for it in self.payments.values()]})
            case "POST", "/admin/payments":
                fields = msgspec.json.decode(request.body, type=dict[str, str])
                return _json(self.add(fields).view())
            case "GET", "/admin/outgoing":
                return Response(body=self.outgoing(), content_type="application/xml")
            case "POST", "/admin/replies":
                self.replied(request.body)
                return _json({"payments": [it.view() for it in self.payments.values()]})
            case "GET", "/admin/bank":
                found: dict[str, list[dict[str, str]]] = {name: [] for name in BILL_TYPES}
                for billtype, head in self.bills.values():
                    found[billtype].append(head)
                return _json(found)
            case "POST", "/admin/lose":
                order = msgspec.json.decode(request.body, type=dict[str, int])
                self._losing = order.get("answers", 1)
                return _json({"answers": self._losing})
        return _json({"message": "no such admin call"}, status=404)


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


def _json(content: Mapping[str, object], *, status: int = 200) -> Response:
    body = msgspec.json.encode(content)
    return Response(status=status, body=body, content_type="application/json;charset=UTF-8")
