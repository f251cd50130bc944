"""What holds for every test: sockets stay closed but where they are the subject."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

from tests.made_once import compose_once, trust_once
from tests.memory_folder import use_memory
from tests.postgres import (  # noqa: F401 - fixtures that every test may ask for
    database,
    databases,
    empty_database,
    migrated_file,
    postgresql,
)

TESTS = Path(__file__).resolve().parent
OPEN_SOCKETS = ("integration", "e2e", "bench", "crashwalk", "interop")

# No deadline: a busy machine is not a fault. A fixed seed in CI: a red build can be repeated.
settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("project")

use_memory()
compose_once()
trust_once()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Open or close the network by folder, then see whether the tools a test needs are there."""
    folder = item.path.relative_to(TESTS).parts[0]
    if folder in OPEN_SOCKETS:
        enable_socket()
    else:
        disable_socket(allow_unix_socket=True)
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            if shutil.which(tool) is None and not Path(tool).exists():
                report = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
                report(f"needs {tool}, which is not installed (make system-deps)")
