"""What stand-ins of NC's and U8's exchange servers share: payments out, documents in, a view.

Rule kept here: a document of money is kept once under its id, and what a user's payment was told
stands in order.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from gateway.transport.http_messages import Request, Response
from gateway.wire.node import Node

ROOT: Final = "ufinterface"
_AMOUNTS: Final = ("trsamt", "balance")
_DAYS: Final = ("trans_date", "curdate")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class RefusedError(Exception):
    """A message, or one document of it, is not taken."""


@dataclass(slots=True)
class Payment:
    """A payment of a user. ``told`` are the states written to it, in order."""

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


class ExchangeServer(ABC):
    """One server. ``answer`` is the handler for ``gateway.transport.http_server.serve``.

    ``outgoing`` is the message that the server posts to the gateway, ``replied`` reads what came
    back; the admin view offers both, so that a demonstration can carry them. ``kinds`` are the
    documents that it knows.
    """

    def __init__(self, kinds: Collection[str]) -> None:
        self.payments: dict[str, Payment] = {}
        self.documents: dict[str, tuple[str, dict[str, str]]] = {}
        """What came in, by kind and id: its kind and its fields."""
        self._kinds = kinds
        self._losing = 0

    @abstractmethod
    def serves(self, path: str) -> bool:
        """Whether the exchange is at this path."""

    @abstractmethod
    def exchanged(self, request: Request) -> bytes:
        """The answer to a message of documents."""

    @abstractmethod
    def ordered(self, body: bytes) -> Payment:
        """A user makes a payment, as the admin view writes it."""

    @abstractmethod
    def outgoing(self) -> bytes:
        """The message with every payment that was not sent yet; b"" where there is none."""

    @abstractmethod
    def replied(self, body: bytes) -> None:
        """Read the gateway's answer to that message. Raises WireError for what is none."""

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/admin"):
            return self._admin(request)
        if not self.serves(request.path):
            return Response(status=404, body=b"<html>404</html>", content_type="text/html")
        if request.method != "POST":
            return Response(status=405, body=b"<html>405</html>", content_type="text/html")
        reply = self.exchanged(request)
        if self._losing:
            self._losing -= 1
            return Response(status=502, body=b"<html>502</html>", content_type="text/html")
        return Response(body=reply, content_type="text/xml; charset=UTF-8")

    def waiting(self) -> list[Payment]:
        """Payments that were not sent yet."""
        return [it for it in self.payments.values() if not it.sent]

    def _admin(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/admin/payments":
                return self._shown()
            case "POST", "/admin/payments":
                return _json(self.ordered(request.body).view())
            case "GET", "/admin/outgoing":
                return Response(body=self.outgoing(), content_type="application/xml")
            case "POST", "/admin/replies":
                self.replied(request.body)
                return self._shown()
            case "GET", "/admin/bank":
                found: dict[str, list[dict[str, str]]] = {name: [] for name in self._kinds}
                for kind, head in self.documents.values():
                    found[kind].append(head)
                return _json(found)
            case "POST", "/admin/lose":
                order = msgspec.json.decode(request.body, type=dict[str, int])
                self._losing = order.get("answers", 1)
                return _json({"answers": self._losing})
        return _json({"message": "no such admin call"}, status=404)

    def _shown(self) -> Response:
        return _json({"payments": [it.view() for it in self.payments.values()]})


def fields_of(node: Node) -> dict[str, str]:
    """The fields below a head of a document."""
    return {it.name: it.text() for it in node.children()}


def fault_of(head: Mapping[str, str], needed: Collection[str], amount: re.Pattern[str]) -> str:
    """What is wrong with a document's fields, in the server's words; "" where nothing is."""
    lacking = [name for name in needed if not head.get(name)]
    if lacking:
        return f"缺少字段{','.join(lacking)}"
    wrong = [name for name in _AMOUNTS if not amount.fullmatch(head.get(name, "0"))]
    wrong += [name for name in _DAYS if name in head and not _DAY.fullmatch(head[name])]
    return f"字段格式错误{','.join(wrong)}" if wrong else ""


def _json(content: Mapping[str, object], *, status: int = 200) -> Response:
    body = msgspec.json.encode(content)
    return Response(status=status, body=body, content_type="application/json;charset=UTF-8")
