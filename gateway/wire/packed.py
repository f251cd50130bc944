"""Files inside a gzip or zip: one after the other, in bounded memory and of bounded size.

Rule kept here: what unpacks to far more than any text does is refused while it unpacks; an archive
inside an archive is refused as well.
Source: RFC 1952 (gzip); APPNOTE.TXT 6.3.10 (zip).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import Final, NamedTuple

from gateway.domain.errors import WireError
from gateway.wire.package import BROKEN
from gateway.wire.workbook import is_workbook

PACKED_MAX: Final = 1 << 30
"""Bytes of a zip, which is laid down on disk because it is read from its end."""
MEMBERS_MAX: Final = 10_000
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_PIECE: Final = 1 << 16
_FREE: Final = 32 << 20
"""So much may come out whatever went in."""
_RATIO_MAX: Final = 200
"""XML of a bank packs 10 to 60 times."""
_SPOOL_MAX: Final = 1 << 20
_GZIP_WINDOW: Final = 31
_NO_FILES: Final = ("__MACOSX/", ".DS_Store", "Thumbs.db")


class Member(NamedTuple):
    """One file of an archive; its pieces are read before the next one is asked for."""

    name: str
    pieces: Iterator[bytes]


def is_packed(head: bytes) -> bool:
    """Whether the first bytes are a gzip or a zip that is no workbook."""
    return head.startswith(_GZIP) or (head.startswith(_ZIP) and not is_workbook(head))


def members(head: bytes, chunks: Iterator[bytes]) -> Iterator[Member]:
    """The files of an archive. Raises WireError ``archive`` or ``size``, also while being read."""
    if head.startswith(_GZIP):
        yield Member("", _gunzipped(chain([head], chunks)))
        return
    with SpooledTemporaryFile(_SPOOL_MAX) as spool:
        size = 0
        for chunk in chain([head], chunks):
            size += len(chunk)
            if size > PACKED_MAX:
                raise WireError("size", "/")
            spool.write(chunk)
        try:
            packed = zipfile.ZipFile(spool)
        except BROKEN:
            raise WireError("archive", "/") from None
        if len(packed.infolist()) > MEMBERS_MAX:
            raise WireError("size", "/")
        bound = _Bound(size)
        for info in packed.infolist():
            if not info.is_dir() and not any(it in info.filename for it in _NO_FILES):
                yield Member(info.filename, _unzipped(packed, info, bound))


class _Bound:
    """What may come out, measured by what has gone in."""

    def __init__(self, packed: int = 0) -> None:
        self.packed = packed
        self._out = 0

    def out(self, count: int, path: str) -> None:
        """Count bytes that came out. Raises WireError ``size``."""
        self._out += count
        if self._out > _FREE + _RATIO_MAX * self.packed:
            raise WireError("size", path)


def _unzipped(packed: zipfile.ZipFile, info: zipfile.ZipInfo, bound: _Bound) -> Iterator[bytes]:
    path = f"/{info.filename}"
    try:
        with packed.open(info) as part:
            while piece := part.read(_PIECE):
                bound.out(len(piece), path)
                yield piece
    except BROKEN:
        raise WireError("archive", path) from None


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    bound = _Bound()
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    for chunk in chunks:
        bound.packed += len(chunk)
        left = chunk
        while left:
            if unpacker.eof:
                if not left.strip(b"\0"):
                    left = b""
                    continue
                # Several gzips in a row are one file.
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            try:
                piece = unpacker.decompress(left, _PIECE)
            except zlib.error:
                raise WireError("archive", "/") from None
            left = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            if piece:
                bound.out(len(piece), "/")
                yield piece
            elif not unpacker.eof:
                break
    # What was held back because a piece is only so large.
    while not unpacker.eof and (piece := unpacker.decompress(b"", _PIECE)):
        bound.out(len(piece), "/")
        yield piece
    if not unpacker.eof:
        raise WireError("archive", "/")
