"""余额调节表: both balances adjusted by the four classes, prepared by one, closed by another.

Rule kept here: a review carries the digest of what this person was shown, and a second factor
that was shown just now: it closes the period for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec
from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.balance_sheet import (
    CLASS_WORDS,
    BalanceSheet,
    Doubt,
    OpenClass,
    OpenLine,
    SheetState,
    sheet_of,
)
from gateway.domain.money import Money
from gateway.reconciliation.sheet_rows import PREPARED, REVIEWED
from gateway.reconciliation.sheets import Sheet
from gateway.reconciliation.standing import result_of
from gateway.store.instants import from_us
from gateway.web.sheet_paper import paper_of
from gateway.web.sheets import workbook_of
from gateway.web.ui.asking import Seen
from gateway.web.ui.books import (
    Book,
    asked,
    book_of,
    day_text,
    good,
    grouped,
    link,
    only_looking,
    sent,
    table,
)
from gateway.web.ui.books_things import short
from gateway.web.ui.books_words import CLASSES, RESULTS, SHEETS, words
from gateway.web.ui.html import Markup, Part, both, el
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.pages_decide import freshly, second_factor
from gateway.web.ui.refusals import tried

ITEMS_MAX: Final = 20
"""Items of a class on the page; workbook and paper have all."""
_DAYS_MAX: Final = 31
_DAY: Final = timedelta(days=1)
_HINTS_MAX: Final = 10
_REF_HINTS: Final = frozenset({"like_open_item", "like_wrong_sign"})


async def listed(seen: Seen) -> Response:
    """The sheets that were prepared, and the way to another day's."""
    book = await book_of(seen)
    wanted = day_text(asked(seen, "day", 10))
    if wanted:
        return seen.go(book.address(f"/sheets/{wanted}"))
    found = await book.office.sheets.listed(book.of)
    month_end = book.office.standing.today().replace(day=1) - _DAY
    cards = (_card(book, day, sheet) for day, sheet in found)
    empty = both("尚未编制过余额调节表；选择日期查看", "none was prepared yet: choose a day")
    return seen.page(
        "余额调节表",
        "balance sheets",
        book.head("/sheets"),
        el(
            "form",
            field("day", "日期", "day", type="date", value=month_end.isoformat()),
            button("查看该日", "see that day", class_="plain"),
            method="get",
            action=book.address("/sheets"),
        ),
        el("ul", *cards, class_="cards") if found else el("p", empty),
    )


async def one(seen: Seen) -> Response:
    """The sheet of a day: as it was prepared or reviewed, else as it would be now."""
    return await _shown(await book_of(seen))


async def prepare(seen: Seen) -> Response:
    """Prepare it for another person to review."""
    book = await book_of(seen)
    made, told, status = await tried(seen, _prepare(seen))
    if made is None:
        return await _shown(book, told=told, status=status)
    done = good("已编制，请由他人复核", "prepared: another person reviews it")
    return await _shown(book, done)


async def review(seen: Seen) -> Response:
    """Freeze it and close the period, with a second factor shown just now."""
    seen, cookies, told = await freshly(seen)
    book = await book_of(seen)
    if told is not None:
        return await _shown(book, told=told, status=403, cookies=cookies)
    made, told, status = await tried(seen, _review(seen))
    if made is None:
        return await _shown(book, told=told, status=status, cookies=cookies)
    done = good("已复核，期间已结账", "reviewed: the period is closed")
    return await _shown(book, done, cookies=cookies)


async def workbook(seen: Seen) -> Response:
    """The same as an XLSX workbook."""
    book = await book_of(seen)
    day = _day(book)
    return await workbook_of(seen.people.gateway, await book.office.sheets.get(book.of, day), day)


async def paper(seen: Seen) -> Response:
    """The same as a PDF."""
    book = await book_of(seen)
    day = _day(book)
    return await paper_of(seen.people.gateway, await book.office.sheets.get(book.of, day), day)


async def _prepare(seen: Seen) -> Sheet:
    book = await book_of(seen, Right.RECONCILE)
    comment = sent(seen, "comment")
    return await book.office.sheets.prepare(book.of, seen.actor, _day(book), comment)


async def _review(seen: Seen) -> Sheet:
    book = await book_of(seen, Right.RECONCILE)
    said = (seen.form.get("digest", ""), sent(seen, "reason"))
    return await book.office.sheets.review(book.of, seen.actor, _day(book), said)


def _day(book: Book) -> date:
    """The day in the address. Raises Refused."""
    return date.fromisoformat(day_text(book.seen.request.state.part))


