"""The readers of statement files, in the order in which a file is shown to them.

Rule kept here: a reader is imported when a file has to be shown to it, never when a command starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gateway.ports.statement_formats import Part, Reading, StatementFormat


def formats() -> tuple[StatementFormat, ...]:
    """Every format that is read. What is unmistakable is asked first, tables come last."""
    return (
        _late("camt", _camt, ".xml"),
        _late("OFX", _ofx, ".ofx", ".qfx"),
        _late("mt940", _mt940, ".sta", ".mt940", ".940", ".txt"),
        _late("BAI2", _bai2, ".bai", ".bai2", ".txt"),
        _late("XLSX", _xlsx, ".xlsx"),
        _late("CSV", _csv, ".csv", ".txt"),
    )


def _late(name: str, load: Callable[[], StatementFormat], *suffixes: str) -> StatementFormat:
    """A format whose module is imported with the first question."""

    def sniff(head: bytes) -> bool:
        return load().sniff(head)

    def read(chunks: Iterable[bytes], reading: Reading) -> Iterator[Part]:
        return load().read(chunks, reading)

    return StatementFormat(name=name, sniff=sniff, read=read, suffixes=suffixes)


# ruff: noqa: PLC0415 - each import costs a start


def _camt() -> StatementFormat:
    from gateway.formats.read.camt import FORMAT

    return FORMAT


def _ofx() -> StatementFormat:
    from gateway.formats.read.ofx import FORMAT

    return FORMAT


def _mt940() -> StatementFormat:
    from gateway.formats.read.mt940 import FORMAT

    return FORMAT


def _bai2() -> StatementFormat:
    from gateway.formats.read.bai2 import FORMAT

    return FORMAT


def _xlsx() -> StatementFormat:
    from gateway.formats.read.sheets import XLSX

    return XLSX


def _csv() -> StatementFormat:
    from gateway.formats.read.sheets import CSV

    return CSV
