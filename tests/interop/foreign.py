"""Which Python runs other people's clients: one with packages of its own.

``make test-interop`` puts them into ``interop`` inside the environment of the tests. They do not
share its packages: two projects give a module of the same name, ``mt940``, and either takes the
place of the other. Where somebody installed them into this environment by hand, that serves.
"""

from __future__ import annotations

import sys
from pathlib import Path

OWN = Path(sys.prefix) / "interop" / "bin" / "python"
PYTHON = str(OWN) if OWN.exists() else sys.executable
