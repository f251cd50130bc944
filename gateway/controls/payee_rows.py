"""Payees of the master and proposals to change them, as they are stored.

Rule kept here: what a payee says is worth nothing without its seal; ``sealed_parts`` is all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Integer,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from gateway.controls.payee_seal import PayeeSeal
from gateway.domain.names import folded
from gateway.store import tables
from gateway.store.prepared import Prepared, among, prepare

_p, _c, _x, _v = (
    tables.payee,
    tables.payee_change,
    tables.payee_change_item,
    tables.payee_vote,
)
Ask = Callable[[Prepared, Mapping[str, object]], list[Sequence[Any]]]
"""Runs a query in the asker's transaction: ``uow.tuples``, for one."""
CHUNK: Final = 500
"""Payees of a change that are looked at together: memory does not grow with a file."""


class PayeeState(StrEnum):
    """Whether payments to a payee may pass by themselves. The strings are stored."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    REMOVED = "removed"


class PayeeAction(StrEnum):
    """What a proposal wants done to a payee. The strings are stored."""

    CREATE = "create"
    CHANGE = "change"
    BLOCK = "block"
    UNBLOCK = "unblock"
    REMOVE = "remove"


class ChangeState(StrEnum):
    """Where a proposal stands. The strings are stored."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class PayeeFields(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is said of a payee. ``vendor`` is the ERP's name for it, '' where there is none."""

    account: str
    name: str
    agent_name: str = ""
    cnaps: str = ""
    city: str = ""
    vendor: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What no two payees of a tenant share: account and vendor."""
        return self.account, self.vendor


class Payee(msgspec.Struct, frozen=True, gc=False):
    """A payee as stored, in the order of ``COLUMNS``. ``active_us`` is None while it is not."""

    id: str
    account: str
    name: str
    agent_name: str
    cnaps: str
    city: str
    vendor: str
    state: str
    changed_us: int
    active_us: int | None
    made_by: str
    approved_by: str
    seal: str

    @property
    def fields(self) -> PayeeFields:
        """What is said of it."""
        return PayeeFields(
            account=self.account,
            name=self.name,
            agent_name=self.agent_name,
            cnaps=self.cnaps,
            city=self.city,
            vendor=self.vendor,
        )

    def sealed_parts(self) -> list[str]:
        """Everything a seal is over."""
        return [
            *(self.id, self.account, self.name, self.agent_name, self.cnaps, self.city),
            *(self.vendor, self.state, str(self.changed_us), str(self.active_us)),
            *(self.made_by, self.approved_by),
        ]

    def is_sealed(self, seals: PayeeSeal, tenant: str) -> bool:
        """Whether people approved exactly this."""
        return seals.holds(self.seal, tenant, self.sealed_parts())

    def called(self, name: str) -> bool:
        """Whether a payment means it by this name; widths, blanks and punctuation do not count."""
        return self.name == name or folded(self.name) == folded(name)


class PayeeItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One payee of a proposal: what it is to be, and the seal it had when this was proposed.

    ``payee`` is '' for a new one, ``against`` where there was no row.
    """

    action: PayeeAction
    payee: str = ""
    against: str = ""
    fields: PayeeFields


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which payees are wanted: each '' is any. ``after`` is the id of the last one seen."""

    account: str = ""
    vendor: str = ""
    state: str = ""
    after: str = ""


class Change(msgspec.Struct, frozen=True, gc=False):
    """A proposal without its items, in the order of ``CHANGE_COLUMNS``."""

    id: str
    payee: str
    content: str
    digest: str
    comment: str
    proposed_by: str
    proposed_us: int
    state: str
    decided_us: int | None
    decided_by: str


class ChangeVote(msgspec.Struct, frozen=True, gc=False):
    """One person's yes, bound to the digest that was read."""

    actor: str
    digest: str
    reason: str
    at_us: int


