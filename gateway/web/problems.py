"""The one function from an error to a problem document (RFC 9457), in Chinese and English.

Rule kept here: the caller's faults are told in full; of our own nothing is told but a trace id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from gateway.controls.cancel import AlreadyLeft
from gateway.domain.errors import (
    BankRefused,
    Corrupt,
    DocumentTaken,
    Fault,
    GatewayError,
    InvalidInstruction,
    NotFound,
    NotOffered,
    NotPermitted,
    NotSent,
    OperatorRefused,
    Overloaded,
    Refused,
    ReusedReference,
    Unconfirmed,
    WireError,
)

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
CHALLENGE: Final = "Gw-HMAC-SHA256"
"""Name of the signature scheme in WWW-Authenticate; see docs/api-signature.md."""


class NotAuthenticated(NotPermitted):
    """No signature, or none that holds. Which part failed is not told."""

    code = "not_authenticated"
    zh = "请求签名缺失或无效"
    en = "the request signature is missing or does not hold"


class TooLarge(Refused):
    """The body is longer than this operation takes."""

    code = "too_large"
    zh = "请求正文过大，未受理；请拆分后重新提交"
    en = "the body is too large; nothing was accepted, split it"


class AmbiguousRequest(Refused):
    """The bytes are not exactly one HTTP request, or two readers could cut them differently."""

    code = "http_malformed"
    zh = "不是合法的 HTTP 请求，连接已关闭"
    en = "not a proper HTTP request; the connection was closed"


class HeadTooLarge(Refused):
    """Request line and headers are longer than the server takes."""

    code = "headers_too_large"
    zh = "请求行与请求头过长，未受理，连接已关闭"
    en = "request line and headers are too long; nothing was accepted, the connection was closed"


class TooSlow(Refused):
    """The request was not whole in time."""

    code = "request_timeout"
    zh = "请求未在时限内收全，未受理，连接已关闭；请重新提交"
    en = "the request was not whole in time; nothing was accepted, send it again"


class NoSuchMethod(Refused):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    zh = "该地址不支持此方法，请查阅接口文档 /docs"
    en = "this address does not take that method; see /docs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem response, ready to be sent."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Row:
    status: HTTPStatus
    zh: str
    en: str
    told: bool = True
    """Whether the error's own words go out."""


_INTERNAL: Final = _Row(HTTPStatus.INTERNAL_SERVER_ERROR, "内部错误", "internal error", told=False)
_ROWS: Final[Mapping[type[BaseException], _Row]] = MappingProxyType(
    {
        NotAuthenticated: _Row(HTTPStatus.UNAUTHORIZED, "未通过身份验证", "not authenticated"),
        InvalidInstruction: _Row(
            HTTPStatus.UNPROCESSABLE_ENTITY, "付款指令有误", "invalid instruction"
        ),
        ReusedReference: _Row(HTTPStatus.CONFLICT, "业务参考号重复", "reused reference"),
        DocumentTaken: _Row(HTTPStatus.CONFLICT, "来源单据重复付款", "document paid already"),
        NotPermitted: _Row(HTTPStatus.FORBIDDEN, "没有权限", "not permitted"),
        NotOffered: _Row(HTTPStatus.UNPROCESSABLE_ENTITY, "不提供此功能", "not offered"),
        NotFound: _Row(HTTPStatus.NOT_FOUND, "未找到", "not found"),
        TooLarge: _Row(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "正文过大", "body too large"),
        AmbiguousRequest: _Row(HTTPStatus.BAD_REQUEST, "请求有歧义", "malformed request"),
        HeadTooLarge: _Row(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "请求头过大", "headers too large"
        ),
        TooSlow: _Row(HTTPStatus.REQUEST_TIMEOUT, "请求超时", "request too slow"),
        AlreadyLeft: _Row(HTTPStatus.CONFLICT, "已发送，不能取消", "too late to cancel"),
        NoSuchMethod: _Row(HTTPStatus.METHOD_NOT_ALLOWED, "方法不支持", "method not allowed"),
        Overloaded: _Row(HTTPStatus.SERVICE_UNAVAILABLE, "系统繁忙", "overloaded"),
        Refused: _Row(HTTPStatus.BAD_REQUEST, "请求被拒绝", "request refused"),
        WireError: _Row(HTTPStatus.BAD_REQUEST, "请求内容格式错误", "malformed content"),
        NotSent: _Row(HTTPStatus.SERVICE_UNAVAILABLE, "未能连接银行", "bank not reached"),
        Unconfirmed: _Row(HTTPStatus.GATEWAY_TIMEOUT, "银行未及时应答", "no answer from the bank"),
        OperatorRefused: _Row(
            HTTPStatus.BAD_GATEWAY,
            "银行拒绝登录，连接已停用",
            "sign-on refused, connection stopped",
        ),
        BankRefused: _Row(HTTPStatus.BAD_GATEWAY, "银行拒绝", "refused by the bank"),
        Corrupt: _INTERNAL,
    }
)
_BANK_REPLY: Final = _Row(
    HTTPStatus.BAD_GATEWAY, "银行应答无法读取", "unreadable answer from the bank", told=False
)
_RETRY: Final = frozenset({HTTPStatus.SERVICE_UNAVAILABLE})
_LANGUAGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*",
    re.ASCII,
)


