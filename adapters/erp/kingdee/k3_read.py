"""Payment bills that 星空 posts to us: the body of its Save or BatchSave, or a recorded query.

Rule kept here: an entry whose payees stand in a list of their own (多收款人) is refused, because
its total would go to one of them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.erp.kingdee import exact
from adapters.erp.kingdee.asking import (
    ACCOUNT_FORM,
    K3_ASKED,
    K3_STATUS,
    names_one,
    of_accounts,
    of_payment,
)
from adapters.erp.kingdee.k3_bill import (
    CURRENCY,
    ENTRIES,
    ENTRY_ID,
    FORM,
    ID,
    MORE_PAYEES,
    NUMBER,
    ORGANISATION,
    draft,
    reference,
)
from adapters.erp.kingdee.k3_options import K3Options
from adapters.erp.kingdee.k3_pull import drafts_of
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp_draft import Draft, FaultyDraft, FileEnd, FileHead, FilePart
from gateway.ports.erp_questions import Question

FORMAT: Final = f"k3cloud.{FORM}"
LINES_MAX: Final = 10_000
_FORM_NAMES: Final = ("formid", "FormId", "FORMID")
_NO_FORM: Final = ""
_AMOUNT_FIELDS: Final = ("FREALPAYAMOUNTFOR", "FPAYTOTALAMOUNTFOR")
_SNIFFED: Final = re.compile(rb"\"(?:AP_PAYBILL|FPAYBILLENTRY)[\"_.]|FPAYBILLENTRY_", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Post:
    """What was posted: which form, which operation ('' for a bill), and its argument."""

    form: str
    operation: str
    said: Mapping[str, object]
    request: str


class Reader:
    """Reads what a 星空 system posts."""

    __slots__ = ("_options",)

    def __init__(self, options: K3Options) -> None:
        self._options = options

    def read(self, chunks: Iterable[bytes]) -> Iterator[FilePart]:
        """The bills of a message as drafts. Raises WireError."""
        body = exact.gathered(chunks)
        found = exact.members(exact.document(body), "/")
        digest = f"sha256:{hashlib.sha256(body).hexdigest()[:32]}"
        recorded = _recorded(found)
        if recorded is not None:
            yield FileHead(format=FORMAT, message_id=digest)
            columns, rows = recorded
            yield from _ended(drafts_of(self._options, columns, rows))
            return
        post = _post(found)
        if post.form != FORM or post.operation not in {"", "Save", "BatchSave", "Submit"}:
            raise WireError("unsupported", f"/{post.form or 'formid'}/{post.operation}")
        bills = _bills(post)
        yield FileHead(format=FORMAT, message_id=post.request or digest)
        yield from _ended(self._drafts(bills))

    def _drafts(self, bills: list[tuple[str, Mapping[str, object]]]) -> Iterator[Draft]:
        line = 0
        for base, bill in bills:
            head = {name: _value(bill, name, base) for name in (ID, NUMBER, ORGANISATION, CURRENCY)}
            entries = exact.items(bill.get(ENTRIES), f"{base}/{ENTRIES}")
            if not entries:
                raise WireError("empty", f"{base}/{ENTRIES}")
            for place, entry in enumerate(entries):
                line += 1
                at = f"{base}/{ENTRIES}/{place}"
                told = exact.members(entry, at)
                fields = {name: _value(told, name, at) for name in told if _is_field(told[name])}
                wanted = self._options["amount_field"]
                if not fields.get(wanted):
                    # The documented name in a posted bill is without the query's suffix.
                    by = next((it for it in _AMOUNT_FIELDS if fields.get(it)), wanted)
                    fields[wanted] = fields.get(by, "")
                found = draft(self._options, {**fields, **head}, at, line)
                yield _paying_many(found, at) if told.get(MORE_PAYEES) else found


def sniff(head: bytes) -> bool:
    """Whether the first bytes speak of a 星空 payment bill."""
    return (
        head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _SNIFFED.search(head) is not None
    )


def asks(head: bytes) -> bool:
    """Whether they ask where bills stand, or what accounts hold."""
    return names_one(head, FORM, K3_STATUS) or names_one(head, ACCOUNT_FORM, K3_ASKED)


def questions(body: bytes) -> tuple[Question, ...]:
    """同步银行状态 by lines (FBillNo, FEntryID) or by Numbers written as our references.

    Or balances and statements of accounts. Raises WireError.
    """
    post = _post(exact.members(exact.document(body), "/"))
    kind = K3_ASKED.get(post.operation) if post.form == ACCOUNT_FORM else None
    if kind is not None:
        return of_accounts(kind, post.said, "/data")
    if post.form != FORM or post.operation != K3_STATUS:
        raise WireError("unsupported", f"/{post.form or 'formid'}/{post.operation}")
    found = []
    for place, line in enumerate(exact.items(post.said.get("Lines", []), "/data/Lines")):
        at = f"/data/Lines/{place}"
        told = exact.members(line, at)
        number, entry = _value(told, NUMBER, at), _value(told, ENTRY_ID, at)
        if not number or not entry:
            raise WireError("missing", f"{at}/{ENTRY_ID if number else NUMBER}")
        found.append((reference(number, entry, _value(told, "Attempt", at)), at))
    for place, written in enumerate(exact.items(post.said.get("Numbers", []), "/data/Numbers")):
        at = f"/data/Numbers/{place}"
        found.append((exact.text(written, at), at))
    if not found:
        raise WireError("empty", "/data")
    return tuple(
        of_payment(asked, at, {"form": FORM, "bill_no": asked.partition("/")[0]})
        for asked, at in found
    )


def _ended(drafts: Iterable[Draft]) -> Iterator[FilePart]:
    count = 0
    for one in drafts:
        count += 1
        if count > LINES_MAX:
            continue
        yield one
    yield FileEnd(count=count, faults=(_too_long(count),) if count > LINES_MAX else ())


def _too_long(count: int) -> Fault:
    return Fault(
        path=f"/{ENTRIES}",
        line=LINES_MAX + 1,
        code="batch_too_long",
        zh=f"一次最多 {LINES_MAX} 条明细，本次 {count} 条；整份未受理，请分次提交",
        en=f"at most {LINES_MAX} entries at a time, here {count}; nothing was taken, send in parts",
    )


def _paying_many(one: Draft, at: str) -> Draft:
    """An entry whose payees stand in a list: none of them is paid by the entry's own fields."""
    return FaultyDraft(
        erp_reference=one.erp_reference,
        at=one.at,
        line=one.line,
        source=one.source,
        unreadable=True,
        faults=(
            Fault(
                path=f"{at}/{MORE_PAYEES}",
                line=one.line,
                code="many_payees",
                zh="多收款人明细不受理，请改为每个收款人一行付款明细；其他明细不受影响",
                en="several payees in one entry are not taken: give each its own entry;"
                " the other entries are not affected",
            ),
        ),
    )


