"""Deliveries to webhooks and ERP systems that nobody tries any more, and how to repeat one.

Rule kept here: the page shows what was to be told and why it was not, never a payee or an amount.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.controls.sight import looking_person
from gateway.delivery.deliveries import Shown
from gateway.delivery.standing import WORDS
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.instruction import State
from gateway.ports.erp_told import ToldKind
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, Part, both, el
from gateway.web.ui.layout import button, facts, form

_SHOWN_MAX: Final = 100
_KINDS: Final = {
    ToldKind.STATUS: ("付款状态", "payment status"),
    ToldKind.STATEMENT: ("对账单", "statement"),
    ToldKind.BALANCE: ("余额", "balance"),
    ToldKind.CREDIT: ("到账通知", "money in"),
    ToldKind.RECEIPT: ("电子回单", "receipt"),
    ToldKind.MATCH: ("勾对", "match"),
    ToldKind.OPEN_ITEMS: ("对账状态", "reconciliation"),
}
_REFUSED: Final = ("未受理", "refused, not accepted")


async def listed(seen: Seen) -> Response:
    """What is dead first, then what is being tried again."""
    dead = await _of(seen, Delivery.DEAD)
    tried = [it for it in await _of(seen, Delivery.PENDING) if it.tries]
    return seen.page(
        "投递",
        "deliveries",
        el("h2", both(f"已放弃 {_count(dead)}", f"given up: {_count(dead)}")),
        el("ul", *(_card(seen, it) for it in dead[:_SHOWN_MAX]), class_="cards"),
        el("h2", both(f"正在重试 {_count(tried)}", f"being tried again: {_count(tried)}")),
        el("ul", *(_card(seen, it) for it in tried[:_SHOWN_MAX]), class_="cards"),
    )


async def again(seen: Seen) -> Response:
    """Have one told again: the same event with the same words."""
    who = looking_person(seen.tenant, seen.actor)
    front = seen.people.gateway.front
    await front.deliveries.again(
        seen.tenant, seen.request.state.subject, seen.actor, lambda db: front.sight.rows(db, who)
    )
    return seen.go("/ui/deliveries")


async def _of(seen: Seen, delivery: Delivery) -> list[Shown]:
    who = looking_person(seen.tenant, seen.actor)
    front = seen.people.gateway.front
    return await front.deliveries.listed(
        seen.tenant, delivery, "", lambda db: front.sight.rows(db, who)
    )


def _count(found: list[Shown]) -> str:
    return str(len(found)) if len(found) <= _SHOWN_MAX else f"{_SHOWN_MAX}+"


def _card(seen: Seen, it: Shown) -> Markup:
    zh, en = _KINDS[ToldKind(it.kind)]
    shown = facts(
        (both("接收方", "receiver"), it.endpoint),
        (both(zh, en), _about(it)),
        (both("尝试", "attempts"), str(it.tries)),
        (both("原因", "why"), it.failure or "—"),
        (both("最近", "last"), f"{it.changed_at:%Y-%m-%d %H:%M}"),
    )
    return el(
        "li",
        shown,
        form(f"/ui/deliveries/{it.id}", seen.token, button("立即重投", "tell it again now")),
    )


def _about(it: Shown) -> Part:
    """Which payment and state; of anything else its number."""
    if it.state not in State.__members__:
        return both(*_REFUSED) if it.state == "REFUSED" else f"#{it.sequence}"
    zh, en = WORDS[State(it.state)]
    return el("a", both(zh, en), href=f"/ui/payments/{it.instruction}")
