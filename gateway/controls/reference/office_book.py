"""The whole directory in one process's memory: packed text and sorted numbers, no object a line.

Rule kept here: 160,000 offices cost some twenty megabytes and a look-up some microseconds. Built
when first asked for, never at a start.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from io import StringIO
from typing import Final

from gateway.domain.bank_office import (
    BankOffice,
    OfficeMatch,
    OfficeStatus,
    in_city,
    ranked,
    same_office_name,
)
from gateway.domain.names import core

CANDIDATES_MAX: Final = 4_000
"""So many offices are looked at for one name; one that fits more is no name but a word."""
_PART: Final = "\t"
_BANK: Final = 10**9


class OfficeBook:
    """The directory, asked by number, by name, and by bank and city."""

    __slots__ = ("_at_name", "_at_text", "_by_name", "_names", "_numbers", "_places", "_texts")

    def __init__(self, offices: Iterable[BankOffice]) -> None:
        texts, names = StringIO(), StringIO()
        numbers = array("q")
        # Each name stands between line ends, so that a search sees where a name begins and ends.
        self._at_text, self._at_name = array("q", [0]), array("q", [names.write("\n")])
        for office in offices:
            numbers.append(int(office.number))
            self._at_text.append(self._at_text[-1] + texts.write(_packed(office)))
            self._at_name.append(self._at_name[-1] + names.write(core(office.name) + "\n"))
        self._texts, self._names = texts.getvalue(), names.getvalue()
        self._places = array("q", sorted(range(len(numbers)), key=numbers.__getitem__))
        self._numbers = array("q", (numbers[at] for at in self._places))
        self._by_name = array("q", sorted(range(len(numbers)), key=self._name))

    def __len__(self) -> int:
        return len(self._numbers)

    def by_number(self, number: str) -> BankOffice | None:
        """The office with these 12 digits."""
        if not (number.isascii() and number.isdigit()):
            return None
        place = bisect_left(self._numbers, int(number))
        if place == len(self):
            return None
        office = self._office(self._places[place])
        return office if office.number == number else None

    def by_exact_name(self, name: str) -> tuple[BankOffice, ...]:
        """The offices that bear this name, but for widths, punctuation and the legal form."""
        asked = core(name)
        first = bisect_left(self._by_name, asked, key=self._name)
        last = bisect_right(self._by_name, asked, lo=first, key=self._name)
        found = (self._office(at) for at in self._by_name[first:last])
        return tuple(office for office in found if same_office_name(name, office))

    def by_name(self, asked: str, *, limit: int, city: str = "") -> tuple[OfficeMatch, ...]:
        """At most ``limit`` offices whose name fits, best first."""
        wanted = core(asked)
        if not wanted:
            return ()
        seen: dict[int, BankOffice] = {}
        for needle in (f"\n{wanted}\n", f"\n{wanted}", wanted):
            for at in self._spots(needle):
                if len(seen) == CANDIDATES_MAX:
                    break
                if at not in seen:
                    seen[at] = self._office(at)
        return ranked(asked, seen.values(), limit=limit, city=city)

    def of_bank(self, bank_code: str, *, city: str, limit: int) -> tuple[BankOffice, ...]:
        """At most ``limit`` offices of a bank (three digits) in a city, by number."""
        first = bisect_left(self._numbers, int(bank_code) * _BANK)
        last = bisect_left(self._numbers, (int(bank_code) + 1) * _BANK)
        found: list[BankOffice] = []
        for at in self._places[first:last]:
            office = self._office(at)
            if in_city(office, city):
                found.append(office)
                if len(found) == limit:
                    break
        return tuple(found)

    def _name(self, at: int) -> str:
        return self._names[self._at_name[at] : self._at_name[at + 1] - 1]

    def _spots(self, needle: str) -> Iterator[int]:
        """The offices in whose name ``needle`` stands, as they were told."""
        found = self._names.find(needle)
        while found >= 0:
            at = bisect_right(self._at_name, found + needle.startswith("\n")) - 1
            yield at
            found = self._names.find(needle, self._at_name[at + 1] - 1)

    def _office(self, at: int) -> BankOffice:
        text = self._texts[self._at_text[at] : self._at_text[at + 1]]
        number, name, clearing, city, status, since = text.split(_PART)
        return BankOffice(
            number=number,
            name=name,
            clearing_number=clearing,
            city=city,
            status=OfficeStatus(status),
            valid_from=date.fromisoformat(since) if since else None,
        )


class LazyOffices:
    """A directory that is read when first asked: a start pays nothing for it.

    ``load`` gives the book; ``edition`` a cheap mark of what is imported, so that a later import
    is seen: where it changed, the book is loaded anew.
    """

    __slots__ = ("_book", "_edition", "_load", "_loaded")

    def __init__(self, load: Callable[[], OfficeBook], edition: Callable[[], str]) -> None:
        self._load = load
        self._edition = edition
        self._loaded: str | None = None
        self._book: OfficeBook | None = None

    def book(self) -> OfficeBook:
        """The directory as imported last."""
        edition = self._edition()
        if self._book is None or self._loaded != edition:
            self._book, self._loaded = self._load(), edition
        return self._book


def _packed(office: BankOffice) -> str:
    since = office.valid_from.isoformat() if office.valid_from else ""
    return _PART.join(
        (
            office.number,
            office.name,
            office.clearing_number,
            office.city,
            office.status.value,
            since,
        )
    )
