"""Which addresses a call to the outside may go to: pure judgement, no sockets, no names looked up.

Rule kept here: nothing is reached because a text was read in two ways. A host is an address in
its one usual form or a name that nobody could read as an address; an address inside another
(IPv4 in IPv6) is judged as what it leads to; what is not known to be public is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from gateway.ports.webhooks import HTTPS_PORT, Network, Reach, UrlForbidden

Address = IPv4Address | IPv6Address

_URL_MAX: Final = 2000
_PORT_MAX: Final = 65_535
_NAME_MAX: Final = 253
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+", re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(IPv6Network(text) if ":" in text else IPv4Network(text) for text in texts)


# Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; multicast; reserved space.
NEVER: Final = _networks(
    "0.0.0.0/8",  # "this network": the machine itself on many systems
    "224.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "ff00::/8",
)
"""No call goes there, whatever is named."""
_METADATA: Final = _networks(
    "169.254.169.254/32",  # most clouds
    "169.254.170.2/32",  # credentials of containers
    "169.254.0.23/32",
    "100.100.100.200/32",
    "168.63.129.16/32",  # lies in public space
    "fd00:ec2::254/128",
)
"""Where machines in clouds are given their secrets: only by naming the very address."""
_NOT_PUBLIC: Final = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "2620:4f:8000::/48",
    "3fff::/20",
)
_UNICAST_6: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given out for public use."""
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_COMPATIBLE: Final = IPv6Network("::/96")
_NAT64: Final = _networks("64:ff9b::/96")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked address. ``host`` is in lower case, without brackets; ``path`` with its query."""

    tls: bool
    host: str
    port: int
    path: str
    literal: Address | None
    """The host, where it is an address and no name."""

    @property
    def named(self) -> str:
        """What the Host header says."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (HTTPS_PORT if self.tls else 80)
        return name if usual else f"{name}:{self.port}"


def check_url(url: str, reach: Reach) -> Target:
    """Take a URL apart and check all of it that can be checked without asking for its name.

    Raises UrlForbidden.
    """
    if len(url) > _URL_MAX or not _VISIBLE.fullmatch(url) or "\\" in url:
        raise UrlForbidden(
            "the URL must be printable ASCII without spaces and backslashes, at most 2000 long",
            "URL 须为可打印 ASCII，不含空格和反斜线，最长 2000 字符",
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UrlForbidden("this is not a URL", "URL 格式不正确") from error
    tls = _scheme(parts.scheme, reach)
    if "#" in url or "@" in parts.netloc:
        raise UrlForbidden(
            "the URL must have no user name and no fragment", "URL 不得含用户名或片段（#）"
        )
    host, port = _host_and_port(parts.netloc.lower(), HTTPS_PORT if tls else 80)
    if port not in reach.ports:
        raise UrlForbidden(
            f"port {port} is not among the ports named in egress",
            f"端口 {port} 未列入 egress.ports",
        )
    literal = _literal(host)
    if not _is_named(host, reach.hosts):
        raise UrlForbidden(
            "the host is not among the hosts named in egress", "主机未列入 egress.hosts"
        )
    if literal is not None:
        check_address(literal, reach, tls=tls)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls=tls, host=host, port=port, path=path, literal=literal)


def check_address(address: Address, reach: Reach, *, tls: bool) -> None:
    """Raise UrlForbidden unless a connection to this very address is allowed."""
    found = _inner(address)
    if isinstance(found, IPv6Address) and found.scope_id:
        raise _refused(address, "has a zone", "带有区域标识")
    if _in(found, NEVER):
        raise _refused(address, "is none that calls may ever go to", "任何情况下都不可访问")
    named = [it for it in reach.networks if _within(found, it)]
    if _in(found, _METADATA) and not any(it.num_addresses == 1 for it in named):
        raise _refused(
            address, "serves a cloud's secrets; name this one address", "为云元数据地址，须单独列明"
        )
    if not named and not tls:
        raise _refused(
            address,
            "is in no network named in egress, and only those are reached without TLS",
            "不在 egress.networks 中，未加密的 http 只能访问其中的网络",
        )
    if not named and not is_public(found):
        raise _refused(
            address,
            "is not public, and in no network named in egress",
            "不是公网地址，也不在 egress.networks 中",
        )


def is_public(address: Address) -> bool:
    """Whether this is an address of the public network, and not one inside another."""
    if isinstance(address, IPv6Address) and not _within(address, _UNICAST_6):
        return False
    return not _in(address, NEVER) and not _in(address, _NOT_PUBLIC)


def read_network(text: str) -> Network:
    """A network named in the settings, such as ``10.1.0.0/16`` or one address.

    Raises ValueError, for networks with bits outside their mask too.
    """
    if "%" in text:
        raise AddressValueError("a zone")
    return IPv6Network(text) if ":" in text else IPv4Network(text)


def _scheme(scheme: str, reach: Reach) -> bool:
    if scheme not in {"http", "https"}:
        raise UrlForbidden("the URL must begin with https://", "URL 须以 https:// 开头")
    if scheme == "http" and not reach.plain_http:
        raise UrlForbidden(
            "http without TLS must be allowed in egress (plain_http), and reaches named networks",
            "未加密的 http 须在 egress 中允许（plain_http），且仅限列明的网络",
        )
    return scheme == "https"


def _host_and_port(place: str, default: int) -> tuple[str, int]:
    if place.startswith("["):
        host, closed, rest = place[1:].partition("]")
        colon = rest[:1]
        if not closed or colon not in {"", ":"} or ":" not in host:
            raise UrlForbidden("the host of the URL is not valid", "URL 的主机不合法")
        text = rest[1:]
    else:
        host, colon, text = place.partition(":")
    if not colon:
        return host, default
    if not _PORT.fullmatch(text) or not 0 < int(text) <= _PORT_MAX:
        raise UrlForbidden("the port of the URL is not valid", "URL 的端口不合法")
    return host, int(text)


def _literal(host: str) -> Address | None:
    """The address a host is, in the one form it may have; None for a proper name."""
    try:
        if ":" in host:
            return IPv6Address(host)
        last = host.rpartition(".")[2]
        if _NUMBER.fullmatch(last):  # whatever ends in a number is read as an address by somebody
            return IPv4Address(host)
    except AddressValueError as error:
        raise UrlForbidden(
            "the host is an address in a form that programs read differently;"
            " write it as four decimal numbers",
            "主机是各程序解读不一的地址写法，请写成四段十进制",
        ) from error
    if len(host) > _NAME_MAX or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise UrlForbidden("the host of the URL is not a valid name", "URL 的主机名不合法")
    return None


def _is_named(host: str, hosts: tuple[str, ...]) -> bool:
    return not hosts or any(
        host.endswith(it[1:]) if it.startswith("*.") else host == it for it in hosts
    )


def _inner(address: Address) -> Address:
    """What an address leads to: IPv4 may stand inside IPv6."""
    if isinstance(address, IPv4Address):
        return address
    number = int(address)
    if address in _MAPPED or _in(address, _NAT64):
        return IPv4Address(number & 0xFFFFFFFF)
    if address in _COMPATIBLE and number > 1:  # not :: and ::1
        return IPv4Address(number & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(number >> 80 & 0xFFFFFFFF)
    return address


def _in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(_within(address, network) for network in networks)


def _within(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _refused(address: Address, en: str, zh: str) -> UrlForbidden:
    return UrlForbidden(f"the address {address} {en}", f"地址 {address} {zh}")
