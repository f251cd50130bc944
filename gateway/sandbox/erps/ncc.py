"""An NC Cloud on a socket: its OpenAPI with token, signatures and repeat check, and an admin view.

Rule kept here: strict in the order in which the vendor checks (data source, application, secret,
signature; of a call the token, the body's level, the signature over the plain body, the right to
the resource, the number that may come once). Written from what is published, not from the adapter.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.sandbox.erps.ncc_books import Books, Json, Paylog, RefusedError
from gateway.transport.http_messages import Request, Response

_TOKEN_PATH: Final = "/nccloud/opm/accesstoken"  # noqa: S105 - a path
_DONE: Final = "1000000000"
_FAILED: Final = "1000000001"
_NO_RIGHT: Final = "1000000010"
_LIFE: Final = timedelta(hours=2)
_BATCH_MAX: Final = 500
_PAGE_MAX: Final = 1000
_BITS: Final = 2048
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json;charset=utf-8"
_GRANTED: Final = frozenset({"dsname", "usercode"})
_ASKED: Final = frozenset({"grant_type", "client_id", "client_secret", "biz_center", "signature"})


class _FailedError(Exception):
    """A call fails as a whole."""

    def __init__(self, message: str, code: str = _FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class _Opener(Protocol):
    """A private key."""

    def decrypt(self, ciphertext: bytes, padding: padding.OAEP | padding.PKCS1v15) -> bytes:
        """Open what was sealed with the public key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NccSite:
    """A registered application. ``old`` is a version before 2021.05; ``level`` is L0 or L2."""

    client_id: str
    client_secret: str
    biz_center: str = "develop"
    old: bool = False
    level: str = "L0"
    resources: frozenset[str] = frozenset(
        {
            "/nccloud/api/obm/ebankpaylog/query",
            "/nccloud/api/obm/ebankpaylog/updatestate",
            "/nccloud/api/obm/ebankdzd/save",
            "/nccloud/api/obm/ebankdzd/query",
            "/nccloud/api/obm/ebankbalance/save",
            "/nccloud/api/obm/ebankbalance/query",
            "/nccloud/api/obm/yhhd/save",
            "/nccloud/api/obm/yhhd/query",
        }
    )
    """What the application may call."""


