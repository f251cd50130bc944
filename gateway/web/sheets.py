"""Endpoints of the 余额调节表: computed, prepared, reviewed, as data and as a workbook."""

from __future__ import annotations

import json
from datetime import date
from typing import Final

import msgspec
from starlette.responses import Response

from gateway.bootstrap import Gateway
from gateway.controls.rules.document import Right
from gateway.domain.balance_sheet import sheet_of
from gateway.formats.sheets import xlsx_bytes
from gateway.reconciliation.sheet_workbook import AMOUNTS, rows_of
from gateway.reconciliation.sheets import Sheet
from gateway.store.instants import from_us
from gateway.web.asked import Asked, json_response
from gateway.web.reconciliations import day_of, of_path
from gateway.web.small_json import Member, read_texts

WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PREPARE: Final = {"day": Member(required=True, most=10), "comment": Member()}
_REVIEW: Final = {"digest": Member(required=True, most=64), "reason": Member()}


async def listed(asked: Asked) -> Response:
    """The prepared and reviewed sheets of an account, the latest first, without their items."""
    account = await of_path(asked)
    found = await asked.gateway.front.reconciliation.sheets.listed((asked.tenant, account))
    told = [
        {"day": day.isoformat(), **_head(sheet), "result": json.loads(sheet.content)["state"]}
        for day, sheet in found
    ]
    return json_response({"account": account.number, "sheets": told})


async def get(asked: Asked) -> Response:
    """The sheet of a day: as it was prepared or reviewed, else as it would be now."""
    sheet, day = await _asked_for(asked)
    return _told(day, sheet)


async def workbook(asked: Asked) -> Response:
    """The same as an XLSX workbook."""
    sheet, day = await _asked_for(asked)
    return await workbook_of(asked.gateway, sheet, day)


async def workbook_of(gateway: Gateway, sheet: Sheet, day: date) -> Response:
    """A sheet as an XLSX workbook, for whoever may see it."""
    shown = sheet_of(msgspec.json.decode(sheet.content))
    rows = rows_of(shown, (sheet.prepared_by, sheet.reviewed_by), sheet.digest)
    tasks = gateway.runtime.tasks
    body = await tasks.read(lambda: b"".join(xlsx_bytes(rows, AMOUNTS)))
    name = f"balance-sheet-{day.isoformat()}.xlsx"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(body, media_type=WORKBOOK, headers=headers)


async def prepare(asked: Asked) -> Response:
    """A person prepares the sheet of a day for another to review."""
    asked.person()
    account = await of_path(asked, Right.RECONCILE)
    wish = read_texts(asked.body, _PREPARE, en="nothing was prepared", zh="编制请求有误，未受理")
    day = day_of(wish["day"], "/day")
    sheet = await asked.gateway.front.reconciliation.sheets.prepare(
        (asked.tenant, account), asked.key.actor, day, wish.get("comment", "")
    )
    return _told(day, sheet)


async def review(asked: Asked) -> Response:
    """Another person freezes the sheet, which closes the period."""
    asked.person()
    account = await of_path(asked, Right.RECONCILE)
    wish = read_texts(asked.body, _REVIEW, en="nothing was reviewed", zh="复核请求有误，未受理")
    day = day_of(asked.path("day"), "day")
    sheet = await asked.gateway.front.reconciliation.sheets.review(
        (asked.tenant, account), asked.key.actor, day, (wish["digest"], wish.get("reason", ""))
    )
    return _told(day, sheet)


async def _asked_for(asked: Asked) -> tuple[Sheet, date]:
    account = await of_path(asked)
    day = day_of(asked.path("day"), "day")
    return await asked.gateway.front.reconciliation.sheets.get((asked.tenant, account), day), day


def _told(day: date, sheet: Sheet) -> Response:
    content = json.loads(sheet.content)
    return json_response({"day": day.isoformat(), **_head(sheet), "sheet": content})


def _head(sheet: Sheet) -> dict[str, object]:
    return {
        "state": sheet.state,
        "digest": sheet.digest,
        "prepared_by": sheet.prepared_by or None,
        "prepared_at": _at(sheet.prepared_us),
        "comment": sheet.comment or None,
        "reviewed_by": sheet.reviewed_by or None,
        "reviewed_at": _at(sheet.reviewed_us),
        "reason": sheet.reason or None,
    }


def _at(us: int | None) -> str | None:
    return None if us is None else from_us(us).isoformat(timespec="seconds")
