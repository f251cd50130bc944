"""An approved proposal changes its payees: all of them in the commit of the vote, or none.

Rule kept here: what is carried out is what was voted on, byte for byte, on payees that are still
what they were when it was proposed; each is sealed as it then stands.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from gateway.controls import payee_rows as rows
from gateway.controls.payee_drafting import STATE_AFTER, stands
from gateway.controls.payee_rows import Change, ChangeVote, Payee, PayeeItem, PayeeState
from gateway.controls.payee_seal import PayeeSeal
from gateway.domain.errors import Corrupt, NotPermitted
from gateway.domain.party import masked
from gateway.ports.runtime import Ids
from gateway.store import tables
from gateway.store.uow import Uow

_p = tables.payee
_NAMES: Final = tuple(it.name for it in rows.COLUMNS)


class Applying:
    """Carries out one proposal in a unit of work."""

    def __init__(self, uow: Uow, tenant: str, seals: PayeeSeal, ids: Ids) -> None:
        self._uow = uow
        self._tenant = tenant
        self._seals = seals
        self._ids = ids

    def carry_out(self, one: Change, vote: ChangeVote) -> str:
        """Change the payees; gives the id of the only one, or ''.

        Raises NotPermitted where a payee was changed since, Corrupt where the stored content is
        not what was voted on; the unit of work is then undone.
        """
        hasher = hashlib.sha256(f"{one.content}\n".encode())
        after, only, count = 0, "", 0
        while found := rows.items_of(self._uow.tuples, self._tenant, one.id, after):
            for _, _, text in found:
                hasher.update(f"{text}\n".encode())
            only = self._chunk(one, vote, found)
            after, count = found[-1][0], count + len(found)
        if hasher.hexdigest() != vote.digest:
            raise Corrupt(
                f"payee change {one.id} of tenant {self._tenant} is not what people voted on: it "
                "was changed in the database",
                f"租户 {self._tenant} 的收款人变更 {one.id} 与表决内容不符：数据库中的内容被改动",
            )
        return only if count == 1 else ""

    def _chunk(self, one: Change, vote: ChangeVote, found: list[tuple[int, str, str]]) -> str:
        """Change the payees of some items; gives the id of the last one."""
        items = [(seq, rows.item_of(text)) for seq, _, text in found]
        standing = rows.of_ids(
            self._uow.tuples, self._tenant, [it.payee for _, it in items if it.payee]
        )
        accounts = sorted({it.fields.account for _, it in items})
        taken = {
            it.fields.key: it.id
            for it in rows.of_accounts(self._uow.tuples, self._tenant, accounts)
        }
        changed: list[dict[str, object]] = []
        named: list[dict[str, object]] = []
        made: list[dict[str, object]] = []
        last = ""
        for seq, item in items:
            before = standing.get(item.payee)
            if not stands(item, before) or taken.get(item.fields.key, item.payee) != item.payee:
                raise _moved_on(item)
            payee = self._payee(one, vote, item, before)
            cells = dict(zip(_NAMES, msgspec.structs.astuple(payee), strict=True))
            if before is None:
                made.append({"tenant": self._tenant, **cells})
                named.append({"of_seq": seq, "to_payee": payee.id})
            else:
                changed.append({f"to_{name}": cell for name, cell in cells.items() if name != "id"})
                changed[-1] |= {"of_tenant": self._tenant, "of_id": payee.id}
            last = payee.id
        if changed:
            self._uow.change(rows.UPDATE, changed)
        self._uow.add(_p, *made)
        if named:
            of = {"of_tenant": self._tenant, "of_change": one.id}
            self._uow.change(rows.NAME_ITEM, [{**of, **it} for it in named])
        return last

    def _payee(self, one: Change, vote: ChangeVote, item: PayeeItem, before: Payee | None) -> Payee:
        """The payee as it stands from now on, sealed."""
        fields, state = item.fields, STATE_AFTER[item.action]
        was_active = before is not None and before.state == PayeeState.ACTIVE.value
        since = before.active_us if before is not None and was_active else vote.at_us
        payee = Payee(
            id=before.id if before is not None else self._ids.new("pye"),
            account=fields.account,
            name=fields.name,
            agent_name=fields.agent_name,
            cnaps=fields.cnaps,
            city=fields.city,
            vendor=fields.vendor,
            state=state.value,
            changed_us=vote.at_us,
            active_us=since if state is PayeeState.ACTIVE else None,
            made_by=one.proposed_by,
            approved_by=vote.actor,
            seal="",
        )
        seal = self._seals.of(self._tenant, payee.sealed_parts())
        return msgspec.structs.replace(payee, seal=seal)


def _moved_on(item: PayeeItem) -> NotPermitted:
    shown = masked(item.fields.account)
    return NotPermitted(
        f"the payee of account {shown} was changed since this was proposed: withdraw it and "
        "propose anew",
        f"账户 {shown} 的收款人在提议之后已有变更，请撤回后重新提议",
    )
