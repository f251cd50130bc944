"""The parts of an office document: a zip of XML, every size bounded.

Rule kept here: a damaged archive is a WireError, however the standard library says so.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire.libxml import Element, ended, pull_parser
from gateway.wire.transcode import as_utf8, crowd
from gateway.wire.tree import refusal

_PARTS_MAX: Final = 2_000
_PIECE: Final = 1 << 16
_RECORD_MAX: Final = 8 << 20
_NODES_MAX: Final = 200_000
BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,  # a place before the file's beginning
)
"""What the standard library's reader says of a damaged archive."""


class Parts:
    """The parts of the package, read with a bound on what they unpack to."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        if len(packed.namelist()) > _PARTS_MAX:
            raise WireError("size", "/")
        self._packed = packed
        self.names = frozenset(packed.namelist())

    def pieces(self, name: str, most: int) -> Iterator[bytes]:
        """A part's bytes."""
        if name not in self.names:
            raise WireError("workbook", f"/{name}")
        size = 0
        try:
            with self._packed.open(name) as part:
                while piece := part.read(_PIECE):
                    size += len(piece)
                    if size > most:
                        raise WireError("size", f"/{name}")
                    yield piece
        except BROKEN:
            raise WireError("workbook", f"/{name}") from None

    def elements(self, name: str, tags: frozenset[str], most: int) -> Iterator[Element]:
        """A part's elements of these local names, each whole and gone once the next is asked for.

        Fewer questions are asked of markup than ``stream`` asks of a payment file: of a workbook
        only texts are used, and a hundred thousand rows are a million cells.
        """
        parser = pull_parser(f"{{*}}{tag}" for tag in sorted(tags))
        idle = crowded = 0
        for piece in as_utf8(self.pieces(name, most)):
            try:
                parser.feed(piece)
            except etree.XMLSyntaxError as error:
                raise refusal(error) from None
            idle, crowded = idle + len(piece), crowded + crowd(piece)
            for element in ended(parser):
                idle = crowded = 0
                yield element
                _forget(element)
            if idle > _RECORD_MAX or crowded > _NODES_MAX:
                raise WireError("size", f"/{name}")
        try:
            parser.close()
        except etree.XMLSyntaxError as error:
            raise refusal(error) from None
        yield from ended(parser)


def _forget(element: Element) -> None:
    """Free an element and those before it: the tree stays as small as one record."""
    element.clear()
    above = element.getparent()
    if above is not None:
        while (earlier := element.getprevious()) is not None:
            above.remove(earlier)
