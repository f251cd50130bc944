"""``gateway reconcile``: a statement file against a ledger file, without a server.

Rule kept here: every entry and every item is told exactly once as matched or open; suggestions
come on top. What cannot be read gives exit code 2 and one line that says where and why.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from gateway.cli import statement_entries as statements
from gateway.cli.ledger_file import LedgerRow, ledger_rows
from gateway.cli.reasons import why
from gateway.domain.errors import Refused, WireError
from gateway.formats.read import formats
from gateway.ports.statement_formats import Reading, StatementFormat

if TYPE_CHECKING:
    from gateway.reconciliation.columns import Columns, EntryRow, ItemRow, PartRow
    from gateway.reconciliation.decisions import Decision
    from gateway.reconciliation.rules import RuleSet

DONE: Final = 0
UNREADABLE: Final = 2
_CHUNK: Final = 1 << 16
_SCALE_MIN: Final = 2
_SHOWN: Final = {"auto": "自动 auto", "suggested": "建议 suggested", "none": "未达 open"}


def command(options: argparse.Namespace) -> int:
    """Match the files that the options name."""
    return run(
        options.statement,
        options.ledger,
        rules_file=options.rules,
        as_json=options.json,
        out=sys.stdout,
        err=sys.stderr,
    )


def run(  # noqa: PLR0913 - what the command line wires together, all but the files by keyword
    statement: Path,
    ledger: Path,
    *,
    as_json: bool,
    out: TextIO,
    err: TextIO,
    rules_file: Path | None = None,
    known: Sequence[StatementFormat] | None = None,
) -> int:
    """Print the decisions about both files and return the exit code.

    ``known`` are the formats of statements, all that there are when None.
    """
    from gateway.reconciliation.engine import reconcile  # noqa: PLC0415 - costs a start
    from gateway.reconciliation.rules import STANDARD, rules_of  # noqa: PLC0415 - same

    reading = ledger
    try:
        rows = list(ledger_rows(ledger.read_bytes()))
        reading = statement
        accounts = sorted({it.account for it in rows})
        lines = _lines(statement, accounts, formats() if known is None else known)
        rules = STANDARD
        if rules_file is not None:
            reading = rules_file
            rules = rules_of(rules_file.read_bytes())
        reading = statement
        columns, rules = _columns(lines, rows, accounts, rules)
    except OSError as error:
        said = error.strerror or ""
        return _complain(err, reading, "", f"无法打开或读取 / cannot be opened or read: {said}")
    except WireError as error:
        line = f"第{error.line}行 line {error.line}" if error.line else ""
        where = " ".join(it for it in (line, error.path) if it)
        return _complain(err, reading, where, why(error.reason))
    except Refused as error:
        return _refused(err, reading, error)
    err.writelines(f"{statement.name}: {it.text()}\n" for it in lines.findings)
    names = [it.item_id for it in rows]
    decisions = reconcile(columns, rules).records()
    out.writelines(_json(decisions, names) if as_json else _text(decisions, names))
    return DONE


def _lines(
    statement: Path, accounts: Sequence[str], known: Sequence[StatementFormat]
) -> statements.Lines:
    only = accounts[0] if len(accounts) == 1 else ""
    reading = Reading(name=statement.name, account=only)
    with statement.open("rb") as source:
        return statements.lines(iter(lambda: source.read(_CHUNK), b""), known, reading)


# ── both files as columns ─────────────────────────────────────────────────────────────────


def _columns(
    lines: statements.Lines, rows: Sequence[LedgerRow], accounts: Sequence[str], rules: RuleSet
) -> tuple[Columns, RuleSet]:
    """Both sides at one scale, and the rules' amounts at that scale."""
    from msgspec.structs import replace  # noqa: PLC0415 - beside the engine

    from gateway.reconciliation.columns import columns_of  # noqa: PLC0415 - costs a start

    scale = max(
        _SCALE_MIN,
        *(statements.trimmed(it.amount).scale for it in rows),
        *(statements.trimmed(it.amount).scale for it in lines.entries),
        *(
            statements.trimmed(it.amount).scale
            for entry in lines.entries
            for it in entry.transactions
            if it.amount is not None
        ),
        0,
    )
    finer: int = 10 ** (scale - _SCALE_MIN)
    if finer > 1:
        rules = replace(
            rules, amount_tolerance=rules.amount_tolerance * finer, fee_max=rules.fee_max * finer
        )
    columns = columns_of(
        _entries(lines, accounts, scale),
        _items(rows, scale),
        parts=_parts(lines, scale),
        scale=scale,
    )
    return columns, rules


