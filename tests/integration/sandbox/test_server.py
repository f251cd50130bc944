"""The sandbox bank over real sockets: messages, faults on the line, and the admin API."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from gateway.runtime import LoopTasks
from gateway.sandbox import payees
from gateway.sandbox.faults import FaultSchedule
from gateway.sandbox.server import SandboxServer
from gateway.transport.http_server import serve
from tests.sandbox_json import (
    MAIN,
    OWN_PAYEE,
    START,
    UNSIGNED,
    Bank,
    SeededRandom,
    batch,
    encode,
    encode_batch,
    generated,
    line,
    order,
    pay,
)


class Clock:
    """A business clock that stands still unless moved."""

    def __init__(self):
        self.at = START
        self.factor = 1

    def now(self):
        return self.at

    def jump(self, seconds):
        self.at += timedelta(seconds=seconds)

    def scale(self, factor):
        self.factor = factor


def story(tell, *, fronts=("cib",)):
    """Run ``tell(client, bank)`` against a served bank."""

    def dead(name, error):
        raise AssertionError(name) from error

    async def run():
        tasks = LoopTasks(on_death=dead)
        with Bank(durable=False, faults=FaultSchedule(random=SeededRandom(1))) as bank:
            sandbox = SandboxServer(dict.fromkeys(fronts, bank.bank), Clock(), tasks)
            server = await serve(sandbox.answer, "127.0.0.1", 0)
            try:
                base = f"http://127.0.0.1:{server.port}"
                async with httpx.AsyncClient(base_url=base, timeout=5, trust_env=False) as client:
                    await tell(client, bank)
            finally:
                await server.close()
                sandbox.close()
                await tasks.stop()

    asyncio.run(run())


async def script(client, **fault):
    answer = await client.post("/admin/faults", json={"script": [fault]})
    assert answer.status_code == 200


def test_messages_are_answered_at_either_address():
    async def tell(client, _bank):
        for path in ("/", "/cib", "/cib/"):
            answer = await client.post(path, content=pay("P1", order()))
            assert answer.json()["payment"]["state"] == "paid"
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.post("/other", content=b"")).status_code == 404
        assert (await client.get("/")).status_code == 405
        assert (await client.post("/", content=b"nonsense")).status_code == 400

    story(tell)


def test_two_fronts_need_their_own_address():
    async def tell(client, _bank):
        assert (await client.post("/", content=pay("P1", order()))).status_code == 404
        for code in ("cib", "two"):
            assert (await client.post(f"/{code}", content=pay("P1", order()))).is_success

    story(tell, fronts=("cib", "two"))


def test_many_at_once_are_each_done_once():
    async def tell(client, bank):
        bodies = [pay(f"P{number % 40}", generated(number % 40)) for number in range(120)]
        answers = await asyncio.gather(*(client.post("/", content=body) for body in bodies))
        assert {answer.json()["payment"]["state"] for answer in answers} == {"paid"}
        view = (await client.get("/admin/ledger")).json()
        assert (view["balanced"], view["payments"], view["paid"]) == (True, 40, "4000.00")
        assert bank.ledger.check() == []

    story(tell)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("refuse", httpx.ReadError),
        ("drop_before_commit", httpx.RemoteProtocolError),
        ("drop_after_commit", httpx.RemoteProtocolError),
        ("truncated", httpx.RemoteProtocolError),
        ("half_open", httpx.ReadTimeout),
    ],
)
def test_faults_on_the_line(kind, error):
    async def tell(client, _bank):
        await script(client, kind=kind, creditor_account=OWN_PAYEE)
        with pytest.raises(error):
            await client.post("/", content=pay("P1", order()), timeout=0.5)
        status = await client.post("/", content=encode("payment_status", "q", original="P1"))
        done = kind not in {"refuse", "drop_before_commit"}
        assert (status.json()["message"] == "ok") is done
        counts = (await client.get("/admin/faults")).json()["cib"]["counts"]
        assert counts == {kind: 1}

    story(tell)


def test_http_faults():
    async def tell(client, _bank):
        for kind, status in (("error_5xx_after_commit", 500), ("html_200", 200)):
            await script(client, kind=kind)
            answer = await client.post("/", content=pay(kind, order()))
            assert answer.status_code == status
            with pytest.raises(json.JSONDecodeError):
                answer.json()
        rates = {"rates": {"error_5xx_before_commit": 1.0}}
        assert (await client.post("/admin/faults", json=rates)).is_success
        assert (await client.post("/", content=pay("P3", order()))).status_code == 502
        cleared = await client.post("/admin/faults", json={"clear": True})
        assert cleared.json()["cib"]["rates"] == {}
        assert (await client.post("/", content=pay("P3", order()))).is_success

    story(tell)


def test_admin_moves_the_clock_and_what_is_due_happens():
    async def tell(client, _bank):
        await client.post("/", content=pay("P1", generated(1), super=True))
        view = (await client.get("/admin/payments", params={"serial": "P1"})).json()
        assert view["payments"][0]["state"] == "pending"
        moved = (await client.post("/admin/clock", json={"jump_s": 600})).json()
        assert moved == {"now": (START + timedelta(minutes=10)).isoformat(), "done": 1}
        view = (await client.get("/admin/payments", params={"serial": "P1"})).json()
        states = [step["state"] for step in view["payments"][0]["history"]]
        assert states == ["pending", "paid"]
        entries = (await client.get(f"/admin/accounts/{MAIN}/entries")).json()["entries"]
        assert (entries[-1]["serial"], entries[-1]["amount"]) == ("P1", "-100.00")
        assert (await client.post("/admin/clock", json={"scale": 60})).is_success
        assert (await client.get("/admin/clock")).json()["now"] == moved["now"]

    story(tell)


def test_admin_decides_for_people():
    async def tell(client, _bank):
        waiting = order(debtor="900010104000000018")
        await client.post("/", content=pay("U1", waiting, customer=UNSIGNED))
        decided = await client.post(
            "/admin/payments/U1/decision", json={"decision": "approve", "customer": UNSIGNED}
        )
        assert decided.json()["state"] == "paid"
        again = await client.post("/admin/payments/U1/decision", json={"decision": "withdraw"})
        assert (again.status_code, again.json()["code"]) == (409, "not_permitted")

    story(tell)


def test_admin_shows_and_decides_batches():
    async def tell(client, bank):
        closed = payees.personal_account(2, payees.PERSONAL_CLOSED_PREFIX)
        people = (line(1, payees.personal_account(1)), line(2, closed))
        waiting = batch(*people, payroll=True, debtor="900010104000000018")
        await client.post("/", content=encode_batch("R1", waiting, customer=UNSIGNED))
        await client.post("/", content=encode_batch("B1", batch(line(1, payees.own_account(1)))))
        decided = await client.post("/admin/payments/R1/decision", json={"decision": "approve"})
        assert decided.json()["state"] == "partly_paid"
        again = await client.post("/admin/payments/R1/decision", json={"decision": "withdraw"})
        assert again.status_code == 409
        newest = (await client.get("/admin/batches")).json()["batches"]
        assert [found["serial"] for found in newest] == ["B1", "R1"]
        (shown,) = (await client.get("/admin/batches?serial=R1")).json()["batches"]
        assert [step["state"] for step in shown["history"]] == ["auditing", "partly_paid"]
        assert [(it["state"], it["reason"]) for it in shown["lines"]] == [
            ("paid", "ok"),
            ("failed", "creditor_unknown"),
        ]
        view = (await client.get("/admin/ledger")).json()
        assert (view["balanced"], view["batches"], view["batch_lines"]) == (True, 2, 3)
        assert view["batch_lines_paid"] == "20.00"
        entries = (await client.get(f"/admin/accounts/{MAIN}/entries")).json()["entries"]
        assert (entries[-1]["serial"], entries[-1]["line"]) == ("B1", 1)
        assert bank.ledger.check() == []

    story(tell)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/admin", None, 404),
        ("GET", "/admin/nothing", None, 404),
        ("GET", "/admin/accounts/1/entries", None, 404),
        ("POST", "/admin/payments/P9/decision", {"decision": "approve"}, 404),
        ("POST", "/admin/payments/P9/decision", {"decision": "burn"}, 422),
        ("POST", "/admin/faults", {"rates": {"refuse": 2}}, 422),
        ("POST", "/admin/faults", {"rates": {"sleepy": 0.1}}, 422),
        ("POST", "/admin/clock", {"jump": 5}, 422),
    ],
)
def test_wrong_admin_calls_say_so_in_two_languages(method, path, body, status):
    async def tell(client, _bank):
        answer = await client.request(method, path, json=body)
        assert answer.status_code == status
        assert {"code", "zh", "en"} <= answer.json().keys()

    story(tell)
