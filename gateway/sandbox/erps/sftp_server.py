"""An SFTP server as a client's ERP or its middleware has one: a stand-in for tests and the demo.

Each user is shut into a folder of its own; there is no shell, no forwarding and no way in without
the password or the key. It can be told to fail the way such servers do.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import asyncssh


class Cuttable(Protocol):
    """A connection."""

    def abort(self) -> None:
        """Cut it."""
        ...


@dataclass(slots=True)
class Faults:
    """How the server misbehaves; ``requests`` counts what it was asked since the start."""

    no_posix_rename: bool = False
    """As servers that know the plain rename of SFTP version 3 only."""
    drop_after: int = -1
    """After so many further requests every connection is cut; negative for never."""
    requests: int = 0
    log_ins: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who may come in: by password, by a public key (as OpenSSH writes it), or by either."""

    password: str = field(default="", repr=False)
    public_key: str = ""


class SftpStandIn:
    """A server on a free port of 127.0.0.1, made by ``open_server``."""

    def __init__(self, root: Path, users: Mapping[str, User], key: asyncssh.SSHKey) -> None:
        self.faults = Faults()
        self._root = root
        self._users = users
        self._key = key
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._connections: set[asyncssh.SSHServerConnection] = set()

    @property
    def host_key(self) -> str:
        """Its public key, as the settings of the gateway want it."""
        return self._key.export_public_key().decode().strip()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._acceptor is not None
        return int(self._acceptor.get_port())

    def address(self, user: str) -> str:
        """The address of a user's folder."""
        return f"sftp://{user}@127.0.0.1:{self.port}/"

    def home(self, user: str) -> Path:
        """A user's folder on the disk: what an administrator sees."""
        return self._root.joinpath(user)

    def files(self, user: str) -> dict[str, bytes]:
        """What stands in a user's folder, by path."""
        home = self.home(user)
        return {
            str(it.relative_to(home)): it.read_bytes()
            for it in sorted(home.rglob("*"))
            if it.is_file()
        }

    async def open(self, port: int = 0) -> None:
        """Begin to listen."""
        for user in self._users:
            self.home(user).mkdir(parents=True, exist_ok=True)
        self._acceptor = await asyncssh.create_server(
            lambda: _Server(self),
            "127.0.0.1",
            port,
            server_host_keys=[self._key],
            sftp_factory=lambda chan: _Files(chan, self),
            allow_scp=False,
            agent_forwarding=False,
            x11_forwarding=False,
        )

    async def cut(self) -> None:
        """Cut every connection, as a restart does."""
        for connection in tuple(self._connections):
            connection.abort()

    async def aclose(self) -> None:
        """Stop listening and cut every connection."""
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
        await self.cut()

    # ── asked by the protocol ──

    def knows(self, user: str, password: str) -> bool:
        """Whether a password is a user's."""
        known = self._users.get(user)
        good = known is not None and bool(known.password)
        expected = known.password if known is not None else ""
        found = hmac.compare_digest(expected.encode(), password.encode()) and good
        self.counted(log_in=found)
        return found

    def knows_key(self, user: str, key: asyncssh.SSHKey) -> bool:
        """Whether a key is a user's."""
        known = self._users.get(user)
        text = known.public_key if known is not None else ""
        return bool(text) and asyncssh.import_public_key(text) == key

    def counted(self, *, log_in: bool) -> None:
        """Count a log-in, or one that was refused."""
        self.faults.log_ins += log_in
        self.faults.refused += not log_in

    def met(self, connection: asyncssh.SSHServerConnection) -> None:
        """Somebody has connected."""
        self._connections.add(connection)

    def left(self, connection: asyncssh.SSHServerConnection | None) -> None:
        """Somebody has gone."""
        if connection is not None:
            self._connections.discard(connection)

    def asked(self, connection: Cuttable) -> None:
        """A request has come."""
        self.faults.requests += 1
        if self.faults.drop_after == 0:
            connection.abort()
        if self.faults.drop_after >= 0:
            self.faults.drop_after -= 1


async def open_server(
    root: Path, users: Mapping[str, User], *, port: int = 0, host_key: str = ""
) -> SftpStandIn:
    """A running server; ``host_key`` is a private key to keep, '' makes a new one."""
    key = (
        asyncssh.import_private_key(host_key)
        if host_key
        else asyncssh.generate_private_key("ssh-ed25519")
    )
    server = SftpStandIn(root, users, key)
    await server.open(port)
    return server


class _Server(asyncssh.SSHServer):
    def __init__(self, stand_in: SftpStandIn) -> None:
        self._stand_in = stand_in
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._stand_in.met(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stand_in.left(self._connection)

    def begin_auth(self, username: str) -> bool:
        del username  # nobody comes in without showing something
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._stand_in.knows(username, password)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._stand_in.knows_key(username, key)


class _Files(asyncssh.SFTPServer):
    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], stand_in: SftpStandIn) -> None:
        user = str(chan.get_extra_info("username"))
        self._stand_in = stand_in
        self._connection = chan.get_connection()
        super().__init__(chan, chroot=str(stand_in.home(user)).encode())

    def map_path(self, path: bytes) -> bytes:
        self._stand_in.asked(self._connection)
        return super().map_path(path)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if self._stand_in.faults.no_posix_rename:
            raise asyncssh.SFTPOpUnsupported("posix-rename@openssh.com is not known here")
        super().posix_rename(oldpath, newpath)
