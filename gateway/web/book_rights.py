"""Whose reconciliation somebody sees and decides about: asked here by the API and by the pages.

Rule kept here: who may not see wages paid from an account sees nothing of its reconciliation:
its open items and sums would tell them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from gateway.bootstrap import Gateway
from gateway.controls.rules.document import Business, Right
from gateway.controls.rules.facts import Place
from gateway.controls.sight import Onlooker
from gateway.domain.decision import Actor
from gateway.domain.errors import NotFound, NotPermitted
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.reconciliation.decision_reading import SentDecision


async def account_seen(
    gateway: Gateway, who: Onlooker, number: str, right: Right = Right.VIEW
) -> OwnAccount:
    """An account whose reconciliation somebody may see, and do this with.

    Raises NotFound for what is not theirs to see, NotPermitted without the right.
    """
    account = who.tenant.accounts.get(number)
    if account is None:
        raise NotFound("no such account", "没有该账户")
    await gateway.store.read(lambda db: _check(gateway, db, who, account, right))
    return account


async def accounts_seen(
    gateway: Gateway, who: Onlooker, right: Right = Right.VIEW
) -> Sequence[OwnAccount]:
    """Every account whose reconciliation somebody may see, and do this with."""

    def read(db: Connection) -> list[OwnAccount]:
        return [it for it in who.tenant.accounts.values() if _may(gateway, db, who, it, right)]

    return await gateway.store.read(read)


async def may(gateway: Gateway, who: Onlooker, account: OwnAccount, right: Right) -> bool:
    """Whether somebody may do this with an account: to offer it, never to decide by."""
    return await gateway.store.read(lambda db: _may(gateway, db, who, account, right))


async def decided(
    gateway: Gateway, of: tuple[Tenant, OwnAccount], actor: Actor, told: SentDecision
) -> str:
    """Carry out a decision that was read and whose account was seen with the right to it.

    Gives the id of the match, or the name of what was noted. Raises as Deciding does.
    """
    deciding = gateway.front.reconciliation.deciding
    if told.action == "match":
        return await deciding.match(of, actor, told.wish)
    if told.action == "accept":
        return await deciding.accept(of, actor, told.suggestion, told.wish)
    if told.action == "unmatch":
        return await deciding.unmatch(of, actor, told.match, told.reason)
    if told.action == "write_off":
        return await deciding.write_off(of, actor, told.wish)
    return await deciding.note(of, actor, told.said)


def _check(
    gateway: Gateway, db: Connection, who: Onlooker, account: OwnAccount, right: Right
) -> None:
    sight = gateway.front.sight
    sight.account(db, who, account)
    for needed, business in ((Right.VIEW, Business.PAYROLL), (right, Business.QUERY)):
        place = Place(company=account.company, account=account.number, business=business)
        sight.require(db, who, needed, place)


def _may(
    gateway: Gateway, db: Connection, who: Onlooker, account: OwnAccount, right: Right
) -> bool:
    try:
        _check(gateway, db, who, account, right)
    except (NotFound, NotPermitted):
        return False
    return True
