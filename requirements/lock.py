"""Write the lock files from pyproject.toml, with the hashes of every published file.

``runtime.txt`` holds what the product needs, ``build.txt`` what installing it from its source
needs, ``dev.txt`` both in the same versions plus the tools of the group ``test``, and
``postgresql.txt`` the server a demo on PostgreSQL starts for itself. ``interop.txt`` holds other
people's ERP clients, which live in an environment of their own, ``peers.txt`` other readers of
statements, in versions that live beside those of ``dev.txt``. Nothing of the machine that wrote
them stays in them: no index address, no path. Run by ``make lock`` in an environment that has
pip-tools.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = (
    "--quiet",
    "--generate-hashes",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--strip-extras",
    "--allow-unsafe",
)
FOREIGN = re.compile(r"https?:|file:|(?:^|\s)--(?!hash)|(?:^|\s)/\w|index", re.MULTILINE)


def lock(name: str, wanted: list[str], source: str, *, within: str = "", upgrade: bool) -> None:
    """Resolve ``wanted`` into ``requirements/<name>``; ``within`` names a lock to stay inside."""
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS]
    command += ["--upgrade"] if upgrade else []
    command += ["--constraint", within] if within else []
    command += ["--output-file", f"requirements/{name}", "-"]
    subprocess.run(  # noqa: S603 - our own words only
        command, cwd=ROOT, input="\n".join(wanted), text=True, check=True
    )
    path = ROOT / "requirements" / name
    text = path.read_text().replace("-r -", source)
    if found := FOREIGN.search(text):
        raise SystemExit(f"requirements/{name}: {found[0]!r} belongs to this machine, not here")
    path.write_text(f"# Written by `make lock` from pyproject.toml ({source}).\n{text}")


def main() -> None:
    """Lock all sets; with UPGRADE=1 to the newest versions, else keeping what still fits."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime: list[str] = project["project"]["dependencies"]
    groups: dict[str, list[str]] = project["dependency-groups"]
    upgrade = bool(os.environ.get("UPGRADE"))
    lock("runtime.txt", runtime, "project", upgrade=upgrade)
    lock(
        "dev.txt",
        [*runtime, *groups["test"], *groups["build"]],
        "project, test and build",
        within="requirements/runtime.txt",
        upgrade=upgrade,
    )
    for name, group in (
        ("build.txt", "build"),
        ("postgresql.txt", "postgresql-server"),
        ("interop.txt", "interop"),
        ("peers.txt", "peers"),
    ):
        lock(name, groups[group], group, within="requirements/dev.txt", upgrade=upgrade)


if __name__ == "__main__":
    main()
