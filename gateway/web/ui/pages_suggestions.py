"""What the last run suggests: rule, reasons, rivals; a person accepts all of it or a choice.

Rule kept here: only what is ticked is accepted, never what somebody left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.balance_sheet import Side
from gateway.domain.errors import Refused
from gateway.reconciliation.decision_reading import SentDecision, SentPart, checked
from gateway.reconciliation.match_rows import texts_of
from gateway.reconciliation.standing import OpenThing
from gateway.web.book_rights import decided
from gateway.web.ui import pages_matches
from gateway.web.ui.asking import Seen
from gateway.web.ui.books import (
    Book,
    asked,
    book_of,
    link,
    only_looking,
    pager,
    place_of,
    plain_text,
    sent,
    twice,
)
from gateway.web.ui.books_things import item_address, line_of
from gateway.web.ui.books_words import RULES, SIDES, words
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, field, form
from gateway.web.ui.pages_open_items import REF_MAX
from gateway.web.ui.refusals import tried

PAGE: Final = 20
_LINES: Final = 3
"""Lines and items of a suggestion on its card."""


async def listed(seen: Seen) -> Response:
    """A page of suggestions."""
    book = await book_of(seen)
    start = place_of(asked(seen, "start"))
    found = await book.office.standing.suggestions(book.place, start, PAGE + 1)
    empty = el(
        "p",
        both("没有待判断的建议", "nothing is suggested"),
        " ",
        link(book.at, "立即对账", "reconcile now"),
    )
    cards = [await _card(book, row) for row in found[:PAGE]]
    return seen.page(
        "匹配建议",
        "suggestions",
        book.head("/suggestions"),
        el("ul", *cards, class_="cards") if cards else empty,
        pager(book, "/suggestions", (start, PAGE, len(found) > PAGE)),
    )


async def one(seen: Seen) -> Response:
    """One suggestion with everything it names."""
    return await _shown(await book_of(seen), seen.request.state.part)


async def accept(seen: Seen) -> Response:
    """Match what was ticked of it."""
    book, id_ = await book_of(seen), seen.request.state.part
    made, told, status = await tried(seen, _accept(seen, id_))
    if made is None:
        return await _shown(book, id_, told=told, status=status)
    return await pages_matches.shown(book, made, decided_now=True)


async def _accept(seen: Seen, id_: str) -> str:
    book = await book_of(seen, Right.RECONCILE)
    row = await book.office.standing.suggestion(book.place, id_)
    chosen = {side: _ticked(seen, side) for side in Side}
    for side, refs in ((Side.BANK, row.entries), (Side.BOOK, row.items)):
        # Without any, all that the suggestion names would be meant.
        if texts_of(refs) and not chosen[side]:
            zh, en = words(SIDES, side.value)
            raise Refused(f"nothing was ticked on {en}", f"{zh}未勾选任何明细，请勾选后再采纳")
    wish = SentDecision(
        action="accept",
        suggestion=id_,
        entries=chosen[Side.BANK],
        items=chosen[Side.BOOK],
        reason=sent(seen, "reason"),
    )
    return await decided(seen.people.gateway, book.of, seen.actor, checked(wish))


def _ticked(seen: Seen, side: Side) -> tuple[SentPart, ...]:
    head = f"{side.value}-"
    return tuple(
        SentPart(ref=plain_text(value, REF_MAX))
        for name, value in seen.form.items()
        if name.startswith(head)
    )


# ── as HTML ───────────────────────────────────────────────────────────────────────────────────


async def _named(book: Book, row: Any) -> dict[Side, list[OpenThing]]:  # noqa: ANN401 - a row
    named = book.office.standing.named
    return {
        Side.BANK: await named(book.place, Side.BANK, texts_of(row.entries)),
        Side.BOOK: await named(book.place, Side.BOOK, texts_of(row.items)),
    }


async def _card(book: Book, row: Any) -> Markup:  # noqa: ANN401 - a row of suggestions
    things = await _named(book, row)
    href = book.address(f"/suggestions/{row.id}")
    lines: list[Part] = []
    for side, found in things.items():
        shown = found[:_LINES]
        lines += [
            el("div", el("small", both(*words(SIDES, side.value))), line_of(book, it))
            for it in shown
        ]
        left = len(found) - len(shown)
        lines.append(el("div", both(f"另有 {left} 条", f"{left} more")) if left else None)
    return el(
        "li",
        el("a", both(*words(RULES, row.rule)), href=href, class_="go"),
        *lines,
        el("ul", *(el("li", twice(it)) for it in texts_of(row.reasons))),
    )


async def _shown(book: Book, id_: str, *, told: Part = None, status: int = 200) -> Response:
    row = await book.office.standing.suggestion(book.place, id_)
    things = await _named(book, row)
    whole = _adds_up(things)
    body: list[Part] = []
    for side, found in things.items():
        # Of several on a side any may be meant; one alone is, as is all that adds up.
        ticked = whole or len(found) == 1
        lines = (_tick(book, it, (f"{side.value}-{at}", ticked)) for at, it in enumerate(found))
        if found:
            body.append(el("h2", both(*words(SIDES, side.value))))
            body.append(el("ul", *lines, class_="cards"))
    return book.seen.page(
        "匹配建议",
        "a suggestion",
        book.head("/suggestions"),
        el("p", both("规则", "rule"), "：", both(*words(RULES, row.rule))),
        el("ul", *(el("li", twice(it)) for it in texts_of(row.reasons))),
        only_looking(book),
        _form(book, row.id, body, whole=whole) if book.decides else join(*body),
        told=told,
        status=status,
    )


def _form(book: Book, id_: str, body: Sequence[Part], *, whole: bool) -> Markup:
    choose = both(
        "所列合计不等，或有多个候选：请核对原始单据，只勾选属于同一笔业务的",
        "it does not add up as a whole, or has rivals: tick only what belongs together",
    )
    return form(
        book.address(f"/suggestions/{id_}"),
        book.seen.token,
        None if whole else el("p", choose, class_="told"),
        *body,
        field("reason", "备注", "remark", maxlength="1000", autocomplete="off"),
        button("采纳并匹配", "accept: match what is ticked"),
    )


def _tick(book: Book, it: OpenThing, named: tuple[str, bool]) -> Markup:
    box = None
    if book.decides and it.thing.left:
        name, ticked = named
        box = el("input", type="checkbox", name=name, value=it.thing.ref, checked=ticked)
    matched = el("div", both("已匹配", "matched already")) if not it.thing.left else None
    return el(
        "li",
        el("label", box, el("span", line_of(book, it), matched), class_="pick"),
        el("a", both("详情", "details"), href=item_address(book, it), class_="go"),
    )


def _adds_up(things: dict[Side, list[OpenThing]]) -> bool:
    bank, book = (sum(it.thing.left for it in things[side]) for side in Side)
    return bank == book and all(it.thing.left for found in things.values() for it in found)
