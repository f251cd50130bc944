"""Statements as tables: CSV and XLSX of netbanks and of ourselves, with or without a mapping.

Rule kept here: a table is known by its header; a row that is no line, no total and no balance is
told as a finding. Options of a saved mapping: ``column_<field>`` (a header's name or ``#3``),
``column_remittance`` (several, by comma), ``delimiter``, ``encoding``, ``header_row`` (0: none),
``sheet``, ``date_format`` (DMY, MDY), ``signed`` (yes: the sign counts, not debit or credit).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final

from gateway.domain.bank_file import (
    BalanceRead,
    BalanceUse,
    EntryRead,
    Finding,
    Gravity,
    StatementEnd,
    StatementStart,
)
from gateway.domain.errors import WireError
from gateway.domain.exact import Exact
from gateway.formats.proof import Proof
from gateway.formats.read import sheets_words as words
from gateway.formats.read.sheets_cells import Style, style
from gateway.formats.read.sheets_columns import NAMES, Columns, find, fixed
from gateway.formats.read.sheets_entries import Entries
from gateway.formats.read.sheets_proof import Running, Totals, judged
from gateway.formats.read.sheets_rows import Row, Table, csv_rows, table
from gateway.formats.read.texts import HEAD, Findings, TextLines, begun
from gateway.ports.statement_formats import Part, Reading, StatementFormat
from gateway.wire.workbook import is_workbook

OPTIONS: Final = frozenset(
    {
        *(f"column_{field}" for field in NAMES),
        *("column_remittance", "delimiter", "encoding", "header_row", "sheet", "date_format"),
        "signed",
    }
)
_HEADER_ROWS: Final = 50
_SAMPLE: Final = 200
_NO_TEXT: Final = (b"<", b"{", b"[", b"%PDF", b":20:", b"{1:")


def sniff_csv(head: bytes) -> bool:
    """Whether the header of a statement stands among the first lines of a text."""
    if is_workbook(head) or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_NO_TEXT):
        return False
    whole = head if len(head) < HEAD else head[: head.rfind(b"\n") + 1]
    findings = Findings()
    try:
        rows = csv_rows(iter(TextLines([whole], findings)), "", findings)
        return any(find(row.texts, {}) is not None for row in islice(rows, _HEADER_ROWS))
    except WireError:
        return False


def read(chunks: Iterable[bytes], reading: Reading) -> Iterator[Part]:
    """The statements of a table. Raises WireError ``columns`` where none is found in it."""
    findings = Findings()
    head, pieces = begun(chunks)
    found = table(head, pieces, reading.options, findings)
    before, columns, rows = _header(found.rows, reading.options)
    sample = list(islice(rows, _SAMPLE))
    written = _style(columns, sample, reading)
    said = words.Said()
    for row in before:
        said.take(row, written)
    signed = reading.options.get("signed", "") == "yes"
    entries = Entries(columns, written, sample, signed=signed)
    if columns.unused:
        listed = "、".join(columns.unused)[:200]
        findings.add(
            Finding(
                code="columns",
                zh=f"未使用的列：{listed}",
                en=f"columns not used: {listed}",
                gravity=Gravity.NOTE,
            )
        )
    reader = _Reader(found, reading, said, entries, findings)
    reader.columns, reader.style = columns, written
    yield from reader.read(chain(sample, rows))


def _header(
    rows: Iterator[Row], options: Mapping[str, str]
) -> tuple[list[Row], Columns, Iterator[Row]]:
    """The rows above the header, its columns, and the rows below it."""
    wanted = options.get("header_row", "")
    if wanted == "0":
        columns = fixed(options)
        if columns is None:
            raise WireError("columns", "/")
        return [], columns, rows
    before: list[Row] = []
    for row in rows:
        columns = find(row.texts, options)
        if columns is not None and wanted in {"", str(row.line)}:
            return before, columns, rows
        before.append(row)
        if len(before) >= _HEADER_ROWS:
            break
    raise WireError("columns", "/", line=before[0].line if before else None)


def _style(columns: Columns, sample: Sequence[Row], reading: Reading) -> Style:
    def cells(*fields: str) -> list[str]:
        places = [columns.places[it] for it in fields if it in columns.places]
        return [row.text(at) for row in sample for at in places]

    return style(
        cells("amount", "debit", "credit", "balance"),
        cells("booking_date", "value_date", "time"),
        century=reading.century,
        form=reading.options.get("date_format", ""),
    )


class _Reader:
    """Makes statements of rows: one for each run of lines of the same account."""

    columns: Columns
    style: Style

    def __init__(
        self,
        source: Table,
        reading: Reading,
        said: words.Said,
        entries: Entries,
        findings: Findings,
    ) -> None:
        self._source = source
        self._reading = reading
        self._said = said
        self._entries = entries
        self._findings = findings
        self._account: str | None = None
        self._currency = ""
        self._begin()
        self._short: Row | None = None
        """The last line, where it has fewer cells than all before it."""
        self._full = True

    def _begin(self) -> None:
        self._proof, self._running, self._totals = Proof(), Running(), Totals()
        self._days: list[EntryRead] = []

    def read(self, rows: Iterable[Row]) -> Iterator[Part]:
        """The parts of all statements. Raises WireError ``truncated``."""
        for row in rows:
            if self._short is not None:
                self._full, self._short = False, None
            if self._is_line(row) and not self._entries.moneyless(row):
                yield from self._line(row)
            else:
                yield from self._other(row)
        if self._short is not None and self._full and self._source.unended():
            raise WireError("truncated", "/", line=self._short.line)
        if self._account is None:
            yield self._start("", None)
        yield self._end()

    def _other(self, row: Row) -> Iterator[Part]:
        """A row that is no plain line: a total, a balance, a header once more, or unclear."""
        kind = words.kind(row.texts[:4])
        if kind:
            self._summary(kind, row)
        elif self._is_line(row):
            yield from self._line(row)
        elif find(row.texts, self._reading.options) is not None:
            return  # the header once more, at the top of a page
        elif self._said.take(row, self.style):
            return
        elif self._entries.dated(row) and self._entries.totals(row):
            yield from self._line(row)
        else:
            self._note("row", "该行不是明细，未读取", "the row is no entry, not read", row.line)

    def _is_line(self, row: Row) -> bool:
        """Whether a row has a day: words such as 合计 may then be part of its texts."""
        texts = (self._entries.text(row, it) for it in ("booking_date", "value_date", "time"))
        return any(text and self.style.day(text)[0] is not None for text in texts)

    def _line(self, row: Row) -> Iterator[Part]:
        account = self._entries.text(row, "account") or self._account or ""
        if self._account is None or account != self._account:
            if self._account is not None:
                yield self._end()
                self._begin()
            yield self._start(account, row)
        entry = self._entries.entry(row, self._currency, self._findings)
        self._proof.add(entry)
        self._running.add(entry)
        self._totals.add(entry)
        self._days = [*self._days[:1], entry]
        if row.width and row.width < self.columns.width:
            self._short = row
        yield entry

    def _summary(self, kind: str, row: Row) -> None:
        if kind == "totals":
            self._said.take(row, self.style)
            said = self._entries.totals(row)
            if said and not self._totals.agree(said):
                zh, en = (
                    "合计与明细之和不符，可能缺少明细",
                    "the total is not the sum of the entries",
                )
                self._note("totals", zh, en, row.line, Gravity.CONTRADICTION)
            return
        amount = self._entries.balance(row)
        if amount is None:
            self._said.take(row, self.style)
        elif kind == "opening":
            self._said.opening = self._said.opening or amount
        else:
            self._said.closing = amount

    def _start(self, account: str, row: Row | None) -> StatementStart:
        self._account = account
        own = words.currency(self._entries.text(row, "currency")) if row is not None else ""
        stated = own or self._said.currency or words.unit(self.columns.unit)
        self._currency = stated or self._reading.currency or self._entries.currency
        if not self._currency:
            self._note("currency", "表中没有币种", "the table names no currency", 0)
        name = self._entries.text(row, "account_name") if row is not None else ""
        return StatementStart(
            format=self._source.format,
            account=account or self._said.account or self._reading.account,
            currency=self._currency,
            account_name=name or self._said.account_name,
            start=self._said.start,
            end=self._said.end,
            line=row.line if row is not None else 0,
        )

    def _end(self) -> StatementEnd:
        said = self._said
        opening, closing, verdict, found = judged(
            self._proof,
            self._running,
            self._balance(BalanceUse.OPENING, said.opening),
            self._balance(BalanceUse.CLOSING, said.closing),
        )
        for finding in found:
            self._findings.add(finding)
        if said.count is not None and said.count != self._proof.count:
            zh = f"笔数应为 {said.count}，实有 {self._proof.count}"
            en = f"{said.count} entries are announced, {self._proof.count} are there"
            self._note("count", zh, en, 0, Gravity.CONTRADICTION)
        days = [it.booking_date for it in self._days if it.booking_date is not None]
        said.opening = said.closing = said.count = None
        return StatementEnd(
            opening=opening,
            closing=closing,
            balances=tuple(it for it in (opening, closing) if it is not None),
            continuity=verdict,
            start=said.start or min(days, default=None),
            end=said.end or max(days, default=None),
            account=self._account or said.account or self._reading.account,
            currency=self._currency,
            entries=self._proof.count,
            findings=self._findings.taken(),
        )

    def _balance(self, use: BalanceUse, amount: Exact | None) -> BalanceRead | None:
        if amount is None:
            return None
        return BalanceRead(use=use, code=use.value, amount=amount, currency=self._currency)

    def _note(
        self, code: str, zh: str, en: str, line: int, gravity: Gravity = Gravity.WARNING
    ) -> None:
        self._findings.add(Finding(code=code, zh=zh, en=en, line=line, gravity=gravity))


CSV: Final = StatementFormat(name="CSV", sniff=sniff_csv, read=read, suffixes=(".csv", ".txt"))
XLSX: Final = StatementFormat(name="XLSX", sniff=is_workbook, read=read, suffixes=(".xlsx",))
