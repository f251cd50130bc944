"""Sessions of people, kept on the server.

Rules kept here: the browser holds 256 random bits and nothing else, the database holds their
SHA-256 and a seal over the row, so neither a copy of the database nor a row written into it
lets anybody in; the id is new after every log-in and step-up, so one planted beforehand is
worth nothing; every form carries a token that only this session's id gives.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from gateway.domain.decision import Actor, ActorKind
from gateway.identity.not_proven import NotProven
from gateway.identity.principal import SECOND_FACTORS, Method, Principal, Proof
from gateway.identity.seals import holds, seal
from gateway.store.instants import from_us, to_us

ID_BYTES: Final = 32
SEEN_EVERY: Final = timedelta(seconds=60)
"""How exact the idle time is kept: a session in use is written once a minute, not per request."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long a session lasts at most, and how long without being used."""

    absolute: timedelta = timedelta(hours=8)
    idle: timedelta = timedelta(minutes=15)


STANDING_LIFETIMES: Final = Lifetimes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is stored. ``digest`` is the hex SHA-256 of the id, the key of the row.

    ``started_at`` is the log-in; a step-up does not move it. ``seal`` is the MAC over all
    other columns.
    """

    digest: str
    tenant: str
    person: str
    proofs: tuple[Proof, ...]
    started_at: datetime
    seen_at: datetime
    seal: bytes = field(default=b"", repr=False)

    @property
    def stepped_up_at(self) -> datetime | None:
        """When a second factor was shown last."""
        times = [proof.at for proof in self.proofs if proof.method in SECOND_FACTORS]
        return max(times, default=None)

    def principal(self) -> Principal:
        """The identity of a request that came with this session."""
        return Principal(
            tenant=self.tenant,
            actor=Actor(kind=ActorKind.PERSON, name=self.person),
            proofs=self.proofs,
            session=self.digest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new session and the id that goes to the browser, this once."""

    id: str = field(repr=False)
    session: Session


class SessionLook(Protocol):
    """The table of sessions, to look into."""

    def get(self, digest: str) -> Session | None:
        """The row with this digest."""
        ...


