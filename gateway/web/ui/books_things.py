"""Lines of the bank and items of the books as people look at them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.domain.balance_sheet import CLASS_WORDS, OpenClass, Side
from gateway.domain.party import masked
from gateway.reconciliation.standing import OpenThing
from gateway.reconciliation.things import OPENING, Thing
from gateway.store.instants import from_us
from gateway.web.ui.books import Book, twice
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import facts

_SHORT: Final = len("2026-01-01/12345678")
_SUGGESTIONS_MAX: Final = 5
"""Links to suggestions on one card."""


def class_of(side: Side, thing: Thing) -> OpenClass:
    """The class of an open thing, as a sheet has it."""
    received = (thing.left > 0) != (bool(thing.backward) and side is Side.BOOK)
    if side is Side.BANK:
        return OpenClass.BANK_RECEIVED if received else OpenClass.BANK_PAID
    return OpenClass.BOOK_RECEIVED if received else OpenClass.BOOK_PAID


def short(ref: str) -> str:
    """A name short enough to read: a line's key is 64 digits."""
    return ref if ref.startswith(OPENING) or "/" not in ref else ref[:_SHORT]


def line_of(book: Book, it: OpenThing) -> Markup:
    """An open thing in two lines: amount, day and class; who it is with and what it says."""
    thing = it.thing
    kind = CLASS_WORDS[class_of(it.side, thing)]
    return join(
        el("div", book.text(thing.left), class_="amount num"),
        el("div", f"{thing.own_day} ", both(*kind)),
        el("div", told_by(thing)),
    )


def told_by(thing: Thing) -> str:
    """Who a thing is with, its reference and its text; its name where it says none of them."""
    told = (thing.name, thing.own_reference or thing.reference, thing.remittance)
    return " · ".join(filter(None, told)) or short(thing.ref)


def card(book: Book, it: OpenThing) -> Markup:
    """An open thing on a list, linking to where it is looked after."""
    return el(
        "li",
        line_of(book, it),
        el("div", age_of(it), "；", twice(it.reason)),
        _said(it),
        _suggested(book, it),
        el(
            "a",
            both("处理", "look after it"),
            el("small", f" {short(it.thing.ref)}"),
            href=item_address(book, it),
            class_="go",
        ),
    )


def item_address(book: Book, it: OpenThing) -> str:
    """Where one thing is looked after."""
    return book.address("/item", side=it.side.value, ref=it.thing.ref)


def age_of(it: OpenThing) -> Part:
    """How old it is."""
    if it.age < 0:
        return both(f"{-it.age} 天后的日期", f"dated {-it.age} days ahead")
    return both(f"账龄 {it.age} 天", f"{it.age} days old")


def details(book: Book, it: OpenThing) -> Markup:
    """All that is known of one thing; of the counterparty's account its last digits."""
    thing = it.thing
    matched = thing.amount != thing.left
    return facts(
        (both("金额", "amount"), el("span", book.text(thing.amount), class_="amount")),
        *(((both("未匹配余额", "left"), book.text(thing.left)),) if matched else ()),
        (both("日期", "day"), thing.own_day),
        *(((both("计入日期", "counts from"), thing.day),) if thing.day != thing.own_day else ()),
        (both("账龄", "age"), age_of(it)),
        (both("对方户名", "counterparty"), thing.name or "—"),
        (both("对方账号", "its account"), masked(thing.account) if thing.account else "—"),
        (both("附言", "text"), thing.remittance or "—"),
        (both("参考号", "reference"), thing.own_reference or thing.reference or "—"),
        (both("未达原因", "open because"), twice(it.reason) if thing.left else "—"),
        (both("负责人", "looked after by"), it.owner or "—"),
        (both("标识", "name"), el("code", short(thing.ref))),
    )


def notes(it: OpenThing) -> list[Part]:
    """What was said of it, the oldest first."""
    if not it.notes:
        return []
    lines = (
        el(
            "li",
            f"{from_us(row.at_us):%Y-%m-%d %H:%M} {row.actor.partition(':')[2]}",
            f"：{row.comment}" if row.comment else None,
            both(f"（负责人：{row.owner}）", f"owner: {row.owner}") if row.owner else None,
        )
        for row in it.notes
    )
    return [el("h2", both("备注", "comments")), el("ul", *lines)]


def listed(book: Book, found: Iterable[OpenThing]) -> Markup:
    """Things one below the other."""
    return el("ul", *(card(book, it) for it in found), class_="cards")


def suggestion_links(book: Book, it: OpenThing) -> list[Part]:
    """Links to what the last run suggests for it."""
    return [
        el(
            "a",
            both("查看建议", "see the suggestion"),
            href=book.address(f"/suggestions/{id_}"),
            class_="go",
        )
        for id_ in it.suggestions[:_SUGGESTIONS_MAX]
    ]


def _suggested(book: Book, it: OpenThing) -> Part:
    return el("div", *suggestion_links(book, it)) if it.suggestions else None


def _said(it: OpenThing) -> Part:
    comment = next((row.comment for row in reversed(it.notes) if row.comment), "")
    if not it.owner and not comment:
        return None
    owner = both(f"负责人：{it.owner}", f"owner: {it.owner}") if it.owner else None
    return el("div", owner, "；" if owner and comment else None, comment or None)
