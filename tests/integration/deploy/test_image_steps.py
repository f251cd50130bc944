"""What the image does when it runs, without a container engine."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from gateway.runtime import SharedClock
from tests.integration.deploy.image import ROOT, USER, image  # noqa: F401 - a fixture
from tests.sandbox_json import START

pytestmark = [pytest.mark.needs("setpriv"), pytest.mark.needs("unshare")]

CONTAINERFILE = (ROOT / "deploy/Containerfile").read_text("utf-8")
SETTINGS = """
[gateway]
data = "{state}/data"
port = 0
clock = "{state}/clock.json"
[[tenant]]
id = "t1"
name = "n"
"""


def health_command() -> list[str]:
    """The image's own health check."""
    joined = CONTAINERFILE.replace("\\\n", " ")
    found = re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", joined, re.MULTILINE)
    assert found
    return json.loads(found[1])


def status_of(pid: int) -> dict[str, str]:
    """/proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@pytest.fixture
def config(image):  # noqa: F811
    SharedClock.create(image.state / "clock.json", START)
    (image.state / "clock.json").chmod(0o644)
    path = image.folder / "gateway.toml"
    path.write_text(SETTINGS.format(state=image.state))
    return path


def written(folder: Path) -> set[str]:
    return {it.relative_to(folder).as_posix() for it in folder.rglob("*")}


def test_the_product_serves_without_rights_on_a_root_that_cannot_be_written(image, config):  # noqa: F811
    before = written(image.folder)
    serving = image.start("gateway", "serve", "--config", str(config))
    try:
        address = re.search(r"http://\S+?:\d+", serving.stdout.readline())
        assert address, serving.stderr.read()
        status = status_of(serving.pid)
        assert status["Uid"].split() == [str(USER)] * 4
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        checked = image.start(*health_command(), GATEWAY_HEALTH=f"{address[0]}/readyz")
        assert checked.communicate(timeout=60) == ("", "")
        assert checked.returncode == 0
        serving.send_signal(signal.SIGTERM)
        _, log = serving.communicate(timeout=60)
    finally:
        serving.kill()
        serving.communicate()
    assert serving.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert (events[0], events[-1]) == ("started", "stopped")
    assert "ready" in events
    assert {name.split("/")[0] for name in written(image.folder) - before} == {"state"}
    assert {"vault.key", "checkpoint.pem", "gateway.db"} <= written(image.state / "data")
    for secret in ("vault.key", "checkpoint.pem"):
        assert (image.state / "data" / secret).stat().st_mode & 0o77 == 0


def test_the_health_check_fails_where_nobody_answers(image):  # noqa: F811
    checked = image.start(*health_command(), GATEWAY_HEALTH="http://127.0.0.1:9/readyz")
    checked.communicate(timeout=60)
    assert checked.returncode != 0


@pytest.mark.parametrize(
    "command",
    [["--version"], ["banks", "--json"], ["sandbox", "--help"], ["migrate", "--help"]],
    ids=" ".join,
)
def test_every_command_starts_with_what_the_lock_names_alone(image, command):  # noqa: F811
    ran = image.start("gateway", *command)
    out, err = ran.communicate(timeout=60)
    assert ran.returncode == 0, err
    assert out


def test_the_sandbox_keeps_its_books_in_the_folder_it_is_given(image):  # noqa: F811
    books = image.state / "bank"
    bank = image.start("gateway", "sandbox", "--data", str(books), "--port", "0", "--json")
    try:
        address = json.loads(bank.stdout.readline())["ready"]
        checked = image.start(*health_command(), GATEWAY_HEALTH=f"{address}/healthz")
        checked.communicate(timeout=60)
        assert checked.returncode == 0
        bank.send_signal(signal.SIGTERM)
        assert bank.wait(60) == 0
    finally:
        bank.kill()
        bank.communicate()
    assert (books / "bank.db").exists()


def test_the_migration_command_says_where_it_stands(image, config):  # noqa: F811
    ran: subprocess.Popen[str] = image.start(
        "gateway", "migrate", "--config", str(config), "--json"
    )
    out, err = ran.communicate(timeout=60)
    assert ran.returncode == 0, err
    assert json.loads(out)["standing"] == "current"
