"""Fetching what waits to be paid: a page of settlement documents, then each one in full.

Rule kept here: the list says neither the payee's account nor its bank, so every document is read
by itself. The cursor holds the whole way that is left; a page that comes again changes nothing.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import structs

from adapters.erp.yonyou.yonbip.documents import PAYING, details, payments, wanted
from adapters.erp.yonyou.yonbip.replies import answered, post
from gateway.domain.errors import WireError
from gateway.ports.erp_api import Access, Call, CallReply, Moment, Pull, Pulled, Verdict
from gateway.ports.erp_draft import Draft

LIST_PATH: Final = "/yonbip/ctm/stwb/settlebench"
DETAIL_PATH: Final = "/yonbip/ctm/settleBench/detail"
STATES: Final = "1,2"
PAGE: Final = "50"
_CURSOR: Final = re.compile(r"(\d{1,9})(?:\|(\d{1,20}(?:,\d{1,20})*))?", re.ASCII)
_ID: Final = re.compile(r"\d{1,20}", re.ASCII)


def _encode(access: Access, moment: Moment, cursor: str) -> Call:
    """The list page that a cursor names, or the document that is next on it."""
    del moment  # nothing here hangs on the time
    page, ids = _read(cursor)
    if ids:
        return Call(
            method="GET", path=DETAIL_PATH, endpoint="settleBench/detail", query=(("id", ids[0]),)
        )
    wanted_states = sorted(_states(access))
    row: dict[str, object] = {
        "pageIndex": page,
        "pageSize": int(access.options.get("page_size", PAGE)),
        "receipttype": int(PAYING),
        "statementdetailstatus": [int(it) for it in wanted_states],
        "isSum": False,
    }
    if code := access.options.get("organisation", ""):
        row["accentity_code"] = code
    return post(LIST_PATH, "stwb/settlebench", row)


def _follow(access: Access, reply: CallReply, cursor: str) -> Pulled | Verdict:
    """Read a list page (no drafts yet) or a document (its drafts). Raises WireError."""
    answer = answered(reply)
    page, ids = _read(cursor)
    if answer.verdict is not None:
        # A document that was taken away since the list was read is no reason to stop.
        if answer.verdict is Verdict.REFUSED and ids:
            return Pulled(drafts=(), cursor=_after(page, ids[1:]))
        return Verdict.LOGIN if answer.verdict is Verdict.LOGIN else Verdict.AGAIN
    content = answer.content
    if ids:
        states, accounts = _states(access), _accounts(access)
        found = [(it, None) for it in details(content) if wanted(content, it, states, accounts)]
        merged_by = access.options.get("merged_member", "")
        return Pulled(
            drafts=tuple(_dated(access, it) for it in payments(content, found, merged_by)),
            cursor=_after(page, ids[1:]),
        )
    rows = list(content.at("recordList").each())
    documents = dict.fromkeys(row.first("mainid", "id").text() for row in rows)
    if not all(_ID.fullmatch(it) for it in documents):
        raise WireError("format", "/data/recordList/mainid")
    pages = content.at("pageCount").text()
    if not (pages.isascii() and pages.isdigit()):
        raise WireError("missing", "/data/pageCount")
    if not documents:
        return Pulled(drafts=())
    last = page >= int(pages)
    return Pulled(drafts=(), cursor=_after(0 if last else page + 1, list(documents)))


def _decode(access: Access, reply: CallReply) -> Pulled | Verdict:
    """The first list page, for who has no cursor."""
    return _follow(access, reply, "")


def _after(page: int, ids: list[str]) -> str:
    """The rest of the way: documents first, then list page ``page``; 0 is no further page."""
    if ids:
        return f"{page}|{','.join(ids)}"
    return str(page) if page else ""


def _read(cursor: str) -> tuple[int, list[str]]:
    """Which list page comes next, and which documents come before it.

    Raises WireError ``cursor`` for what we never wrote.
    """
    if not cursor:
        return 1, []
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise WireError("cursor")
    return int(found[1]), found[2].split(",") if found[2] else []


def _states(access: Access) -> frozenset[str]:
    return frozenset(access.options.get("statuses", STATES).replace(" ", "").split(","))


def _dated(access: Access, draft: Draft) -> Draft:
    """The draft with its expected day, or without one where the site pays when it releases."""
    ignored = access.options.get("expect_date", "") == "ignore"
    return structs.replace(draft, execution_date="") if ignored else draft


def _accounts(access: Access) -> frozenset[str]:
    return frozenset(access.options.get("accounts", "").replace(" ", "").split(",")) - {""}


PULL: Final = Pull(encode=_encode, decode=_decode, follow=_follow)
