"""Who would have to approve this payment? Asked before it is made; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, select

from gateway.controls.in_force import SETTINGS, Controls
from gateway.controls.rules.document import Business, PayeeKind, Right
from gateway.controls.rules.explaining import Explanation, explain
from gateway.controls.rules.facts import Facts
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Fault, Refused
from gateway.domain.instruction import BusinessType, State
from gateway.domain.money import Money, MoneyFormatError, currency
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.store import tables
from gateway.store.prepared import prepare

_i = tables.instruction
_paid: Final = (
    select(_i.c.id)
    .where(
        _i.c.tenant == bindparam("tenant"),
        _i.c.creditor_account == bindparam("account"),
        _i.c.state == State.SETTLED.value,
    )
    .limit(1)
)
_PAID: Final = prepare(_paid)
_PAID_NO_WAGES: Final = prepare(_paid.where(_i.c.business_type != BusinessType.PAYROLL.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """A payment that somebody thinks of. ``amount`` is decimal text in the account's currency.

    ``maker`` is an actor's label. Without ``payee`` it is an own company's where the account is
    one of ours, a person's for payroll, else at another bank. Without ``known`` it is looked up.
    """

    debtor_account: str
    creditor_account: str
    amount: str
    maker: str
    business: Business = Business.PAYMENT
    erp: str = ""
    payee: PayeeKind | None = None
    known: bool | None = None
    budget_item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What it would need, and by which version."""

    version: int
    explanation: Explanation


def dry_run(  # noqa: PLR0913 - keyword-only, who asks what of whom
    db: Connection,
    *,
    controls: Controls,
    tenant: Tenant,
    actor: Actor,
    supposed: Supposed,
    today: date,
) -> DryRun:
    """Ask the rules in force about a payment that is made and paid today.

    Raises Refused naming what is wrong, NotPermitted for an account the actor may not see.
    """
    in_force = controls.seen(db, tenant)
    account = tenant.accounts.get(supposed.debtor_account)
    if account is None:
        raise _refused("from", "unknown_account", "不是本租户的账户", "no account of this tenant")
    facts = _facts(account, tenant, supposed)
    in_force.rules.may(actor, Right.VIEW, facts.place(), today).require()
    known = supposed.known
    if known is None:
        # Whether somebody was ever paid must not tell that it was wages.
        hidden = in_force.version != SETTINGS and (
            actor.kind is ActorKind.MACHINE
            or in_force.rules.payroll_hidden(actor, facts.place(), today)
        )
        asked = {"tenant": tenant.id, "account": supposed.creditor_account}
        known = bool((_PAID_NO_WAGES if hidden else _PAID).rows(db, asked))
    facts = msgspec.structs.replace(facts, known=known)
    return DryRun(
        version=in_force.version, explanation=explain(in_force.rules, facts, today, today)
    )


def _facts(account: OwnAccount, tenant: Tenant, supposed: Supposed) -> Facts:
    return Facts(
        maker=supposed.maker,
        erp=supposed.erp,
        company=account.company,
        account=account.number,
        business=supposed.business.value,
        payee=supposed.payee or _payee(tenant, supposed),
        known=bool(supposed.known),
        amount_minor=_amount(supposed.amount, account.currency),
        currency=account.currency,
        budget_item=supposed.budget_item,
    )


def _payee(tenant: Tenant, supposed: Supposed) -> PayeeKind:
    if supposed.creditor_account in tenant.accounts:
        return PayeeKind.OWN_COMPANY
    return PayeeKind.PERSON if supposed.business is Business.PAYROLL else PayeeKind.OTHER_BANK


def _amount(text: str, unit: str) -> int:
    try:
        minor = Money.parse(text, currency(unit)).minor
    except MoneyFormatError as error:
        raise _refused(
            "amount",
            "amount",
            f"金额须为 {unit} 的十进制文本，如 1200.50",
            f"the amount is decimal text in {unit}, such as 1200.50",
        ) from error
    if not minor:
        raise _refused("amount", "amount", "金额须大于零", "the amount is more than zero")
    return minor


def _refused(name: str, code: str, zh: str, en: str) -> Refused:
    fault = Fault(path=f"?{name}", code=code, zh=zh, en=en)
    return Refused("the question was refused", "所问有误", [fault])
