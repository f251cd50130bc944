"""星空 WebAPI: how a call is addressed and signed, and what its envelope says.

Rule kept here: a reply counts as success only where it says so of that very record; one of an
unknown form raises WireError, and one with an unknown code means nothing and is tried again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from adapters.erp.kingdee import exact
from adapters.erp.kingdee.codes import LOGIN_AGAIN, NEVER
from adapters.erp.kingdee.k3_options import K3Options
from adapters.erp.kingdee.keyed import Envelope, Told
from adapters.erp.kingdee.signing import (
    AUTH_VERSION,
    client_of,
    login_digest,
    request_text,
    signature,
)
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp_api import Access, Call, CallReply, Login, Moment, Token, Verdict

_SERVICE: Final = "Kingdee.BOS.WebApi.ServicesStub"
_OK: Final = 200
_UNAUTHORISED: Final = 401
_SESSION: Final = timedelta(minutes=15)
"""Shorter than the vendor keeps an idle session, so that it seldom ends in the middle."""
_FAILURE: Final = b"response_error:"
"""Begins what a 星空 server answers where it failed before it came to an envelope."""


def form_call(options: K3Options, operation: str, body: Mapping[str, object]) -> Call:
    """A call of one operation on forms, with named arguments as the vendor's clients send them."""
    return _call(options, f"{_SERVICE}.DynamicFormService.{operation}", operation, body)


def query(options: K3Options, form: str, keys: str, where: str, order: str) -> Call:
    """One page of a form's rows, in a fixed order."""
    asked: dict[str, object] = {"FormId": form, "FieldKeys": keys, "FilterString": where}
    asked |= {"OrderString": order, "TopRowCount": 0, "StartRow": 0, "Limit": options.page}
    return form_call(options, "ExecuteBillQuery", {"data": asked})


def quoted(text: str) -> str:
    """A text inside a filter: 星空 reads filters as conditions of its database."""
    return "'" + text.replace("'", "''") + "'"


def one_of(field: str, texts: list[str]) -> str:
    """A condition that a field is one of these texts."""
    return f"{field} IN ({','.join(map(quoted, texts))})"


def sign(options: K3Options, call: Call, access: Access, moment: Moment) -> Call:
    """The call with both signatures of the header scheme.

    The outer one is made with the secret inside the application's id, over path, nonce and time;
    the inner one with the application's own secret, over its id and who calls.
    """
    app_id = options["app_id"]
    client, secret = client_of(app_id)
    timestamp = str(int(moment.now.timestamp()))
    who = ",".join(options[name] for name in ("acct_id", "user", "lcid", "org"))
    headers = (
        ("X-Api-ClientID", client),
        ("X-Api-Auth-Version", AUTH_VERSION),
        ("x-api-timestamp", timestamp),
        ("x-api-nonce", moment.nonce),
        ("x-api-signheaders", "x-api-timestamp,x-api-nonce"),
        ("X-Api-Signature", signature(secret, request_text(call.path, moment.nonce, timestamp))),
        ("X-Kd-Appkey", app_id),
        ("X-Kd-Appdata", base64.b64encode(who.encode()).decode()),
        ("X-Kd-Signature", signature(secret_of(access), app_id + who)),
    )
    return replace(call, headers=(*call.headers, *headers))


def secret_of(access: Access) -> str:
    """The application's secret. Raises Refused when the settings do not give it."""
    secret = access.secrets.get("app_secret", "")
    if not secret:
        raise Refused("secrets.app_secret is not set", "未配置 secrets.app_secret")
    return secret


def login(options: K3Options) -> Login:
    """Log in once (LoginBySign); the session's id then goes with every call."""

    def encode(access: Access, moment: Moment) -> Call:
        now = int(moment.now.timestamp())
        who = [options["acct_id"], options["user"], options["app_id"]]
        digest = login_digest([*who, secret_of(access), str(now)])
        parameters = [*who, now, digest, int(options["lcid"])]
        path = f"{_SERVICE}.AuthService.LoginBySign"
        return _call(options, path, "LoginBySign", {"parameters": parameters})

    return Login(encode=encode, decode=_token)


def _call(options: K3Options, service: str, name: str, body: Mapping[str, object]) -> Call:
    return Call(
        method="POST",
        path=f"{options['base_path']}/{service}.common.kdsvc",
        endpoint=name,
        headers=(("Content-Type", "application/json"),),
        body=exact.encoded(body),
    )


