"""Which payment of ours a returned sum belongs to, as far as the statement proves it.

Rule kept here: only a number proves (our serial, the bank's reference, the 对账标识码), with the
whole amount, and of a batch only where one line alone fits. Payee, amount and day are a
suggestion to people. Pure: payments in, a verdict out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

from gateway.domain.instruction import FATE_OPEN, State
from gateway.domain.names import core
from gateway.statements.return_signs import Seen, Sign

WINDOW_DAYS: Final = 15
"""So many days after the payment a return without a number is still taken for one."""
_TEXT_NUMBER: Final = 8
"""So long a bank's reference has to be to count where it stands among words."""
_PAID: Final = frozenset({State.SETTLED, State.RETURNED})
_UNPAID: Final = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED})


class Payment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of our payments, as far as a return can name it."""

    id: str
    state: State
    minor: int
    currency: str
    creditor_account: str
    creditor_name: str
    pay_day: str
    bank_reference: str
    code: str
    """对账标识码."""
    serial: str = ""
    """Our number of the message that carries it."""


class Ruling(StrEnum):
    """What a movement means for our payments."""

    RETURNED = "returned"
    """The number says so: this payment came back."""
    REVERSED = "reversed"
    """A return of this payment was taken back by the bank."""
    SUSPECTED = "suspected"
    """It may be one of these: people look."""
    WAITING = "waiting"
    """It carries the number of a batch with lines that are still under way."""
    UNLINKED = "unlinked"
    """The bank calls it a return, and it is none of ours."""
    NOTHING = "nothing"
    """Ordinary money, or what was never paid comes back (代发 of failed lines)."""


class Judged(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A ruling, about which payments (ids), and why in words for people."""

    ruling: Ruling
    payments: tuple[str, ...] = ()
    why: str = ""


def judge(seen: Seen, payments: Sequence[Payment]) -> Judged:
    """Judge a movement. ``payments`` are all that its numbers, or payee and amount, may mean.

    Of a batch that is named, all lines have to be among them.
    """
    payments = [it for it in payments if it.currency == seen.currency]
    named = [it for it in payments if names(seen, it)]
    if seen.minor < 0:
        return _taken_back(seen, named)
    if not named:
        return _unnamed(seen, payments)
    fitting, surely = _fitting(seen, named)
    if seen.sign is Sign.NONE:
        paid = _ids(it for it in fitting if it.state is State.SETTLED)
        return _suspected(paid, "it carries the payment's number") if paid else _NOTHING
    if len(fitting) == 1 and surely:
        return _certain(seen, fitting[0])
    if not surely and seen.minor == sum(it.minor for it in named if it.state in _UNPAID):
        back = _ids(it for it in fitting if it.state is State.SETTLED)
        return _suspected(back, "or it is what was never paid") if back else _NOTHING
    if any(it.state in FATE_OPEN for it in named):
        return Judged(ruling=Ruling.WAITING)
    return _doubtful(named, fitting)


def names(seen: Seen, payment: Payment) -> bool:
    """Whether a movement carries a number of a payment, the whole of it."""
    spoken = {payment.code, payment.serial}
    if seen.tokens & {*spoken, payment.bank_reference}:
        return True
    if len(payment.bank_reference) >= _TEXT_NUMBER:
        spoken.add(payment.bank_reference)
    return any(_stands_in(it, seen.text) for it in spoken)


def _certain(seen: Seen, payment: Payment) -> Judged:
    """Number and amount leave this payment alone."""
    if payment.state in _UNPAID:  # it was debited, failed, and is back: as the bank said
        return _NOTHING
    if _said_by_the_bank(seen, payment):
        return Judged(ruling=Ruling.RETURNED, payments=(payment.id,))
    if payment.state in FATE_OPEN:
        return Judged(ruling=Ruling.WAITING)
    why = "its payee may have sent it, with the number"
    return _suspected((payment.id,), why) if payment.state is State.SETTLED else _NOTHING


