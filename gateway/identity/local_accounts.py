"""People with an account here: what is stored of them, and what their proofs come to.

Rule kept here: every check ends in a ``Proof`` and what must be stored with it in the same
commit, or in NotProven; a person who does not exist or may not log in costs the same work and
hears the same words as one who mistyped.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from gateway.identity.not_proven import NotProven
from gateway.identity.passwords import STANDING_COST, Cost, check_password, hash_password
from gateway.identity.principal import Method, Proof
from gateway.identity.totp import check_code, spend_recovery_code
from gateway.signing.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is stored of a person with an account here.

    ``password`` is a PHC string, '' until one was chosen; ``totp`` the secret of their
    authenticator app, sealed by the vault, None without one; ``totp_step`` the last step used;
    ``handle`` (64 random bytes) is what security keys store of the person.
    """

    tenant: str
    person: str
    password: str = field(repr=False)
    handle: bytes = field(repr=False)
    totp: bytes | None = field(default=None, repr=False)
    totp_step: int | None = None
    disabled: bool = False

    @property
    def whose(self) -> str:
        """The person as hashes and seals name them: ``tenant/person``."""
        return whose(self.tenant, self.person)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordProved:
    """A right password. ``rehashed`` is to be stored instead of the old hash, None to keep it."""

    proof: Proof
    rehashed: str | None = field(default=None, repr=False)


def whose(tenant: str, person: str) -> str:
    """A person as hashes and seals name them. Raises ValueError for a name with ``/``."""
    if "/" in tenant or "/" in person:
        raise ValueError("a tenant's or person's name holds no /")
    return f"{tenant}/{person}"


def prove_password(  # noqa: PLR0913 - keyword-only, what a check needs
    account: Account | None,
    password: str,
    *,
    key: bytes,
    salt: bytes,
    now: datetime,
    cost: Cost = STANDING_COST,
) -> PasswordProved:
    """Check a password; None is a person who does not exist. Runs long: on a reader thread.

    ``key`` is a purpose key (``passwords``), ``salt`` 16 fresh random bytes for a new hash.
    Raises NotProven: ``person_unknown``, ``person_disabled``, ``password_wrong``.
    """
    stored = account.password if account is not None and account.password else None
    name = account.whose if account is not None else ""
    checked = check_password(password, stored, person=name, key=key, cost=cost)
    if account is None:
        raise NotProven("person_unknown")
    if not checked.right:
        raise NotProven("password_wrong")
    if account.disabled:
        raise NotProven("person_disabled")
    rehashed = (
        hash_password(password, person=name, key=key, salt=salt, cost=cost)
        if checked.outdated
        else None
    )
    return PasswordProved(proof=Proof(method=Method.PASSWORD, at=now), rehashed=rehashed)


def seal_totp(vault: Vault, secret: str, *, tenant: str, person: str) -> bytes:
    """The secret of an authenticator app as it is stored; it opens for this person only."""
    return vault.seal(secret.encode(), _place(whose(tenant, person)))


def prove_totp(account: Account, code: str, *, vault: Vault, now: datetime) -> tuple[Proof, int]:
    """The proof, and the step to store as the account's ``totp_step``.

    Raises NotProven as ``check_code``, or ``totp_missing`` (none was enrolled),
    ``totp_altered`` (the stored secret is not this person's).
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - start-up

    if account.totp is None:
        raise NotProven("totp_missing")
    try:
        secret = vault.unseal(account.totp, _place(account.whose)).decode()
    except InvalidTag as error:
        raise NotProven("totp_altered") from error
    step = check_code(secret, code, now=now, last_step=account.totp_step)
    return Proof(method=Method.TOTP, at=now), step


def prove_recovery(
    account: Account, code: str, *, stored: Collection[bytes], key: bytes, now: datetime
) -> tuple[Proof, bytes]:
    """The proof, and the hash to delete. ``key`` is a purpose key (``recovery``).

    Raises NotProven (``recovery_wrong``).
    """
    spent = spend_recovery_code(code, stored, person=account.whose, key=key)
    return Proof(method=Method.RECOVERY_CODE, at=now), spent


def _place(name: str) -> str:
    return f"identity/totp/{name}"
