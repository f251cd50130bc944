"""What is matched, newest first, with rule and reasons; and how a match is taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.balance_sheet import Side
from gateway.reconciliation.decision_reading import SentDecision, checked
from gateway.reconciliation.match_rows import HELD, parts_of, texts_of
from gateway.reconciliation.things import WRITE_OFF
from gateway.store.instants import from_us
from gateway.web.book_rights import decided
from gateway.web.ui.asking import Seen
from gateway.web.ui.books import (
    Book,
    asked,
    book_of,
    good,
    link,
    only_looking,
    pager,
    place_of,
    sent,
    twice,
)
from gateway.web.ui.books_things import short, told_by
from gateway.web.ui.books_words import KINDS, MATCHES, RULES, SIDES, words
from gateway.web.ui.html import Markup, Part, both, el
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.refusals import tried

PAGE: Final = 50
_PARTS_SHOWN: Final = 6
"""Parts of a match on its card; its own page has all."""
_PARTS_MAX: Final = 500


async def listed(seen: Seen) -> Response:
    """A page of matches, those that were undone among them."""
    book = await book_of(seen)
    start = place_of(asked(seen, "start"))
    found = await book.office.standing.matches(book.place, start, PAGE)
    empty = el(
        "p",
        both("尚无匹配", "nothing is matched"),
        " ",
        link(book.at, "立即对账", "reconcile now"),
    )
    cards = el("ul", *(_card(book, row) for row in found[:PAGE]), class_="cards")
    return seen.page(
        "已匹配",
        "matches",
        book.head("/matches"),
        cards if found else empty,
        pager(book, "/matches", (start, PAGE, len(found) > PAGE)),
    )


async def one(seen: Seen) -> Response:
    """One match with its parts."""
    return await shown(await book_of(seen), seen.request.state.part)


async def unmatch(seen: Seen) -> Response:
    """Take it apart."""
    book, id_ = await book_of(seen), seen.request.state.part
    done, told, status = await tried(seen, _unmatch(seen, id_))
    if done is None:
        return await shown(book, id_, told=told, status=status)
    return await shown(book, id_, decided_now=True)


async def _unmatch(seen: Seen, id_: str) -> str:
    book = await book_of(seen, Right.RECONCILE)
    wish = SentDecision(action="unmatch", match=id_, reason=sent(seen, "reason"))
    return await decided(seen.people.gateway, book.of, seen.actor, checked(wish))


async def shown(
    book: Book, id_: str, *, decided_now: bool = False, told: Part = None, status: int = 200
) -> Response:
    """The page of one match. Raises NotFound."""
    row = await book.office.standing.match(book.place, id_)
    state = words(MATCHES, row.state)
    return book.seen.page(
        "匹配详情",
        "a match",
        good("已记录", "recorded") if decided_now else None,
        book.head("/matches"),
        facts(
            (both("方式", "how"), both(*words(KINDS, row.kind))),
            (both("规则", "rule"), both(*words(RULES, row.rule))),
            (both("状态", "state"), both(*state)),
            (both("经办", "by"), f"{_who(row.made_by)} {_at(row.made_us)}"),
            (both("原因", "reason"), row.reason or "—"),
            *_undone(row),
        ),
        *_reasons(row),
        el("h2", both("明细", "what it joins")),
        *_parts(book, row, _PARTS_MAX, await _names(book, row)),
        only_looking(book),
        _undo(book, row),
        told=told,
        status=status,
    )


def _card(book: Book, row: Any) -> Markup:  # noqa: ANN401 - a row of matches
    named = both(*words(KINDS, row.kind))
    parts = parts_of(row)
    bank = sum(it.amount for it in parts if it.side == Side.BANK.value)
    book_ = sum(it.amount for it in parts if it.side == Side.BOOK.value)
    return el(
        "li",
        el("div", book.text(bank or book_), class_="amount num"),
        el("div", el("a", named, href=book.address(f"/matches/{row.id}"), class_="go")),
        el("div", both(*words(RULES, row.rule)), "；", both(*words(MATCHES, row.state))),
        el("small", f"{_who(row.made_by)} {_at(row.made_us)} {row.reason}"),
        *_parts(book, row, _PARTS_SHOWN, {}),
    )


async def _names(book: Book, row: Any) -> dict[tuple[str, str], str]:  # noqa: ANN401 - a row
    """Who each part is with and what it says, by side and name."""
    found: dict[tuple[str, str], str] = {}
    for side in Side:
        refs = [it.ref for it in parts_of(row) if it.side == side.value]
        for it in await book.office.standing.named(book.place, side, refs):
            found[side.value, it.thing.ref] = told_by(it.thing)
    return found


def _parts(
    book: Book,
    row: Any,  # noqa: ANN401 - a row of matches
    most: int,
    names: Mapping[tuple[str, str], str],
) -> list[Part]:
    """What a match takes: amounts at the right, each thing linking to its page."""
    parts = parts_of(row)
    lines = (
        el(
            "li",
            el("span", both(*words(SIDES, it.side)), f" {it.day} "),
            el("a", short(it.ref), href=book.address("/item", side=it.side, ref=it.ref)),
            el("div", names[it.side, it.ref]) if (it.side, it.ref) in names else None,
            el("div", book.text(it.amount), class_="num"),
        )
        for it in parts[:most]
    )
    left = len(parts) - most
    more = both(f"另有 {left} 条", f"{left} more")
    return [el("ul", *lines), el("p", more) if left > 0 else None]


def _reasons(row: Any) -> list[Part]:  # noqa: ANN401 - a row of matches
    told = texts_of(row.reasons)
    if not told:
        return []
    lines = (el("li", twice(it)) for it in told)
    return [el("h2", both("依据", "reasons")), el("ul", *lines)]


def _undone(row: Any) -> list[tuple[Part, Part]]:  # noqa: ANN401 - a row of matches
    if row.undone_us is None:
        return []
    who = f"{_who(row.undone_by)} {_at(row.undone_us)}"
    return [
        (both("取消", "undone by"), who),
        (both("取消原因", "why"), row.undone_reason or "—"),
    ]


def _undo(book: Book, row: Any) -> Part:  # noqa: ANN401 - a row of matches
    if not book.decides or row.state != HELD:
        return None
    zh, en = (
        ("取消核销", "undo the write-off") if row.kind == WRITE_OFF else ("取消匹配", "undo it")
    )
    return form(
        book.address(f"/matches/{row.id}"),
        book.seen.token,
        el("h2", both(zh, en)),
        el(
            "p",
            both(
                "取消后各明细重新成为未达账；自动对账不会再自动匹配它们，只作建议",
                "all of it is open again, and is only suggested from then on",
            ),
        ),
        field("reason", "原因（必填）", "reason; required", maxlength="1000", autocomplete="off"),
        button(zh, en, class_="no"),
    )


def _who(label: str) -> str:
    kind, _, name = label.partition(":")
    return "自动 automatic" if kind == "policy" else name


def _at(at_us: int) -> str:
    return f"{from_us(at_us):%Y-%m-%d %H:%M}"
