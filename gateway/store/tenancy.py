"""For which tenants the work at hand is done: the second wall, beside each statement's own WHERE.

Said once at the border where it is known (a request's key, a connection's tasks) and taken along
by everything begun inside. On PostgreSQL, for a role that is not the tables' owner, the database
shows and takes only rows of these tenants; whoever said nothing sees nothing. Elsewhere it is
without effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection, Text, bindparam, func, literal, select, true

from gateway.domain.errors import Refused
from gateway.store.prepared import prepare

T = TypeVar("T")
Tenants = frozenset[str]
EVERYONE: Final[Tenants] = frozenset({"*"})
"""For work that is about no tenant in particular: checkpoints, sweeps, figures."""

_SEPARATOR: Final = "\x1f"
_acting: ContextVar[Tenants] = ContextVar("acting_for", default=frozenset())
_SET: Final = prepare(
    select(
        func.set_config(
            literal("gateway.tenants", Text()), bindparam("tenants", type_=Text()), true()
        ).label("said")
    )
)
_WALLED: Final = prepare(
    # Nothing of a table that is not there yet is closed to anybody.
    select(
        func.row_security_active(func.to_regclass(literal("instruction", Text()))).label("closed")
    )
)
_SEES_ALL: Final = prepare(
    select(
        func.pg_has_role(literal("gateway_audit", Text()), literal("USAGE", Text())).label("all")
    )
)


@dataclass(frozen=True, slots=True)
class Scoped(Generic[T]):
    """A job with the tenants it is done for."""

    job: Callable[..., T]
    tenants: Tenants

    def __call__(self, uow: object) -> T:
        """The job itself."""
        return self.job(uow)


@contextmanager
def acting_for(tenants: Iterable[str]) -> Iterator[None]:
    """What is begun inside is done for these tenants alone."""
    token = _acting.set(frozenset(tenants))
    try:
        yield
    finally:
        _acting.reset(token)


def acting() -> Tenants:
    """For whom the work at hand is done."""
    return _acting.get()


def taken_apart(
    jobs: Sequence[Callable[..., object]],
) -> tuple[list[Callable[..., object]], Tenants]:
    """The jobs themselves, and all the tenants they are done for."""
    tenants: set[str] = set()
    for job in jobs:
        if isinstance(job, Scoped):
            tenants |= job.tenants
    return [job.job if isinstance(job, Scoped) else job for job in jobs], frozenset(tenants)


def is_walled(connection: Connection) -> bool:
    """Whether the database holds us to what we say: PostgreSQL does, for all but its owner."""
    if connection.dialect.name != "postgresql":
        return False
    return bool(_WALLED.rows(connection, None)[0].closed)


def refuse_walled(connection: Connection) -> None:
    """Raise Refused for a role that is shown a part of the books only: who checks needs all.

    To be asked first, in a transaction of its own, so that the next may be of any kind.
    """
    with connection.begin():
        if is_walled(connection) and not _SEES_ALL.rows(connection, None)[0].all:
            raise Refused(
                "this role of the database is shown single tenants only, and the books are "
                "checked as a whole: name a member of gateway_audit (--database-file)",
                "该数据库角色只能看到单个租户的数据，而核对须覆盖全部账目："
                "请改用 gateway_audit 的成员（--database-file）",
            )


def say(connection: Connection, tenants: Tenants) -> None:
    """Tell the database for whom this transaction is."""
    everyone = tenants & EVERYONE
    said = _SEPARATOR.join(sorted(everyone or tenants))
    _SET.rows(connection, {"tenants": said})
