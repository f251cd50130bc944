"""The archive: exact bytes, no secret among them, and a digest that outlives the secret."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from gateway.domain.chain import commitment
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.relay.archive import Archive, Envelope, visible
from gateway.signing.vault import Vault
from gateway.store import tables
from tests.relay_ground import CAST, VAULT_KEY, at_work
from tests.store_ground import bench

SECRET = b"Top-Secret-1"
MESSAGE = WireMessage(
    (Segment(b"<A>"), Segment(SECRET, secret=True), Segment(b""), Segment(b"</A>")), "text/xml"
)
ENVELOPE = Envelope(tenant="t", connection="c", purpose="pay", serial="S1", message="m")


@pytest.fixture
def at():
    with bench() as it:
        yield it


def archive(at, key: bytes = VAULT_KEY) -> Archive:
    return Archive(at.runtime, Vault(key, at.runtime.random.bytes))


def stored(at):
    at.group(lambda uow: archive(at).store_out(uow, ENVELOPE, MESSAGE))
    (wire,), (secret,) = at.rows(tables.wire), at.rows(tables.wire_secret)
    return wire, secret


def digest_without_the_secret(content: bytes, layout: str) -> str:
    """What anybody can compute from the row alone."""
    digest, start = hashlib.sha256(), 0
    for part in json.loads(layout):
        if isinstance(part, str):
            digest.update(b"S" + bytes.fromhex(part))
        else:
            digest.update(b"P" + hashlib.sha256(content[start : start + part]).digest())
            start += part
    assert start == len(content)
    return digest.hexdigest()


def test_secrets_are_cut_out_and_sealed(at):
    wire, secret = stored(at)
    assert wire.content == b"<A></A>"
    for row in (wire, secret):
        for value in row:
            assert SECRET not in (value if isinstance(value, bytes) else str(value).encode())
    assert Vault(VAULT_KEY, bytes).unseal(secret.sealed, f"{wire.id}/1") == SECRET


def test_a_sealed_secret_opens_only_in_its_own_place_and_with_its_own_key(at):
    wire, secret = stored(at)
    for key, place in ((VAULT_KEY, f"{wire.id}/2"), (b"w" * 32, f"{wire.id}/1")):
        with pytest.raises(InvalidTag):
            Vault(key, bytes).unseal(secret.sealed, place)


def test_the_digest_can_be_recomputed_without_the_secret(at):
    wire, secret = stored(at)
    assert digest_without_the_secret(wire.content, wire.layout) == wire.digest
    assert json.loads(wire.layout)[1] == commitment(secret.salt, SECRET).hex()
    assert digest_without_the_secret(wire.content.replace(b"A", b"B"), wire.layout) != wire.digest


def test_shown_bytes_have_asterisks_for_secrets(at):
    wire, _ = stored(at)
    assert visible(wire.content, wire.layout).body() == b"<A>******</A>"


def test_replies_are_archived_as_received(at):
    body = bytes(range(256))
    reply = WireReply(502, "x" * 500, body)
    at.group(lambda uow: archive(at).store_in(uow, ENVELOPE, reply))
    (row,) = at.rows(tables.wire)
    assert (row.direction, row.status, row.content) == ("in", 502, body)
    assert len(row.content_type) == 200
    assert digest_without_the_secret(row.content, row.layout) == row.digest


def test_every_message_of_a_payment_is_there_and_none_holds_the_password(tmp_path):
    async def story(it, far):
        far.script.append(far.lost)
        paid = await it.post()
        await it.until_state(paid, "UNCONFIRMED")
        await it.at_rest()
        it.clock.pass_time(minutes=16)
        await it.until_state(paid, "SETTLED")
        await it.at_rest()
        wires = it.rows(tables.wire, tables.wire.c.id)
        assert [(row.direction, row.purpose) for row in wires] == [
            ("out", "pay"),
            ("out", "enquiry"),
            ("in", "enquiry"),
            ("out", "resend"),
            ("in", "pay"),
        ]
        secret = CAST.password.encode()
        sent = [row for row in wires if row.direction == "out"]
        assert [row.content for row in sent] == [
            call.body.replace(secret, b"") for call in far.calls
        ]
        for call in far.calls:
            assert call.body.count(secret) == 1
        for row in wires:
            assert secret not in row.content
            assert digest_without_the_secret(row.content, row.layout) == row.digest
        sealed = it.store.read_now(lambda db: db.execute(select(tables.wire_secret)).all())
        assert len(sealed) == len(sent)
        for row in sealed:
            assert it.vault.unseal(row.sealed, f"{row.wire}/{row.position}") == secret
        for row in it.rows(tables.journal):
            assert secret not in row.payload

    at_work(tmp_path, story)
