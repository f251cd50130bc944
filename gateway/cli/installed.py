"""Which adapters are there: the folders under ``adapters/bank`` and ``adapters/erp``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules


def installed(kind: str) -> list[str]:
    """Names of the installed adapters of a kind, sorted; templates (``_…``) are none."""
    package = import_module(f"adapters.{kind}")
    return sorted(
        it.name for it in iter_modules(package.__path__) if it.ispkg and not it.name.startswith("_")
    )
