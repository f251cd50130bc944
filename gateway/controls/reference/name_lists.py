"""Lists of names not to be paid, as files: CSV (or text with ``|`` or tabs), or JSON lines.

Rule kept here: every line that cannot be read is told. Whoever takes such a list takes all of it
or nothing (``faults.whole``): a name that was left out would be paid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

import msgspec

from gateway.controls.reference.faults import fault, refused
from gateway.controls.reference.sheet import (
    Readable,
    Rejoined,
    Row,
    json_fault,
    lines,
    printable,
    rows,
)
from gateway.domain.errors import Fault
from gateway.domain.name_list import ListedName

TEXT_MAX: Final = 500
MANY_MAX: Final = 4_000
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "list": ("名单", "名单编号", "list id"),
    "entry": ("编号", "序号", "条目", "entry id"),
    "names": ("名称", "姓名", "name"),
    "aliases": ("别名", "曾用名", "alias"),
    "accounts": ("账号", "account"),
    "uscc": ("统一社会信用代码", "信用代码", "usccs"),
    "valid_from": ("生效日期", "起始日期", "from"),
    "valid_to": ("失效日期", "截止日期", "to"),
    "reason": ("原因", "列入原因"),
}
_MANY: Final = ("names", "aliases", "accounts", "uscc")
_PARTED: Final = re.compile("[;；]")


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    list: str
    entry: str
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    uscc: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    reason: str = ""


def read_names(source: Readable) -> Iterator[ListedName | Fault]:
    """The entries of a list, one by one as it is read, and a fault for every line left out.

    Columns of a text file and elements of a JSON line: list, entry, names, aliases, accounts,
    uscc, valid_from, valid_to, reason. In a cell, several names are parted by ``;``. An entry that
    is repeated is passed over. Raises Refused, possibly after entries were given out: for two
    entries of one list and number with other content, and for a file without an entry.
    """
    head = source.read(1)
    whole_source = Rejoined(head, source)
    found = _from_json(whole_source) if head == b"{" else _from_rows(whole_source)
    seen: dict[tuple[str, str], tuple[int, ListedName]] = {}
    for line, one in found:
        if isinstance(one, Fault):
            yield one
            continue
        earlier = seen.setdefault((one.list_id, one.entry_id), (line, one))
        if earlier[0] == line:
            yield one
        elif earlier[1] != one:
            raise refused(fault("contradiction", "entry", detail=str(earlier[0]), line=line))
    if not seen:
        raise refused(fault("empty", ""))


def _from_json(source: Readable) -> Iterator[tuple[int, ListedName | Fault]]:
    decode = msgspec.json.Decoder(_Entry).decode
    for one in lines(source):
        if isinstance(one, Fault):
            yield one.line or 0, one
            continue
        number, text = one
        if not text.strip():
            continue
        try:
            yield number, _listed(decode(text), number)
        except msgspec.DecodeError as error:
            yield number, json_fault(error, line=number)


def _from_rows(source: Readable) -> Iterator[tuple[int, ListedName | Fault]]:
    for row in rows(source, COLUMNS, ("list", "entry")):
        if isinstance(row, Fault):
            yield row.line or 0, row
        else:
            yield row.line, _of_row(row)


def _of_row(row: Row) -> ListedName | Fault:
    texts = {
        field: row.text(field, longest=MANY_MAX if field in _MANY else TEXT_MAX)
        for field in COLUMNS
    }
    since, until = row.day("valid_from"), row.day("valid_to")
    for one in (*texts.values(), since, until):
        if isinstance(one, Fault):
            return one
    many = {field: _parts(str(texts[field])) for field in _MANY}
    return _listed(
        _Entry(
            list=str(texts["list"]),
            entry=str(texts["entry"]),
            names=many["names"],
            aliases=many["aliases"],
            accounts=many["accounts"],
            uscc=many["uscc"],
            valid_from=since if isinstance(since, date) else None,
            valid_to=until if isinstance(until, date) else None,
            reason=str(texts["reason"]),
        ),
        row.line,
    )


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _PARTED.split(cell) if part.strip())


def _listed(told: _Entry, line: int) -> ListedName | Fault:
    every = (*told.names, *told.aliases, *told.accounts, *told.uscc)
    for field, text in (("list", told.list), ("entry", told.entry)):
        if not text:
            return fault("required", field, line=line)
    if not all(it.strip() for it in every) or not every:
        return fault("lists_nothing", "names", line=line)
    if not all(printable(it) for it in (told.list, told.entry, told.reason, *every)):
        return fault("forbidden_character", "", line=line)
    if max(map(len, (told.list, told.entry, told.reason, *every))) > TEXT_MAX:
        return fault("too_long", "", detail=str(TEXT_MAX), line=line)
    if told.valid_from and told.valid_to and told.valid_to < told.valid_from:
        return fault("backwards", "valid_to", line=line)
    return ListedName(
        list_id=told.list,
        entry_id=told.entry,
        names=told.names,
        aliases=told.aliases,
        accounts=told.accounts,
        usccs=told.uscc,
        reason=told.reason,
        valid_from=told.valid_from,
        valid_to=told.valid_to,
    )