COLUMNS: Final = (
    *(_p.c.id, _p.c.account, _p.c.name, _p.c.agent_name, _p.c.cnaps, _p.c.city, _p.c.vendor),
    *(_p.c.state, _p.c.changed_us, _p.c.active_us, _p.c.made_by, _p.c.approved_by, _p.c.seal),
)
CHANGE_COLUMNS: Final = (
    *(_c.c.id, _c.c.payee, _c.c.content, _c.c.digest, _c.c.comment, _c.c.proposed_by),
    *(_c.c.proposed_us, _c.c.state, _c.c.decided_us, _c.c.decided_by),
)
_of_tenant: Final[BindParameter[Any]] = bindparam("of_tenant")
_ANY: Final = prepare(
    select(_p.c.id).where(_p.c.tenant == bindparam("of_tenant")).limit(literal_column("1"))
)
OF_ACCOUNTS: Final = prepare(
    select(*COLUMNS)
    .where(_p.c.tenant == _of_tenant, among(_p.c.account, "of_accounts"))
    .order_by(_p.c.account, _p.c.vendor)
)
_OF_IDS: Final = prepare(select(*COLUMNS).where(_p.c.tenant == _of_tenant, among(_p.c.id, "ids")))
_WANTED: Final = prepare(
    select(*COLUMNS)
    .where(
        _p.c.tenant == _of_tenant,
        _p.c.id > bindparam("after", type_=Text()),
        *(
            or_(bindparam(name, type_=Text()) == literal(""), column == bindparam(name))
            for name, column in (
                ("account", _p.c.account),
                ("vendor", _p.c.vendor),
                ("state", _p.c.state),
            )
        ),
    )
    .order_by(_p.c.id)
    .limit(bindparam("most", type_=Integer()))
)
_CHANGE: Final = prepare(
    select(*CHANGE_COLUMNS).where(_c.c.tenant == _of_tenant, _c.c.id == bindparam("of_change"))
)
_OPEN: Final = prepare(
    select(func.count().label("open")).where(
        _c.c.tenant == _of_tenant, _c.c.state == ChangeState.PROPOSED.value
    )
)
_OPEN_IDS: Final = prepare(
    select(_c.c.id)
    .where(_c.c.tenant == _of_tenant, _c.c.state == ChangeState.PROPOSED.value)
    .order_by(_c.c.proposed_us, _c.c.id)
)
_SAME: Final = prepare(
    select(_c.c.id).where(
        _c.c.tenant == _of_tenant,
        _c.c.state == ChangeState.PROPOSED.value,
        _c.c.digest == bindparam("of_digest"),
        _c.c.proposed_by == bindparam("by"),
    )
)
_ITEMS: Final = prepare(
    select(_x.c.seq, _x.c.payee, _x.c.content)
    .where(
        _x.c.tenant == _of_tenant,
        _x.c.change == bindparam("of_change"),
        _x.c.seq > bindparam("after", type_=Integer()),
    )
    .order_by(_x.c.seq)
    .limit(bindparam("most", type_=Integer()))
)
_VOTES: Final = prepare(
    select(_v.c.actor, _v.c.digest, _v.c.reason, _v.c.at_us)
    .where(_v.c.tenant == _of_tenant, _v.c.change == bindparam("of_change"))
    .order_by(_v.c.seq)
)
_HISTORY: Final = prepare(
    select(*CHANGE_COLUMNS, _x.c.content)
    .select_from(
        _x.join(_c, (_c.c.tenant == _x.c.tenant) & (_c.c.id == _x.c.change)),
    )
    .where(_x.c.tenant == _of_tenant, _x.c.payee == bindparam("of_payee"))
    .order_by(_c.c.proposed_us.desc(), _c.c.id.desc())
    .limit(bindparam("most", type_=Integer()))
)
UPDATE: Final = prepare(
    update(_p)
    .where(_p.c.tenant == _of_tenant, _p.c.id == bindparam("of_id"))
    .values(
        **{
            it.name: bindparam(f"to_{it.name}", type_=it.type)
            for it in COLUMNS
            if it is not _p.c.id
        }
    )
)
NAME_ITEM: Final = prepare(
    update(_x)
    .where(
        _x.c.tenant == _of_tenant,
        _x.c.change == bindparam("of_change"),
        _x.c.seq == bindparam("of_seq", type_=Integer()),
    )
    .values(payee=bindparam("to_payee", type_=Text()))
)
END: Final = prepare(
    update(_c)
    .where(
        _c.c.tenant == _of_tenant,
        _c.c.id == bindparam("of_change"),
        _c.c.state == ChangeState.PROPOSED.value,
    )
    .values(
        state=bindparam("to_state", type_=Text()),
        payee=bindparam("to_payee", type_=Text()),
        decided_us=bindparam("at_us", type_=BigInteger()),
        decided_by=bindparam("by", type_=Text()),
    )
)
_decode: Final = msgspec.json.Decoder(PayeeItem).decode


