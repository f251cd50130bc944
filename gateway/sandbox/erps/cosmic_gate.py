"""Who may call the stand-in of 苍穹: the token of one call, and that of two.

Rule kept here: a token counts in a header alone, a nonce once, a time stamp for five minutes, and
a secret that was guessed five times locks the application. Source: 苍穹 OpenAPI 增强型 Token 认证.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

ONE_STEP: Final = "token"
TWO_STEPS: Final = "apptoken"
_BEIJING: Final = timezone(timedelta(hours=8))
_WINDOW: Final = timedelta(minutes=5)
_LIFE: Final = timedelta(hours=2)
_GUESSES: Final = 5
_LOCKED: Final = timedelta(seconds=180)
_ASKED: Final = ("client_id", "client_secret", "username", "accountId", "nonce", "timestamp")
_USER_TYPES: Final = frozenset({"UserName", "Mobile", "Email"})
_SECRET_NAMES: Final = ("appSecuret", "appSecret")
_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CosmicAccount:
    """A third-party application (第三方应用), the user it acts for, and its 账套.

    ``isv`` is the mark below which operations are published, '' for 金蝶's own. ``identity`` ''
    means a system that asks for no x-acgw-identity; ``ways`` are the log-ins that are switched on.
    """

    client_id: str
    client_secret: str = field(repr=False)
    username: str
    account_id: str
    isv: str
    identity: str = field(default="", repr=False)
    tenant_id: str = ""
    ways: frozenset[str] = frozenset({ONE_STEP, TWO_STEPS})


class Denied(Exception):
    """Nobody is let in: the vendor's errorCode and its words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


@dataclass(slots=True)
class Gate:
    """Gives tokens and holds calls against them."""

    account: CosmicAccount
    tokens: dict[str, datetime] = field(default_factory=dict)
    """Until when each counts."""
    app_tokens: dict[str, datetime] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    guesses: int = 0
    locked_until: datetime | None = None
    _made: int = 0

    def refusal(
        self, headers: Mapping[str, str], query: Mapping[str, str], now: datetime
    ) -> Denied | None:
        """Why a call is not let in, None if it is."""
        identity = self.account.identity
        if identity and not _same(headers.get("x-acgw-identity", ""), identity):
            return Denied("401", "未经授权的访问：x-acgw-identity")
        token = headers.get("accesstoken") or headers.get("access_token") or ""
        until = self.tokens.get(token)
        if "access_token" in query or until is None or now >= until:
            return Denied("401", "未经授权的访问")
        return None

    def get_token(self, asked: Mapping[str, object], now: datetime) -> Mapping[str, object]:
        """POST /kapi/oauth2/getToken: what goes into ``data``. Raises Denied."""
        if ONE_STEP not in self.account.ways:
            raise Denied("603", "该第三方应用未启用增强型Token认证")
        said = {name: asked.get(name) for name in _ASKED}
        empty = [name for name, it in said.items() if not isinstance(it, str) or not it]
        if empty:
            raise Denied("603", f"请求参数错误：{empty[0]}为空")
        self._fresh(str(said["timestamp"]), now)
        if str(said["nonce"]) in self.nonces:
            raise Denied("603", "本次参数nonce已经调用过")
        self.nonces.add(str(said["nonce"]))
        self._application(str(said["client_id"]), str(said["client_secret"]), now)
        self._user(said["username"], said["accountId"])
        return {
            "access_token": self._token(now),
            "token_type": "Bearer",
            "refresh_token": "",
            "scope": "API",
            "expires_in": str(_LIFE // _MS),
            "language": asked.get("language") or "zh_CN",
        }

    def get_app_token(self, asked: Mapping[str, object], now: datetime) -> Mapping[str, object]:
        """POST /api/getAppToken.do. Raises Denied."""
        self._two_steps()
        secret = next((str(asked[it]) for it in _SECRET_NAMES if asked.get(it)), "")
        self._application(str(asked.get("appId") or ""), secret, now)
        self._tenant(asked)
        made = f"app-{self._fresh_text(now)}"
        self.app_tokens[made] = now + _LIFE
        return {"app_token": made, "expire_time": _epoch_ms(now + _LIFE), **_GRANTED}

    def login(self, asked: Mapping[str, object], now: datetime) -> Mapping[str, object]:
        """POST /api/login.do. Raises Denied."""
        self._two_steps()
        until = self.app_tokens.get(str(asked.get("apptoken") or ""))
        if until is None or now >= until:
            raise Denied("3", "apptoken无效或已过期")
        if asked.get("usertype") not in _USER_TYPES:
            raise Denied("3", "参数错误，请填写正确的登录类型")
        self._tenant(asked)
        self._user(asked.get("user"), asked.get("accountId"))
        return {
            "access_token": self._token(now),
            "expire_time": _epoch_ms(now + _LIFE),
            **_GRANTED,
        }

    def end_tokens(self) -> None:
        """Forget every token, as a restart of the server does."""
        self.tokens.clear()
        self.app_tokens.clear()

    # ── what is held against what is known ────────────────────────────────────────────────

    def _two_steps(self) -> None:
        if TWO_STEPS not in self.account.ways:
            raise Denied("1", "该第三方应用已启用增强型Token认证")

    def _application(self, client_id: str, secret: str, now: datetime) -> None:
        if self.locked_until is not None and now < self.locked_until:
            raise Denied("401", "访问错误已连续5次，该账号登录已锁定")
        if client_id != self.account.client_id:
            raise Denied("401", "第三方应用在系统中不存在或未启用")
        if not _same(secret, self.account.client_secret):
            self.guesses += 1
            if self.guesses >= _GUESSES:
                self.locked_until, self.guesses = now + _LOCKED, 0
            raise Denied("401", "不正确的第三方应用编码client_id或client_secret")
        self.guesses = 0

    def _user(self, user: object, account_id: object) -> None:
        if user != self.account.username:
            raise Denied("603", "代理用户为空或userName不在代理用户中")
        if account_id != self.account.account_id:
            raise Denied("603", "数据中心accountId不正确")

    def _tenant(self, asked: Mapping[str, object]) -> None:
        if self.account.tenant_id and asked.get("tenantid") != self.account.tenant_id:
            raise Denied("603", "租户tenantid不正确")
        if asked.get("accountId") != self.account.account_id:
            raise Denied("603", "数据中心accountId不正确")

    @staticmethod
    def _fresh(stamp: str, now: datetime) -> None:
        """Beijing time without an offset, or an instant with one."""
        try:
            read = datetime.fromisoformat(stamp)
        except ValueError:
            raise Denied("603", "请求参数错误：timestamp") from None
        at = read if read.tzinfo else read.replace(tzinfo=_BEIJING)
        if abs(now - at) > _WINDOW:
            raise Denied("603", "timestamp超出当前时间前后5分钟")

    def _token(self, now: datetime) -> str:
        made = f"OPENAPIAUTH_{self._fresh_text(now)}"
        self.tokens[made] = now + _LIFE
        return made

    def _fresh_text(self, now: datetime) -> str:
        self._made += 1
        seed = f"{self.account.client_id}/{self._made}/{now.isoformat()}"
        return hashlib.sha256(seed.encode()).hexdigest()[:40]


_GRANTED: Final[Mapping[str, object]] = {"success": True, "error_code": "0", "error_desc": ""}


def _epoch_ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // _MS


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
