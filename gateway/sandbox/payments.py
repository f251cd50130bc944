"""Instructions as the bank stores them, their history, and what is still to happen to them.

Rule kept here: a serial is unique per customer for ever, and a state is only ever added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import BankState, PayOrder, Reason, StoredPayment
from gateway.sandbox.ledger import Ledger, instant

_COLUMNS: Final = (
    "customer, serial, debtor_account, debtor_name, debtor_city, creditor_account, creditor_name,"
    " agent_name, agent_cnaps, agent_bic, agent_city, amount, purpose, memo, own_bank, local,"
    " urgency, super_channel, due, state, reason, at, paid_on"
)
_MARKS: Final = ", ".join("?" * (_COLUMNS.count(",") + 1))
_INSERT: Final = f"INSERT INTO payment ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608 - constants
_SELECT: Final = f"SELECT id, {_COLUMNS} FROM payment"  # noqa: S608 - constants
_REFERENCE_BASE: Final = 990_000_000_000
_NEVER: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """A stored instruction; ``id`` is 0 before. ``at`` is its last change in seconds."""

    id: int = 0
    customer: str
    serial: str
    order: PayOrder
    super_channel: bool
    state: BankState
    reason: Reason
    at: int
    paid_on: str = ""
    """The accounting day it was executed on (ISO), '' if it was not."""

    @property
    def bank_reference(self) -> str:
        """The bank's own 12-digit number of the instruction."""
        return str(_REFERENCE_BASE + self.id)

    def stored(self) -> StoredPayment:
        """The instruction as answers and replays tell it."""
        return StoredPayment(
            serial=self.serial,
            bank_reference=self.bank_reference,
            order=self.order,
            state=self.state,
            processed_at=instant(self.at),
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that becomes due: ``execute``, ``super``, ``return``, ``expire`` or ``late``.

    ``late`` carries the bytes of a request that reached the bank late, for the front ``dialect``.
    With ``batch`` it concerns a batch (also ``run`` and ``refund``), or its line ``line``.
    """

    id: int = 0
    due: int
    event: str
    payment: int | None = None
    dialect: str = ""
    body: bytes = b""
    batch: int | None = None
    line: int = 0


class PaymentBook:
    """Reads and writes instructions in the ledger's file; the caller holds the transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db

    def add(self, row: PaymentRow) -> PaymentRow:
        """Store a new instruction; returns it with its id."""
        order, agent = row.order, row.order.creditor.account.agent
        number = self._db.execute(
            _INSERT,
            (
                *(row.customer, row.serial, order.debtor.account.number, order.debtor.name),
                *(order.debtor.account.agent.city, order.creditor.account.number),
                *(order.creditor.name, agent.name, agent.cnaps, agent.bic, agent.city),
                *(order.amount.minor, order.purpose, order.memo, int(order.own_bank)),
                *(int(order.local), order.urgency.value, int(row.super_channel)),
                *(order.due.isoformat() if order.due else "", row.state.value, row.reason.value),
                *(row.at, row.paid_on),
            ),
        ).lastrowid
        return replace(row, id=number or 0)

    def move(self, row: PaymentRow) -> PaymentRow:
        """Store a new state, reason, time and execution day; the former state is kept too."""
        self._db.execute(
            "INSERT INTO former_state (payment, seq, state, reason, at)"
            " SELECT id, (SELECT COUNT(*) FROM former_state WHERE payment = ?), state, reason, at"
            " FROM payment WHERE id = ?",
            (row.id, row.id),
        )
        self._db.execute(
            "UPDATE payment SET state = ?, reason = ?, at = ?, paid_on = ? WHERE id = ?",
            (row.state.value, row.reason.value, row.at, row.paid_on, row.id),
        )
        return row

    def by_serial(self, customer: str, serial: str) -> PaymentRow | None:
        """The customer's instruction of that serial."""
        return self._one(" WHERE customer = ? AND serial = ?", customer, serial)

    def by_reference(self, customer: str, reference: str) -> PaymentRow | None:
        """The customer's instruction of that bank reference."""
        if not reference.isascii() or not reference.isdigit():
            return None
        number = int(reference) - _REFERENCE_BASE
        return self._one(" WHERE customer = ? AND id = ?", customer, number)

    def by_id(self, number: int) -> PaymentRow | None:
        """The instruction of that row number."""
        return self._one(" WHERE id = ?", number)

    def matching(self, serial: str, customer: str = "") -> list[PaymentRow]:
        """All instructions of a serial, of any customer unless one is named."""
        where = " WHERE serial = ? AND (? = '' OR customer = ?) ORDER BY id"
        return [
            _row(found) for found in self._db.execute(_SELECT + where, (serial, customer, customer))
        ]

    def latest(self, count: int) -> list[PaymentRow]:
        """The newest instructions, newest first."""
        return [
            _row(found)
            for found in self._db.execute(_SELECT + " ORDER BY id DESC LIMIT ?", (count,))
        ]

    def history(self, row: PaymentRow) -> list[tuple[BankState, Reason, int]]:
        """Every state the instruction had, oldest first, with reason and time."""
        found = self._db.execute(
            "SELECT state, reason, at FROM former_state WHERE payment = ? ORDER BY seq", (row.id,)
        )
        former = [(BankState(state), Reason(reason), at) for state, reason, at in found]
        return [*former, (row.state, row.reason, row.at)]

    def returned(self, row: PaymentRow) -> bool:
        """Whether the payment came back (退汇)."""
        found = self._db.execute(
            "SELECT 1 FROM voucher WHERE payment = ? AND kind = 'return'", (row.id,)
        ).fetchone()
        return found is not None

    def paid_on(self, account: str, day: date) -> int:
        """Fen paid from an account on a day, singly and in batches."""
        which = (account, day.isoformat())
        (single,) = self._db.execute(
            "SELECT COALESCE(SUM(amount), 0) FROM payment WHERE debtor_account = ? AND paid_on = ?",
            which,
        ).fetchone()
        (batched,) = self._db.execute(
            "SELECT COALESCE(SUM(l.amount), 0) FROM batch b JOIN batch_line l ON l.batch = b.id"
            " AND l.state = 'paid' WHERE b.debtor_account = ? AND b.paid_on = ?",
            which,
        ).fetchone()
        return int(single) + int(batched)

    def fate(self, account: str) -> str:
        """'' or what the payee book says becomes of payments to this account."""
        found = self._db.execute("SELECT fate FROM payee WHERE account = ?", (account,)).fetchone()
        return str(found[0]) if found else ""

    def fates(self, accounts: Iterable[str]) -> dict[str, str]:
        """What the payee book says of payments to these accounts, where it says anything."""
        return dict(
            self._db.execute(
                "SELECT account, fate FROM payee WHERE fate <> ''"
                " AND account IN (SELECT value FROM json_each(?))",
                (json.dumps(tuple(accounts)),),
            )
        )

    # ── agenda ───────────────────────────────────────────────────────────────────────────

    def plan(self, event: Event) -> None:
        """Put something on the agenda."""
        self._ledger.quiet_until = min(self._ledger.quiet_until, event.due)
        self._db.execute(
            "INSERT INTO agenda (due, event, payment, dialect, body, batch, line)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(event.due, event.event, event.payment, event.dialect, event.body or None),
                *(event.batch, event.line),
            ),
        )

    def next_event(self, until: int, dialect: str) -> Event | None:
        """The earliest thing due at or before ``until`` that this front may carry out."""
        if until < self._ledger.quiet_until:
            return None
        found = self._db.execute(
            "SELECT id, due, event, payment, dialect, body, batch, line FROM agenda"
            " WHERE due <= ? AND (event <> 'late' OR dialect = ?) ORDER BY due, id LIMIT 1",
            (until, dialect),
        ).fetchone()
        if found is None:
            # Remembered so that the many requests until then need not look.
            (earliest,) = self._db.execute("SELECT MIN(due) FROM agenda").fetchone()
            self._ledger.quiet_until = _NEVER if earliest is None else earliest
            return None
        number, due, event, payment, front, body, batch, line = found
        return Event(
            id=number,
            due=due,
            event=event,
            payment=payment,
            dialect=front,
            body=body or b"",
            batch=batch,
            line=line,
        )

    def strike(self, event: Event) -> None:
        """Take a finished thing off the agenda."""
        self._db.execute("DELETE FROM agenda WHERE id = ?", (event.id,))

    def _one(self, where: str, *values: str | int) -> PaymentRow | None:
        found = self._db.execute(_SELECT + where, values).fetchone()
        return None if found is None else _row(found)


