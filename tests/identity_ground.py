"""What tests about identities stand on: a day, keys, rows in memory, a security key in software."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.identity.ceremonies import Ceremony
from gateway.identity.seals import purpose_key
from gateway.identity.sessions import Session
from tests.records import replace

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROOT = bytes(range(32))
KEY = purpose_key(ROOT, "tests")


def drawn(count: int, seed: int = 0) -> bytes:
    """Bytes that look random and are the same in every run."""
    return hashlib.shake_256(b"drawn %d" % seed).digest(count)


class SessionTable:
    """The table of sessions as a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, Session] = {}

    def put(self, session: Session) -> None:
        assert session.digest not in self.rows
        self.rows[session.digest] = session

    def touch(self, session: Session) -> None:
        row = self.rows.get(session.digest)
        if row is not None:
            self.rows[session.digest] = replace(row, seen_at=session.seen_at, seal=session.seal)

    def get(self, digest: str) -> Session | None:
        return self.rows.get(digest)

    def delete(self, digest: str) -> None:
        self.rows.pop(digest, None)

    def delete_of(self, tenant: str, person: str) -> None:
        self.rows = {
            digest: row
            for digest, row in self.rows.items()
            if (row.tenant, row.person) != (tenant, person)
        }


class CeremonyTable:
    """The table of ceremonies as a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, Ceremony] = {}

    def put(self, ceremony: Ceremony) -> None:
        assert ceremony.digest not in self.rows
        self.rows[ceremony.digest] = ceremony

    def take(self, digest: str) -> Ceremony | None:
        return self.rows.pop(digest, None)


def unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class SoftwareKey:
    """A security key (ES256) in software: it answers as a browser with one would."""

    def __init__(self, *, site: str, origin: str, counts: bool = True) -> None:
        self.site = site
        self.origin = origin
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(str(self.secret.private_numbers().private_value).encode()).digest()
        self.step = 1 if counts else 0
        self.count = 0

    def create(self, challenge: bytes, *, verified: bool = True, **changes: str) -> str:
        public = self.secret.public_key().public_numbers()
        cose = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        )
        named = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        shown = self._authenticator(0x40 | (0x04 if verified else 0)) + named
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": shown})
        client = self._client("webauthn.create", challenge, changes)
        return self._answer(
            clientDataJSON=unpadded(client), attestationObject=unpadded(attestation)
        )

    def get(self, challenge: bytes, *, verified: bool = True, **changes: str) -> str:
        shown = self._authenticator(0x04 if verified else 0)
        client = self._client("webauthn.get", challenge, changes)
        signature = self.secret.sign(
            shown + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
        return self._answer(
            clientDataJSON=unpadded(client),
            authenticatorData=unpadded(shown),
            signature=unpadded(signature),
        )

    def _authenticator(self, flags: int) -> bytes:
        self.count += self.step
        site = hashlib.sha256(self.site.encode()).digest()
        return site + bytes([0x01 | flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: bytes, changes: dict[str, str]) -> bytes:
        said = {"type": kind, "challenge": unpadded(challenge), "origin": self.origin}
        return json.dumps(said | changes).encode()

    def _answer(self, **response: str) -> str:
        name = unpadded(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
