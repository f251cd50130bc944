"""Finds the leaves of one record, or of a part of it, by their paths.

Rule kept here: a leaf is told by its number among the texts of its record or part; what comes
twice and should not is named, and the first one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from gateway.formats.read.camt_paths import CHARGES, DETAILS, REPEATED, WANTED
from gateway.wire.libxml import Element

Texts = list[str]
Pick = Callable[[Texts], tuple[str, ...]]
Numbers = Mapping[Element, int]
"""Which text of its record each leaf is."""


class Sum(NamedTuple):
    """An amount: which text it is, and its currency."""

    at: int
    currency: str


class Charge(NamedTuple):
    """One charge: its amount, and which texts say its direction and whether it is included."""

    amount: Sum
    direction: int
    included: int


@dataclass(frozen=True, slots=True)
class Charges:
    """Those of an entry or a part. ``totals`` are sums over them."""

    each: tuple[Charge, ...] = ()
    totals: tuple[Sum, ...] = ()


_Leaves = dict[str, list[tuple[int, Element]]]


class Finder:
    """Walks one example. ``base`` is the number of its first leaf, ``size`` how many it has."""

    def __init__(self, numbers: Numbers, base: int, size: int) -> None:
        self._numbers = numbers
        self._base = base
        self._size = size
        self._leaves: _Leaves = {}
        self._charges: list[_Leaves] = []
        self.firsts: list[tuple[int, ...]] = []
        """Values with several places, by the order in which they follow the texts."""
        self.surplus: list[str] = []
        self.parts: list[tuple[str, Element]] = []
        """The parts of an entry, with the path that people are told."""

    def walk(self, element: Element, *, parts: bool = False) -> None:
        """Collect everything below ``element``; with ``parts``, ``TxDtls`` are set aside."""
        self._walk(element, "", parts=parts)

    def _walk(self, parent: Element, above: str, *, parts: bool) -> None:
        seen: set[str] = set()
        for child in parent.iterchildren("{*}*"):
            name = child.tag.rpartition("}")[2]
            path = above + name
            if parts and path in DETAILS:
                self.parts.append((path, child))
            elif path in CHARGES:
                self._charge(child)
            elif name in seen and path not in REPEATED:
                if path in WANTED:
                    self.surplus.append(path)
            else:
                seen.add(name)
                at = self._numbers.get(child)
                if at is not None:
                    self._leaves.setdefault(path, []).append((at - self._base, child))
                else:
                    self._walk(child, f"{path}/", parts=parts)

    def _charge(self, element: Element) -> None:
        """A ``Chrgs`` with its amount (.02), or with records (later)."""
        charge: _Leaves = {}
        self._charges.append(charge)
        for child in element.iterchildren("{*}*"):
            name = child.tag.rpartition("}")[2]
            at = self._numbers.get(child)
            if name == "Rcrd":
                self._charge(child)
            elif at is not None:
                charge.setdefault(name, []).append((at - self._base, child))

    def pick(self, slots: tuple[tuple[str, ...], ...]) -> Pick:
        """What picks the values of ``slots`` from a row of texts."""
        return itemgetter(*map(self._place, slots))

    def _place(self, paths: tuple[str, ...]) -> int:
        """Which text a value is; a further one, behind all, where it depends on the record."""
        places: list[int] = []
        for path in paths:
            if path in self._leaves:
                places += self.places(path)
        if not places:
            return self._size
        if len(places) == 1:
            return places[0]
        self.firsts.append(tuple(places))
        return self._size + len(self.firsts)

    def places(self, path: str) -> tuple[int, ...]:
        """Which texts stand at a path."""
        return tuple(at for at, _ in self._leaves.get(path, ()))

    def sum(self, path: str) -> Sum | None:
        """The first amount at a path."""
        return _sum(self._leaves, path)

    def sums(self, paths: tuple[str, ...]) -> tuple[Sum, ...]:
        """The amounts at these paths."""
        return tuple(it for path in paths if (it := self.sum(path)))

    def named(self, names: Mapping[str, str]) -> Iterator[tuple[str, int]]:
        """Which texts stand at the paths of ``names``, by the name that each path is given."""
        for path, name in names.items():
            yield from ((name, at) for at in self.places(path))

    def pairs(self, one: str, two: str) -> tuple[tuple[int, int], ...]:
        """Texts at two paths that belong together; none where one is missing somewhere."""
        ones, twos = self.places(one), self.places(two)
        return tuple(zip(ones, twos, strict=True)) if len(ones) == len(twos) else ()

    def charges(self) -> Charges:
        """The charges found."""
        each: list[Charge] = []
        totals: list[Sum] = []
        for charge in self._charges:
            amount, total = _sum(charge, "Amt"), _sum(charge, "TtlChrgsAndTaxAmt")
            if amount is not None:
                way, included = self._at(charge, "CdtDbtInd"), self._at(charge, "ChrgInclInd")
                each.append(Charge(amount, way, included))
            if total is not None:
                totals.append(total)
        return Charges(tuple(each), tuple(totals))

    def _at(self, leaves: _Leaves, name: str) -> int:
        """Which text a leaf is, or the empty one."""
        found = leaves.get(name)
        return found[0][0] if found else self._size


def _sum(leaves: _Leaves, path: str) -> Sum | None:
    for at, leaf in leaves.get(path, ()):
        return Sum(at, leaf.get("Ccy") or "")
    return None
