"""苍穹 log-ins: one call for a token (getToken), or the two of older systems.

Rule kept here: whichever way it came, a token travels in a header and never in an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import Final

from adapters.erp.kingdee import cosmic_calls, exact
from adapters.erp.kingdee.cosmic_options import TWO_STEPS, CosmicOptions
from adapters.erp.kingdee.keyed import Told
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp_api import Access, Call, CallReply, Login, Moment, Token

_LIFE: Final = timedelta(minutes=110)
"""Of a token that lives two hours."""
_BEIJING: Final = timezone(timedelta(hours=8))
_OK: Final = 200


def login(options: CosmicOptions) -> Login:
    """How a token is got, as option ``auth`` says; it goes with every call."""
    return _by_app_token(options) if options["auth"] == TWO_STEPS else _by_token(options)


def _by_token(options: CosmicOptions) -> Login:
    """POST /kapi/oauth2/getToken. Source: 苍穹 OpenAPI 增强型 Token 认证, from V6.0.1 on."""

    def encode(access: Access, moment: Moment) -> Call:
        asked = {
            "client_id": options["client_id"],
            "client_secret": _secret(access),
            "username": options["username"],
            "accountId": options["account_id"],
            "language": options["language"],
            "nonce": moment.nonce,
            "timestamp": moment.now.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
        }
        path = f"{options['base_path']}/kapi/oauth2/getToken"
        return cosmic_calls.identified(cosmic_calls.post(path, "getToken", asked), access)

    def decode(reply: CallReply, moment: Moment) -> Token:
        told = cosmic_calls.answer(reply)
        if isinstance(told, Told):
            raise _refused(told.code)
        return _token(exact.members(told, "/data"), moment)

    return Login(encode=encode, decode=decode)


def _by_app_token(options: CosmicOptions) -> Login:
    """getAppToken.do, then login.do: a token of the application, then one of its user.

    Spoken by systems before V6, and by later ones for applications whose enhanced token
    authentication is switched off.
    """

    def encode(access: Access, _moment: Moment) -> Call:
        asked = {
            "appId": options["client_id"],
            options["app_secret_field"]: _secret(access),
            "tenantid": options["tenant_id"],
            "accountId": options["account_id"],
            "language": options["language"],
        }
        return cosmic_calls.identified(_legacy(options, "getAppToken", asked), access)

    def decode(reply: CallReply, moment: Moment) -> Token | Call:
        data = _granted(reply)
        app_token = exact.text(data.get("app_token"), "/data/app_token")
        if not app_token:
            return _token(data, moment)
        asked = {
            "user": options["username"],
            "apptoken": app_token,
            "tenantid": options["tenant_id"],
            "accountId": options["account_id"],
            "usertype": options["user_type"],
        }
        return _legacy(options, "login", asked)

    return Login(encode=encode, decode=decode)


def _legacy(options: CosmicOptions, name: str, asked: Mapping[str, object]) -> Call:
    given = {member: it for member, it in asked.items() if it}
    return cosmic_calls.post(f"{options['base_path']}/api/{name}.do", name, given)


def _granted(reply: CallReply) -> Mapping[str, object]:
    """What stands in ``data``, which says of itself whether it was granted."""
    if reply.status != _OK:
        raise _refused(str(reply.status))
    data = exact.members(exact.members(exact.document(reply.body), "/").get("data"), "/data")
    code = exact.text(data.get("error_code"), "/data/error_code")
    if not exact.truth(data.get("success"), "/data/success") or code not in {"", "0"}:
        raise _refused(code)
    return data


def _secret(access: Access) -> str:
    secret = access.secrets.get("client_secret", "")
    if not secret:
        raise Refused("secrets.client_secret is not set", "未配置 secrets.client_secret")
    return secret


def _token(data: Mapping[str, object], moment: Moment) -> Token:
    token = exact.text(data.get("access_token"), "/data/access_token")
    if not token:
        raise WireError("missing", "/data/access_token")
    return Token(expires_at=moment.now + _LIFE, headers=(("accessToken", token),))


def _refused(code: str) -> Refused:
    return Refused(
        f"苍穹 refused the log-in (errorCode {code[:20]}); check client_id, client_secret,"
        " username and account_id, option auth, and that both clocks agree",
        f"苍穹拒绝登录（errorCode {code[:20]}），"
        "请核对 client_id、密钥、用户、账套、选项 auth 及时钟",
    )
