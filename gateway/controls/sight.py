"""What somebody may see of a tenant's payments and accounts, by the document in force.

Rule kept here: what may not be seen does not exist: it is left out of lists, and asking for it by
its address is told what asking for nothing is told. The condition on rows is made from the very
grants that ``Permissions.may`` looks through. A tenant without a document shows what it has.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from gateway.controls.in_force import SETTINGS, RulesInForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import ANY, LIFT, Business, HoldRule, Right
from gateway.controls.rules.facts import TENANT, Place
from gateway.controls.rules.permissions import Grant, Sent, Viewer
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound
from gateway.domain.statement import Entry
from gateway.lifecycle.staging import accepted
from gateway.ports.tenancy import ApiKey, OwnAccount, Tenant
from gateway.store import tables

_i, _b = tables.instruction, tables.batch
Only = ColumnElement[bool] | None
"""A condition on instructions; None for every one."""
DECIDING: Final = (
    *(Right.VIEW, Right.APPROVE, Right.RELEASE, Right.REJECT, Right.RESOLVE),
    *(f"{LIFT}{rule}" for rule in HoldRule),
)
"""Whoever has one of these at a payment has something to do with it."""
_EVERY_BUSINESS: Final = frozenset(Business)
_PAYROLL: Final = Place(business=Business.PAYROLL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """Who looks at which tenant."""

    tenant: Tenant
    viewer: Viewer


def onlooker(tenant: Tenant, key: ApiKey) -> Onlooker:
    """The holder of a key, looking at its tenant."""
    return Onlooker(tenant=tenant, viewer=Viewer(key.actor, key.erp))


def looking_person(tenant: Tenant, actor: Actor) -> Onlooker:
    """A person who logged in."""
    return Onlooker(tenant=tenant, viewer=Viewer(actor))


class Sight:
    """Answers what may be seen and done, for those who only read."""

    def __init__(self, controls: RulesInForce, today: Callable[[], date]) -> None:
        self._controls = controls
        self._today = today

    def rows(self, db: Connection, who: Onlooker, rights: Sequence[str] = (Right.VIEW,)) -> Only:
        """The condition on instructions for which somebody has one of these rights."""
        rules = self._rules(db, who.tenant)
        if rules is None:
            return None
        today = self._today()
        found = [
            _granted(grant)
            for right in rights
            for grant in rules.permissions.grants(who.viewer.actor, right, today)
        ]
        allowed = or_(false(), *found)
        if who.viewer.actor.kind is not ActorKind.MACHINE:
            return allowed
        # As ``Permissions.sees``: payroll goes back to the ERP that sent it.
        own = (_i.c.business_type != Business.PAYROLL.value) | (_i.c.erp == who.viewer.erp)
        return and_(allowed, own)

    def find(
        self, db: Connection, who: Onlooker, instruction: str, rights: Sequence[str] = (Right.VIEW,)
    ) -> None:
        """Raise NotFound unless it is there and somebody has one of these rights at it."""
        self._find(db, who, instruction, rights)

    def check(self, db: Connection, who: Onlooker, instruction: str, right: str) -> None:
        """The same, and raise NotPermitted for what may be seen but not done."""
        rules = self._rules(db, who.tenant)
        sent = self._find(db, who, instruction, (Right.VIEW, right))
        if rules is not None and sent is not None:
            _require(rules, who, right, sent.place, self._today())

    def _find(
        self, db: Connection, who: Onlooker, instruction: str, rights: Sequence[str]
    ) -> Sent | None:
        """What was found; None without a document: whoever is asked next tells what is there."""
        rules = self._rules(db, who.tenant)
        if rules is None:
            return None
        row = db.execute(
            select(_i.c.company, _i.c.debtor_account, _i.c.business_type, _i.c.erp).where(
                _i.c.tenant == who.tenant.id, _i.c.id == instruction, accepted()
            )
        ).first()
        if row is None:
            raise NotFound
        sent = Sent(Place(company=row[0], account=row[1], business=row[2]), row[3])
        if not rules.permissions.sees(who.viewer, sent, self._today(), rights):
            raise NotFound
        return sent

    def require(self, db: Connection, who: Onlooker, right: str, place: Place = TENANT) -> None:
        """Raise NotPermitted, naming the rule, unless somebody has a right at a place."""
        rules = self._rules(db, who.tenant)
        if rules is not None:
            _require(rules, who, right, place, self._today())

    def batch(self, db: Connection, who: Onlooker, batch: str) -> None:
        """Raise NotFound for a batch of which somebody may not see every line.

        Its refused lines belong to no account: the ERP that sent them sees them, and people who
        see all that the tenant has.
        """
        only = self.rows(db, who)
        if only is None:
            return
        row = db.execute(
            select(_b.c.erp, _b.c.lines, _b.c.accepted).where(
                _b.c.tenant == who.tenant.id, _b.c.id == batch
            )
        ).first()
        if row is None:
            raise NotFound
        seen = select(func.count()).where(
            _i.c.tenant == who.tenant.id, _i.c.batch == batch, accepted(), only
        )
        whole = db.execute(seen).scalar_one() == row.accepted
        own = bool(who.viewer.erp) and row.erp in {who.viewer.erp, f"file:{who.viewer.erp}"}
        if not whole or (row.lines > row.accepted and not own and not self.everything(db, who)):
            raise NotFound

    def everything(self, db: Connection, who: Onlooker) -> bool:
        """Whether somebody sees all payments of the tenant, payroll included."""
        rules = self._rules(db, who.tenant)
        if rules is None:
            return True
        today, actor = self._today(), who.viewer.actor
        return actor.kind is ActorKind.PERSON and all(
            rules.may(actor, Right.VIEW, place, today).allowed for place in (TENANT, _PAYROLL)
        )

    def accounts(self, db: Connection, who: Onlooker) -> list[OwnAccount]:
        """Accounts of which somebody may see anything at all."""
        rules, own = self._rules(db, who.tenant), list(who.tenant.accounts.values())
        if rules is None:
            return own
        grants = rules.permissions.grants(who.viewer.actor, Right.VIEW, self._today())
        return [it for it in own if any(grant.reaches(it.company, it.number) for grant in grants)]

    def account(self, db: Connection, who: Onlooker, account: OwnAccount) -> None:
        """Raise NotFound unless somebody may see balance and statements: to view 查询 there."""
        rules = self._rules(db, who.tenant)
        if rules is None:
            return
        place = Place(company=account.company, account=account.number, business=Business.QUERY)
        if not rules.may(who.viewer.actor, Right.VIEW, place, self._today()).allowed:
            raise NotFound("no such account", "没有该账户")

    def entries(
        self, db: Connection, who: Onlooker, account: OwnAccount, entries: Sequence[Entry]
    ) -> list[Entry]:
        """The entries of a statement without those of wages that somebody may not see.

        A bank's line does not say that it is one: left out is what names the account of somebody
        who was ever paid wages from here, and of lines that name no account what has the amount,
        the payee's name or the bank's reference of wages.
        """
        only = self.rows(db, who)
        if only is None or not entries:
            return list(entries)
        anonymous = [it for it in entries if not it.counterparty_account]
        alike = (
            (_i.c.creditor_account, {it.counterparty_account for it in entries}),
            (_i.c.creditor_name, {it.counterparty_name for it in anonymous}),
            (_i.c.bank_reference, {it.reference for it in entries}),
            (_i.c.amount_minor, {abs(it.amount.minor) for it in anonymous}),
        )
        hidden: list[set[object]] = []
        for column, asked in alike:
            rows = db.execute(
                select(column)
                .distinct()
                .where(
                    _i.c.tenant == who.tenant.id,
                    _i.c.debtor_account == account.number,
                    _i.c.business_type == Business.PAYROLL.value,
                    ~only,
                    column.in_(sorted(asked - {"", 0})),
                )
            )
            hidden.append({row[0] for row in rows})
        return [it for it in entries if not _is_wages(it, *hidden)]

    def _rules(self, db: Connection, tenant: Tenant) -> Rules | None:
        """The rules of the document in force; None where there is none."""
        found = self._controls.seen(db, tenant)
        return None if found.version == SETTINGS else found.rules


def _require(rules: Rules, who: Onlooker, right: str, place: Place, on: date) -> None:
    rules.may(who.viewer.actor, right, place, on).require()


def _granted(grant: Grant) -> ColumnElement[bool]:
    """Where a permission holds, as ``Grant.covers`` says it."""
    conditions: list[ColumnElement[bool]] = []
    if not grant.businesses >= _EVERY_BUSINESS:
        conditions.append(_i.c.business_type.in_(sorted(grant.businesses)))
    for column, scope in ((_i.c.company, grant.companies), (_i.c.debtor_account, grant.accounts)):
        if ANY not in scope:
            conditions.append(column.in_(sorted(scope)))
    return and_(*conditions) if conditions else ~false()


def _is_wages(
    entry: Entry,
    accounts: Container[object],
    names: Container[object],
    references: Container[object],
    amounts: Container[object],
) -> bool:
    """Whether an entry may be one of these wages."""
    if entry.counterparty_account in accounts or entry.reference in references:
        return True
    anonymous = not entry.counterparty_account
    return anonymous and (entry.counterparty_name in names or abs(entry.amount.minor) in amounts)
