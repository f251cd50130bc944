"""Endpoints of bulk calls: JSON batches, ERP files, and what became of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring_ascii
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from gateway.delivery.batch_results import line_standings, refused_lines
from gateway.delivery.standing import batch_lines, batch_view, status_report
from gateway.dialects import erp_dialects, system_dialect
from gateway.domain.batch import Batch
from gateway.domain.errors import Corrupt, NotFound
from gateway.domain.ids import BatchId, InstructionId
from gateway.intake.calls import Call, file_call
from gateway.intake.draft import FaultyDraft
from gateway.intake.json_body import FIELDS, BatchHead, OnRefused, parse_batch
from gateway.ports.erp import Draft, ErpDialect, FileHead
from gateway.ports.erp_systems import ErpSystem
from gateway.store.instants import to_us
from gateway.store.tenancy import acting_for
from gateway.web.acceptance import AcceptedLine, RefusedLine, batch_body
from gateway.web.asked import Asked, desk_of, json_bytes, json_response, query_of, refused_at
from gateway.web.bodies import Spooled, chunks
from gateway.web.streaming import streamed

JSON_FORMAT: Final = "json"
_SHOWN_MAX: Final = 1000
"""Most refused lines of a file that are listed in its acceptance."""
_REFERENCE_SHOWN: Final = 140
_XML: Final = frozenset({"application/xml", "text/xml"})
_texts_of: Final = attrgetter(*FIELDS)
_NOT_XML: Final = frozenset({"application/json", "*/*", "application/*"})


async def post_batch(asked: Asked) -> Response:
    """Accept a JSON batch of up to 10,000 lines."""
    caller, key, gateway = asked.machine(), asked.idempotency_key(), asked.gateway
    head, drafts, digest = await gateway.runtime.tasks.read(lambda: _read_batch(asked.body))
    accepted = await gateway.front.bulk.accept(
        Call(
            caller=caller,
            scope=caller.erp,
            reference=head.batch_reference,
            digest=digest,
            format=JSON_FORMAT,
            all_or_nothing=_policy(asked.query, head.on_refused) is OnRefused.ALL,
            key=key,
        ),
        drafts,
    )
    asked.accepted("batch", accepted.accepted, batch=accepted.id)
    tenant = asked.key.tenant
    batch, reference = accepted.id, accepted.reference
    return json_bytes(
        await gateway.store.read(lambda db: _acceptance(db, tenant, batch, reference))
    )


async def upload(request: Request) -> Response:
    """Accept an ERP's file of any length: onto the disk first, then read as a stream."""
    desk = desk_of(request)
    claim = desk.door.claim(request)
    async with desk.spool.receive(request) as spooled:
        key = request.state.key = desk.door.check(claim, request, spooled.digest)
        query = query_of(request, frozenset({"erp", "on_refused"}))
        asked = Asked(request=request, desk=desk, key=key, digest=spooled.digest, query=query)
        await desk.door.remember(key, claim)
        with acting_for((key.tenant,)):
            accepted = await _accept_file(asked, spooled)
            _shade(asked, spooled, accepted.id)
    asked.accepted("file", accepted.accepted, batch=accepted.id)
    tenant, store = key.tenant, desk.gateway.store
    with acting_for((tenant,)):
        if wants_xml(request.headers.get("accept", "")):
            return await _reply_file(asked, accepted.id)
        return json_response(await store.read(lambda db: _file_acceptance(db, tenant, accepted.id)))


async def get(asked: Asked) -> Response:
    """An accepted batch: counts per state."""
    batch, tenant = asked.path("id"), asked.key.tenant
    await _seen(asked, batch)
    return json_response(await asked.gateway.store.read(lambda db: batch_view(db, tenant, batch)))


async def report(asked: Asked) -> Response:
    """Where every line stands: in the file's own language, or as JSON for a JSON batch."""
    batch, tenant = asked.path("id"), asked.key.tenant
    await _seen(asked, batch)

    def standings(db: Connection) -> dict[str, object] | None:
        view = batch_view(db, tenant, batch)
        if view["format"] != JSON_FORMAT:
            return None
        return {
            "id": view["id"],
            "batch_reference": view["reference"],
            "lines": list(line_standings(db, tenant, batch)),
        }

    found = await asked.gateway.store.read(standings)
    return await _reply_file(asked, batch) if found is None else json_response(found)


async def returns(asked: Asked) -> Response:
    """The lines whose money came back (退汇), as a notice in the file's own language."""
    batch, tenant = asked.path("id"), asked.key.tenant
    await _seen(asked, batch)
    view = await asked.gateway.store.read(lambda db: batch_view(db, tenant, batch))
    states = view["states"]
    if view["format"] == JSON_FORMAT or not isinstance(states, dict) or not states.get("RETURNED"):
        raise NotFound("nothing of this file was returned", "该文件没有退汇明细")
    return await _reply_file(asked, batch, "returns")


async def _seen(asked: Asked, batch: str) -> None:
    """Raise NotFound for a batch of which the caller may not see every line."""
    sight = asked.gateway.front.sight
    await asked.gateway.store.read(lambda db: sight.batch(db, asked.onlooker, batch))


async def _accept_file(asked: Asked, spooled: Spooled) -> Batch:
    caller, key = asked.machine(), asked.idempotency_key()
    read = _dialect(asked, "read").read
    if read is None:
        raise Corrupt("a dialect without a reader was chosen")
    whole = _policy(asked.query, None) is OnRefused.ALL

    def call(head: FileHead) -> Call:
        return file_call(caller, head, spooled.digest, all_or_nothing=whole, key=key)

    with spooled.path.open("rb") as file:
        return await asked.gateway.front.bulk.accept_file(call, read(chunks(file)))


