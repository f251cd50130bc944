"""Statements that are kept: files brought in, days and how complete each is, their lines."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.day import day_of
from gateway.domain.day_proof import DayState
from gateway.domain.errors import NotFound, Refused
from gateway.domain.money import Money, currency
from gateway.domain.statement import Entry, EntryStatus
from gateway.formats.read import formats
from gateway.ports.statement_formats import Reading, StatementFormat
from gateway.ports.tenancy import OwnAccount
from gateway.statements import import_rows, line_rows
from gateway.statements.day_rows import days_of
from gateway.statements.import_rows import Import
from gateway.statements.importing import StatementFile
from gateway.statements.told_imports import import_told
from gateway.statements.withdrawing import REASON_MAX, Wish
from gateway.store.tenancy import acting_for
from gateway.web.asked import Asked, desk_of, json_response, query_of, refused_at
from gateway.web.bodies import Spooled
from gateway.web.book_rights import account_seen
from gateway.web.small_json import Member, read_texts

LISTED_MAX: Final = 100
PAGE: Final = 1_000
"""Lines of one page."""
_DAYS_MAX: Final = 400
FETCHED_MAX: Final = 31
"""Days that are fetched at once when somebody asks."""
_HEAD: Final = 1 << 16
_NAME_MAX: Final = 120
_DAY: Final = timedelta(days=1)
_DESPITE: Final = "despite"
_WITHDRAWAL: Final = {"reason": Member(required=True, most=REASON_MAX)}


async def upload(request: Request) -> Response:
    """Import a statement file of any length: onto the disk first, then read as a stream."""
    desk = desk_of(request)
    claim = desk.door.claim(request)
    async with desk.spool.receive(request) as spooled:
        key = request.state.key = desk.door.check(claim, request, spooled.digest)
        query = query_of(request, frozenset({"name", _DESPITE}))
        asked = Asked(request=request, desk=desk, key=key, digest=spooled.digest, query=query)
        await desk.door.remember(key, claim)
        with acting_for((key.tenant,)):
            done = await _taken(asked, spooled)
    return json_response(import_told(done))


async def listed(asked: Asked) -> Response:
    """The latest imports."""
    tenant = asked.key.tenant
    found = await asked.gateway.store.read(lambda db: import_rows.newest(db, tenant, LISTED_MAX))
    return json_response({"imports": [import_told(it) for it in found]})


async def get(asked: Asked) -> Response:
    """One import with what was found in its file."""
    tenant, wanted = asked.key.tenant, asked.path("id")
    found = await asked.gateway.store.read(lambda db: import_rows.one(db, tenant, wanted))
    if found is None or found.state == line_rows.STAGED:
        raise NotFound("no such import", "没有该导入")
    return json_response(import_told(found))


async def withdraw(asked: Asked) -> Response:
    """A person takes an import back: what only it brought is seen no more."""
    asked.person()
    said = read_texts(
        asked.body, _WITHDRAWAL, en="nothing was withdrawn", zh="撤回请求有误，未执行"
    )
    tenant, wanted = asked.key.tenant, asked.path("id")
    withdrawing = asked.gateway.front.withdrawing
    for number in await withdrawing.accounts(tenant, wanted):
        await account_seen(asked.gateway, asked.onlooker, number, Right.RECONCILE)
    wish = Wish(tenant=tenant, import_id=wanted, actor=asked.key.actor, reason=said["reason"])
    return json_response(import_told(await withdrawing.withdraw(wish)))


async def days(asked: Asked) -> Response:
    """The kept days of an account and how complete each is known to be."""
    account, span = await _account_and_days(asked)
    tenant = asked.key.tenant
    found = await asked.gateway.store.read(lambda db: days_of(db, tenant, account.number, span))
    open_ = [row.day for row in found if row.state not in _FINE]
    return json_response(
        {
            "account": account.number,
            "currency": account.currency,
            "from": span[0].isoformat(),
            "to": span[1].isoformat(),
            "complete": bool(found) and not open_,
            "in_doubt": open_,
            "days": [_day_view(row, account) for row in found],
        }
    )


async def fetch(asked: Asked) -> Response:
    """Fetch days from the bank now, keep what is new, and say how complete they are."""
    account, span = await _account_and_days(asked, back=0)
    if (span[1] - span[0]).days >= FETCHED_MAX:
        raise refused_at(
            "?from",
            "period",
            f"一次至多拉取 {FETCHED_MAX} 天",
            f"{FETCHED_MAX} days at most at once",
        )
    found = await asked.gateway.collecting.visit(asked.tenant, account, span)
    return json_response(
        {
            "account": account.number,
            "from": span[0].isoformat(),
            "to": span[1].isoformat(),
            "added": found.added,
            "changed": found.changed,
            "in_doubt": [day.isoformat() for day in found.in_doubt],
        }
    )


async def entries(asked: Asked) -> Response:
    """The kept lines of an account, a page of them."""
    account, span = await _account_and_days(asked)
    start = _start(asked.query.get("start", "0"))
    sight = asked.gateway.front.sight

    def read(db: Connection) -> tuple[list[Any], set[int]]:
        rows = list(
            line_rows.listed(db, (asked.key.tenant, account.number), span, (start, PAGE + 1))
        )
        told = [_entry(row) for row in rows[:PAGE]]
        seen = {id(it) for it in sight.entries(db, asked.onlooker, account, told)}
        return rows, {at for at, it in enumerate(told) if id(it) in seen}

    rows, shown = await asked.gateway.store.read(read)
    return json_response(
        {
            "account": account.number,
            "currency": account.currency,
            "from": span[0].isoformat(),
            "to": span[1].isoformat(),
            "entries": [_line_view(row) for at, row in enumerate(rows[:PAGE]) if at in shown],
            "hidden": min(len(rows), PAGE) - len(shown),
            "next": start + PAGE if len(rows) > PAGE else None,
        }
    )


_FINE: Final = frozenset({DayState.PROVEN.value, DayState.QUIET.value, DayState.OPEN.value})


async def _taken(asked: Asked, spooled: Spooled) -> Import:
    gateway = asked.gateway
    name = asked.query.get("name", "")
    if len(name) > _NAME_MAX or not name.isprintable():
        raise refused_at(
            "?name", "format", "文件名至多 120 个可打印字符", "120 printable characters"
        )
    despite = ""
    if asked.query.get(_DESPITE, "false") == "true":
        asked.person()
        despite = asked.key.actor.label()
    elif _DESPITE in asked.query and asked.query[_DESPITE] != "false":
        raise refused_at("?despite", "not_boolean", "despite 须为 true 或 false", "true or false")
    format_ = await gateway.runtime.tasks.read(lambda: sniffed(spooled))
    if format_ is None:
        raise Refused(
            "this is no statement file that is known here: camt.052, camt.053, camt.054, MT940, "
            "MT942, BAI2, OFX, CSV or XLSX",
            "无法识别的对账单文件，支持 camt.052、camt.053、camt.054、MT940、MT942、BAI2、"
            "OFX、CSV、XLSX",
        )
    seen = await gateway.store.read(lambda db: _seen(asked, db))
    return await gateway.front.importing.take_file(
        StatementFile(
            # Whoever may not see an account imports nothing of it.
            tenant=replace(asked.tenant, accounts=seen),
            path=spooled.path,
            name=name,
            digest=spooled.digest,
            format=format_,
            reading=Reading(name=name),
            actor=asked.key.actor.label(),
            despite=despite,
        )
    )


def _seen(asked: Asked, db: Connection) -> dict[str, OwnAccount]:
    """The accounts whose statements the caller may see."""
    found: dict[str, OwnAccount] = {}
    for number, account in asked.tenant.accounts.items():
        with suppress(NotFound):
            asked.gateway.front.sight.account(db, asked.onlooker, account)
            found[number] = account
    return found


def sniffed(spooled: Spooled) -> StatementFormat | None:
    """The format that recognises the first bytes."""
    with spooled.path.open("rb") as source:
        head = source.read(_HEAD)
    return next((it for it in formats() if it.sniff(head)), None)


def _day_view(row: Any, account: OwnAccount) -> Mapping[str, object]:  # noqa: ANN401 - a row
    unit = currency(account.currency)

    def text(minor: int | None) -> str | None:
        return None if minor is None else Money(minor, unit).text()

    return {
        "day": row.day,
        "state": row.state,
        "why": row.why or None,
        "source": row.source or None,
        "entries": row.entries,
        "credits": text(row.credit_minor),
        "debits": text(row.debit_minor),
        "opening": text(row.opening_minor),
        "closing": text(row.closing_minor),
    }


def _entry(row: Any) -> Entry:  # noqa: ANN401 - a row
    return Entry(
        amount=Money(row.amount_minor, currency(row.currency)),
        booking_date=date.fromisoformat(row.day),
        status=EntryStatus(row.status) if row.status != line_rows.GONE else EntryStatus.INFO,
        reference=row.reference,
        counterparty_name=row.counterparty_name,
        counterparty_account=row.counterparty_account,
        remittance=row.remittance,
    )


def _line_view(row: Any) -> Mapping[str, object]:  # noqa: ANN401 - a row
    unit = currency(row.currency)
    after = row.balance_minor
    return {
        "key": row.key,
        "day": row.day,
        "amount": Money(row.amount_minor, unit).text(),
        "currency": row.currency,
        "status": row.status,
        "value_date": row.value_day or None,
        "booked_at": row.booked_at or None,
        "balance_after": None if after is None else Money(after, unit).text(),
        "reference": row.reference or None,
        "end_to_end_id": row.end_to_end_id or None,
        "counterparty_name": row.counterparty_name or None,
        "counterparty_account": row.counterparty_account or None,
        "remittance": row.remittance or None,
        "code": row.code or None,
        "reversal": bool(row.reversal),
        "return_reason": row.return_reason or None,
    }


async def _account_and_days(asked: Asked, back: int = 30) -> tuple[OwnAccount, tuple[date, date]]:
    account = asked.tenant.accounts.get(asked.path("number"))
    if account is None:
        raise NotFound("no such account", "没有该账户")
    sight = asked.gateway.front.sight
    await asked.gateway.store.read(lambda db: sight.account(db, asked.onlooker, account))
    today = asked.gateway.runtime.clock.now().date()
    last = _day(asked, "to", today)
    first = _day(asked, "from", last - _DAY * back)
    if first > last or (last - first).days > _DAYS_MAX:
        raise refused_at(
            "?from",
            "period",
            f"起始日须不晚于截止日，且至多 {_DAYS_MAX} 天",
            f"the first day comes before the last, {_DAYS_MAX} days at most",
        )
    return account, (first, last)


def _day(asked: Asked, name: str, default: date) -> date:
    told = asked.query.get(name)
    if told is None:
        return default
    day = day_of(told)
    if day is None:
        raise refused_at(f"?{name}", "date", "日期须为 YYYY-MM-DD", "a day as YYYY-MM-DD")
    return day


def _start(told: str) -> int:
    if not (told.isascii() and told.isdigit() and len(told) <= len("100000000")):
        raise refused_at("?start", "number", "start 须为非负整数", "a whole number from 0")
    return int(told)
