"""``gateway banks``: what is installed and what it offers, derived from the dialects themselves."""

from __future__ import annotations

import argparse
import json

from gateway.cli.installed import installed
from gateway.dialects import bank_dialect


def command(options: argparse.Namespace) -> int:
    """List the banks."""
    for code in installed("bank"):
        dialect = bank_dialect(code)
        timing = dialect.timing
        if options.json:
            print(
                json.dumps(
                    {
                        "code": dialect.code,
                        "name_zh": dialect.name_zh,
                        "name_en": dialect.name_en,
                        "version": dialect.version,
                        "operations": dialect.capabilities(),
                        "dedupe": timing.dedupe.value,
                        "quiet_minutes": timing.quiet.seconds // 60,
                    },
                    ensure_ascii=False,
                )
            )
        else:
            print(f"{dialect.code}  {dialect.name_zh} / {dialect.name_en}  {dialect.version}")
            print(f"    {', '.join(dialect.capabilities())}")
    return 0
