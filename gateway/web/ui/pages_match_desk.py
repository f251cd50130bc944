"""Matching by hand: choose on both sides, see the sums, then match, split or write off.

Rule kept here: what was chosen travels in the form itself, so nothing is kept between two looks;
what is decided is decided where every decision is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as of_dataclass
from typing import Final

from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.balance_sheet import Side
from gateway.domain.errors import Refused
from gateway.domain.money import Money, MoneyFormatError
from gateway.reconciliation.decision_reading import SentDecision, SentPart, checked
from gateway.reconciliation.standing import OpenThing
from gateway.web.book_rights import decided
from gateway.web.ui import pages_matches
from gateway.web.ui.asking import Seen
from gateway.web.ui.books import Book, amount_text, asked, book_of, place_of, plain_text, sent
from gateway.web.ui.books_things import line_of
from gateway.web.ui.books_words import SIDES, words
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, field, form
from gateway.web.ui.pages_open_items import REF_MAX, search_fields, side_of, sought
from gateway.web.ui.refusals import tried

PICKS_MAX: Final = 100
"""Most lines and items chosen on the page; the API takes more at once."""
FOUND_MAX: Final = 20
_REASON_MAX: Final = "1000"
_AMOUNT_MAX: Final = 32
_LOOK, _MORE, _MATCH, _WRITE_OFF = "look", "more", "match", "write_off"
_OTHER: Final = {Side.BANK: Side.BOOK, Side.BOOK: Side.BANK}
_SEARCHED: Final = ("text", "amount", "first", "last")
_NOTHING: Final = dict.fromkeys(_SEARCHED, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """What somebody chose. ``amount`` is text as it was written, '' for all that is left."""

    side: Side
    ref: str
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What lies on the desk: picks, and where more is looked for."""

    picks: tuple[Pick, ...]
    side: Side
    told: dict[str, str] = of_dataclass(default_factory=lambda: dict(_NOTHING))
    start: int = 0
    reason: str = ""


async def begun(seen: Seen) -> Response:
    """The desk with one thing on it, and what has its amount on the other side."""
    book = await book_of(seen, Right.RECONCILE)
    ref = asked(seen, "ref", REF_MAX)
    side = side_of(asked(seen, "side") or Side.BANK.value)
    if not ref:
        return await _shown(book, Desk(picks=(), side=side))
    found = await book.office.standing.named(book.place, side, [ref])
    told = dict(_NOTHING)
    if found:
        told["amount"] = Money(abs(found[0].thing.left), book.unit).text()
    picks = (Pick(side=side, ref=ref),)
    return await _shown(book, Desk(picks=picks, side=_OTHER[side], told=told))


async def went_on(seen: Seen) -> Response:
    """Look for more, or decide about what was chosen."""
    book = await book_of(seen, Right.RECONCILE)
    desk, told, status = await tried(seen, _read(seen))
    if desk is None:
        return await _shown(book, Desk(picks=(), side=Side.BANK), told=told, status=status)
    action = seen.form.get("action", "")
    if action not in {_MATCH, _WRITE_OFF}:
        return await _shown(book, desk)
    made, told, status = await tried(seen, _decide(book, desk, action))
    if made is None:
        return await _shown(book, desk, told=told, status=status)
    return await pages_matches.shown(book, made, decided_now=True)


async def _decide(book: Book, desk: Desk, action: str) -> str:
    seen = book.seen

    def parts(side: Side) -> tuple[SentPart, ...]:
        return tuple(
            SentPart(ref=it.ref, amount=amount_text(it.amount))
            for it in desk.picks
            if it.side is side
        )

    wish = SentDecision(
        action=action, entries=parts(Side.BANK), items=parts(Side.BOOK), reason=desk.reason
    )
    return await decided(seen.people.gateway, book.of, seen.actor, checked(wish))


async def _read(seen: Seen) -> Desk:
    """What a form of the desk says. Raises Refused."""
    form_ = seen.form
    picks: dict[tuple[Side, str], Pick] = {}
    for name, value in form_.items():
        if name[:1] in {"p", "r"} and name[1:].isdecimal():
            side, _, ref = value.partition(" ")
            amount = plain_text(form_.get(f"a{name[1:]}", ""), _AMOUNT_MAX)
            pick = Pick(
                side=side_of(side),
                ref=plain_text(ref, REF_MAX),
                amount=amount if name[0] == "p" else "",
            )
            picks.setdefault((pick.side, pick.ref), pick)
    if len(picks) > PICKS_MAX:
        raise Refused(
            f"{PICKS_MAX} at most on this page: match them in parts, or over the API",
            f"本页一次至多选 {PICKS_MAX} 条：请分批匹配，或用接口提交",
        )
    start = place_of(form_.get("start", ""))
    return Desk(
        picks=tuple(picks.values()),
        side=side_of(form_.get("side", Side.BANK.value)),
        told={name: sent(seen, name, REF_MAX) for name in _SEARCHED},
        # Whoever searches anew begins at the beginning.
        start=start + FOUND_MAX if form_.get("action") == _MORE else 0,
        reason=sent(seen, "reason"),
    )


# ── as HTML ───────────────────────────────────────────────────────────────────────────────────