class SessionRows(SessionLook, Protocol):
    """The table of sessions, inside one unit of work."""

    def put(self, session: Session) -> None:
        """Insert a row with a new digest."""
        ...

    def touch(self, session: Session) -> None:
        """Write ``seen_at`` and ``seal`` into the row with this digest; insert nothing.

        A request that was under way while its person logged out must not bring the row back.
        """
        ...

    def delete(self, digest: str) -> None:
        """Remove the row with this digest; none is fine."""
        ...

    def delete_of(self, tenant: str, person: str) -> None:
        """Remove all rows of a person."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Opens, finds, strengthens and ends sessions. ``key`` is a purpose key (``sessions``)."""

    key: bytes = field(repr=False)
    lifetimes: Lifetimes = STANDING_LIFETIMES

    def log_in(  # noqa: PLR0913 - keyword-only, what makes a session
        self,
        rows: SessionRows,
        *,
        tenant: str,
        person: str,
        proofs: tuple[Proof, ...],
        drawn: bytes,
        now: datetime,
        before: str = "",
    ) -> Opened:
        """Open a session under a new id; the one the browser came with (``before``) ends.

        ``drawn`` are 32 fresh random bytes; raises ValueError for another number, or when
        nothing was proven.
        """
        if not proofs:
            raise ValueError("a session rests on a proof")
        if _ID.fullmatch(before):
            rows.delete(digest_of(before))
        return self._open(
            rows,
            Session(
                digest="",
                tenant=tenant,
                person=person,
                proofs=proofs,
                started_at=now,
                seen_at=now,
            ),
            drawn,
        )

    def find(self, rows: SessionLook, id_: str, *, now: datetime) -> Session:
        """The session of an id; reads only.

        Raises NotProven: ``session_missing``, ``session_altered`` (the row was not written by
        us), ``session_expired``, ``session_idle``.
        """
        session = rows.get(digest_of(id_)) if _ID.fullmatch(id_) else None
        if session is None:
            raise NotProven("session_missing")
        if not holds(self.key, session.seal, *_columns(session)):
            raise NotProven("session_altered")
        if now >= session.started_at + self.lifetimes.absolute:
            raise NotProven("session_expired")
        if now >= session.seen_at + self.lifetimes.idle:
            raise NotProven("session_idle")
        return session

    def seen(self, session: Session, *, now: datetime) -> Session | None:
        """The row to ``touch`` because it was used ``now``; None when it was written lately."""
        if now - session.seen_at < SEEN_EVERY:
            return None
        return self._sealed(replace(session, seen_at=now))

    def step_up(  # noqa: PLR0913 - keyword-only, what a step-up rests on
        self,
        rows: SessionRows,
        id_: str,
        *,
        person: str,
        proof: Proof,
        drawn: bytes,
        now: datetime,
    ) -> Opened:
        """The same session with one more proof, under a new id; the old id ends.

        ``person`` is who gave the proof. An earlier proof by the same method is replaced; how
        long the session lasts in all does not change. Raises NotProven as ``find`` (it may have
        ended meanwhile), or ``other_person`` when the proof is not of the session's own person.
        """
        session = self.find(rows, id_, now=now)
        if session.person != person:
            raise NotProven("other_person")
        kept = tuple(one for one in session.proofs if one.method is not proof.method)
        rows.delete(session.digest)
        return self._open(rows, replace(session, proofs=(*kept, proof), seen_at=now), drawn)

    def log_out(self, rows: SessionRows, id_: str) -> None:
        """End the session of this id; none is fine."""
        if _ID.fullmatch(id_):
            rows.delete(digest_of(id_))

    def log_out_everywhere(self, rows: SessionRows, *, tenant: str, person: str) -> None:
        """End all sessions of a person: on their wish, on a new password, when they leave."""
        rows.delete_of(tenant, person)

    def form_token(self, id_: str) -> str:
        """The token that forms of this session carry (64 hex digits)."""
        return seal(self.key, "form", id_).hex()

    def check_form(self, id_: str, token: str) -> None:
        """Raise NotProven (``form_token``) unless a form carries this session's token."""
        if not hmac.compare_digest(self.form_token(id_).encode(), token.encode()):
            raise NotProven("form_token")

    def _open(self, rows: SessionRows, session: Session, drawn: bytes) -> Opened:
        if len(drawn) != ID_BYTES:
            raise ValueError("a session id is made of 32 bytes")
        id_ = base64.urlsafe_b64encode(drawn).rstrip(b"=").decode()
        sealed = self._sealed(replace(session, digest=digest_of(id_)))
        rows.put(sealed)
        return Opened(id=id_, session=sealed)

    def _sealed(self, session: Session) -> Session:
        return replace(session, seal=seal(self.key, *_columns(session)))


def digest_of(id_: str) -> str:
    """The key under which a session is stored."""
    return hashlib.sha256(id_.encode()).hexdigest()


def write_proofs(proofs: tuple[Proof, ...]) -> str:
    """Proofs as one column: JSON, the same for the same proofs."""
    return json.dumps(
        [[proof.method.value, to_us(proof.at), proof.detail] for proof in proofs],
        ensure_ascii=True,
        separators=(",", ":"),
    )


def read_proofs(text: str) -> tuple[Proof, ...]:
    """Proofs as ``write_proofs`` wrote them. Raises ValueError for anything else."""
    try:
        return tuple(
            Proof(method=Method(method), at=from_us(at_us), detail=str(detail))
            for method, at_us, detail in json.loads(text)
        )
    except (TypeError, OverflowError, RecursionError) as error:
        raise ValueError("a column of proofs is not of its form") from error


def _columns(session: Session) -> tuple[str | int, ...]:
    return (
        "session",
        session.digest,
        session.tenant,
        session.person,
        write_proofs(session.proofs),
        to_us(session.started_at),
        to_us(session.seen_at),
    )
