"""A machine known by its client certificate, passed on by a proxy that ends TLS.

Rules kept here: the header counts only from addresses the settings name, and from anybody else
its presence alone is refused; the certificate is held against our own rules (its fingerprint,
or its subject together with the very certificate that issued it, whose signature is checked
here), so the proxy needs to be trusted for one thing only: that the caller held the key.

Source: RFC 9440 (Client-Cert header field), RFC 8941 section 3.3.5 (byte sequences).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from gateway.identity.not_proven import NotProven

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
HEADER_MAX: Final = 16_384
RFC_9440_HEADER: Final = "Client-Cert"
_BYTES: Final = re.compile(r":([A-Za-z0-9+/]+={0,2}):", re.ASCII)
_PEM: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\s*"
)
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class CertificateForm(StrEnum):
    """How the proxy writes the certificate into its header."""

    RFC_9440 = "rfc9440"
    """``:base64 of DER:``"""
    PEM_ESCAPED = "pem_escaped"
    """PEM, percent-encoded: ``$ssl_client_escaped_cert`` of nginx, for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxy:
    """Which peers may tell us a client's certificate, and in which header."""

    peers: tuple[Network, ...]
    header: str = RFC_9440_HEADER
    form: CertificateForm = CertificateForm.RFC_9440


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRule:
    """Which certificate stands for which API key, as the settings say.

    Either ``fingerprint`` (hex SHA-256 over the DER), or ``subject`` (RFC 4514) together with
    ``issuer_pem``, the certificate that issued it.
    """

    key_id: str
    fingerprint: str = ""
    subject: str = ""
    issuer_pem: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for a rule that is neither or both, or a fingerprint of another form."""
        by_subject = bool(self.subject) and bool(self.issuer_pem)
        if bool(self.subject) != bool(self.issuer_pem) or by_subject == bool(self.fingerprint):
            raise ValueError("name either a fingerprint, or a subject and its issuer's certificate")
        if self.fingerprint and not _FINGERPRINT.fullmatch(self.fingerprint):
            raise ValueError("a fingerprint is 64 lower-case hex digits")
        if self.issuer_pem:
            from cryptography import x509  # noqa: PLC0415 - start-up

            x509.load_pem_x509_certificate(self.issuer_pem.encode())


def passed_certificate(
    headers: Sequence[tuple[str, str]], *, peer: str, proxy: TrustedProxy | None
) -> bytes | None:
    """The client certificate (DER) a trusted proxy passed on; None when there is no header.

    ``peer`` is the address of the socket, never one from a header. Raises NotProven:
    ``certificate_forged`` (the header came from somebody else, or we trust no proxy),
    ``certificate_doubled``, ``certificate_malformed``.
    """
    # Without a proxy in the settings the standard's own header is still a claim to refuse.
    name = (proxy.header if proxy is not None else RFC_9440_HEADER).lower()
    values = [value for given, value in headers if _same(given, name)]
    if not values:
        return None
    if proxy is None or not _within(peer, proxy.peers):
        raise NotProven("certificate_forged")
    if len(values) != 1:
        raise NotProven("certificate_doubled")
    if not values[0]:
        return None  # nginx sends the header empty when the client showed no certificate
    return _der(values[0], proxy.form)


def identify_certificate(der: bytes, rules: Collection[CertificateRule], *, now: datetime) -> str:
    """The id of the API key a certificate stands for.

    Raises NotProven: ``certificate_malformed``, ``certificate_out_of_date``,
    ``certificate_purpose`` (it says what it is for, and being a client is not among it),
    ``certificate_unknown``, ``certificate_ambiguous`` (rules for two keys fit).
    """
    from cryptography import x509  # noqa: PLC0415 - start-up

    try:
        certificate = x509.load_der_x509_certificate(der)
        starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        purposes = _purposes(certificate)
        keys = {rule.key_id for rule in rules if _fits(rule, certificate, der, now)}
    except (ValueError, x509.InvalidVersion) as error:
        raise NotProven("certificate_malformed") from error
    if not starts <= now <= ends:
        raise NotProven("certificate_out_of_date")
    if purposes is not None and x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
        raise NotProven("certificate_purpose")
    if len(keys) != 1:
        raise NotProven("certificate_ambiguous" if keys else "certificate_unknown")
    return keys.pop()


def _same(given: str, name: str) -> bool:
    """Whether a header is the proxy's, also as a server may spell it that turns ``-`` to ``_``."""
    return given.lower().replace("_", "-") == name.replace("_", "-")


def _within(peer: str, networks: Collection[Network]) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def _der(value: str, form: CertificateForm) -> bytes:
    """The DER in a header's value. Raises NotProven (``certificate_malformed``)."""
    if len(value) > HEADER_MAX:
        raise NotProven("certificate_malformed")
    if form is CertificateForm.PEM_ESCAPED:
        pem = unquote_to_bytes(value)
        if not _PEM.fullmatch(pem):
            raise NotProven("certificate_malformed")
        text = b"".join(pem.split(b"-----")[2].split()).decode()
    else:
        found = _BYTES.fullmatch(value.strip(" "))
        if found is None:
            raise NotProven("certificate_malformed")
        text = found[1]
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise NotProven("certificate_malformed") from error


def _purposes(certificate: Certificate) -> Collection[object] | None:
    """What the certificate says it is for; None when it says nothing of it."""
    from cryptography import x509  # noqa: PLC0415 - start-up

    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return None
    return list(extension.value)


def _fits(rule: CertificateRule, certificate: Certificate, der: bytes, now: datetime) -> bool:
    from cryptography import x509  # noqa: PLC0415 - start-up
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - start-up

    if rule.fingerprint:
        return hashlib.sha256(der).hexdigest() == rule.fingerprint
    if certificate.subject.rfc4514_string() != rule.subject:
        return False
    issuer = x509.load_pem_x509_certificate(rule.issuer_pem.encode())
    if not issuer.not_valid_before_utc <= now <= issuer.not_valid_after_utc:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
