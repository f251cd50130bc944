"""An image without a container engine: the steps of deploy/Containerfile, taken here.

The wheel is built and installed into an environment of its own that holds what
requirements/runtime.txt names and nothing else. What runs in it runs as a user without rights or
capabilities, on a root that cannot be written, in a mount namespace of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
USER = 10001
_ENTER = f"""
set -eu
mount --bind "$BASE" "$IMAGE/python"
mount --bind "$STATE" "$STATE"
mount -o remount,bind,ro /
if touch "$IMAGE/written" 2>/dev/null; then exit 77; fi
cd "$STATE"
exec setpriv --reuid={USER} --regid={USER} --clear-groups --no-new-privs --inh-caps=-all \
    --bounding-set=-all env -i PATH="$IMAGE/gateway/bin:/usr/bin:/bin" \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LD_LIBRARY_PATH="$IMAGE/python/lib" \
    GATEWAY_HEALTH="${{GATEWAY_HEALTH:-}}" "$@"
"""


class Image:
    """The built file tree, and one folder that may be written."""

    def __init__(self) -> None:
        # Not below pytest's own folders: those are closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="gateway-image-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.state = self.folder / "state"
        self.base = Path(sys.base_prefix)
        for name in ("python", "dist", "state"):
            (self.folder / name).mkdir()
        self.state.chmod(0o700)
        os.chown(self.state, USER, USER)

    def build(self) -> None:
        """Build the wheel, and install it beside what the lock names."""
        self._run(
            sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", self.folder / "dist"
        )
        (wheel,) = (self.folder / "dist").glob("bank_gateway-*.whl")
        environment = self.folder / "gateway"
        # Its interpreter is where the mount will put it, as the base image's is in /usr/local.
        self._run(sys.executable, "-m", "venv", "--without-pip", "--symlinks", environment)
        self._run(
            sys.executable, "-m", "pip", "--python", environment / "bin/python", "install",
            "--quiet", "--no-deps", "--no-index", wheel,
        )  # fmt: skip
        packages = next((environment / "lib").glob("python3*/site-packages"))
        for name in locked():
            _copy(name, packages)
        python = environment / "bin/python"
        inner = self.folder / "python/bin" / Path(os.path.realpath(python)).name
        for link in (environment / "bin").glob("python*"):
            link.unlink()
            link.symlink_to(inner if link.name == "python" else "python")
        text = (environment / "pyvenv.cfg").read_text()
        home = f"home = {self.folder / 'python/bin'}"
        (environment / "pyvenv.cfg").write_text(
            re.sub(r"^home = .*$", home, text, flags=re.MULTILINE)
        )

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Run a command inside."""
        return subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "sh", *command],
            env={
                "PATH": os.environ["PATH"],
                "BASE": str(self.base),
                "IMAGE": str(self.folder),
                "STATE": str(self.state),
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        shutil.rmtree(self.folder)

    def _run(self, *command: object) -> None:
        done = subprocess.run(
            [str(it) for it in command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def locked() -> list[str]:
    """The packages of requirements/runtime.txt."""
    text = (ROOT / "requirements/runtime.txt").read_text("utf-8")
    return re.findall(r"^([a-z0-9.-]+)==", text, re.MULTILINE)


def _copy(name: str, packages: Path) -> None:
    """One installed distribution, as its own record lists its files."""
    for file in metadata.files(name) or []:
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        target = packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file.locate(), target)


def possible() -> str:
    """'' where this can be done, else what is missing."""
    if os.geteuid() != 0:
        return "root, to make a mount namespace and to become another user"
    tried = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "mount", "-o", "remount,bind,ro", "/"],
        capture_output=True,
        check=False,
    )
    return "" if tried.returncode == 0 else "a machine that allows mounts in a namespace"


@pytest.fixture(scope="module")
def image():
    if lack := possible():
        report = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
        report(f"needs {lack}")
    it = Image()
    try:
        it.build()
        yield it
    finally:
        it.close()
