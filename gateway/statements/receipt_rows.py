"""The rows of days whose receipts are ordered, and of the papers that came.

Rule kept here: whoever goes on with a day has put it off before, by its due instant as it was
seen; so of many processes one goes on, and one that was too slow changes nothing any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, and_, select, update

from gateway.domain.money import Money, currency
from gateway.domain.receipt_order import DayOrder
from gateway.domain.statement import Entry, EntryStatus
from gateway.statements.belonging import names
from gateway.statements.line_rows import IMPORTED
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.uow import Uow

if TYPE_CHECKING:
    from gateway.statements.receipt_packets import Paper

_d, _f = tables.receipt_day, tables.receipt_file
_l, _i = tables.statement_line, tables.statement_import
_HEAD: Final = (_f.c.id, _f.c.day, _f.c.bank_key, _f.c.name, _f.c.digest, _f.c.size, _f.c.kept_us)


_DAY: Final = timedelta(days=1)
_BOOKED_WITHIN: Final = timedelta(days=31)
"""How long after its day a payment's line is looked for."""


class Line(NamedTuple):
    """A booked line that is kept: our key of it, the bank's own ('' where it has none), itself."""

    key: str
    bank_key: str
    entry: Entry


class Kept(NamedTuple):
    """A paper as it is listed; ``digest`` is the SHA-256 (hex) of its bytes."""

    id: str
    bank_key: str
    name: str
    digest: str
    size: int
    kept_us: int


def wake(uow: Uow, tenant: str, order: DayOrder, now: datetime) -> bool:
    """Go on with a day of which all was done; False when somebody else just did."""
    row = _row(tenant, replace(order, due=now), now)
    changed = {name: row[name] for name in _CHANGES}
    asleep = and_(*_of(tenant, order), _d.c.due_us.is_(None))
    return uow.change(update(_d).where(asleep).values(**changed)) == 1


class Made(NamedTuple):
    """Papers about to be kept: the file they were in, fresh ids for them all, the instant."""

    file_id: str
    ids: Sequence[str]
    now: datetime


def orders_of(
    db: Connection, tenant: str, account: str, days: tuple[date, date]
) -> dict[date, DayOrder]:
    """What is known of the days of an account."""
    rows = db.execute(
        select(_d.c.content).where(
            _d.c.tenant == tenant,
            _d.c.account == account,
            _d.c.day >= days[0].isoformat(),
            _d.c.day <= days[1].isoformat(),
        )
    )
    found = (_read(row.content) for row in rows)
    return {it.day: it for it in found}


def due_of(db: Connection, tenant: str, account: str, now: datetime) -> list[DayOrder]:
    """The days of an account that something is to be done about, the longest waiting first."""
    rows = db.execute(
        select(_d.c.content)
        .where(_d.c.tenant == tenant, _d.c.account == account, _d.c.due_us <= to_us(now))
        .order_by(_d.c.due_us, _d.c.day)
    )
    return [_read(row.content) for row in rows]


def plan(uow: Uow, tenant: str, order: DayOrder, now: datetime) -> bool:
    """Remember a day that is to be ordered; False when somebody else just did."""
    uow.guard(f"receipts:{tenant}:{order.account}")
    if uow.rows(select(_d.c.day).where(*_of(tenant, order))):
        return False
    uow.add(_d, _row(tenant, order, now))
    return True


def take(uow: Uow, tenant: str, seen: DayOrder, then: DayOrder, now: datetime) -> bool:
    """Put ``then`` in place of what was ``seen``; False when somebody else has gone on with it."""
    assert seen.due is not None
    row = _row(tenant, then, now)
    changed = {name: row[name] for name in _CHANGES}
    still = and_(*_of(tenant, seen), _d.c.due_us == to_us(seen.due))
    return uow.change(update(_d).where(still).values(**changed)) == 1


def keep(uow: Uow, tenant: str, order: DayOrder, papers: Sequence[Paper], made: Made) -> list[str]:
    """Keep papers that came, each once; the digests of those that are new."""
    uow.guard(f"receipts:{tenant}:{order.account}")
    where = (_f.c.tenant == tenant, _f.c.account == order.account)
    rows = uow.rows(
        select(_f.c.bank_key, _f.c.digest).where(*where, _f.c.day == order.day.isoformat())
    )
    known = {(row.bank_key, row.digest) for row in rows}
    new: dict[tuple[str, str], dict[str, object]] = {}
    for number, paper in enumerate(papers):
        digest = hashlib.sha256(paper.content).hexdigest()
        if (paper.key, digest) in known:
            continue
        new[paper.key, digest] = {
            "tenant": tenant,
            "id": made.ids[number],
            "account": order.account,
            "day": order.day.isoformat(),
            "bank_key": paper.key,
            "name": paper.name,
            "digest": digest,
            "size": len(paper.content),
            "content": paper.content,
            "reference": order.reference,
            "file_id": made.file_id,
            "kept_us": to_us(made.now),
        }
    uow.add(_f, *new.values())
    return [digest for _, digest in new]


