"""Signatures, nonces, limits: who does not come in, and what everybody is told."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from gateway.web import bodies, door
from gateway.web.app import create_app
from tests.integration.web.world import payment, story


def test_every_flaw_of_a_signature_is_the_same_401(tmp_path):
    async def tell(it):
        body = json.dumps(payment()).encode()
        good = it.signed("POST", "/v1/instructions", body)
        now = int(time.time())
        flaws = {
            "none": {},
            "no nonce": {name: it_ for name, it_ in good.items() if name != "X-Gw-Nonce"},
            "unknown": it.signed("POST", "/v1/instructions", body, key="nobody"),
            "wrong secret": it.signed("POST", "/v1/instructions", body, secret=b"x"),
            "other body": it.signed("POST", "/v1/instructions", body + b" "),
            "other path": it.signed("POST", "/v1/batches", body),
            "other method": it.signed("GET", "/v1/instructions", body),
            "other key": good | {"X-Gw-Key": "wang", "X-Gw-Signature": "0" * 64},
            "stale": it.signed("POST", "/v1/instructions", body, at=now - 301),
            "future": it.signed("POST", "/v1/instructions", body, at=now + 310),
            "no number": good | {"X-Gw-Timestamp": "soon"},
            "long number": good | {"X-Gw-Timestamp": "9" * 400},
        }
        told = set()
        for flaw, headers in flaws.items():
            answer = await it.client.post("/v1/instructions", content=body, headers=headers)
            assert answer.status_code == 401, flaw
            assert answer.headers["www-authenticate"] == "Gw-HMAC-SHA256"
            told.add(answer.text.partition('"trace_id"')[0])
        assert len(told) == 1
        found = await it.get("/v1/instructions?state=QUEUED,SENDING,SETTLED")
        assert found.json() == {"instructions": []}

    story(tmp_path, tell)


def test_a_nonce_is_used_once_also_after_a_restart(tmp_path):
    async def tell(it):
        for method, target in (("POST", "/v1/instructions"), ("GET", "/v1/accounts")):
            body = json.dumps(payment()).encode() if method == "POST" else b""
            headers = it.signed(method, target, body)
            first = await it.client.request(method, target, content=body, headers=headers)
            again = await it.client.request(method, target, content=body, headers=headers)
            assert (first.status_code, again.status_code) == (200, 401)
            if method == "POST":
                it.client._transport.app = create_app(it.gateway)
                third = await it.client.post(target, content=body, headers=headers)
                assert third.status_code == 401
                metrics = (await it.client.get("/metrics")).text
                assert 'gateway_signatures_refused_total{flaw="replayed"} 2.0' in metrics

    story(tmp_path, tell)


def test_of_many_replays_at_once_one_comes_in(tmp_path):
    async def tell(it):
        body = json.dumps(payment()).encode()
        headers = it.signed("POST", "/v1/instructions", body)
        answers = await asyncio.gather(
            *(it.client.post("/v1/instructions", content=body, headers=headers) for _ in range(8))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7

    story(tmp_path, tell)


def test_old_nonces_are_forgotten_and_fresh_ones_kept(tmp_path, monkeypatch):
    async def tell(it):
        desk = it.client._transport.app.state.desk
        now = [1_800_000_000]
        monkeypatch.setattr(desk.door, "_now_s", lambda: now[0])

        async def post():
            body = json.dumps(payment()).encode()
            signed = it.signed("POST", "/v1/instructions", body, at=now[0])
            assert (
                await it.client.post("/v1/instructions", content=body, headers=signed)
            ).is_success

        def stored():
            return it.gateway.store.read_now(
                lambda db: db.exec_driver_sql("SELECT COUNT(*) FROM nonce").scalar()
            )

        await post()
        now[0] += door.NONCE_KEPT_S - 1
        await post()
        assert stored() == 2
        now[0] += 61
        await post()
        assert stored() == 2

    story(tmp_path, tell)


def test_bodies_are_bounded_whether_or_not_they_say_their_length(tmp_path, monkeypatch):
    monkeypatch.setattr(bodies, "FILE_MAX", 3 << 20)

    async def tell(it):
        async def endless(pieces):
            for _ in range(pieces):
                yield b"x" * (1 << 20)

        for target, pieces in (("/v1/instructions", 2), ("/v1/batches", 17), ("/v1/files", 4)):
            headers = it.signed("POST", target)
            announced = await it.client.post(target, content=b"x" * (pieces << 20), headers=headers)
            chunked = await it.client.post(target, content=endless(pieces), headers=headers)
            for answer in (announced, chunked):
                assert answer.status_code == 413
                assert answer.json()["code"] == "too_large"
        assert not list((tmp_path / "var/spool").iterdir())

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/v1/instructions", 405, "method_not_allowed"),
        ("POST", "/v1/accounts", 405, "method_not_allowed"),
        ("GET", "/v1/instructions/ins_none", 404, "not_found"),
        ("GET", "/v1/accounts/900010999999999999/balance", 404, "not_found"),
        ("POST", "/v1/connections/none/unblock", 404, "not_found"),
        ("POST", "/v1/instructions/ins_none/enquiry", 404, "not_found"),
    ],
)
def test_every_error_is_a_problem_in_two_languages(tmp_path, method, target, status, code):
    async def tell(it):
        for language, name in (("en", "en"), ("zh-CN,zh;q=0.9", "zh-CN")):
            answer = await it.call(
                method, target, key="wang", headers={"Accept-Language": language}
            )
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["content-language"] == name
            problem = answer.json()
            assert (problem["code"], problem["status"]) == (code, status)
            assert problem["title"] == problem[f"title_{name[:2]}"]
            assert problem["detail_zh"]
            assert problem["detail_en"]
            assert problem["trace_id"]
            if status == 405:
                assert answer.headers["allow"]

    story(tmp_path, tell)


def test_what_we_did_not_foresee_is_a_500_without_a_word_of_it(tmp_path, monkeypatch):
    async def tell(it):
        failed = []

        def heard(event, **facts):
            if event.name == "failed":
                failed.append(facts)

        monkeypatch.setattr(it.gateway.watch.log, "tell", heard)

        def broken(*_args, **_more):
            raise ZeroDivisionError("inner secret")

        monkeypatch.setattr("gateway.web.waiting.version_of", broken)
        answer = await it.get("/v1/instructions/ins_x")
        assert answer.status_code == 500
        assert "secret" not in answer.text
        (told,) = failed
        assert told["trace"] == answer.json()["trace_id"]
        assert told["error"] == "ZeroDivisionError"
        assert "test_door.py:" in told["place"]
        assert "secret" not in str(told)

    story(tmp_path, tell)
