"""Where the values of an ``Ntry`` stand: found once for all entries that are made alike.

Rule kept here: a value is a place in a row of texts, so that an entry is read by picking, not by
looking; the parts of a batch are rows of their own, and have few layouts however many they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.formats.read.camt_finder import Charges, Finder, Numbers, Pick, Sum, Texts
from gateway.formats.read.camt_paths import (
    AMOUNTS,
    ENTRY,
    MORE_ENTRY,
    MORE_PART,
    ORIGINALS,
    OWN_REFERENCE,
    PART,
    WORDS,
)
from gateway.wire.libxml import Element
from gateway.wire.shapes import Shape


def _row(found: Texts, firsts: tuple[tuple[int, ...], ...]) -> Texts:
    """The row of texts that is picked from: those of the leaves, '', and the firsts."""
    found.append("")
    for places in firsts:
        for place in places:
            if found[place]:
                found.append(found[place])
                break
        else:
            found.append("")
    return found


@dataclass(frozen=True, slots=True)
class PartLayout:
    """Where a ``TxDtls`` has its values. Its places count from its own first leaf."""

    pick: Pick
    size: int
    firsts: tuple[tuple[int, ...], ...]
    amounts: tuple[Sum, ...]
    originals: tuple[Sum, ...]
    words: tuple[tuple[int, ...], ...]
    charges: Charges
    more: tuple[tuple[str, int], ...]
    named: tuple[tuple[int, int], ...]
    """References of the bank's own kind: which text says the kind, which the reference."""
    surplus: tuple[str, ...]

    def texts(self, found: Texts, base: int) -> Texts:
        """The row of this part among the leaves of its entry."""
        return _row(found[base : base + self.size], self.firsts)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where an ``Ntry`` has its values. ``firsts`` are values with several places.

    ``parts`` are told with the number of their first leaf; ``surplus`` are paths of what comes
    twice and should not.
    """

    pick: Pick
    currency: str
    firsts: tuple[tuple[int, ...], ...]
    batches: tuple[int, ...]
    parts: tuple[tuple[int, PartLayout], ...]
    charges: Charges
    charged: bool
    more: tuple[tuple[str, int], ...]
    surplus: tuple[str, ...]

    def texts(self, found: Texts) -> Texts:
        """The row of the entry: all leaves, '', and the firsts."""
        return _row(found, self.firsts)


class Layouts:
    """The layouts met in a document, by what the records are made of: few, or forgotten."""

    def __init__(self) -> None:
        self._entries: dict[_Made, Layout] = {}
        self._parts: dict[_Made, PartLayout] = {}

    def of_shape(self, shape: Shape) -> Layout:
        """The layout of records of one shape."""
        return _entry(shape.element, {leaf: at for at, leaf in enumerate(shape.leaves)}, None)

    def of_element(self, element: Element) -> tuple[Layout, Texts]:
        """The layout of one record, and its texts."""
        made = _made(element)
        if made is None:  # remarks stand inside: counted element by element
            leaves = [it for it in element.iter("{*}*") if not _parental(it)]
        else:
            leaves = [it for it in element.iter("{*}*") if not len(it)]
        texts = [(it.text or "").strip() for it in leaves]
        layout = self._entries.get(made) if made is not None else None
        if layout is None:
            self._forget()
            layout = _entry(element, {leaf: at for at, leaf in enumerate(leaves)}, self._parts)
            if made is not None and len(made) <= _MADE_MAX:
                self._entries[made] = layout
        return layout, texts

    def _forget(self) -> None:
        """What comes from outside must not grow for ever."""
        for kept in (self._entries, self._parts):
            if len(kept) >= _KEPT:
                kept.clear()


_KEPT: Final = 1024
_MADE_MAX: Final = 256
"""Elements of a record whose layout is worth keeping: large batches are never alike."""
_Made = tuple[tuple[str, str | None, int], ...]
"""What a record is made of: name, currency and number of children of each element in order."""


def _made(element: Element) -> _Made | None:
    """None where anything but elements stands inside."""
    found = [(it.tag, it.get("Ccy"), len(it)) for it in element.iter("{*}*")]
    return tuple(found) if sum(it[2] for it in found) == len(found) - 1 else None


def _parental(element: Element) -> bool:
    return len(element) > 0 and next(element.iterchildren("{*}*"), None) is not None


def _entry(element: Element, numbers: Numbers, kept: dict[_Made, PartLayout] | None) -> Layout:
    """The layout of an ``Ntry``; ``kept`` are layouts of parts, None where none are to be kept."""
    found = Finder(numbers, 0, len(numbers))
    found.walk(element, parts=True)
    parts = tuple(_parts([it for _, it in found.parts], numbers, kept))
    amount = found.sum("Amt")
    charges = found.charges()
    below = [
        f"{path}[{number}]/{tag}"
        for number, ((path, _), (_, part)) in enumerate(zip(found.parts, parts, strict=True), 1)
        for tag in part.surplus
    ]
    return Layout(
        pick=found.pick(ENTRY),
        currency=amount.currency if amount else "",
        firsts=tuple(found.firsts),
        batches=(*found.places("Btch/NbOfTxs"), *found.places("NtryDtls/Btch/NbOfTxs")),
        parts=parts,
        charges=charges,
        charged=any(it.each or it.totals for it in (charges, *(part.charges for _, part in parts))),
        more=tuple(found.named(MORE_ENTRY)),
        surplus=(*found.surplus, *below),
    )


def _parts(
    elements: list[Element], numbers: Numbers, kept: dict[_Made, PartLayout] | None
) -> Iterator[tuple[int, PartLayout]]:
    """The layouts of ``TxDtls``, each with the number of its first leaf."""
    for element in elements:
        made = _made(element) if kept is not None else None
        inside = [at for it in element.iter("{*}*") if (at := numbers.get(it)) is not None]
        base, size = (inside[0], len(inside)) if inside else (0, 0)
        layout = kept.get(made) if kept is not None and made is not None else None
        if layout is None:
            layout = _part(element, numbers, base, size)
            if kept is not None and made is not None and len(kept) < _KEPT:
                kept[made] = layout
        yield base, layout


def _part(element: Element, numbers: Numbers, base: int, size: int) -> PartLayout:
    found = Finder(numbers, base, size)
    found.walk(element)
    return PartLayout(
        pick=found.pick(PART),
        size=size,
        firsts=tuple(found.firsts),
        amounts=found.sums(AMOUNTS),
        originals=found.sums(ORIGINALS),
        words=tuple(places for path in WORDS if (places := found.places(path))),
        charges=found.charges(),
        more=tuple(found.named(MORE_PART)),
        named=found.pairs(f"{OWN_REFERENCE}Tp", f"{OWN_REFERENCE}Ref"),
        surplus=tuple(found.surplus),
    )