async def _shown(book: Book, desk: Desk, *, told: Part = None, status: int = 200) -> Response:
    seen = book.seen
    chosen: dict[Side, list[OpenThing]] = {}
    for side in Side:
        refs = [it.ref for it in desk.picks if it.side is side]
        chosen[side] = await book.office.standing.named(book.place, side, refs)
    found, wrong, flawed = await tried(seen, _found(book, desk))
    parts: list[Part] = [
        *_chosen(book, desk, chosen),
        *_results(book, desk, found or [], {it.ref for it in desk.picks if it.side is desk.side}),
        el("h2", both("决定", "decide")),
        field(
            "reason", "原因（必填）", "reason; required", maxlength=_REASON_MAX, value=desk.reason
        ),
        button("匹配所选", "match what is chosen", name="action", value=_MATCH),
        button(
            "核销所选（不再追查）",
            "write it off: looked for no more",
            class_="no",
            name="action",
            value=_WRITE_OFF,
        ),
    ]
    return seen.page(
        "人工匹配",
        "match by hand",
        book.head("/open"),
        form(book.address("/desk"), seen.token, *parts),
        told=told if told is not None else wrong,
        status=status if told is not None else flawed,
    )


async def _found(book: Book, desk: Desk) -> list[OpenThing]:
    page = (desk.start, FOUND_MAX + 1 + len(desk.picks))
    return await book.office.standing.found(book.place, desk.side, sought(book, desk.told), page)


def _chosen(book: Book, desk: Desk, chosen: dict[Side, list[OpenThing]]) -> list[Part]:
    amounts = {(it.side, it.ref): it.amount for it in desk.picks}
    parts: list[Part] = [el("h2", both("已选", "chosen"))]
    number, sums, legible = 0, dict.fromkeys(Side, 0), True
    for side in Side:
        lines = []
        for it in chosen[side]:
            amount = amounts[side, it.thing.ref]
            taken = _taken(book, it, amount)
            legible = legible and taken is not None
            sums[side] += taken or 0
            lines.append(_pick(book, it, number, amount))
            number += 1
        if lines:
            parts.append(el("h3", both(*words(SIDES, side.value))))
            parts.append(el("ul", *lines, class_="cards"))
    if not number:
        parts.append(el("p", both("尚未选择；请在下面查找并勾选", "nothing yet: search below")))
        return parts
    gap = sums[Side.BANK] - sums[Side.BOOK]
    rows = [(both(*words(SIDES, side.value)), book.text(sums[side])) for side in Side]
    rows.append((both("相差（银行减账面）", "difference, bank minus books"), book.text(gap)))
    parts.append(
        el("dl", *(join(el("dt", zh), el("dd", told, class_="num")) for zh, told in rows))
        if legible
        else el("p", both("有金额无法识别，应如 -600.00", "an amount is not one such as -600.00"))
    )
    return parts


def _taken(book: Book, it: OpenThing, amount: str) -> int | None:
    """What is taken of a thing in minor units; None for what is no amount."""
    if not amount:
        return it.thing.left
    try:
        return Money.parse(amount_text(amount), book.unit, signed=True).minor
    except MoneyFormatError:
        return None


def _pick(book: Book, it: OpenThing, number: int, amount: str) -> Markup:
    value = f"{it.side.value} {it.thing.ref}"
    box = el("input", type="checkbox", name=f"p{number}", value=value, checked=True)
    return el(
        "li",
        el("label", box, el("span", line_of(book, it)), class_="pick"),
        field(
            f"a{number}",
            "只匹配部分金额（带符号，留空为全部）",
            "only a part of it, with its sign; empty: all",
            value=amount,
            maxlength=str(_AMOUNT_MAX),
            placeholder=Money(it.thing.left, book.unit).text(),
            autocomplete="off",
        ),
    )


def _results(book: Book, desk: Desk, found: Sequence[OpenThing], chosen: set[str]) -> list[Part]:
    fresh = [it for it in found if it.thing.ref not in chosen]
    shown, more = fresh[:FOUND_MAX], len(fresh) > FOUND_MAX
    sides = (
        el("option", *words(SIDES, it.value)[:1], value=it.value, selected=it is desk.side)
        for it in Side
    )
    lines = (
        el(
            "li",
            el(
                "label",
                el("input", type="checkbox", name=f"r{PICKS_MAX + at}", value=_value(it)),
                el("span", line_of(book, it)),
                class_="pick",
            ),
        )
        for at, it in enumerate(shown)
    )
    nothing = both(
        "没有符合条件的未达账：清空金额或放宽日期再查找；多笔合计可分次勾选",
        "nothing answers: leave the amount empty or widen the days; several may be ticked",
    )
    return [
        el("h2", both("查找对应明细", "look for what belongs to it")),
        el("label", both("在哪一侧查找", "on which side"), for_="side"),
        el("select", *sides, name="side", id="side"),
        *search_fields(desk.told),
        el("input", type="hidden", name="start", value=str(desk.start)),
        button("查找并更新合计", "search, add up anew", class_="plain", name="action", value=_LOOK),
        el("ul", *lines, class_="cards") if shown else el("p", nothing),
        button("更多", "more", class_="plain", name="action", value=_MORE) if more else None,
    ]


def _value(it: OpenThing) -> str:
    return f"{it.side.value} {it.thing.ref}"
