"""Client certificates through a proxy: forged headers, wrong certificates, both spellings."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.mtls import (
    CertificateForm,
    CertificateRule,
    TrustedProxy,
    identify_certificate,
    passed_certificate,
)
from gateway.identity.not_proven import NotProven
from tests.identity_ground import NOW

DAY = dt.timedelta(days=1)
PEERS = (ipaddress.ip_network("192.0.2.0/28"), ipaddress.ip_network("2001:db8::/64"))
PROXY = TrustedProxy(peers=PEERS)
NGINX = TrustedProxy(peers=PEERS, header="X-Client-Cert", form=CertificateForm.PEM_ESCAPED)
PEER = "192.0.2.1"


def named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Issues certificates."""

    def __init__(self, name: str, ends: dt.datetime = NOW + 365 * DAY) -> None:
        self.name = named(name)
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._issue(
            self.name, self.secret.public_key(), NOW - 30 * DAY, ends, None
        )
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self,
        subject: str = "erp",
        *,
        starts=NOW - DAY,
        ends=NOW + DAY,
        purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,),
    ) -> bytes:
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        made = self._issue(named(subject), public, starts, ends, purposes)
        return made.public_bytes(serialization.Encoding.DER)

    def _issue(self, subject, public, starts, ends, purposes) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            issuer_name=self.name,
            subject_name=subject,
            public_key=public,
            serial_number=7,
            not_valid_before=starts,
            not_valid_after=ends,
        )
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return builder.sign(self.secret, hashes.SHA256())


AUTHORITY = Authority("Group CA")
DER = AUTHORITY.issue()
FINGERPRINT = x509.load_der_x509_certificate(DER).fingerprint(hashes.SHA256()).hex()
BY_FINGERPRINT = CertificateRule(key_id="erp-key", fingerprint=FINGERPRINT)
BY_SUBJECT = CertificateRule(key_id="erp-key", subject="CN=erp", issuer_pem=AUTHORITY.pem)


def rfc9440(der: bytes = DER) -> tuple[str, str]:
    return "Client-Cert", f":{base64.b64encode(der).decode()}:"


def escaped(der: bytes = DER) -> tuple[str, str]:
    pem = x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
    return "X-Client-Cert", quote(pem, safe="")


def flaw(*headers: tuple[str, str], peer: str = PEER, proxy: TrustedProxy | None = PROXY) -> str:
    with pytest.raises(NotProven) as refused:
        passed_certificate(headers, peer=peer, proxy=proxy)
    return refused.value.flaw


def not_identified(der: bytes, *rules: CertificateRule, now=NOW) -> str:
    with pytest.raises(NotProven) as refused:
        identify_certificate(der, rules, now=now)
    return refused.value.flaw


# ── the header ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("header", "proxy"), [(rfc9440(), PROXY), (escaped(), NGINX)])
@pytest.mark.parametrize("peer", [PEER, "::ffff:192.0.2.15", "2001:db8::9"])
def test_a_trusted_proxy_passes_a_certificate_on(header, proxy, peer):
    assert passed_certificate([header], peer=peer, proxy=proxy) == DER
    shouted = (header[0].upper(), header[1])
    assert passed_certificate([shouted], peer=peer, proxy=proxy) == DER


@pytest.mark.parametrize(
    "peer", ["192.0.2.16", "198.51.100.1", "2001:db8:0:1::1", "::ffff:192.0.2.16", "", "unix:"]
)
@pytest.mark.parametrize(("header", "proxy"), [(rfc9440(), PROXY), (escaped(), NGINX)])
def test_a_header_from_anybody_else_is_forged(header, proxy, peer):
    assert flaw(header, peer=peer, proxy=proxy) == "certificate_forged"
    underscored = (header[0].replace("-", "_"), header[1])
    assert flaw(underscored, peer=peer, proxy=proxy) == "certificate_forged"


def test_where_no_proxy_is_trusted_every_header_is_forged():
    assert flaw(rfc9440(), proxy=None) == "certificate_forged"


def test_a_forged_header_is_refused_also_when_empty_or_unreadable():
    assert flaw(("Client-Cert", ""), peer="198.51.100.1") == "certificate_forged"
    assert flaw(("Client-Cert", "x"), peer="198.51.100.1") == "certificate_forged"


def test_a_second_header_slipped_past_the_proxy_is_refused():
    mallory = rfc9440(Authority("Mallory").issue())
    assert flaw(mallory, rfc9440()) == "certificate_doubled"
    assert flaw(rfc9440(), ("client_cert", mallory[1])) == "certificate_doubled"


def test_the_forwarded_address_of_a_header_does_not_make_a_proxy():
    assert flaw(("X-Forwarded-For", PEER), rfc9440(), peer="198.51.100.1") == "certificate_forged"


