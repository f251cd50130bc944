"""``gateway reference import | list | day | office | route``: reference data of a deployment.

An import writes the books itself: on SQLite while no service runs, on PostgreSQL beside it. The
others only read, at any time.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Final, TypeVar

from sqlalchemy import Connection

from gateway import bootstrap, settings
from gateway.bootstrap import Role
from gateway.cli.database_option import as_named
from gateway.cli.deployed import require_database
from gateway.controls.reference.kinds import Kind
from gateway.controls.reference.look_up import OfficeRows, dated
from gateway.controls.reference.rows import Imported, Imports, Wish, history
from gateway.controls.reference.told import (
    Document,
    day_document,
    import_document,
    office_document,
    route_document,
)
from gateway.domain.bank_office import NameGrade
from gateway.domain.calendar import CN_STATE_COUNCIL
from gateway.domain.channel import RouteFacts
from gateway.domain.errors import Refused
from gateway.domain.ids import TenantId
from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY, Money, MoneyFormatError
from gateway.runtime import Life, SharedClock, SystemClock, run_process
from gateway.settings import Settings
from gateway.store.engine import open_engine
from gateway.store.migrate import refuse_behind

T = TypeVar("T")
_LEASE_S: Final = 600
"""A whole directory is one transaction, during which the lease is not renewed."""
_OFFICES_SHOWN: Final = 20
_NUMBER_DIGITS: Final = 12


def command(options: argparse.Namespace) -> int:
    """Run one of the actions."""
    loaded = as_named(settings.load(options.config), options)
    if options.action == "import":
        wish = _wish(loaded, options)
        return run_process(lambda life: _import(life, loaded, wish, options))
    return _LOOK[options.action](loaded, options)


# ── import ──────────────────────────────────────────────────────────────────────────────────


def _wish(loaded: Settings, options: argparse.Namespace) -> Wish:
    tenant = options.tenant or ""
    if tenant and TenantId(tenant) not in loaded.directory.tenants:
        raise Refused(f"no tenant {tenant} in the settings", f"配置中没有租户 {tenant}")
    if not options.file.is_file():
        raise Refused(f"no file {options.file}", f"没有文件：{options.file}")
    return Wish(
        kind=Kind(options.kind),
        source=options.source,
        holds_from=_day(options.holds_from),
        by=f"local:{getpass.getuser()}",
        tenant=tenant,
    )


async def _import(life: Life, loaded: Settings, wish: Wish, options: argparse.Namespace) -> int:
    del life
    role = Role.API if loaded.database.postgresql else Role.BOTH
    built = bootstrap.build(replace(loaded, lease_s=_LEASE_S), _died, role=role)
    try:
        done = await Imports(built.store, built.runtime).take(
            wish, partial(options.file.open, "rb")
        )
    finally:
        await built.stop()
    if options.json:
        print(json.dumps(_imported(done), ensure_ascii=False))
    else:
        _tell(done)
    return 0


def _died(name: str, error: BaseException) -> None:
    raise RuntimeError(name) from error


def _imported(done: Imported) -> Document:
    return {
        "id": done.id,
        "rows": done.rows,
        "new": done.new,
        "left_out": done.left_out,
        "faults": [
            {"line": it.line, "path": it.path, "code": it.code, "zh": it.zh, "en": it.en}
            for it in done.faults
        ],
    }


def _tell(done: Imported) -> None:
    if not done.new:
        print(f"同一文件已导入，无变化 / this file stands already: {done.id} ({done.rows})")
        return
    for it in done.faults:
        print(f"  {it.line} {it.path}: {it.zh} / {it.en}", file=sys.stderr)
    if done.left_out:
        print(f"✗ 未导入 {done.left_out} 行 / {done.left_out} lines left out", file=sys.stderr)
    print(f"✓ 已导入 {done.rows} 条 / {done.rows} imported: {done.id}")


# ── look-ups ────────────────────────────────────────────────────────────────────────────────


def _read(loaded: Settings, work: Callable[[Connection], T]) -> T:
    require_database(loaded)
    engine = open_engine(loaded.database)
    try:
        refuse_behind(engine, loaded.database.label)
        with engine.connect() as db:
            return work(db)
    finally:
        engine.dispose()


def _list(loaded: Settings, options: argparse.Namespace) -> int:
    for it in _read(loaded, history):
        if options.json:
            print(json.dumps(import_document(it), ensure_ascii=False))
        else:
            print(
                f"{it.id}  {it.kind:8}  {it.holds_from}  {it.rows}  {it.source}  "
                f"{it.imported_at:%Y-%m-%d %H:%M}  {it.imported_by}"
            )
    return 0


def _show_day(loaded: Settings, options: argparse.Namespace) -> int:
    day, today = _day(options.day), _now(loaded).date()
    it = _read(loaded, lambda db: dated(db, today)).calendars.calendar().day(day)
    if options.json:
        print(json.dumps(day_document(it, CN_STATE_COUNCIL), ensure_ascii=False))
        return 0
    words = "工作日 / working day" if it.working else "非工作日 / no working day"
    unsure = "（暂定，尚无公布依据 / provisional: not published yet）" if it.provisional else ""
    print(f"{it.day}  {words}  {it.name}{unsure}".rstrip())
    return 0


def _offices(loaded: Settings, options: argparse.Namespace) -> int:
    asked: str = options.asked

    def look(db: Connection) -> list[Document]:
        rows = OfficeRows(db)
        if len(asked) == _NUMBER_DIGITS and asked.isascii() and asked.isdigit():
            office = rows.by_number(asked)
            return [office_document(office, NameGrade.EXACT)] if office else []
        found = rows.by_name(asked, limit=_OFFICES_SHOWN, city=options.city or "")
        return [office_document(it.office, it.grade) for it in found]

    found = _read(loaded, look)
    for it in found:
        if options.json:
            print(json.dumps(it, ensure_ascii=False))
        else:
            print(f"{it['number']}  {it['name']}  {it['city'] or ''}  {it['status']}")
    if not found:
        print("没有这样的网点 / no such office in the directory", file=sys.stderr)
    return 0 if found else 1


def _route(loaded: Settings, options: argparse.Namespace) -> int:
    now = _now(loaded)
    facts = RouteFacts(
        amount=_amount(options.amount),
        own_bank=options.own_bank,
        at=_instant(options.at, now),
        urgency=Urgency.URGENT if options.urgent else Urgency.NORMAL,
    )
    choice = _read(loaded, lambda db: dated(db, now.date())).routes.choose(facts)
    document = {"at": facts.at.isoformat(), **route_document(choice)}
    if options.json:
        print(json.dumps(document, ensure_ascii=False))
        return 0
    leaves = choice.departure
    if leaves is None:
        print("没有可用渠道 / no channel takes it")
    else:
        unsure = "（暂定 / provisional）" if leaves.provisional else ""
        print(f"✓ {leaves.terms.code}  {leaves.leaves_at:%Y-%m-%d %H:%M}{unsure}")
        print(f"  {leaves.terms.source}")
    for reason in choice.reasons:
        print(f"  {reason.code}: {reason.zh} / {reason.en}")
    return 0


_LOOK: Final = {"list": _list, "day": _show_day, "office": _offices, "route": _route}


def _now(loaded: Settings) -> datetime:
    clock = SharedClock(loaded.clock) if loaded.clock else SystemClock()
    return clock.now()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is no day: write 2026-10-01", "日期请写 2026-10-01") from None


def _amount(text: str) -> Money:
    try:
        amount = Money.parse(text, CNY)
    except MoneyFormatError:
        amount = None
    if amount is None or amount.minor <= 0:
        raise Refused("the amount must be positive, such as 1200.50", "金额须为正数，如 1200.50")
    return amount


def _instant(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            "--at is no instant: write 2026-10-01T16:30 (Beijing time)",
            "--at 请写 2026-10-01T16:30（北京时间）",
        ) from None
    return told.replace(tzinfo=now.tzinfo) if told.tzinfo is None else told.astimezone(now.tzinfo)