def _said_by_the_bank(seen: Seen, payment: Payment) -> bool:
    """Whether sign or number is the bank's: a payee that pays back writes 退款 and number, too."""
    marked = seen.sign is Sign.STRONG or seen.backward
    return marked or bool(seen.tokens & {payment.code, payment.serial, payment.bank_reference})


def _stands_in(number: str, text: str) -> bool:
    """Whether a number stands in a text by itself: no other letter or digit touches it."""
    if not number or number not in text:
        return False
    alone = rf"(?<![0-9A-Za-z]){re.escape(number)}(?![0-9A-Za-z])"
    return re.search(alone, text, re.ASCII) is not None


def _fitting(seen: Seen, named: Sequence[Payment]) -> tuple[list[Payment], bool]:
    """Those of the whole amount, and whether number or payee leave no other.

    A payment named alone needs no payee: banks book returns against accounts of their own.
    """
    fitting = [it for it in named if it.minor == seen.minor]
    if len(named) == 1:
        return fitting, True
    # 对账标识码 is one document's; a serial or the bank's reference may be a whole batch's.
    coded = [it for it in fitting if it.code in seen.tokens or _stands_in(it.code, seen.text)]
    if len(coded) == 1:
        return coded, True
    same = [it for it in fitting if _same_payee(seen, it)]
    return (same, True) if same else (fitting, False)


def _same_payee(seen: Seen, payment: Payment) -> bool:
    if seen.party_account:
        return seen.party_account == payment.creditor_account
    return bool(seen.party_name) and core(seen.party_name) == core(payment.creditor_name)


def _taken_back(seen: Seen, named: Sequence[Payment]) -> Judged:
    """A debit that takes something back: of which payment, if that is certain enough to ask."""
    fitting, _ = _fitting(seen, [_as_debit(it) for it in named])
    paid = _ids(it for it in fitting if it.state in _PAID)
    return Judged(ruling=Ruling.REVERSED, payments=paid) if paid else _NOTHING


def _as_debit(payment: Payment) -> Payment:
    """The payment as a debit of the statement."""
    return msgspec.structs.replace(payment, minor=-payment.minor)


def _unnamed(seen: Seen, payments: Sequence[Payment]) -> Judged:
    if seen.sign is Sign.NONE:
        return _NOTHING
    day = date.fromisoformat(seen.day)
    alike = [
        it
        for it in payments
        if it.minor == seen.minor
        and it.state in _PAID
        and _same_payee(seen, it)
        and 0 <= (day - date.fromisoformat(it.pay_day)).days <= WINDOW_DAYS
    ]
    settled = _ids(it for it in alike if it.state is State.SETTLED)
    if settled:
        return _suspected(settled, "payee and amount are the same")
    if alike or seen.sign is Sign.WEAK:
        return _NOTHING
    return Judged(ruling=Ruling.UNLINKED, why="it fits no payment of ours")


def _doubtful(named: Sequence[Payment], fitting: Sequence[Payment]) -> Judged:
    """It carries a number of ours, and yet no payment alone fits."""
    if len(named) == 1:
        settled = _ids(it for it in named if it.state is State.SETTLED)
        why = "it carries the payment's number, and the amount is another"
        return _suspected(settled, why) if settled else _unlinked(why)
    settled = _ids(it for it in fitting if it.state is State.SETTLED)
    if settled:
        return _suspected(settled, "it carries the batch's number, and does not say which line")
    return _unlinked("it carries the number of a batch, and fits no line of it")


def _suspected(payments: tuple[str, ...], why: str) -> Judged:
    return Judged(ruling=Ruling.SUSPECTED, payments=payments, why=why)


def _unlinked(why: str) -> Judged:
    return Judged(ruling=Ruling.UNLINKED, why=why)


def _ids(payments: Iterable[Payment]) -> tuple[str, ...]:
    return tuple(it.id for it in payments)


_NOTHING: Final = Judged(ruling=Ruling.NOTHING)
