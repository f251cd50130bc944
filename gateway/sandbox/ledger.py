"""The sandbox bank's books: ONE double-entry ledger in SQLite that survives SIGKILL.

Rule kept here: money only moves by a balanced voucher, and every change happens inside an
explicit transaction. Amounts are fen, signed from the account holder's view (debit
negative); the bank's own accounts may be negative, and all balances sum to zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Final

from gateway.domain.errors import Corrupt
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Entry
from gateway.sandbox.invariants import faults
from gateway.sandbox.schema import connect

BANK_TIME: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
OPENING, CLEARING, SUPER_CLEARING = "BANK-OPENING", "BANK-CLEARING", "BANK-SUPER"
PAYROLL_TRANSIT: Final = "BANK-PAYROLL"
_BANK_ACCOUNTS: Final = {
    OPENING: "期初余额对方科目",
    CLEARING: "跨行清算",
    SUPER_CLEARING: "超级网银清算",
    PAYROLL_TRANSIT: "代发工资过渡",
}
_LINE: Final = (
    "SELECT voucher, seq, amount, balance_after, day, at, counterparty_name,"
    " counterparty_account, counterparty_bank, remittance, reference FROM posting"
    " WHERE account = ? AND day BETWEEN ? AND ?"
)
_SIDES: Final = {"both": "", "debit": " AND amount < 0", "credit": " AND amount > 0"}
_RETURNS: Final = (
    " AND amount > 0 AND EXISTS"
    " (SELECT 1 FROM voucher v WHERE v.id = posting.voucher AND v.kind = 'return')"
)
_VOUCHER: Final = (
    "INSERT INTO voucher (id, kind, payment, day, at, batch, line) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_POSTING: Final = (
    "INSERT INTO posting (voucher, seq, account, amount, balance_after, day, at,"
    " counterparty_name, counterparty_account, counterparty_bank, remittance, reference)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_KEPT: Final = (
    "SELECT number, name, customer, city, kind, status, business, limit_once, limit_day,"
    " review_above, balance, held FROM account WHERE number"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account as the bank keeps it. Limits are fen, 0 = none; ``held`` is reserved money."""

    number: str
    name: str
    customer: str = ""
    city: str = ""
    kind: str = "customer"
    status: str = "active"
    business: str = "query,pay"
    limit_once: int = 0
    limit_day: int = 0
    review_above: int = 0
    balance: int = 0
    held: int = 0

    @property
    def available(self) -> int:
        """What may be spent, in fen."""
        return self.balance - self.held


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRow:
    """Who may sign on. ``secret`` is a digest, never the password.

    ``enable_sign``: the customer's front-end signs, so payments need no further approval.
    """

    customer: str
    user: str
    secret: str
    failures: int
    locked: bool
    enable_sign: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One side of a voucher: an amount in fen on an account, and whom the holder sees opposite."""

    account: str
    amount: int
    counterparty_name: str = ""
    counterparty_account: str = ""
    counterparty_bank: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A voucher to be posted. ``kind`` occurs at most once per payment, or line of a batch.

    ``line`` 0 is a batch as a whole.
    """

    kind: str
    at: int
    legs: tuple[Leg, ...]
    payment: int | None = None
    batch: int | None = None
    line: int = 0
    remittance: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuery:
    """Which lines of a statement: booking days, ``debit``/``credit``/``both``, page from 1.

    ``returns``: only payments that came back (退汇).
    """

    account: str
    start: date
    end: date
    direction: str = "both"
    page: int = 1
    size: int = 100
    returns: bool = False


def seconds(at: datetime) -> int:
    """An instant as whole seconds since 1970 (the bank keeps no fractions)."""
    return int(at.timestamp())


def instant(at: int) -> datetime:
    """The inverse of ``seconds``, in bank time."""
    return datetime.fromtimestamp(at, BANK_TIME)


