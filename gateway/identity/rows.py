"""Identities as rows: what the rules of this room read and write, inside one unit of work.

Rule kept here: rows go in and out whole; whether one counts is for its seal to say, which this
module neither makes nor checks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from gateway.identity.ceremonies import LASTS, Ceremony, CeremonyKind
from gateway.identity.local_accounts import Account
from gateway.identity.lockout import Failures
from gateway.identity.sessions import Session, read_proofs, write_proofs
from gateway.identity.webauthn_keys import SecurityKey
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.uow import Uow

_a, _r, _k = tables.identity_account, tables.identity_recovery, tables.identity_key
_s, _c, _f = tables.identity_session, tables.identity_ceremony, tables.identity_failure
FAILURES_KEPT: Final = timedelta(days=30)
"""Longer than any count is remembered; locked names stay until somebody unlocks them."""


@dataclass(frozen=True, slots=True)
class SessionReads:
    """Sessions as a reader sees them."""

    db: Connection

    def get(self, digest: str) -> Session | None:
        """The row with this digest."""
        row = self.db.execute(select(_s).where(_s.c.digest == digest)).first()
        return None if row is None else _session(row)


@dataclass(frozen=True, slots=True)
class SessionTable:
    """The table of sessions in a unit of work."""

    uow: Uow

    def put(self, session: Session) -> None:
        """Insert a row with a new digest."""
        self.uow.change(insert(_s), _session_columns(session))

    def touch(self, session: Session) -> None:
        """Write ``seen_at`` and ``seal``; a row that is gone stays gone."""
        self.uow.change(
            update(_s)
            .where(_s.c.digest == session.digest)
            .values(seen_us=to_us(session.seen_at), seal=session.seal)
        )

    def get(self, digest: str) -> Session | None:
        """The row with this digest."""
        row = self.uow.first(select(_s).where(_s.c.digest == digest).with_for_update())
        return None if row is None else _session(row)

    def delete(self, digest: str) -> None:
        """Remove the row with this digest; none is fine."""
        self.uow.change(delete(_s).where(_s.c.digest == digest))

    def delete_of(self, tenant: str, person: str) -> None:
        """Remove all rows of a person."""
        self.uow.change(delete(_s).where(_s.c.tenant == tenant, _s.c.person == person))


@dataclass(frozen=True, slots=True)
class CeremonyTable:
    """The table of ceremonies in a unit of work."""

    uow: Uow

    def put(self, ceremony: Ceremony) -> None:
        """Insert a row with a new digest."""
        self.uow.change(
            insert(_c),
            {
                "digest": ceremony.digest,
                "kind": ceremony.kind.value,
                "tenant": ceremony.tenant,
                "person": ceremony.person,
                "words": json.dumps(list(ceremony.words), ensure_ascii=True),
                "began_us": to_us(ceremony.began_at),
                "seal": ceremony.seal,
            },
        )

    def take(self, digest: str) -> Ceremony | None:
        """Remove the row with this digest and give what it was; of two takers one gets it."""
        row = self.uow.first(select(_c).where(_c.c.digest == digest))
        if row is None or self.uow.change(delete(_c).where(_c.c.digest == digest)) != 1:
            return None
        return Ceremony(
            digest=row.digest,
            kind=CeremonyKind(row.kind),
            tenant=row.tenant,
            person=row.person,
            words=tuple(json.loads(row.words)),
            began_at=from_us(row.began_us),
            seal=row.seal,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A person's account with the second factors it has. ``recovery`` are hashes."""

    account: Account
    keys: tuple[SecurityKey, ...] = ()
    recovery: tuple[bytes, ...] = ()

    @property
    def enrolled(self) -> bool:
        """Whether there is a second factor."""
        return self.account.totp is not None or bool(self.keys)


@dataclass(frozen=True, slots=True)
class AccountReads:
    """Accounts as a reader sees them."""

    db: Connection

    def standing(self, tenant: str, person: str) -> Standing | None:
        """A person's account and factors; None where there is no account."""
        return _standing([list(self.db.execute(query).all()) for query in _queries(tenant, person)])


