"""How every account's reconciliation stands: what is proven, what is open, what to do next.

Rule kept here: an account that is not this person's to see is not on any list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from starlette.responses import Response

from gateway.domain.balance_sheet import CLASS_WORDS, OpenClass
from gateway.domain.day_proof import DayState
from gateway.ports.tenancy import OwnAccount
from gateway.reconciliation.sheet_rows import DayRun
from gateway.reconciliation.standing import AGES, ClassSum, Stand
from gateway.store.instants import from_us
from gateway.web.book_rights import accounts_seen
from gateway.web.ui.asking import Seen
from gateway.web.ui.books import (
    HOME,
    Book,
    book_of,
    day_text,
    good,
    handle_of,
    link,
    onlooker_of,
    place_of,
    sent,
    table,
)
from gateway.web.ui.books_words import CLASSES, DAY_HELP, DAYS, RESULTS, SHEETS, WHY, words
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.refusals import tried

_PAGE: Final = 10
"""Accounts of a page: how each stands is added up anew."""
_SETTLED: Final = frozenset({DayState.PROVEN.value, DayState.QUIET.value})
_DOUBTED: Final = frozenset({DayState.UNPROVEN.value, DayState.BROKEN.value})


async def listed(seen: Seen) -> Response:
    """How every account stands that this person may see."""
    start = place_of(seen.request.query_params.get("start", ""))
    found = await accounts_seen(seen.people.gateway, onlooker_of(seen))
    cards = [await _card(seen, it) for it in found[start : start + _PAGE]]
    empty = both(
        "没有您可查看的账户。账户在配置中登记；查看权限由管控文件授予",
        "no account is yours to see: accounts stand in the settings, rights in the controls",
    )
    return seen.page(
        "对账",
        "reconciliation",
        el("ul", *cards, class_="cards") if cards else el("p", empty),
        _pages(start, len(found)),
    )


async def one(seen: Seen) -> Response:
    """How one account stands."""
    return await _shown(await book_of(seen))


async def run(seen: Seen) -> Response:
    """Reconcile the account now."""
    book = await book_of(seen)
    done, told, status = await tried(seen, _run(book))
    if done is None:
        return await _shown(book, told=told, status=status)
    zh = f"对账完成：新匹配 {done[0]} 笔，建议 {done[1]} 条"
    return await _shown(book, good(zh, f"done: {done[0]} matched, {done[1]} suggested"))


async def _run(book: Book) -> tuple[int, int]:
    told = day_text(sent(book.seen, "up_to", 10))
    up_to = date.fromisoformat(told) if told else book.office.standing.today()
    running = book.seen.people.gateway.reconciling
    done = await running.reconcile(*book.of, up_to, book.seen.actor.label())
    return done.matched, done.suggested


async def _shown(
    book: Book, done: Part = None, *, told: Part = None, status: int = 200
) -> Response:
    seen = book.seen
    stand = await book.office.standing.of(book.place)
    return seen.page(
        "账户对账",
        "reconciliation of an account",
        done,
        book.head(""),
        *_next(book, stand),
        _facts(book, stand),
        _days(book, stand),
        *_open(book, stand),
        el("h2", both("立即对账", "reconcile now")),
        form(
            book.at,
            seen.token,
            field("up_to", "截至日期（留空为今天）", "up to; empty for today", type="date"),
            button("对账", "reconcile", class_="plain"),
        ),
        told=told,
        status=status,
    )


async def _card(seen: Seen, account: OwnAccount) -> Markup:
    book = Book(seen=seen, account=account, handle=handle_of(seen, account), decides=False)
    stand = await book.office.standing.of(book.place)
    return el(
        "li",
        el("strong", el("a", book.label, href=book.at, class_="go")),
        _facts(book, stand),
        _days(book, stand),
        _sums(book, stand),
        *_next(book, stand),
    )


def _pages(start: int, count: int) -> Part:
    links = []
    if start:
        links.append(link(f"{HOME}?start={max(start - _PAGE, 0)}", "上一页", "previous"))
    if count > start + _PAGE:
        links.append(link(f"{HOME}?start={start + _PAGE}", "下一页", "next"))
    return el("div", *links, class_="tabs") if links else None


# ── how it stands ─────────────────────────────────────────────────────────────────────────────


def _facts(book: Book, it: Stand) -> Markup:
    run_ = "—"
    if it.run is not None:
        run_ = f"{from_us(it.run.ended_us):%Y-%m-%d %H:%M}（{it.run.up_to}）"
    matched = sum(count for count, _ in it.matched.values())
    return facts(
        (both("最近对账单日", "last statement day"), str(it.kept[1]) if it.kept else "—"),
        (both("最近对账", "last run"), run_),
        (both("已匹配", "matched"), el("a", str(matched), href=book.address("/matches"))),
        (both("建议", "suggested"), el("a", str(it.suggested), href=book.address("/suggestions"))),
        (both("已结账至", "closed until"), str(it.closed_until) if it.closed_until else "—"),
        (both("本期调节表", "sheet of the month"), _month(book, it)),
    )


def _days(book: Book, it: Stand) -> Markup:
    if not it.days:
        return join()
    proven = _number(it.days, _SETTLED)
    doubted, missing = _number(it.days, _DOUBTED), _number(it.days, {DayState.MISSING.value})
    zh = f"对账单日期：已证实 {proven}，存疑 {doubted}，缺失 {missing}"
    en = f"days: {proven} proven, {doubted} in doubt, {missing} missing"
    told = el("a", both(zh, en), href=book.address("/days"), class_="go")
    reasons = (_reason(run) for run in it.days if run.state in _DOUBTED or _is_missing(run))
    return join(told, el("ul", *reasons))


def _reason(it: DayRun) -> Markup:
    zh, en = words(DAYS, it.state)
    if it.why:
        zh, en = (f"{a}（{b}）" for a, b in zip((zh, en), words(WHY, it.why), strict=True))
    span = str(it.first) if it.first == it.last else f"{it.first} – {it.last}"
    return el("li", f"{span}：", both(f"{it.days} 天 {zh}", f"{it.days} days {en}"))


def _is_missing(it: DayRun) -> bool:
    return it.state == DayState.MISSING.value


def _number(days: Sequence[DayRun], states: frozenset[str] | set[str]) -> int:
    return sum(it.days for it in days if it.state in states)


def _month(book: Book, it: Stand) -> Markup:
    day = it.month.day.isoformat()
    zh, en = words(SHEETS, it.month.state)
    if it.month.result:
        found = words(RESULTS, it.month.result)
        zh, en = f"{zh}，{found[0]}", f"{en}, {found[1]}"
    elif it.closed_until is not None and it.closed_until >= it.month.day:
        zh, en = "已按其他日期结账", "closed with another day"
        return el("a", f"{day} ", both(zh, en), href=book.address("/sheets"))
    return el("a", f"{day} ", both(zh, en), href=book.address(f"/sheets/{day}"))


def _sums(book: Book, it: Stand) -> Markup:
    """The four classes, each with all its ages together."""
    return table(
        both("未达账", "open items"),
        (both("类别", "class"), both("笔数", "items"), both("金额", "sum")),
        (
            (
                el("a", both(*CLASS_WORDS[kind]), href=_class_address(book, kind)),
                str(sum(one.count for one in it.classes[kind])),
                book.text(sum(one.minor for one in it.classes[kind])),
            )
            for kind in OpenClass
        ),
    )


def _open(book: Book, it: Stand) -> list[Part]:
    """The four classes, each by age."""
    return [
        el("h2", both("未达账", "open items")),
        *(_class(book, kind, it.classes[kind]) for kind in OpenClass),
    ]


def _class(book: Book, kind: OpenClass, sums: Sequence[ClassSum]) -> Markup:
    ages = [*((f"{it} 天以内", f"up to {it} days") for it in AGES), (f"{AGES[-1]} 天以上", "older")]
    total = ClassSum(count=sum(it.count for it in sums), minor=sum(it.minor for it in sums))
    rows = [
        (both(*age), str(one.count), book.text(one.minor))
        for age, one in zip(ages, sums, strict=True)
    ]
    rows.append((el("strong", both("合计", "all")), str(total.count), book.text(total.minor)))
    return table(
        el("a", both(*CLASS_WORDS[kind]), href=_class_address(book, kind)),
        (both("账龄", "age"), both("笔数", "items"), both("金额", "sum")),
        rows,
    )


def _class_address(book: Book, kind: OpenClass) -> str:
    return book.address("/open", side=CLASSES[kind])


# ── what to do next ───────────────────────────────────────────────────────────────────────────


def _next(book: Book, it: Stand) -> list[Part]:
    """What is to be done about this account, the first thing first."""
    if it.kept is None:
        return [
            _to_do(
                "尚无对账单：请取回或导入该账户的对账单",
                "no statement is kept: fetch or import one",
                link(book.address("/days"), "对账单日期", "statement days"),
            )
        ]
    found: list[Part] = []
    if not it.has_ledger:
        found.append(
            _to_do(
                "账面侧尚未提交：请由 ERP 提交账面明细与余额",
                "the books' side was not given: the ERP posts items and balances",
            )
        )
    states = {run_.state for run_ in it.days}
    found += [
        _to_do(*DAY_HELP[state], link(book.address("/days"), "查看日期", "see the days"))
        for state in sorted(states & DAY_HELP.keys())
    ]
    if it.suggested:
        found.append(
            _to_do(
                f"有 {it.suggested} 条建议待人工判断",
                f"{it.suggested} suggestions wait for a person",
                link(book.address("/suggestions"), "查看建议", "see them"),
            )
        )
    return found


def _to_do(zh: str, en: str, *more: Part) -> Markup:
    return el("p", both(zh, en), " ", *more)
