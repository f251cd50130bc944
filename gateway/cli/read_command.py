"""``gateway read``: hands the installed languages to the reader."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from gateway.cli.installed import installed
from gateway.cli.read import Languages, Reader, run
from gateway.dialects import bank_dialect, erp_dialect
from gateway.domain.errors import Refused
from gateway.ports.statement_formats import Reading, StatementFormat


def command(options: argparse.Namespace) -> int:
    """Read one file."""
    return run(
        options.file,
        as_json=options.json,
        out=sys.stdout,
        err=sys.stderr,
        languages=languages(reading(options.file, options.mapping)),
    )


def languages(reading: Reading) -> Languages:
    """Everything that is installed."""
    erps = [erp_dialect(name) for name in installed("erp")]
    readers: dict[str, Reader] = {}
    for erp in erps:
        describe = getattr(import_module(f"adapters.erp.{erp.name}"), "describe", None)
        if describe is not None:
            readers[erp.name] = describe
    return Languages(
        banks=[bank_dialect(code) for code in installed("bank")],
        erps=erps,
        readers=readers,
        statements=statement_formats,
        reading=reading,
    )


def statement_formats() -> Sequence[StatementFormat]:
    """The formats of statements, loaded when a file is none of a bank or an ERP."""
    from gateway.formats.read import formats  # noqa: PLC0415 - costs a start

    return formats()


def reading(name: str, mapping: Path | None) -> Reading:
    """What a saved mapping says of a table: a JSON object of texts.

    ``account`` and ``currency`` stand in for what the table does not name; everything else is an
    option of its reader. Raises Refused for a file that is no such object.
    """
    if mapping is None:
        return Reading(name=name)
    try:
        said = json.loads(mapping.read_bytes())
    except (OSError, ValueError):
        said = None
    if not isinstance(said, dict) or not all(isinstance(it, str) for it in said.values()):
        raise Refused(
            f"{mapping.name} is no JSON object of texts",
            f"{mapping.name} 不是由文本组成的 JSON 对象",
        )
    options = {str(key): value for key, value in said.items()}
    account, currency = options.pop("account", ""), options.pop("currency", "")
    return Reading(name=name, account=account, currency=currency, options=options)
