"""What YonBIP answers: an envelope with a code, and verdicts on single records inside it.

The code is a text at one endpoint and a number at another.
Rule kept here: only code 200 is success. A code that is not known is not known: asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from adapters.erp.yonyou.json_tree import Value, parsed, written
from gateway.domain.errors import WireError
from gateway.ports.erp_api import Call, CallReply, Taken, Verdict

_OK: Final = "200"
_NO_SUCH: Final = "1002"
"""数据不存在: what is to be told of is not there; trying again changes nothing."""
_TOO_MANY: Final = 429
_UNAUTHORISED: Final = 401
_SERVER: Final = 500
_TEXT_MAX: Final = 300
_REPEATED: Final = ("重复数据", "已存在", "已经存在")
"""How the vendor says that a record is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An envelope. ``verdict`` is None where the call as a whole succeeded."""

    verdict: Verdict | None
    code: str
    text: str
    content: Value

    def all_alike(self, places: int) -> tuple[Taken, ...]:
        """One verdict for every record of a call that failed as a whole."""
        verdict = self.verdict or Verdict.AGAIN
        return tuple(
            Taken(place=place, verdict=verdict, code=self.code, text=self.text)
            for place in range(places)
        )


def answered(reply: CallReply) -> Answer:
    """Read a reply. Raises WireError for bytes that are none."""
    if reply.status == _TOO_MANY or reply.status >= _SERVER:
        return _failed(Verdict.AGAIN, f"HTTP {reply.status}", "")
    if reply.status == _UNAUTHORISED:
        return _failed(Verdict.LOGIN, f"HTTP {reply.status}", "")
    document = parsed(reply.body)
    code = document.at("code").text()
    text = document.at("message").text()[:_TEXT_MAX]
    if not code:
        raise WireError("missing", "/code")
    if code == _OK and reply.status == int(_OK):
        return Answer(verdict=None, code=code, text=text, content=document.at("data"))
    if "token" in text.lower():
        return _failed(Verdict.LOGIN, code, text)
    return _failed(Verdict.REFUSED if code == _NO_SUCH else Verdict.AGAIN, code, text)


def _failed(verdict: Verdict, code: str, text: str) -> Answer:
    return Answer(verdict=verdict, code=code, text=text, content=Value(None, "/data"))


def of_record(place: int, message: str) -> Taken:
    """A record that the vendor names among the failed ones, with its own words."""
    there = any(word in message for word in _REPEATED)
    return Taken(
        place=place,
        verdict=Verdict.ALREADY if there else Verdict.REFUSED,
        text=message[:_TEXT_MAX],
    )


def post(path: str, endpoint: str, content: object) -> Call:
    """A call with a JSON body."""
    return Call(
        method="POST",
        path=path,
        endpoint=endpoint,
        headers=(("Content-Type", "application/json"),),
        body=written(content),
    )


def counted(content: Value, *names: str) -> int:
    """A number of records. Raises WireError ``missing`` or ``format``."""
    found = content.first(*names)
    text = found.text()
    if not text:
        raise found.fault("missing")
    if not (text.isascii() and text.isdigit()):
        raise found.fault("format")
    return int(text)


Row = dict[str, object]
"""One record of a request: texts, numbers as written, lists."""
Exact = msgspec.Raw
