"""Logging in and showing a second factor: from what somebody typed to a session.

Rule kept here: a password is compared on a reader thread, few at a time, whoever the name belongs
to; what was proven is stored in the same commit as the session that rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.identity.ceremonies import CeremonyKind, begin, finish
from gateway.identity.context import Identities, Somebody
from gateway.identity.local_accounts import (
    PasswordProved,
    prove_password,
    prove_recovery,
    prove_totp,
)
from gateway.identity.not_proven import NotProven
from gateway.identity.passwords import SALT_BYTES
from gateway.identity.principal import SECOND_FACTORS, Method, Proof
from gateway.identity.rows import (
    AccountReads,
    AccountTable,
    CeremonyTable,
    SessionReads,
    SessionTable,
    Standing,
    sweep,
)
from gateway.identity.sessions import ID_BYTES, Opened, Session
from gateway.identity.webauthn_keys import (
    CHALLENGE_BYTES,
    Site,
    authenticate,
    authentication_options,
)
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.store.uow import Uow

LET_IN = SECOND_FACTORS | {Method.RECOVERY_CODE}
"""What lets a person past the log-in where they have a second factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A person's session as one request sees it. ``id`` is secret."""

    id: str
    session: Session
    who: Somebody
    standing: Standing | None

    @property
    def enrolled(self) -> bool:
        """Whether this person has a second factor here."""
        return self.standing is not None and self.standing.enrolled

    @property
    def inside(self) -> bool:
        """Whether more than a password was shown."""
        return any(proof.method in LET_IN for proof in self.session.proofs)


