"""Endpoints of the book side: ledger items and the books' balances, given by ERPs, read back."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gateway.domain.money import Money, currency
from gateway.reconciliation.ledger_reading import read_balances, read_items
from gateway.store.instants import from_us
from gateway.web.asked import Asked, json_response, refused_at
from gateway.web.reconciliations import account_named

PAGE: Final = 1_000
_BALANCES: Final = 400
_AFTER_MAX: Final = 128


async def post_items(asked: Asked) -> Response:
    """Keep ledger items, all or none; the same again gets the same answer."""
    asked.machine()
    items = read_items(asked.body, await _currencies(asked))
    taken = await asked.gateway.front.reconciliation.ledger.take_items(
        asked.tenant, asked.key.actor, items
    )
    told = [
        {"item_id": it.item_id, "digest": it.digest, "counted_day": it.counted_day} for it in taken
    ]
    return json_response({"items": told})


async def post_balances(asked: Asked) -> Response:
    """Keep or restate the books' balances."""
    asked.machine()
    balances = read_balances(asked.body, await _currencies(asked))
    ledger = asked.gateway.front.reconciliation.ledger
    await ledger.take_balances(asked.tenant, asked.key.actor, balances)
    told = [
        {"account": it.account, "date": it.day.isoformat(), "balance": it.amount.text()}
        for it in balances
    ]
    return json_response({"balances": told})


async def items(asked: Asked) -> Response:
    """The items of an account by id, page by page."""
    account = await account_named(asked, asked.query.get("account", ""))
    after = asked.query.get("after", "")
    if len(after) > _AFTER_MAX or not after.isprintable():
        raise refused_at("?after", "format", "after 格式有误", "not the id of an item")
    place = (asked.key.tenant, account.number)
    rows = await asked.gateway.front.reconciliation.ledger.items(place, after, PAGE + 1)
    return json_response(
        {
            "account": account.number,
            "items": [_item(row) for row in rows[:PAGE]],
            "next": rows[PAGE - 1].item_id if len(rows) > PAGE else None,
        }
    )


async def balances(asked: Asked) -> Response:
    """The books' balances of an account, the latest day first."""
    account = await account_named(asked, asked.query.get("account", ""))
    place = (asked.key.tenant, account.number)
    rows = await asked.gateway.front.reconciliation.ledger.balances(place, _BALANCES)
    return json_response(
        {
            "account": account.number,
            "currency": account.currency,
            "balances": [
                {
                    "date": row.day,
                    "balance": Money(row.amount_minor, currency(row.currency)).text(),
                    "actor": row.actor,
                    "at": from_us(row.at_us).isoformat(timespec="seconds"),
                }
                for row in rows
            ],
        }
    )


async def _currencies(asked: Asked) -> dict[str, str]:
    """The accounts that the caller may see, with their currencies."""
    sight = asked.gateway.front.sight
    own = await asked.gateway.store.read(lambda db: sight.accounts(db, asked.onlooker))
    return {it.number: it.currency for it in own}


def _item(row: Any) -> dict[str, object]:  # noqa: ANN401 - a row
    amount = Money(row.amount_minor, currency(row.currency))
    out = (amount.minor < 0) != bool(row.red_letter)
    return {
        "item_id": row.item_id,
        "digest": row.digest,
        "erp_reference": row.erp_reference,
        "account": row.account,
        "side": row.side,
        "opening": bool(row.opening),
        "direction": "out" if out else "in",
        "amount": (-amount if out else amount).text(),
        "currency": row.currency,
        "date": row.day,
        "counted_day": row.counted_day,
        "counterparty_name": row.counterparty_name,
        "counterparty_account": row.counterparty_account,
        "remittance": row.remittance,
        "at": from_us(row.at_us).isoformat(timespec="seconds"),
    }
