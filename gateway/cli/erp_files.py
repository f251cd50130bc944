"""``gateway erp files``: files and envelopes that came from ERP systems, and what became of each.

Exit code 0: none of those shown was refused; 1: some were; 2: it could not be looked up.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from gateway import settings
from gateway.cli.deployed import require_database, tenant_of
from gateway.domain.errors import Fault, Refused
from gateway.domain.ids import TenantId
from gateway.intake.arrivals import Arrival, FileOutcome, arrivals
from gateway.settings import Settings
from gateway.store.engine import open_engine
from gateway.store.tenancy import say

_FAULTS_SHOWN = 3
_WORDS = {
    FileOutcome.ACCEPTED: "已受理 accepted",
    FileOutcome.REFUSED: "已拒收 refused",
    FileOutcome.ANSWERED: "已答复 answered",
}


def command(options: argparse.Namespace) -> int:
    """List the latest."""
    loaded = settings.load(options.config)
    tenant = tenant_of(loaded, options)
    found = _stored(loaded, tenant, options)
    for it in found:
        print(json.dumps(_document(it), ensure_ascii=False) if options.json else _text(it))
    if not found and not options.json:
        print("没有文件 / no file has come yet")
    return 1 if any(it.outcome is FileOutcome.REFUSED for it in found) else 0


def _stored(loaded: Settings, tenant: TenantId, options: argparse.Namespace) -> Sequence[Arrival]:
    require_database(loaded)
    engine = open_engine(loaded.database)
    try:
        with engine.connect() as db:
            if loaded.database.postgresql:  # a serving role is shown nothing unasked
                say(db, frozenset({tenant}))
            return arrivals(
                db,
                tenant,
                system=options.system,
                outcome=FileOutcome.REFUSED.value if options.refused else "",
                most=max(options.most, 1),
            )
    except OperationalError as error:
        raise Refused("the database cannot be read", "无法读取数据库") from error
    finally:
        engine.dispose()


def _document(it: Arrival) -> dict[str, object]:
    return {
        "id": it.id,
        "at": it.at.isoformat(),
        "system": it.system,
        "name": it.name,
        "digest": it.digest,
        "outcome": it.outcome.value,
        "batch": it.batch or None,
        "faults": [one.document() for one in it.faults],
    }


def _text(it: Arrival) -> str:
    """One line, and below it the first faults."""
    line = f"{it.at:%Y-%m-%d %H:%M:%S}  {it.system}  {_WORDS[it.outcome]}  {_printable(it.name)}"
    faults = [f"    {_printable(_words(one))}" for one in it.faults[:_FAULTS_SHOWN]]
    if len(it.faults) > _FAULTS_SHOWN:
        faults.append(f"    … {len(it.faults) - _FAULTS_SHOWN}")
    return "\n".join((f"{line}  {it.batch}".rstrip(), *faults))


def _words(fault: Fault) -> str:
    line = f"第{fault.line}行 line {fault.line} " if fault.line else ""
    return f"{line}{fault.path} {fault.zh} / {fault.en}"


def _printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