@dataclass(frozen=True, slots=True)
class AccountTable:
    """Accounts and their second factors in a unit of work."""

    uow: Uow

    def standing(self, tenant: str, person: str) -> Standing | None:
        """A person's account and factors; None where there is no account."""
        return _standing([list(self.uow.rows(query)) for query in _queries(tenant, person)])

    def put(self, account: Account) -> None:
        """Insert an account."""
        self.uow.change(
            insert(_a),
            {
                "tenant": account.tenant,
                "person": account.person,
                "password": account.password,
                "handle": account.handle,
                "totp": account.totp,
                "totp_step": account.totp_step,
                "disabled_us": None,
            },
        )

    def set_disabled(self, tenant: str, person: str, at_us: int | None) -> None:
        """Say since when somebody may not log in; None gives it back."""
        self.uow.change(
            update(_a).where(_a.c.tenant == tenant, _a.c.person == person).values(disabled_us=at_us)
        )

    def set_password(self, tenant: str, person: str, password: str, *, before: str) -> bool:
        """Replace a hash by another; False when it is not ``before`` any more."""
        changed = self.uow.change(
            update(_a)
            .where(_a.c.tenant == tenant, _a.c.person == person, _a.c.password == before)
            .values(password=password)
        )
        return changed == 1

    def set_totp(self, tenant: str, person: str, totp: bytes | None, step: int | None) -> None:
        """Set or remove the secret of an authenticator app."""
        self.uow.change(
            update(_a)
            .where(_a.c.tenant == tenant, _a.c.person == person)
            .values(totp=totp, totp_step=step)
        )

    def use_step(self, tenant: str, person: str, step: int) -> bool:
        """Store the step of a code that was used; False when it, or a later one, was before."""
        changed = self.uow.change(
            update(_a)
            .where(
                _a.c.tenant == tenant,
                _a.c.person == person,
                (_a.c.totp_step.is_(None)) | (_a.c.totp_step < step),
            )
            .values(totp_step=step)
        )
        return changed == 1

    def set_recovery(self, tenant: str, person: str, hashes: Sequence[bytes]) -> None:
        """Replace all recovery codes."""
        self.uow.change(delete(_r).where(_r.c.tenant == tenant, _r.c.person == person))
        if hashes:
            self.uow.change(
                insert(_r), [{"tenant": tenant, "person": person, "hash": it} for it in hashes]
            )

    def spend_recovery(self, tenant: str, person: str, hashed: bytes) -> bool:
        """Delete a used recovery code; False when it is gone already."""
        changed = self.uow.change(
            delete(_r).where(_r.c.tenant == tenant, _r.c.person == person, _r.c.hash == hashed)
        )
        return changed == 1

    def has_key(self, id_: bytes) -> bool:
        """Whether anybody has a security key of this id."""
        return self.uow.first(select(_k.c.id).where(_k.c.id == id_)) is not None

    def put_key(self, key: SecurityKey) -> None:
        """Insert a security key with a new id."""
        self.uow.change(
            insert(_k),
            {
                "id": key.id,
                "tenant": key.tenant,
                "person": key.person,
                "public_key": key.public_key,
                "sign_count": key.sign_count,
                "label": key.label,
                "added_us": to_us(key.added_at),
                "seal": key.seal,
            },
        )

    def use_key(self, key: SecurityKey, *, before: int) -> bool:
        """Store a key's new counter; False when it is not ``before`` any more."""
        changed = self.uow.change(
            update(_k)
            .where(_k.c.id == key.id, _k.c.tenant == key.tenant, _k.c.sign_count == before)
            .values(sign_count=key.sign_count, seal=key.seal)
        )
        return changed == 1

    def drop_keys(self, tenant: str, person: str) -> None:
        """Remove all security keys of a person."""
        self.uow.change(delete(_k).where(_k.c.tenant == tenant, _k.c.person == person))


@dataclass(frozen=True, slots=True)
class FailureTable:
    """Counters of failed log-ins in a unit of work."""

    uow: Uow

    def get(self, counter: bytes) -> Failures | None:
        """A counter; None when nothing failed."""
        row = self.uow.first(select(_f).where(_f.c.counter == counter))
        return None if row is None else Failures(count=row.count, last_at=from_us(row.last_us))

    def put(self, counter: bytes, failures: Failures | None) -> None:
        """Store a counter; None or nothing left forgets it."""
        self.uow.change(delete(_f).where(_f.c.counter == counter))
        if failures is not None and failures.count:
            self.uow.change(
                insert(_f),
                {
                    "counter": counter,
                    "count": failures.count,
                    "last_us": to_us(failures.last_at),
                },
            )


def sweep(uow: Uow, now: datetime, *, absolute: timedelta, locked_from: int) -> int:
    """Remove what has ended: sessions, ceremonies, counters long past; gives how many rows.

    Counters of ``locked_from`` failures and more (0 = none) stay: somebody has to unlock them.
    """
    ended = uow.change(delete(_s).where(_s.c.started_us < to_us(now - absolute)))
    ended += uow.change(delete(_c).where(_c.c.began_us < to_us(now - LASTS)))
    old = _f.c.last_us < to_us(now - FAILURES_KEPT)
    if locked_from:
        old &= _f.c.count < locked_from
    return ended + uow.change(delete(_f).where(old))


def _queries(tenant: str, person: str) -> tuple[Select[Any], ...]:
    return tuple(
        select(table).where(table.c.tenant == tenant, table.c.person == person)
        for table in (_a, _k, _r)
    )


def _standing(found: Sequence[Sequence[Row[Any]]]) -> Standing | None:
    accounts, keys, recovery = found
    if not accounts:
        return None
    row = accounts[0]
    return Standing(
        account=Account(
            tenant=row.tenant,
            person=row.person,
            password=row.password,
            handle=row.handle,
            totp=row.totp,
            totp_step=row.totp_step,
            disabled=row.disabled_us is not None,
        ),
        keys=tuple(
            SecurityKey(
                tenant=it.tenant,
                person=it.person,
                id=it.id,
                public_key=it.public_key,
                sign_count=it.sign_count,
                label=it.label,
                added_at=from_us(it.added_us),
                seal=it.seal,
            )
            for it in keys
        ),
        recovery=tuple(it.hash for it in recovery),
    )


def _session_columns(session: Session) -> dict[str, object]:
    return {
        "digest": session.digest,
        "tenant": session.tenant,
        "person": session.person,
        "proofs": write_proofs(session.proofs),
        "started_us": to_us(session.started_at),
        "seen_us": to_us(session.seen_at),
        "seal": session.seal,
    }


def _session(row: Row[Any]) -> Session:
    return Session(
        digest=row.digest,
        tenant=row.tenant,
        person=row.person,
        proofs=read_proofs(row.proofs),
        started_at=from_us(row.started_us),
        seen_at=from_us(row.seen_us),
        seal=row.seal,
    )
