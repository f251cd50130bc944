"""Bytes that nobody meant: every ERP dialect refuses them in words, and stumbles over none."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from gateway.domain.errors import WireError
from tests.conformance.erps import DIALECTS, HEAD, READERS, each_file, sample_files

ROUNDS = 60
_BYTES = (b"", b"<", b">", b'"', b"{", b"}", b"[", b"]", b",", b"\n", b"\x00", b"\xff", b"0", b"&")


def garbled(data, dice) -> bytes:
    """The bytes with a few of them changed, lost, doubled or put elsewhere."""
    made = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(made))
        match dice.randrange(4):
            case 0:
                made[at : at + 1] = dice.choice(_BYTES)
            case 1:
                del made[at : at + dice.randint(1, 40)]
            case 2:
                made[at:at] = made[at : at + dice.randint(1, 40)]
            case _:
                made[at : at + 1] = bytes([dice.randrange(256)])
        if not made:
            return b""
    return bytes(made)


@each_file
def test_a_garbled_file_is_read_or_refused_and_nothing_else(name, path):
    dialect, dice = DIALECTS[name], random.Random(f"{name} {path.name}")
    for _ in range(ROUNDS):
        data = garbled(path.read_bytes(), dice)
        for look in (dialect.sniff, dialect.asks):
            if look is not None:
                assert look(data[:HEAD]) in {True, False}
        with suppress(WireError):
            for _part in dialect.read([data]):
                continue


QUESTIONING = [name for name, dialect in DIALECTS.items() if dialect.questions is not None]


@pytest.mark.parametrize("name", QUESTIONING)
def test_garbled_questions_are_read_or_refused_and_nothing_else(name):
    dialect, dice = DIALECTS[name], random.Random(name)
    asked = [
        path for path in sample_files(name.partition("/")[0]) if dialect.asks(path.read_bytes())
    ]
    for path in asked:
        assert dialect.questions(path.read_bytes())
        for _ in range(ROUNDS):
            with suppress(WireError):
                dialect.questions(garbled(path.read_bytes(), dice))
    for data in (b"", b"\xff" * 50, b"<a/>", b"{}", b"[]"):
        with pytest.raises(WireError):
            dialect.questions(data)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "data", [b"", b" \n", b"\xff\xfe\x00", b"<a/>", b"{}", b"[]", b"null", b"1"]
)
def test_what_is_nothing_is_refused(name, data):
    with pytest.raises(WireError):
        list(DIALECTS[name].read([data]))
