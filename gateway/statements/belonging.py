"""Which of an ERP's payments the bank's entries belong to, as far as that is proven.

Rule kept here: an entry is somebody's only by the bank's own reference, our serial or the
reconciliation code, and only where one payment alone fits. Payee and amount prove nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import Connection, Text, and_, bindparam, func, select

from gateway.domain.instruction import State
from gateway.domain.merged import merged_parts
from gateway.domain.money import Money, currency
from gateway.domain.reconciliation import codes_in
from gateway.ports.erp_told import EntryTold
from gateway.store import tables
from gateway.store.elements import elements, number_at, text_at
from gateway.store.prepared import prepare

_i, _m = tables.instruction, tables.message
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_CANDIDATES: Final = prepare(
    select(
        *(_i.c.erp_reference, _i.c.creditor_account, _i.c.amount_minor, _i.c.currency),
        *(_i.c.bank_reference, _i.c.reconciliation_code, _i.c.end_to_end_id, _i.c.state),
        _i.c.merged,
        func.coalesce(_m.c.serial, "").label("serial"),
    )
    # Outer joins, and what they add left out again: so each payee and amount is looked up by key.
    .select_from(
        _wanted.outerjoin(
            _i,
            and_(
                _i.c.tenant == bindparam("of_tenant"),
                _i.c.creditor_account == text_at(_wanted, 0),
                _i.c.amount_minor == number_at(_wanted, 1),
            ),
        ).outerjoin(_m, and_(_m.c.tenant == _i.c.tenant, _m.c.id == _i.c.message))
    )
    .where(
        func.coalesce(_i.c.id, "") != "",
        _i.c.erp == bindparam("of_erp"),
        _i.c.debtor_account == bindparam("of_debtor"),
    )
)
_Key = tuple[str, int, str]


def belonging(
    db: Connection, tenant: str, erp: str, account: str, entries: Sequence[EntryTold]
) -> tuple[EntryTold, ...]:
    """The entries of an account of ours, each with the ERP's payment that it belongs to.

    What is nobody's still gets the reconciliation code that stands in its words.
    """
    keys = {_key(it) for it in entries if it.counterparty_account}
    found: dict[_Key, list[Any]] = defaultdict(list)
    if keys:
        pairs = sorted({(number, minor) for number, minor, _ in keys})
        values = {
            "of_tenant": tenant,
            "of_erp": erp,
            "of_debtor": account,
            "wanted": msgspec.json.encode(pairs).decode(),
        }
        for row in _CANDIDATES.rows(db, values):
            found[row.creditor_account, row.amount_minor, row.currency].append(row)
    return tuple(_belonging(it, found.get(_key(it), ())) for it in entries)


def _key(entry: EntryTold) -> _Key:
    minor = Money.parse(entry.amount, currency(entry.currency), signed=True).minor
    return entry.counterparty_account, abs(minor), entry.currency


def _belonging(entry: EntryTold, candidates: Collection[Any]) -> EntryTold:
    comes_back = not entry.amount.startswith("-")
    proven = [
        row
        for row in candidates
        if _proves(entry, row) and (row.state == State.RETURNED.value or not comes_back)
    ]
    if len(proven) != 1:
        codes = codes_in(entry.remittance)
        return replace(entry, reconciliation_code=codes[0]) if len(codes) == 1 else entry
    (row,) = proven
    return replace(
        entry,
        erp_reference=row.erp_reference,
        merged=merged_parts(row.merged) or UNSET,
        reconciliation_code=row.reconciliation_code,
        end_to_end_id=row.end_to_end_id,
        returned=comes_back,
    )


def _proves(entry: EntryTold, row: Any) -> bool:  # noqa: ANN401 - a row
    return names(entry.reference, entry.remittance, row)


def names(reference: str, remittance: str, row: Any) -> bool:  # noqa: ANN401 - a row
    """Whether a line names a payment: by reference, serial or code, each of them whole."""
    if reference and reference in {row.bank_reference, row.serial}:
        return True
    return any(_stands_in(it, remittance) for it in (row.reconciliation_code, row.serial))


def _stands_in(code: str, text: str) -> bool:
    """Whether a code stands in a text by itself: no other letter or digit touches it."""
    alone = rf"(?<![0-9A-Za-z]){re.escape(code)}(?![0-9A-Za-z])"
    return bool(code) and re.search(alone, text, re.ASCII) is not None
