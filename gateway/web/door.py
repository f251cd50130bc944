"""Who may come in: the signature of a request, fresh and used once.

Rule kept here: an unknown key, a wrong signature, an old request and a repeated one look the
same from outside and cost the same time; the operator sees the difference in /metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
from starlette.requests import Request

from gateway.identity.not_proven import NotProven
from gateway.intake.nonces import (
    Use,
    purge_nonces,
    remember_nonce,
    remember_nonces,
    stored_nonces,
)
from gateway.ports.events import SIGNATURE_REFUSED, Log
from gateway.ports.tenancy import ApiKey, Directory
from gateway.runtime import SystemClock
from gateway.signing.request_signature import (
    KEY_HEADER,
    NONCE_HEADER,
    NONCE_KEPT_S,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    WINDOW_S,
    SignedRequest,
    verify,
)
from gateway.store.groups import Item
from gateway.store.store import Store
from gateway.store.uow import Uow
from gateway.web.certificates import Certificates
from gateway.web.problems import NotAuthenticated

_PURGE_EVERY_S: Final = 60
_US: Final = 1_000_000
_NOBODY: Final = b"no such key: compared all the same, so that it takes as long"
_TIMESTAMP_MAX: Final = 12
_KEY_MAX: Final = 64
_OURS: Final = tuple(
    name.lower().encode("ascii")
    for name in (KEY_HEADER, TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER)
)
"""Our headers as the server names them, in the order in which they are asked for."""


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The four headers of a request, of the right form and fresh; nothing is proven yet.

    ``certified`` is a machine known by its client certificate instead: TLS itself proved that,
    and lets nothing be repeated.
    """

    key: str = ""
    timestamp: str = ""
    nonce: str = ""
    signature: str = ""
    certified: ApiKey | None = None


class Door:
    """Checks signatures against the directory's keys.

    Time stamps are held against the machine's clock, because callers' clocks are real ones even
    where business time is simulated.
    """

    def __init__(
        self,
        directory: Directory,
        store: Store,
        log: Log,
        certificates: Certificates | None = None,
    ) -> None:
        self._keys = directory.keys
        self.certificates = certificates or Certificates()
        self._store = store
        self._log = log
        self._clock = SystemClock()
        self._purged_s = self._now_s()
        since_us = (self._purged_s - NONCE_KEPT_S) * _US
        self._turned_s = self._purged_s
        self._older: set[tuple[str, str]] = set()
        self._newer = store.read_now(lambda db: set(stored_nonces(db, since_us)))

    def claim(self, request: Request) -> Claim:
        """Read the four headers before the body is read. Raises NotAuthenticated.

        What is refused here depends on no key, so refusing early tells nothing about keys.
        """
        held: dict[bytes, str] = {}
        certificates = self.certificates
        for name, value in request.scope["headers"]:
            if name in _OURS:  # what stands twice counts as empty
                held[name] = "" if name in held else value.decode("latin-1")
            elif name in certificates.headers:
                held[name] = "passed on"
        if held and not certificates.headers.isdisjoint(held):
            certified = self._certified(request)
            if certified is not None and not any(name in held for name in _OURS):
                return Claim(certified=certified)
        for name in _OURS:
            if not held.get(name):
                raise self._refused("malformed" if name in held else "missing")
        key, timestamp, nonce, signature = [held[name] for name in _OURS]
        claim = Claim(key=key, timestamp=timestamp, nonce=nonce, signature=signature)
        stamp = claim.timestamp
        if len(claim.key) > _KEY_MAX or not (
            stamp.isascii() and stamp.isdigit() and len(stamp) <= _TIMESTAMP_MAX
        ):
            raise self._refused("malformed")
        if abs(self._now_s() - int(stamp)) > WINDOW_S:
            raise self._refused("stale")
        return claim

    def check(self, claim: Claim, request: Request, body_digest: str) -> ApiKey:
        """The key that signed this request; its nonce counts as used from now on.

        ``body_digest`` is the hex SHA-256 of the body. Raises NotAuthenticated.
        """
        if claim.certified is not None:
            return claim.certified
        now_s = self._now_s()
        key = self._keys.get(claim.key)
        signed = SignedRequest(
            method=request.method,
            path=request.scope["raw_path"].decode("latin-1"),
            query=request.scope["query_string"].decode("latin-1"),
            timestamp=claim.timestamp,
            nonce=claim.nonce,
            body_digest=body_digest,
        )
        secret = _NOBODY if key is None else key.secret
        flaw = verify(secret, signed, signature=claim.signature, now=now_s)
        if flaw is not None or key is None:
            raise self._refused("unknown_key" if key is None else flaw or "wrong")
        if not self._first_use(key.id, claim.nonce, now_s):
            raise self._refused("replayed")
        return key

    async def remember(self, key: ApiKey, claim: Claim) -> None:
        """Make the use of a nonce durable; it shares a commit with whatever else is written.

        Raises NotAuthenticated when another process has seen it.
        """
        if claim.certified is not None:
            return
        now_s = self._now_s()
        use = (key.id, claim.nonce, now_s * _US)
        job: Callable[[Uow], object] = Item(remember_nonces, use)
        if now_s - self._purged_s >= _PURGE_EVERY_S:
            self._purged_s = now_s
            job = partial(_purging, use)
        if not await self._store.write(job, at_once=True):
            raise self._refused("replayed")

    def _certified(self, request: Request) -> ApiKey | None:
        """The machine a trusted proxy's certificate stands for. Raises NotAuthenticated."""
        try:
            key_id = self.certificates.key_of(request, self._clock.now())
        except NotProven as error:
            raise self._refused(error.flaw) from error
        if key_id is None:
            return None
        key = self._keys.get(key_id)
        if key is None:
            raise self._refused("unknown_key")
        return key

    def _first_use(self, key: str, nonce: str, now_s: int) -> bool:
        """Whether this is the first use; the event loop makes asking and noting one step.

        Two generations: what is dropped was used at least one whole period ago.
        """
        if now_s - self._turned_s >= NONCE_KEPT_S:
            self._older, self._newer, self._turned_s = self._newer, set(), now_s
        used = (key, nonce)
        if used in self._newer or used in self._older:
            return False
        self._newer.add(used)
        return True

    def _refused(self, why: str) -> NotAuthenticated:
        self._log.tell(SIGNATURE_REFUSED, flaw=why)
        return NotAuthenticated()

    def _now_s(self) -> int:
        return self._clock.machine_s()


def _purging(use: Use, uow: Uow) -> bool:
    """Remember one use, and forget what is too old to matter."""
    purge_nonces(uow, use[2] - NONCE_KEPT_S * _US)
    return remember_nonce(uow, *use)
