"""The rows of memories: one for each match that taught something, kept when it is forgotten.

Rule kept here: several matches may teach the same pair; it is held as long as one of them holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import BigInteger, Integer, String, Text, bindparam, select, update

from gateway.reconciliation.memory import BookingSide, Memory, pair_id
from gateway.reconciliation.things import Ask
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

HELD, FORGOTTEN = "held", "forgotten"
READ_MAX: Final = 20_000
"""Most matches of an account whose teaching is read; the newest ones."""
_m = tables.reconciliation_memory
_TENANT: Final = bindparam("of_tenant", type_=String())
_ACCOUNT: Final = bindparam("of_account", type_=String())
_HELD: Final = prepare(
    select(_m)
    .where(_m.c.tenant == _TENANT, _m.c.account == _ACCOUNT, _m.c.state == HELD)
    .order_by(_m.c.made_us.desc(), _m.c.match.desc())
    .limit(bindparam("at_most", type_=Integer()))
)
_PAIR: Final = prepare(
    select(_m.c.match, _m.c.state).where(
        _m.c.tenant == _TENANT, _m.c.account == _ACCOUNT, _m.c.pair == bindparam("of_pair")
    )
)
_FORGET: Final = {
    "forgotten_by": bindparam("by", type_=Text()),
    "forgotten_us": bindparam("at_us", type_=BigInteger()),
    "forgotten_reason": bindparam("why", type_=Text()),
}
_FORGET_PAIR: Final = prepare(
    update(_m)
    .where(
        _m.c.tenant == _TENANT,
        _m.c.account == _ACCOUNT,
        _m.c.pair == bindparam("of_pair"),
        _m.c.state == HELD,
    )
    .values(state=FORGOTTEN, **_FORGET)
)
_FORGET_MATCH: Final = prepare(
    update(_m)
    .where(_m.c.tenant == _TENANT, _m.c.match == bindparam("of_match"), _m.c.state == HELD)
    .values(state=FORGOTTEN, **_FORGET)
)


def held(ask: Ask, account: tuple[str, str]) -> list[Memory]:
    """What is remembered of an account, each pair once, by its newest match, newest first."""
    found: dict[str, Memory] = {}
    values = {"of_tenant": account[0], "of_account": account[1], "at_most": READ_MAX}
    for row in ask(_HELD, values):
        known = found.get(row.pair)
        found[row.pair] = replace(known, times=known.times + 1) if known else _memory(row)
    return list(found.values())


def put(
    uow: Uow, account: tuple[str, str], match: str, said: tuple[str, int], *sides: BookingSide
) -> None:
    """Remember what a match teaches. ``said`` is who and when, ``sides`` bank and books."""
    bank, book = sides
    uow.add(
        _m,
        {
            "tenant": account[0],
            "match": match,
            "account": account[1],
            "pair": pair_id(bank, book),
            "state": HELD,
            "bank_name": bank.name,
            "bank_account": bank.account,
            "bank_text": bank.text,
            "book_name": book.name,
            "book_account": book.account,
            "book_text": book.text,
            "made_by": said[0],
            "made_us": said[1],
        },
    )


def taught(ask: Ask, account: tuple[str, str], pair: str) -> Sequence[Any]:
    """The matches that taught a pair, with their states."""
    values = {"of_tenant": account[0], "of_account": account[1], "of_pair": pair}
    return ask(_PAIR, values)


def forget_pair(uow: Uow, account: tuple[str, str], pair: str, said: tuple[str, int, str]) -> None:
    """Forget a pair, whatever taught it. ``said``: who, when, why."""
    values = {"of_tenant": account[0], "of_account": account[1], "of_pair": pair}
    uow.change(_FORGET_PAIR, values | _told(said))


def forget_match(uow: Uow, tenant: str, match: str, said: tuple[str, int, str]) -> None:
    """Forget what one match taught; what others taught stays."""
    uow.change(_FORGET_MATCH, {"of_tenant": tenant, "of_match": match} | _told(said))


def _told(said: tuple[str, int, str]) -> dict[str, object]:
    return {"by": said[0], "at_us": said[1], "why": said[2]}


def _memory(row: Any) -> Memory:  # noqa: ANN401 - a row
    return Memory(
        id=row.pair,
        bank=BookingSide(name=row.bank_name, account=row.bank_account, text=row.bank_text),
        book=BookingSide(name=row.book_name, account=row.book_account, text=row.book_text),
        match=row.match,
        actor=row.made_by,
        day=from_us(row.made_us).date().isoformat(),
    )
