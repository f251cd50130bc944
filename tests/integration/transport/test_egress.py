"""Calls to a tenant's own addresses over real sockets: resolved, checked, then connected to."""

from __future__ import annotations

import asyncio
import json
from ipaddress import ip_address

import pytest
import uvloop

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.ports.webhooks import PUBLIC_ONLY, Reach, UrlForbidden
from gateway.transport.egress import ANSWER_MAX, Egress
from gateway.transport.egress_rules import read_network
from gateway.transport.http_pool import ORIGINS_MAX, HttpPool, Origin
from gateway.transport.limits import ClientLimits
from gateway.transport.tls import TlsFiles, client_context
from tests.integration.transport.faults import FaultServer

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
HEADERS = [("Webhook-Id", "evt_1")]
TIMEOUT_S = 60
"""Generous: nothing here is about speed."""


def reach(port: int, **more) -> Reach:
    words = {
        "networks": (read_network("127.0.0.0/8"),),
        "ports": (port,),
        "plain_http": True,
    }
    return Reach(**(words | more))


class Names:
    """A resolver that answers as told and counts."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int):
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not answer:
            raise OSError("no such name")
        return [ip_address(it) for it in answer]


def post(url, allowed, *, names=None, tls=None, timeout_s=TIMEOUT_S, times=1):
    """Post some events one after the other; the last answer."""

    async def story():
        words = {"resolve": names} if names else {}
        egress = Egress(url, allowed, timeout_s=timeout_s, tls=tls, **words)
        try:
            for _ in range(times):
                answer = await egress.post(HEADERS, b"{}")
            return answer
        finally:
            await egress.aclose()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(story())


def always(answer: bytes):
    def script(peer) -> None:
        while peer.answer(answer):
            continue

    return script


def test_the_request_names_the_host_and_goes_to_the_checked_address():
    with FaultServer(always(TAKEN)) as server:
        names = Names(["127.0.0.1"])
        url = f"http://erp.example:{server.port}/hooks?a=b"
        assert post(url, reach(server.port), names=names, times=3).status == 204
        assert names.asked == ["erp.example"] * 3  # once per call, never more
        assert server.accepted == 1  # the connection is kept
        head, _, body = bytes(server.received).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /hooks?a=b HTTP/1.1"
    assert f"Host: erp.example:{server.port}" in lines
    assert "Webhook-Id: evt_1" in lines
    assert "Content-Type: application/json" in lines
    assert body.startswith(b"{}")


def test_the_certificate_must_be_of_the_name_though_the_address_was_given(pki):
    tls = client_context(TlsFiles(ca=pki.certificate))
    with FaultServer(always(TAKEN), tls=pki.server()) as server:
        allowed = reach(server.port, plain_http=False)
        right = f"https://erp.example:{server.port}/"
        assert post(right, allowed, names=Names(["127.0.0.1"]), tls=tls).status == 204
        wrong = f"https://other.example:{server.port}/"
        with pytest.raises(NotSent, match=r"mismatch|not match|certificate is not valid"):
            post(wrong, allowed, names=Names(["127.0.0.1"]), tls=tls)
        with pytest.raises(NotSent):  # without the CA nobody vouches for it
            post(right, allowed, names=Names(["127.0.0.1"]))
        assert server.requests_seen() == 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.5"], ["0.0.0.0"]],
)
def test_a_name_that_leads_inside_is_not_called(addresses):
    with FaultServer(always(TAKEN)) as server:
        allowed = Reach(ports=(server.port,))
        with pytest.raises(UrlForbidden):
            post(f"https://erp.example:{server.port}/", allowed, names=Names(addresses))
        assert server.accepted == 0


def test_a_resolver_that_changes_its_mind_gets_around_nothing():
    with FaultServer(always(TAKEN)) as inside:
        # The check sees the first answer; whoever asked again would get the second.
        names = Names(["203.0.113.9"], ["127.0.0.1"])
        with pytest.raises(UrlForbidden):
            post(f"https://erp.example:{inside.port}/", Reach(ports=(inside.port,)), names=names)
        assert names.asked == ["erp.example"]
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        assert (
            post(f"http://erp.example:{inside.port}/", reach(inside.port), names=names).status
            == 204
        )
        assert names.asked == ["erp.example"]


def test_a_kept_connection_is_not_used_once_the_name_leads_elsewhere():
    with FaultServer(always(TAKEN)) as server:
        names = Names(["127.0.0.1"], ["10.9.9.9"])

        async def story():
            egress = Egress(
                f"http://erp.example:{server.port}/",
                reach(server.port),
                timeout_s=TIMEOUT_S,
                resolve=names,
            )
            try:
                assert (await egress.post(HEADERS, b"{}")).status == 204
                with pytest.raises(UrlForbidden):
                    await egress.post(HEADERS, b"{}")
            finally:
                await egress.aclose()

        asyncio.run(story())
        assert server.requests_seen() == 1


def test_a_redirect_is_an_answer_and_is_not_followed():
    with FaultServer(always(TAKEN)) as inside:
        location = f"http://127.0.0.1:{inside.port}/"
        redirect = (
            f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        )
        with FaultServer(always(redirect)) as server:
            answer = post(f"http://127.0.0.1:{server.port}/", reach(server.port))
        assert answer.status == 302
        assert inside.accepted == 0


def test_no_proxy_is_taken_from_the_environment(monkeypatch):
    with FaultServer(always(TAKEN)) as server, FaultServer(always(TAKEN)) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        post(f"http://127.0.0.1:{server.port}/", reach(server.port))
        assert (server.accepted, proxy.accepted) == (1, 0)


def test_an_answer_without_end_is_cut_off():
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * (ANSWER_MAX + 1)
    with (
        FaultServer(always(endless)) as server,
        pytest.raises(Unconfirmed, match="larger than allowed"),
    ):
        post(f"http://127.0.0.1:{server.port}/", reach(server.port))


def test_silence_ends_with_the_time_out():
    with FaultServer(lambda peer: peer.until_gone()) as server, pytest.raises(Unconfirmed):
        post(f"http://127.0.0.1:{server.port}/", reach(server.port), timeout_s=1)


def test_a_resolver_that_never_answers_ends_with_the_time_out():
    async def silence(host: str, port: int):
        await asyncio.Event().wait()

    with pytest.raises(NotSent, match="cannot be resolved"):
        post("https://erp.example/", PUBLIC_ONLY, names=silence, timeout_s=1)


@pytest.mark.parametrize("answer", [[], None])
def test_a_name_that_does_not_exist_is_not_sent(answer):
    async def none(host: str, port: int):
        return []

    names = Names([]) if answer == [] else none
    with pytest.raises((NotSent, UrlForbidden)):
        post("https://erp.example/", PUBLIC_ONLY, names=names)


def test_when_one_address_refuses_the_next_is_tried():
    with FaultServer(always(TAKEN)) as server:
        names = Names(["127.0.0.9", "127.0.0.1"])  # nobody listens on the first
        url = f"http://erp.example:{server.port}/"
        assert post(url, reach(server.port), names=names).status == 204


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("-5", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("9" * 30, 0)],
)
def test_what_a_receiver_asks_us_to_wait(value, seconds):
    busy = f"HTTP/1.1 503 Busy\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n".encode()
    with FaultServer(always(busy)) as server:
        answer = post(f"http://127.0.0.1:{server.port}/", reach(server.port))
    assert (answer.status, answer.retry_after_s) == (503, seconds)


def test_localhost_is_resolved_by_the_machine_and_then_judged():
    with pytest.raises(UrlForbidden):
        post("https://localhost/", PUBLIC_ONLY)


def test_a_pool_forgets_addresses_without_connections():
    async def story():
        pool = HttpPool(ClientLimits())
        try:
            for number in range(ORIGINS_MAX + 10):
                origin = Origin(
                    tls=False,
                    host="erp.example",
                    port=1,
                    address=f"127.1.0.{number}" if number < 256 else f"127.1.1.{number - 256}",
                )
                with pytest.raises(NotSent):
                    await pool.round_trip(origin, json.dumps({}).encode(), TIMEOUT_S)
            return len(pool._hosts)
        finally:
            await pool.aclose()

    assert asyncio.run(story()) <= ORIGINS_MAX
