"""NCC's OpenAPI: the token, calls with their signature, and the envelope of every answer.

Rule kept here: only ``success`` true is success. A failure that speaks of the token asks for
another one; every other failure is not known and asked again later.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapters.erp.yonyou.json_tree import Value, parsed, written
from adapters.erp.yonyou.ncc.options import PACKED, NccOptions
from adapters.erp.yonyou.ncc.sealing import OAEP, sealed, signature
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp_api import Access, Call, CallReply, Login, Moment, Taken, Token, Verdict

_OK: Final = 200
_TOO_MANY: Final = 429
_UNAUTHORISED: Final = 401
_SERVER: Final = 500
_TEXT_MAX: Final = 300
_WORDS_MAX: Final = 120
_OCTETS_MAX: Final = 64 << 20
_GZIP: Final = 31
"""What zlib calls the form that gzip writes."""
_DIGITS_MAX: Final = 9
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An envelope. ``verdict`` is None where the call as a whole succeeded."""

    verdict: Verdict | None
    code: str
    text: str
    content: Value

    def taken(self, place: int) -> Taken:
        """What a call that failed as a whole means for one record."""
        verdict = self.verdict or Verdict.AGAIN
        return Taken(place=place, verdict=verdict, code=self.code, text=self.text)


# ── the token ─────────────────────────────────────────────────────────────────────────────────


def login(options: NccOptions) -> Login:
    """Get a token; it goes with every call."""

    def encode(access: Access, moment: Moment) -> Call:
        secret = access.secrets.get("client_secret", "")
        if not secret:
            raise Refused("secrets.client_secret is not set", "未配置 secrets.client_secret")
        key, client = options.key, options["client_id"]
        try:
            shown = sealed(key, secret, moment.nonce, options["scheme"])
        except ValueError:
            raise Refused(
                "public_key is too short for client_secret: they are not of one application",
                "public_key 太短，与 client_secret 不是同一应用的",
            ) from None
        asked = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": shown,
            "biz_center": options["biz_center"],
            "signature": signature(client + secret, key, salted=options["scheme"] == OAEP),
        }
        asked |= {name: options[name] for name in ("dsname", "usercode") if options[name]}
        return Call(
            method="POST",
            path=options["token_path"],
            endpoint="accesstoken",
            query=tuple(asked.items()),
            headers=(("Content-Type", _FORM),),
        )

    def decode(reply: CallReply, moment: Moment) -> Token:
        return _token(options, reply, moment)

    return Login(encode=encode, decode=decode)


def _token(options: NccOptions, reply: CallReply, moment: Moment) -> Token:
    """Read the token. Raises Refused for an answer that is no, WireError for none at all."""
    if reply.status != _OK:
        raise WireError("status", "/accesstoken")
    answer = _envelope(options, parsed(reply.body))
    if answer.verdict is not None:
        said = f"{answer.code[:20]} {answer.text[:_WORDS_MAX]}".strip()
        raise Refused(f"NCC gave no token: {said}", f"NCC 未签发令牌：{said}")
    token = answer.content.at("access_token").text()
    if not token:
        raise WireError("missing", "/data/access_token")
    level = answer.content.at("security_level").text()
    if level and level != options["secret_level"]:
        raise Refused(
            f"the application's level is {level[:8]}, option secret_level says otherwise",
            f"该应用的加密级别为 {level[:8]}，与选项 secret_level 不符",
        )
    return Token(
        expires_at=moment.now + timedelta(seconds=_life_s(options, answer.content)),
        headers=((options["header_token"], token),),
    )


def _life_s(options: NccOptions, given: Value) -> int:
    """Seconds for which the token is used.

    The vendor does not say in which unit ``expires_in`` counts, so never longer than is set.
    """
    text = given.at("expires_in").text()
    if not text:
        return int(options["token_life_s"])
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise WireError("format", "/data/expires_in")
    return min(int(text), int(options["token_life_s"]))