# fmt: off
_Stored = tuple[
    int, str, str, str, str, str, str, str, str, str, str, str,
    int, str, str, int, int, str, int, str, str, str, int, str,
]
# fmt: on


def _row(found: _Stored) -> PaymentRow:
    number, customer, serial, *_ = found
    debtor, debtor_name, debtor_city, creditor, creditor_name = found[3:8]
    agent, cnaps, bic, city, amount, purpose, memo = found[8:15]
    own_bank, local, urgency, super_channel, due, state, reason, at, paid_on = found[15:24]
    debtor_account = Account(number=debtor, agent=Agent(city=debtor_city))
    creditor_agent = Agent(name=agent, cnaps=cnaps, bic=bic, city=city)
    order = PayOrder(
        debtor=Party(name=debtor_name, account=debtor_account),
        creditor=Party(name=creditor_name, account=Account(number=creditor, agent=creditor_agent)),
        amount=Money(amount, CNY),
        purpose=purpose,
        memo=memo,
        own_bank=bool(own_bank),
        local=bool(local),
        urgency=Urgency(urgency),
        due=date.fromisoformat(due) if due else None,
    )
    return PaymentRow(
        id=number,
        customer=customer,
        serial=serial,
        order=order,
        super_channel=bool(super_channel),
        state=BankState(state),
        reason=Reason(reason),
        at=at,
        paid_on=paid_on,
    )
