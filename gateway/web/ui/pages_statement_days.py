"""The bank's days of an account by month: which are proven, where the gaps are, what to do.

Rule kept here: of imports only those are shown that brought statements of this account; what was
set aside whole belongs to no account, and is shown to who sees every account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from gateway.domain.day_proof import DayState
from gateway.domain.errors import Refused
from gateway.reconciliation.sheet_rows import kept_days
from gateway.reconciliation.things import asking
from gateway.statements import import_rows
from gateway.statements.account_imports import imports_of
from gateway.statements.collecting import Collected
from gateway.statements.day_rows import days_of
from gateway.statements.import_rows import Import
from gateway.statements.line_rows import IMPORTED
from gateway.web.book_rights import accounts_seen
from gateway.web.ui.asking import Seen
from gateway.web.ui.books import (
    Book,
    asked,
    book_of,
    day_text,
    good,
    link,
    onlooker_of,
    sent,
)
from gateway.web.ui.books_words import BEFORE, DAY_HELP, DAYS, IMPORTS, WHY, words
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.refusals import tried

_IMPORTS_MAX: Final = 20
_FINDINGS_MAX: Final = 20
_FETCHED_MAX: Final = 31
_DAY: Final = timedelta(days=1)
_FIRST_MONTH: Final = date(2000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """Days in a row of one state; ``row`` is what is known of the one day, None for nothing."""

    state: str
    first: date
    last: date
    row: Any

    @property
    def number(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1


async def listed(seen: Seen) -> Response:
    """The days of a month, and what imports found."""
    book = await book_of(seen)
    return await _shown(book, _month(book, asked(seen, "month", 10)))


async def fetch(seen: Seen) -> Response:
    """Fetch days from the bank now."""
    book = await book_of(seen)
    found, told, status = await tried(seen, _fetch(book))
    month = _month(book, seen.form.get("first", "")[:7])
    if found is None:
        return await _shown(book, month, told=told, status=status)
    zh = f"已取回：新增 {found.added} 条，变更 {found.changed} 条，存疑 {len(found.in_doubt)} 天"
    en = f"fetched: {found.added} new, {found.changed} changed, {len(found.in_doubt)} in doubt"
    return await _shown(book, month, good(zh, en))


async def _fetch(book: Book) -> Collected:
    seen = book.seen
    first, last = day_text(sent(seen, "first", 10)), day_text(sent(seen, "last", 10))
    if not first or not last:
        raise Refused("say from which day to which", "请填写起止日期")
    days = (date.fromisoformat(first), date.fromisoformat(last))
    if days[0] > days[1] or (days[1] - days[0]).days >= _FETCHED_MAX:
        raise Refused(
            f"the first day comes before the last, {_FETCHED_MAX} days at most",
            f"起始日须不晚于截止日，一次至多 {_FETCHED_MAX} 天",
        )
    if days[1] > book.office.standing.today():
        raise Refused("that day has not come", "日期未到")
    # From here on an unreadable reply is the bank's fault, not the person's.
    seen.request.state.asking_bank = True
    return await seen.people.gateway.collecting.visit(*book.of, days)


def _month(book: Book, text: str) -> date:
    """The first day of a month as YYYY-MM; '' is the month of yesterday. Raises Refused."""
    yesterday = book.office.standing.today() - _DAY
    if not text:
        return yesterday.replace(day=1)
    return max(date.fromisoformat(day_text(f"{text}-01") or text), _FIRST_MONTH)


async def _shown(
    book: Book, month: date, done: Part = None, *, told: Part = None, status: int = 200
) -> Response:
    seen = book.seen
    gateway, place = seen.people.gateway, book.place
    last, today = _next_month(month) - _DAY, book.office.standing.today()
    span = (month, min(last, today))
    everything = len(await accounts_seen(gateway, onlooker_of(seen))) == len(seen.tenant.accounts)

    def read(db: Connection) -> tuple[list[_Days], list[Import]]:
        found = imports_of(db, place, (month, last), _IMPORTS_MAX)
        if everything:
            newest = import_rows.newest(db, place[0], _IMPORTS_MAX)
            found += [it for it in newest if it.state != IMPORTED]
        first = (kept_days(asking(db), place) or (span[1] + _DAY,))[0]
        rows = {row.day: row for row in days_of(db, *place, span)}
        return _grouped(rows, (span, first, today)), found

    days, imports = await gateway.store.read(read)
    return seen.page(
        "对账单日期",
        "statement days",
        done,
        book.head("/days"),
        _months(book, month),
        _summary(days),
        el("ul", *(_card(book, it) for it in days), class_="cards"),
        _fetch_form(book, days),
        *_imports(imports),
        told=told,
        status=status,
    )


def _grouped(rows: Mapping[str, Any], of: tuple[tuple[date, date], date, date]) -> list[_Days]:
    """The days of a span, the latest first; those in a row of which nothing is known as one.

    ``of``: the span, the first day that is kept of the account, and today.
    """
    (first, last), begins, today = of
    found: list[_Days] = []
    for number in range((last - first).days + 1):
        day = last - _DAY * number
        row = rows.get(day.isoformat())
        state = _state(row, of=(day, begins, today))
        bare = row is None or (row.state == DayState.MISSING.value and not row.why)
        if bare and found and found[-1].row is None and found[-1].state == state:
            found[-1] = replace(found[-1], first=day)
        else:
            found.append(_Days(state=state, first=day, last=day, row=None if bare else row))
    return found


def _state(row: Any, of: tuple[date, date, date]) -> str:  # noqa: ANN401 - a row of days or None
    day, begins, today = of
    if day >= today:
        return DayState.OPEN.value
    if day < begins:
        return BEFORE
    return DayState.MISSING.value if row is None else str(row.state)


# ── as HTML ───────────────────────────────────────────────────────────────────────────────────


def _months(book: Book, month: date) -> Markup:
    before = (month - _DAY).replace(day=1)
    after = _next_month(month)
    links: list[Part] = [link(book.address("/days", month=f"{before:%Y-%m}"), "上月", "before")]
    if after <= book.office.standing.today():
        links.append(link(book.address("/days", month=f"{after:%Y-%m}"), "下月", "after"))
    return join(el("h2", f"{month:%Y-%m}"), el("div", *links, class_="tabs"))


def _next_month(month: date) -> date:
    return (month + _DAY * 31).replace(day=1)


def _summary(days: Sequence[_Days]) -> Markup:
    counts: dict[str, int] = {}
    for it in days:
        counts[it.state] = counts.get(it.state, 0) + it.number
    lines = []
    for state, number in sorted(counts.items()):
        zh, en = words(DAYS, state)
        lines.append(el("li", both(f"{number} 天：{zh}", f"{number} days: {en}")))
    return el("ul", *lines)


def _card(book: Book, it: _Days) -> Markup:
    zh, en = words(DAYS, it.state)
    span = f"{it.first} " if it.first == it.last else f"{it.first} – {it.last} "
    row = it.row
    told = join(
        el("strong", span),
        both(zh, en),
        el("div", both(*words(WHY, row.why))) if row is not None and row.why else None,
        el("div", both(*DAY_HELP[it.state])) if it.state in DAY_HELP else None,
    )
    if row is None:
        return el("li", told)
    return el(
        "li",
        told,
        el(
            "dl",
            *_amount(book, ("期初", "opening"), row.opening_minor),
            *_amount(book, ("收入", "credits"), row.credit_minor if row.entries else None),
            *_amount(book, ("支出", "debits"), row.debit_minor if row.entries else None),
            *_amount(book, ("期末", "closing"), row.closing_minor),
        ),
        el("small", both(f"{row.entries} 笔", f"{row.entries} entries")),
    )


def _amount(book: Book, named: tuple[str, str], minor: int | None) -> list[Markup]:
    if minor is None:
        return []
    return [el("dt", both(*named)), el("dd", book.text(minor), class_="num")]


def _fetch_form(book: Book, days: Sequence[_Days]) -> Markup:
    """A form over the gap, where there is one."""
    gaps = [day for it in days if it.state in DAY_HELP for day in (it.first, it.last)]
    return form(
        book.address("/days"),
        book.seen.token,
        el("h2", both("向银行取回", "fetch from the bank")),
        field("first", "起始日期", "from", type="date", value=str(min(gaps)) if gaps else ""),
        field("last", "截止日期", "to", type="date", value=str(max(gaps)) if gaps else ""),
        button("取回", "fetch", class_="plain"),
    )


def _imports(found: Sequence[Import]) -> list[Part]:
    heading = el("h2", both("本月导入与发现", "imports of the month and their findings"))
    if not found:
        words_ = both(
            "本月没有导入；对账单文件可用 POST /v1/statement-files 或文件夹导入",
            "none: files come by POST /v1/statement-files, or through a folder",
        )
        return [heading, el("p", words_)]
    return [heading, el("ul", *(_import(it) for it in found), class_="cards")]


def _import(it: Import) -> Markup:
    at = it.ended_at or it.begun
    left = len(it.findings) - _FINDINGS_MAX
    more = both(f"另有 {left} 条", f"{left} more")
    return el(
        "li",
        el("strong", it.name or it.source),
        " ",
        both(*words(IMPORTS, it.state)),
        facts(
            (both("时间", "at"), f"{at:%Y-%m-%d %H:%M}"),
            (both("格式", "format"), it.format),
            (both("明细", "entries"), f"{it.entries}，+{it.added}"),
        ),
        el("ul", *(_finding(one) for one in it.findings[:_FINDINGS_MAX])) if it.findings else None,
        el("p", more) if left > 0 else None,
    )


def _finding(it: Any) -> Markup:  # noqa: ANN401 - a finding
    where = both(f"第 {it.line} 行", f"line {it.line}") if it.line else None
    return el("li", where, " ", f"{it.path} " if it.path else None, both(it.zh, it.en))
