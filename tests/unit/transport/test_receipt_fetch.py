"""Where a receipt file is fetched: the bank's id names a file, and never another address."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.errors import Unconfirmed
from gateway.ports.tenancy import Connection
from gateway.transport import receipt_fetch
from gateway.transport.receipt_fetch import HttpFiles

LINK = Connection(
    tenant="t",
    id="cib",
    bank="cib",
    url="http://bank",
    customer="c",
    operator="o",
    password="p",
    receipt_files="http://files/a/{file_id}?as=file",
)


@pytest.fixture
def calls(monkeypatch):
    made = []

    class Fetch:
        def __init__(self, **limits):
            made.append(limits)

        async def __call__(self, method, url, headers, body):
            made.append((method, url, body))
            return made[0].get("status", 200), b"%PDF-"

    monkeypatch.setattr(receipt_fetch, "HttpFetch", Fetch)
    return made


def fetched(file_id):
    return asyncio.run(HttpFiles().fetch(LINK, file_id, 99))


def test_the_id_is_escaped_whole(calls):
    assert fetched("../x y/?#&%{file_id}号") == b"%PDF-"
    limits, (method, url, body) = calls
    assert limits == {"timeout_s": 30, "answer_max": 99}
    assert (method, body) == ("GET", b"")
    assert url == ("http://files/a/..%2Fx%20y%2F%3F%23%26%25%7Bfile_id%7D%E5%8F%B7?as=file")


@pytest.mark.parametrize("file_id", ["", ".", "..", "x" * 257])
def test_an_id_that_can_stand_in_no_address_is_not_asked_for(calls, file_id):
    with pytest.raises(Unconfirmed):
        fetched(file_id)
    assert calls == []


def test_any_other_status_is_no_file(monkeypatch):
    class Gone:
        def __init__(self, **_):
            """Takes what it is given."""

        async def __call__(self, *_):
            return 404, b"%PDF-"

    monkeypatch.setattr(receipt_fetch, "HttpFetch", Gone)
    with pytest.raises(Unconfirmed):
        fetched("f1")
