"""Whether it lives, whether it can work, what it counts; and the audit trail's checkpoints."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.errors import Overloaded
from gateway.observe.listener import CONTENT_TYPE
from gateway.store import tables
from gateway.web.asked import Asked, desk_of, json_response, refused_at

_CHECKPOINTS_MAX: Final = 1000
_SEQ_MAX: Final = 18


async def alive(request: Request) -> Response:
    """The process answers."""
    del request
    return json_response({"status": "ok"})


async def ready(request: Request) -> Response:
    """The database answers and the lease holds: work may be given. Raises Overloaded else."""
    if not await desk_of(request).gateway.watch.ready():
        raise Overloaded(
            "not ready: no database, no lease any more, or the process is ending",
            "尚未就绪：数据库不可达、租约失效或进程正在停止",
        )
    return json_response({"status": "ready"})


async def metrics(request: Request) -> Response:
    """Counters and gauges for Prometheus, over all tenants together."""
    text = await desk_of(request).gateway.watch.scrape()
    return Response(text, headers={"Content-Type": CONTENT_TYPE})


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
