"""What is matched: kept lines of the bank, items of the ledger, with what is claimed of each.

Rule kept here: only booked lines of imports that are done count; a line of the bank is named by
its day and key, an item by its id, an opening item of the bank's side by ``opening:`` and its id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    Text,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from gateway.domain.balance_sheet import Side
from gateway.domain.statement import EntryStatus
from gateway.store import tables
from gateway.store.prepared import Prepared, among, prepare
from gateway.store.uow import Uow

Ask = Callable[[Prepared, Mapping[str, object]], Sequence[Any]]
"""Runs a query: of a reader's connection or of a unit of work."""
OPENING: Final = "opening:"
_IMPORTED: Final = "imported"
_FEES: Final = frozenset({"CHRG", "FEES", "COMM", "NCHG", "FCHG", "CHG", "NCOM", "COM", "FEE"})
_l, _i, _t = tables.statement_line, tables.statement_import, tables.ledger_item
_p, _m = tables.reconciliation_part, tables.reconciliation_match
_OF_TENANT: Final = bindparam("of_tenant", type_=String())
_OF_ACCOUNT: Final = bindparam("of_account", type_=String())
WRITE_OFF: Final = "write_off"
_ESCAPE: Final = "!"
_FIRST, _LAST, _MOST = "0000-01-01", "9999-12-31", (1 << 63) - 1


class Thing(msgspec.Struct, frozen=True, gc=False):
    """A line or an item. ``amount`` and ``claimed`` are signed minor units; days are ISO texts.

    ``backward``: a reversal by the bank, or a red-letter item. ``at_us`` is when it came.
    """

    ref: str
    day: str
    own_day: str
    amount: int
    currency: str
    name: str
    account: str
    remittance: str
    reference: str
    own_reference: str
    end_to_end_id: str
    code: str
    return_reason: str
    backward: int
    parts: str
    at_us: int
    claimed: int

    @property
    def left(self) -> int:
        """What nothing has claimed of it."""
        return self.amount - self.claimed

    @property
    def is_fee(self) -> bool:
        """Whether the bank's code says that the booking is its fee."""
        return not _FEES.isdisjoint(self.code.upper().replace("+", "/").split("/"))


