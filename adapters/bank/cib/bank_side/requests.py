"""A request as the bank reads it.

Rule kept here: whatever can be read is read, by name; what breaks the bank's form is named in
``malformed`` and the ledger refuses it. Only bytes that are no request at all raise.

Source: CIB interface document V4.0.4, request tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.bank_side.order import first_fault
from adapters.bank.cib.envelope import BEIJING, instant, root
from adapters.bank.cib.transfer import SUPER
from gateway.domain.errors import WireError
from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import (
    BalanceRequest,
    BankBody,
    BankRequest,
    CoreRequest,
    PayOrder,
    PayRequest,
    SignOn,
    SignOnRequest,
    StatementRequest,
    StatusRequest,
)
from gateway.wire.xml import Node

_NEVER: Final = datetime(1970, 1, 1, tzinfo=BEIJING)
"""Stands for a client time that cannot be read; the request is malformed then."""
_TIME_LENGTH: Final = len("YYYY-MM-DD HH:MM:SS")
_CNAPS_LENGTH: Final = 12
_PAGE: Final = re.compile("[1-9][0-9]{0,5}", re.ASCII)
_DIRECTIONS: Final = MappingProxyType({"": "both", "0": "debit", "1": "credit", "2": "both"})


class _Faults:
    """Collects what could not be read; the first one names the request's fault."""

    def __init__(self, first: str) -> None:
        self.first = first

    def add(self, path: str) -> None:
        self.first = self.first or path

    def money(self, parent: Node, name: str) -> Money:
        found = parent.maybe(name)
        if found is not None:
            try:
                return found.money(CNY)
            except WireError:
                self.add(found.path)
        return Money(0, CNY)

    def day(self, parent: Node, name: str) -> date | None:
        found = parent.maybe(name)
        if found is None or not found.text():
            return None
        try:
            return found.day()
        except WireError:
            self.add(found.path)
            return None


def decode(body: bytes) -> BankRequest:
    """Read a request. Raises WireError for bytes that are no FOX request of a known operation."""
    fox = root(body)
    sonrq = fox.at("SIGNONMSGSRQV1/SONRQ")
    faults = _Faults(first_fault(fox))
    signon = _signon(sonrq, faults)
    section = fox.maybe("SECURITIES_MSGSRQV1")
    transaction = next(section.children(), None) if section is not None else None
    if transaction is None:
        return BankRequest(
            signon=signon,
            serial="",
            operation=codes.SIGN_ON,
            body=SignOnRequest(),
            malformed=faults.first,
        )
    operation = codes.OPERATIONS.get(transaction.name.removesuffix("TRNRQ"), "")
    reader = _READERS.get(operation)
    if reader is None:
        raise transaction.fault("operation")
    inside = reader(transaction, faults)
    return BankRequest(
        signon=signon,
        serial=transaction.child_text("TRNUID"),
        operation=operation,
        body=inside,
        malformed=faults.first,
    )


def _signon(sonrq: Node, faults: _Faults) -> SignOn:
    at = instant(sonrq.child_text("DTCLIENT")[:_TIME_LENGTH])
    if at is None:
        faults.add(f"{sonrq.path}/DTCLIENT")
    if not sonrq.has("USERKEY"):
        for name in ("USERID", "USERPASS"):
            if not sonrq.child_text(name):
                faults.add(f"{sonrq.path}/{name}")
    return SignOn(
        customer=sonrq.child_text("CID"),
        operator=sonrq.child_text("USERID"),
        password=sonrq.child_text("USERPASS"),
        at=at or _NEVER,
    )


def _inside(transaction: Node, path: str, faults: _Faults) -> Node:
    """The element at ``path``, or the transaction itself when it is missing (then a fault)."""
    found = transaction.find(path)
    if found is None:
        faults.add(f"{transaction.path}/{path}")
        return transaction
    return found


def _pay(transaction: Node, faults: _Faults) -> PayRequest:
    info = _inside(transaction, "XFERRQ/XFERINFO", faults)
    payer = _inside(info, "ACCTFROM", faults)
    payee = _inside(info, "ACCTTO", faults)
    super_channel = info.child_text("PMTMODE") == SUPER
    return PayRequest(
        order=PayOrder(
            debtor=_party(payer, faults),
            creditor=_party(payee, faults),
            amount=faults.money(info, "TRNAMT"),
            purpose=info.child_text("PURPOSE"),
            memo=info.child_text("MEMO"),
            own_bank=payee.attr("INTERBANK") == "Y",
            local=payee.attr("LOCAL") == "Y",
            urgency=Urgency.URGENT if super_channel else Urgency.NORMAL,
            due=faults.day(info, "DTDUE"),
        ),
        super_channel=super_channel,
    )


def _party(node: Node, faults: _Faults) -> Party:
    cnaps = node.child_text("BANKNUM")
    if cnaps and not (len(cnaps) == _CNAPS_LENGTH and cnaps.isascii() and cnaps.isdigit()):
        faults.add(f"{node.path}/BANKNUM")
        cnaps = ""
    return Party(
        name=node.child_text("NAME"),
        account=Account(
            number=node.child_text("ACCTID"),
            agent=Agent(
                name=node.child_text("BANKDESC"), cnaps=cnaps, city=node.child_text("CITY")
            ),
        ),
    )


def _status(transaction: Node, faults: _Faults) -> StatusRequest:
    asked = _inside(transaction, "XFERINQRQ", faults)
    return StatusRequest(original=asked.child_text("CLIENTREF"))


def _core(transaction: Node, faults: _Faults) -> CoreRequest:
    asked = _inside(transaction, "INQSTATECOND", faults)
    original, reference = asked.child_text("CLIENTREF"), asked.child_text("SRVRID")
    if bool(original) == bool(reference):
        faults.add(asked.path)
    return CoreRequest(original=original, bank_reference=reference)


def _balance(transaction: Node, faults: _Faults) -> BalanceRequest:
    return BalanceRequest(account=_inside(transaction, "RQBODY", faults).child_text("ACCTID"))


def _statement(transaction: Node, faults: _Faults) -> StatementRequest:
    asked = _inside(transaction, "SCUSTSTMTRQ", faults)
    account = _inside(asked, "ACCTFROM", faults).child_text("ACCTID")
    version = asked.child_text("VERSION")
    period = asked.maybe("INCTRAN")
    if period is None:
        return StatementRequest(account=account, start=None, end=None, page=1, version=version)
    page, direction = period.child_text("PAGE"), period.child_text("TRNTYPE")
    if not _PAGE.fullmatch(page):
        faults.add(f"{period.path}/PAGE")
        page = "1"
    if direction not in _DIRECTIONS:
        faults.add(f"{period.path}/TRNTYPE")
    return StatementRequest(
        account=account,
        start=faults.day(period, "DTSTART"),
        end=faults.day(period, "DTEND"),
        page=int(page),
        version=version,
        direction=_DIRECTIONS.get(direction, "both"),
    )


_READERS: Final[MappingProxyType[str, Callable[[Node, _Faults], BankBody]]] = MappingProxyType(
    {
        codes.PAYMENT: _pay,
        codes.PAYMENT_STATUS: _status,
        codes.CORE_RESULT: _core,
        codes.BALANCE: _balance,
        codes.STATEMENT: _statement,
    }
)
