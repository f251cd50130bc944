"""``gateway audit verify | checkpoint``: check the trail of a data folder."""

from __future__ import annotations

import argparse
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.progress import Progress
from sqlalchemy import Connection, func, select

from gateway import settings
from gateway.audit.checkpoint import key_name
from gateway.audit.verify import Verdict, verify
from gateway.cli.audit_walks import walks
from gateway.cli.database_option import as_named
from gateway.cli.deployed import own_key, require_database
from gateway.domain.errors import Refused
from gateway.store import tables
from gateway.store.engine import Database, open_engine
from gateway.store.tenancy import refuse_walled


def command(options: argparse.Namespace) -> int:
    """Verify; exit code 1 when anything does not hold."""
    if options.action == "checkpoint":
        return _newest(options)
    verdict = check(options)
    if options.json:
        print(json.dumps(document(verdict), ensure_ascii=False))
    else:
        _show(verdict)
    return 1 if verdict.findings else 0


def check(options: argparse.Namespace) -> Verdict:
    """Verify the trail that the settings name, with a progress bar on a terminal."""
    loaded = as_named(settings.load(options.config), options)
    require_database(loaded)
    key = (
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(options.key))
        if options.key
        else own_key(loaded, "--key")
    )
    engine = open_engine(loaded.database)
    try:
        with engine.connect() as db:
            return _verified(db, key, loaded.database, quiet=options.json)
    finally:
        engine.dispose()


def _verified(db: Connection, key: Ed25519PublicKey, database: Database, *, quiet: bool) -> Verdict:
    refuse_walled(db)
    if database.postgresql:
        # What is written meanwhile must not look like a difference between two tables.
        db.execution_options(isolation_level="REPEATABLE READ")
    total = db.execute(select(func.count()).select_from(tables.journal)).scalar() or 0
    with Progress(disable=quiet or not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("audit", total=total)
        return verify(db, key, lambda count: bar.advance(task, count), walks(database, total))


def document(verdict: Verdict) -> dict[str, object]:
    """The result as JSON."""
    return {
        "ok": not verdict.findings,
        "records": verdict.records,
        "lanes": verdict.lanes,
        "checkpoints": verdict.checkpoints,
        "unanchored": verdict.unanchored,
        "findings": [
            {
                "lane": it.lane,
                "seq": it.seq,
                "kind": it.kind,
                "zh": it.text("zh"),
                "en": it.text("en"),
            }
            for it in verdict.findings
        ],
    }


def _show(verdict: Verdict) -> None:
    print(
        f"记录 {verdict.records} 条，链 {verdict.lanes} 条，检查点 {verdict.checkpoints} 个，"
        f"未锚定 {verdict.unanchored} 条 / {verdict.records} records in {verdict.lanes} lanes, "
        f"{verdict.checkpoints} checkpoints, {verdict.unanchored} not anchored yet"
    )
    for finding in verdict.findings:
        print(f"✗ {finding.text('zh')} / {finding.text('en')}")
    if not verdict.findings:
        print("✓ 审计链完整 / the audit trail verifies")


def _newest(options: argparse.Namespace) -> int:
    """Print the newest checkpoint: what is handed out to third parties."""
    loaded = settings.load(options.config)
    engine = open_engine(loaded.database)
    with engine.connect() as db:
        row = db.execute(select(tables.checkpoint).order_by(tables.checkpoint.c.seq.desc())).first()
    engine.dispose()
    if row is None:
        raise Refused("there is no checkpoint yet", "尚无检查点")
    public = key_name(own_key(loaded, "--key"))
    print(
        json.dumps(
            {
                "seq": row.seq,
                "at_us": row.at_us,
                "root": row.root,
                "heads": json.loads(row.heads),
                "key": row.key,
                "signature": row.signature,
                "key_is_ours": row.key == public,
            }
        )
    )
    return 0
