"""苍穹 kapi: calls and the envelope ``status, errorCode, message, data``.

Rule kept here: a record counts as taken only where the reply says so of that record, or counts as
many successes as records were sent; anything else is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.erp.kingdee import exact
from adapters.erp.kingdee.cosmic_options import CosmicOptions
from adapters.erp.kingdee.keyed import Envelope, Told
from gateway.domain.errors import WireError
from gateway.ports.erp_api import Access, Call, CallReply, Verdict

_OK: Final = 200
_UNAUTHORISED: Final = frozenset({401, 403})
_LOGIN_AGAIN: Final = frozenset({"401"})
"""Not 403: an operation that is not granted to the application is not granted by a new token."""
_PLACES_MAX: Final = 9


def kapi(options: CosmicOptions, path: str, body: Mapping[str, object]) -> Call:
    """A call of an operation that the customer published."""
    named = "/".join(it for it in (options["isv"], path) if it)
    return post(f"{options['base_path']}/kapi/v2/{named}", path, body)


def identified(call: Call, access: Access) -> Call:
    """The call with the identity of the third-party application, where the system has one."""
    identity = access.secrets.get("acgw_identity", "")
    if not identity:
        return call
    return Call(
        method=call.method,
        path=call.path,
        endpoint=call.endpoint,
        headers=(*call.headers, ("x-acgw-identity", identity)),
        body=call.body,
    )


def post(path: str, endpoint: str, body: Mapping[str, object]) -> Call:
    """A call with a JSON body."""
    return Call(
        method="POST",
        path=path,
        endpoint=endpoint,
        headers=(("Content-Type", "application/json"),),
        body=exact.encoded(body),
    )


def answer(reply: CallReply) -> object | Told:
    """What stands in ``data``, or what the reply says instead. Raises WireError."""
    if reply.status in _UNAUTHORISED:
        return Told(verdict=Verdict.LOGIN, code=str(reply.status))
    if reply.status != _OK:
        return Told(verdict=Verdict.AGAIN, code=str(reply.status))
    found = exact.members(exact.document(reply.body), "/")
    code = exact.text(found.get("errorCode"), "/errorCode")
    if exact.truth(found.get("status"), "/status") and code in {"", "0"}:
        return found.get("data")
    words = exact.text(found.get("message"), "/message")
    verdict = Verdict.LOGIN if code in _LOGIN_AGAIN else Verdict.AGAIN
    return Told(verdict=verdict, code=code, words=words)


def rows(reply: CallReply) -> list[Mapping[str, object]] | Told:
    """The rows of a query, or why there are none. Raises WireError."""
    told = answer(reply)
    if isinstance(told, Told):
        return told
    found = exact.items(exact.members(told, "/data").get("rows"), "/data/rows")
    return [exact.members(row, "/data/rows") for row in found]


def envelope(reply: CallReply, count: int) -> Envelope:
    """What became of ``count`` records that were written. Raises WireError."""
    if reply.status != _OK:
        told = answer(reply)
        assert isinstance(told, Told)
        return Envelope(named={}, rest=told)
    found = exact.members(exact.document(reply.body), "/")
    data = found.get("data")
    results = data.get("result") if isinstance(data, dict) else None
    if isinstance(results, list):
        named = dict(_result(exact.members(it, "/data/result")) for it in results)
        return Envelope(named=named, rest=Told(verdict=Verdict.AGAIN, code="unnamed"))
    whole = answer(reply)
    if isinstance(whole, Told):
        return Envelope(named={}, rest=whole)
    counted = exact.members(whole, "/data").get("successCount")
    if exact.text(counted, "/data/successCount") != str(count):
        raise WireError("missing", "/data/result")
    return Envelope(named={}, rest=Told(verdict=Verdict.TAKEN))


def _result(result: Mapping[str, object]) -> tuple[int, Told]:
    """One record's: its place, and whether it was taken or why never."""
    path = "/data/result"
    digits = exact.text(result.get("billIndex"), f"{path}/billIndex")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _PLACES_MAX):
        raise WireError("value", f"{path}/billIndex")
    given = exact.text(result.get("id"), f"{path}/id")
    if exact.truth(result.get("billStatus"), f"{path}/billStatus"):
        return int(digits), Told(verdict=Verdict.TAKEN, id=given)
    errors = result.get("errors")
    words = exact.encoded(errors).decode() if errors else ""
    return int(digits), Told(verdict=Verdict.REFUSED, code="errors", words=words)
