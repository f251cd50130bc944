"""Payees and proposals as they are shown: beside what is wanted stands what there is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from gateway.controls.payee_rows import Ask, Change, ChangeVote, Payee, PayeeItem
from gateway.store.prepared import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """An item of a proposal, with the payee as it stands now."""

    seq: int
    payee: str
    item: PayeeItem
    now: Payee | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """A proposal with its votes, some of its items, and whose vote would approve it."""

    change: Change
    items_count: int
    source: str
    votes: tuple[ChangeVote, ...]
    items: tuple[ShownItem, ...]
    next_people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPayee:
    """A payee, whether people approved exactly this, and what was proposed of it."""

    payee: Payee
    sealed: bool
    history: tuple[tuple[Change, PayeeItem], ...] = ()


def asking(db: Connection) -> Ask:
    """Asks on a connection, for those who only read."""

    def ask(statement: Prepared, values: Mapping[str, object]) -> list[Sequence[Any]]:
        return statement.tuples(db, values)

    return ask
