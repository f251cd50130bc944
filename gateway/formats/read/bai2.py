"""BAI2 (and BTRS, its version 3): one statement per account record, one entry per detail.

Rule kept here: control totals and record counts are checked, and what does not add up is a finding
of the statement where that is seen; a file without its trailers is cut off.
Source: BAI Cash Management Balance Reporting Specifications, version 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import Final, NamedTuple

from msgspec.structs import replace

from gateway.domain.bank_file import EntryRead, Finding, Gravity, StatementEnd, StatementStart
from gateway.domain.errors import WireError
from gateway.formats.read import bai2_amounts as amounts
from gateway.formats.read.bai2_account import Account, Sums
from gateway.formats.read.bai2_records import Fields, Record, records
from gateway.formats.read.texts import Findings, TextLines
from gateway.ports.statement_formats import Part, Reading, StatementFormat

NAME: Final = "BAI2"
_HEADER: Final = re.compile(
    rb"(?:\A|[\r\n])[ \t]*01,[^,\r\n]*,[^,\r\n]*,"
    rb"[ \t]*(?:[0-9]{2})?[0-9]{6}[ \t]*,[ \t]*[0-9:.]{0,8}[ \t]*,"
)
_NEAR: Final = 4096
_VERSIONS: Final = frozenset({"", "2", "3"})
_STATES: Final = {
    "2": ("该组为删除（02 记录状态 2）", "the group is a deletion (status 2 of record 02)"),
    "3": ("该组为更正（02 记录状态 3）", "the group is a correction (status 3 of record 02)"),
    "4": ("该组为测试数据（02 记录状态 4）", "the group is a test only (status 4 of record 02)"),
}
_CORRECTION: Final = "3"


def sniff(head: bytes) -> bool:
    """Whether a file header record stands near the beginning."""
    near = head[: 2 * _NEAR].replace(b"\0", b"")[:_NEAR]
    return _HEADER.search(near.lstrip(b"\xef\xbb\xbf\xff\xfe")) is not None


def read(chunks: Iterable[bytes], reading: Reading) -> Iterator[Part]:
    """The statements of a file. Raises WireError ``truncated`` for one without its trailers."""
    findings = Findings()
    reader = _Reader(reading, findings)
    for record in records(TextLines(chunks, findings), findings):
        yield from reader.take(record)
    yield from reader.finished()


class _GroupHead(NamedTuple):
    bank: str = ""
    currency: str = ""
    day: date | None = None


class _Reader:
    """Follows the nesting of file, group and account."""

    def __init__(self, reading: Reading, findings: Findings) -> None:
        self._reading = reading
        self._findings = findings
        self._file, self._group = Sums(), Sums()
        self._head = _GroupHead()
        self._account: Account | None = None
        self._ended: StatementEnd | None = None
        """Held back: the trailers of its group and of the file may have more to say of it."""
        self._id = ""
        self._open: list[str] = []
        """Codes of the trailers of file and group that must still come."""
        self._line = 0

    def take(self, record: Record) -> Iterator[Part]:
        """What one record gives. Raises WireError for one that cannot stand where it does."""
        self._line = record.line
        fields = Fields(record)
        match record.code:
            case "16":
                yield self._detail(record, fields)
            case "49":
                self._account_trailer(record, fields)
            case "03":
                self._end_without_trailer(record)
                yield from self._let_go()
                yield self._account_header(record, fields)
            case "02":
                self._end_without_trailer(record)
                yield from self._let_go()
                self._group_header(record, fields)
            case "98":
                self._end_without_trailer(record)
                self._trailer(record, fields, self._group, ("账户", "accounts"))
                self._file.add(self._group)
                self._group = Sums()
            case "99":
                self._end_without_trailer(record)
                if self._open[-1:] == ["98"]:
                    self._no_trailer("98", record)
                    self._open.pop()
                    self._file.add(self._group)
                    self._group = Sums()
                self._trailer(record, fields, self._file, ("组", "groups"))
                yield from self._let_go()
            case _:
                self._file_header(record, fields)

    def finished(self) -> Iterator[Part]:
        """The end of the file. Raises WireError ``truncated`` where a trailer is missing."""
        if self._account is not None or self._open:
            missing = "49" if self._account is not None else self._open[-1]
            raise WireError("truncated", missing, line=self._line)
        if not self._line:
            raise WireError("unrecognised", "/")
        yield from self._let_go()

    # ── file and group ────────────────────────────────────────────────────────────────────────

    def _file_header(self, record: Record, fields: Fields) -> None:
        if self._open or self._account is not None:
            raise WireError("truncated", (self._open or ["49"])[-1], line=record.line)
        self._file, self._group = Sums(records=record.lines), Sums()
        self._head = _GroupHead()
        self._open = ["99"]
        _, _, _, _, self._id, _, _, version = (fields.take() for _ in range(8))
        if version not in _VERSIONS:
            self._found(record, "version", "未知的 BAI 版本，按第 2 版读取", "unknown version")

    def _group_header(self, record: Record, fields: Fields) -> None:
        if self._open[-1:] == ["98"]:
            self._no_trailer("98", record)
            self._file.add(self._group)
        else:
            self._open.append("98")
        self._group = Sums(records=record.lines)
        _, bank, state, day, _, code, _ = (fields.take() for _ in range(7))
        on = amounts.day(day, self._reading.century)
        if on is None:
            self._found(record, "date", "02 记录的日期无法识别", "the date of record 02 is none")
        self._head = _GroupHead(bank, code.upper(), on)
        if words := _STATES.get(state):
            grave = Gravity.WARNING if state == _CORRECTION else Gravity.CONTRADICTION
            self._found(record, "group_status", *words, gravity=grave)

    def _trailer(
        self, record: Record, fields: Fields, sums: Sums, parts_are: tuple[str, str]
    ) -> None:
        if record.code in self._open:
            self._open.remove(record.code)
        else:
            zh, en = f"{record.code} 记录没有对应的头记录", f"a {record.code} without its header"
            self._found(record, "order", zh, en)
        sums.records += record.lines
        total, parts, count = (amounts.number(fields.take()) for _ in range(3))
        self._check_total(record, total, sums.total)
        self._check_count(record, parts, sums.parts, parts_are)
        self._check_count(record, count, sums.records, _RECORDS)
        sums.believe(total, count)

    # ── accounts ──────────────────────────────────────────────────────────────────────────────

    def _account_header(self, record: Record, fields: Fields) -> StatementStart:
        head = self._head
        number = fields.take() or self._reading.account
        code = fields.take().upper() or head.currency or self._reading.currency
        if not code:
            code = amounts.DEFAULT_CURRENCY
            self._found(
                record,
                "currency_default",
                "文件未写币种，按规范取 USD",
                "no currency is stated: USD, as the specification has it",
                gravity=Gravity.NOTE,
            )
        account = self._account = Account(record, code, head.day, self._reading.century)
        account.summaries(fields, partial(self._found, record))
        return StatementStart(
            format=NAME,
            account=number,
            currency=code,
            statement_id=self._id,
            account_bank=head.bank,
            start=head.day,
            end=head.day,
            line=record.line,
        )

    def _detail(self, record: Record, fields: Fields) -> EntryRead:
        if self._account is None:
            raise WireError("order", "16", line=record.line)
        return self._account.detail(record, fields, partial(self._found, record))

    def _account_trailer(self, record: Record, fields: Fields) -> None:
        account = self._account
        if account is None:
            self._found(record, "order", "49 记录没有对应的 03 记录", "a 49 without its 03")
            self._group.records += record.lines
            return
        account.sums.records += record.lines
        total, count = amounts.number(fields.take()), amounts.number(fields.take())
        self._check_total(record, total, account.sums.total)
        self._check_count(record, count, account.sums.records, _RECORDS)
        account.sums.believe(total, count)
        self._end(account, record.line)

    def _end_without_trailer(self, record: Record) -> None:
        if self._account is not None:
            self._no_trailer("49", record)
            self._end(self._account, record.line)

    def _end(self, account: Account, line: int) -> None:
        self._group.add(account.sums)
        self._account = None
        self._ended, found = account.ended(line)
        for finding in found:
            self._findings.add(finding)

    def _let_go(self) -> Iterator[Part]:
        if self._ended is not None:
            ended, self._ended = self._ended, None
            yield replace(ended, findings=self._findings.taken())

    # ── checks ────────────────────────────────────────────────────────────────────────────────

    def _no_trailer(self, code: str, record: Record) -> None:
        zh, en = f"缺少 {code} 记录，可能缺少内容", f"record {code} is missing: perhaps more is"
        self._found(record, "no_trailer", zh, en, gravity=Gravity.CONTRADICTION)

    def _check_total(self, record: Record, said: int | None, found: int) -> None:
        if said is None:
            self._found(record, "no_total", "没有控制总额", "there is no control total")
        elif said != found:
            self._found(
                record,
                "control_total",
                "控制总额与内容不符，内容可能不全",
                "the control total is wrong: records may be missing",
                gravity=Gravity.CONTRADICTION,
            )

    def _check_count(
        self, record: Record, said: int | None, found: int, whose: tuple[str, str]
    ) -> None:
        if said is not None and said != found:
            zh, en = f"{whose[0]}数应为 {found}，实写 {said}", f"{found} {whose[1]}, not {said}"
            self._found(record, "control_count", zh, en)

    def _found(
        self, record: Record, code: str, zh: str, en: str, *, gravity: Gravity = Gravity.WARNING
    ) -> None:
        self._findings.add(
            Finding(code=code, zh=zh, en=en, path=record.code, line=record.line, gravity=gravity)
        )


_RECORDS: Final = ("记录", "records")
FORMAT: Final = StatementFormat(
    name=NAME, sniff=sniff, read=read, suffixes=(".bai", ".bai2", ".txt")
)