# ── calls ─────────────────────────────────────────────────────────────────────────────────────


def post(
    options: NccOptions, path: str, endpoint: str, content: object, *, busi_id: str = ""
) -> Call:
    """A signed call. ``busi_id`` is the number under which NCC takes it once only, '' for reading.

    The signature is made over the body as it is before it is compressed.
    """
    body = written(content)
    client = options["client_id"]
    signed = signature(client + body.decode(), options.key, salted=options.salted)
    headers = [
        ("content-type", _JSON),
        (options["header_client"], client),
        (options["header_signature"], signed),
    ]
    if options["ucg_flag"]:
        headers.append((options["header_flag"], options["ucg_flag"]))
    if busi_id and options["repeat_check"]:
        headers.append((options["header_repeat"], options["repeat_check"]))
        headers.append((options["header_busi"], busi_id))
    return Call(
        method="POST",
        path=path,
        endpoint=endpoint,
        headers=tuple(headers),
        body=_packed(body) if options["secret_level"] == PACKED else body,
    )


def answered(options: NccOptions, reply: CallReply) -> Answer:
    """Read a reply. Raises WireError for bytes that are none."""
    if reply.status == _UNAUTHORISED:
        return _failed(Verdict.LOGIN, f"HTTP {reply.status}", "")
    if reply.status == _TOO_MANY or reply.status >= _SERVER or reply.status != _OK:
        return _failed(Verdict.AGAIN, f"HTTP {reply.status}", "")
    return _envelope(options, parsed(_unpacked(options, reply.body)))


def loud(answer: Answer) -> Verdict:
    """What a query that failed means for the page that was asked for.

    Raises Refused with NCC's words: a path, field or right of the settings may be wrong, and
    nobody would notice that nothing is fetched.
    """
    if answer.verdict is Verdict.AGAIN and answer.text:
        said = f"{answer.code[:20]} {answer.text[:_WORDS_MAX]}".strip()
        raise Refused(f"NCC refuses the query: {said}", f"NCC 拒绝查询：{said}")
    return answer.verdict or Verdict.AGAIN


def rows_of(options: NccOptions, answer: Answer) -> list[Value]:
    """The rows of a query's answer: a list, or ``rows`` of an object. Raises WireError."""
    content = answer.content
    found = content if content.is_list else content.at(options.named("rows"))
    if found.absent:
        raise found.fault("missing")
    return list(found.each())


def _envelope(options: NccOptions, document: Value) -> Answer:
    said = document.at(options.named("success"))
    code = document.at(options.named("code")).text()
    text = document.at(options.named("message")).text()[:_TEXT_MAX]
    truth = said.text().lower()
    if truth == "true":
        content = document.at(options.named("data"))
        return Answer(verdict=None, code=code, text=text, content=content)
    if truth != "false":
        raise said.fault("missing" if said.absent else "value")
    verdict = Verdict.LOGIN if "token" in text.lower() else Verdict.AGAIN
    return _failed(verdict, code, text)


def _failed(verdict: Verdict, code: str, text: str) -> Answer:
    return Answer(verdict=verdict, code=code, text=text, content=Value(None, "/data"))


def _packed(body: bytes) -> bytes:
    return base64.b64encode(gzip.compress(body, mtime=0))


def _unpacked(options: NccOptions, body: bytes) -> bytes:
    """A body as it was before it was compressed. Errors may come as they are."""
    if options["secret_level"] != PACKED or body.lstrip().startswith(b"{"):
        return body
    opening = zlib.decompressobj(_GZIP)
    try:
        packed = base64.b64decode(b"".join(body.split()), validate=True)
        plain = opening.decompress(packed, _OCTETS_MAX)
    except (binascii.Error, zlib.error):
        raise WireError("malformed") from None
    if not opening.eof:
        raise WireError("size" if len(plain) >= _OCTETS_MAX else "malformed")
    return plain