def problem(
    error: BaseException, *, accept_language: str = "", trace_id: str, bank_reply: bool = False
) -> Problem:
    """Render ``error``; what the table does not know is a 500 with a trace id and no detail.

    ``bank_reply`` says that a WireError is about a bank's answer, which is never the caller's
    fault: 502 instead of 400.
    """
    row = _row(error, bank_reply=bank_reply)
    language = preferred_language(accept_language)
    code = error.code if isinstance(error, GatewayError) and row.told else _code_of(row)
    document: dict[str, object] = {
        "type": f"/problems/{code}",
        "title": row.zh if language == "zh" else row.en,
        "status": int(row.status),
        "code": code,
        "title_zh": row.zh,
        "title_en": row.en,
    }
    if isinstance(error, GatewayError) and row.told:
        document["detail"] = error.zh if language == "zh" else error.en
        document |= {"detail_zh": error.zh, "detail_en": error.en}
        document |= _extensions(error)
    document["trace_id"] = trace_id
    return Problem(
        status=int(row.status),
        body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(
            errors="replace"
        ),
        headers=_headers(row.status, language),
    )


def preferred_language(accept_language: str) -> str:
    """``zh`` or ``en`` by an Accept-Language header (RFC 9110 §12.5.4); Chinese unless asked."""
    best, weight = "zh", 0
    for part in accept_language[:1000].split(","):
        found = _LANGUAGE.fullmatch(part)
        if found is None:
            continue
        name = {"zh": "zh", "*": "zh", "en": "en"}.get(found[1].lower())
        quality = int((found[2] or "1").replace(".", "").ljust(4, "0"))  # thousandths
        if name is not None and quality > weight:
            best, weight = name, quality
    return best


def _row(error: BaseException, *, bank_reply: bool) -> _Row:
    if bank_reply and isinstance(error, WireError):
        return _BANK_REPLY
    for kind in type(error).__mro__:
        if kind in _ROWS:
            return _ROWS[kind]
    return _INTERNAL


def _code_of(row: _Row) -> str:
    return "internal_error" if row is _INTERNAL else "bank_reply_unreadable"


def _extensions(error: GatewayError) -> dict[str, object]:
    """Members that some errors add to the document."""
    if isinstance(error, ReusedReference):
        return {
            "stored_digest": error.stored_digest,
            "sent_digest": error.sent_digest,
            "faults": [one.document() for one in error.faults],
        }
    if isinstance(error, Refused):
        return {"faults": [one.document() for one in error.faults]}
    if isinstance(error, WireError):
        fault = Fault(path=error.path, line=error.line, code=error.reason, zh=error.zh, en=error.en)
        return {"faults": [fault.document()]}
    if isinstance(error, BankRefused):
        # The bank's text stays inside: it may name the true holder of an account.
        return {"bank_code": error.bank_code}
    return {}


def _headers(status: HTTPStatus, language: str) -> dict[str, str]:
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Content-Language": "zh-CN" if language == "zh" else "en",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    if status in _RETRY:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = CHALLENGE
    return headers
