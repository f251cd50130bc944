"""What is open on an account: a page of it at a time, and one item with what was said of it.

Rule kept here: a page holds a bounded number of items however many are open.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.balance_sheet import Side
from gateway.domain.errors import NotFound, Refused
from gateway.reconciliation.decision_reading import SentDecision, checked
from gateway.reconciliation.standing import OpenThing
from gateway.reconciliation.things import Sought
from gateway.web.book_rights import decided
from gateway.web.ui.asking import Seen
from gateway.web.ui.books import (
    Book,
    asked,
    book_of,
    day_text,
    good,
    link,
    minor_of,
    only_looking,
    pager,
    place_of,
    sent,
)
from gateway.web.ui.books_things import details, notes, suggestion_links
from gateway.web.ui.books_things import listed as cards
from gateway.web.ui.books_words import SIDES, words
from gateway.web.ui.html import Markup, Part, both, el
from gateway.web.ui.layout import button, field, form
from gateway.web.ui.refusals import tried

PAGE: Final = 50
OWNER_MAX: Final = 128
COMMENT_MAX: Final = 1000
REF_MAX: Final = 160
_PEOPLE: Final = "people"


async def listed(seen: Seen) -> Response:
    """A page of what is open on one side, oldest first, with a search."""
    book = await book_of(seen)
    side = side_of(asked(seen, "side") or Side.BANK.value)
    start = place_of(asked(seen, "start"))
    told = {name: asked(seen, name) for name in ("text", "amount", "first", "last")}
    found = await book.office.standing.found(
        book.place, side, sought(book, told), (start, PAGE + 1)
    )
    shown = found[:PAGE]
    zh, en = words(SIDES, side.value)
    place = both(f"第 {start + 1}–{start + len(shown)} 条", f"{start + 1} to {start + len(shown)}")
    return seen.page(
        "未达账",
        "open items",
        book.head("/open"),
        _sides(book, side),
        el("h2", both(zh, en)),
        _search(book, side, told),
        el("p", place) if shown else _nothing(book, searched=any(told.values())),
        cards(book, shown),
        pager(book, "/open", (start, PAGE, len(found) > PAGE), side=side.value, **told),
    )


async def one(seen: Seen) -> Response:
    """One item with what was said of it, and what may be done."""
    book = await book_of(seen)
    return await _shown(book, asked(seen, "side"), asked(seen, "ref"))


async def note(seen: Seen) -> Response:
    """Say something of an item, or who looks after it."""
    book = await book_of(seen)
    done, told, status = await tried(seen, _note(seen))
    side, ref = sent(seen, "side"), sent(seen, "ref", REF_MAX)
    if done is None:
        return await _shown(book, side, ref, told=told, status=status)
    return await _shown(book, side, ref, good("已记录", "recorded"))


async def _note(seen: Seen) -> str:
    book = await book_of(seen, Right.RECONCILE)
    wish = SentDecision(
        action="note",
        side=sent(seen, "side"),
        ref=sent(seen, "ref", REF_MAX),
        owner=sent(seen, "owner", OWNER_MAX),
        comment=sent(seen, "comment", COMMENT_MAX),
    )
    return await decided(seen.people.gateway, book.of, seen.actor, checked(wish))


async def _shown(  # noqa: PLR0913 - the last by keyword
    book: Book,
    side: str,
    ref: str,
    done: Part = None,
    *,
    told: Part = None,
    status: int = 200,
) -> Response:
    it = await named(book, side_of(side), ref)
    return book.seen.page(
        "未达账项",
        "an open item",
        done,
        book.head("/open"),
        el("h2", both(*words(SIDES, it.side.value))),
        details(book, it),
        el("div", *suggestion_links(book, it), class_="tabs") if it.suggestions else None,
        *notes(it),
        only_looking(book),
        *_choices(book, it),
        told=told,
        status=status,
    )


async def named(book: Book, side: Side, ref: str) -> OpenThing:
    """One thing by its name. Raises NotFound."""
    found = await book.office.standing.named(book.place, side, [ref])
    if not found:
        raise NotFound("there is no such line or item", "没有该明细")
    return found[0]


def side_of(text: str) -> Side:
    """A side as it is named. Raises Refused."""
    if text not in frozenset(Side):
        raise Refused("side: bank or book", "side 须为 bank 或 book")
    return Side(text)


def sought(book: Book, told: dict[str, str]) -> Sought:
    """A search as it was sent: ``text``, ``amount``, ``first``, ``last``. Raises Refused."""
    return Sought(
        text=told["text"],
        minor=minor_of(told["amount"], book.unit),
        first=day_text(told["first"]),
        last=day_text(told["last"]),
    )


def search_fields(told: dict[str, str]) -> list[Markup]:
    """The fields of a search, as they were sent."""
    return [
        field("text", "户名、参考号、附言", "name, reference, text", value=told["text"]),
        field("amount", "金额", "amount", value=told["amount"], inputmode="decimal"),
        field("first", "起始日期", "from", type="date", value=told["first"]),
        field("last", "截止日期", "to", type="date", value=told["last"]),
    ]


def _sides(book: Book, side: Side) -> Markup:
    links = (
        el(
            "a",
            both(*words(SIDES, it.value)),
            href=book.address("/open", side=it.value),
            aria_current="page" if it is side else None,
        )
        for it in Side
    )
    return el("div", *links, class_="tabs")


def _search(book: Book, side: Side, told: dict[str, str]) -> Markup:
    return el(
        "details",
        el("summary", both("查找", "search")),
        el(
            "form",
            el("input", type="hidden", name="side", value=side.value),
            *search_fields(told),
            button("查找", "search", class_="plain"),
            method="get",
            action=book.address("/open"),
        ),
        open=any(told.values()),
    )


def _nothing(book: Book, *, searched: bool) -> Markup:
    if searched:
        words_ = both(
            "没有符合条件的未达账，请放宽条件", "nothing answers the search: ask for less"
        )
        return el("p", words_)
    return el(
        "p",
        both("该侧没有未达账", "nothing is open on this side"),
        " ",
        link(book.address("/sheets"), "可编制余额调节表", "the sheet may be prepared"),
    )


def _choices(book: Book, it: OpenThing) -> list[Part]:
    if not book.decides:
        return []
    seen = book.seen
    desk = book.address("/desk", side=it.side.value, ref=it.thing.ref)
    matched = el(
        "p",
        both(
            "已全部匹配；如有误，请在“已匹配”中取消", "it is matched: undo that among the matches"
        ),
    )
    return [
        link(desk, "人工匹配、拆分或核销", "match by hand, split, write off")
        if it.thing.left
        else matched,
        el("h2", both("负责人与备注", "owner and comment")),
        form(
            book.address("/item"),
            seen.token,
            el("input", type="hidden", name="side", value=it.side.value),
            el("input", type="hidden", name="ref", value=it.thing.ref),
            field(
                "owner",
                "负责人（不改则留空）",
                "owner; empty: as before",
                list=_PEOPLE,
                maxlength=str(OWNER_MAX),
                autocomplete="off",
            ),
            el(
                "datalist",
                *(el("option", value=who.name) for who in seen.tenant.people),
                id=_PEOPLE,
            ),
            field("comment", "备注", "comment", maxlength=str(COMMENT_MAX), autocomplete="off"),
            button("保存", "keep", class_="plain"),
        ),
    ]
