"""Who may call the stand-in of 星空: both signature schemes, checked to the letter.

Rule kept here: nothing about the caller is believed before its signatures are; a header that is
missing, stale or of another account lets nobody in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

_MASK: Final = b"0054f397c6234378b09ca7d3e5debce7"
_SCHEME: Final = (
    *("x-api-clientid", "x-api-auth-version", "x-api-timestamp", "x-api-nonce"),
    *("x-api-signheaders", "x-api-signature", "x-kd-appkey", "x-kd-appdata", "x-kd-signature"),
)
_WINDOW: Final = timedelta(minutes=5)
_IDLE: Final = timedelta(minutes=20)
_SIGN_ON_PARTS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class K3Account:
    """An application that may call: its whole id, its secret, and for whom it speaks."""

    acct_id: str
    user: str
    app_id: str
    app_secret: str = field(repr=False)
    lcid: int = 2052


@dataclass(slots=True)
class Gate:
    """Checks callers and keeps sessions."""

    account: K3Account
    sessions: dict[str, datetime] = field(default_factory=dict)

    def refusal(self, path: str, headers: Mapping[str, str], now: datetime) -> str:
        """Why a call is not let in, '' if it is: by a session, else by its headers."""
        session = headers.get("kdservice-sessionid", "")
        if session and "x-api-signature" not in headers:
            seen = self.sessions.get(session)
            if seen is None or now - seen > _IDLE:
                return "session"
            self.sessions[session] = now
            return ""
        missing = [name for name in _SCHEME if not headers.get(name)]
        if missing:
            return f"no header {missing[0]}"
        return self._signed(path, headers, now)

    def sign_on(self, parameters: Sequence[object], now: datetime) -> Mapping[str, object]:
        """LoginBySign: type 1 and a session, or 0 and why not."""
        why = self._sign_on_fault(parameters, now)
        if why:
            return {"LoginResultType": 0, "Message": why, "KDSVCSessionId": ""}
        seed = f"{self.account.app_id}/{len(self.sessions)}/{now.isoformat()}"
        session = hashlib.sha256(seed.encode()).hexdigest()[:32]
        self.sessions[session] = now
        return {"LoginResultType": 1, "Message": "", "KDSVCSessionId": session}

    def end_sessions(self) -> None:
        """Forget every session, as a restart of the server does."""
        self.sessions.clear()

    def _sign_on_fault(self, parameters: Sequence[object], now: datetime) -> str:
        account = self.account
        if len(parameters) != _SIGN_ON_PARTS:
            return "LoginBySign takes six parameters"
        acct, user, app, stamp, digest, lcid = map(str, parameters)
        if (acct, user, app, lcid) != (
            account.acct_id,
            account.user,
            account.app_id,
            str(account.lcid),
        ):
            return "unknown account, user, application or language"
        if not _fresh(stamp, now):
            return "the time stamp is too old or too new"
        ordered = sorted([acct, user, app, account.app_secret, stamp])
        wanted = hashlib.sha256("".join(ordered).encode()).hexdigest()
        return "" if hmac.compare_digest(wanted, digest) else "wrong signature"

    def _signed(self, path: str, headers: Mapping[str, str], now: datetime) -> str:
        account = self.account
        client = account.app_id.partition("_")[0]
        if headers["x-api-auth-version"] != "2.0":
            return "unknown version of the scheme"
        if headers["x-api-signheaders"] != "x-api-timestamp,x-api-nonce":
            return "other headers than promised are signed"
        if headers["x-api-clientid"] != client or headers["x-kd-appkey"] != account.app_id:
            return "unknown application"
        if not _fresh(headers["x-api-timestamp"], now):
            return "the time stamp is too old or too new"
        return self._proven(path, headers)

    def _proven(self, path: str, headers: Mapping[str, str]) -> str:
        """What is wrong with the signatures themselves, and with whom they speak for."""
        account = self.account
        _, _, masked = account.app_id.partition("_")
        stamp, nonce = headers["x-api-timestamp"], headers["x-api-nonce"]
        line = f"POST\n{path.replace('/', '%2F')}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{stamp}\n"
        if not _same(headers["x-api-signature"], _unmasked(masked), line):
            return "wrong X-Api-Signature"
        try:
            who = base64.b64decode(headers["x-kd-appdata"], validate=True).decode()
        except (NotBase64, UnicodeDecodeError):
            return "X-Kd-Appdata is not base64"
        if not _same(headers["x-kd-signature"], account.app_secret, account.app_id + who):
            return "wrong X-Kd-Signature"
        if who.split(",")[:3] != [account.acct_id, account.user, str(account.lcid)]:
            return "unknown account, user or language"
        return ""


def _unmasked(masked: str) -> str:
    plain = bytes(a ^ b for a, b in zip(base64.b64decode(masked), _MASK, strict=False))
    return base64.b64encode(plain).decode()


def _same(given: str, key: str, content: str) -> bool:
    digits = hmac.new(key.encode(), content.encode(), hashlib.sha256).hexdigest()
    wanted = base64.b64encode(digits.encode())
    return hmac.compare_digest(wanted, given.encode())


def _fresh(stamp: str, now: datetime) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) == 10):  # noqa: PLR2004 - seconds
        return False
    return abs(now - datetime.fromtimestamp(int(stamp), tz=now.tzinfo)) <= _WINDOW