class Sought(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What open things are searched for: '' and None leave it out.

    ``text`` stands in names, references or remittance; ``minor`` is what is left, of either sign;
    ``first`` and ``last`` are ISO days.
    """

    text: str = ""
    minor: int | None = None
    first: str = ""
    last: str = ""


def asking(db: Connection) -> Ask:
    """Ask a reader's connection."""
    return lambda statement, values: statement.rows(db, values)


def asking_within(uow: Uow) -> Ask:
    """Ask inside a unit of work."""
    return uow.rows


def _line_ref() -> ColumnElement[str]:
    return _l.c.day + literal("/", String()) + _l.c.key


def _lines() -> Select[Any]:
    done = (
        select(_i.c.id)
        .where(_i.c.tenant == _l.c.tenant, _i.c.id == _l.c.import_id, _i.c.state == _IMPORTED)
        .exists()
    )
    return select(
        _line_ref().label("ref"),
        _l.c.day,
        _l.c.day.label("own_day"),
        _l.c.amount_minor.label("amount"),
        _l.c.currency,
        _l.c.counterparty_name.label("name"),
        _l.c.counterparty_account.label("account"),
        _l.c.remittance,
        _l.c.reference,
        _l.c.entry_reference.label("own_reference"),
        _l.c.end_to_end_id,
        _l.c.code,
        _l.c.return_reason,
        _l.c.reversal.label("backward"),
        _l.c.parts,
        _l.c.first_seen_us.label("at_us"),
    ).where(
        _l.c.tenant == _OF_TENANT,
        _l.c.account == _OF_ACCOUNT,
        _l.c.status == EntryStatus.BOOKED.value,
        done,
    )


def _items(side: Side) -> Select[Any]:
    bank = side is Side.BANK
    nothing = literal("", Text())
    own = _t.c.erp_reference
    return select(
        (literal(OPENING, String()) + _t.c.item_id if bank else _t.c.item_id).label("ref"),
        _t.c.counted_day.label("day"),
        _t.c.day.label("own_day"),
        _t.c.amount_minor.label("amount"),
        _t.c.currency,
        _t.c.counterparty_name.label("name"),
        _t.c.counterparty_account.label("account"),
        _t.c.remittance,
        nothing.label("reference"),
        own.label("own_reference"),
        nothing.label("end_to_end_id"),
        nothing.label("code"),
        nothing.label("return_reason"),
        _t.c.red_letter.label("backward"),
        nothing.label("parts"),
        _t.c.at_us,
    ).where(_t.c.tenant == _OF_TENANT, _t.c.account == _OF_ACCOUNT, _t.c.side == side.value)


def _claimed(side: Side, rows: Any, *, settled: bool) -> ColumnElement[int]:  # noqa: ANN401 - a subquery
    """What is claimed of a row; ``settled`` only by matches whose last part has its day.

    Looked up by the key of the claims, row by row: joined, SQLite would compare each with each.
    """
    found = select(func.sum(_p.c.amount_minor)).where(
        _p.c.tenant == _OF_TENANT,
        _p.c.account == _OF_ACCOUNT,
        _p.c.side == side.value,
        _p.c.ref == rows.c.ref,
    )
    if settled:
        found = found.where(
            select(_m.c.id)
            .where(
                _m.c.tenant == _p.c.tenant,
                _m.c.id == _p.c.match,
                _m.c.last_day <= bindparam("of_last", type_=String()),
                _m.c.kind != WRITE_OFF,
            )
            .exists()
        )
    return func.coalesce(found.correlate(rows).scalar_subquery(), 0)


def _with_claims(side: Side, *, settled: bool) -> Any:  # noqa: ANN401 - a subquery
    things = union_all(_lines(), _items(Side.BANK)) if side is Side.BANK else _items(Side.BOOK)
    rows = things.subquery("things")
    claimed = _claimed(side, rows, settled=settled).label("claimed")
    return select(*rows.c, claimed).subquery("claimed_things")


def _open(side: Side, *, settled: bool) -> Prepared:
    rows = _with_claims(side, settled=settled)
    return prepare(
        select(*rows.c)
        .where(rows.c.day <= bindparam("of_last", type_=String()), rows.c.amount != rows.c.claimed)
        .order_by(rows.c.day, rows.c.ref)
        .limit(bindparam("at_most", type_=Integer()))
        .offset(bindparam("from_place", type_=Integer()))
    )


def _open_sums(side: Side) -> Prepared:
    rows = _with_claims(side, settled=False)
    left = rows.c.amount - rows.c.claimed
    # A red letter of the books stands in the class of what it takes back: OpenLine.kind.
    booked = case((rows.c.backward != 0, -left), else_=left) if side is Side.BOOK else left
    return prepare(
        select(
            rows.c.day,
            func.sum(case((left > 0, 1), else_=0)).label("ins"),
            func.sum(case((left > 0, left), else_=0)).label("received"),
            func.sum(case((left < 0, 1), else_=0)).label("outs"),
            func.sum(case((left < 0, -left), else_=0)).label("paid"),
            func.sum(case((booked > 0, 1), else_=0)).label("class_ins"),
            func.sum(case((booked > 0, left), else_=0)).label("class_received"),
            func.sum(case((booked < 0, 1), else_=0)).label("class_outs"),
            func.sum(case((booked < 0, -left), else_=0)).label("class_paid"),
        )
        .where(left != 0)
        .group_by(rows.c.day)
        .order_by(rows.c.day)
    )


def _found(side: Side) -> Prepared:
    rows = _with_claims(side, settled=False)
    left = rows.c.amount - rows.c.claimed
    wanted = bindparam("of_text", type_=Text())
    texts = ("name", "reference", "own_reference", "end_to_end_id", "remittance")
    return prepare(
        select(*rows.c)
        .where(
            rows.c.amount != rows.c.claimed,
            rows.c.own_day >= bindparam("of_first", type_=String()),
            rows.c.own_day <= bindparam("of_last", type_=String()),
            func.abs(left) >= bindparam("of_least", type_=BigInteger()),
            func.abs(left) <= bindparam("of_most", type_=BigInteger()),
            or_(
                rows.c.ref == bindparam("of_ref", type_=Text()),
                *(func.lower(rows.c[it]).like(wanted, escape=_ESCAPE) for it in texts),
            ),
        )
        .order_by(rows.c.day, rows.c.ref)
        .limit(bindparam("at_most", type_=Integer()))
        .offset(bindparam("from_place", type_=Integer()))
    )


def _between(side: Side) -> Prepared:
    things = union_all(_lines(), _items(Side.BANK)) if side is Side.BANK else _items(Side.BOOK)
    rows = things.subquery("things")
    return prepare(
        select(*rows.c)
        .where(
            rows.c.own_day >= bindparam("of_first", type_=String()),
            rows.c.own_day <= bindparam("of_last", type_=String()),
        )
        .order_by(rows.c.day, rows.c.ref)
        .limit(bindparam("at_most", type_=Integer()))
    )


_OPEN: Final = {side: _open(side, settled=False) for side in Side}
_BETWEEN: Final = {side: _between(side) for side in Side}
_FOUND: Final = {side: _found(side) for side in Side}
_OPEN_THEN: Final = {side: _open(side, settled=True) for side in Side}
_SUMS: Final = {side: _open_sums(side) for side in Side}
_LINES_NAMED: Final = prepare(
    _lines().where(among(_l.c.day, "of_days"), among(_l.c.key, "of_keys"))
)
_ITEMS_NAMED: Final = {
    side: prepare(_items(side).where(among(_t.c.item_id, "of_ids"))) for side in Side
}
ALL: Final = 10_000_000


def open_things(  # noqa: PLR0913 - the last by keyword
    ask: Ask,
    account: tuple[str, str],
    side: Side,
    last: date,
    *,
    page: tuple[int, int] = (0, ALL),
    then: bool = False,
) -> list[Thing]:
    """What is open of an account (tenant, number) up to a day, oldest first.

    ``then``: as it was on that day: what was matched with something later, and what was written
    off, is open. ``page`` is the first place and how many at most.
    """
    values = {
        "of_tenant": account[0],
        "of_account": account[1],
        "of_last": last.isoformat(),
        "from_place": page[0],
        "at_most": page[1],
    }
    statement = (_OPEN_THEN if then else _OPEN)[side]
    return [_thing(row, int(row[-1])) for row in ask(statement, values)]


def found_things(
    ask: Ask, account: tuple[str, str], side: Side, wanted: Sought, page: tuple[int, int]
) -> list[Thing]:
    """What is open of an account (tenant, number) and answers a search, oldest first.

    ``page`` is the first place and how many at most.
    """
    text = wanted.text.strip().lower()
    for letter in (_ESCAPE, "%", "_"):
        text = text.replace(letter, _ESCAPE + letter)
    exact = wanted.minor
    values = {
        "of_tenant": account[0],
        "of_account": account[1],
        "of_first": wanted.first or _FIRST,
        "of_last": wanted.last or _LAST,
        "of_least": 0 if exact is None else abs(exact),
        "of_most": _MOST if exact is None else abs(exact),
        "of_ref": wanted.text.strip(),
        "of_text": f"%{text}%",
        "from_place": page[0],
        "at_most": page[1],
    }
    return [_thing(row, int(row[-1])) for row in ask(_FOUND[side], values)]


def things_between(
    ask: Ask, account: tuple[str, str], side: Side, days: tuple[date, date], most: int
) -> list[Thing]:
    """At most so many things of a period, matched or not, oldest first; claims left out."""
    values = {
        "of_tenant": account[0],
        "of_account": account[1],
        "of_first": days[0].isoformat(),
        "of_last": days[1].isoformat(),
        "at_most": most,
    }
    return [_thing(row, 0) for row in ask(_BETWEEN[side], values)]


def open_sums(ask: Ask, account: tuple[str, str], side: Side) -> Sequence[Any]:
    """By day: how many are open and their sums, received and paid (positive)."""
    return ask(_SUMS[side], {"of_tenant": account[0], "of_account": account[1]})


def named_things(
    ask: Ask, account: tuple[str, str], side: Side, refs: Sequence[str]
) -> dict[str, Thing]:
    """The things of these names, claims left out; what is not there is not in it."""
    values: dict[str, object] = {"of_tenant": account[0], "of_account": account[1]}
    wanted = frozenset(refs)
    found: list[Any] = []
    ids = [ref for ref in refs if side is Side.BOOK]
    if side is Side.BANK:
        ids = [ref.removeprefix(OPENING) for ref in refs if ref.startswith(OPENING)]
        lines = [ref.split("/", 1) for ref in refs if "/" in ref and not ref.startswith(OPENING)]
        of = {"of_days": [it[0] for it in lines], "of_keys": [it[1] for it in lines]}
        found += ask(_LINES_NAMED, values | of) if lines else []
    if ids:
        found += ask(_ITEMS_NAMED[side], values | {"of_ids": ids})
    return {row.ref: _thing(row, 0) for row in found if row.ref in wanted}


def _thing(row: Any, claimed: int) -> Thing:  # noqa: ANN401 - a row
    return Thing(*(*row[:16], claimed))