class LogIn:
    """The use cases of the log-in pages."""

    def __init__(self, identities: Identities) -> None:
        self._it = identities

    async def visit(self, id_: str) -> Visit:
        """The session of an id, used now. Raises NotProven as ``Sessions.find``."""
        it = self._it
        now = it.now()

        def read(db: Connection) -> tuple[Session, Standing | None]:
            session = it.sessions.find(SessionReads(db), id_, now=now)
            return session, AccountReads(db).standing(session.tenant, session.person)

        with acting_for(EVERYONE):
            session, standing = await it.store.read(read)
        who = it.by_name(session.tenant, session.person)
        if standing is not None and standing.account.disabled:
            raise NotProven("person_disabled")
        seen = it.sessions.seen(session, now=now)
        if seen is not None:
            await it.write(lambda uow: SessionTable(uow).touch(seen))
        return Visit(id=id_, session=session, who=who, standing=standing)

    async def by_password(self, login: str, password: str, *, address: str, before: str) -> Opened:
        """Open a session on a right password. Raises NotProven, whatever was wrong."""
        it = self._it
        await it.counted(login, address)
        who = it.by_login(login)
        standing = await self._standing(who)
        account = standing.account if standing is not None else None
        salt = it.drawn(SALT_BYTES)
        async with it.checking:
            proved: PasswordProved = await it.runtime.tasks.read(
                lambda: prove_password(
                    account,
                    password,
                    key=it.key("passwords"),
                    salt=salt,
                    now=it.now(),
                    cost=it.options.cost,
                )
            )
        if who is None or account is None or standing is None:
            raise NotProven("person_unknown")

        def job(uow: Uow) -> Opened:
            if proved.rehashed is not None:
                AccountTable(uow).set_password(
                    who.tenant, who.name, proved.rehashed, before=account.password
                )
            it.right(uow, login, address, whole=not standing.enrolled)
            return self.opened(uow, who, (proved.proof,), before)

        return await it.write(job)

    def opened(self, uow: Uow, who: Somebody, proofs: tuple[Proof, ...], before: str) -> Opened:
        """Open a session on these proofs; the one the browser came with ends.

        What has ended of everybody's is removed with it: log-ins are seldom, the rows are few.
        """
        it = self._it
        sweep(
            uow,
            it.now(),
            absolute=it.options.lifetimes.absolute,
            locked_from=it.options.of_person.hard_max,
        )
        it.record(uow, who, "person_logged_in", methods=[proof.method.value for proof in proofs])
        return it.sessions.log_in(
            SessionTable(uow),
            tenant=who.tenant,
            person=who.name,
            proofs=proofs,
            drawn=it.drawn(ID_BYTES),
            now=it.now(),
            before=before,
        )

    async def by_code(self, visit: Visit, code: str, *, address: str) -> Opened:
        """Show six digits of the authenticator app."""
        it, who = self._it, visit.who
        account = await self._counted(visit, address)
        proof, step = prove_totp(account.account, code, vault=it.vault, now=it.now())

        def job(uow: Uow) -> Opened:
            if not AccountTable(uow).use_step(who.tenant, who.name, step):
                raise NotProven("totp_replayed")
            return self._stepped_up(uow, visit, proof, address)

        return await it.write(job)

    async def by_recovery(self, visit: Visit, code: str, *, address: str) -> Opened:
        """Use up a recovery code: it lets in to enrol anew, not to release."""
        it, who = self._it, visit.who
        standing = await self._counted(visit, address)
        proof, spent = prove_recovery(
            standing.account,
            code,
            stored=standing.recovery,
            key=it.key("recovery"),
            now=it.now(),
        )

        def job(uow: Uow) -> Opened:
            if not AccountTable(uow).spend_recovery(who.tenant, who.name, spent):
                raise NotProven("recovery_wrong")
            return self._stepped_up(uow, visit, proof, address)

        return await it.write(job)

    async def ask_key(self, visit: Visit, site: Site) -> tuple[str, str]:
        """Ask for a security key: options for the browser (JSON), and the ceremony's id.

        Raises NotProven (``webauthn_unknown``) for a person without one.
        """
        it = self._it
        if visit.standing is None or not visit.standing.keys:
            raise NotProven("webauthn_unknown")
        challenge = it.drawn(CHALLENGE_BYTES)
        options = authentication_options(site, challenge=challenge, keys=visit.standing.keys)
        id_ = await self.begin(visit, CeremonyKind.KEY_USED, (challenge.hex(),))
        return options, id_

    async def by_key(
        self, visit: Visit, answer: str, *, ceremony: str, site: Site, address: str
    ) -> Opened:
        """Take what the browser answered with a security key."""
        it = self._it
        standing = await self._counted(visit, address)
        (challenge,) = await self.finish(visit, CeremonyKind.KEY_USED, ceremony)
        used = authenticate(
            site,
            answer,
            challenge=bytes.fromhex(challenge),
            keys=standing.keys,
            key=it.key("security_keys"),
        )
        before = next(one.sign_count for one in standing.keys if one.id == used.id)
        proof = Proof(method=Method.WEBAUTHN, at=it.now(), detail=used.id.hex()[:32])

        def job(uow: Uow) -> Opened:
            if not AccountTable(uow).use_key(used, before=before):
                raise NotProven("webauthn_copied")
            return self._stepped_up(uow, visit, proof, address)

        return await it.write(job)

    async def begin(self, visit: Visit, kind: CeremonyKind, words: tuple[str, ...]) -> str:
        """Begin a ceremony of a person who is logged in; gives its id for the cookie."""
        it = self._it
        return await it.write(
            lambda uow: begin(
                CeremonyTable(uow),
                key=it.key("ceremonies"),
                kind=kind,
                tenant=visit.who.tenant,
                person=visit.who.name,
                words=words,
                drawn=it.drawn(ID_BYTES),
                now=it.now(),
            )
        )

    async def finish(self, visit: Visit, kind: CeremonyKind, id_: str) -> tuple[str, ...]:
        """Take a ceremony of this very person; its words. Raises NotProven."""
        it = self._it

        def job(uow: Uow) -> tuple[str, tuple[str, ...]] | NotProven:
            try:
                found = finish(
                    CeremonyTable(uow), id_, key=it.key("ceremonies"), kind=kind, now=it.now()
                )
            except NotProven as error:  # told outside: the taking is to be committed
                return error
            return f"{found.tenant}/{found.person}", found.words

        taken = await it.write(job)
        if isinstance(taken, NotProven):
            raise taken
        if taken[0] != f"{visit.who.tenant}/{visit.who.name}":
            raise NotProven("other_person")
        return taken[1]

    async def log_out(self, id_: str) -> None:
        """End the session of this id; none is fine."""
        await self._it.write(lambda uow: self._it.sessions.log_out(SessionTable(uow), id_))

    async def log_out_everywhere(self, visit: Visit) -> None:
        """End all sessions of a person."""
        it, who = self._it, visit.who

        def job(uow: Uow) -> None:
            it.sessions.log_out_everywhere(SessionTable(uow), tenant=who.tenant, person=who.name)
            it.record(uow, who, "person_logged_out", everywhere=True)

        await it.write(job)

    async def _standing(self, who: Somebody | None) -> Standing | None:
        """A person's account; the same read is made for nobody, so that it takes as long."""
        tenant, name = (who.tenant, who.name) if who is not None else ("", "")
        with acting_for(EVERYONE):
            return await self._it.store.read(lambda db: AccountReads(db).standing(tenant, name))

    async def _counted(self, visit: Visit, address: str) -> Standing:
        await self._it.counted(visit.who.person.login, address)
        if visit.standing is None:
            raise NotProven("totp_missing")
        return visit.standing

    def _stepped_up(self, uow: Uow, visit: Visit, proof: Proof, address: str) -> Opened:
        it = self._it
        it.right(uow, visit.who.person.login, address, whole=True)
        it.record(uow, visit.who, "person_logged_in", methods=[proof.method.value])
        return it.sessions.step_up(
            SessionTable(uow),
            visit.id,
            person=visit.who.name,
            proof=proof,
            drawn=it.drawn(ID_BYTES),
            now=it.now(),
        )