def lines_of(db: Connection, tenant: str, account: str, day: date) -> list[Line]:
    """The booked lines of a day, in the bank's order."""
    rows = db.execute(
        select(_l)
        .join(_i, and_(_i.c.tenant == _l.c.tenant, _i.c.id == _l.c.import_id))
        .where(
            _l.c.tenant == tenant,
            _l.c.account == account,
            _l.c.day == day.isoformat(),
            _l.c.status == EntryStatus.BOOKED.value,
            _i.c.state == IMPORTED,
        )
        .order_by(_l.c.place, _l.c.key)
    )
    return [Line(row.key, row.bank_key, _entry(row)) for row in rows]


def _entry(row: Any) -> Entry:  # noqa: ANN401 - a row
    return Entry(
        amount=Money(row.amount_minor, currency(row.currency)),
        booking_date=date.fromisoformat(row.day),
        bank_key=row.bank_key,
        reference=row.reference,
        counterparty_name=row.counterparty_name,
        counterparty_account=row.counterparty_account,
        remittance=row.remittance,
    )


def papers_of(db: Connection, tenant: str, account: str, day: date) -> list[Kept]:
    """The papers of a day, by the key of their line."""
    rows = db.execute(
        select(*_HEAD)
        .where(_f.c.tenant == tenant, _f.c.account == account, _f.c.day == day.isoformat())
        .order_by(_f.c.bank_key, _f.c.kept_us, _f.c.id)
    )
    return [Kept(row.id, row.bank_key, row.name, row.digest, row.size, row.kept_us) for row in rows]


def paper(db: Connection, tenant: str, paper_id: str) -> Any | None:  # noqa: ANN401 - a row
    """One paper with its bytes."""
    return db.execute(select(_f).where(_f.c.tenant == tenant, _f.c.id == paper_id)).first()


def paper_of_payment(db: Connection, tenant: str, payment: Any) -> Any | None:  # noqa: ANN401
    """The bank's paper of the line that a payment (its row) is proven to be; None without one.

    Of several papers of the line, the newest.
    """
    first = date.fromisoformat(payment.pay_day)
    candidates = db.execute(
        select(_l.c.day, _l.c.bank_key, _l.c.reference, _l.c.remittance)
        .join(_i, and_(_i.c.tenant == _l.c.tenant, _i.c.id == _l.c.import_id))
        .where(
            _l.c.tenant == tenant,
            _l.c.account == payment.debtor_account,
            _l.c.day >= (first - _DAY).isoformat(),
            _l.c.day <= (first + _BOOKED_WITHIN).isoformat(),
            _l.c.amount_minor == -payment.amount_minor,
            _l.c.currency == payment.currency,
            _l.c.counterparty_account == payment.creditor_account,
            _l.c.status == EntryStatus.BOOKED.value,
            _i.c.state == IMPORTED,
        )
    ).all()
    lines = [it for it in candidates if names(it.reference, it.remittance, payment)]
    if len(lines) != 1 or not lines[0].bank_key:
        return None
    return db.execute(
        select(_f)
        .where(
            _f.c.tenant == tenant,
            _f.c.account == payment.debtor_account,
            _f.c.day == lines[0].day,
            _f.c.bank_key == lines[0].bank_key,
        )
        .order_by(_f.c.kept_us.desc(), _f.c.id.desc())
        .limit(1)
    ).first()


def record(
    tenant: str, order: DayOrder, kind: str, now: datetime, content: dict[str, object]
) -> Record:
    """What the journal is told of a day's receipts: never an account number."""
    told = {"day": order.day.isoformat(), "orders": order.orders} | content
    return Record(tenant=tenant, kind=kind, subject=order.reference, at_us=to_us(now), content=told)


_CHANGES: Final = ("state", "reference", "due_us", "changed_us", "verdict", "content")


def _of(tenant: str, order: DayOrder) -> tuple[Any, ...]:
    return (
        _d.c.tenant == tenant,
        _d.c.account == order.account,
        _d.c.day == order.day.isoformat(),
    )


def _row(tenant: str, order: DayOrder, now: datetime) -> dict[str, object]:
    return {
        "tenant": tenant,
        "account": order.account,
        "day": order.day.isoformat(),
        "state": order.state.value,
        "reference": order.reference,
        "due_us": to_us(order.due) if order.due is not None else None,
        "changed_us": to_us(now),
        "verdict": order.verdict,
        "content": msgspec.json.encode(order).decode(),
    }


def _read(content: str) -> DayOrder:
    return msgspec.json.decode(content, type=DayOrder)