# ── the envelope ──────────────────────────────────────────────────────────────────────────────


def _post(found: Mapping[str, object]) -> _Post:
    """What was posted, in the named form or with positional parameters."""
    if "parameters" in found:
        given = exact.items(found["parameters"], "/parameters")
        texts = [exact.text(it, "/parameters") for it in given[:-1]]
        if not texts or len(texts) > 2:  # noqa: PLR2004 - form, and maybe operation
            raise WireError("value", "/parameters")
        operation = texts[1] if len(texts) > 1 else ""
        return _Post(texts[0], operation, _said(given[-1], "/parameters"), _request(found))
    form = next((exact.text(found[it], it) for it in _FORM_NAMES if it in found), _NO_FORM)
    operation = exact.text(found.get("opNumber"), "/opNumber")
    inner = found.get("data", found)
    return _Post(form, operation, _said(inner, "/data"), _request(found))


def _request(found: Mapping[str, object]) -> str:
    return exact.text(found.get("RequestId"), "/RequestId")


def _said(value: object, path: str) -> Mapping[str, object]:
    """The argument, which older clients write as JSON inside a text."""
    if isinstance(value, str):
        value = exact.document(value.encode())
    return exact.members(value, path)


def _bills(post: _Post) -> list[tuple[str, Mapping[str, object]]]:
    """Each bill with its place."""
    model = post.said.get("Model")
    if model is None:
        raise WireError("missing", "/data/Model")
    places: list[tuple[str, object]] = [("/data/Model", model)]
    if isinstance(model, list):
        places = [(f"/data/Model/{at}", bill) for at, bill in enumerate(model)]
    found = [(path, exact.members(bill, path)) for path, bill in places]
    if not found:
        raise WireError("empty", "/data/Model")
    return found


def _is_field(value: object) -> bool:
    """Whether a member is a field: a value, or a base record named by its number."""
    if isinstance(value, dict):
        return "FNumber" in value or "FNUMBER" in value
    return not isinstance(value, list)


def _value(told: Mapping[str, object], name: str, path: str) -> str:
    """A field's text; of a base record its number."""
    value = told.get(name)
    at = f"{path}/{name}"
    if isinstance(value, dict):
        value = value.get("FNumber", value.get("FNUMBER"))
        at = f"{at}/FNumber"
    if isinstance(value, bool):
        return "true" if value else "false"
    return exact.text(value, at)


def _recorded(
    found: Mapping[str, object],
) -> tuple[list[str], list[list[object]]] | None:
    """A query and its rows as support staff keep them: the columns come from the query."""
    rows = found.get("rows_come_back_as", found.get("rows"))
    asked = _query_of(found)
    if asked is None or not isinstance(rows, list):
        return None
    keys = exact.text(asked.get("FieldKeys"), "/FieldKeys").split(",")
    return [it.strip() for it in keys], [exact.items(row, "/rows") for row in rows]


def _query_of(value: object, depth: int = 0) -> Mapping[str, object] | None:
    if not isinstance(value, dict) or depth > 3:  # noqa: PLR2004 - example, body, data
        return None
    if "FieldKeys" in value and value.get("FormId") == FORM:
        return value
    return next(filter(None, (_query_of(it, depth + 1) for it in value.values())), None)
