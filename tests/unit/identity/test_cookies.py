"""Cookies: attributes, planted twins, and plain http on this machine only."""

from __future__ import annotations

import pytest

from gateway.domain.errors import NotPermitted
from gateway.identity.cookies import CEREMONY, LOCAL_SESSION, SESSION, check_origin, cookies_for
from gateway.identity.not_proven import NotProven


def test_the_session_cookie_goes_to_this_host_over_https_and_to_no_script():
    assert SESSION.set("abc") == (
        "__Host-gw-session=abc; Path=/; Secure; HttpOnly; SameSite=Strict"
    )
    assert SESSION.clear() == (
        "__Host-gw-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"
    )


def test_the_way_back_from_the_provider_is_a_link_so_its_cookie_is_lax():
    assert "; Secure; HttpOnly; SameSite=Lax" in CEREMONY.set("abc")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("__Host-gw-session=abc", "abc"),
        ("other=1; __Host-gw-session=abc; more=2", "abc"),
        ("x__Host-gw-session=abc", ""),
        ("__host-gw-session=abc", ""),
        ("__Host-gw-session=abc; __Host-gw-session=def", ""),
        ("", ""),
        ("x=" + "y" * 9000 + "; __Host-gw-session=abc", ""),
    ],
)
def test_a_cookie_is_read_when_it_is_one(header, value):
    assert SESSION.read(header) == value


OWN = ("https://gateway.example.com",)


def test_a_form_of_our_own_page_counts():
    check_origin("https://gateway.example.com", own=OWN)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://gateway.example.com",
        "https://gateway.example.com.evil.example",
        "https://gateway.example.com:8443",
    ],
)
def test_a_form_of_another_page_does_not(origin):
    with pytest.raises(NotProven) as refused:
        check_origin(origin, own=OWN)
    assert refused.value.flaw == "form_origin"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_plain_http_is_possible_on_this_machine(host):
    session, ceremony = cookies_for(host=host, plain_http=True)
    assert session is LOCAL_SESSION
    assert not session.name.startswith("__Host-")  # a browser would drop it without Secure
    assert "Secure" not in ceremony.set("a")
    assert "HttpOnly; SameSite=Strict" in session.set("a")


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.1", "gateway.example.com", "localhost.example.com", ""]
)
def test_plain_http_is_possible_nowhere_else(host):
    with pytest.raises(NotPermitted, match="https"):
        cookies_for(host=host, plain_http=True)
    assert cookies_for(host=host, plain_http=False) == (SESSION, CEREMONY)
