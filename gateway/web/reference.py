"""Endpoints of reference data: bank offices, working days, the way a payment would take."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from gateway.controls.reference.look_up import OfficeRows
from gateway.controls.reference.told import day_document, office_document, route_document
from gateway.domain.bank_office import NameGrade, in_city
from gateway.domain.calendar import CN_STATE_COUNCIL
from gateway.domain.channel import BEIJING, RouteFacts
from gateway.domain.day import day_of
from gateway.domain.errors import NotFound
from gateway.domain.instruction import Urgency
from gateway.domain.money import Money, MoneyFormatError, currency
from gateway.web.asked import Asked, json_response, refused_at

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from starlette.responses import Response

    from gateway.domain.bank_office import OfficeMatch

OFFICES_MAX: Final = 50
_NAME_MAX: Final = 120
_NUMBER: Final = re.compile(r"[0-9]{12}", re.ASCII)


async def offices(asked: Asked) -> Response:
    """Offices by number, or by name and city."""
    number, name = asked.query.get("number"), asked.query.get("name")
    city = asked.query.get("city", "")
    if (number is None) == (name is None):
        raise refused_at(
            "?number", "required", "请提供 number 或 name 之一", "give either number or name"
        )
    if number is not None and not _NUMBER.fullmatch(number):
        raise refused_at("?number", "cnaps_format", "须为 12 位数字", "must be exactly 12 digits")
    if name is not None and not 0 < len(name) <= _NAME_MAX:
        raise refused_at(
            "?name",
            "too_long",
            f"须为 1–{_NAME_MAX} 个字符",
            f"must be 1 to {_NAME_MAX} characters",
        )

    def look(db: Connection) -> list[dict[str, object]]:
        rows = OfficeRows(db)
        if number is not None:
            office = rows.by_number(number)
            fits = office is not None and in_city(office, city)
            return [office_document(office, NameGrade.EXACT)] if office and fits else []
        return [_match(it) for it in rows.by_name(name or "", limit=OFFICES_MAX, city=city)]

    return json_response({"offices": await asked.gateway.store.read(look)})


def _match(it: OfficeMatch) -> dict[str, object]:
    return office_document(it.office, it.grade)


async def day(asked: Asked) -> Response:
    """What holds for one day of a calendar."""
    wanted = _day(asked.path("day"))
    calendar = asked.query.get("calendar", CN_STATE_COUNCIL)
    dated = await asked.gateway.reference.dated()
    if calendar not in dated.calendars:
        raise NotFound("no such calendar", "没有该日历")
    standing = dated.calendars.calendar(calendar).day(wanted)
    return json_response(day_document(standing, calendar))


async def route(asked: Asked) -> Response:
    """The channel for a payment at an instant, and why not the others."""
    query = asked.query
    own_bank = query.get("own_bank", "")
    if own_bank not in {"true", "false"}:
        raise refused_at(
            "?own_bank", "not_boolean", "own_bank 须为 true 或 false", "use true or false"
        )
    urgency = query.get("urgency", Urgency.NORMAL.value)
    if urgency not in {it.value for it in Urgency}:
        raise refused_at(
            "?urgency", "urgency_unknown", "须为 normal 或 urgent", "must be normal or urgent"
        )
    facts = RouteFacts(
        amount=_amount(query.get("amount", ""), query.get("currency", "CNY")),
        own_bank=own_bank == "true",
        at=_instant(query.get("at"), asked.gateway.runtime.clock.now()),
        urgency=Urgency(urgency),
    )
    dated = await asked.gateway.reference.dated()
    choice = dated.routes.choose(facts)
    return json_response({"at": facts.at.isoformat(), **route_document(choice)})


def _day(text: str) -> date:
    found = day_of(text)
    if found is None:
        raise refused_at(
            "day",
            "date_format",
            "须为真实存在的日期，格式 YYYY-MM-DD",
            "must be a real day written YYYY-MM-DD",
        )
    return found


def _amount(text: str, code: str) -> Money:
    try:
        unit = currency(code)
    except MoneyFormatError:
        raise refused_at(
            "?currency", "currency_unknown", "币种代码不认识", "the currency code is not known"
        ) from None
    try:
        amount = Money.parse(text, unit)
    except MoneyFormatError:
        amount = None
    if amount is None or amount.minor <= 0:
        raise refused_at(
            "?amount",
            "amount_format",
            "金额须为正数，如 1200.50",
            "the amount must be positive, such as 1200.50",
        )
    return amount


def _instant(text: str | None, now: datetime) -> datetime:
    """An instant of Beijing time; without an offset it is told in Beijing time."""
    if text is None:
        return now
    try:
        told = datetime.fromisoformat(text)
        moment = told.replace(tzinfo=now.tzinfo) if told.tzinfo is None else told
        at = moment.astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        at = None
    if at is None or at.utcoffset() != BEIJING or abs(at.year - now.year) > 1:
        raise refused_at(
            "?at",
            "instant_format",
            "须为一年以内的时间，如 2026-10-01T16:30（北京时间）",
            "must be an instant within a year, such as 2026-10-01T16:30 (Beijing time)",
        )
    return at
