"""Whether it lives, whether it can work, what it counts; and the audit trail's checkpoints."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from gateway.store import tables
from gateway.web.asked import Asked, desk_of, json_response, refused_at
from gateway.web.meter import exposition, figures

_CHECKPOINTS_MAX: Final = 1000
_SEQ_MAX: Final = 18
_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


async def alive(request: Request) -> Response:
    """The process answers."""
    del request
    return json_response({"status": "ok"})


async def ready(request: Request) -> Response:
    """The database answers: work may be given."""
    store = desk_of(request).gateway.store
    await store.read(lambda db: db.execute(select(tables.lane.c.id).limit(1)).first())
    return json_response({"status": "ready"})


async def metrics(request: Request) -> Response:
    """Counters and gauges for Prometheus, over all tenants together."""
    desk = desk_of(request)
    found = await desk.gateway.store.read(figures)
    return Response(exposition(desk.meter, found), headers={"Content-Type": _METRICS_TYPE})


async def checkpoints(asked: Asked) -> Response:
    """Signed checkpoints of the journal, to be kept outside: they make truncation visible."""
    text = asked.query.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= _SEQ_MAX):
        zh, en = "after 须为检查点序号", "after must be a checkpoint's number"
        raise refused_at("?after", "not_number", zh, en)
    after = int(text)
    found = await asked.gateway.store.read(lambda db: _checkpoints(db, after))
    return json_response({"checkpoints": found})


def _checkpoints(db: Connection, after: int) -> list[dict[str, object]]:
    it = tables.checkpoint.c
    rows = db.execute(
        select(it.seq, it.at_us, it.heads, it.root, it.key, it.signature)
        .where(it.seq > after)
        .order_by(it.seq)
        .limit(_CHECKPOINTS_MAX)
    )
    return [
        {
            "seq": row.seq,
            "at_us": row.at_us,
            "heads": json.loads(row.heads),
            "root": row.root,
            "key": row.key,
            "signature": row.signature,
        }
        for row in rows
    ]
