"""Withdrawing an import: what only it brought is seen no more, and its days are judged anew.

Rules kept here: a person says why, and the journal keeps it; a line that another import told too
stays; what was matched with a withdrawn line is open again; a closed period refuses. Importing
the file again brings its lines back, once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Overloaded, Refused
from gateway.ports.runtime import Runtime
from gateway.statements import import_rows
from gateway.statements import withdrawal_rows as rows
from gateway.statements.answered import BANK
from gateway.statements.day_rows import Book, guard_of
from gateway.statements.import_rows import Import
from gateway.statements.line_rows import IMPORTED, STAGED, WITHDRAWN
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

REASON_MAX: Final = 500


class LineClaims(Protocol):
    """What holds on to lines of accounts: matches with the books."""

    def closed_until(self, uow: Uow, account: tuple[str, str]) -> str:
        """The last day of an account (tenant, number) that nothing may change; '' for none."""
        ...

    def let_go(
        self,
        uow: Uow,
        account: tuple[str, str],
        lines: Collection[tuple[str, str]],
        said: tuple[str, int, str],
    ) -> int:
        """Open again what holds these lines, named by day and key; how many matches that was.

        ``said`` is who, when (microseconds) and why.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which import a person wants withdrawn, and why."""

    tenant: str
    import_id: str
    actor: Actor
    reason: str


class Withdrawing:
    """The use case behind ``POST /v1/statement-files/{id}/withdrawal``."""

    def __init__(self, store: Store, runtime: Runtime, claims: LineClaims) -> None:
        self._store = store
        self._runtime = runtime
        self._claims = claims

    async def accounts(self, tenant: str, import_id: str) -> tuple[str, ...]:
        """The accounts of ours that an import speaks of. Raises NotFound."""
        found = await self._store.read(
            partial(import_rows.accounts_of, tenant=tenant, import_id=import_id)
        )
        if found is None:
            raise _no_such()
        return found

    async def withdraw(self, wish: Wish) -> Import:
        """Withdraw an import; the same again changes nothing.

        Raises NotFound; NotPermitted in a closed period and for machines; Refused without a
        reason, for an import that kept nothing and for the bank's own answers; Overloaded while
        a statement is being imported.
        """
        if wish.actor.kind is not ActorKind.PERSON:
            raise NotPermitted("only a named person may withdraw", "只有实名人员可以撤回")
        if not wish.reason.strip():
            raise Refused("a reason is required", "必须填写原因")
        return await self._store.write(partial(self._withdraw, wish=wish), at_once=True)

    def _withdraw(self, uow: Uow, *, wish: Wish) -> Import:
        alone = import_rows.alone(uow, wish.tenant)
        it = import_rows.one(uow, wish.tenant, wish.import_id)
        if it is None or it.state == STAGED:
            raise _no_such()
        if it.state == WITHDRAWN:
            return it
        _may(it, alone=alone)
        days = rows.touched(uow, it.tenant, it.id)
        uow.guard(*(guard_of(it.tenant, account) for account in days))
        for account, span in days.items():
            self._open(uow, (it.tenant, account), span)
        now = self._runtime.clock.now()
        said = (wish.actor.label(), to_us(now), wish.reason)
        lines = kept = matches = 0
        for account, span in days.items():
            of = _of(it, account)
            held = rows.held(uow, of, span, it.source)
            why = (*said[:2], f"{it.id}: {wish.reason}")
            matches += self._claims.let_go(uow, (it.tenant, account), held.let_go, why)
            rows.move(uow, of, held)
            lines += len(held.gone)
            kept += len(held.stay)
        rows.end(uow, {"of_tenant": it.tenant, "of_import": it.id}, said, (lines, matches))
        for account, span in days.items():
            of = _of(it, account)
            first = rows.forget_days(uow, of, span)
            if first is not None:
                book = Book(tenant=it.tenant, account=account, today=now.date(), at_us=said[1])
                book.judge(uow, first)
                rows.nobodys(uow, of, span)
        _tell(uow, it, said, {"lines": lines, "kept": kept, "matches": matches})
        done = import_rows.one(uow, it.tenant, it.id)
        if done is None:
            raise _no_such()
        return done

    def _open(self, uow: Uow, account: tuple[str, str], span: tuple[str, str]) -> None:
        closed = self._claims.closed_until(uow, account)
        if closed and span[0] <= closed:
            raise NotPermitted(
                f"the period up to {closed} is closed: what its sheet rests on stays",
                f"截至 {closed} 的期间已结账，其所依据的对账单不能撤回",
            )


def _may(it: Import, *, alone: bool) -> None:
    """Raise for an import that cannot be withdrawn, or not now."""
    if it.state != IMPORTED:
        raise Refused(
            "nothing of this file was kept: there is nothing to withdraw",
            "该文件未入库任何明细，无需撤回",
        )
    if it.source == BANK:
        raise Refused(
            "what the bank answered itself is not withdrawn; only files are",
            "银行直接应答的明细不能撤回，只能撤回文件",
        )
    if not alone:
        raise Overloaded(
            "a statement is being imported; withdraw again in a moment",
            "有对账单正在导入，请稍后再撤回",
        )


def _of(it: Import, account: str) -> dict[str, object]:
    return {"of_tenant": it.tenant, "of_import": it.id, "of_account": account}


def _tell(uow: Uow, it: Import, said: tuple[str, int, str], numbers: dict[str, int]) -> None:
    uow.journal(
        Record(
            tenant=it.tenant,
            kind="statement_withdrawn",
            subject=it.id,
            at_us=said[1],
            content={"actor": said[0], "digest": it.digest, "reason": said[2], **numbers},
        )
    )


def _no_such() -> NotFound:
    return NotFound("no such import", "没有该导入")
