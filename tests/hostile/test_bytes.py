"""Damaged bytes where bytes come in: a value or a WireError, nothing else, and never slowly."""

from __future__ import annotations

import random
import time
from itertools import islice
from pathlib import Path

import pytest

from adapters.bank.cib.bank_side import BANK_SIDE
from adapters.erp.iso20022.read import RECORDS, read
from gateway.domain.errors import BankRefused, WireError
from gateway.domain.message import WireReply
from gateway.wire.xml import LIMITS, Profile, parse, stream
from tests.golden.kinds import cases

TESTS = Path(__file__).resolve().parents[1]
FILES = sorted((TESTS / "data" / "erp" / "iso20022").glob("*.xml"))
SPLINTERS = (
    *(b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"\xb8\xb6", b"\r", b"]]>", b"<!--"),
    *(b"-->", b"<?x", b"?>", b"<![CDATA[", b"&e;", b"&#x0;", b"&#55296;", b"&lt;", b"</", b"/>"),
    *(b"<!DOCTYPE x [<!ENTITY e 'v'>]>", b"<?xml version='1.0'?>", b' xmlns="u"', b"<p:a/>"),
    *(b"<A>" * 40, b"-", b"NaN", b"1e9", b"9" * 400, "１２".encode(), b' a="' + b"b" * 9000),
)
BUDGET_S = 2.5
"""For each fuzzer; how many it tries in that time depends on the machine, the first ones do not."""
LEAST = 200
SLOW_S = 1.0


def damaged(seeds, salt):
    """Endlessly many damaged copies, the same ones in every run."""
    chance = random.Random(salt)
    while True:
        body = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            start = chance.randrange(len(body) + 1)
            kind = chance.randrange(4)
            if kind == 0 and body:  # one bit
                body[start - 1] ^= 1 << chance.randrange(8)
            elif kind == 1:  # a part of another document, or of this one again
                other = chance.choice(seeds)
                cut = chance.randrange(len(other))
                body[start:start] = other[cut : cut + chance.randrange(200)]
            elif kind == 2:
                del body[start : start + chance.randrange(40)]
            else:
                body[start : start + chance.randrange(6)] = chance.choice(SPLINTERS)
        yield bytes(body)


def hold(seeds, salt, readers):
    """Try damaged bytes until the time is up. Any other exception than ours fails the test."""
    until = time.monotonic() + BUDGET_S
    refused = tried = 0
    for body in damaged(seeds, salt):
        if tried >= LEAST and time.monotonic() > until:
            break
        tried += 1
        for reader in readers:
            began = time.process_time()
            try:
                reader(body)
            except (WireError, BankRefused):
                refused += 1
            assert time.process_time() - began < SLOW_S, body[:2000]
    assert refused > tried / 10, "hardly anything was damaged"


def test_every_reader_of_xml():
    seeds = [path.read_bytes() for path in FILES]
    seeds += [reply for reply, _ in replies()]
    hold(
        seeds,
        "wire",
        [
            *(lambda body, profile=profile: parse(body, profile) for profile in Profile),
            lambda body: list(stream([body[:9], body[9:]], RECORDS)),
        ],
    )


def replies():
    for folder, case in cases():
        path = folder / f"{case.name}.reply.xml"
        if path.exists():
            yield path.read_bytes(), case


def operation_of(name):
    return name.partition(".")[0]


OPERATIONS = sorted({operation_of(case.name) for _, case in replies()})


def test_every_answer_of_a_bank(monkeypatch):
    """All operations that have golden messages share the time."""
    monkeypatch.setitem(hold.__globals__, "BUDGET_S", BUDGET_S / len(OPERATIONS))
    monkeypatch.setitem(hold.__globals__, "LEAST", LEAST // 4)
    for operation in OPERATIONS:
        found = [(body, case) for body, case in replies() if operation_of(case.name) == operation]
        readers = [
            lambda body, case=case: case.decode(
                WireReply(status=200, content_type=case.content_type, body=body)
            )
            for _, case in found[:3]
        ]
        readers.append(found[0][1].explain)
        hold([body for body, _ in found], operation, readers)


def test_every_question_to_the_sandboxs_bank():
    seeds = [path.read_bytes() for path in sorted((TESTS / "golden" / "cib").glob("*.request.xml"))]
    hold(seeds, "bank side", [BANK_SIDE.decode])


def test_every_payment_file():
    assert len(FILES) > 3
    seeds = [path.read_bytes() for path in FILES if b"pain.001" in path.read_bytes()]
    hold(seeds, "pain.001", [lambda body: list(read([body])), lambda body: list(read(bits(body)))])


def bits(body):
    return [body[start : start + 700] for start in range(0, len(body), 700)]


@pytest.mark.parametrize("salt", ["a", "b"])
def test_the_damage_is_the_same_in_every_run(salt):
    seeds = [path.read_bytes() for path in FILES]
    first, second = (list(islice(damaged(seeds, salt), 20)) for _ in range(2))
    assert first == second


# ── what the fuzzers have found ─────────────────────────────────────────────────────────────


def test_a_prefix_that_nothing_declares_is_malformed_before_the_end_of_the_file():
    """libxml2 hands the element over first and complains later."""
    with pytest.raises(WireError, match="malformed"):
        list(stream([b"<p:a><b/>", b"</p:a>"], frozenset({"b"})))


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("flood", [b"<b/>", b"<b c='1'/>", b"<!---->", b"<?b?>"])
def test_a_flood_is_refused_before_a_tree_is_built(profile, flood, monkeypatch):
    monkeypatch.setattr("gateway.wire.xml.whole_parser", None)
    with pytest.raises(WireError, match="nodes"):
        parse(b"<a>" + flood * LIMITS[profile].nodes + b"</a>", profile)


@pytest.mark.parametrize("flood", [b"<b/>", b" c='1'"])
def test_a_flood_without_a_record_ends_a_stream(flood):
    read_on = iter([b"<a><c>" if flood.startswith(b"<") else b"<a ", *[flood * 9000] * 100])
    with pytest.raises(WireError, match="nodes"):
        list(stream(read_on, RECORDS))
    assert next(read_on, None) is not None, "all of it was read"
