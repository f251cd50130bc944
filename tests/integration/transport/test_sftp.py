"""Files on an SFTP server, over real sockets, against a strict server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from gateway.domain.errors import NotSent, Refused
from gateway.ports.erp_boxes import Arrived
from gateway.ports.webhooks import Reach, UrlForbidden
from gateway.sandbox.erps.sftp_server import SftpStandIn, User, open_server
from gateway.transport.box_names import Habits
from gateway.transport.egress_rules import read_network
from gateway.transport.file_box import Box
from gateway.transport.sftp import SftpPlace
from gateway.transport.sftp_address import server_at

PASSWORD = "correct horse"
TIMEOUT_S = 30


class Ground:
    """A server, and boxes on it."""

    def __init__(self, server: SftpStandIn, tmp_path: Path) -> None:
        self.server = server
        self._tmp_path = tmp_path
        self._boxes: list[Box] = []
        (server.home("erp") / "in").mkdir()

    def box(self, habits: Habits = Habits(settle_s=0), **more: Any) -> Box:  # noqa: B008
        words = {
            "host_key": self.server.host_key,
            "secrets": {"password": PASSWORD},
            "reach": self.reach(),
            "address": self.server.address("erp"),
        } | more
        server = server_at(
            words["address"],
            host_key=words["host_key"],
            secrets=words["secrets"],
            timeout_s=TIMEOUT_S,
        )
        place = SftpPlace(server, words["reach"])
        scratch = self._tmp_path / f"scratch{len(self._boxes)}"
        made = Box(place, scratch, habits, size_max=1 << 20)
        self._boxes.append(made)
        return made

    def reach(self, **more: Any) -> Reach:
        words = {"networks": (read_network("127.0.0.0/8"),), "ports": (self.server.port,)}
        return Reach(**(words | more))

    def drop(self, name: str, content: bytes = b"x") -> None:
        (self.server.home("erp") / "in" / name).write_bytes(content)

    def files(self) -> dict[str, bytes]:
        return self.server.files("erp")

    async def aclose(self) -> None:
        for box in self._boxes:
            await box.aclose()


def content_of(found: Arrived) -> bytes:
    return Path(found.path).read_bytes()


Story = Callable[[Ground], Coroutine[Any, Any, None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    def run(story: Story, **users: User) -> None:
        async def whole() -> None:
            known = users or {"erp": User(password=PASSWORD)}
            server = await open_server(tmp_path / "server", known)
            ground = Ground(server, tmp_path)
            try:
                await story(ground)
            finally:
                await ground.aclose()
                await server.aclose()

        asyncio.run(whole())

    return run


def test_a_file_is_claimed_read_and_put_away_and_its_reply_appears(play):
    async def story(ground: Ground) -> None:
        content = bytes(range(256)) * 300
        ground.drop("付款.xml", content)
        ground.drop("b.xml.tmp")
        box = ground.box()
        found = await box.claim()
        assert (found.name, content_of(found)) == ("付款.xml", content)
        assert set(ground.files()) == {"work/付款.xml", "in/b.xml.tmp"}
        await box.put("付款.reply.xml", iter([b"one ", b"two"]))
        await box.finish(found, refused=False)
        assert await box.claim() is None
        assert ground.files() == {
            "in/b.xml.tmp": b"x",
            "out/付款.reply.xml": b"one two",
            "processed/付款.xml": content,
        }
        assert ground.server.faults.log_ins == 1  # one connection for all of it

    play(story)


def test_after_a_crash_what_was_claimed_comes_first(play):
    async def story(ground: Ground) -> None:
        ground.drop("b.xml", b"two")
        assert (await ground.box().claim()).name == "b.xml"
        ground.drop("a.xml", b"one")
        fresh = ground.box()
        found = await fresh.claim()
        assert (found.name, content_of(found)) == ("b.xml", b"two")
        await fresh.finish(found, refused=True)
        assert (await fresh.claim()).name == "a.xml"
        assert set(ground.files()) == {"refused/b.xml", "work/a.xml"}

    play(story)


@pytest.mark.parametrize("old_server", [False, True])
def test_the_same_reply_is_left_and_another_one_replaces_it(play, old_server):
    async def story(ground: Ground) -> None:
        ground.server.faults.no_posix_rename = old_server
        box = ground.box()
        await box.put("a.xml", iter([b"one"]))
        before = (ground.server.home("erp") / "out" / "a.xml").stat().st_ino
        await box.put("a.xml", iter([b"one"]))
        assert (ground.server.home("erp") / "out" / "a.xml").stat().st_ino == before
        await box.put("a.xml", iter([b"two"]))  # of the same length
        assert ground.files() == {"out/a.xml": b"two"}

    play(story)


def test_a_second_file_of_a_name_keeps_the_first(play):
    async def story(ground: Ground) -> None:
        box = ground.box()
        for content in (b"one", b"two"):
            ground.drop("a.xml", content)
            await box.finish(await box.claim(), refused=False)
        assert sorted(ground.files().values()) == [b"one", b"two"]

    play(story)


def test_a_marker_and_a_file_that_is_too_long(play):
    async def story(ground: Ground) -> None:
        ground.drop("a.xml")
        ground.drop("b.xml", b"x" * ((1 << 20) + 1))
        ground.drop("b.xml.ok")
        found = await ground.box(Habits(marker=".ok", settle_s=3600)).claim()
        assert (found.name, found.too_large) == ("b.xml", True)
        assert content_of(found) == b""
        assert set(ground.files()) == {"in/a.xml", "work/b.xml"}

    play(story)


def test_links_and_folders_are_no_files(play):
    async def story(ground: Ground) -> None:
        home = ground.server.home("erp")
        (home / "secret").write_text("s")
        (home / "in" / "link.xml").symlink_to("../secret")
        (home / "in" / "folder.xml").mkdir()
        assert await ground.box().claim() is None

    play(story)


def test_a_private_key_opens_too(play):
    key = asyncssh.generate_private_key("ssh-ed25519")
    pem = key.export_private_key("pkcs8-pem", "p").decode()

    async def story(ground: Ground) -> None:
        ground.drop("a.xml")
        secrets = {"private_key": pem, "passphrase": "p"}
        assert (await ground.box(secrets=secrets).claim()).name == "a.xml"
        with pytest.raises(Refused, match="passphrase"):
            ground.box(secrets={"private_key": pem, "passphrase": "q"})

    play(story, erp=User(public_key=key.export_public_key().decode()))


def test_a_wrong_password_is_told_without_the_user_and_the_next_try_connects_anew(play):
    async def story(ground: Ground) -> None:
        box = ground.box(secrets={"password": "wrong"})
        for _ in range(2):
            with pytest.raises(NotSent) as caught:
                await box.claim()
            assert "PermissionDenied" in caught.value.en
            assert "erp" not in caught.value.en.replace("server", "")
        assert ground.server.faults.refused == 2

    play(story)


def test_a_server_with_another_host_key_is_not_given_the_password(play):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()

    async def story(ground: Ground) -> None:
        with pytest.raises(NotSent, match="HostKeyNotVerifiable"):
            await ground.box(host_key=other).claim()
        assert ground.server.faults.log_ins + ground.server.faults.refused == 0

    play(story)


def test_a_server_beyond_the_reach_is_not_called(play):
    async def story(ground: Ground) -> None:
        port = ground.server.port
        for beyond in (Reach(ports=(port,)), ground.reach(ports=(port + 1,))):
            with pytest.raises(UrlForbidden):
                await ground.box(reach=beyond).claim()
        assert ground.server.faults.requests == 0

    play(story)


def test_a_cut_connection_is_not_sent_and_the_next_look_goes_on(play):
    async def story(ground: Ground) -> None:
        ground.drop("a.xml", b"one")
        box = ground.box()
        await box.put("first.xml", iter([b"x"]))
        await ground.server.cut()
        met = 0
        for _ in range(3):
            try:
                found = await box.claim()
                break
            except NotSent:
                met += 1
        assert met <= 1
        assert content_of(found) == b"one"

    play(story)


def test_whatever_moment_the_server_dies_at_nothing_is_lost_or_doubled(play):
    async def story(ground: Ground) -> None:
        deaths = 0
        for after in range(0, 24, 2):
            name = f"f{after}.xml"
            ground.drop(name, name.encode())
            box = ground.box()
            ground.server.faults.drop_after = after
            while True:
                try:
                    found = await box.claim()
                    await box.put(f"{name}.reply.xml", iter([b"reply"]))
                    await box.finish(found, refused=False)
                    break
                except NotSent:
                    deaths += 1
                    ground.server.faults.drop_after = -1
                    box = ground.box()
            ground.server.faults.drop_after = -1
            files = ground.files()
            assert files.pop(f"processed/{name}") == name.encode()
            assert files[f"out/{name}.reply.xml"] == b"reply"
            assert not any(it.startswith(("in/", "work/")) for it in files)
        assert deaths >= 5

    play(story)


def test_a_missing_folder_is_not_made(play):
    async def story(ground: Ground) -> None:
        address = ground.server.address("erp") + "mount"
        with pytest.raises(NotSent, match="not there"):
            await ground.box(address=address).claim()
        assert not (ground.server.home("erp") / "mount").exists()

    play(story)


@pytest.mark.parametrize(
    "address",
    ["sftp://127.0.0.1/", "sftp://a:b@127.0.0.1/", "ftp://a@h/", "sftp://a@h:x/", "sftp://a@/x"],
)
def test_such_addresses_are_refused(address):
    with pytest.raises(Refused, match="sftp://"):
        server_at(address, host_key="", secrets={})


def test_a_host_key_and_a_secret_are_needed():
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    for host_key, secrets in (("", {"password": "p"}), (key, {})):
        with pytest.raises(Refused):
            SftpPlace(server_at("sftp://a@h/", host_key=host_key, secrets=secrets), Reach())
