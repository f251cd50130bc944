"""First passwords and second factors: invited, enrolled, replaced.

Rules kept here: a first password comes with a secret that an operator made, works once and for
days at most; a factor is added only after one that is there was shown just now; whatever changes
a proof ends the sessions that rested on the old one.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.errors import Refused
from gateway.identity.ceremonies import CeremonyKind
from gateway.identity.context import Identities, Somebody
from gateway.identity.local_accounts import seal_totp, whose
from gateway.identity.log_in import LogIn, Visit
from gateway.identity.not_proven import NotProven
from gateway.identity.passwords import SALT_BYTES, hash_password, password_faults
from gateway.identity.principal import Method, Proof, may_enrol
from gateway.identity.rows import AccountReads, AccountTable, SessionTable
from gateway.identity.seals import seal
from gateway.identity.sessions import ID_BYTES, Opened
from gateway.identity.totp import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    SECRET_BYTES,
    Enrolment,
    check_code,
    enrol,
    hash_recovery_code,
    recovery_codes,
)
from gateway.identity.webauthn_keys import (
    CHALLENGE_BYTES,
    Site,
    register,
    registration_options,
)
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.store.uow import Uow

INVITED_FOR: Final = timedelta(days=3)
SERVICE: Final = "银企直联网关"
LABEL_MAX: Final = 40
_SECRET: Final = re.compile(
    r"(?P<login>[A-Za-z0-9._@-]{1,40})~(?P<until>[0-9]{10,12})~(?P<anew>[01])~(?P<mac>[0-9a-f]{64})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A session that shows the new factor, and recovery codes to be shown once."""

    opened: Opened
    codes: tuple[str, ...] = field(default=(), repr=False)


def invitation(key: bytes, who: Somebody, *, password: str, until: datetime, anew: bool) -> str:
    """A secret that lets a person choose a password once. ``key`` is a purpose key.

    ``password`` is the stored hash, '' for none: once another is chosen, the secret opens nothing
    any more. With ``anew`` all second factors go, for who lost them.
    """
    until_s = int(until.timestamp())
    mac = _mac(key, who, password, until_s, anew=anew)
    return f"{who.person.login}~{until_s}~{int(anew)}~{mac}"


def _mac(key: bytes, who: Somebody, password: str, until_s: int, *, anew: bool) -> str:
    return seal(key, whose(who.tenant, who.name), password, until_s, int(anew)).hex()