def _shade(asked: Asked, spooled: Spooled, batch: str) -> None:
    """Let the new mapping of the caller's ERP system read the same file, if it has one."""
    system, exchange = _system(asked), asked.gateway.front.exchange
    if exchange is None or system is None or not system.shadow or _of_system(asked) is None:
        return
    from gateway.taking_in import sender_of  # noqa: PLC0415 - costs a start

    exchange.desk.shade(sender_of(system, asked.tenant), spooled.path, batch)


async def _reply_file(asked: Asked, batch: str, kind: str = "report") -> Response:
    """A reply in the ERP's own format, streamed: the status report or the notice of returns."""
    gateway, tenant = asked.gateway, asked.key.tenant
    dialect = _dialect(asked, kind)
    write = dialect.report if kind == "report" else dialect.returns
    if write is None:
        raise Corrupt(f"a dialect without {kind} was chosen")
    report_id, at_us = gateway.runtime.ids.new("rep"), to_us(gateway.runtime.clock.now())
    status = await gateway.store.read(lambda db: status_report(db, tenant, batch, report_id, at_us))
    pieces = write(status)

    return streamed(gateway.runtime.tasks, "report", pieces, dialect.content_type)


def _dialect(asked: Asked, wanted: str) -> ErpDialect:
    """The ERP language that ``?erp=`` names, a flavour too (``canonical/v2``).

    Not named, it is that of the caller's own ERP system, or the only one that can do it.
    """
    own = _of_system(asked)
    if own is not None and getattr(own, wanted) is not None:
        return own
    able = {
        name: dialect
        for name, dialect in asked.gateway.erps.items()
        if getattr(dialect, wanted) is not None
    }
    name = asked.query.get("erp", "")
    if "/" in name and name.partition("/")[0] in asked.gateway.erps:
        able |= _flavours(name.partition("/")[0], wanted)
    if name in able:
        return able[name]
    if not name and len(able) == 1:
        return next(iter(able.values()))
    listed = ", ".join(sorted(able))
    raise refused_at(
        "?erp",
        "erp_unknown" if name else "required",
        f"请用 erp 指明文件格式：{listed}",
        f"name the file's format with erp: {listed}",
    )


def _of_system(asked: Asked) -> ErpDialect | None:
    """The language of the ERP system that calls, shaped by its options; None for another one."""
    system = _system(asked)
    if system is None or asked.query.get("erp", system.dialect) != system.dialect:
        return None
    return system_dialect(system.dialect, system.options)


def _system(asked: Asked) -> ErpSystem | None:
    return asked.tenant.erps.get(asked.key.erp) if asked.key.erp else None


def _flavours(folder: str, wanted: str) -> dict[str, ErpDialect]:
    """What a folder speaks that can do it, by full name."""
    return {it.name: it for it in erp_dialects(folder).values() if getattr(it, wanted) is not None}


def _policy(query: Mapping[str, str], stated: OnRefused | None) -> OnRefused:
    """What to do with good lines beside bad ones; body and query must not contradict."""
    name = query.get("on_refused", "")
    if name and name not in frozenset(OnRefused):
        raise refused_at(
            "?on_refused",
            "on_refused_unknown",
            "on_refused 须为 lines 或 all",
            "on_refused must be lines or all",
        )
    if name and stated is not None and stated != name:
        raise refused_at(
            "?on_refused",
            "on_refused_contradiction",
            "查询参数与正文中的 on_refused 不一致，请只写一处",
            "on_refused in the query and in the body contradict each other; give one",
        )
    return OnRefused(name) if name else stated or OnRefused.LINES


def _read_batch(body: bytes) -> tuple[BatchHead, list[Draft], str]:
    head, drafts = parse_batch(body)
    return head, drafts, content_digest(drafts)


def content_digest(drafts: list[Draft]) -> str:
    """Hex SHA-256 over what the lines say: the same batch written with other blanks is the same."""
    lines = []
    for draft in drafts:
        said = ",".join(map(encode_basestring_ascii, _texts_of(draft)))
        if isinstance(draft, FaultyDraft):
            faults = [[one.path, one.code] for one in draft.faults]
            said = ",".join((said, *(json.dumps(it, separators=(",", ":")) for it in faults)))
        lines.append(f"[{said}]\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _acceptance(db: Connection, tenant: str, batch: str, reference: str) -> bytes:
    return batch_body(BatchId(batch), reference, _results(db, tenant, batch))


def _results(db: Connection, tenant: str, batch: str) -> Iterator[AcceptedLine | RefusedLine]:
    for line in batch_lines(db, tenant, batch):
        if line.faults:
            yield RefusedLine(line=line.line, erp_reference=line.erp_reference, faults=line.faults)
        else:
            yield AcceptedLine(line.line, InstructionId(line.id), line.erp_reference, line.digest)


def _file_acceptance(db: Connection, tenant: str, batch: str) -> dict[str, object]:
    view = batch_view(db, tenant, batch)
    kept = ("id", "reference", "format", "digest", "lines", "accepted", "refused")
    return {
        **{name: view[name] for name in kept},
        "refused_lines": [
            {
                "line": line,
                "erp_reference": reference[:_REFERENCE_SHOWN],
                "faults": [one.document() for one in faults],
            }
            for line, reference, faults in refused_lines(db, tenant, batch, _SHOWN_MAX)
        ],
        "links": view["links"],
    }


def wants_xml(accept: str) -> bool:
    """Whether an Accept header asks for XML before it asks for JSON or anything."""
    for part in accept[:1000].lower().split(","):
        kind = part.partition(";")[0].strip()
        if kind in _XML:
            return True
        if kind in _NOT_XML:
            return False
    return False
