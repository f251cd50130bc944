"""Machines known by a client certificate at the API's door, beside the signature."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.ui_ground import story

HEADER = "X-Client-Cert"


def certificate() -> x509.Certificate:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "erp")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(secret, hashes.SHA256())
    )


KNOWN, STRANGE = certificate(), certificate()


def passed_on(made: x509.Certificate) -> str:
    return quote(made.public_bytes(serialization.Encoding.PEM).decode())


def identity(*peers: str) -> dict[str, object]:
    return {
        "certificates": {"peers": list(peers)},
        "certificate": [{"key": "erp", "fingerprint": KNOWN.fingerprint(hashes.SHA256()).hex()}],
    }


async def asked(site, headers, path="/v1/accounts"):
    async with httpx.AsyncClient(base_url=site.base, timeout=60) as client:
        return await client.get(path, headers=headers)


def test_a_certificate_from_the_trusted_proxy_is_the_key_of_its_rule(tmp_path):
    async def tell(site):
        answer = await asked(site, {HEADER: passed_on(KNOWN)})
        assert answer.status_code == 200
        assert len(answer.json()["accounts"]) == 1
        assert (await asked(site, {HEADER: passed_on(STRANGE)})).status_code == 401
        assert (await asked(site, {HEADER: ""})).status_code == 401
        assert (await asked(site, {HEADER: "rubbish"})).status_code == 401
        assert (await asked(site, {})).status_code == 401

    story(tmp_path, tell, identity=identity("127.0.0.1/32"), people=[])


def test_beside_it_the_signature_goes_on_and_must_hold(tmp_path):
    async def tell(site):
        signed = site.world.signed("GET", "/v1/accounts", key="erp2")
        assert (await asked(site, signed)).status_code == 200
        signed = site.world.signed("GET", "/v1/accounts", key="erp2")
        both = signed | {HEADER: passed_on(KNOWN)}
        assert (await asked(site, both)).status_code == 200
        wrong = site.world.signed("GET", "/v1/accounts", secret=b"wrong")
        assert (await asked(site, wrong | {HEADER: passed_on(KNOWN)})).status_code == 401
        half = {"X-Gw-Key": "erp", HEADER: passed_on(KNOWN)}
        assert (await asked(site, half)).status_code == 401

    story(tmp_path, tell, identity=identity("127.0.0.1/32"), people=[])


def test_the_header_from_anybody_else_is_refused_even_beside_a_right_signature(tmp_path):
    async def tell(site):
        for name in (HEADER, "x_client_cert", "X-Client_Cert"):
            assert (await asked(site, {name: passed_on(KNOWN)})).status_code == 401
            signed = site.world.signed("GET", "/v1/accounts")
            forged = signed | {name: passed_on(KNOWN)}
            assert (await asked(site, forged)).status_code == 401, name

    story(tmp_path, tell, identity=identity("10.0.0.5/32"), people=[])


def test_the_header_twice_is_refused(tmp_path):
    async def tell(site):
        twice = [(HEADER, passed_on(KNOWN)), ("x_client_cert", passed_on(KNOWN))]
        assert (await asked(site, twice)).status_code == 401

    story(tmp_path, tell, identity=identity("127.0.0.1/32"), people=[])


def test_without_a_proxy_in_the_settings_the_standards_own_header_is_refused(tmp_path):
    async def tell(site):
        signed = site.world.signed("GET", "/v1/accounts")
        assert (await asked(site, signed | {"Client-Cert": ":AAAA:"})).status_code == 401
        signed = site.world.signed("GET", "/v1/accounts")
        assert (await asked(site, signed)).status_code == 200

    story(tmp_path, tell, identity={"session_hours": 8}, people=[])


def test_a_payment_is_accepted_from_a_certified_machine_and_decided_by_none(tmp_path):
    async def tell(site):
        from tests.integration.web.world import payment

        async with httpx.AsyncClient(base_url=site.base, timeout=60) as client:
            headers = {HEADER: passed_on(KNOWN)}
            answer = await client.post("/v1/instructions", json=payment("C-1"), headers=headers)
            assert answer.status_code == 200, answer.text
            vote = {"action": "approve", "content_hash": answer.json()["digest"]}
            id_ = answer.json()["id"]
            answer = await client.post(
                f"/v1/instructions/{id_}/decisions", json=vote, headers=headers
            )
            assert answer.status_code == 403

    story(tmp_path, tell, identity=identity("127.0.0.1/32"), people=[], release_people=1)