async def _shown(
    book: Book,
    done: Part = None,
    *,
    told: Part = None,
    status: int = 200,
    cookies: Sequence[str] = (),
) -> Response:
    day = _day(book)
    kept = await book.office.sheets.get(book.of, day)
    tasks = book.seen.people.gateway.runtime.tasks
    sheet = await tasks.read(lambda: sheet_of(msgspec.json.decode(kept.content)))
    at = book.address(f"/sheets/{day}")
    return book.seen.page(
        "余额调节表",
        "balance sheet",
        done,
        book.head("/sheets"),
        _head(kept, sheet),
        el(
            "div",
            link(f"{at}/workbook", "下载 XLSX", "workbook"),
            link(f"{at}/paper", "下载 PDF", "paper"),
            class_="tabs",
        ),
        *_doubts(book, sheet),
        _side(sheet, bank=True),
        _side(sheet, bank=False),
        *(_class(book, sheet, kind) for kind in OpenClass),
        el("h2", both("编制与复核", "prepare and review")),
        only_looking(book),
        *await _choices(book, kept, sheet, day),
        told=told,
        status=status,
        cookies=cookies,
    )


# ── as HTML ───────────────────────────────────────────────────────────────────────────────────


def _card(book: Book, day: date, sheet: Sheet) -> Markup:
    return el(
        "li",
        el("a", day.isoformat(), href=book.address(f"/sheets/{day}"), class_="go"),
        " ",
        both(*words(SHEETS, sheet.state)),
        "；",
        both(*words(RESULTS, result_of(sheet.content))),
        el("div", el("small", f"{_who(sheet.prepared_by)} {_who(sheet.reviewed_by)}")),
    )


def _head(kept: Sheet, sheet: BalanceSheet) -> Markup:
    prepared = f"{_who(kept.prepared_by)} {_at(kept.prepared_us)} {kept.comment}"
    reviewed = f"{_who(kept.reviewed_by)} {_at(kept.reviewed_us)} {kept.reason}"
    return facts(
        (both("单位", "company"), sheet.company),
        (both("期间", "period"), f"{sheet.first_day} – {sheet.day}"),
        (both("状态", "state"), both(*words(SHEETS, kept.state))),
        (both("结果", "result"), el("strong", both(*words(RESULTS, sheet.state.value)))),
        (both("编制", "prepared by"), prepared if kept.prepared_by else "—"),
        (both("复核", "reviewed by"), reviewed if kept.reviewed_by else "—"),
        (both("内容摘要", "digest"), el("code", kept.digest)),
    )


def _side(sheet: BalanceSheet, *, bank: bool) -> Markup:
    """One adjusted side: the balance, what is added, what is taken away, what it comes to."""
    plus, minus = (
        (OpenClass.BOOK_RECEIVED, OpenClass.BOOK_PAID)
        if bank
        else (OpenClass.BANK_RECEIVED, OpenClass.BANK_PAID)
    )
    stated = sheet.bank_balance if bank else sheet.book_balance
    adjusted = sheet.adjusted_bank if bank else sheet.adjusted_book
    caption = ("银行对账单", "by the bank") if bank else ("企业账面", "by the books")
    rows: list[tuple[Part, Part]] = [
        (both("余额", "balance"), _text(stated)),
        (_signed("加", "plus", plus), _text(sheet.sums[plus])),
        (_signed("减", "minus", minus), _text(sheet.sums[minus])),
        (
            el("strong", both("调节后余额", "adjusted balance")),
            el("strong", _text(adjusted)),
        ),
    ]
    if not bank:
        rows.append(
            (both("差额（银行减账面）", "difference, bank minus books"), _text(sheet.difference))
        )
    return table(both(*caption), (both("项目", "item"), both("金额", "amount")), rows)


def _signed(zh: str, en: str, kind: OpenClass) -> Markup:
    named = CLASS_WORDS[kind]
    return both(f"{zh}：{named[0]}", f"{en}: {named[1]}")


