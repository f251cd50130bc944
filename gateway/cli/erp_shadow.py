"""``gateway erp shadow``: what a new mapping read otherwise than the one that counts.

Exit code 0: no difference was seen; 1: there are some; 2: it could not be looked up.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from sqlalchemy.exc import OperationalError

from gateway import settings
from gateway.cli.deployed import require_database, tenant_of
from gateway.domain.errors import Refused
from gateway.domain.ids import TenantId
from gateway.intake.shadow import found
from gateway.settings import Settings
from gateway.store.engine import open_engine
from gateway.store.instants import from_us
from gateway.store.tenancy import say


def command(options: argparse.Namespace) -> int:
    """Show the newest comparisons."""
    loaded = settings.load(options.config)
    tenant = tenant_of(loaded, options)
    rows = _stored(loaded, tenant, options.system, max(options.most, 1))
    for row in rows:
        print(json.dumps(row, ensure_ascii=False) if options.json else _text(row))
    if not rows and not options.json:
        print("没有比对记录 / nothing was compared yet")
    return 1 if any(row["different"] for row in rows) else 0


def _stored(
    loaded: Settings, tenant: TenantId, system: str, most: int
) -> list[Mapping[str, object]]:
    require_database(loaded)
    engine = open_engine(loaded.database)
    try:
        with engine.connect() as db:
            if loaded.database.postgresql:  # a serving role is shown nothing unasked
                say(db, frozenset({tenant}))
            rows = found(db, tenant, system, most)
    except OperationalError as error:
        raise Refused("the database cannot be read", "无法读取数据库") from error
    finally:
        engine.dispose()
    return [_dated(row) for row in rows]


def _dated(row: Mapping[str, object]) -> Mapping[str, object]:
    at = row["at_us"]
    assert isinstance(at, int)
    return {name: it for name, it in row.items() if name != "at_us"} | {
        "at": from_us(at).isoformat()
    }


def _text(row: Mapping[str, object]) -> str:
    differences = row["differences"]
    shown = (
        "，".join(f"{it['reference'] or it['line']}:{it['field']}" for it in differences[:8])
        if isinstance(differences, list)
        else ""
    )
    return (
        f"{row['at']}  {row['system']} → {row['dialect']}  {row['batch'] or '-'}  "
        f"{row['lines']} 行 lines，{row['different']} 处不同 different  {shown}"
    ).rstrip()
