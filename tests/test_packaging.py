"""The wheel holds the whole product, and a stranger's ``adapters`` is noticed."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from gateway.domain.errors import Corrupt

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("runtime.txt", "build.txt", "dev.txt", "postgresql.txt", "interop.txt")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("bank_gateway-*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_both_packages_and_what_they_read(wheel):
    names = set(wheel.namelist())
    for tree in ("gateway", "adapters"):
        for path in (ROOT / tree).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(ROOT).as_posix() in names
    for path in (ROOT / "schemas").rglob("*"):
        if path.is_file():
            assert f"gateway/_schemas/{path.relative_to(ROOT / 'schemas').as_posix()}" in names
    assert {"gateway/py.typed", "adapters/py.typed"} <= names
    assert any(name.startswith("gateway/_schemas/bank/") for name in names)
    assert any(name.endswith("/seed.json") and "sandbox" in name for name in names)


def test_the_wheel_installs_nothing_else(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"gateway", "adapters"}


def test_the_wheel_declares_the_command_and_that_it_is_private(wheel):
    (entry,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "gateway = gateway.cli.main:main" in wheel.read(entry).decode()
    (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    text = wheel.read(metadata).decode()
    assert "Classifier: Private :: Do Not Upload" in text
    assert "License-Expression: Apache-2.0" in text


def test_one_version_is_told():
    assert importlib.import_module("gateway").__version__ == PROJECT["project"]["version"]


# ── the guard against a foreign ``adapters`` ─────────────────────────────────────────────────


def _package(folder: Path, name: str) -> Path:
    (folder / name).mkdir(parents=True)
    path = folder / name / "__init__.py"
    path.write_text("")
    return path


def test_our_own_adapters_pass():
    dialects = importlib.import_module("gateway.dialects")
    adapters, gateway = importlib.import_module("adapters"), importlib.import_module("gateway")
    dialects.ensure_own_adapters(Path(str(adapters.__file__)), Path(str(gateway.__file__)))


def test_adapters_beside_the_gateway_pass_wherever_both_lie(tmp_path):
    dialects = importlib.import_module("gateway.dialects")
    dialects.ensure_own_adapters(_package(tmp_path, "adapters"), _package(tmp_path, "gateway"))


def test_adapters_from_another_place_are_refused(tmp_path):
    dialects = importlib.import_module("gateway.dialects")
    foreign = _package(tmp_path / "site-packages", "adapters")
    own = _package(tmp_path / "project", "gateway")
    with pytest.raises(Corrupt):
        dialects.ensure_own_adapters(foreign, own)


# ── the lock files ───────────────────────────────────────────────────────────────────────────


def _pins(name: str) -> dict[str, list[str]]:
    """Package → its pin and hashes."""
    text = (ROOT / "requirements" / name).read_text("utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return {line.split("==")[0]: line.split()[0:] for line in text.splitlines() if line.strip()}


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_is_exact_and_carries_the_hashes_of_all_its_files(name):
    pins = _pins(name)
    assert pins
    for package, (pin, *hashes) in pins.items():
        assert re.fullmatch(r"[a-z0-9.-]+==[A-Za-z0-9.+!]+", pin), package
        # A vendor may publish its client as a wheel only.
        fewest = 1 if name == "interop.txt" else 2
        assert len(hashes) >= fewest, f"{package}: a wheel and a source at least"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in hashes), package


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_and_no_path_stands_in_a_lock(name):
    text = (ROOT / "requirements" / name).read_text("utf-8")
    assert not re.search(r"https?:|file:|--(?!hash=)|(?:^|\s)/\w|index|@", text)


def test_the_locks_agree_and_cover_what_is_asked_for():
    runtime, build, dev, postgresql, interop = (_pins(name) for name in LOCKS)
    for part in (runtime, build, postgresql):
        assert part.items() <= dev.items()
    assert all(interop[name] == dev[name] for name in interop.keys() & dev.keys())
    groups = PROJECT["dependency-groups"]
    for lock, wanted in (
        (runtime, PROJECT["project"]["dependencies"]),
        (build, groups["build"]),
        (postgresql, groups["postgresql-server"]),
        (dev, [*groups["test"], *groups["build"]]),
        (interop, groups["interop"]),
    ):
        asked = (re.split(r"[<>=!~ \[;]", requirement)[0].lower() for requirement in wanted)
        names = {name.replace(".", "-") for name in asked}
        assert names <= lock.keys()
