"""Evidence that people attach to an instruction: what it is, is seen from its bytes.

Rule kept here: a file is added and never changed or removed; its digest is what resolutions name,
so nobody can put another file in its place after people have voted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from gateway.controls.cancel import DECIDED_ON
from gateway.controls.release import Releaser
from gateway.controls.rules.document import Right
from gateway.controls.rules.facts import Place
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Fault, NotFound, NotPermitted, Refused
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

ATTACHMENT_MAX: Final = 5 << 20
"""Most bytes of one file: a scanned page or a photograph."""
OF_ONE_MAX: Final = 20
"""Most files of one instruction."""
NAME_MAX: Final = 120
TEXT: Final = "text/plain; charset=utf-8"
_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_LAYOUT: Final = frozenset("\t\n\r\f")
_a = tables.attachment
_HEAD: Final = (
    *(_a.c.id, _a.c.name, _a.c.content_type, _a.c.digest, _a.c.added_by, _a.c.at_us),
    func.length(_a.c.content).label("size"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file as it is listed. ``digest`` is the SHA-256 (hex) of its bytes, ``size`` in bytes."""

    id: str
    name: str
    content_type: str
    digest: str
    size: int
    added_by: str
    at: datetime


class Attachments:
    """The use cases behind ``/v1/instructions/{id}/attachments``."""

    def __init__(self, store: Store, runtime: Runtime, releaser: Releaser) -> None:
        self._store = store
        self._runtime = runtime
        self._releaser = releaser

    async def add(
        self, tenant: Tenant, actor: Actor, instruction: str, name: str, content: bytes
    ) -> Attachment:
        """Attach a file; the same bytes once more are the same attachment.

        Raises NotFound, NotPermitted for who may not resolve outcomes there, Refused for what is
        no PDF, image or text.
        """
        kind = kind_of(content)
        if kind is None:
            raise _refused(
                "attachment_kind",
                "须为 PDF、PNG、JPEG 或 UTF-8 文本",
                "PDF, PNG, JPEG or UTF-8 text",
            )
        if not _plain(name):
            raise _refused(
                "attachment_name",
                f"文件名须为 1–{NAME_MAX} 个可显示字符，不含路径",
                f"a name of 1 to {NAME_MAX} printable characters without a path",
            )
        digest = hashlib.sha256(content).hexdigest()
        row = {"name": name, "content_type": kind, "content": content, "digest": digest}
        return await self._store.write(
            lambda uow: self._add(uow, tenant, actor, instruction, row), at_once=True
        )

    async def listed(self, tenant: Tenant, instruction: str) -> list[Attachment]:
        """The files of an instruction, oldest first."""
        return await self._store.read(lambda db: attached(db, tenant.id, instruction))

    async def content(
        self, tenant: Tenant, instruction: str, attachment: str
    ) -> tuple[Attachment, bytes]:
        """One file with its bytes. Raises NotFound."""
        return await self._store.read(lambda db: _content(db, tenant.id, instruction, attachment))

    def _add(
        self, uow: Uow, tenant: Tenant, actor: Actor, instruction: str, row: dict[str, Any]
    ) -> Attachment:
        # The row of the instruction is locked, so that two cannot both add the last one.
        subject = uow.first(DECIDED_ON, {"of_tenant": tenant.id, "of_id": instruction})
        if subject is None:
            raise NotFound
        self._permitted(uow, tenant, actor, subject)
        known = uow.rows(select(*_HEAD).where(*_of(tenant.id, instruction)))
        again = next((it for it in known if it.digest == row["digest"]), None)
        if again is not None:
            return _attachment(again)
        if len(known) >= OF_ONE_MAX:
            raise Refused(f"at most {OF_ONE_MAX} files", f"每笔最多 {OF_ONE_MAX} 个附件")
        at_us = to_us(self._runtime.clock.now())
        made = {
            "tenant": tenant.id,
            "id": self._runtime.ids.new("att"),
            "subject": instruction,
            "added_by": actor.label(),
            "at_us": at_us,
        } | row
        uow.add(_a, made)
        told = {"attachment": made["id"], "digest": row["digest"], "actor": actor.label()}
        uow.journal(
            Record(
                tenant=tenant.id,
                kind="attachment_added",
                subject=instruction,
                at_us=at_us,
                content=told | {"size": len(row["content"])},
            )
        )
        found = uow.first(select(*_HEAD).where(_a.c.tenant == tenant.id, _a.c.id == made["id"]))
        assert found is not None
        return _attachment(found)

    def _permitted(self, uow: Uow, tenant: Tenant, actor: Actor, row: Row[Any]) -> None:
        if actor.kind is not ActorKind.PERSON:
            raise NotPermitted("only a named person attaches evidence", "只有实名人员可以上传凭证")
        found = self._releaser.in_force(uow, tenant)
        if found is None:
            return
        place = Place(company=row.company, account=row.debtor_account, business=row.business_type)
        today = self._runtime.clock.now().date()
        found.rules.may(actor, Right.RESOLVE, place, today).require()


def kind_of(content: bytes) -> str | None:
    """What a file is by its own bytes; None for what is not taken."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return TEXT if text and all(it in _LAYOUT or it.isprintable() for it in text) else None


def attached(db: Connection, tenant: str, instruction: str) -> list[Attachment]:
    """The files of an instruction, oldest first."""
    query = select(*_HEAD).where(*_of(tenant, instruction)).order_by(_a.c.at_us, _a.c.id)
    return [_attachment(row) for row in db.execute(query)]


def digests(uow: Uow, tenant: str, instruction: str, wanted: Sequence[str]) -> list[str]:
    """The digests of these files of an instruction, sorted. Raises Refused for any other."""
    rows = uow.rows(select(_a.c.id, _a.c.digest).where(*_of(tenant, instruction)))
    known = {row.id: row.digest for row in rows}
    if any(it not in known for it in wanted):
        raise _refused("attachment_unknown", "没有该附件", "there is no such attachment")
    return sorted({known[it] for it in wanted})


def _content(
    db: Connection, tenant: str, instruction: str, attachment: str
) -> tuple[Attachment, bytes]:
    row = db.execute(
        select(*_HEAD, _a.c.content).where(*_of(tenant, instruction), _a.c.id == attachment)
    ).first()
    if row is None:
        raise NotFound
    return _attachment(row), bytes(row.content)


def _of(tenant: str, instruction: str) -> tuple[Any, ...]:
    return (_a.c.tenant == tenant, _a.c.subject == instruction)


def _plain(name: str) -> bool:
    return (
        0 < len(name) <= NAME_MAX
        and name.isprintable()
        and not any(it in name for it in '/\\"')
        and name.strip(". ") != ""
    )


def _attachment(row: Any) -> Attachment:  # noqa: ANN401 - a row, typed by its columns
    return Attachment(
        id=row.id,
        name=row.name,
        content_type=row.content_type,
        digest=row.digest,
        size=row.size,
        added_by=row.added_by,
        at=from_us(row.at_us),
    )


def _refused(code: str, zh: str, en: str) -> Refused:
    fault = Fault(path="", code=code, zh=zh, en=en)
    return Refused(f"nothing was attached: {en}", f"附件未受理：{zh}", [fault])
