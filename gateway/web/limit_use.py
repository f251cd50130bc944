"""The endpoint that tells how much is left of limits and plan lines."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from gateway.controls.rules.limits import named
from gateway.controls.rules.use import Question, Used, periods_of
from gateway.controls.use import in_use
from gateway.controls.version_rows import day_of
from gateway.domain.money import Money, currency
from gateway.web.asked import Asked, json_response, refused_at

_PERIOD: Final = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", re.ASCII)


async def use(asked: Asked) -> Response:
    """Cap, used and left of each counter that is asked about and may be told of."""
    gateway, today = asked.gateway, day_of(asked.gateway.runtime.clock.now())
    period = asked.query.get("period", "")
    if period and not _PERIOD.fullmatch(period):
        raise refused_at(
            "?period",
            "date_format",
            "期间写作 2026、2026-10 或 2026-10-15",
            "a period is written 2026, 2026-10 or 2026-10-15",
        )
    question = Question(
        periods=(period,) if period else periods_of(today),
        company=asked.query.get("company", ""),
        item=asked.query.get("item"),
    )
    found = await gateway.store.read(
        lambda db: in_use(
            db,
            controls=gateway.controls,
            tenant=asked.tenant,
            actor=asked.key.actor,
            asked=question,
            today=today,
        )
    )
    return json_response(
        {
            "version": found.version,
            "periods": list(question.periods),
            "counters": [_use(it) for it in found.uses],
            "more": found.more,
        }
    )


def _use(one: Used) -> dict[str, object]:
    key, unit = one.counter.key, currency(one.counter.key.currency)
    en, zh = named(one.counter)
    return {
        "rule": one.counter.rule,
        "of": key.of,
        "subject": key.subject,
        "over": key.over,
        "period": key.period,
        "currency": key.currency,
        "at_most": Money(one.counter.cap, unit).text(),
        "used": Money(one.used, unit).text(),
        "left": Money(one.left, unit).text(),
        "zh": zh,
        "en": en,
    }
