"""The token of a self-built application: asked for with a signature, sent with every call.

Source: the vendor's open platform, token of a self-built application (path since 2023-07-21; the
older one is an option). Times are milliseconds since 1970.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.erp.yonyou.json_tree import parsed
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp_api import Access, Call, CallReply, Login, Moment, Token

TOKEN_PATH: Final = "/open-auth/selfAppAuth/base/v1/getAccessToken"  # noqa: S105 - a path
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_OK: Final = frozenset({"00000", "200"})
_DIGITS_MAX: Final = 9


def signature(parameters: Mapping[str, str], secret: str) -> str:
    """Base64 of HMAC-SHA256 over names and values, sorted by name, none between them.

    It is percent-encoded when it goes into the query, like every other value.
    """
    text = "".join(f"{name}{value}" for name, value in sorted(parameters.items()))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def _encode(access: Access, moment: Moment) -> Call:
    parameters = {
        "appKey": access.options["app_key"],
        "timestamp": str((moment.now - _EPOCH) // _MILLISECOND),
    }
    signed = signature(parameters, access.secrets["app_secret"])
    return Call(
        method="GET",
        path=access.options.get("token_path", TOKEN_PATH),
        endpoint="token",
        query=(*parameters.items(), ("signature", signed)),
        headers=(("Content-Type", "application/json"),),
        to="token_url" if access.options.get("token_url") else "",
    )


def _decode(reply: CallReply, moment: Moment) -> Token:
    """Read the token. Raises Refused for an answer that is no, WireError for none at all."""
    document = parsed(reply.body)
    code, given = document.at("code").text(), document.at("data")
    if code and code not in _OK:
        raise Refused(f"YonBIP gave no token (code {code})", f"YonBIP 未签发令牌（代码 {code}）")
    if given.absent:  # the short form has no envelope
        given = document
    token = given.at("access_token").text()
    if not token:
        raise WireError("missing", "/data/access_token")
    life = given.first("expire", "expires_in").text()
    if not (life.isascii() and life.isdigit() and len(life) <= _DIGITS_MAX):
        raise WireError("format", "/data/expire")
    return Token(
        expires_at=moment.now + timedelta(seconds=int(life)), query=(("access_token", token),)
    )


LOGIN: Final = Login(encode=_encode, decode=_decode)