def _entries(lines: statements.Lines, accounts: Sequence[str], scale: int) -> Iterator[EntryRow]:
    from gateway.reconciliation.columns import EntryRow  # noqa: PLC0415 - costs a start

    named = {it: statements.ledger_account(it, accounts) for it in set(lines.accounts)}
    for read, account in zip(lines.entries, lines.accounts, strict=True):
        entry = statements.of_transaction(read)
        yield EntryRow(
            account=named[account],
            currency=entry.currency,
            units=statements.trimmed(entry.amount).at(scale),
            day=statements.day_number(entry.booking_date or entry.value_date),
            end_to_end_id=entry.end_to_end_id,
            entry_reference=entry.entry_reference,
            reference=entry.reference,
            counterparty_name=entry.counterparty_name,
            counterparty_account=entry.counterparty_account,
            remittance=entry.remittance,
            reversal=entry.reversal,
            returned=bool(entry.return_reason),
            fee=statements.is_fee(entry),
            booked=statements.is_booked(entry),
        )


def _parts(lines: statements.Lines, scale: int) -> Iterator[PartRow]:
    from gateway.reconciliation.columns import PartRow  # noqa: PLC0415 - costs a start

    for position, entry in enumerate(lines.entries):
        for part in statements.parts_of(entry):
            assert part.amount is not None
            yield PartRow(
                entry=position,
                units=statements.trimmed(part.amount).at(scale),
                end_to_end_id=part.end_to_end_id or part.instruction_id,
                reference=part.reference,
                counterparty_name=part.counterparty_name,
                counterparty_account=part.counterparty_account,
            )


def _items(rows: Iterable[LedgerRow], scale: int) -> Iterator[ItemRow]:
    from gateway.reconciliation.columns import ItemRow  # noqa: PLC0415 - costs a start

    for row in rows:
        yield ItemRow(
            item_id=row.item_id,
            account=row.account,
            currency=row.currency,
            units=statements.trimmed(row.amount).at(scale),
            day=statements.day_number(row.day),
            erp_reference=row.erp_reference,
            counterparty_name=row.counterparty_name,
            counterparty_account=row.counterparty_account,
            remittance=row.remittance,
            red_letter=row.red_letter,
        )


# ── what is printed ───────────────────────────────────────────────────────────────────────


def _json(decisions: Iterable[Decision], names: Sequence[str]) -> Iterator[str]:
    for it in decisions:
        told = {
            "decision": it.level,
            "rule": it.rule,
            "entries": list(it.entries),
            "items": [names[at] for at in it.items],
            "reasons": list(it.reasons),
        }
        yield json.dumps(told, ensure_ascii=False) + "\n"


def _text(decisions: Iterable[Decision], names: Sequence[str]) -> Iterator[str]:
    """For people: what is open or suggested line by line, then how many each rule decided."""
    counts: Counter[tuple[str, str]] = Counter()
    for it in decisions:
        counts[it.level, it.rule] += 1
        if it.level == "auto":
            continue
        entries = ",".join(map(str, it.entries)) or "-"
        items = ",".join(names[at] for at in it.items) or "-"
        shown = f"{_SHOWN[it.level]}  {it.rule}  明细 entries {entries}  账面 items {items}"
        yield _printable(f"{shown}  {'; '.join(it.reasons)}") + "\n"
    for (level, rule), count in sorted(counts.items()):
        yield f"{_SHOWN[level]}  {rule}: {count}\n"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _refused(err: TextIO, path: Path, error: Refused) -> int:
    if not error.faults:
        return _complain(err, path, "", f"{error.zh} / {error.en}")
    fault = error.faults[0]
    line = f"第{fault.line}行 line {fault.line}" if fault.line else ""
    where = " ".join(it for it in (line, fault.path) if it)
    return _complain(err, path, where, f"{fault.zh} / {fault.en}")


def _complain(err: TextIO, path: Path, where: str, reason: str) -> int:
    told = ": ".join(it for it in (str(path), where, reason) if it)
    err.write(_printable(told) + "\n")
    return UNREADABLE
