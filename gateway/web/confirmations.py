"""Endpoints of monthly confirmations (银企对账回签): prepared, signed, and what the bank said."""

from __future__ import annotations

import json
from datetime import date
from typing import Final

from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.confirmation import month_of
from gateway.domain.money import Money, currency
from gateway.ports.tenancy import OwnAccount
from gateway.reconciliation.confirmation_rows import Confirmation
from gateway.reconciliation.confirmations import needs_person
from gateway.store.instants import from_us
from gateway.web.asked import Asked, json_response, refused_at
from gateway.web.reconciliations import account_named
from gateway.web.small_json import Member, read_texts

_PREPARE: Final = {
    "account": Member(required=True, most=40),
    "month": Member(required=True, most=7),
    "comment": Member(),
}
_SIGN: Final = {"digest": Member(required=True, most=64), "reason": Member()}
_WITHDRAW: Final = {"reason": Member(required=True)}


async def listed(asked: Asked) -> Response:
    """The confirmations of an account, the latest month first."""
    account = await account_named(asked, asked.query.get("account", ""))
    of = (asked.tenant, account)
    found = await asked.gateway.front.confirmations.listed(of)
    return json_response({"account": account.number, "confirmations": [_told(it) for it in found]})


async def get(asked: Asked) -> Response:
    """One of them."""
    found, _ = await _asked_for(asked)
    return json_response(_told(found))


async def prepare(asked: Asked) -> Response:
    """A person prepares the confirmation of a month for another to sign."""
    asked.person()
    wish = read_texts(asked.body, _PREPARE, en="nothing was prepared", zh="编制请求有误，未受理")
    month = _month(wish["month"])
    account = await account_named(asked, wish["account"], Right.RECONCILE)
    made = await asked.gateway.front.confirmations.prepare(
        (asked.tenant, account), asked.key.actor, month, wish.get("comment", "")
    )
    return json_response(_told(made))


async def sign(asked: Asked) -> Response:
    """Another person signs; the order goes to the bank by itself."""
    asked.person()
    wish = read_texts(asked.body, _SIGN, en="nothing was signed", zh="签署请求有误，未受理")
    found, account = await _asked_for(asked, Right.RECONCILE)
    said = (wish["digest"], wish.get("reason", ""))
    signed = await asked.gateway.front.confirmations.sign(
        (asked.tenant, account), asked.key.actor, found.id, said
    )
    return json_response(_told(signed))


async def withdraw(asked: Asked) -> Response:
    """A person takes back what nobody has signed."""
    asked.person()
    wish = read_texts(asked.body, _WITHDRAW, en="nothing was withdrawn", zh="撤回请求有误，未受理")
    found, account = await _asked_for(asked, Right.RECONCILE)
    gone = await asked.gateway.front.confirmations.withdraw(
        (asked.tenant, account), asked.key.actor, found.id, wish["reason"]
    )
    return json_response(_told(gone))


async def _asked_for(asked: Asked, right: Right = Right.VIEW) -> tuple[Confirmation, OwnAccount]:
    found = await asked.gateway.front.confirmations.find(asked.tenant, asked.path("id"))
    return found, await account_named(asked, found.account, right)


def _month(text: str) -> date:
    try:
        return month_of(text)
    except ValueError:
        raise refused_at("/month", "month", "月份须为 YYYY-MM", "a month as YYYY-MM") from None


def _told(it: Confirmation) -> dict[str, object]:
    unit = currency(it.currency)
    stated = it.bank_minor
    withdrawn = it.ended_by and not it.serial
    return {
        "id": it.id,
        "account": it.account,
        "month": it.month,
        "state": it.state.value,
        "needs_person": needs_person(it),
        "balance": Money(it.balance_minor, unit).text(),
        "currency": it.currency,
        "digest": it.digest,
        "content": json.loads(it.content),
        "prepared_by": it.prepared_by,
        "prepared_at": _at(it.prepared_us),
        "comment": it.comment or None,
        "signed_by": None if withdrawn else it.ended_by or None,
        "signed_at": None if withdrawn else _at(it.ended_us),
        "withdrawn_by": it.ended_by if withdrawn else None,
        "reason": it.reason or None,
        "serial": it.serial or None,
        "first_sent_at": _at(it.first_sent_us),
        "asked_again_at": _at(it.due_us),
        "bank_code": it.bank_code or None,
        "bank_text": it.bank_text or None,
        "bank_balance": None if stated is None else Money(stated, unit).text(),
        "difference": Money(stated - it.balance_minor, unit).text()
        if stated is not None and it.differs
        else None,
        "changed_at": _at(it.changed_us),
        "links": {"self": f"/v1/confirmations/{it.id}"},
    }


def _at(us: int | None) -> str | None:
    return None if us is None else from_us(us).isoformat(timespec="seconds")
