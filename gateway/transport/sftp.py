"""Files on an SFTP server, within the tenant's reach.

Rule kept here: the server proves itself by the very host key in the settings, never by one it
shows first; keys, agents and configuration of this machine's user are not used. The connection
goes to an address that was checked, and nothing looks the name up again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncssh

from gateway.domain.errors import GatewayError, NotSent, Refused
from gateway.ports.webhooks import Reach
from gateway.transport.box_names import FOLDERS, Seen
from gateway.transport.checked_pool import ADDRESSES_TRIED, Resolve, addresses, system_names
from gateway.transport.egress_rules import check_url
from gateway.transport.sftp_address import Server

_COMPARE: Final = 1 << 20
_REGULAR: Final = 1
"""SSH_FILEXFER_TYPE_REGULAR. Source: draft-ietf-secsh-filexfer-13, section 7.2."""


class SftpPlace:
    """``gateway.transport.file_box.Place`` on a server; one connection, made when it is needed."""

    def __init__(self, server: Server, reach: Reach, *, resolve: Resolve = system_names) -> None:
        """Raises Refused for keys that are none, and for a server without any."""
        self._server = server
        self._reach = reach
        self._resolve = resolve
        self._host_key, self._keys = _read_keys(server)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None
        self._one = asyncio.Lock()

    async def ready(self) -> None:
        """Make the folders inside the root, which must be there."""
        async with self._using() as client:
            if not await client.isdir(self._server.folder):
                raise NotSent("the folder on the server is not there", "服务器上没有该文件夹")
            for name in FOLDERS:
                path = self._path(name)
                if not await client.isdir(path):
                    await client.mkdir(path)

    async def seen(self, folder: str) -> Sequence[Seen]:
        """The regular files of a folder."""
        async with self._using() as client:
            return [
                Seen(name=name, size=it.attrs.size or 0, changed=it.attrs.mtime or 0)
                async for it in client.scandir(self._path(folder))
                if it.attrs.type == _REGULAR
                and isinstance(name := it.filename, str)
                and name.isprintable()
            ]

    async def exists(self, folder: str, name: str) -> bool:
        """Whether something of that name is there."""
        async with self._using() as client:
            return await client.lexists(self._path(folder, name))

    async def move(self, source: tuple[str, str], target: tuple[str, str]) -> bool:
        """Rename a file; False when it has gone."""
        async with self._using() as client:
            try:
                await _renamed(client, self._path(*source), self._path(*target))
            except asyncssh.SFTPNoSuchFile:
                return False
            return True

    async def remove(self, folder: str, name: str) -> None:
        """Remove a file, if it is there."""
        async with self._using() as client:
            path = self._path(folder, name)
            if await client.lexists(path):
                await client.remove(path)

    async def fetch(self, folder: str, name: str, copy: Path) -> None:
        """Copy a file to our disk. Raises NotSent also when it changed its length meanwhile."""
        async with self._using() as client:
            path = self._path(folder, name)
            await client.get(path, str(copy))
            if await client.getsize(path) != await asyncio.to_thread(_size, copy):
                raise NotSent("the file changed while it was read", "文件在读取期间发生变化")

    async def store(self, folder: str, name: str, source: Path) -> None:
        """Copy a file from our disk."""
        async with self._using() as client:
            await client.put(str(source), self._path(folder, name))

    async def same(self, folder: str, name: str, as_this: Path) -> bool:
        """Whether a file is there with exactly these bytes."""
        async with self._using() as client:
            path = self._path(folder, name)
            if not await client.isfile(path):
                return False
            size = await asyncio.to_thread(_size, as_this)
            if await client.getsize(path) != size:
                return False
            async with client.open(path, "rb") as theirs:
                for at in range(0, size, _COMPARE):
                    found: str | bytes = await theirs.read(_COMPARE, at)
                    if found != await asyncio.to_thread(_part, as_this, at):
                        return False
            return True

    async def aclose(self) -> None:
        """Close the connection."""
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            connection.close()
            await connection.wait_closed()

    def _path(self, *names: str) -> str:
        return "/".join((self._server.folder.rstrip("/") or "", *names))

    @asynccontextmanager
    async def _using(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """The client, one use at a time; whatever fails becomes NotSent and ends the connection."""
        async with self._one:
            try:
                async with asyncio.timeout(self._server.timeout_s):
                    client = self._client or await self._connected()
                yield client
            except GatewayError:
                raise
            except (asyncssh.Error, OSError, UnicodeError) as error:
                if not isinstance(error, asyncssh.SFTPError) or isinstance(
                    error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection
                ):
                    await self.aclose()
                what = _plain(error)
                raise NotSent(f"the SFTP server: {what}", f"SFTP 服务器：{what}") from error

    async def _connected(self) -> asyncssh.SFTPClient:
        server = self._server
        host = f"[{server.host}]" if ":" in server.host else server.host
        # SSH proves the server and encrypts, as TLS does: the same addresses may be reached.
        target = check_url(f"https://{host}:{server.port}/", self._reach)
        deadline = asyncio.get_running_loop().time() + server.timeout_s
        found = await addresses(target, self._reach, deadline, self._resolve)
        failure: Exception | None = None
        for address in found[:ADDRESSES_TRIED]:
            try:
                self._connection = await self._connect(str(address))
                break
            except OSError as error:
                failure = error
        else:
            raise failure or OSError
        self._client = await self._connection.start_sftp_client()
        return self._client

    async def _connect(self, address: str) -> asyncssh.SSHClientConnection:
        server = self._server
        return await asyncssh.connect(
            address,
            server.port,
            username=server.user,
            password=server.password or None,
            client_keys=self._keys or None,
            known_hosts=([self._host_key], [], []),
            config=None,
            agent_path=None,
            gss_host=None,
            connect_timeout=server.timeout_s,
            login_timeout=server.timeout_s,
            keepalive_interval=server.timeout_s,
        )


def _size(path: Path) -> int:
    return path.stat().st_size


def _part(path: Path, at: int) -> bytes:
    with path.open("rb") as file:
        file.seek(at)
        return file.read(_COMPARE)


async def _renamed(client: asyncssh.SFTPClient, source: str, target: str) -> None:
    """One rename that replaces what is there, on servers that can only rename to new names too."""
    try:
        await client.posix_rename(source, target)
    except asyncssh.SFTPOpUnsupported:
        if await client.lexists(target):
            await client.remove(target)
        await client.rename(source, target)


def _read_keys(server: Server) -> tuple[asyncssh.SSHKey, list[asyncssh.SSHKey]]:
    try:
        host_key = asyncssh.import_public_key(server.host_key)
    except asyncssh.KeyImportError as error:
        raise Refused(
            "host_key must be the server's public key, as ssh-keyscan prints it without the name",
            "host_key 须为服务器公钥（ssh-keyscan 输出中主机名之后的部分）",
        ) from error
    if not server.private_key:
        if not server.password:
            raise Refused(
                "an SFTP server needs a password or a private_key",
                "SFTP 须配置 password 或 private_key",
            )
        return host_key, []
    try:
        key = asyncssh.import_private_key(server.private_key, server.passphrase or None)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise Refused(
            "private_key is not a key, or its passphrase is wrong",
            "private_key 不是可用的私钥，或口令不对",
        ) from error
    return host_key, [key]


def _plain(error: Exception) -> str:
    """What went wrong, without names of files, hosts and users that its text may carry."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
