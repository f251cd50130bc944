"""One 苍穹 银行付款单 (bei_bankpaybill) as a draft, pulled or posted.

A bill is one payment, and a failed one is paid again by a new bill that names it
(``lastsourcebillid``); so the bill's number is the key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from adapters.erp.kingdee import cosmic_calls, exact
from adapters.erp.kingdee.asking import (
    COSMIC_ASKED,
    COSMIC_STATUS,
    names_one,
    of_accounts,
    of_payment,
)
from adapters.erp.kingdee.cosmic_options import CosmicOptions
from adapters.erp.kingdee.keyed import Told, unheard
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp_api import Access, Call, CallReply, Moment, Pull, Pulled, Verdict
from gateway.ports.erp_draft import Draft, FileEnd, FileHead, FilePart
from gateway.ports.erp_questions import Question

FORM: Final = "bei_bankpaybill"
ACCOUNTS: Final = "am_accountbank"
"""苍穹 银行账户."""
FORMAT: Final = f"cosmic.{FORM}"
LINES_MAX: Final = 10_000
FIELDS: Final[Mapping[str, str]] = {
    "erp_reference": "billno",
    "debtor_account": "payeracct",
    "creditor_account": "payeeacct",
    "creditor_name": "payeename",
    "creditor_agent_name": "payeebank",
    "creditor_agent_cnaps": "recbanknumber",
    "creditor_city": "reccity",
    "amount": "amount",
    "currency": "currency",
    "purpose": "usage",
    "company": "company",
    "reconciliation_code": "statementrefno",
}
"""Our fields to those of a bill."""
_ECHOED: Final = ("billno", "batchseqid", "srcbillno", "sourcebillid", "lastsourcebillid")
_SNIFFED: Final = re.compile(rb"\"(?:recbanknumber|bankpaystate)\"|bei_bankpaybill", re.ASCII)
_CURSOR: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_NEST_MAX: Final = 3


def draft(
    options: CosmicOptions, row: Mapping[str, object], base: str, line: int | None = None
) -> Draft:
    """A bill as a draft; ``base`` is its place. Raises WireError for a field of another form."""
    texts = {ours: _value(row, theirs, base) for ours, theirs in FIELDS.items()}
    texts["amount"] = exact.amount(texts["amount"], f"{base}/amount")
    texts["currency"] = options.currencies.get(texts["currency"], texts["currency"])
    texts["company"] = options.companies.get(texts["company"], "")
    return Draft(
        **texts,
        at={ours: f"{base}/{theirs}" for ours, theirs in FIELDS.items()},
        line=line,
        source={"form": FORM, **{name: _value(row, name, base) for name in _ECHOED}},
        merged=(),
    )


def pull(options: CosmicOptions) -> Pull:
    """How waiting bills are fetched, page by page.

    Bills leave the list while it is read, so a page may miss some: the next look finds them,
    because a bill stays in the list until it was told something.
    """
    states = options["pull_states"].split(",")

    def encode(_access: Access, _moment: Moment, cursor: str) -> Call:
        if cursor and _CURSOR.fullmatch(cursor) is None:
            raise WireError("value", "/cursor")
        asked = states[0] if len(states) == 1 else states
        body = {"data": {"bankpaystate": asked}, "pageNo": int(cursor or 1)}
        return cosmic_calls.kapi(options, options["pull_path"], body | {"pageSize": options.page})

    def follow(_access: Access, reply: CallReply, cursor: str) -> Pulled | Verdict:
        found = cosmic_calls.rows(reply)
        if isinstance(found, Told):
            return unheard(found, "苍穹", loud=True)
        drafts = tuple(
            draft(options, row, f"/{FORM}/{_value(row, 'billno', FORM) or place}")
            for place, row in enumerate(found, 1)
        )
        more = str(int(cursor or 1) + 1) if len(found) >= options.page else ""
        return Pulled(drafts=drafts, cursor=more)

    def decode(access: Access, reply: CallReply) -> Pulled | Verdict:
        return follow(access, reply, "")

    return Pull(encode=encode, decode=decode, follow=follow)


class Reader:
    """Reads bills that 苍穹 posts: ``{"data": [bill…]}``, or a query's reply with ``rows``."""

    __slots__ = ("_options",)

    def __init__(self, options: CosmicOptions) -> None:
        self._options = options

    def read(self, chunks: Iterable[bytes]) -> Iterator[FilePart]:
        """The bills of a message as drafts. Raises WireError."""
        body = exact.gathered(chunks)
        found = exact.members(exact.document(body), "/")
        listed = _bills(found)
        if listed is None:
            raise WireError("missing", "/data")
        path, bills = listed
        if not bills:
            raise WireError("empty", path)
        digest = f"sha256:{hashlib.sha256(body).hexdigest()[:32]}"
        request = exact.text(found.get("requestId"), "/requestId")
        yield FileHead(format=FORMAT, message_id=request or digest)
        for place, bill in enumerate(bills[:LINES_MAX]):
            at = f"{path}/{place}"
            yield draft(self._options, exact.members(bill, at), at, place + 1)
        yield FileEnd(count=len(bills), faults=_too_many(path, len(bills)))