class Ncc:
    """One site. ``answer`` is the handler for ``gateway.transport.http_server.serve``.

    ``now`` is the machine's clock; ``key`` is made where none is given. ``public_key`` is what the
    application's page shows. ``/admin`` paths make payments, show what was told, end tokens and
    lose answers.
    """

    def __init__(
        self, site: NccSite, now: Callable[[], datetime], key: rsa.RSAPrivateKey | None = None
    ) -> None:
        self.site = site
        self.books = Books()
        self.calls: list[str] = []
        made = key or rsa.generate_private_key(public_exponent=65_537, key_size=_BITS)
        self._key: _Opener = made
        self.public_key = base64.b64encode(
            made.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ).decode()
        self._now = now
        self._tokens: dict[str, datetime] = {}
        self._once: set[str] = set()
        self._losing = 0

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith("/admin"):
            return self._admin(request)
        if request.path == _TOKEN_PATH:
            try:
                return _json(_said(self._token(request)))
            except _FailedError as error:
                return _json(_not(error))
        if request.method != "POST" or not request.path.startswith("/nccloud/api/"):
            return Response(status=404, body=b"<html>404</html>", content_type="text/html")
        self.calls.append(request.path)
        try:
            told = _said(self._called(request))
        except _FailedError as error:
            told = _not(error)
        if self._losing and not request.path.endswith("/query"):
            self._losing -= 1
            return Response(status=502, body=b"<html>502</html>", content_type="text/html")
        return self._packed(told)

    # ── token ──

    def _token(self, request: Request) -> Json:
        query, site = request.query, self.site
        if request.method != "POST" or request.headers.get("content-type") != _FORM:
            raise _FailedError(f"invalid_request, Bad request content type. Expecting: {_FORM}")
        lacking = sorted(_ASKED - query.keys())
        if lacking or query.keys() - _ASKED - _GRANTED or request.body:
            raise _FailedError(f"invalid_request, Missing parameters: {' '.join(lacking)}")
        if query["grant_type"] != "client_credentials":
            raise _FailedError("unsupported_grant_type")
        if query["biz_center"] != site.biz_center:
            raise _FailedError("无效的账套编码，请检查")
        if query["client_id"] != site.client_id:
            raise _FailedError("Third-party applications are not registered")
        if not hmac.compare_digest(self._opened(query["client_secret"]), site.client_secret):
            raise _FailedError("Third-party applications are not authorized")
        text = site.client_id + site.client_secret
        if not hmac.compare_digest(self._signed(text), query["signature"]):
            raise _FailedError("Failed to verify signature for get token")
        # Nobody can guess it who does not know what was sealed; it need not be random here.
        drawn = hashlib.sha256(f"{query['client_secret']}{len(self._tokens)}".encode())
        token = drawn.hexdigest()[:32]
        self._tokens[token] = self._now() + _LIFE
        return {
            "access_token": token,
            "expires_in": 1_000_000,
            "refresh_token": token,
            "security_key": base64.b64encode(drawn.digest()).decode(),
            "security_level": site.level,
            "grant_type": "client_credentials",
        }

    def _opened(self, sealed: str) -> str:
        how: padding.OAEP | padding.PKCS1v15 = padding.OAEP(
            mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None
        )
        if self.site.old:
            how = padding.PKCS1v15()
        try:
            return self._key.decrypt(base64.b64decode(sealed, validate=True), how).decode()
        except (ValueError, binascii.Error):
            raise _FailedError("解密失败Decryption error") from None

    def _signed(self, text: str) -> str:
        """Salted with what Java's SHA1PRNG gives for the key's text, unless the version is old."""
        salt = ""
        if not self.site.old:
            seeded = hashlib.new("sha1", self.public_key.encode(), usedforsecurity=False).digest()
            first = hashlib.new("sha1", seeded, usedforsecurity=False).digest()
            salt = base64.b64encode(first[:16]).decode()
        return hashlib.sha256((text + self.public_key + salt).encode()).hexdigest()

    # ── calls ──

    def _called(self, request: Request) -> Json:
        headers, site = request.headers, self.site
        if headers.get("client_id") != site.client_id:
            raise _FailedError("appid参数缺失")
        expires = self._tokens.get(headers.get("access_token", ""))
        if expires is None:
            raise _FailedError("token失效，请重新获取token")
        if expires <= self._now():
            raise _FailedError("The access_token has expired")
        if headers.get("content-type") != _JSON or headers.get("ucg_flag") != "y":
            raise _FailedError("请求头错误")
        plain = self._unpacked(request.body)
        signed = self._signed(site.client_id + plain)
        if not hmac.compare_digest(signed, headers.get("signature", "")):
            raise _FailedError("Failed to verify signature for call api")
        work = _CALLS.get(request.path)
        if work is None or request.path not in site.resources:
            message = f"第三方应用【{site.client_id}】没有【{request.path}】的权限"
            raise _FailedError(message, _NO_RIGHT)
        self._repeated(headers)
        try:
            asked: object = json.loads(plain)
        except ValueError:
            raise _FailedError("请求体不是JSON") from None
        if not isinstance(asked, dict):
            raise _FailedError("请求体须为对象")
        return work(self.books, asked)

    def _repeated(self, headers: Mapping[str, str]) -> None:
        """幂等校验: a number is taken once."""
        if headers.get("repeat_check", "") != "Y":
            return
        number = headers.get("busi_id", "")
        if not number:
            raise _FailedError("busi_id不能为空")
        if number in self._once:
            raise _FailedError("重复的业务请求busi_id")
        self._once.add(number)

    def _unpacked(self, body: bytes) -> str:
        try:
            if self.site.level == "L2":
                body = gzip.decompress(base64.b64decode(body, validate=True))
            return body.decode()
        except (ValueError, OSError, EOFError):
            raise _FailedError("解压失败") from None

    def _packed(self, told: Json) -> Response:
        response = _json(told)
        if self.site.level != "L2":
            return response
        return Response(body=base64.b64encode(gzip.compress(response.body)), content_type=_JSON)

    # ── admin ──

    def create(self, **fields: str) -> Paylog:
        """A payment of a user."""
        return self.books.create(fields)

    def _admin(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/admin/payments":
                views = [it.view() for it in self.books.paylogs.values()]
                return _json({"payments": views, "public_key": self.public_key})
            case "POST", "/admin/payments":
                fields = msgspec.json.decode(request.body, type=dict[str, str])
                return _json(self.books.create(fields).view())
            case "GET", "/admin/bank":
                shelves = {
                    "lines": self.books.lines,
                    "balances": self.books.balances,
                    "receipts": self.books.receipts,
                }
                return _json({name: list(rows.values()) for name, rows in shelves.items()})
            case "POST", "/admin/revoke":
                self._tokens.clear()
                return _json({"tokens": 0})
            case "POST", "/admin/lose":
                order = msgspec.json.decode(request.body, type=dict[str, int])
                self._losing = order.get("answers", 1)
                return _json({"answers": self._losing})
        return _json({"message": "no such admin call"}, status=404)


# ── resources ─────────────────────────────────────────────────────────────────────────────────

_Work = Callable[[Books, Json], Json]
_Rows = Sequence[Mapping[str, str]]


def _page(asked: Json, rows: _Rows) -> Json:
    index, size = asked.get("pageIndex"), asked.get("pageSize")
    if not isinstance(index, int) or not isinstance(size, int) or isinstance(index, bool):
        raise _FailedError("分页参数错误")
    if index < 1 or not 1 <= size <= _PAGE_MAX:
        raise _FailedError("分页参数错误")
    start = (index - 1) * size
    return {"rows": list(rows[start : start + size]), "total": len(rows)}


def _instructions(books: Books, asked: Json) -> Json:
    try:
        return _page(asked, books.instructions(asked))
    except RefusedError as error:
        raise _FailedError(str(error)) from None


def _query(shelf: Callable[[Books], Mapping[str, Mapping[str, str]]], key: str) -> _Work:
    def work(books: Books, asked: Json) -> Json:
        keys = asked.get(key)
        if not isinstance(keys, list) or not keys:
            raise _FailedError(f"{key}不能为空")
        rows = shelf(books)
        return _page(asked, [rows[it] for it in keys if it in rows])

    return work


def _save(write: Callable[[Books, Mapping[str, str]], None], key: str) -> _Work:
    """Each record by itself: the good ones are kept, the others named with their reason."""

    def work(books: Books, asked: Json) -> Json:
        rows = asked.get("rows")
        if not isinstance(rows, list) or not rows or len(rows) > _BATCH_MAX:
            raise _FailedError(f"rows须为1至{_BATCH_MAX}条")
        results: list[Json] = []
        for row in rows:
            if not isinstance(row, dict) or not all(isinstance(it, str) for it in row.values()):
                raise _FailedError("rows中的字段须为文本")
            if not row.get(key):
                raise _FailedError(f"{key}不能为空")
            try:
                write(books, row)
            except RefusedError as error:
                results.append({key: row[key], "success": False, "message": str(error)})
            else:
                results.append({key: row[key], "success": True, "message": ""})
        return {"results": results}

    return work


_CALLS: Final[Mapping[str, _Work]] = {
    "/nccloud/api/obm/ebankpaylog/query": _instructions,
    "/nccloud/api/obm/ebankpaylog/updatestate": _save(Books.set_state, "gwid"),
    "/nccloud/api/obm/ebankdzd/save": _save(Books.add_line, "uid2"),
    "/nccloud/api/obm/ebankdzd/query": _query(lambda books: books.lines, "uid2"),
    "/nccloud/api/obm/ebankbalance/save": _save(Books.add_balance, "gwid"),
    "/nccloud/api/obm/ebankbalance/query": _query(lambda books: books.balances, "gwid"),
    "/nccloud/api/obm/yhhd/save": _save(Books.add_receipt, "gwid"),
    "/nccloud/api/obm/yhhd/query": _query(lambda books: books.receipts, "gwid"),
}


def _said(content: Json) -> Json:
    return {
        "success": True,
        "code": _DONE,
        "message": None,
        "data": content,
        "errorStack": None,
    }


def _not(error: _FailedError) -> Json:
    return {
        "success": False,
        "code": error.code,
        "message": error.message,
        "data": None,
        "errorStack": None,
    }


def _json(content: Json, *, status: int = 200) -> Response:
    return Response(status=status, body=msgspec.json.encode(content), content_type=_JSON)
