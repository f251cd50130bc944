"""Statement files that were put somewhere for us: claimed, imported, answered, put away.

Rule kept here: what is done first is durable first. Lines are kept before the reply is written,
and the reply before the file is put away; after a crash in between everything is done again and
adds nothing. A file is imported whole, or refused whole with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.domain.bank_file import Finding, Gravity
from gateway.domain.errors import NotSent, Overloaded
from gateway.ports.erp_boxes import Arrived, FileBox
from gateway.ports.events import STATEMENT_FILE, STATEMENT_PUT_OFF
from gateway.ports.runtime import Runtime
from gateway.ports.statement_boxes import StatementBox
from gateway.ports.statement_formats import Part, Reading, StatementFormat
from gateway.ports.tenancy import Tenant
from gateway.statements.import_rows import Import
from gateway.statements.importing import Importing, StatementFile
from gateway.statements.line_rows import IMPORTED, QUARANTINED
from gateway.statements.told_imports import import_told
from gateway.transport.box_taking import (
    DIGEST_SHOWN,
    digest_and_head,
    foreign,
    reply_name,
    take_all,
)

_HEAD: Final = 1 << 16
_NAME_MAX: Final = 120
_TABLE: Final = "CSV"
_TOO_LARGE: Final = Finding(
    code="file_too_large",
    zh="文件过大，整份未导入，请拆分后重新放入",
    en="the file is too large and nothing of it was imported; split it and put it in again",
    gravity=Gravity.CONTRADICTION,
)
_UNKNOWN: Final = Finding(
    code="unknown_format",
    zh="无法识别的对账单文件，支持 camt.052、camt.053、camt.054、MT940、MT942、BAI2、OFX、"
    "CSV、XLSX；其他表格请在 [tenant.statement_box.mapping] 中说明列",
    en="this is no statement file that is known here: camt.052, camt.053, camt.054, MT940, MT942, "
    "BAI2, OFX, CSV or XLSX; describe other tables in [tenant.statement_box.mapping]",
    gravity=Gravity.CONTRADICTION,
)
_SAID: Final = {
    IMPORTED: ("已导入", "imported"),
    QUARANTINED: (
        "整份隔离，未导入，原因见 findings；人员核对后可带 ?despite=true 导入",
        "quarantined, nothing was imported: see findings; a person may import it (?despite=true)",
    ),
}
_REFUSED: Final = (
    "整份未导入，原因见 findings",
    "refused: nothing was imported, findings say why",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDesk:
    """What all boxes share. ``formats`` are asked in their order."""

    runtime: Runtime
    importing: Importing
    formats: Callable[[], Sequence[StatementFormat]]


class StatementFiles:
    """The files of one box."""

    def __init__(
        self,
        box: StatementBox,
        tenant: Tenant,
        files: FileBox,
        desk: FileDesk,
        stopping: Callable[[], bool],
    ) -> None:
        self._box = box
        numbers = box.accounts or tenant.accounts
        self._tenant = replace(tenant, accounts={it: tenant.accounts[it] for it in numbers})
        self._files = files
        self._desk = desk
        self._stopping = stopping
        options = dict(box.mapping)
        self._reading = Reading(
            account=options.pop("account", ""),
            currency=options.pop("currency", ""),
            options=options,
        )

    async def look(self) -> None:
        """Take every file that is there. Raises NotSent where the place cannot be reached."""
        await take_all(self._files, self._take, self._tell_put_off, self._stopping)

    async def aclose(self) -> None:
        """Close the box."""
        await self._files.aclose()

    def _tell_put_off(self, error: Overloaded) -> None:
        self._desk.runtime.log.tell(
            STATEMENT_PUT_OFF, code=error.code, tenant=self._box.tenant, endpoint=self._box.id
        )

    async def _take(self, arrived: Arrived) -> None:
        runtime, importing = self._desk.runtime, self._desk.importing
        digest, head = "", b""
        if not arrived.too_large:
            path = Path(arrived.path)
            digest, head, _ = await runtime.tasks.read(lambda: digest_and_head(path, _HEAD))
        refused = _TOO_LARGE if arrived.too_large else _UNKNOWN
        format_ = None if arrived.too_large else await self._format(head)
        if format_ is None:
            done = await importing.refuse(
                tenant=self._box.tenant,
                name=_short(arrived.name),
                digest=digest,
                actor=self._box.actor,
                finding=refused,
            )
        else:
            done = await importing.take_file(
                StatementFile(
                    tenant=self._tenant,
                    path=Path(arrived.path),
                    name=_short(arrived.name),
                    digest=digest,
                    format=self._foreseen(format_),
                    reading=replace(self._reading, name=arrived.name),
                    actor=self._box.actor,
                )
            )
        await self._files.put(_reply_name(arrived, done), _reply(arrived, done))
        await self._files.finish(arrived, refused=done.state != IMPORTED)
        runtime.log.tell(
            STATEMENT_FILE,
            state=done.state,
            lines=done.entries,
            count=done.added,
            tenant=self._box.tenant,
            endpoint=self._box.id,
        )

    async def _format(self, head: bytes) -> StatementFormat | None:
        """The format that recognises the first bytes; with a mapping at least a table."""

        def sniffed() -> StatementFormat | None:
            known = self._desk.formats()
            found = next((it for it in known if it.sniff(head)), None)
            if found is None and self._reading.options:
                found = next((it for it in known if it.name == _TABLE), None)
            return found

        return await self._desk.runtime.tasks.read(sniffed)

    def _foreseen(self, format_: StatementFormat) -> StatementFormat:
        """The same format, of which nothing but what it promises ever comes."""

        def read(chunks: Iterable[bytes], reading: Reading) -> Iterator[Part]:
            whose = (self._box.tenant, self._box.id)
            with foreign(self._desk.runtime, whose, "statement reader"):
                try:
                    yield from format_.read(chunks, reading)
                except OSError as error:
                    raise NotSent(
                        f"our own disk: {type(error).__name__}",
                        f"本机磁盘：{type(error).__name__}",
                    ) from error

        return replace(format_, read=read)


def _reply_name(arrived: Arrived, done: Import) -> str:
    marks = ".".join(it for it in (done.digest[:DIGEST_SHOWN], done.state) if it)
    return reply_name(arrived.name, marks, "json")


def _reply(arrived: Arrived, done: Import) -> Iterator[bytes]:
    """What came of a file: in both languages, then all that is known of it."""
    zh, en = _SAID.get(done.state, _REFUSED)
    if done.state == IMPORTED:
        zh += f"，新增 {done.added} 条，由待记账转为已记账 {done.changed} 条"
        en += f": {done.added} new lines, {done.changed} pending lines booked"
        if done.repeated:
            zh, en = "此前已导入，未新增", "imported before: nothing was added"
    told = {"file": arrived.name, "zh": zh, "en": en, **import_told(done)}
    yield json.dumps(told, ensure_ascii=False, indent=1).encode()


def _short(name: str) -> str:
    return name[-_NAME_MAX:]