class Ledger:
    """The books. Not for two callers at once; ``durable`` waits for the disk at each commit.

    ``cut`` is the accounting-day cut: what is booked at or after it belongs to the next day.
    """

    def __init__(self, path: str | Path, *, durable: bool = True, cut: time | None = None) -> None:
        self.db = connect(path, durable=durable)
        self._cut = cut
        self._last_day: date | None = None
        self.quiet_until = 0
        """Nothing on the agenda is due before this instant (seconds)."""
        with self.transaction():
            for number, name in _BANK_ACCOUNTS.items():
                self.open_account(AccountRow(number=number, name=name, kind="internal"))

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    # ── transactions ─────────────────────────────────────────────────────────────────────

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Inside ``group`` it is a savepoint: durable when the group is."""
        begin, done, undo = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        if self.db.in_transaction:
            begin, done, undo = ("SAVEPOINT step", "RELEASE step", "ROLLBACK TO step; RELEASE step")
        self.db.execute(begin)
        try:
            yield
        except BaseException:
            self._last_day = None
            for statement in undo.split("; "):
                self.db.execute(statement)
            raise
        self.db.execute(done)

    @contextmanager
    def group(self) -> Iterator[None]:
        """Many transactions, one wait for the disk. Nothing may be answered before it ends."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._last_day = None
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    # ── who and what ─────────────────────────────────────────────────────────────────────

    def open_account(self, *rows: AccountRow) -> None:
        """Open accounts with nothing on them; an existing number is left as it is."""
        self.db.executemany(
            "INSERT OR IGNORE INTO account (number, name, customer, city, kind, status, business,"
            " limit_once, limit_day, review_above) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(row.number, row.name, row.customer, row.city, row.kind, row.status),
                    *(row.business, row.limit_once, row.limit_day, row.review_above),
                )
                for row in rows
            ],
        )

    def account(self, number: str) -> AccountRow | None:
        """The account of that number, if the bank keeps it."""
        found = self.db.execute(_KEPT + " = ?", (number,)).fetchone()
        return None if found is None else _account(found)

    def accounts(self, numbers: Iterable[str]) -> dict[str, AccountRow]:
        """Those of the accounts that the bank keeps, by number."""
        found = self.db.execute(
            _KEPT + " IN (SELECT value FROM json_each(?))",  # noqa: S608 - constants
            (json.dumps(tuple(numbers)),),
        )
        return {row[0]: _account(row) for row in found}

    def operator(self, customer: str, user: str) -> OperatorRow | None:
        """The operator, if known."""
        found = self.db.execute(
            "SELECT o.secret, o.failures, o.locked, c.enable_sign FROM operator o"
            " JOIN customer c ON c.id = o.customer WHERE o.customer = ? AND o.user = ?",
            (customer, user),
        ).fetchone()
        if found is None:
            return None
        return OperatorRow(
            customer=customer,
            user=user,
            secret=found[0],
            failures=found[1],
            locked=bool(found[2]),
            enable_sign=bool(found[3]),
        )

    def count_failures(self, operator: OperatorRow, failures: int, *, locked: bool) -> None:
        """Store how many wrong passwords came in a row, and whether that locked the operator."""
        self.db.execute(
            "UPDATE operator SET failures = ?, locked = ? WHERE customer = ? AND user = ?",
            (failures, int(locked), operator.customer, operator.user),
        )

    def permitted(self, customer: str, user: str, account: str, business: str) -> bool:
        """Whether the operator holds the right ``business`` on the account."""
        found = self.db.execute(
            "SELECT 1 FROM operator_right WHERE customer = ? AND user = ? AND account = ?"
            " AND business = ?",
            (customer, user, account, business),
        ).fetchone()
        return found is not None

    # ── money ────────────────────────────────────────────────────────────────────────────

    def hold(self, number: str, amount: int) -> None:
        """Reserve (or, negative, free) fen without booking them."""
        self.db.execute("UPDATE account SET held = held + ? WHERE number = ?", (amount, number))

    def accounting_day(self, at: int) -> date:
        """The day a booking of this instant belongs to; never before the last booked day."""
        moment = instant(at)
        day = moment.date()
        if self._cut is not None and moment.time() >= self._cut:
            day += timedelta(days=1)
        if self._last_day is None:
            last = self.db.execute("SELECT day FROM voucher ORDER BY id DESC LIMIT 1").fetchone()
            self._last_day = date.min if last is None else date.fromisoformat(last[0])
        return max(day, self._last_day)

    def book(self, *bookings: Booking) -> None:
        """Post vouchers in this order, each after the ones before it.

        Raises Corrupt if one does not balance or an account is missing; the caller's
        transaction then takes everything back.
        """
        vouchers: list[tuple[str | int | None, ...]] = []
        postings: list[tuple[str | int, ...]] = []
        balances = self._balances({leg.account for it in bookings for leg in it.legs})
        (last,) = self.db.execute("SELECT COALESCE(MAX(id), 0) FROM voucher").fetchone()
        at, day = None, ""
        for number, it in enumerate(bookings, last + 1):
            if not it.legs or sum([leg.amount for leg in it.legs]) != 0:
                raise Corrupt(f"voucher {it.kind} does not balance")
            if it.at != at:
                at, self._last_day = it.at, self.accounting_day(it.at)
                day = self._last_day.isoformat()
            vouchers.append((number, it.kind, it.payment, day, it.at, it.batch, it.line))
            for seq, leg in enumerate(it.legs, 1):
                if leg.account not in balances:
                    raise Corrupt(f"voucher {it.kind} names an account the bank does not keep")
                balances[leg.account] = after = balances[leg.account] + leg.amount
                postings.append(
                    (
                        *(number, seq, leg.account, leg.amount, after, day, it.at),
                        *(leg.counterparty_name, leg.counterparty_account, leg.counterparty_bank),
                        *(it.remittance, it.reference),
                    )
                )
        self.db.executemany(_VOUCHER, vouchers)
        self.db.executemany(_POSTING, postings)
        self.db.executemany(
            "UPDATE account SET balance = ? WHERE number = ?",
            [(balance, account) for account, balance in balances.items()],
        )

    def _balances(self, numbers: Iterable[str]) -> dict[str, int]:
        """What stands on those of the accounts that the bank keeps."""
        return dict(
            self.db.execute(
                "SELECT number, balance FROM account WHERE number IN"
                " (SELECT value FROM json_each(?))",
                (json.dumps(tuple(numbers)),),
            )
        )

    def lines(self, query: LineQuery) -> tuple[tuple[Entry, ...], bool]:
        """One page of statement lines in booking order, and whether more follow."""
        narrowed = _SIDES[query.direction] + (_RETURNS if query.returns else "")
        found = self.db.execute(
            f"{_LINE}{narrowed} ORDER BY id LIMIT ? OFFSET ?",
            (
                *(query.account, query.start.isoformat(), query.end.isoformat()),
                *(query.size + 1, (query.page - 1) * query.size),
            ),
        ).fetchall()
        return tuple(_entry(row) for row in found[: query.size]), len(found) > query.size

    def check(self) -> list[str]:
        """Every broken invariant in words; empty when the books are right."""
        return faults(self.db)


_Stored = tuple[str, str, str, str, str, str, str, int, int, int, int, int]


def _account(row: _Stored) -> AccountRow:
    return AccountRow(
        number=row[0],
        name=row[1],
        customer=row[2],
        city=row[3],
        kind=row[4],
        status=row[5],
        business=row[6],
        limit_once=row[7],
        limit_day=row[8],
        review_above=row[9],
        balance=row[10],
        held=row[11],
    )


def _entry(row: tuple[int, int, int, int, str, int, str, str, str, str, str]) -> Entry:
    voucher, seq, amount, balance, day, at, name, account, bank, remittance, reference = row
    booked_on = date.fromisoformat(day)
    return Entry(
        amount=Money(amount, CNY),
        booking_date=booked_on,
        value_date=booked_on,
        booked_at=instant(at),
        bank_key=f"{booked_on:%Y%m%d}{voucher:011d}{seq:06d}",
        reference=reference,
        balance_after=Money(balance, CNY),
        counterparty_name=name,
        counterparty_account=account,
        counterparty_bank=bank,
        remittance=remittance,
    )
