"""From wishes to the items of a proposal, held against the payees as they stand.

Rule kept here: an item says what the payee is to be and carries the seal that the payee had: if
anybody changes the payee before the vote, the vote would be on something else and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from gateway.controls.payee_reading import Wish, refused
from gateway.controls.payee_rows import (
    CHUNK,
    Ask,
    Payee,
    PayeeAction,
    PayeeFields,
    PayeeItem,
    PayeeState,
    of_accounts,
    of_ids,
)
from gateway.controls.payee_seal import PayeeSeal
from gateway.domain.errors import Fault

_ACTIVE: Final = PayeeState.ACTIVE.value
_BLOCKED: Final = PayeeState.BLOCKED.value
_REMOVED: Final = PayeeState.REMOVED.value


class Drafting:
    """Makes the items of one proposal. ``unchanged`` counts lines that say what stands already."""

    def __init__(self, ask: Ask, tenant: str, seals: PayeeSeal) -> None:
        self._ask = ask
        self._tenant = tenant
        self._seals = seals
        self._faults: list[Fault] = []
        self._met: set[tuple[str, str]] = set()
        self.unchanged = 0

    def items(self, wishes: Sequence[Wish]) -> list[PayeeItem]:
        """The items. Raises Refused with every wish that does not fit what stands."""
        made: list[PayeeItem] = []
        for start in range(0, len(wishes), CHUNK):
            made.extend(self._chunk(wishes[start : start + CHUNK]))
        if self._faults:
            raise refused(self._faults)
        return made

    def _chunk(self, wishes: Sequence[Wish]) -> Iterator[PayeeItem]:
        named = of_ids(self._ask, self._tenant, [it.payee for it in wishes if it.payee])
        accounts = sorted({it.fields.account for it in wishes if it.fields is not None})
        found = of_accounts(self._ask, self._tenant, accounts) if accounts else []
        taken = {payee.fields.key: payee for payee in found}
        for wish in wishes:
            item = self._item(wish, named.get(wish.payee), taken)
            if isinstance(item, PayeeItem):
                yield item
            elif item:
                self._faults.append(wish.fault(item, "payee" if wish.payee else "account"))

    def _item(
        self, wish: Wish, named: Payee | None, taken: dict[tuple[str, str], Payee]
    ) -> PayeeItem | str | None:
        """The item, the code of a fault, or None where nothing would change."""
        if wish.payee and named is None:
            return "not_there"
        fields = wish.fields or (named.fields if named is not None else None)
        if fields is None:
            return "required"
        standing = taken.get(fields.key)
        if fields.key in self._met or (named is not None and named.fields.key in self._met):
            return "repeated"
        self._met.add(fields.key)
        if named is not None:
            self._met.add(named.fields.key)
            if wish.action is PayeeAction.CHANGE and standing not in (None, named):
                return "exists"
            return _of_named(wish, named, fields)
        return self._of_new(wish, standing, fields)

    def _of_new(
        self, wish: Wish, standing: Payee | None, fields: PayeeFields
    ) -> PayeeItem | str | None:
        """A payee that is to be there: a new one, one that was removed, or one of a file."""
        if standing is None:
            return PayeeItem(action=PayeeAction.CREATE, fields=fields)
        told = wish.told | {"account", "vendor"}
        if standing.state == _REMOVED:
            return _item(PayeeAction.CREATE, standing, fields)
        if wish.action is PayeeAction.CREATE:
            return "exists"
        if standing.state == _BLOCKED:
            return "is_blocked"
        kept = {
            name: getattr(standing, name) for name in fields.__struct_fields__ if name not in told
        }
        fields = msgspec.structs.replace(fields, **kept) if kept else fields
        if standing.fields == fields and standing.is_sealed(self._seals, self._tenant):
            self.unchanged += 1
            return None
        return _item(PayeeAction.CHANGE, standing, fields)


def _of_named(wish: Wish, named: Payee, fields: PayeeFields) -> PayeeItem | str:
    """A payee that is there."""
    action = wish.action or PayeeAction.CHANGE
    if named.state == _REMOVED:
        return "is_removed"
    if action is PayeeAction.UNBLOCK:
        if named.state != _BLOCKED:
            return "not_blocked"
    elif named.state == _BLOCKED and action is not PayeeAction.REMOVE:
        return "is_blocked"
    return _item(action, named, fields)


def _item(action: PayeeAction, against: Payee, fields: PayeeFields) -> PayeeItem:
    # A row that was written past the gateway has no seal; its emptiness is told as such.
    return PayeeItem(
        action=action, payee=against.id, against=against.seal or _UNSEALED, fields=fields
    )


_UNSEALED: Final = "-"
"""Stands for the seal of a row that has none."""


def stands(item: PayeeItem, payee: Payee | None) -> bool:
    """Whether a payee is still what it was when the item was proposed."""
    return item.against == ("" if payee is None else payee.seal or _UNSEALED)


STATE_AFTER: Final = {
    PayeeAction.CREATE: PayeeState.ACTIVE,
    PayeeAction.CHANGE: PayeeState.ACTIVE,
    PayeeAction.BLOCK: PayeeState.BLOCKED,
    PayeeAction.UNBLOCK: PayeeState.ACTIVE,
    PayeeAction.REMOVE: PayeeState.REMOVED,
}
"""Where an approved item takes its payee."""
