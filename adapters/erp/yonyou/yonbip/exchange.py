"""Settlement documents as a file or a pushed message, and the reply in the vendor's envelope."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.json_tree import Value, gathered, parsed, written
from adapters.erp.yonyou.telling import CHINA
from adapters.erp.yonyou.yonbip.documents import DETAILS, details, payments, wanted
from adapters.erp.yonyou.yonbip.replies import Row
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp import (
    Draft,
    FileEnd,
    FileHead,
    FilePart,
    LineStatus,
    RefusedFile,
    StatusReport,
)

FORMAT: Final = "yonbip.settlebench"
LINES_MAX: Final = 10_000
_HEAD: Final = re.compile(rb'^(?:\xef\xbb\xbf)?\s*[\[{].*"' + DETAILS.encode() + rb'"', re.DOTALL)
_OPEN: Final = frozenset(codes.DETAIL_OPEN)
_REFUSED: Final = "999"


def sniff(head: bytes) -> bool:
    """Whether the first bytes are settlement documents."""
    return _HEAD.match(head) is not None


def read(chunks: Iterable[bytes], merged_by: str = "") -> Iterator[FilePart]:
    """Read one document, a list of them, or a reply that holds them.

    ``merged_by`` is the member that merges details (see ``documents.payments``), '' for none.
    Details that do not pay, are not directly connected or are decided already are left out and
    counted in a warning. Raises WireError.
    """
    body = gathered(chunks)
    documents = _documents(parsed(body))
    name = documents[0].at("code").text() or documents[0].at("id").text()
    if not name:
        raise documents[0].at("code").fault("missing")
    yield FileHead(
        format=FORMAT, message_id=f"{name}@{hashlib.sha256(body).hexdigest()[:12]}", count=""
    )
    taken, left = 0, 0
    faults: tuple[Fault, ...] = ()
    for made in _drafts(documents, merged_by):
        if made is None:
            left += 1
        elif taken < LINES_MAX:
            taken += 1
            yield made
        else:
            faults = (_too_many(made),)
            break
    warnings = (f"未取 {left} 条明细（非付款、非直联或已完结） / {left} details left out",)
    yield FileEnd(count=taken, faults=faults, warnings=warnings if left else ())


def _documents(document: Value) -> list[Value]:
    found = document
    if found.is_object and found.at(DETAILS).absent:
        found = document.at("data")
    documents = list(found.each()) if found.is_list else [found]
    if not documents or documents[0].absent:
        raise WireError("missing", f"/{DETAILS}")
    return documents


def _drafts(documents: list[Value], merged_by: str) -> Iterator[Draft | None]:
    number = 0
    for document in documents:
        open_ones: list[tuple[Value, int | None]] = []
        for detail in details(document):
            number += 1
            if not wanted(document, detail, _OPEN):
                yield None
                continue
            open_ones.append((detail, number))
        yield from payments(document, open_ones, merged_by)


def _too_many(made: Draft) -> Fault:
    return Fault(
        path=made.at["erp_reference"],
        code="batch_too_long",
        zh=f"一份报文最多 {LINES_MAX} 条明细，整份未受理，请拆分后重新发送",
        en=f"at most {LINES_MAX} details in one message; nothing was taken, split it",
        line=made.line,
    )


# ── replies ───────────────────────────────────────────────────────────────────────────────────


def report(status: StatusReport) -> Iterator[bytes]:
    """What was taken in and what was not, each refused detail by name."""
    lines = [one for line in status.lines() for one in line.by_source()]
    failed = [_message(line) for line in lines if line.faults]
    taken = [_standing(line) for line in lines if not line.faults]
    yield written(
        {
            "code": "200",
            "message": "部分受理 partly taken" if failed and taken else "操作成功 done",
            "data": {
                "count": len(lines),
                "successCount": len(taken),
                "failCount": len(failed),
                "messages": failed,
                "details": taken,
            },
        }
    )


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    """A message of which nothing was taken."""
    yield written(
        {
            "code": _REFUSED,
            "message": "整份未受理，请更正后重新发送 nothing was taken: correct and resend it",
            "data": {
                "count": 0,
                "successCount": 0,
                "failCount": len(refused.faults),
                "messages": [
                    {"sourceUnique": refused.message_id, "message": told(fault)}
                    for fault in refused.faults
                ],
                "time": f"{refused.created.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            },
        }
    )


def told(fault: Fault) -> str:
    """A fault in one line: where, what, and what to do."""
    where = f"第{fault.line}行 line {fault.line} " if fault.line else ""
    return f"{where}{fault.path}: {fault.zh} / {fault.en}"


def _message(line: LineStatus) -> Row:
    return {
        "sourceUnique": _name(line),
        "message": "; ".join(told(fault) for fault in line.faults),
    }


def _standing(line: LineStatus) -> Row:
    return {
        "sourceUnique": _name(line),
        "settleDetailAId": line.source.get("detail_id", ""),
        "instruction": line.instruction,
        "state": line.state,
        "amount": line.amount,
        "currency": line.currency,
    }


def _name(line: LineStatus) -> str:
    return line.source.get("detail_number", "") or line.erp_reference
