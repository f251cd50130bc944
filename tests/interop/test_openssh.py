"""OpenSSH's client, as a middleware uses it, hands files over and fetches the replies."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import asyncssh
import pytest

from gateway.ports.webhooks import Reach
from gateway.sandbox.erps.sftp_server import SftpStandIn, User, open_server
from gateway.transport.box_names import Habits
from gateway.transport.egress_rules import read_network
from gateway.transport.file_box import Box
from gateway.transport.sftp import SftpPlace
from gateway.transport.sftp_address import server_at

pytestmark = pytest.mark.needs("sftp")
PASSWORD = "correct horse"


class OpenSsh:
    """The client with a key of its own; nothing of this machine's user is read."""

    def __init__(self, folder: Path, server: SftpStandIn, key: asyncssh.SSHKey) -> None:
        self.folder = folder
        identity, known = folder / "identity", folder / "known_hosts"
        identity.write_bytes(key.export_private_key())
        identity.chmod(0o600)
        known.write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n")
        self.options = [
            *("-F", "/dev/null", "-i", str(identity)),
            *("-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"),
            *("-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"),
        ]
        self.port = str(server.port)

    async def sftp(self, *commands: str) -> int:
        batch = self.folder / "batch"
        batch.write_text("\n".join(commands) + "\n")
        words = ["sftp", "-b", str(batch), "-P", self.port, *self.options, "erp@127.0.0.1"]
        return (await asyncio.to_thread(_run, words)).returncode

    async def shell(self) -> int:
        words = ["ssh", "-p", self.port, *self.options, "erp@127.0.0.1", "id"]
        return (await asyncio.to_thread(_run, words)).returncode


def _run(words: list[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(words, capture_output=True, check=False, timeout=60)


def test_a_file_goes_in_under_a_passing_name_and_its_reply_comes_back(tmp_path):
    async def story() -> None:
        key = asyncssh.generate_private_key("ssh-ed25519")
        user = User(password=PASSWORD, public_key=key.export_public_key().decode())
        server = await open_server(tmp_path / "server", {"erp": user})
        reach = Reach(networks=(read_network("127.0.0.0/8"),), ports=(server.port,))
        address = server_at(
            server.address("erp"), host_key=server.host_key, secrets={"password": PASSWORD}
        )
        box = Box(SftpPlace(address, reach), tmp_path / "scratch", Habits(settle_s=0))
        client, back = OpenSsh(tmp_path, server, key), tmp_path / "back.xml"
        sent = tmp_path / "sent.xml"
        try:
            assert await box.claim() is None  # the folders are there now
            await asyncio.to_thread(sent.write_bytes, b"<pay/>")
            assert await client.sftp(f"put {sent} in/pay.xml.tmp") == 0
            assert await box.claim() is None
            assert await client.sftp("rename in/pay.xml.tmp in/pay.xml") == 0
            found = await box.claim()
            assert found is not None
            assert await asyncio.to_thread(Path(found.path).read_bytes) == b"<pay/>"
            await box.put("pay.reply.xml", iter([b"<reply/>"]))
            await box.finish(found, refused=False)
            assert await client.sftp(f"get out/pay.reply.xml {back}", "ls processed/pay.xml") == 0
            assert await asyncio.to_thread(back.read_bytes) == b"<reply/>"
            assert await client.sftp("ls /etc/passwd") != 0
            assert await client.shell() != 0
        finally:
            await box.aclose()
            await server.aclose()

    asyncio.run(story())
