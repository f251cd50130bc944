"""What a reply says of lines that were taken in and of lines that were not, for people."""

from __future__ import annotations

from gateway.domain.errors import Fault
from gateway.ports.erp import LineStatus


def fault_text(fault: Fault) -> str:
    """A fault in one line: where, what, and what to do."""
    where = f"第{fault.line}行 line {fault.line} " if fault.line else ""
    return printable(f"{where}{fault.path}: {fault.zh} / {fault.en}")


def line_text(line: LineStatus) -> str:
    """How a line stands: every fault of a refused one, the state of one that was taken in."""
    row = line.source.get("row", "")
    at = f"表体第{row}行 row {row}: " if row else ""
    if line.faults:
        return at + "; ".join(fault_text(fault) for fault in line.faults)
    why = f" {line.reason_code}" if line.reason_code else ""
    text = f" {line.text}" if line.text else ""
    return printable(
        f"{at}已受理 taken: {line.erp_reference} {line.amount} {line.currency}, "
        f"{line.state}{why}{text}"
    )


def printable(text: str) -> str:
    """A bank's or sender's text without what XML cannot hold: it is for people to read."""
    return "".join(char if char.isprintable() else " " for char in text)
