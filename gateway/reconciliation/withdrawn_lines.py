"""Matches whose lines of the bank were withdrawn: opened again, so that nothing rests on nothing.

Rule kept here: they are taken apart like any match, with who and why, and the journal keeps it,
but may be made again by themselves once the lines are back. A closed period is told, not touched.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import String, bindparam, select

from gateway.domain.balance_sheet import Side
from gateway.reconciliation.match_rows import (
    BY_WITHDRAWAL,
    Part,
    guard_of,
    match_of,
    parts_of,
    undo,
)
from gateway.reconciliation.match_telling import MatchTelling
from gateway.reconciliation.sheet_rows import closed_until
from gateway.reconciliation.things import WRITE_OFF
from gateway.store import tables
from gateway.store.journal import Record
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_ASKED: Final = 5_000
"""Lines that are asked for at once."""
_p = tables.reconciliation_part
_HOLDING: Final = prepare(
    select(_p.c.match)
    .where(
        _p.c.tenant == bindparam("of_tenant", type_=String()),
        _p.c.account == bindparam("of_account", type_=String()),
        _p.c.side == Side.BANK.value,
        among(_p.c.ref, "of_refs"),
    )
    .distinct()
)


class WithdrawnLines:
    """What the withdrawal of a statement asks of matches; ``telling`` hears of those undone."""

    def __init__(self, telling: MatchTelling | None = None) -> None:
        self._telling = telling

    def closed_until(self, uow: Uow, account: tuple[str, str]) -> str:
        """The last day of an account (tenant, number) whose period is closed; '' for none."""
        uow.guard(guard_of(account))
        closed = closed_until(uow.rows, account)
        return closed.day.isoformat() if closed is not None else ""

    def let_go(
        self,
        uow: Uow,
        account: tuple[str, str],
        lines: Collection[tuple[str, str]],
        said: tuple[str, int, str],
    ) -> int:
        """Take apart the matches that hold lines, named by day and key; how many they were."""
        of = {"of_tenant": account[0], "of_account": account[1]}
        refs = [f"{day}/{key}" for day, key in lines]
        matches = {
            row.match
            for at in range(0, len(refs), _ASKED)
            for row in uow.rows(_HOLDING, of | {"of_refs": refs[at : at + _ASKED]})
        }
        parts: list[Part] = []
        undone = (BY_WITHDRAWAL, said[1], f"{said[0]}: {said[2]}")
        for match in sorted(matches):
            row = match_of(uow.rows, account[0], match)
            if row is not None and undo(uow, account[0], match, undone):
                parts += parts_of(row) if row.kind != WRITE_OFF else ()
                uow.journal(
                    Record(
                        tenant=account[0],
                        kind="reconciliation_unmatched",
                        subject=match,
                        at_us=said[1],
                        content={
                            "account": account[1],
                            "match": match,
                            "kind": row.kind,
                            "actor": said[0],
                            "reason": said[2],
                        },
                    )
                )
        if self._telling is not None:
            self._telling.changed(uow, account, parts)
        return len(matches)
