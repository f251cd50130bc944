"""What a bank's receipt file holds: one PDF, or a zip of them. Nothing is written anywhere.

Rule kept here: a file is believed in nothing: not in its name, nor its sizes, nor its paths. What
is refused is named; the good papers beside it are kept all the same.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final, NamedTuple

from gateway.domain.receipt_order import ReceiptFinding

FILE_MAX: Final = 64 << 20
"""Most bytes of a file that is fetched."""
PAPER_MAX: Final = 10 << 20
"""Most bytes of one PDF."""
WHOLE_MAX: Final = 256 << 20
"""Most bytes of all papers of one zip."""
MEMBERS_MAX: Final = 5_000
NAME_MAX: Final = 120
_PDF: Final = b"%PDF-"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED: Final = 0x1
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_UNSAFE: Final = re.compile(r"(^|/)\.\.(/|$)|^/|\\|^[A-Za-z]:|[\x00-\x1f\x7f]")
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


class Paper(NamedTuple):
    """One PDF. ``key`` is the file's name without its ending: the key of a statement line."""

    key: str
    name: str
    content: bytes


class Unpacked(NamedTuple):
    """What a file held. ``whole`` is False when it was damaged and fetching it again may help."""

    papers: tuple[Paper, ...]
    findings: tuple[ReceiptFinding, ...]
    whole: bool


def unpacked(name: str, content: bytes) -> Unpacked:
    """Read a fetched file; what it is, is seen from its bytes, not from its name."""
    if content.startswith(_ZIP):
        return _zip(name, content)
    if not content.startswith(_PDF):
        return _refused("not_pdf", name)
    if len(content) > PAPER_MAX:
        return _refused("too_large", name)
    paper = _paper(name, content)
    if paper is None:
        return _refused("name_odd", name)
    return Unpacked((paper,), (), whole=True)


def _zip(name: str, content: bytes) -> Unpacked:
    papers: list[Paper] = []
    findings: list[ReceiptFinding] = []
    left = WHOLE_MAX
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [it for it in archive.infolist() if not it.is_dir()]
            if len(members) > MEMBERS_MAX:
                return _refused("too_many", name)
            for member in members:
                if left <= 0:
                    findings.append(ReceiptFinding(code="too_large", name=shown(name)))
                    break
                read, size = _member(archive, member, min(PAPER_MAX, left))
                left -= size  # also of what is refused, or it could be made to take for ever
                if isinstance(read, Paper):
                    papers.append(read)
                else:
                    findings.append(read)
    except _DAMAGED:
        damaged = ReceiptFinding(code="damaged", name=shown(name))
        return Unpacked(tuple(papers), (*findings, damaged), whole=False)
    # What is refused for its form will be so again; a file of HTML inside may have been a mishap.
    again = any(it.code in {"not_pdf", "too_large"} for it in findings)
    return Unpacked(tuple(papers), tuple(findings), whole=not again)


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int
) -> tuple[Paper | ReceiptFinding, int]:
    """One member of a zip and its size, read no further than ``most``, whatever its head says."""
    inner = member.filename
    if _UNSAFE.search(inner):
        return ReceiptFinding(code="path_odd", name=shown(inner)), 0
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
        return ReceiptFinding(code="unreadable", name=shown(inner)), 0
    with archive.open(member) as source:
        content = b"".join(_pieces(source, most + 1))
    if len(content) > most:
        return ReceiptFinding(code="too_large", name=shown(inner)), len(content)
    if not content.startswith(_PDF):
        return ReceiptFinding(code="not_pdf", name=shown(inner)), len(content)
    paper = _paper(inner, content)
    return paper or ReceiptFinding(code="name_odd", name=shown(inner)), len(content)


def _pieces(source: IO[bytes], most: int) -> Iterator[bytes]:
    while most > 0 and (piece := source.read(min(most, 1 << 16))):
        most -= len(piece)
        yield piece


def _paper(name: str, content: bytes) -> Paper | None:
    """None for a name that cannot be a line's key."""
    base = name.rpartition("/")[2]
    key = base[: -len(".pdf")] if base.lower().endswith(".pdf") else base
    if not key or len(base) > NAME_MAX or not base.isprintable():
        return None
    return Paper(key, base, content)


def _refused(code: str, name: str) -> Unpacked:
    return Unpacked((), (ReceiptFinding(code=code, name=shown(name)),), whole=False)


def shown(name: str) -> str:
    """A name of a stranger's as it may be stored and shown."""
    return "".join(mark if mark.isprintable() else "?" for mark in name[:NAME_MAX])
