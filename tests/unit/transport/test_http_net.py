"""HttpNet on an injected client: bytes in, bytes out, and what its failures may be called."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest
import respx

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.transport.http_client import HttpNet
from gateway.transport.httpx_transport import DirectTransport
from gateway.transport.limits import ClientLimits
from gateway.transport.tls import TlsFiles, client_context

URL = "http://bank.example:8080/fox"
MESSAGE = WireMessage(
    (Segment("<FOX>汇款".encode("gbk")), Segment(b"secret", secret=True), Segment(b"</FOX>")),
    "application/xml; charset=GBK",
)


def exchange(*, url: str = URL, message: WireMessage = MESSAGE, body_max: int = 1000) -> WireReply:
    async def inside() -> WireReply:
        async with httpx.AsyncClient(trust_env=False) as client:
            net = HttpNet(client=client, limits=ClientLimits(body_max=body_max))
            return await net.exchange(url, message, 2.0)

    return asyncio.run(inside())


@respx.mock(using="httpx")
def test_bytes_and_type_go_out_as_archived_and_come_back_as_received(
    respx_mock: respx.MockRouter,
) -> None:
    route = respx_mock.post(URL).respond(
        502, content="失败".encode("gbk"), headers={"Content-Type": "text/html; charset=GBK"}
    )
    reply = exchange()
    assert reply == WireReply(502, "text/html; charset=GBK", "失败".encode("gbk"))
    sent = route.calls.last.request
    assert sent.content == MESSAGE.body()
    assert sent.headers["content-type"] == MESSAGE.content_type
    assert sent.headers["accept-encoding"] == "identity"
    assert route.call_count == 1


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ReadTimeout,
        httpx.WriteError,
        httpx.RemoteProtocolError,
        httpx.UnsupportedProtocol,
        ConnectionRefusedError,
        TimeoutError,
        RuntimeError,
    ],
)
@respx.mock(using="httpx")
def test_a_strangers_exception_proves_nothing(
    respx_mock: respx.MockRouter, error: type[Exception]
) -> None:
    respx_mock.post(URL).mock(side_effect=error("about secret"))
    with pytest.raises(Unconfirmed) as caught:
        exchange()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("error", [NotSent, Unconfirmed])
@respx.mock(using="httpx")
def test_what_our_own_transport_says_passes_unchanged(
    respx_mock: respx.MockRouter, error: type[Exception]
) -> None:
    respx_mock.post(URL).mock(side_effect=error("said so"))
    with pytest.raises(error, match="said so"):
        exchange()


@respx.mock(using="httpx")
def test_redirect_is_a_reply_and_is_not_followed(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(URL).respond(307, headers={"Location": "http://elsewhere.example/"})
    assert exchange().status == 307
    assert respx_mock.calls.call_count == 1


@respx.mock(using="httpx")
def test_answer_over_the_limit(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(URL).respond(200, content=b"x" * 1001)
    with pytest.raises(Unconfirmed, match="larger"):
        exchange()
    assert len(exchange(body_max=1001).body) == 1001


@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("ftp://bank.example/", "text/xml"),
        ("http://", "text/xml"),
        ("http://user:secret@bank.example/", "text/xml"),
        ("http://bank.example:port/", "text/xml"),
        ("http://bank.example/a b", "text/xml"),
        ("http://bank.example/\u94f6", "text/xml"),
        ("http://ba nk.example/", "text/xml"),
        ("http://bank.example/", "text/xml\r\nX-Evil: 1"),
        ("http://bank.example/", "text/xml\n"),
    ],
)
def test_what_cannot_be_put_on_the_wire_is_not_sent(url: str, content_type: str) -> None:
    async def inside() -> None:
        net = HttpNet()
        message = WireMessage((Segment(b"x"),), content_type)
        with pytest.raises(NotSent) as caught:
            await net.exchange(url, message, 1.0)
        assert "secret" not in str(caught.value)
        await net.aclose()

    asyncio.run(inside())


def test_line_break_in_a_header_of_an_httpx_request_is_not_sent() -> None:
    async def inside() -> None:
        async with httpx.AsyncClient(transport=DirectTransport(), trust_env=False) as client:
            with pytest.raises(NotSent):
                await client.post(URL, headers={"X": "a\r\nEvil: b"})

    asyncio.run(inside())


def test_tls_is_verified_and_wrong_files_are_refused_at_once(tmp_path) -> None:
    context = client_context(TlsFiles())
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    empty = tmp_path / "empty.pem"
    empty.write_bytes(b"")
    with pytest.raises(ssl.SSLError):
        client_context(TlsFiles(certificate=empty))
    with pytest.raises(OSError):
        client_context(TlsFiles(ca=tmp_path / "absent.pem"))
    assert "hunter2" not in repr(TlsFiles(key_password="hunter2"))
