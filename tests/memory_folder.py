"""Where the tests keep their files: in memory, where there is room for them.

No test pulls the plug of a disk, and what a killed process wrote outlives it there as well; but
every commit of a durable database waits for a disk, and every new database makes hundreds of
files. ``TMPDIR`` names another place.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")
_ROOM = 3 << 30
"""Free bytes: two or three servers' databases, and whatever tests leave until the run ends."""


def use_memory() -> None:
    """Let this process and its children make their temporary files in memory."""
    if "TMPDIR" not in os.environ and _has_room():
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # whoever asked already is asked again


def _has_room() -> bool:
    """Whether files of that size fit, and programs among them can be run."""
    if not os.access(_MEMORY, os.W_OK | os.X_OK) or os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        return False
    return min(shutil.disk_usage(_MEMORY).free, psutil.virtual_memory().available) > _ROOM
