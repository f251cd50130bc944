"""Endpoints of the reconciliation: how accounts stand, what is open, runs, people's decisions.

Rule kept here: whose reconciliation somebody sees is asked in book_rights, as the pages ask it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec
from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.balance_sheet import Side
from gateway.domain.money import Currency, Money, currency
from gateway.ports.tenancy import OwnAccount
from gateway.reconciliation.decision_reading import read_decision
from gateway.reconciliation.match_rows import parts_of, texts_of
from gateway.reconciliation.standing import AGES, PAGE, ClassSum, OpenSum, OpenThing, Stand
from gateway.store.instants import from_us
from gateway.web.asked import Asked, json_response, refused_at
from gateway.web.book_rights import account_seen, accounts_seen, decided
from gateway.web.small_json import Member, read_texts

_RUN: Final = {"account": Member(required=True, most=40), "up_to": Member(most=10)}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PLACES_MAX: Final = 9


async def listed(asked: Asked) -> Response:
    """How every account stands whose reconciliation the caller may see, or the one asked for."""
    wanted = asked.query.get("account")
    if wanted is not None:
        accounts: Sequence[OwnAccount] = [await account_named(asked, wanted)]
    else:
        accounts = await accounts_seen(asked.gateway, asked.onlooker)
    told = [await _stands(asked, it) for it in accounts]
    return json_response({"reconciliations": told})


async def get(asked: Asked) -> Response:
    """How one account stands."""
    return json_response(await _stands(asked, await of_path(asked)))


async def run(asked: Asked) -> Response:
    """Reconcile an account now, up to a day."""
    wish = read_texts(asked.body, _RUN, en="nothing was reconciled", zh="对账请求有误，未执行")
    account = await account_named(asked, wish["account"])
    today = asked.gateway.front.reconciliation.standing.today()
    up_to = day_of(wish["up_to"], "/up_to") if wish.get("up_to") else today
    running = asked.gateway.reconciling
    done = await running.reconcile(asked.tenant, account, up_to, asked.key.actor.label())
    return json_response(
        {
            "id": done.id,
            "account": done.account,
            "up_to": done.up_to.isoformat(),
            "matched": done.matched,
            "passed": done.passed,
            "suggested": done.suggested,
            "rules_version": done.rules_version,
        }
    )


async def open_items(asked: Asked) -> Response:
    """A page of what is open on one side of an account, oldest first, with reasons."""
    account = await of_path(asked)
    side = asked.query.get("side", "")
    if side not in frozenset(Side):
        raise refused_at("?side", "unknown_word", "side 须为 bank 或 book", "bank or book")
    start = _place(asked)
    place = (asked.key.tenant, account.number)
    found = await asked.gateway.front.reconciliation.standing.open(place, Side(side), start)
    unit = currency(account.currency)
    return json_response(
        {
            "account": account.number,
            "currency": account.currency,
            "side": side,
            "open": [_open(it, unit) for it in found[:PAGE]],
            "next": start + PAGE if len(found) > PAGE else None,
        }
    )


async def suggestions(asked: Asked) -> Response:
    """What the last run suggests to people."""
    account = await of_path(asked)
    place = (asked.key.tenant, account.number)
    rows = await asked.gateway.front.reconciliation.standing.suggestions(place)
    told = [
        {
            "id": row.id,
            "rule": row.rule,
            "reasons": list(texts_of(row.reasons)),
            "entries": list(texts_of(row.entries)),
            "items": list(texts_of(row.items)),
        }
        for row in rows
    ]
    return json_response({"account": account.number, "suggestions": told})


async def matches(asked: Asked) -> Response:
    """A page of matches, newest first, with reasons; those that were undone among them."""
    account = await of_path(asked)
    start = _place(asked)
    place = (asked.key.tenant, account.number)
    rows = await asked.gateway.front.reconciliation.standing.matches(place, start)
    unit = currency(account.currency)
    return json_response(
        {
            "account": account.number,
            "currency": account.currency,
            "matches": [_match(row, unit) for row in rows[:PAGE]],
            "next": start + PAGE if len(rows) > PAGE else None,
        }
    )


async def decide(asked: Asked) -> Response:
    """A person matches, splits, accepts, takes apart, writes off, or looks after something."""
    asked.person()
    account = await of_path(asked, Right.RECONCILE)
    told = read_decision(asked.body)
    made = await decided(asked.gateway, (asked.tenant, account), asked.key.actor, told)
    return json_response({"account": account.number, "action": told.action, "id": made})


# ── who may see what ──────────────────────────────────────────────────────────────────────────


async def of_path(asked: Asked, right: Right = Right.VIEW) -> OwnAccount:
    """The account in the address. Raises NotFound, or NotPermitted without the right."""
    return await account_named(asked, asked.path("account"), right)


async def account_named(asked: Asked, number: str, right: Right = Right.VIEW) -> OwnAccount:
    """An account whose reconciliation the caller may see, and do this with."""
    return await account_seen(asked.gateway, asked.onlooker, number, right)


def day_of(text: str, path: str) -> date:
    """A day as it is sent. Raises Refused with its place."""
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise refused_at(path, "date", "日期须为 YYYY-MM-DD", "a day as YYYY-MM-DD") from None


def _place(asked: Asked) -> int:
    told = asked.query.get("start", "0")
    if not (told.isascii() and told.isdigit() and len(told) <= _PLACES_MAX):
        raise refused_at("?start", "number", "start 须为非负整数", "a whole number from 0")
    return int(told)


# ── what is shown ─────────────────────────────────────────────────────────────────────────────


async def _stands(asked: Asked, account: OwnAccount) -> dict[str, object]:
    place = (asked.key.tenant, account.number)
    return _stand(account, await asked.gateway.front.reconciliation.standing.of(place))


def _stand(account: OwnAccount, it: Stand) -> dict[str, object]:
    unit = currency(account.currency)
    run, at = it.run, f"/v1/reconciliations/{account.number}"
    return {
        "account": account.number,
        "company": account.company,
        "currency": account.currency,
        "has_ledger": it.has_ledger,
        "last_run": None
        if run is None
        else {
            "id": run.id,
            "up_to": run.up_to,
            "at": from_us(run.ended_us).isoformat(timespec="seconds"),
            "actor": run.actor,
            "rules_version": run.rules_version,
        },
        "matched": {
            kind: {"matches": count, "sum": Money(moved, unit).text()}
            for kind, (count, moved) in sorted(it.matched.items())
        },
        "suggested": it.suggested,
        "open": {
            side.value: [
                _sum(one, unit, bound) for one, bound in zip(sums, (*AGES, None), strict=True)
            ]
            for side, sums in it.ages.items()
        },
        "classes": {
            kind.value: [
                _class_sum(one, unit, bound) for one, bound in zip(sums, (*AGES, None), strict=True)
            ]
            for kind, sums in it.classes.items()
        },
        "last_day": it.kept[1].isoformat() if it.kept else None,
        "days": [
            {
                "state": one.state,
                "why": one.why or None,
                "days": one.days,
                "first": one.first.isoformat(),
                "last": one.last.isoformat(),
            }
            for one in it.days
        ],
        "sheet": {
            "day": it.month.day.isoformat(),
            "state": it.month.state or None,
            "result": it.month.result or None,
        },
        "closed_until": it.closed_until.isoformat() if it.closed_until else None,
        "unproven_days": [day.isoformat() for day in it.unproven],
        "links": {name: f"{at}/{name}" for name in ("open", "suggestions", "matches", "sheets")},
    }


def _sum(it: OpenSum, unit: Currency, bound: int | None) -> dict[str, object]:
    return {
        "up_to_days": bound,
        "received": it.received,
        "received_sum": Money(it.received_minor, unit).text(),
        "paid": it.paid,
        "paid_sum": Money(it.paid_minor, unit).text(),
    }


def _class_sum(it: ClassSum, unit: Currency, bound: int | None) -> dict[str, object]:
    return {"up_to_days": bound, "items": it.count, "sum": Money(it.minor, unit).text()}


def _open(it: OpenThing, unit: Currency) -> dict[str, object]:
    thing = it.thing
    return {
        "ref": thing.ref,
        "day": thing.own_day,
        "counted_day": thing.day,
        "age_days": it.age,
        "amount": Money(thing.amount, unit).text(),
        "left": Money(thing.left, unit).text(),
        "reference": thing.own_reference or thing.reference,
        "counterparty_name": thing.name,
        "counterparty_account": thing.account,
        "remittance": thing.remittance,
        "reason": it.reason,
        "suggestions": list(it.suggestions),
        "owner": it.owner or None,
        "notes": [
            {
                "owner": row.owner or None,
                "comment": row.comment,
                "actor": row.actor,
                "at": from_us(row.at_us).isoformat(timespec="seconds"),
            }
            for row in it.notes
        ],
    }


def _match(row: Any, unit: Currency) -> dict[str, object]:  # noqa: ANN401 - a row
    undone = row.undone_us
    return {
        "id": row.id,
        "kind": row.kind,
        "rule": row.rule,
        "state": row.state,
        "reasons": list(texts_of(row.reasons)),
        "parts": [
            msgspec.to_builtins(it) | {"amount": Money(it.amount, unit).text()}
            for it in parts_of(row)
        ],
        "made_by": row.made_by,
        "made_at": from_us(row.made_us).isoformat(timespec="seconds"),
        "reason": row.reason,
        "undone_by": row.undone_by or None,
        "undone_at": None if undone is None else from_us(undone).isoformat(timespec="seconds"),
        "undone_reason": row.undone_reason or None,
        "rules_version": row.rules_version,
    }