def written(item: PayeeItem) -> str:
    """The one way in which an item is written: what digests are over."""
    return msgspec.json.encode(item, order="sorted").decode()


def item_of(content: str) -> PayeeItem:
    """The item that was written. Raises msgspec.DecodeError for what is none."""
    return _decode(content)


def of_accounts(ask: Ask, tenant: str, accounts: Sequence[str]) -> list[Payee]:
    """The payees with one of these accounts, whatever their state."""
    if len(accounts) > 1 and not ask(_ANY, {"of_tenant": tenant}):
        return []
    rows = ask(OF_ACCOUNTS, {"of_tenant": tenant, "of_accounts": list(accounts)})
    return [Payee(*row) for row in rows]


def of_ids(ask: Ask, tenant: str, ids: Sequence[str]) -> dict[str, Payee]:
    """The payees of these ids."""
    rows = ask(_OF_IDS, {"of_tenant": tenant, "ids": list(ids)})
    return {row[0]: Payee(*row) for row in rows}


def payees_of(ask: Ask, tenant: str, wanted: Wanted, most: int) -> list[Payee]:
    """The wanted payees by id, at most so many."""
    values = {"of_tenant": tenant, "most": most, **msgspec.structs.asdict(wanted)}
    return [Payee(*row) for row in ask(_WANTED, values)]


def change_of(ask: Ask, tenant: str, change: str) -> Change | None:
    """One proposal."""
    rows = ask(_CHANGE, {"of_tenant": tenant, "of_change": change})
    return Change(*rows[0]) if rows else None


def open_changes(ask: Ask, tenant: str) -> int:
    """How many proposals are open."""
    count: int = ask(_OPEN, {"of_tenant": tenant})[0][0]
    return count


def open_ids(ask: Ask, tenant: str) -> list[str]:
    """The open proposals, oldest first."""
    return [row[0] for row in ask(_OPEN_IDS, {"of_tenant": tenant})]


def same_change(ask: Ask, tenant: str, digest: str, by: str) -> str:
    """The open proposal of the same content by the same person, or ''."""
    rows = ask(_SAME, {"of_tenant": tenant, "of_digest": digest, "by": by})
    return str(rows[0][0]) if rows else ""


def items_of(
    ask: Ask, tenant: str, change: str, after: int, most: int = CHUNK
) -> list[tuple[int, str, str]]:
    """Number, payee and written content of a proposal's items after one of them."""
    values = {"of_tenant": tenant, "of_change": change, "after": after, "most": most}
    return [(row[0], row[1], row[2]) for row in ask(_ITEMS, values)]


def votes_of(ask: Ask, tenant: str, change: str) -> list[ChangeVote]:
    """The votes on a proposal, in their order."""
    rows = ask(_VOTES, {"of_tenant": tenant, "of_change": change})
    return [ChangeVote(*row) for row in rows]


def history_of(ask: Ask, tenant: str, payee: str, most: int) -> list[tuple[Change, PayeeItem]]:
    """What was proposed of a payee, newest first."""
    rows = ask(_HISTORY, {"of_tenant": tenant, "of_payee": payee, "most": most})
    return [(Change(*row[:-1]), item_of(row[-1])) for row in rows]
