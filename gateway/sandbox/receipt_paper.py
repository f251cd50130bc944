"""A bank's receipt of one statement line as a small PDF, and the archives it may come in.

Rule kept here: everything on the paper stands in the ledger; the same line gives the same bytes.
The text is set in a font that every reader brings along (PDF 1.7, predefined CJK encodings).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from gateway.domain.statement import Entry

SUFFIX = ".pdf"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold: archives of the same papers are the same bytes."""
_BOMB_BYTES = 32 << 20
_FONT = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
    b" /DescendantFonts [5 0 R] >>"
)
_GLYPHS = (
    b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo"
    b" << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000"
    b" /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 6 >> >>"
)
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 6 0 R"
    b" /Resources << /Font << /F1 4 0 R >> >> >>"
)


def paper(account: str, holder: str, entry: Entry) -> bytes:
    """The receipt of a line: whose account, how much, with whom, and the line's own key."""
    side = "付款" if entry.amount.minor < 0 else "收款"
    lines = (
        "沙箱银行电子回单（虚构，无效力）",
        f"账号 {account}",
        f"户名 {holder}",
        f"{side}金额 {entry.amount.text()} {entry.amount.currency.code}",
        f"对方 {entry.counterparty_name} {entry.counterparty_account}",
        f"摘要 {entry.remittance}",
        f"记账日 {entry.booking_date}",
        f"流水 {entry.reference}",
        f"明细标识 {entry.bank_key}",
    )
    text = b"".join(
        b"<%b> Tj 0 -24 Td\n" % line.encode("utf-16-be", "replace").hex().encode() for line in lines
    )
    stream = b"BT /F1 14 Tf 60 760 Td\n" + text + b"ET"
    return _document(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            *(_PAGE, _FONT, _GLYPHS),
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        )
    )


def packed(papers: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip of named papers."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in papers:
            archive.writestr(_member(name), content)
    return made.getvalue()


def bomb() -> bytes:
    """A small zip with one member that unpacks to far more than a receipt can be."""
    return packed([("bomb.pdf", b"%PDF-" + bytes(_BOMB_BYTES))])


def broken(archive: bytes) -> bytes:
    """An archive of which a run of bytes in the middle was lost on the way."""
    middle = len(archive) // 2
    return archive[:middle] + bytes(byte ^ 0xFF for byte in archive[middle : middle + 64])


def _member(name: str) -> zipfile.ZipInfo:
    told = zipfile.ZipInfo(name, _EPOCH)
    told.compress_type = zipfile.ZIP_DEFLATED
    return told


def _document(objects: Sequence[bytes]) -> bytes:
    made = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        made += b"%010d 00000 n \n" % place
    made += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(made)
