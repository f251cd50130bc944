"""Receipt files of banks: how complete a day's are, and each paper as the bank made it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from gateway.domain.day import day_of
from gateway.domain.errors import NotFound
from gateway.domain.receipt_order import Compared, Completeness, DayOrder, all_findings
from gateway.ports.tenancy import OwnAccount
from gateway.statements import receipt_rows as rows
from gateway.statements.day_rows import days_of
from gateway.statements.receipt_orders import compared_day
from gateway.statements.receipt_rows import Kept, Line
from gateway.statements.receipt_words import words_of
from gateway.store.instants import from_us
from gateway.web.asked import Asked, json_response, refused_at
from gateway.web.receipts import bank_paper

LISTED_MAX: Final = 1_000
"""Most receipts, or lines without one, that an answer lists; ``entries`` counts them all."""
_DAY: Final = timedelta(days=1)


async def get_day(asked: Asked) -> Response:
    """The receipts of an account's day beside its booked lines: what is missing, what is over."""
    account = asked.tenant.accounts.get(asked.path("number"))
    if account is None:
        raise NotFound("no such account", "没有该账户")
    day = _day(asked)
    found = await asked.gateway.store.read(lambda db: _found(asked, db, account, day))
    return json_response(found)


async def get_paper(asked: Asked) -> Response:
    """One receipt as the bank made it, for whoever may see the line that it is of."""
    wanted = asked.path("id")

    def read(db: Connection) -> Any:  # noqa: ANN401 - a row
        row = rows.paper(db, asked.key.tenant, wanted)
        account = asked.tenant.accounts.get(row.account) if row is not None else None
        if row is None or account is None:
            raise NotFound
        day = date.fromisoformat(row.day)
        lines, shown = _lines(asked, db, account, day)
        mine = [it for it in lines if it.bank_key == row.bank_key]
        if not mine and not asked.gateway.front.sight.everything(db, asked.onlooker):
            raise NotFound
        if any(it.key not in shown for it in mine):
            raise NotFound
        return row

    row = await asked.gateway.store.read(read)
    return bank_paper(row.content, row.digest)


def _lines(
    asked: Asked, db: Connection, account: OwnAccount, day: date
) -> tuple[list[Line], frozenset[str]]:
    """The booked lines of a day, and the keys of those that the asker may see."""
    sight = asked.gateway.front.sight
    sight.account(db, asked.onlooker, account)
    lines = rows.lines_of(db, asked.key.tenant, account.number, day)
    entries = [it.entry for it in lines]
    seen = {id(it) for it in sight.entries(db, asked.onlooker, account, entries)}
    return lines, frozenset(it.key for it in lines if id(it.entry) in seen)


def _found(asked: Asked, db: Connection, account: OwnAccount, day: date) -> Mapping[str, object]:
    tenant, number = asked.key.tenant, account.number
    lines, shown = _lines(asked, db, account, day)
    everything = asked.gateway.front.sight.everything(db, asked.onlooker)
    order = rows.orders_of(db, tenant, number, (day, day)).get(day)
    kept = days_of(db, tenant, number, (day, day))
    compared = compared_day(db, tenant, number, day)
    by_key = {it.bank_key: it for it in lines if it.bank_key}

    def visible(bank_key: str) -> bool:
        line = by_key.get(bank_key)
        return line.key in shown if line is not None else everything

    papers = [it for it in rows.papers_of(db, tenant, number, day) if visible(it.bank_key)]
    missing = [it for it in compared.missing if visible(it)]
    surplus = [it for it in compared.surplus if visible(it)]
    return {
        "account": number,
        "day": day.isoformat(),
        "wanted": account.receipt_files,
        "day_state": kept[0].state if kept else None,
        **_standing(order, compared),
        "entries": compared.lines,
        "receipts": compared.receipts,
        "without_key": compared.unkeyed,
        "missing": [by_key[it].key for it in missing[:LISTED_MAX]],
        "surplus": [it.id for it in papers if it.bank_key in set(surplus)][:LISTED_MAX],
        "hidden": len(lines) - len(shown),
        "files": [_paper_view(it, by_key.get(it.bank_key)) for it in papers[:LISTED_MAX]],
        "findings": [
            {"code": it.code, "name": it.name or None, **words_of(it.code)}
            for it in (all_findings(order) if order is not None else ())
        ],
    }


def _standing(order: DayOrder | None, compared: Compared) -> Mapping[str, object]:
    """Where the order stands; without one, what the lines alone say."""
    # Receipts that nobody ordered are not missing.
    judged = compared.verdict is Completeness.COMPLETE or (
        compared.verdict is Completeness.INCOMPLETE and order is not None
    )
    return {
        "state": order.state.value if order is not None else None,
        "reference": (order.reference or None) if order is not None else None,
        "orders": order.orders if order is not None else 0,
        "ordered_at": _at(order.ordered_at if order is not None else None),
        "next_at": _at(order.due if order is not None else None),
        "expires_on": _on(order.expires_on if order is not None else None),
        "verdict": compared.verdict.value,
        "complete": compared.verdict is Completeness.COMPLETE if judged else None,
    }


def _paper_view(paper: Kept, line: Line | None) -> Mapping[str, object]:
    return {
        "id": paper.id,
        "entry": line.key if line is not None else None,
        "name": paper.name,
        "digest": paper.digest,
        "size": paper.size,
        "at": from_us(paper.kept_us).isoformat(timespec="seconds"),
    }


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")


def _on(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(asked: Asked) -> date:
    """The day asked for; yesterday unless told."""
    told = asked.query.get("day")
    if told is None:
        return asked.gateway.runtime.clock.now().date() - _DAY
    found = day_of(told)
    if found is None:
        raise refused_at("?day", "date", "日期须为 YYYY-MM-DD", "a day as YYYY-MM-DD")
    return found
