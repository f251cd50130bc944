"""The rows of notices: each booking that a bank told of once, and whether its line is kept.

Rule kept here: a notice is written once, by the bank's key of the line; it changes nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, String, bindparam, select, update

from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

TAKEN, ACCOUNT_UNKNOWN = "taken", "account_unknown"
LOOKED_FOR: Final = timedelta(days=1)
"""How long after a notice its line is looked for because of it."""
UNKEYED: Final = "digest:"
"""How the key of a notice begins that names no line."""
_n, _l = tables.bank_notice, tables.statement_line
_DAY: Final = timedelta(days=1)
_TENANT: Final = bindparam("of_tenant", type_=String())
_ACCOUNT: Final = bindparam("of_account", type_=String())
_ONE: Final = prepare(
    select(_n.c.key).where(
        _n.c.tenant == _TENANT,
        _n.c.connection == bindparam("of_connection", type_=String()),
        _n.c.account == _ACCOUNT,
        _n.c.key == bindparam("of_key", type_=String()),
    )
)
_OPEN: Final = prepare(
    select(_n.c.connection, _n.c.key)
    .where(
        _n.c.tenant == _TENANT,
        _n.c.account == _ACCOUNT,
        _n.c.at_us >= bindparam("since_us", type_=BigInteger()),
        _n.c.kept_us.is_(None),
        _n.c.outcome == TAKEN,
    )
    .order_by(_n.c.at_us)
)
_LINES: Final = prepare(
    select(_l.c.bank_key).where(
        _l.c.tenant == _TENANT,
        _l.c.account == _ACCOUNT,
        _l.c.day >= bindparam("since_day", type_=String()),
        among(_l.c.bank_key, "of_keys"),
    )
)
_KEPT: Final = prepare(
    update(_n)
    .where(_n.c.tenant == _TENANT, _n.c.account == _ACCOUNT, among(_n.c.key, "of_keys"))
    .values(kept_us=bindparam("now_us", type_=BigInteger()))
)


def known(uow: Uow, tenant: str, connection: str, place: tuple[str, str]) -> bool:
    """Whether a notice came before; ``place``: its account and key."""
    values = {
        "of_tenant": tenant,
        "of_connection": connection,
        "of_account": place[0],
        "of_key": place[1],
    }
    return bool(uow.rows(_ONE, values))


def add(uow: Uow, row: dict[str, object]) -> None:
    """Keep a notice."""
    uow.add(_n, row)


def see(uow: Uow, account: tuple[str, str], today: date, now_us: int) -> int:
    """Mark the notices of an account (tenant, number) whose lines are kept; how many are left.

    One that names no line is done with as soon as the statement was fetched after it.
    """
    of = {"of_tenant": account[0], "of_account": account[1]}
    since = now_us - int(LOOKED_FOR.total_seconds()) * 1_000_000
    found: Sequence[Any] = uow.rows(_OPEN, of | {"since_us": since})
    keys = [row.key for row in found]
    if not keys:
        return 0
    values = of | {"since_day": (today - _DAY).isoformat(), "of_keys": keys}
    lines = {row.bank_key for row in uow.rows(_LINES, values)}
    seen = [key for key in keys if key in lines or key.startswith(UNKEYED)]
    if seen:
        uow.change(_KEPT, of | {"of_keys": seen, "now_us": now_us})
    return len(keys) - len(seen)
