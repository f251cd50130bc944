"""The rows of the book side: ledger items and the books' balances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import BigInteger, Integer, String, bindparam, select, update

from gateway.reconciliation.ledger_reading import Balance, Item
from gateway.reconciliation.things import Ask
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_t, _b = tables.ledger_item, tables.ledger_balance
_TENANT: Final = bindparam("of_tenant", type_=String())
_ACCOUNT: Final = bindparam("of_account", type_=String())
_KNOWN: Final = prepare(
    select(_t.c.item_id, _t.c.digest, _t.c.counted_day).where(
        _t.c.tenant == _TENANT, among(_t.c.item_id, "of_ids")
    )
)
_LISTED: Final = prepare(
    select(_t)
    .where(
        _t.c.tenant == _TENANT,
        _t.c.account == _ACCOUNT,
        _t.c.item_id > bindparam("after", type_=String()),
    )
    .order_by(_t.c.item_id)
    .limit(bindparam("at_most", type_=Integer()))
)
_ANY: Final = prepare(
    select(_t.c.item_id).where(_t.c.tenant == _TENANT, _t.c.account == _ACCOUNT).limit(1)
)
_NEWER: Final = prepare(
    select(_t.c.item_id)
    .where(
        _t.c.tenant == _TENANT,
        _t.c.account == _ACCOUNT,
        _t.c.at_us >= bindparam("since", type_=BigInteger()),
    )
    .limit(1)
)
_BALANCE: Final = prepare(
    select(_b).where(
        _b.c.tenant == _TENANT,
        _b.c.account == _ACCOUNT,
        _b.c.day == bindparam("of_day", type_=String()),
    )
)
_BALANCES: Final = prepare(
    select(_b)
    .where(_b.c.tenant == _TENANT, _b.c.account == _ACCOUNT)
    .order_by(_b.c.day.desc())
    .limit(bindparam("at_most", type_=Integer()))
)
_RESTATE: Final = prepare(
    update(_b)
    .where(
        _b.c.tenant == _TENANT,
        _b.c.account == _ACCOUNT,
        _b.c.day == bindparam("of_day", type_=String()),
    )
    .values(
        amount_minor=bindparam("to_minor", type_=BigInteger()),
        actor=bindparam("by", type_=String()),
        at_us=bindparam("now_us", type_=BigInteger()),
    )
)


def known_items(ask: Ask, tenant: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Digest and counted day of the items that are there already, by id."""
    rows = ask(_KNOWN, {"of_tenant": tenant, "of_ids": list(ids)})
    return {row.item_id: (row.digest, row.counted_day) for row in rows}


def put_item(uow: Uow, tenant: str, item: Item, counted: date, said: tuple[str, int]) -> None:
    """Store a new item; ``said`` is who sent it and when."""
    uow.add(
        _t,
        {
            "tenant": tenant,
            "item_id": item.item_id,
            "digest": item.digest,
            "account": item.account,
            "side": item.side.value,
            "opening": int(item.opening),
            "erp_reference": item.erp_reference,
            "amount_minor": item.amount.minor,
            "currency": item.amount.currency.code,
            "red_letter": int(item.red_letter),
            "day": item.day.isoformat(),
            "counted_day": counted.isoformat(),
            "counterparty_name": item.counterparty_name,
            "counterparty_account": item.counterparty_account,
            "remittance": item.remittance,
            "actor": said[0],
            "at_us": said[1],
        },
    )


def items_of(ask: Ask, account: tuple[str, str], after: str, most: int) -> Sequence[Any]:
    """Items of an account (tenant, number) by id, after one of them."""
    values = {"of_tenant": account[0], "of_account": account[1], "after": after, "at_most": most}
    return ask(_LISTED, values)


def has_items(ask: Ask, account: tuple[str, str], since_us: int | None = None) -> bool:
    """Whether an account has any item at all, or one that came at an instant or after."""
    values: dict[str, object] = {"of_tenant": account[0], "of_account": account[1]}
    if since_us is None:
        return bool(ask(_ANY, values))
    return bool(ask(_NEWER, values | {"since": since_us}))


def balance_of(ask: Ask, account: tuple[str, str], day: date) -> Any | None:  # noqa: ANN401 - a row
    """The books' balance of a day."""
    values = {"of_tenant": account[0], "of_account": account[1], "of_day": day.isoformat()}
    rows = ask(_BALANCE, values)
    return rows[0] if rows else None


def balances_of(ask: Ask, account: tuple[str, str], most: int) -> Sequence[Any]:
    """The books' balances of an account, the latest day first."""
    return ask(_BALANCES, {"of_tenant": account[0], "of_account": account[1], "at_most": most})


def put_balance(uow: Uow, tenant: str, told: Balance, said: tuple[str, int]) -> str:
    """Store or restate a balance: ``added``, ``changed`` or ``same``."""
    before = balance_of(uow.rows, (tenant, told.account), told.day)
    if before is None:
        uow.add(
            _b,
            {
                "tenant": tenant,
                "account": told.account,
                "day": told.day.isoformat(),
                "amount_minor": told.amount.minor,
                "currency": told.amount.currency.code,
                "actor": said[0],
                "at_us": said[1],
            },
        )
        return "added"
    if before.amount_minor == told.amount.minor:
        return "same"
    uow.change(
        _RESTATE,
        {
            "of_tenant": tenant,
            "of_account": told.account,
            "of_day": told.day.isoformat(),
            "to_minor": told.amount.minor,
            "by": said[0],
            "now_us": said[1],
        },
    )
    return "changed"
