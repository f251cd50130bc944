"""Archived bytes cannot be changed, exchanged or removed without the journal telling."""

from __future__ import annotations

import json

import pytest

from gateway.domain.message import Segment, WireMessage
from gateway.relay.archive import Archive, Envelope
from gateway.signing.vault import Vault
from gateway.store.wires import wire_digest

MESSAGE = WireMessage((Segment(b"<A>"), Segment(b"secret", secret=True), Segment(b"</A>")), "x")
ENVELOPE = Envelope(tenant="t", connection="c", purpose="balance", serial="S1")


@pytest.fixture
def wire(trail) -> str:
    first = trail.first
    archive = Archive(first.runtime, Vault(b"k" * 32, first.runtime.random.bytes))
    kept: list[str] = []
    first.group(lambda uow: kept.append(archive.store_out(uow, ENVELOPE, MESSAGE, alone=True).id))
    assert trail.verdict().findings == ()
    return kept[0]


def test_changed_bytes_are_found(trail, wire):
    trail.sql("UPDATE wire SET content = :content", content=b"<B></A>")
    assert trail.findings() == {(wire, 0, "wire")}


def test_bytes_and_digest_changed_together_are_found(trail, wire):
    layout = [3, "00" * 32, 4]
    trail.sql(
        "UPDATE wire SET content = :content, layout = :layout, digest = :digest",
        content=b"<B></B>",
        layout=json.dumps(layout),
        digest=wire_digest(b"<B></B>", layout),
    )
    assert trail.findings() == {(wire, 0, "wire")}


def test_a_removed_row_is_found(trail, wire):
    trail.sql("DELETE FROM wire")
    assert trail.findings() == {(wire, 0, "wire_missing")}


def test_bytes_nobody_vouches_for_are_found(trail, wire):
    trail.sql(
        "INSERT INTO wire SELECT tenant, 'forged', message, connection, direction, purpose, serial,"
        " at_us, status, content_type, content, layout, digest FROM wire"
    )
    assert trail.findings() == {("forged", 0, "wire")}


@pytest.mark.parametrize("layout", ["", "[]", "[3]", "{}", '["zz"]', "[null]"])
def test_a_broken_layout_is_a_finding_not_a_crash(trail, wire, layout):
    trail.sql("UPDATE wire SET layout = :layout", layout=layout)
    assert trail.findings() == {(wire, 0, "wire")}


def test_the_secret_is_not_needed_to_verify(trail, wire):
    trail.sql("DELETE FROM wire_secret")
    assert trail.verdict().findings == ()
