"""What is asked of the store about returns: lines of an import, payments that they may mean.

Rule kept here: payments are looked up by the keys that there are (payee and amount, our serial);
only for what the bank itself marks as a return the payments of the account are gone through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Connection,
    String,
    Text,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
)

from gateway.domain.instruction import State
from gateway.domain.statement import EntryStatus
from gateway.ports.tenancy import Connection as Way
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.statements.return_judging import Payment
from gateway.store import tables
from gateway.store.elements import elements, number_at, text_at
from gateway.store.prepared import Prepared, among, prepare
from gateway.store.uow import Uow

LANE: Final = "returns"
PAGE: Final = 2_000
"""Lines that are read at once."""
BACK: Final = timedelta(days=60)
"""How old a payment may be that is found by going through all of the account."""
_l, _i, _m, _n = (
    tables.statement_line,
    tables.instruction,
    tables.message,
    tables.message_line,
)
_TENANT: Final = bindparam("of_tenant", type_=String())
_LINES: Final = (
    select(_l)
    .where(
        _l.c.tenant == _TENANT,
        _l.c.import_id == bindparam("of_import", type_=String()),
        _l.c.status == EntryStatus.BOOKED.value,
        or_(
            _l.c.amount_minor > 0,
            _l.c.reversal != 0,
            _l.c.remittance.contains("冲"),
            func.lower(_l.c.remittance).contains("revers"),
        ),
    )
    .order_by(_l.c.account, _l.c.day, _l.c.place, _l.c.key)
    # One query, however long: page by page with an offset, each would sort all of the import.
    .execution_options(yield_per=PAGE)
)
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_FACTS: Final = (
    *(_i.c.id, _i.c.state, _i.c.amount_minor, _i.c.currency, _i.c.creditor_account),
    *(_i.c.creditor_name, _i.c.pay_day, _i.c.bank_reference, _i.c.reconciliation_code),
    func.coalesce(_m.c.serial, "").label("serial"),
)
_ON_MESSAGE: Final = (_m.c.tenant == _i.c.tenant) & (_m.c.id == _i.c.message)
_DEBTOR: Final = _i.c.debtor_account == bindparam("of_debtor")
_BY_PAYEE: Final = prepare(
    select(*_FACTS)
    # Outer joins, and what they add left out again: so each payee and amount is looked up by key.
    .select_from(
        _wanted.outerjoin(
            _i,
            and_(
                _i.c.tenant == _TENANT,
                _i.c.creditor_account == text_at(_wanted, 0),
                _i.c.amount_minor == number_at(_wanted, 1),
            ),
        ).outerjoin(_m, _ON_MESSAGE)
    )
    .where(func.coalesce(_i.c.id, "") != "", _DEBTOR)
)
_BY_SERIAL: Final = prepare(
    select(*_FACTS)
    .select_from(
        _m.join(_n, (_n.c.tenant == _m.c.tenant) & (_n.c.message == _m.c.id)).join(
            _i, (_i.c.tenant == _n.c.tenant) & (_i.c.id == _n.c.instruction)
        )
    )
    .where(
        _m.c.bank == bindparam("of_bank"),
        _m.c.customer == bindparam("of_customer"),
        among(_m.c.serial, "of_serials"),
        _m.c.tenant == _TENANT,
        _DEBTOR,
        _i.c.message == _m.c.id,
    )
)
_AMOUNTS: Final = select(cast(_wanted.c.value, BigInteger)).select_from(_wanted)
_BY_ALL: Final = prepare(
    select(*_FACTS)
    .select_from(_i.outerjoin(_m, _ON_MESSAGE))
    .where(
        _i.c.tenant == _TENANT,
        _DEBTOR,
        _i.c.pay_day >= bindparam("since"),
        or_(
            among(_i.c.bank_reference, "of_numbers"),
            among(_i.c.reconciliation_code, "of_numbers"),
            _i.c.amount_minor.in_(_AMOUNTS),
        ),
    )
)
_LOCKED: Final = prepare(
    select(_i)
    .where(_i.c.tenant == _TENANT, among(_i.c.id, "of_ids"))
    .order_by(_i.c.id)
    .with_for_update()
)
Found = dict[str, Payment]
"""Payments by their id."""


def look_for_returns(uow: Uow, tenant: str, import_id: str, due_us: int, tries: int = 0) -> None:
    """Have the lines of an import looked through for returns, in the commit that shows them."""
    plan = Work(
        tenant=tenant,
        kind=WorkKind.RETURNS,
        subject=import_id,
        lane=LANE,
        due_us=due_us,
        tries=tries,
    )
    work.put(uow, plan)


def lines_of(db: Connection, tenant: str, import_id: str) -> Iterator[Sequence[Any]]:
    """The lines of an import that may be returns, account by account, some at a time."""
    with db.execute(_LINES, {"of_tenant": tenant, "of_import": import_id}) as found:
        yield from found.partitions()


class Payments:
    """Looks up the payments of one account; ``way`` is the connection that its money goes by."""

    def __init__(self, db: Connection, tenant: str, account: str, way: Way | None) -> None:
        self._db = db
        self._of: dict[str, object] = {"of_tenant": tenant, "of_debtor": account}
        self._way = way

    def by_payee(self, pairs: Collection[tuple[str, int]]) -> Found:
        """Of these payees and amounts in minor units."""
        wanted = msgspec.json.encode(sorted(pairs)).decode()
        return self._found(_BY_PAYEE, {"wanted": wanted}) if pairs else {}

    def by_serial(self, numbers: Iterable[str]) -> Found:
        """Carried by messages of these serials: of a batch all of its lines."""
        serials, way = sorted(set(numbers)), self._way
        if not serials or way is None:
            return {}
        values = {"of_bank": way.bank, "of_customer": way.customer, "of_serials": serials}
        return self._found(_BY_SERIAL, values)

    def by_all(self, numbers: Iterable[str], amounts: Collection[int], last: date) -> Found:
        """All of the account up to ``BACK`` before a day, with these numbers or amounts.

        The bank's reference may be a whole batch's: then all of its lines are among them.
        """
        values = {
            "of_numbers": sorted(set(numbers) - {""}),
            "wanted": msgspec.json.encode(sorted(amounts)).decode(),
            "since": (last - BACK).isoformat(),
        }
        return self._found(_BY_ALL, values)

    def _found(self, statement: Prepared, values: Mapping[str, object]) -> Found:
        rows = statement.rows(self._db, {**self._of, **values})
        return {row.id: _payment(row) for row in rows}


def locked(uow: Uow, tenant: str, ids: Collection[str]) -> Sequence[Any]:
    """Whole rows of instructions, to be changed in this unit of work."""
    return uow.rows(_LOCKED, {"of_tenant": tenant, "of_ids": sorted(ids)}) if ids else []


def _payment(row: Any) -> Payment:  # noqa: ANN401 - a row
    return Payment(
        id=row.id,
        state=State(row.state),
        minor=row.amount_minor,
        currency=row.currency,
        creditor_account=row.creditor_account,
        creditor_name=row.creditor_name,
        pay_day=row.pay_day,
        bank_reference=row.bank_reference,
        code=row.reconciliation_code,
        serial=row.serial,
    )
