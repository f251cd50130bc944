"""What the API answers for accepted work: the same bytes for ever.

Rule kept here: an acceptance holds id, reference, digest and links, never a state, a time
or a host name, so that the same request gets the same answer however often it is sent.
The order of the members and every byte are fixed by golden tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from gateway.domain.errors import Fault
from gateway.domain.ids import BatchId, InstructionId
from gateway.web.problems import fault_document

_SHOWN_MAX: Final = 140
"""Most characters of a refused reference that are sent back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedLine:
    """A line of a bulk call that became an instruction. ``line`` counts from 1."""

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
    return _bytes(_acceptance(identifier, erp_reference, digest))


def batch_body(
    identifier: BatchId, batch_reference: str, lines: Iterable[AcceptedLine | RefusedLine]
) -> bytes:
    """The answer to a bulk call whose good lines were accepted, in line order."""
    results = [_result(line) for line in lines]
    accepted = sum(result["result"] == "accepted" for result in results)
    return _bytes(
        {
            "id": identifier,
            "batch_reference": batch_reference,
            "accepted": accepted,
            "refused": len(results) - accepted,
            "results": results,
        }
    )


def _result(line: AcceptedLine | RefusedLine) -> dict[str, object]:
    if isinstance(line, AcceptedLine):
        return {
            "line": line.line,
            "result": "accepted",
            **_acceptance(line.id, line.erp_reference, line.digest),
        }
    return {
        "line": line.line,
        "result": "refused",
        "erp_reference": line.erp_reference[:_SHOWN_MAX],
        "faults": [fault_document(fault) for fault in line.faults],
    }


def _acceptance(identifier: InstructionId, erp_reference: str, digest: str) -> dict[str, object]:
    return {
        "id": identifier,
        "erp_reference": erp_reference,
        "digest": digest,
        "links": {
            "self": f"/v1/instructions/{quote(identifier, safe='')}",
            "status": f"/v1/instructions?erp_reference={quote(erp_reference, safe='')}",
        },
    }


def _bytes(document: dict[str, object]) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace")  # a refused reference may hold half a surrogate pair
