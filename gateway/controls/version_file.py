"""Control documents as files: read strictly, and exported under a signature.

Rule kept here: what two readers could understand differently is refused (a member twice, NaN, a
fraction), and an exported file says by itself whether it is what the gateway wrote.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from gateway.controls.rules.document import ControlDocument
from gateway.controls.rules.reading import content as content_of
from gateway.controls.rules.reading import digest as digest_of
from gateway.controls.rules.reading import read
from gateway.controls.version_rows import Version
from gateway.domain.errors import Fault, Refused

EXPORT_FORMAT: Final = "controls-export/1"
FILE_BYTES_MAX: Final = 4 << 20
"""Most bytes of a document: one with thousands of people has some hundred thousand."""
_SIGNED: Final = b"gateway.controls.export/1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """An exported file whose signature and digest hold. ``key`` is the key that signed it."""

    tenant: str
    version: int
    digest: str
    key: str
    document: ControlDocument


def parse_json(text: bytes) -> Mapping[str, object]:
    """The one object of a JSON text. Raises Refused."""
    try:
        found = json.loads(
            text.decode(),
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_float=_no_number,
        )
    except (ValueError, RecursionError) as error:
        raise _unreadable("JSON") from error
    if not isinstance(found, dict):
        raise _unreadable("JSON")
    return found


def parse_file(name: str, text: bytes) -> Mapping[str, object]:
    """The content of a file by its name: TOML for ``.toml``, else JSON. Raises Refused.

    Of an exported file it is the document inside.
    """
    if len(text) > FILE_BYTES_MAX:
        raise Refused("the file is longer than 4 MiB", "文件超过 4 MiB")
    if name.endswith(".toml"):
        try:
            found: Mapping[str, object] = tomllib.loads(text.decode())
        except (ValueError, RecursionError) as error:
            raise _unreadable("TOML") from error
    else:
        found = parse_json(text)
    inner = found.get("content")
    if found.get("format") == EXPORT_FORMAT and isinstance(inner, dict):
        return inner
    return found


def signed_export(
    tenant: str, version: Version | None, document: ControlDocument, key: Ed25519PrivateKey
) -> dict[str, object]:
    """A version as JSON values, under a signature over all of them; None: what the settings say."""
    one = version
    told: dict[str, object] = {
        "format": EXPORT_FORMAT,
        "tenant": tenant,
        "version": one.version if one else 0,
        "state": one.state.value if one else "settings",
        "digest": digest_of(document),
        "comment": one.comment if one else "",
        "proposed_by": one.proposed_by if one else "",
        "proposed_at": one.proposed_at.isoformat() if one else None,
        "in_force_at": one.in_force_at.isoformat() if one and one.in_force_at else None,
        "votes": [
            {"actor": it.actor, "digest": it.digest, "reason": it.reason, "at": it.at.isoformat()}
            for it in (one.votes if one else ())
        ],
        "content": content_of(document),
        "key": key.public_key().public_bytes_raw().hex(),
    }
    return {**told, "signature": key.sign(_text(told)).hex()}


def verify_export(text: bytes, key: str) -> Verified:
    """What an exported file says, where it is exactly what ``key`` (hex) signed.

    Raises Refused naming what does not hold.
    """
    found = dict(parse_json(text))
    signature = found.pop("signature", None)
    if found.get("format") != EXPORT_FORMAT or not isinstance(signature, str):
        raise Refused("this is no export of controls", "这不是管控文件的导出")
    if found.get("key") != key:
        raise Refused(
            "the file was signed by another key than the one expected: compare the keys",
            "文件由另一把密钥签名，与预期不符：请核对密钥",
        )
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), _text(found))
    except (ValueError, InvalidSignature) as error:
        raise Refused(
            "the signature does not hold: the file was changed after it was exported",
            "签名不符：文件在导出后被改动",
        ) from error
    return _verified(found, key)


def _verified(found: Mapping[str, object], key: str) -> Verified:
    inner, version = found.get("content"), found.get("version")
    if not isinstance(inner, dict) or not isinstance(version, int):
        raise Refused("this is no export of controls", "这不是管控文件的导出")
    document = read(inner)
    digest = digest_of(document)
    if digest != found.get("digest"):
        raise Refused(
            "the content has another digest than the one voted on",
            "内容与表决时的摘要不符",
        )
    return Verified(
        tenant=str(found.get("tenant")), version=version, digest=digest, key=key, document=document
    )


def _text(told: Mapping[str, object]) -> bytes:
    """What is signed: canonical JSON under a name of its own, so nothing else passes for it."""
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _SIGNED + hashlib.sha256(text.encode()).hexdigest().encode()


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object. Raises ValueError where a member stands twice."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a member stands twice")
    return made


def _no_number(_: str) -> NoReturn:
    """Raise ValueError: amounts are texts, counts are whole."""
    raise ValueError("a fraction or no number")


def _unreadable(form: str) -> Refused:
    return Refused(
        "the document cannot be read",
        "管控文件无法读取",
        [
            Fault(
                path="/",
                code="unreadable",
                zh=f"不是合格的 {form}：成员不可重复，金额用文本，编码为 UTF-8",
                en=f"not proper {form}: no member twice, amounts as text, UTF-8",
            )
        ],
    )
