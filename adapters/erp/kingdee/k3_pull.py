"""Waiting payment bills of 星空, fetched page by page (ExecuteBillQuery).

Rule kept here: a page begins after the last entry of the one before, by ids and not by counting
rows, so that bills that leave the list between two pages hide no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from adapters.erp.kingdee import exact, k3_calls
from adapters.erp.kingdee.k3_bill import (
    CURRENCY,
    ENTRIES,
    ENTRY_ID,
    FORM,
    ID,
    NUMBER,
    ORGANISATION,
    draft,
    entry_fields,
)
from adapters.erp.kingdee.k3_options import K3Options
from adapters.erp.kingdee.keyed import Told, unheard
from gateway.domain.errors import WireError
from gateway.ports.erp_api import Access, Call, CallReply, Moment, Pull, Pulled, Verdict
from gateway.ports.erp_draft import Draft

_ENTRY_KEY: Final = f"{ENTRIES}_{ENTRY_ID}"
_CURSOR: Final = re.compile(r"([0-9]{1,18}):([0-9]{1,18})", re.ASCII)
_NUMBERED: Final = frozenset({ORGANISATION, CURRENCY, "FACCOUNTID"})
"""Base records: their number is asked for, not their inner id."""


def keys(options: K3Options) -> list[str]:
    """What is asked of an entry, in the order of the columns."""
    asked = [ID, NUMBER, ORGANISATION, CURRENCY, _ENTRY_KEY, *entry_fields(options).values()]
    if options["attempt_field"]:
        asked.append(options["attempt_field"])
    return [f"{name}.FNumber" if name in _NUMBERED else name for name in asked]


def pull(options: K3Options) -> Pull:
    """How waiting bills are fetched."""

    def encode(_access: Access, _moment: Moment, cursor: str) -> Call:
        where = f"({options['filter']})"
        if cursor:
            found = _CURSOR.fullmatch(cursor)
            if found is None:
                raise WireError("value", "/cursor")
            bill, entry = found.groups()
            where += f" AND ({ID}>{bill} OR ({ID}={bill} AND {_ENTRY_KEY}>{entry}))"
        order = f"{ID},{_ENTRY_KEY}"
        return k3_calls.query(options, FORM, ",".join(keys(options)), where, order)

    def decode(_access: Access, reply: CallReply) -> Pulled | Verdict:
        found = k3_calls.rows(reply, len(keys(options)))
        if isinstance(found, Told):
            return unheard(found, "星空")
        drafts = tuple(drafts_of(options, keys(options), found))
        full = len(found) >= options.page
        return Pulled(drafts=drafts, cursor=_cursor(drafts[-1]) if full else "")

    return Pull(encode=encode, decode=decode)


def drafts_of(
    options: K3Options, columns: Iterable[str], rows: Iterable[list[object]]
) -> Iterable[Draft]:
    """The rows of a query as drafts. Raises WireError for a row of another length or form."""
    names = [_plain(name) for name in columns]
    for number, row in enumerate(rows, 1):
        place = f"/{FORM}/{number}"
        if len(row) != len(names):
            raise WireError("value", place)
        told = zip(names, row, strict=True)
        fields = {name: exact.text(cell, f"{place}/{name}") for name, cell in told}
        called = fields.get(NUMBER) or number, fields.get(ENTRY_ID) or "-"
        yield draft(options, fields, f"/{FORM}/{called[0]}/{ENTRIES}/{called[1]}", None)


def _plain(name: str) -> str:
    """A column's own name: FPAYORGID of FPAYORGID.FNumber, FEntryID of FPAYBILLENTRY_FEntryID."""
    return ENTRY_ID if name == _ENTRY_KEY else name.partition(".")[0]


def _cursor(last: Draft) -> str:
    found = f"{last.source['bill_id']}:{last.source['entry_id']}"
    if _CURSOR.fullmatch(found) is None:
        raise WireError("value", f"/{FORM}/{ID}")
    return found
