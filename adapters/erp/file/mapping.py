"""One sender's saved column mapping: which column is which field, how texts are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from adapters.erp.file.codes import BATCH, FIXED, HEADERS, NEEDED
from gateway.domain.errors import Fault, Refused, WireError

DATE_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "YYYY-MM-DD": re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})", re.ASCII),
    "YYYY/MM/DD": re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})", re.ASCII),
    "YYYYMMDD": re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII),
    "DD.MM.YYYY": re.compile(r"(?P<d>\d{2})\.(?P<m>\d{2})\.(?P<y>\d{4})", re.ASCII),
}
_DELIMITERS: Final[Mapping[str, str]] = {",": ",", ";": ";", "|": "|", "tab": "\t"}
_ENCODINGS: Final = frozenset({"auto", "utf-8", "gb18030", "gbk"})
_HEADER_MAX: Final = 20
_POSITION: Final = re.compile(r"#([1-9][0-9]{0,2})", re.ASCII)
_NONE: Final = "0"
_SWITCH: Final = frozenset({"yes", "no"})
_LABEL_MAX: Final = 40

OPTIONS: Final = frozenset(
    {
        *(f"column_{field}" for field in HEADERS),
        *(f"value_{field}" for field in FIXED),
        *("delimiter", "encoding", "header_row", "sheet", "date_format", "thousands"),
        *("trailer", "trailer_needed", "output_encoding"),
    }
)
"""Options of a system that sends sheets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where each field stands in one file: column from 0, and what its sender calls it."""

    places: Mapping[str, int]
    at: Mapping[str, str]
    width: int
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetForm:
    """How one sender's sheets are written."""

    columns: Mapping[str, str]
    """Fields to the sender's own names of them; '' is any name we know."""
    fixed: Mapping[str, str]
    delimiter: str = ","
    encoding: str = "auto"
    header_row: int | None = None
    """Counted from 1; 0 for none, None to look for it."""
    sheet: str = ""
    date_form: re.Pattern[str] = DATE_FORMS["YYYY-MM-DD"]
    thousands: bool = False
    trailer: str = "合计"
    trailer_needed: bool = False
    output_encoding: str = "utf-8"

    def find(self, header: Sequence[str]) -> Columns | None:
        """The columns of a header row; None where it is none of a payment sheet.

        Raises WireError ``columns`` for a header that names a field twice.
        """
        places: dict[str, int] = {}
        names = [_name(it) for it in header]
        for field, own in self.columns.items():
            found = [at for at, name in enumerate(names) if name and self._is(name, at, own, field)]
            if len(found) > 1:
                raise WireError("surplus", f"/{label(header, found[1])}")
            if found:
                places[field] = found[0]
        if any(field not in places for field in NEEDED):
            return None
        return self._columns(places, header)

    def fixed_columns(self) -> Columns:
        """The columns of a sheet without a header: all by their position."""
        places = {
            field: int(found[1]) - 1
            for field, own in self.columns.items()
            if (found := _POSITION.fullmatch(own))
        }
        return self._columns(places, ())

    def missing(self, header: Sequence[str]) -> tuple[str, ...]:
        """The needed fields that a header lacks."""
        names = [_name(it) for it in header]
        return tuple(
            field
            for field in NEEDED
            if not any(
                self._is(name, at, self.columns[field], field)
                for at, name in enumerate(names)
                if name
            )
        )

    def _is(self, name: str, at: int, own: str, field: str) -> bool:
        position = _POSITION.fullmatch(own)
        if position:
            return at == int(position[1]) - 1
        return name == _name(own) if own else name in _KNOWN[field]

    def _columns(self, places: Mapping[str, int], header: Sequence[str]) -> Columns:
        used = set(places.values())
        return Columns(
            places=places,
            at={field: label(header, at) for field, at in places.items()},
            width=len(header) or max(used, default=-1) + 1,
            unused=tuple(
                label(header, at)
                for at, name in enumerate(header)
                if at not in used and name.strip()
            ),
        )


def form_of(options: Mapping[str, str]) -> SheetForm:
    """The form that a system's options say. Raises Refused with every fault."""
    if faults := tuple(_faults(options)):
        raise Refused("the saved column mapping is wrong", "保存的列映射有误", faults)
    row = options.get("header_row", "")
    return SheetForm(
        columns={field: options.get(f"column_{field}", "") for field in HEADERS},
        fixed={field: options[f"value_{field}"] for field in FIXED if f"value_{field}" in options},
        delimiter=_DELIMITERS[options.get("delimiter", ",")],
        encoding=options.get("encoding", "auto"),
        header_row=int(row) if row else None,
        sheet=options.get("sheet", ""),
        date_form=DATE_FORMS[options.get("date_format", "YYYY-MM-DD")],
        thousands=options.get("thousands", "no") == "yes",
        trailer=options.get("trailer", "合计"),
        trailer_needed=options.get("trailer_needed", "no") == "yes",
        output_encoding=options.get("output_encoding", "utf-8"),
    )


def _faults(options: Mapping[str, str]) -> Iterator[Fault]:
    choices = {
        "delimiter": frozenset(_DELIMITERS),
        "encoding": _ENCODINGS,
        "output_encoding": _ENCODINGS - {"auto"},
        "date_format": frozenset(DATE_FORMS),
        "thousands": _SWITCH,
        "trailer_needed": _SWITCH,
    }
    for name, allowed in choices.items():
        if name in options and options[name] not in allowed:
            listed = ", ".join(sorted(allowed))
            yield _fault(name, f"应为：{listed}", f"must be one of: {listed}")
    row = options.get("header_row", "")
    if row and not (row.isascii() and row.isdigit() and int(row) <= _HEADER_MAX):
        yield _fault("header_row", f"应为 0–{_HEADER_MAX}", f"must be 0 to {_HEADER_MAX}")
    if row == _NONE:
        for field in NEEDED:
            if not _POSITION.fullmatch(options.get(f"column_{field}", "")):
                zh, en = (
                    "无表头时须写列号，如 #3",
                    "without a header it must be a position such as #3",
                )
                yield _fault(f"column_{field}", zh, en)
    named: dict[str, str] = {}
    for field in HEADERS:
        own = _name(options.get(f"column_{field}", ""))
        if own and own in named:
            zh, en = f"与 column_{named[own]} 相同", f"is the column of {named[own]} too"
            yield _fault(f"column_{field}", zh, en)
        named.setdefault(own, field)


def _fault(option: str, zh: str, en: str) -> Fault:
    return Fault(path=option, code="option", zh=zh, en=en)


def _name(text: str) -> str:
    """A column's name without what people write differently: width, case, blanks."""
    return "".join(normalize("NFKC", text).casefold().split())


def label(header: Sequence[str], at: int) -> str:
    """How a column is named to its sender: its letter, and what its header says."""
    letters, number = "", at + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    said = header[at].strip()[:_LABEL_MAX] if at < len(header) else ""
    shown = "".join(mark if mark.isprintable() else " " for mark in said)
    return f"{letters} {shown}".strip()


_KNOWN: Final = {field: frozenset(map(_name, names)) for field, names in HEADERS.items()}
__all__ = ["BATCH", "OPTIONS", "Columns", "SheetForm", "form_of", "label"]
