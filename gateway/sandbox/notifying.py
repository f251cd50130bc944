"""Notices of bookings (动账通知), posted by the bank itself to whoever wants to be told.

Rule kept here: in booking order and at least once; what was not taken is posted again, and so is
what was taken by somebody who could not say so any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol, SupportsInt, TypeVar

from gateway.domain.errors import GatewayError
from gateway.domain.message import Segment, WireMessage
from gateway.domain.money import CNY, Money
from gateway.ports.bank import BankSide
from gateway.ports.bank_confirm import BalanceNotice
from gateway.ports.runtime import Net, Tasks
from gateway.sandbox.ledger import Ledger, instant

T = TypeVar("T")

AT_ONCE: Final = 50
"""Most notices that are read together."""
_TIMEOUT_S: Final = 10
_REST_S: Final = 1
_TAKEN: Final = range(200, 300)
_NEVER_TAKEN: Final = frozenset({400, 404, 422})
"""The target knows no such account, or cannot read it: that does not hold up the others."""
_LAST: Final = "SELECT posting FROM notified WHERE target = ?"
_NOW: Final = "SELECT COALESCE(MAX(id), 0) FROM posting"
_MARK: Final = (
    "INSERT INTO notified (target, posting) VALUES (?, ?)"
    " ON CONFLICT (target) DO UPDATE SET posting = excluded.posting"
)
_NEWER: Final = (
    "SELECT p.id, p.account, a.name, p.amount, p.balance_after, p.day, p.at, p.voucher, p.seq,"
    " p.remittance FROM posting p JOIN account a ON a.number = p.account AND a.kind = 'customer'"
    " WHERE p.id > ? ORDER BY p.id LIMIT ?"
)


class OnLedger(Protocol):
    """Does a job where the ledger may be touched."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Its result, once it is durable."""
        ...


class Notices:
    """What one target has not been told yet; synchronous, over the ledger.

    A target hears of what is booked from its first question on, not of what was before.
    """

    def __init__(self, ledger: Ledger, side: BankSide, target: str) -> None:
        if side.notice is None:
            raise ValueError("this bank sends no notices")
        self._ledger = ledger
        self._encode = side.notice
        self._target = target

    def begin(self) -> None:
        """Hear of everything from now on, unless it was begun before."""
        with self._ledger.transaction():
            if self._ledger.db.execute(_LAST, (self._target,)).fetchone() is None:
                (last,) = self._ledger.db.execute(_NOW).fetchone()
                self._ledger.db.execute(_MARK, (self._target, last))

    def waiting(self) -> list[tuple[int, WireMessage]]:
        """The next notices in booking order, each with the number of its posting."""
        row = self._ledger.db.execute(_LAST, (self._target,)).fetchone()
        last = row[0] if row is not None else 0
        found = self._ledger.db.execute(_NEWER, (last, AT_ONCE)).fetchall()
        return [(it[0], self._message(it)) for it in found]

    def told(self, posting: int) -> None:
        """The target took everything up to this posting."""
        with self._ledger.transaction():
            self._ledger.db.execute(_MARK, (self._target, posting))

    def _message(self, row: Sequence[SupportsInt]) -> WireMessage:
        _, account, name, amount, after, day, at, voucher, seq, remittance = row
        told = self._encode(
            BalanceNotice(
                account=str(account),
                account_name=str(name),
                amount=Money(int(amount), CNY),
                at=instant(int(at)),
                available=Money(int(after), CNY),
                memo=str(remittance),
                # The key of the same line in the statement.
                key=f"{str(day).replace('-', '')}{int(voucher):011d}{int(seq):06d}",
            )
        )
        return WireMessage((Segment(told.body),), told.content_type)


class Notifier:
    """Posts them; ``run`` never ends. ``ledger`` does a job where the ledger may be touched."""

    def __init__(
        self, notices: Notices, url: str, net: Net, tasks: Tasks, ledger: OnLedger
    ) -> None:
        self._notices = notices
        self._url = url
        self._net = net
        self._tasks = tasks
        self._on_ledger = ledger

    async def run(self) -> None:
        """Post whatever is booked, for ever."""
        await self._on_ledger(self._notices.begin)
        while True:
            if not await self.push():
                await self._tasks.sleep(_REST_S)

    async def push(self) -> int:
        """Post what waits, in order, up to the first that was not taken; how many were."""
        count = 0
        for posting, message in await self._on_ledger(self._notices.waiting):
            try:
                reply = await self._net.exchange(self._url, message, _TIMEOUT_S)
            except GatewayError:
                break
            if reply.status not in _TAKEN and reply.status not in _NEVER_TAKEN:
                break
            await self._on_ledger(partial(self._notices.told, posting))
            count += 1
        return count
