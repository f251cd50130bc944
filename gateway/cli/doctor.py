"""``gateway doctor``: does every connection answer, do the bank and the settings agree?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from gateway import bootstrap, settings
from gateway.dialects import bank_dialect
from gateway.onboarding.findings import Finding, Result, ready
from gateway.onboarding.probe import probe, subject_of
from gateway.onboarding.report import MARKS
from gateway.ports.tenancy import Connection, Tenant
from gateway.runtime import Life, run_process
from gateway.store.tenancy import acting_for


def command(options: argparse.Namespace) -> int:
    """Check; exit code 1 when anything is not well."""
    loaded = settings.load(options.config)
    found: list[Finding] = []

    async def main(life: Life) -> int:
        built = bootstrap.build(loaded, life.died)
        try:
            for tenant, connection in _connections(loaded, options.connection):
                with acting_for((tenant.id,)):
                    dialect = bank_dialect(connection.bank, connection.version)
                    subject = subject_of(tenant, connection, dialect)
                    found.extend(await probe(subject, built.relay.queries, built.runtime.clock))
        finally:
            await built.stop(0)
        return 0

    run_process(main)
    for it in found:
        if options.json:
            told = it.document() | {"ok": it.result is not Result.MISSING}
            print(json.dumps(told, ensure_ascii=False))
        else:
            print(f"{MARKS[it.result]} {it.what}: {it.zh} / {it.en}")
            if it.result is Result.MISSING:
                print(f"    → {it.todo_zh} / {it.todo_en}")
    return 0 if ready(found) else 1


def _connections(
    loaded: settings.Settings, only: str | None
) -> Iterator[tuple[Tenant, Connection]]:
    for tenant in loaded.directory.tenants.values():
        for connection in tenant.connections.values():
            if only in {None, connection.id}:
                yield tenant, connection
