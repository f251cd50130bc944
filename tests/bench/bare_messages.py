"""The bare path's messages: bytes of the dialect, cut where a payment's own words stand.

Nothing is built or checked per payment: the words go between the pieces of one message that the
dialect wrote once, and an answer is read by a regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from gateway.dialects import bank_dialect
from gateway.domain.ids import Serial
from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import PayOrder, SignOn
from gateway.ports.bank_batch import BatchKind, BatchLine, BatchOrder
from gateway.store.instants import BEIJING

BATCH_MAX = 100
MARKS = {
    "name": "样本户名",
    "account": "100000000000000007",
    "serial": "GW" + "7" * 26,
    "debtor": "200000000000000007",
    "amount": "777777.77",
    "purpose": "样本用途",
    "title": "样本标题",
    "count": "<TOTALCOUNT>1</TOTALCOUNT>",
    "total": "<TOTALAMOUNT>777777.77</TOTALAMOUNT>",
    "line": "<INDX>1</INDX>",
}
SINGLE_PAID = re.compile(rb"<XFERPRCCODE>PAYOUT</XFERPRCCODE>")
LINES_TOLD = re.compile(rb"<INDX>([0-9]+)</INDX>.*?<STATUS>([A-Z_]+)</STATUS>", re.DOTALL)
SETTLED, UNCONFIRMED = "SETTLED", "UNCONFIRMED"


class Line(msgspec.Struct):
    """The fields of an instruction that the message carries."""

    erp_reference: str
    debtor_account: str
    creditor_name: str
    creditor_account: str
    amount: str
    purpose: str


class Pieces:
    """Bytes cut at the marks that stand in them."""

    def __init__(self, body: bytes, *names: str) -> None:
        places = sorted((body.index(MARKS[name].encode("gbk")), name) for name in names)
        self._order = [name for _, name in places]
        self._pieces: list[bytes] = []
        start = 0
        for at, name in places:
            self._pieces.append(body[start:at])
            start = at + len(MARKS[name].encode("gbk"))
        self._tail = body[start:]

    def fill(self, words: Mapping[str, str]) -> bytes:
        parts: list[bytes] = []
        for piece, name in zip(self._pieces, self._order, strict=True):
            parts += (piece, words[name].encode("gbk"))
        return b"".join((*parts, self._tail))


class Messages:
    """Writes single payments and batches of up to a hundred."""

    def __init__(self, host: str) -> None:
        dialect = bank_dialect("cib")
        assert dialect.pay is not None
        assert dialect.batch is not None
        signon = SignOn(
            customer="9900000001",
            operator="erpmaker",
            password="Demo-Pass-1",
            at=datetime.now(BEIJING).replace(microsecond=0),
        )
        serial = Serial(MARKS["serial"])
        single = dialect.pay.encode(_single(), signon, serial).body()
        batch = dialect.batch.encode(_batch(), signon, serial).body()
        start, end = batch.index(b"<XFERINFO>"), batch.index(b"</XFERINFO>") + len(b"</XFERINFO>")
        self._single = Pieces(single, "name", "account", "serial", "debtor", "amount", "purpose")
        self._batch = Pieces(batch[:start], "serial", "debtor", "title", "count", "total")
        self._line = Pieces(batch[start:end], "line", "name", "account", "amount", "purpose")
        self._end = batch[end:]
        self._http = (
            f"POST /cib HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-fox\r\n".encode()
        )

    def write(self, lines: Sequence[Line], serial: str) -> bytes:
        """One message for these payments of one account."""
        words = {"serial": serial, "debtor": lines[0].debtor_account}
        if len(lines) == 1:
            return self._single.fill(words | _words(lines[0]))
        cents = sum(int(it.amount.replace(".", "")) for it in lines)
        words |= {
            "title": "批量付款",
            "count": f"<TOTALCOUNT>{len(lines)}</TOTALCOUNT>",
            "total": f"<TOTALAMOUNT>{cents // 100}.{cents % 100:02d}</TOTALAMOUNT>",
        }
        written = [
            self._line.fill(_words(it) | {"line": f"<INDX>{at}</INDX>"})
            for at, it in enumerate(lines, 1)
        ]
        return b"".join((self._batch.fill(words), *written, self._end))

    def request(self, body: bytes) -> bytes:
        """The whole HTTP request."""
        return self._http + b"Content-Length: %d\r\n\r\n" % len(body) + body


def outcomes(lines: int, status: int, reply: bytes) -> list[str]:
    """What became of each payment of a message."""
    if status != 200 or SINGLE_PAID.search(reply) is None:
        return [UNCONFIRMED] * lines
    if lines == 1:
        return [SETTLED]
    told = {int(at): word for at, word in LINES_TOLD.findall(reply)}
    return [SETTLED if told.get(at) == b"PAYOUT" else UNCONFIRMED for at in range(1, lines + 1)]


def _words(line: Line) -> dict[str, str]:
    return {
        "name": line.creditor_name,
        "account": line.creditor_account,
        "amount": line.amount,
        "purpose": line.purpose,
    }


_DEBTOR = Party(name="", account=Account(number=MARKS["debtor"]))
_CREDITOR = Party(
    name=MARKS["name"],
    account=Account(number=MARKS["account"], agent=Agent(name="兴业银行", city="福州")),
)
_AMOUNT = Money(77777777, CNY)


def _single() -> PayOrder:
    return PayOrder(
        debtor=_DEBTOR,
        creditor=_CREDITOR,
        amount=_AMOUNT,
        purpose=MARKS["purpose"],
        memo="",
        own_bank=True,
        local=True,
        urgency=Urgency.NORMAL,
    )


def _batch() -> BatchOrder:
    line = BatchLine(line=1, creditor=_CREDITOR, amount=_AMOUNT, purpose=MARKS["purpose"])
    return BatchOrder(kind=BatchKind.PAYMENT, debtor=_DEBTOR, lines=(line,), purpose=MARKS["title"])
