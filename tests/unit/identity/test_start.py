"""Importing the room costs a start next to nothing: libraries come in when somebody logs in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("authlib", "cbor2", "httpx", "joserfc", "OpenSSL", "pyotp", "webauthn")
ROOM = Path(__file__).resolve().parents[3] / "gateway" / "identity"


def test_no_library_is_imported_before_it_is_needed():
    modules = sorted(f"gateway.identity.{path.stem}" for path in ROOM.glob("[a-z]*.py"))
    assert len(modules) > 10
    program = (
        f"import sys, {', '.join([*modules, 'gateway.transport.fetch'])}\n"
        f"print(sorted(set(sys.modules) & set({HEAVY!r})))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
