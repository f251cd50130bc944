"""What reading hostile bytes costs, measured in a process of its own.

Prints one JSON object: CPU milliseconds per document and reader, and how far memory grew, in
bytes, at its highest.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from adapters.bank.cib import DIALECT
from adapters.erp.iso20022.read import read
from gateway.domain.errors import GatewayError
from gateway.domain.message import WireReply
from gateway.intake.json_body import parse_batch, parse_instruction
from gateway.wire.xml import Profile, parse
from tests.conformance.found import OTHER_BANK, SERIAL
from tests.hostile.attacks import FURTHER, own_files

LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
MADE: dict[str, Callable[[], bytes]] = {
    "billion laughs": f'<!DOCTYPE a [<!ENTITY a0 "x">{LAUGHS}]><a>&a11;</a>'.encode,
    "deep": lambda: b"<a>" * 300_000,
    "deep and closed": lambda: b"<a>" * 5000 + b"</a>" * 5000,
    "many attributes": lambda: b"<a " + b" ".join(b"a%d='x'" % n for n in range(50_000)) + b"/>",
    "many namespaces": lambda: (
        b"<a " + b" ".join(b"xmlns:a%d='u'" % n for n in range(9_000)) + b"/>"
    ),
    "eight megabytes of children": lambda: b"<a>" + b"<b/>" * 2_000_000 + b"</a>",
    "eight megabytes of attributes": lambda: b"<a " + b"a='' " * 1_000_000 + b"/>",
    "many children": lambda: b"<a>" + b"<b/>" * 200_000 + b"</a>",
    "many references": lambda: b"<a>" + b"&#65;" * 150_000 + b"</a>",
    "long name": lambda: b"<" + b"a" * 900_000 + b"/>",
    "long text": lambda: b"<a>" + b"x" * 900_000 + b"</a>",
    "long comment": lambda: b"<!--" + b"x" * 900_000 + b"--><a/>",
    "long declaration": lambda: b"<?xml version='1.0'" + b" " * 900_000 + b"?><a/>",
    "open quotes": lambda: b"<a b='" * 100_000,
    "zeros": lambda: bytes(900_000),
    "deep lists": lambda: b"[" * 400_000,
    "deep objects": lambda: b'{"a":' * 100_000,
    "many members": lambda: b"{" + b",".join(b'"a%d":1' % n for n in range(60_000)) + b"}",
    "repeated members": lambda: b"{" + b",".join([b'"amount":"1"'] * 60_000) + b"}",
    "a long number": lambda: b'{"amount":' + b"9" * 900_000 + b"}",
    "open strings": lambda: b'"\\' * 300_000,
}


def documents() -> Iterator[tuple[str, bytes]]:
    """Every hostile document that there is."""
    for path in own_files():
        yield path.name, path.read_bytes()
    for name, made in MADE.items():
        yield name, made()
    if FURTHER is not None:
        for path in sorted(FURTHER.glob("[!sk]*/*")):  # not signature, scenario, keys
            yield f"{path.parent.name}/{path.name}", path.read_bytes()


def readers() -> dict[str, Callable[[bytes], object]]:
    """Everything that reads what comes from outside."""
    pay = DIALECT.pay
    assert pay is not None
    return {
        **{one.value: lambda body, one=one: parse(body, one) for one in Profile},
        "file": lambda body: list(read([body])),
        "bank": lambda body: pay.decode(
            OTHER_BANK, SERIAL, WireReply(status=200, content_type="", body=body)
        ),
        "json": parse_instruction,
        "batch": parse_batch,
    }


def peak() -> int:
    """Highest resident size so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def main() -> None:
    """Measure, after one warming round over a small document."""
    named = readers()

    def tried(reader: Callable[[bytes], object], body: bytes) -> float:
        began = time.process_time()
        with suppress(GatewayError):
            reader(body)
        return (time.process_time() - began) * 1000

    for reader in named.values():
        tried(reader, Path(own_files()[0]).read_bytes())
    size = max(psutil.Process().memory_info().rss, peak())
    spent = {
        f"{name} by {way}": tried(reader, body)
        for name, body in documents()
        for way, reader in named.items()
    }
    json.dump({"ms": spent, "grown": peak() - size}, sys.stdout)


if __name__ == "__main__":
    main()