def _token(reply: CallReply, moment: Moment) -> Token:
    if reply.status != _OK:
        raise WireError("status", "/LoginBySign")
    told = exact.members(exact.document(reply.body), "/")
    result = exact.text(told.get("LoginResultType"), "/LoginResultType")
    if result != "1":
        raise Refused(
            f"星空 refused the log-in (LoginResultType {result[:8]}); check acct_id, user, app_id"
            " and app_secret, and that both clocks agree",
            f"星空拒绝登录（LoginResultType {result[:8]}），请核对账套、用户、应用 ID 与密钥及时钟",
        )
    session = exact.text(told.get("KDSVCSessionId"), "/KDSVCSessionId")
    if not session:
        raise WireError("missing", "/KDSVCSessionId")
    headers = (("kdservice-sessionid", session),)
    return Token(expires_at=moment.now + _SESSION, headers=headers)


# ── what came back ────────────────────────────────────────────────────────────────────────────


def envelope(reply: CallReply) -> Envelope:
    """Read the reply of a writing operation. Raises WireError for one of no known form."""
    early = unheard(reply)
    if early is not None:
        return Envelope(named={}, rest=early)
    result = exact.members(exact.document(reply.body), "/").get("Result")
    return _status(exact.members(result, "/Result"))


def rows(reply: CallReply, columns: int) -> list[list[object]] | Told:
    """Read the rows of a query, or why there are none.

    Raises WireError, also for a row that has not as many cells as columns were asked for.
    """
    early = unheard(reply)
    if early is not None:
        return early
    found = exact.document(reply.body)
    if isinstance(found, dict):  # newer versions answer a failed query without the list around it
        return _failed(found)
    listed = [exact.items(row, "/rows") for row in exact.items(found, "/rows")]
    if listed and listed[0] and isinstance(listed[0][0], dict):
        return _failed(listed[0][0])
    if any(len(row) != columns for row in listed):
        raise WireError("value", "/rows")
    return listed


def unheard(reply: CallReply) -> Told | None:
    """Whether a reply says nothing of the records: not let in, overloaded, failed."""
    if reply.status == _UNAUTHORISED:
        return Told(verdict=Verdict.LOGIN, code="401")
    if reply.status != _OK:
        return Told(verdict=Verdict.AGAIN, code=str(reply.status))
    if reply.body.startswith(_FAILURE):
        return Told(verdict=Verdict.AGAIN, code="response_error")
    return None


def _failed(found: Mapping[str, object]) -> Told:
    result = exact.members(found.get("Result"), "/Result")
    told = _status(result).of(0)
    if told.verdict is Verdict.TAKEN:
        raise WireError("value", "/Result")
    return told


def _status(result: Mapping[str, object]) -> Envelope:
    path = "/Result/ResponseStatus"
    status = exact.members(result.get("ResponseStatus"), path)
    code = exact.text(status.get("MsgCode"), f"{path}/MsgCode")
    succeeded = exact.truth(status.get("IsSuccess"), f"{path}/IsSuccess")
    named: dict[int, Told] = {}
    for entity in _listed(status, "SuccessEntitys"):
        given = exact.text(entity.get("Id"), f"{path}/SuccessEntitys/Id")
        named[_place(entity)] = Told(verdict=Verdict.TAKEN, id=given)
    errors = list(_listed(status, "Errors"))
    general = ""
    for error in errors:
        words = exact.text(error.get("Message"), f"{path}/Errors/Message")
        general = general or words
        if not succeeded and error.get("DIndex") is not None:
            known = named.get(_place(error))
            if known is None or known.verdict is Verdict.TAKEN:
                named[_place(error)] = Told(verdict=_verdict(code), code=code, words=words)
    if succeeded:
        # What it does not name it may not have taken: that is asked again.
        return Envelope(named=named, rest=Told(verdict=Verdict.AGAIN, code="unnamed"))
    rest = _verdict(code)
    if named and rest is Verdict.REFUSED:  # those were meant, and nothing was said of the others
        rest = Verdict.AGAIN
    return Envelope(named=named, rest=Told(verdict=rest, code=code, words=general))


def _verdict(code: str) -> Verdict:
    if code in LOGIN_AGAIN:
        return Verdict.LOGIN
    return Verdict.REFUSED if code in NEVER else Verdict.AGAIN


def _listed(status: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = status.get(name)
    path = f"/Result/ResponseStatus/{name}"
    return [] if found is None else [exact.members(it, path) for it in exact.items(found, path)]


def _place(entity: Mapping[str, object]) -> int:
    digits = exact.text(entity.get("DIndex"), "/DIndex")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):  # noqa: PLR2004 - places
        raise WireError("value", "/DIndex")
    return int(digits)
