"""Where calls of a tenant may go: addresses, names, ports, schemes, and every trick with them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ports.webhooks import PUBLIC_ONLY, Reach, UrlForbidden
from gateway.transport.egress_rules import check_address, check_url, is_public, read_network


def reach(*networks: str, **more: object) -> Reach:
    return Reach(networks=tuple(read_network(it) for it in networks), **more)


NOT_PUBLIC = [
    *("127.0.0.1", "127.255.255.254", "10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.7", "203.0.113.9", "240.0.0.1", "0.0.0.0", "0.1.2.3"),
    *("224.0.0.1", "239.255.255.255", "255.255.255.255", "192.88.99.1"),
    *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1"),
    *("2001::1", "2001:10::1", "3fff::1", "100::1", "5f00::1", "4000::1"),
    # IPv4 inside IPv6: mapped, compatible, translated, tunnelled
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::1"),
    "64:ff9b:1::7f00:1",
]
PUBLIC = [
    *("8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.255.255", "100.128.0.0"),
    *("169.253.255.255", "192.0.1.1", "198.20.0.1", "223.255.255.255"),
    *("2606:4700::1", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"),
]


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_nothing_but_public_addresses_unless_named(text):
    with pytest.raises(UrlForbidden):
        check_address(ip_address(text), PUBLIC_ONLY, tls=True)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_need_no_name(text):
    check_address(ip_address(text), PUBLIC_ONLY, tls=True)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_never_reached_without_tls(text):
    with pytest.raises(UrlForbidden):
        check_address(ip_address(text), reach("10.0.0.0/8", plain_http=True), tls=False)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("127.0.0.1", "127.0.0.0/8"),
        ("::ffff:127.0.0.1", "127.0.0.0/8"),
        ("::1", "::1/128"),
        ("fd12::5", "fd12::/16"),
        ("169.254.7.7", "169.254.0.0/16"),
        ("169.254.169.254", "169.254.169.254"),
        ("100.100.100.200", "100.100.100.200/32"),
    ],
)
def test_a_named_network_is_reached_with_and_without_tls(text, network):
    check_address(ip_address(text), reach(network), tls=True)
    check_address(ip_address(text), reach(network), tls=False)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.2.0.1", "10.1.0.0/16"),
        # a cloud's metadata must be named by itself
        ("169.254.169.254", "169.254.0.0/16"),
        ("100.100.100.200", "100.64.0.0/10"),
        ("::ffff:169.254.169.254", "169.254.0.0/16"),
        ("168.63.129.16", "168.63.0.0/16"),
        ("fd00:ec2::254", "fd00::/8"),
        # never, whatever is named
        ("0.0.0.0", "0.0.0.0/0"),
        ("255.255.255.255", "0.0.0.0/0"),
        ("224.0.0.1", "0.0.0.0/0"),
        ("::", "::/0"),
        ("ff02::1", "::/0"),
        # an IPv6 network does not open the IPv4 inside
        ("::ffff:127.0.0.1", "::/0"),
        ("fe80::1%eth0", "fe80::/10"),
    ],
)
def test_what_a_named_network_does_not_open(text, network):
    with pytest.raises(UrlForbidden):
        check_address(ip_address(text), reach(network), tls=True)


@given(st.ip_addresses(v=4))
def test_what_is_public_here_is_public_for_python_too(address):
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_the_same_inside_ipv6(address):
    def verdict(it):
        try:
            check_address(it, PUBLIC_ONLY, tls=True)
        except UrlForbidden:
            return False
        return True

    assert verdict(ip_address(f"::ffff:{address}")) == verdict(address)
    assert verdict(ip_address(f"64:ff9b::{address}")) == verdict(address)


GOOD_URLS = [
    ("https://erp.example.com/hooks", "erp.example.com", "/hooks"),
    ("HTTPS://ERP.Example.COM", "erp.example.com", "/"),
    ("https://erp.example.com:443/a?b=c&d", "erp.example.com", "/a?b=c&d"),
    ("https://erp.example.com?x", "erp.example.com", "/?x"),
    ("https://8.8.8.8/h", "8.8.8.8", "/h"),
    ("https://[2606:4700::1]/h", "[2606:4700::1]", "/h"),
    ("https://xn--fiq228c.example/h", "xn--fiq228c.example", "/h"),
    ("https://erp_1.example.com/", "erp_1.example.com", "/"),
]


@pytest.mark.parametrize(("url", "named", "path"), GOOD_URLS)
def test_urls_that_may_be_called(url, named, path):
    target = check_url(url, PUBLIC_ONLY)
    assert (target.named, target.path, target.tls) == (named, path, True)


BAD_URLS = [
    *("", "erp.example.com", "//erp.example.com/", "file:///etc/passwd", "ftp://erp.example.com/"),
    *("gopher://erp.example.com/", "javascript:alert(1)", "http://erp.example.com/"),
    *("https:///path", "https://", "https://:443/", "https://user@erp.example.com/"),
    *(
        "https://user:pw@erp.example.com/",
        "https://8.8.8.8@127.0.0.1/",
        "https://erp.example.com#x",
    ),
    *(
        "https://erp.example.com\\@127.0.0.1/",
        "https://erp.example.com /",
        "https://erp\t.example/",
    ),
    *("https://erp.example.com/\r\nHost: x", "https://erp.example.com/路径", "https://例子.测试/"),
    *("https://１２７.0.0.1/", "https://127。0。0。1/", "https://erp.example.com./"),
    *("https://erp..example.com/", "https://-erp.example.com/", "https://%6c%6fcalhost/"),
    *("https://erp.example.com:22/", "https://erp.example.com:80/", "https://erp.example.com:/"),
    *("https://erp.example.com:443:443/", "https://erp.example.com:0443000/", "https://e.com:-1/"),
    *(
        "https://erp.example.com:65536/",
        "https://erp.example.com:0/",
        "https://erp.example.com:4a3/",
    ),
    # addresses as programs read them differently
    *("https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://127.1/"),
    *("https://127.0.1/", "https://0127.0.0.1/", "https://0x7f.0.0.1/", "https://127.0.0.0x1/"),
    *("https://0/", "https://1.2.3.4.5/", "https://256.1.1.1/", "https://1.1.1.1.example.0x1/"),
    *("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::]/"),
    *("https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://[fe80::1]/"),
    *(
        "https://[v1.a]/",
        "https://[127.0.0.1]/",
        "https://[::1/",
        "https://::1/",
        "https://[::1]x/",
    ),
    *("https://10.0.0.5/", "https://169.254.169.254/latest/meta-data/", "https://0.0.0.0/"),
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
    "https://erp.example.com/" + "a" * 2000,
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_urls_that_may_not_be_called(url):
    with pytest.raises(UrlForbidden) as caught:
        check_url(url, PUBLIC_ONLY)
    assert caught.value.code == "url_forbidden"
    assert caught.value.zh != caught.value.en


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("erp.example.com", True),
        ("a.corp.example", True),
        ("a.b.corp.example", True),
        ("corp.example", False),
        ("evilcorp.example", False),
        ("erp.example.com.evil.net", False),
        ("8.8.8.8", False),
    ],
)
def test_with_hosts_named_no_other_is_called(host, allowed):
    named = Reach(hosts=("erp.example.com", "*.corp.example"))
    if allowed:
        assert check_url(f"https://{host}/", named).host == host
    else:
        with pytest.raises(UrlForbidden):
            check_url(f"https://{host}/", named)


def test_plain_http_needs_leave_a_port_and_a_named_network():
    allowed = reach("10.0.0.0/8", ports=(80,), plain_http=True)
    assert check_url("http://10.0.0.5/", allowed).port == 80
    assert check_url("http://erp.corp.example/", allowed).tls is False  # its addresses come later
    for url, it in (
        ("http://8.8.8.8/", allowed),
        ("http://10.0.0.5:8080/", allowed),
        ("http://10.0.0.5/", reach("10.0.0.0/8", ports=(80,))),
    ):
        with pytest.raises(UrlForbidden):
            check_url(url, it)


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text):
    for url in (text, f"https://{text}/", f"https://erp.example.com/{text}"):
        try:
            target = check_url(url, PUBLIC_ONLY)
        except UrlForbidden:
            continue
        assert target.host.isascii()
        assert "\r" not in target.path
        assert "\n" not in target.path
