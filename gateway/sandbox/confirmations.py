"""Monthly confirmation of balances (银企对账回签): orders, and their results some minutes later.

Rule kept here: an order is stored under its serial and answered from the store for ever; an
account's month is confirmed once, whoever orders it again.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from gateway.domain.money import CNY, Money
from gateway.ports.bank import BankAnswer, BankRequest, Reason
from gateway.ports.bank_confirm import (
    ConfirmedLine,
    ConfirmRequest,
    ConfirmResultRequest,
    OrderVerdict,
    ResultVerdict,
    StoredConfirmation,
)
from gateway.sandbox import rules
from gateway.sandbox.ledger import Ledger, instant, seconds

READY_AFTER: Final = timedelta(minutes=15)
"""How long an order runs before its result can be asked for."""
BACK_MAX: Final = 12
"""How many months back an order may reach."""
_LATEST: Final = "SELECT id, account, month, at FROM confirmation WHERE customer = ? AND serial = ?"
_BEFORE: Final = (
    "SELECT 1 FROM confirmation WHERE customer = ? AND month = ? AND id < ?"
    " AND account IN ('', ?) LIMIT 1"
)
_CLOSING: Final = (
    "SELECT balance_after FROM posting WHERE account = ? AND day < ? ORDER BY day DESC, id DESC"
    " LIMIT 1"
)
_ADD: Final = "INSERT INTO confirmation (customer, serial, account, month, at) VALUES (?,?,?,?,?)"


class ConfirmationDesk:
    """Takes orders and tells results; the caller holds the transaction.

    ``misreads`` are amounts in fen by account that this bank adds to its own balances, so that
    a difference can be played.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self.misreads: dict[str, int] = {}

    def answer(
        self, request: BankRequest, body: ConfirmRequest | ConfirmResultRequest, at: datetime
    ) -> BankAnswer:
        """The answer to an order, or to a question about one."""
        if isinstance(body, ConfirmResultRequest):
            return self._result(request, body, at)
        return self._order(request, body, at)

    def _order(self, request: BankRequest, body: ConfirmRequest, at: datetime) -> BankAnswer:
        customer = request.signon.customer
        stored = self._stored(customer, request.serial, at)
        if stored is None:
            reason = self._judge(request, body, at.date())
            if reason is not Reason.OK:
                return BankAnswer(at=at, message=reason)
            month = f"{body.month:%Y-%m}"
            self._db.execute(_ADD, (customer, request.serial, body.account, month, seconds(at)))
            stored = self._stored(customer, request.serial, at)
        return BankAnswer(at=at, confirmation=stored)

    def _judge(self, request: BankRequest, body: ConfirmRequest, today: date) -> Reason:
        back = (today.year - body.month.year) * 12 + today.month - body.month.month
        if not 0 < back <= BACK_MAX:
            return Reason.DATE_INVALID
        if not body.account:
            return Reason.OK
        account = self._ledger.account(body.account)
        if account is None or account.kind != "customer":
            return Reason.ACCOUNT_UNKNOWN
        may = self._ledger.permitted(
            request.signon.customer, request.signon.operator, body.account, rules.QUERY
        )
        return Reason.OK if may else Reason.NOT_PERMITTED

    def _result(self, request: BankRequest, body: ConfirmResultRequest, at: datetime) -> BankAnswer:
        stored = self._stored(request.signon.customer, body.original, at)
        if stored is None:
            return BankAnswer(at=at, message=Reason.NO_SUCH_INSTRUCTION)
        if stored.verdict is OrderVerdict.RUNNING:
            return BankAnswer(at=at, message=Reason.TOO_EARLY)
        return BankAnswer(at=at, confirmation=stored)

    def _stored(self, customer: str, serial: str, at: datetime) -> StoredConfirmation | None:
        row = self._db.execute(_LATEST, (customer, serial)).fetchone()
        if row is None:
            return None
        ordered_at = instant(row[3])
        done = at >= ordered_at + READY_AFTER
        return StoredConfirmation(
            serial=serial,
            month=date.fromisoformat(f"{row[2]}-01"),
            verdict=OrderVerdict.DONE if done else OrderVerdict.RUNNING,
            executed_at=ordered_at,
            lines=tuple(self._line(customer, row, it) for it in self._accounts(customer, row[1]))
            if done
            else (),
        )

    def _accounts(self, customer: str, account: str) -> list[tuple[str, str]]:
        if account:
            found = "SELECT number, name FROM account WHERE number = ?"
            return list(self._db.execute(found, (account,)))
        every = "SELECT number, name FROM account WHERE customer = ? ORDER BY number"
        return list(self._db.execute(every, (customer,)))

    def _line(self, customer: str, row: Any, account: tuple[str, str]) -> ConfirmedLine:  # noqa: ANN401 - a row
        number, name = account
        month = date.fromisoformat(f"{row[2]}-01")
        after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        closing = self._db.execute(_CLOSING, (number, after.isoformat())).fetchone()
        again = self._db.execute(_BEFORE, (customer, row[2], row[0], number)).fetchone()
        if closing is None or again is not None:
            return ConfirmedLine(
                account=number, name=name, verdict=ResultVerdict.NOTHING_DUE, balance=None
            )
        balance = Money(int(closing[0]) + self.misreads.get(number, 0), CNY)
        return ConfirmedLine(
            account=number, name=name, verdict=ResultVerdict.AGREED, balance=balance
        )
