"""``gateway read``: hands the installed languages to the reader."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from gateway.cli.installed import installed
from gateway.cli.read import Reader, run
from gateway.dialects import bank_dialect, erp_dialect


def command(options: argparse.Namespace) -> int:
    """Read one file."""
    erps = [erp_dialect(name) for name in installed("erp")]
    readers: dict[str, Reader] = {}
    for erp in erps:
        describe = getattr(import_module(f"adapters.erp.{erp.name}"), "describe", None)
        if describe is not None:
            readers[erp.name] = describe
    return run(
        options.file,
        as_json=options.json,
        out=sys.stdout,
        err=sys.stderr,
        banks=[bank_dialect(code) for code in installed("bank")],
        erps=erps,
        readers=readers,
    )
