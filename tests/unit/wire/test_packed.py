"""Archives: their files one by one, bombs refused while they unpack."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib

import pytest

from gateway.domain.errors import WireError
from gateway.wire.packed import MEMBERS_MAX, is_packed, members

TEXT = b"some text of a statement\n" * 5_000


def zipped(files, method=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as out:
        for name, content in files:
            out.writestr(name, content)
    return packed.getvalue()


def unpacked(content, size=1000):
    pieces = iter([content[it : it + size] for it in range(size, len(content), size)])
    assert is_packed(content[:size])
    return [(it.name, b"".join(it.pieces)) for it in members(content[:size], pieces)]


@pytest.mark.parametrize("size", [7, 1000, 10**6])
def test_gzip(size):
    assert unpacked(gzip.compress(TEXT), size) == [("", TEXT)]
    assert unpacked(gzip.compress(TEXT) + gzip.compress(b"more"), size) == [("", TEXT + b"more")]
    assert unpacked(gzip.compress(TEXT) + b"\0" * 20, size) == [("", TEXT)]


def test_zip():
    files = [("a/b.xml", b"one"), ("c.txt", TEXT)]
    around = [("a/", b""), ("__MACOSX/a/._b.xml", b"x"), ("a/.DS_Store", b"x")]
    assert unpacked(zipped(files + around)) == files
    assert unpacked(zipped([])) == []


def test_a_workbook_is_no_archive():
    assert not is_packed(zipped([("[Content_Types].xml", b"<a/>"), ("xl/workbook.xml", b"<a/>")]))
    assert not is_packed(b"text")


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT)[:-20],
        gzip.compress(TEXT)[:5] + b"\xff" * 40,
        zipped([("a", TEXT)])[:-10],
        zipped([("a", TEXT)]).replace(b"PK\x01\x02", b"PK\x09\x09"),
        zipped([("a", TEXT)], zipfile.ZIP_STORED).replace(b"some", b"none"),
    ],
    ids=["gzip cut", "gzip damaged", "zip cut", "zip without directory", "zip with a wrong sum"],
)
def test_what_is_damaged_is_refused(content):
    with pytest.raises(WireError) as caught:
        unpacked(content)
    assert caught.value.reason == "archive"


def bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(80)) + packer.flush()


@pytest.mark.parametrize("content", [bomb(), zipped([("a", bytes(60 << 20)), ("b", b"x")])])
def test_bombs_are_refused_while_they_unpack(content):
    came = 0

    def unpack():
        nonlocal came
        for member in members(content[:100], iter([content[100:]])):
            for piece in member.pieces:
                came += len(piece)

    with pytest.raises(WireError) as caught:
        unpack()
    assert caught.value.reason == "size"
    assert came < 60 << 20


def test_too_many_files():
    with pytest.raises(WireError) as caught:
        unpacked(zipped([(str(it), b"") for it in range(MEMBERS_MAX + 1)]), 10**7)
    assert caught.value.reason == "size"
