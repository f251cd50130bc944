"""The systemd units, judged by systemd itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.cli.main import _parser

ROOT = Path(__file__).resolve().parents[3]
UNITS = ROOT / "deploy/systemd"
SERVICES = sorted(UNITS.glob("*.service"))
EXPOSURE_MAX = 2.0
"""Of ten, by systemd's own reckoning; 1.4 when this was written."""


@pytest.fixture
def root(tmp_path):
    """A file system with the units, systemd's own, and the command they start."""
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for path in SERVICES:
        shutil.copy(path, units / path.name)
    shutil.copy(UNITS / "gateway-worker@.service", units / "gateway-worker@9701.service")
    command = tmp_path / "opt/gateway/bin/gateway"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    for folder in ("/usr/lib/systemd/system", "/lib/systemd/system"):
        if Path(folder).is_dir():
            own = tmp_path / folder.lstrip("/")
            own.mkdir(parents=True, exist_ok=True)
            for target in Path(folder).glob("*.target"):
                shutil.copy(target, own / target.name)
            break
    return tmp_path


def analyze(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", f"--root={root}", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def complaints(root: Path, name: str) -> list[str]:
    found = analyze(root, "--man=no", "verify", str(root / "etc/systemd/system" / name)).stderr
    return [line for line in found.splitlines() if "gateway" in line]


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize(
    "name", ["gateway-api.service", "gateway-migrate.service", "gateway-worker@9701.service"]
)
def test_systemd_understands_every_line(root, name):
    assert complaints(root, name) == []


@pytest.mark.needs("systemd-analyze")
def test_systemd_would_complain_of_a_misspelt_line(root):
    path = root / "etc/systemd/system/gateway-api.service"
    path.write_text(path.read_text().replace("NoNewPrivileges", "NoNewPrivilege"))
    assert complaints(root, "gateway-api.service")


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("name", ["gateway-api.service", "gateway-worker@9701.service"])
def test_the_services_are_shut_in(root, name):
    told = analyze(root, "--offline=yes", "--no-pager", "security", name).stdout
    level = re.search(r"exposure level for \S+: ([0-9.]+)", told)
    assert level, told
    assert float(level[1]) <= EXPOSURE_MAX, told


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_every_command_is_one_that_the_product_knows(path):
    (line,) = re.findall(
        r"^ExecStart=/opt/gateway/bin/gateway (.*)$", path.read_text(), re.MULTILINE
    )
    options = _parser().parse_args(line.replace("%i", "9701").split())
    assert str(options.config) == "/etc/gateway/gateway.toml"


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_no_service_runs_as_root_or_writes_outside_its_folder(path):
    settings = dict(re.findall(r"^(\w+)=(.*)$", path.read_text("utf-8"), re.MULTILINE))
    assert settings["User"] == "gateway"
    assert settings["ProtectSystem"] == "strict"
    assert settings["StateDirectory"] == "gateway"
    assert "ReadWritePaths" not in settings
    assert settings["NoNewPrivileges"] == "yes"
    assert settings["CapabilityBoundingSet"] == ""


def test_services_start_after_the_migration():
    for name in ("gateway-api.service", "gateway-worker@.service"):
        text = (UNITS / name).read_text("utf-8")
        assert "Requires=gateway-migrate.service" in text
        assert "After=gateway-migrate.service" in text
