"""Notice of a booking (BALANCECHANGENOTICE, 动账通知): the bank's own message, without an envelope.

Rule kept here: it is a hint and no statement line. Both spellings of the document are read: its
table writes dates as yyyy-MM-dd hh:mm:ss and the direction as 0 or 1, its sample in Chinese.

Source: CIB interface document V4.0.4, §BALANCECHANGENOTICE.
"""

from __future__ import annotations

import re
from datetime import datetime
from types import MappingProxyType
from typing import Final

from adapters.bank.cib.amounts import amount, amount_text
from adapters.bank.cib.envelope import BEIJING, ENCODING
from adapters.bank.cib.transfer import optional
from gateway.domain.message import WireReply
from gateway.domain.money import CNY
from gateway.ports.bank_confirm import BalanceNotice
from gateway.wire.charset import charset_of
from gateway.wire.write import document, element, leaf
from gateway.wire.xml import Node, Profile, parse

NOTICE: Final = "BALANCECHANGENOTICE"
DEBITS: Final = MappingProxyType({"0": True, "1": False, "借": True, "贷": False})
"""TRNTYPE: whether money left the account."""
_TIMES: Final = (
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})[ T]+([0-9]{1,2}):([0-9]{2}):([0-9]{2})"),
    re.compile(
        r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日\s*([0-9]{1,2})[时:]([0-9]{1,2})[分:]([0-9]{1,2})秒?"
    ),
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"),
    re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日"),
)


def decode(notice: WireReply) -> BalanceNotice:
    """Read a notice; amounts are CNY, as it names no currency.

    Raises WireError for what is no such notice: another root, a time or a direction of another
    spelling, an amount below zero.
    """
    root = parse(notice.body, Profile.REPLY, charset=charset_of(notice.content_type))
    if root.name != NOTICE or root.namespace:
        raise root.fault("root")
    info = root.one("NOTICE_INFO")
    direction = info.one("TRNTYPE")
    debit = DEBITS.get(direction.need())
    if debit is None:
        raise direction.fault("direction")
    moved = info.one("TRNAMT").money(CNY)
    after = info.maybe("BALAMT")
    return BalanceNotice(
        account=info.one("ACCTID").need(),
        amount=-moved if debit else moved,
        at=_at(info.one("TRADE_TIME")),
        key=info.child_text("ATTACHINFO"),
        account_name=info.child_text("ACCT_NAME"),
        available=amount(after, CNY) if after is not None and after.text() else None,
        memo=info.child_text("MEMO"),
    )


def _at(node: Node) -> datetime:
    """Beijing time. A day alone is its midnight."""
    text = node.need()
    for spelling in _TIMES:
        found = spelling.fullmatch(text)
        if found is not None:
            texts = (*found.groups(), "0", "0", "0")[:6]
            year, month, day, hour, minute, second = map(int, texts)
            try:
                return datetime(year, month, day, hour, minute, second, tzinfo=BEIJING)
            except ValueError:
                break
    raise node.fault("date")


def encode(notice: BalanceNotice) -> WireReply:
    """The notice as the bank's table writes it. Raises WireError("encoding") as all writers."""
    debit = notice.amount.minor < 0
    moved = -notice.amount if debit else notice.amount
    available = notice.available
    told = element(
        NOTICE,
        element(
            "NOTICE_INFO",
            leaf("ACCTID", notice.account),
            leaf("ACCT_NAME", notice.account_name),
            leaf("TRADE_TIME", notice.at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")),
            leaf("TRNTYPE", "0" if debit else "1"),
            optional("MEMO", notice.memo),
            leaf("TRNAMT", amount_text(moved)),
            leaf("BALAMT", "" if available is None else amount_text(available)),
            leaf("ATTACHINFO", notice.key),
        ),
    )
    return WireReply(200, "text/xml", document(told, encoding=ENCODING))
