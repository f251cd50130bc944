"""``gateway doctor``: are the settings sound, does every connection answer, does every account?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass

from gateway import bootstrap, settings
from gateway.domain.errors import GatewayError
from gateway.domain.outcome import Verdict
from gateway.domain.party import masked
from gateway.ports.tenancy import Connection, Tenant
from gateway.relay.queries import Queries
from gateway.runtime import Life, run_process
from gateway.store.tenancy import acting_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at."""

    what: str
    ok: bool
    zh: str
    en: str


def command(options: argparse.Namespace) -> int:
    """Check; exit code 1 when anything is not well."""
    loaded = settings.load(options.config)
    checks: list[Check] = []

    async def main(life: Life) -> int:
        built = bootstrap.build(loaded, life.died)
        try:
            for tenant, connection in _connections(loaded, options.connection):
                with acting_for((tenant.id,)):
                    checks.extend(await _check(built.relay.queries, tenant, connection))
        finally:
            await built.stop(0)
        return 0

    run_process(main)
    for check in checks:
        if options.json:
            print(
                json.dumps(
                    {"what": check.what, "ok": check.ok, "zh": check.zh, "en": check.en},
                    ensure_ascii=False,
                )
            )
        else:
            print(f"{'✓' if check.ok else '✗'} {check.what}: {check.zh} / {check.en}")
    return 0 if checks and all(check.ok for check in checks) else 1


def _connections(
    loaded: settings.Settings, only: str | None
) -> Iterator[tuple[Tenant, Connection]]:
    for tenant in loaded.directory.tenants.values():
        for connection in tenant.connections.values():
            if only in {None, connection.id}:
                yield tenant, connection


async def _check(queries: Queries, tenant: Tenant, connection: Connection) -> list[Check]:
    """Sign on, then ask each account's balance; a refused sign-on is not tried again."""
    name = f"{tenant.id}/{connection.id}"
    try:
        outcome = await queries.sign_on(tenant.id, connection.id)
    except GatewayError as error:
        return [
            Check(what=name, ok=False, zh=f"前置机无应答：{error.zh}", en=f"no answer: {error.en}")
        ]
    if outcome.verdict is not Verdict.ACKNOWLEDGED:
        return [
            Check(
                what=name,
                ok=False,
                zh=f"登录未成功（{outcome.code}），请核对操作员与密码",
                en=f"sign-on not accepted ({outcome.code}); check operator and password",
            )
        ]
    checks = [Check(what=name, ok=True, zh="登录成功", en="signed on")]
    for account in tenant.accounts.values():
        if account.connection != connection.id:
            continue
        what = f"{name} {masked(account.number)}"
        try:
            await queries.balance(tenant.id, account)
        except GatewayError as error:
            checks.append(Check(what=what, ok=False, zh=f"余额查询失败：{error.zh}", en=error.en))
        else:
            checks.append(Check(what=what, ok=True, zh="余额可查", en="balance answered"))
    return checks
