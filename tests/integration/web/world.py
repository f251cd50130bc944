"""A gateway's API over a sandbox bank that speaks CIB on a real socket, and its callers."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import httpx

from adapters.bank.cib import DIALECT
from adapters.erp.iso20022.compose import Debtor, Line, compose
from gateway import bootstrap, settings
from gateway.domain.money import CNY, Money
from gateway.runtime import LoopTasks, SharedClock
from gateway.sandbox import payees
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.seed import plant, shipped
from gateway.sandbox.server import SandboxServer
from gateway.signing.request_signature import SignedRequest, sign
from gateway.transport.http_server import serve
from gateway.web.app import create_app
from tests.postgres import lay_migrated
from tests.sandbox_json import MAIN, START

SECRET = b"only-for-these-tests"
OTHER_ACCOUNT = "900010104000000018"
DAY = date(2026, 9, 15)
SEEN_LATE = timedelta(milliseconds=500)
_numbers = itertools.count(1)


def database() -> dict[str, str]:
    """Where the gateway keeps its books, as settings say it: nothing for a SQLite file."""
    return {}


def content(bank: str, clock: str, **policy: object) -> dict[str, object]:
    """Settings of two tenants: the first with two ERPs and two people, the second with one ERP."""
    connection = {
        "id": "cib-1",
        "bank": "cib",
        "url": bank,
        "customer": "9900000001",
        "operator": "erpmaker",
        "password": policy.pop("password", "Demo-Pass-1"),
    }
    wants_files = bool(policy.pop("receipt_files", False))
    files = {"receipt_files": f"{bank}/files/{{file_id}}"} if wants_files else {}
    policy.setdefault("default_local", True)
    second = {**connection, "id": "cib-2", "customer": "9900000002"}
    further, house = policy.pop("tenant", {}), policy.pop("gateway", {})
    identity, others = policy.pop("identity", {}), policy.pop("other_people", [])
    machine = {"secret": SECRET.decode(), "kind": "machine"}
    person = {"secret": SECRET.decode(), "kind": "person"}
    account = {"number": MAIN, "connection": "cib-1", "city": "福州"}
    house = {"reconcile_every_minutes": 0, **house}  # a run by itself would race with the tests'
    return {
        "gateway": {"data": "var", "clock": clock, **database(), **house},
        "identity": identity,
        "tenant": [
            {
                "id": "t1",
                "name": "示例集团",
                "connection": [connection | files],
                "company": [
                    {
                        "id": "c1",
                        "name": "示例制造有限公司",
                        "account": [account | {"receipt_files": wants_files}],
                    }
                ],
                "policy": policy,
                "key": [
                    {**machine, "id": "erp", "name": "sap", "erp": "sap"},
                    {**machine, "id": "erp2", "name": "oa", "erp": "oa"},
                    {**person, "id": "wang", "name": "王"},
                    {**person, "id": "li", "name": "李"},
                ],
                **further,
            },
            {
                "id": "t2",
                "name": "样本控股集团",
                "connection": [second],
                "company": [
                    {
                        "id": "c2",
                        "name": "样本能源有限公司",
                        "account": [{**account, "number": OTHER_ACCOUNT, "connection": "cib-2"}],
                    }
                ],
                "key": [
                    {**machine, "id": "foreign", "name": "sap", "erp": "sap"},
                    {**person, "id": "zhao", "name": "赵"},
                ],
                "person": others,
            },
        ],
    }


class World:
    """Everything a test can reach."""

    def __init__(self, gateway, client, clock, bank, ledger):
        self.gateway, self.client, self.clock = gateway, client, clock
        self.bank, self.ledger = bank, ledger

    async def call(self, method, target, body=b"", *, key="erp", headers=None, **flaw):
        """One signed request; ``flaw`` overrides what is sent, after signing."""
        return await self.client.request(
            method,
            target,
            content=body,
            headers=self.signed(method, target, body, key=key, **flaw) | (headers or {}),
        )

    def signed(self, method, target, body=b"", *, key="erp", secret=SECRET, at=None, nonce=None):
        path, _, query = target.partition("?")
        stamp = str(int(time.time()) if at is None else at)
        request = SignedRequest(
            method=method,
            path=path,
            query=query,
            timestamp=stamp,
            nonce=nonce or secrets.token_hex(16),
            body=body,
        )
        return {
            "X-Gw-Key": key,
            "X-Gw-Timestamp": stamp,
            "X-Gw-Nonce": request.nonce,
            "X-Gw-Signature": sign(secret, request),
        }

    async def post(self, target, document, **more):
        body = json.dumps(document, ensure_ascii=False).encode()
        return await self.call("POST", target, body, **more)

    async def get(self, target, **more):
        return await self.call("GET", target, **more)

    async def jump(self, seconds):
        """Move the time of gateway and bank, and wait until the gateway has seen it."""
        self.clock.jump(seconds)
        async with asyncio.timeout(10):
            while True:
                if self.clock.now() - self.gateway.runtime.clock.now() < SEEN_LATE:
                    return
                await asyncio.sleep(0.01)

    async def reaches(self, identifier, *states):
        """Wait until an instruction is in one of ``states``."""
        async with asyncio.timeout(10):
            while True:
                view = (await self.get(f"/v1/instructions/{identifier}")).json()
                if view["state"] in states:
                    return view
                await asyncio.sleep(0.02)

    async def settled_batch(self, batch, count):
        async with asyncio.timeout(10):
            while True:
                view = (await self.get(f"/v1/batches/{batch}")).json()
                if view["states"].get("SETTLED", 0) == count:
                    return view
                await asyncio.sleep(0.02)


@asynccontextmanager
async def world(folder, **policy):
    """A running gateway and bank; the clock stands at the demonstration's moment."""

    def dead(name, error):
        raise AssertionError(name) from error

    clock = SharedClock.create(folder / "clock.json", START)
    tasks = LoopTasks(dead)
    ledger = Ledger(":memory:", durable=False)
    plant(ledger, shipped(), START)
    options = Options(code="cib", own_bank=DIALECT.is_own_bank)
    bank = SandboxBank(ledger, DIALECT.bank_side, options=options)
    sandbox = SandboxServer({"cib": bank}, clock, tasks)
    server = await serve(sandbox.answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.port}"
    parsed = settings.parse(content(url, "clock.json", **policy), folder)
    lay_migrated(parsed.database)
    made = bootstrap.build(parsed, dead)
    await made.start()
    transport = httpx.ASGITransport(create_app(made), raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://gw") as client:
            yield World(made, client, clock, bank, ledger)
    finally:
        await made.stop()
        await server.close()
        sandbox.close()
        await tasks.stop()
        assert ledger.check() == []
        ledger.close()


def story(folder, tell, **policy):
    """Run ``tell(world)``."""

    async def run():
        async with world(folder, **policy) as it:
            await tell(it)

    asyncio.run(run())


def payment(reference="", **other):
    """An own-bank payment to a payee of its own, so that nothing looks like a duplicate."""
    number = next(_numbers)
    account = payees.own_account(number)
    return {
        "erp_reference": reference or f"R-{number}",
        "debtor_account": MAIN,
        "creditor_name": payees.payee_name(account),
        "creditor_account": account,
        "creditor_agent_name": "兴业银行福州分行",
        "creditor_city": "福州",
        "amount": "100.00",
        "currency": "CNY",
        "purpose": "货款",
    } | other


def pain001(message_id, *lines, version="pain.001.001.03"):
    """A file as SAP in China writes it."""
    debtor = Debtor(name="示例制造有限公司", account=MAIN)
    at = datetime(2026, 9, 15, 10)  # noqa: DTZ001 - as files have it, without an offset
    return compose(version, message_id, at, debtor, lines)


def line(**other):
    """One line of a file, to a payee of its own."""
    number = next(_numbers)
    account = payees.own_account(number)
    values = {
        "end_to_end_id": f"E-{number}",
        "instruction_id": f"I-{number}",
        "amount": Money(100_00 + number, CNY),
        "creditor_name": payees.payee_name(account),
        "creditor_account": account,
        "creditor_agent_name": "兴业银行福州分行",
        "creditor_city": "福州",
        "execution_date": DAY,
        "purpose": "货款",
    }
    return Line(**(values | other))


def batch_of(count, reference="B-1", **other):
    """A JSON batch of ``count`` payments."""
    return {"batch_reference": reference, "instructions": [payment(**other) for _ in range(count)]}
