"""What the API answers for accepted work: the same bytes for ever.

Rule kept here: an acceptance holds id, reference, digest and links, never a state, a time
or a host name, so that the same request gets the same answer however often it is sent.
The order of the members and every byte are fixed by golden tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from json.encoder import encode_basestring as _text
from typing import Final, NamedTuple
from urllib.parse import quote

from gateway.domain.errors import Fault
from gateway.domain.ids import BatchId, InstructionId

_PLAIN: Final = re.compile(r"[0-9A-Za-z_.~-]*", re.ASCII).fullmatch
"""Whether a text stands in JSON and in an address as it is."""
_SHOWN_MAX: Final = 140
"""Most characters of a refused reference that are sent back."""


class AcceptedLine(NamedTuple):
    """A line of a bulk call that became an instruction. ``line`` counts from 1.

    A named tuple, as a batch has thousands: a frozen record takes five times as long.
    """

    line: int
    id: InstructionId
    erp_reference: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line of a bulk call that was refused, with everything that is wrong with it."""

    line: int
    erp_reference: str
    faults: tuple[Fault, ...]


def acceptance_body(identifier: InstructionId, erp_reference: str, digest: str) -> bytes:
    """The answer to an accepted instruction."""
    return _bytes(f"{{{_acceptance(identifier, erp_reference, digest)}}}")


def batch_body(
    identifier: BatchId, batch_reference: str, lines: Iterable[AcceptedLine | RefusedLine]
) -> bytes:
    """The answer to a bulk call whose good lines were accepted, in line order."""
    results: list[str] = []
    accepted = 0
    for line in lines:
        if isinstance(line, AcceptedLine):
            accepted += 1
            said = _acceptance(line.id, line.erp_reference, line.digest)
            results.append(f'{{"line":{line.line},"result":"accepted",{said}}}')
        else:
            results.append(_refusal(line))
    return _bytes(
        f'{{"id":{_text(identifier)},"batch_reference":{_text(batch_reference)},'
        f'"accepted":{accepted},"refused":{len(results) - accepted},'
        f'"results":[{",".join(results)}]}}'
    )


def _refusal(line: RefusedLine) -> str:
    document = {
        "line": line.line,
        "result": "refused",
        "erp_reference": line.erp_reference[:_SHOWN_MAX],
        "faults": [fault.document() for fault in line.faults],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _acceptance(identifier: InstructionId, erp_reference: str, digest: str) -> str:
    """The members of an acceptance, as text: a large batch is answered line by line."""
    if _PLAIN(f"{identifier}{erp_reference}{digest}"):  # nothing to quote, nothing to escape
        return (
            f'"id":"{identifier}","erp_reference":"{erp_reference}","digest":"{digest}",'
            f'"links":{{"self":"/v1/instructions/{identifier}",'
            f'"status":"/v1/instructions?erp_reference={erp_reference}"}}'
        )
    own = f"/v1/instructions/{quote(identifier, safe='')}"
    status = f"/v1/instructions?erp_reference={quote(erp_reference, safe='')}"
    return (
        f'"id":{_text(identifier)},"erp_reference":{_text(erp_reference)},"digest":{_text(digest)},'
        f'"links":{{"self":{_text(own)},"status":{_text(status)}}}'
    )


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")  # a refused reference may hold half a surrogate pair
