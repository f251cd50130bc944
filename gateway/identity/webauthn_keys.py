"""Security keys and passkeys (WebAuthn): a second factor that a forged page cannot ask for.

Rules kept here: the user is always verified (PIN or biometrics), origin and relying party are
those of the settings, a challenge comes from a ceremony and counts once; a signature counter
that does not grow means a copied key and is refused; a stored key is sealed to its person, so
a row written past the gateway opens nothing.

Source: W3C Web Authentication Level 2, sections 7.1 and 7.2.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from gateway.identity.not_proven import NotProven
from gateway.identity.seals import holds, seal

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

CHALLENGE_BYTES: Final = 32
ANSWER_MAX: Final = 65_536
_TIMEOUT_MS: Final = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who asks: the relying party of the settings.

    ``id`` is the domain without scheme or port, ``origins`` the pages' origins as browsers
    write them (``https://gateway.example.com``).
    """

    id: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityKey:
    """What is stored of a key. ``sign_count`` is the counter of its last use."""

    tenant: str
    person: str
    id: bytes
    public_key: bytes
    sign_count: int
    label: str
    added_at: datetime
    seal: bytes = field(default=b"", repr=False)


def registration_options(
    site: Site, *, person: str, handle: bytes, challenge: bytes, existing: Sequence[SecurityKey]
) -> str:
    """What the page gives to ``navigator.credentials.create`` (JSON).

    ``person`` is shown on the key, ``handle`` (64 bytes at most, drawn once per person) is
    what it stores of them; ``challenge`` are 32 fresh random bytes.
    """
    _fresh(challenge)
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers.structs import (  # noqa: PLC0415 - start-up
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=site.id,
        rp_name=site.name,
        user_name=person,
        user_id=handle,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_described(existing),
    )
    return options_to_json(options)


def register(  # noqa: PLR0913 - keyword-only, what makes a stored key
    site: Site,
    answer: str,
    *,
    challenge: bytes,
    tenant: str,
    person: str,
    label: str,
    key: bytes,
    now: datetime,
) -> SecurityKey:
    """The key to store, from what the browser answered (JSON).

    ``key`` is the purpose key for seals (``security_keys``). That no other row has this ``id``
    is for the table's primary key to say. Raises NotProven (``webauthn_refused``).
    """
    _sized(answer)
    from webauthn import verify_registration_response  # noqa: PLC0415 - start-up

    try:
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=list(site.origins),
            require_user_verification=True,
        )
    except hostile_answer_errors() as error:
        raise NotProven("webauthn_refused") from error
    made = SecurityKey(
        tenant=tenant,
        person=person,
        id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        label=label,
        added_at=now,
    )
    return _sealed(made, key)


def authentication_options(site: Site, *, challenge: bytes, keys: Sequence[SecurityKey]) -> str:
    """What the page gives to ``navigator.credentials.get`` (JSON); ``keys`` are the person's."""
    _fresh(challenge)
    from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415
    from webauthn.helpers.structs import UserVerificationRequirement  # noqa: PLC0415 - start-up

    options = generate_authentication_options(
        rp_id=site.id,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        allow_credentials=_described(keys),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def authenticate(
    site: Site, answer: str, *, challenge: bytes, keys: Sequence[SecurityKey], key: bytes
) -> SecurityKey:
    """The key that answered, with its new counter, to be stored in the same commit.

    ``keys`` are the person's and no others. Raises NotProven: ``webauthn_unknown`` (none of
    them), ``webauthn_altered`` (its row was not written by us), ``webauthn_refused``,
    ``webauthn_copied`` (rightly signed, but the counter did not grow: two keys with one
    secret; call a person).
    """
    _sized(answer)
    used = next((one for one in keys if one.id == _id_in(answer)), None)
    if used is None:
        raise NotProven("webauthn_unknown")
    if not holds(key, used.seal, *_columns(used)):
        raise NotProven("webauthn_altered")
    from webauthn import verify_authentication_response  # noqa: PLC0415 - start-up

    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=list(site.origins),
            credential_public_key=used.public_key,
            # The counter is judged below, once the signature is known to be right: an alarm about
            # a copied key must not be had by sending rubbish.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except hostile_answer_errors() as error:
        raise NotProven("webauthn_refused") from error
    counts = verified.new_sign_count or used.sign_count  # keys without a counter always say 0
    if counts and verified.new_sign_count <= used.sign_count:
        raise NotProven("webauthn_copied")
    return _sealed(replace(used, sign_count=verified.new_sign_count), key)


def hostile_answer_errors() -> tuple[type[Exception], ...]:
    """What the libraries raise on bytes that no honest browser sends. Each proves nothing.

    py_webauthn wraps the outer layers only: keys and certificates inside are read by cbor2,
    cryptography and pyOpenSSL, and their members used as if they were of the promised kind.
    """
    from cbor2 import CBORError  # noqa: PLC0415 - start-up
    from cryptography import x509  # noqa: PLC0415 - start-up
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from OpenSSL.crypto import Error, X509StoreContextError  # noqa: PLC0415 - start-up
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - start-up

    return (
        WebAuthnException,
        CBORError,
        InvalidSignature,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.ExtensionNotFound,
        x509.UnsupportedGeneralNameType,
        Error,
        X509StoreContextError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
        struct.error,
    )


def _id_in(answer: str) -> bytes:
    """The key's id as the browser names it. Raises NotProven (``webauthn_refused``)."""
    from webauthn import base64url_to_bytes  # noqa: PLC0415 - start-up

    try:
        return base64url_to_bytes(json.loads(answer)["rawId"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotProven("webauthn_refused") from error


def _described(keys: Sequence[SecurityKey]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor  # noqa: PLC0415

    return [PublicKeyCredentialDescriptor(id=one.id) for one in keys]


def _fresh(challenge: bytes) -> None:
    if len(challenge) != CHALLENGE_BYTES:
        raise ValueError("a challenge has 32 bytes")


def _sized(answer: str) -> None:
    if len(answer) > ANSWER_MAX:
        raise NotProven("webauthn_refused")


def _sealed(made: SecurityKey, key: bytes) -> SecurityKey:
    return replace(made, seal=seal(key, *_columns(made)))


def _columns(made: SecurityKey) -> tuple[str | bytes | int, ...]:
    return ("security_key", made.tenant, made.person, made.id, made.public_key, made.sign_count)