def sniff(head: bytes) -> bool:
    """Whether the first bytes speak of a 苍穹 bank payment bill."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") and _SNIFFED.search(head) is not None


def asks(head: bytes) -> bool:
    """Whether they ask where bills stand (同步付款状态), or what accounts hold."""
    return names_one(head, FORM, COSMIC_STATUS) or names_one(head, ACCOUNTS, COSMIC_ASKED)


def questions(body: bytes) -> tuple[Question, ...]:
    """``{"operation": "syncpaystate", "form": "bei_bankpaybill", "data": {"billno": […]}}``.

    Or balances and statements of accounts. Raises WireError.
    """
    found = exact.members(exact.document(body), "/")
    form, operation = (exact.text(found.get(it), f"/{it}") for it in ("form", "operation"))
    said = exact.members(found.get("data"), "/data")
    kind = COSMIC_ASKED.get(operation) if form == ACCOUNTS else None
    if kind is not None:
        return of_accounts(kind, said, "/data")
    if form != FORM or operation != COSMIC_STATUS:
        raise WireError("unsupported", "/operation")
    numbers = exact.items(said.get("billno"), "/data/billno")
    if not numbers:
        raise WireError("empty", "/data/billno")
    asked = ((exact.text(it, f"/data/billno/{at}"), at) for at, it in enumerate(numbers))
    return tuple(
        of_payment(number, f"/data/billno/{at}", {"form": FORM, "billno": number})
        for number, at in asked
    )


def _bills(
    found: Mapping[str, object], path: str = "", depth: int = 0
) -> tuple[str, list[object]] | None:
    """The bills and their place: a list in ``data``, ``rows`` in it, or one inside an example."""
    data = found.get("data")
    if isinstance(data, list):
        return f"{path}/data", data
    if isinstance(data, dict) and isinstance(data.get("rows"), list):
        return f"{path}/data/rows", data["rows"]
    if depth < _NEST_MAX:
        for name, inner in found.items():
            if isinstance(inner, dict):
                deeper = _bills(inner, f"{path}/{name}", depth + 1)
                if deeper is not None:
                    return deeper
    return None


def _too_many(path: str, count: int) -> tuple[Fault, ...]:
    if count <= LINES_MAX:
        return ()
    return (
        Fault(
            path=f"{path}/{LINES_MAX}",
            line=LINES_MAX + 1,
            code="batch_too_long",
            zh=f"一次最多 {LINES_MAX} 张付款单，本次 {count} 张；整份未受理，请分次提交",
            en=f"at most {LINES_MAX} bills at a time, here {count}; nothing was taken,"
            " send in parts",
        ),
    )


def _value(row: Mapping[str, object], name: str, base: str) -> str:
    """A field's text, in some versions under its column's name; of a base record its number."""
    value = row.get(name, row.get(f"f{name}"))
    if isinstance(value, dict):
        value = value.get("number")
    if isinstance(value, bool):
        return "true" if value else "false"
    return exact.text(value, f"{base}/{name}")