def _class(book: Book, sheet: BalanceSheet, kind: OpenClass) -> Markup:
    """The items of a class, the first of them; the workbook has all."""
    lines = sheet.classes[kind]
    zh, en = CLASS_WORDS[kind]
    left = len(lines) - ITEMS_MAX
    more = el(
        "p",
        both(f"另有 {left} 笔，见 XLSX 或 PDF", f"{left} more: in workbook and paper"),
    )
    shown = (
        el(
            "li",
            el("div", _text(it.in_class), class_="num"),
            el("div", f"{it.day} ", _words_of(it)),
            el("div", _marks(it)),
            el(
                "a",
                short(it.ref),
                href=book.address("/item", side=it.side.value, ref=it.ref),
            ),
        )
        for it in lines[:ITEMS_MAX]
    )
    link_ = book.address("/open", side=CLASSES[kind])
    return el(
        "details",
        el("summary", both(f"{zh}（{len(lines)} 笔）", f"{en}: {len(lines)}")),
        el("ul", *shown, class_="cards") if lines else el("p", both("无", "none")),
        more if left > 0 else None,
        el("a", both("处理未达账", "look after them"), href=link_, class_="go") if lines else None,
    )


def _words_of(it: OpenLine) -> str:
    return " · ".join(filter(None, (it.counterparty_name, it.reference, it.remittance)))


_MARKS: Final = (
    ("carried", ("上期结转", "carried forward")),
    ("late", ("属已结账期间，后到", "of a closed period, came late")),
    ("written_off", ("已核销", "written off")),
    ("backward", ("红字", "red letter")),
)


def _marks(it: OpenLine) -> Part:
    found = [both(*told) for name, told in _MARKS if getattr(it, name)]
    return el("span", *found) if found else None


def _doubts(book: Book, sheet: BalanceSheet) -> list[Part]:
    return [
        el(
            "p",
            *_doubt(it),
            el("div", " ".join(map(str, it.days[:_DAYS_MAX]))) if it.days else None,
            link(book.address("/days", month=f"{it.days[0]:%Y-%m}"), "查看日期", "see the days")
            if it.days
            else None,
            class_="told",
        )
        for it in sheet.doubts[:_HINTS_MAX]
    ]


def _doubt(it: Doubt) -> list[Part]:
    if it.code not in _REF_HINTS:
        return [both(it.zh, it.en)]
    # The name of a bank's line is 64 digits long.
    (zh, ref), en = it.zh.split("：", 1), it.en.partition(": ")[0]
    return [both(f"{zh}：{short(ref)}", f"{en}: {short(ref)}")]


async def _choices(book: Book, kept: Sheet, sheet: BalanceSheet, day: date) -> list[Part]:
    """What this person may do with it, or why not and who may."""
    if not book.decides or kept.state == REVIEWED:
        return []
    if day >= book.office.standing.today():
        return [
            el("p", both("该日尚未结束，次日起可以编制", "that day is not over: prepare it later"))
        ]
    found: list[Part] = []
    seen = book.seen
    if kept.state == PREPARED:
        found += _review_form(book, kept, sheet, day)
    if await book.office.sheets.took_part(book.of, seen.actor, day):
        words_ = both(
            "您在该期间经办或审批过此账户的付款，不能编制：请由未参与付款的同事编制",
            "you made or released payments of the period: somebody else prepares it",
        )
        return [*found, el("p", words_)]
    again = kept.state == PREPARED
    prepare_ = ("重新编制", "prepare it again") if again else ("编制", "prepare it")
    made = form(
        book.address(f"/sheets/{day}"),
        seen.token,
        field("comment", "说明", "comment", maxlength="1000", autocomplete="off"),
        button(*prepare_, class_="plain" if again else ""),
    )
    return [*found, made]


def _review_form(book: Book, kept: Sheet, sheet: BalanceSheet, day: date) -> list[Part]:
    seen = book.seen
    if kept.prepared_by == seen.actor.label():
        return [
            el("p", both("由您编制：须由他人复核", "you prepared it: another person reviews it"))
        ]
    if sheet.state is not SheetState.BALANCED:
        words_ = both(
            "尚不能复核：只有相符且每日明细已证实的调节表可以结账。请先处理上列问题，再重新编制",
            "not to be reviewed yet: only a balanced sheet with proven days closes a period",
        )
        return [el("p", words_)]
    warning = both(
        "复核后期间结账，不能撤销；之后到达的计入下期",
        "this closes the period for good: what comes later counts in the next",
    )
    made = form(
        book.address(f"/sheets/{day}/review"),
        seen.token,
        el("input", type="hidden", name="digest", value=kept.digest),
        el("p", warning),
        field("reason", "复核意见", "remark", maxlength="1000", autocomplete="off"),
        second_factor(seen),
        button("复核并结账", "review and close"),
    )
    return [made]


def _text(amount: Money | None) -> str:
    return "—" if amount is None else grouped(amount)


def _who(label: str) -> str:
    return label.partition(":")[2]


def _at(at_us: int | None) -> str:
    return "" if at_us is None else f"{from_us(at_us):%Y-%m-%d %H:%M}"