def test_without_a_certificate_there_is_none():
    assert passed_certificate([("Host", "gateway")], peer="198.51.100.1", proxy=PROXY) is None
    assert passed_certificate([("Client-Cert", "")], peer=PEER, proxy=PROXY) is None
    assert passed_certificate([], peer=PEER, proxy=None) is None


@pytest.mark.parametrize(
    "value",
    [
        "abc",
        ":abc:",
        ":YWJj",
        ":YWJj:;x=1",
        f"{rfc9440()[1]}, {rfc9440()[1]}",
        ":YWJj\n:",
        ":" + "A" * 20_000 + ":",
    ],
)
def test_a_value_of_another_form_is_malformed(value):
    assert flaw(("Client-Cert", value)) == "certificate_malformed"


@pytest.mark.parametrize(
    "value",
    [
        "abc",
        quote("-----BEGIN CERTIFICATE-----\nYWJ\n-----END CERTIFICATE-----\n"),
        escaped()[1] + escaped()[1],
        quote("-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n"),
    ],
)
def test_an_escaped_pem_of_another_form_is_malformed(value):
    assert flaw(("X-Client-Cert", value), proxy=NGINX) == "certificate_malformed"


# ── the certificate ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rule", [BY_FINGERPRINT, BY_SUBJECT], ids=["fingerprint", "subject"])
def test_a_known_certificate_stands_for_its_key(rule):
    assert identify_certificate(DER, [rule], now=NOW) == "erp-key"


def test_another_certificate_of_the_same_subject_has_another_fingerprint():
    assert not_identified(AUTHORITY.issue(), BY_FINGERPRINT) == "certificate_unknown"


def test_a_subject_issued_by_somebody_of_the_same_name_is_unknown():
    forged = Authority("Group CA").issue()
    assert not_identified(forged, BY_SUBJECT) == "certificate_unknown"


def test_a_self_signed_certificate_of_the_right_subject_is_unknown():
    assert not_identified(Authority("erp").issue(), BY_SUBJECT) == "certificate_unknown"


def test_another_subject_of_the_right_issuer_is_unknown():
    assert not_identified(AUTHORITY.issue("erp2"), BY_SUBJECT) == "certificate_unknown"


@pytest.mark.parametrize("rule", [BY_FINGERPRINT, BY_SUBJECT], ids=["fingerprint", "subject"])
@pytest.mark.parametrize("days", [-2, 2])
def test_a_certificate_out_of_its_days_is_refused(rule, days):
    assert not_identified(DER, rule, now=NOW + days * DAY) == "certificate_out_of_date"


def test_an_issuer_out_of_its_days_vouches_for_nobody():
    old = Authority("Group CA", ends=NOW - DAY)
    rule = CertificateRule(key_id="erp-key", subject="CN=erp", issuer_pem=old.pem)
    assert not_identified(old.issue(), rule) == "certificate_unknown"


def test_a_certificate_for_servers_is_not_a_clients():
    server = AUTHORITY.issue(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))
    assert not_identified(server, BY_SUBJECT) == "certificate_purpose"
    silent = AUTHORITY.issue(purposes=())
    assert identify_certificate(silent, [BY_SUBJECT], now=NOW) == "erp-key"


def test_rules_for_two_keys_decide_nothing():
    other = CertificateRule(key_id="other", fingerprint=FINGERPRINT)
    assert not_identified(DER, BY_SUBJECT, other) == "certificate_ambiguous"
    assert identify_certificate(DER, [BY_SUBJECT, BY_FINGERPRINT], now=NOW) == "erp-key"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"fingerprint": FINGERPRINT.upper()},
        {"fingerprint": FINGERPRINT[:-1]},
        {"subject": "CN=erp"},
        {"issuer_pem": AUTHORITY.pem},
        {"fingerprint": FINGERPRINT, "subject": "CN=erp", "issuer_pem": AUTHORITY.pem},
        {"subject": "CN=erp", "issuer_pem": "-----BEGIN CERTIFICATE-----\nx\n"},
    ],
)
def test_a_rule_says_one_thing(fields):
    with pytest.raises(ValueError, match=r".+"):
        CertificateRule(key_id="erp-key", **fields)


@given(st.integers(0, len(DER) - 1), st.integers(0, 255), st.booleans())
def test_no_certificate_however_damaged_stands_for_a_key(place, byte, cut):
    damaged = DER[:place] if cut else DER[:place] + bytes([byte]) + DER[place + 1 :]
    if damaged != DER:
        not_identified(damaged, BY_FINGERPRINT, BY_SUBJECT)


def test_a_certificate_of_an_unknown_version_stands_for_no_key():
    version = b"\xa0\x03\x02\x01\x02"
    assert DER.count(version) == 1
    not_identified(DER.replace(version, version[:-1] + b"\x01"), BY_FINGERPRINT, BY_SUBJECT)