class Enrolments:
    """The use cases of invitation and of a person's own factors."""

    def __init__(self, identities: Identities, log_in: LogIn) -> None:
        self._it = identities
        self._log_in = log_in

    async def accept(self, secret: str, password: str, *, address: str, before: str) -> Opened:
        """Choose a password with an invitation's secret.

        Raises NotProven (``invitation_wrong``), or Refused with what speaks against the password.
        """
        it = self._it
        counted_as = f"invitation/{secret[:60]}"
        await it.counted(counted_as, address)
        found = _SECRET.fullmatch(secret.strip())
        who = it.by_login(found["login"]) if found else None
        if found is None or who is None:
            raise NotProven("invitation_wrong")
        with acting_for(EVERYONE):
            standing = await it.store.read(
                lambda db: AccountReads(db).standing(who.tenant, who.name)
            )
        stored = standing.account.password if standing is not None else ""
        self._check_invited(found, who, stored)
        faults = password_faults(password, unlike=(who.person.login, who.name, SERVICE))
        if faults:
            raise Refused("the password was not taken", "密码不符合要求", faults)
        salt = it.drawn(SALT_BYTES)
        async with it.checking:
            hashed = await it.runtime.tasks.read(
                lambda: hash_password(
                    password,
                    person=whose(who.tenant, who.name),
                    key=it.key("passwords"),
                    salt=salt,
                    cost=it.options.cost,
                )
            )

        def job(uow: Uow) -> Opened:
            table = AccountTable(uow)
            it.account(uow, who)
            if not table.set_password(who.tenant, who.name, hashed, before=stored):
                raise NotProven("invitation_wrong")
            if found["anew"] == "1":
                table.set_totp(who.tenant, who.name, None, None)
                table.drop_keys(who.tenant, who.name)
                table.set_recovery(who.tenant, who.name, ())
            it.sessions.log_out_everywhere(SessionTable(uow), tenant=who.tenant, person=who.name)
            it.right(uow, counted_as, address, whole=True)
            it.forget(uow, who.person.login)
            it.record(uow, who, "password_set", factors_removed=found["anew"] == "1")
            proof = Proof(method=Method.PASSWORD, at=it.now())
            return self._log_in.opened(uow, who, (proof,), before)

        return await it.write(job)

    def _check_invited(self, found: re.Match[str], who: Somebody, stored: str) -> None:
        it = self._it
        until_s = int(found["until"])
        anew = found["anew"] == "1"
        mac = _mac(it.key("invitations"), who, stored, until_s, anew=anew)
        if not hmac.compare_digest(mac, found["mac"]) or it.now().timestamp() >= until_s:
            raise NotProven("invitation_wrong")

    def check_may_enrol(self, visit: Visit) -> None:
        """Raise NotProven (``enrol_…``) unless a factor, or the first log-in, was just now."""
        lack = may_enrol(
            visit.session.principal(),
            enrolled=visit.enrolled,
            now=self._it.now(),
            strength=self._it.options.strength,
        )
        if lack is not None:
            raise NotProven(f"enrol_{lack.value}")

    async def begin_codes(self, visit: Visit) -> tuple[Enrolment, str]:
        """Draw a secret for an authenticator app; it counts once a first code was checked.

        Gives the enrolment to be shown, and the ceremony's id.
        """
        it, who = self._it, visit.who
        self.check_may_enrol(visit)
        made = enrol(it.drawn(SECRET_BYTES), label=who.person.login, issuer=SERVICE)
        sealed = it.vault.seal(made.secret.encode(), _place(who))
        id_ = await self._log_in.begin(visit, CeremonyKind.CODES_ADDED, (sealed.hex(),))
        return made, id_

    async def finish_codes(self, visit: Visit, code: str, *, ceremony: str) -> Enrolled:
        """Enrol the authenticator app on its first right code. Raises NotProven."""
        it, who = self._it, visit.who
        self.check_may_enrol(visit)
        (sealed,) = await self._log_in.finish(visit, CeremonyKind.CODES_ADDED, ceremony)
        secret = it.vault.unseal(bytes.fromhex(sealed), _place(who)).decode()
        step = check_code(secret, code, now=it.now(), last_step=None)
        totp = seal_totp(it.vault, secret, tenant=who.tenant, person=who.name)

        def job(uow: Uow) -> Enrolled:
            standing = it.account(uow, who)
            AccountTable(uow).set_totp(who.tenant, who.name, totp, step)
            return self._added(
                uow, visit, Method.TOTP, codes=not standing.recovery, label=Method.TOTP.value
            )

        return await it.write(job)

    async def begin_key(self, visit: Visit, site: Site) -> tuple[str, str]:
        """Ask for a new security key: options for the browser (JSON), and the ceremony's id."""
        it, who = self._it, visit.who
        self.check_may_enrol(visit)
        challenge = it.drawn(CHALLENGE_BYTES)
        standing = await it.write(lambda uow: it.account(uow, who))
        options = registration_options(
            site,
            person=who.person.login,
            handle=standing.account.handle,
            challenge=challenge,
            existing=standing.keys,
        )
        id_ = await self._log_in.begin(visit, CeremonyKind.KEY_ADDED, (challenge.hex(),))
        return options, id_

    async def finish_key(
        self, visit: Visit, answer: str, *, ceremony: str, site: Site, label: str
    ) -> Enrolled:
        """Store the security key the browser answered with. Raises NotProven."""
        it, who = self._it, visit.who
        self.check_may_enrol(visit)
        (challenge,) = await self._log_in.finish(visit, CeremonyKind.KEY_ADDED, ceremony)
        made = register(
            site,
            answer,
            challenge=bytes.fromhex(challenge),
            tenant=who.tenant,
            person=who.name,
            label=label[:LABEL_MAX],
            key=it.key("security_keys"),
            now=it.now(),
        )

        def job(uow: Uow) -> Enrolled:
            standing, table = it.account(uow, who), AccountTable(uow)
            if table.has_key(made.id):
                raise NotProven("webauthn_known")
            table.put_key(made)
            return self._added(
                uow, visit, Method.WEBAUTHN, codes=not standing.recovery, label=made.label
            )

        return await it.write(job)

    async def new_codes(self, visit: Visit) -> tuple[str, ...]:
        """Ten new recovery codes; the old ones end."""
        self.check_may_enrol(visit)
        return await self._it.write(lambda uow: self._new_codes(uow, visit.who))

    def _new_codes(self, uow: Uow, who: Somebody) -> tuple[str, ...]:
        it = self._it
        codes = recovery_codes(it.drawn(RECOVERY_CODES * RECOVERY_BYTES))
        hashes = [
            hash_recovery_code(code, person=whose(who.tenant, who.name), key=it.key("recovery"))
            for code in codes
        ]
        AccountTable(uow).set_recovery(who.tenant, who.name, hashes)
        it.record(uow, who, "recovery_codes_made", count=len(codes))
        return codes

    def _added(
        self, uow: Uow, visit: Visit, method: Method, *, codes: bool, label: str
    ) -> Enrolled:
        """A factor was enrolled: it was shown just now, and other sessions end."""
        it, who = self._it, visit.who
        it.record(uow, who, "factor_added", method=method.value, label=label)
        opened = it.sessions.step_up(
            SessionTable(uow),
            visit.id,
            person=who.name,
            proof=Proof(method=method, at=it.now()),
            drawn=it.drawn(ID_BYTES),
            now=it.now(),
        )
        return Enrolled(opened=opened, codes=self._new_codes(uow, who) if codes else ())


def _place(who: Somebody) -> str:
    return f"identity/enrolling/{whose(who.tenant, who.name)}"
