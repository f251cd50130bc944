"""Where an SFTP server is and who we are there, as settings say it; nothing of it needs SSH."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from gateway.domain.errors import Refused

PORT: Final = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An account on a server. ``host_key`` is a public key as OpenSSH writes it."""

    host: str
    port: int
    user: str
    folder: str
    host_key: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    timeout_s: int = 30


def server_at(
    address: str, *, host_key: str, secrets: Mapping[str, str], timeout_s: int = 30
) -> Server:
    """The server of ``sftp://user@host:port/folder``. Raises Refused for another address.

    ``secrets`` are ``password``, or ``private_key`` with its ``passphrase``.
    """
    try:
        parts = urlsplit(address)
        port = parts.port or PORT
    except ValueError as error:
        raise _wrong_address() from error
    if parts.scheme != "sftp" or not parts.hostname or not parts.username or parts.password:
        raise _wrong_address()
    return Server(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username),
        folder=unquote(parts.path) or ".",
        host_key=host_key,
        password=secrets.get("password", ""),
        private_key=secrets.get("private_key", ""),
        passphrase=secrets.get("passphrase", ""),
        timeout_s=timeout_s,
    )


def _wrong_address() -> Refused:
    return Refused(
        "the address must be sftp://user@host:port/folder, without a password",
        "地址须为 sftp://用户@主机:端口/文件夹，不含密码",
    )
