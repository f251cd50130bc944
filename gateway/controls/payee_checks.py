"""What the payee of a payment gives reason to hold: first payment, changed lately, shared, blocked.

Rule kept here: an entry of the master counts only under its seal; what was written past the
gateway speaks for nobody and holds. However many payments, it is one statement for each question,
and none for a rule that is off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Text, bindparam, case, literal_column, select

from gateway.controls import payee_rows
from gateway.controls.holds import Finding
from gateway.controls.inspecting import Inspection
from gateway.controls.payee_rows import Payee, PayeeState
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.rules.document import HoldRule, PayeeRules
from gateway.domain.instruction import BusinessType, State
from gateway.domain.names import folded
from gateway.domain.party import masked
from gateway.lifecycle.release import Candidate
from gateway.store import tables
from gateway.store.elements import elements, text_at
from gateway.store.instants import BEIJING, from_us, to_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_i = tables.instruction
_ACTIVE: Final = PayeeState.ACTIVE.value
_HOUR_US: Final = 3_600_000_000
_KEPT_MAX: Final = 50_000
_NAMES_TOLD: Final = 3
_NAME_TOLD: Final = 40
_NEVER_WENT: Final = (
    *(State.RECEIVED.value, State.HELD.value),
    *(State.REJECTED.value, State.CANCELLED.value, State.EXPIRED.value),
)
_of_tenant = bindparam("of_tenant", type_=Text())
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
# One look-up for each account: joined to the list, PostgreSQL would read every settled payment.
_SETTLED: Final = prepare(
    select(
        select(_i.c.creditor_account)
        .where(
            _i.c.tenant == _of_tenant,
            _i.c.creditor_account == text_at(_wanted, 0),
            _i.c.state == State.SETTLED.value,
        )
        .limit(literal_column("1"))
        .scalar_subquery()
        .label("account")
    ).select_from(_wanted)
)
_RELEASED: Final = (
    _i.c.tenant == _of_tenant,
    # Written out, so that the partial index of these rows is seen to serve.
    _i.c.control_version > literal_column("0"),
    _i.c.state.not_in(_NEVER_WENT),
)
_of_account: Final = select(_i.c.creditor_name).where(
    *_RELEASED, _i.c.creditor_account == text_at(_wanted, 0)
)
_first: Final = (
    _of_account.order_by(_i.c.creditor_name).limit(literal_column("1")).scalar_subquery()
)
_last: Final = (
    _of_account.order_by(_i.c.creditor_name.desc()).limit(literal_column("1")).scalar_subquery()
)
# Both ends of an account's names in the index's order, however often it was paid: where they are
# the payment's own, there is no other. An account that was never paid takes one look-up.
_BESIDE: Final = prepare(
    select(
        text_at(_wanted, 0).label("account"),
        text_at(_wanted, 1).label("name"),
        _first.label("first"),
        case((_first.is_not(None), _last)).label("last"),
    ).select_from(_wanted)
)
_names: Final = (
    select(_i.c.creditor_name)
    .where(*_RELEASED, _i.c.creditor_account == bindparam("of_account", type_=Text()))
    .distinct()
    .order_by(_i.c.creditor_name)
)
_NAMES: Final = prepare(_names)
_NAMES_NOT_WAGES: Final = prepare(_names.where(_i.c.business_type != BusinessType.PAYROLL.value))
_UNNAMED: Final = "***"
"""Stands for a name under which nothing but wages was paid."""


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the payees of some payments."""

    entries: dict[str, list[Payee]]
    unsealed: frozenset[str]
    """Ids of entries that nobody approved as they stand."""
    settled: frozenset[str]
    names: dict[tuple[str, str], list[str]]
    """By account and name: other names under which payments to the account went."""


class PayeeChecks:
    """The rules on payees as an inspector."""

    def __init__(self, seals: PayeeSeal) -> None:
        self._seals = seals
        self._approved: dict[tuple[str, str], Payee] = {}
        """By tenant and id, entries exactly as their seal was found to hold: most payments go to
        payees that were looked at before, and comparing costs less than sealing anew."""

    def look(
        self, uow: Uow, inspection: Inspection, candidates: Sequence[Candidate]
    ) -> dict[str, list[Finding]]:
        """What holds these payments, by id. Payments between the tenant's own accounts pass."""
        own = inspection.tenant.accounts
        others = [it for it in candidates if it.creditor_account not in own]
        if not others:
            return {}
        rules = inspection.rules.document.payees
        known = self._known(uow, inspection, others, rules)
        cooled_us = to_us(inspection.now) - rules.cooling_hours * _HOUR_US
        found: dict[str, list[Finding]] = {}
        for candidate in others:
            findings = list(_findings(candidate, known, rules, cooled_us))
            if findings:
                found[candidate.standing.id] = findings
        return found

    def _known(
        self, uow: Uow, inspection: Inspection, candidates: Sequence[Candidate], rules: PayeeRules
    ) -> _Known:
        tenant = inspection.tenant.id
        accounts = sorted({it.creditor_account for it in candidates})
        entries: dict[str, list[Payee]] = defaultdict(list)
        unsealed: set[str] = set()
        for payee in payee_rows.of_accounts(uow.tuples, tenant, accounts):
            entries[payee.account].append(payee)
            if not self._is_sealed(tenant, payee):
                unsealed.add(payee.id)
        return _Known(
            entries=entries,
            unsealed=frozenset(unsealed),
            settled=_settled(uow, tenant, accounts) if rules.first_payment else frozenset(),
            names=_other_names(uow, tenant, candidates) if rules.shared_account else {},
        )

    def _is_sealed(self, tenant: str, payee: Payee) -> bool:
        key = (tenant, payee.id)
        if self._approved.get(key) == payee:
            return True
        if not payee.is_sealed(self._seals, tenant):
            return False
        if len(self._approved) >= _KEPT_MAX:
            self._approved.clear()
        self._approved[key] = payee
        return True


def _settled(uow: Uow, tenant: str, accounts: Sequence[str]) -> frozenset[str]:
    """Those of the accounts to which a payment was settled."""
    wanted = msgspec.json.encode([[it] for it in accounts]).decode()
    rows = uow.tuples(_SETTLED, {"of_tenant": tenant, "wanted": wanted})
    return frozenset(row[0] for row in rows if row[0] is not None)


def _other_names(
    uow: Uow, tenant: str, candidates: Sequence[Candidate]
) -> dict[tuple[str, str], list[str]]:
    """Names under which an account was paid, or is about to be, that are not the payment's."""
    pairs = list(dict.fromkeys((it.creditor_account, it.creditor_name) for it in candidates))
    together: dict[str, list[str]] = defaultdict(list)
    for account, name in pairs:
        together[account].append(name)
    wanted = msgspec.json.encode(pairs).decode()
    found: dict[tuple[str, str], list[str]] = {}
    for account, name, *beside in uow.tuples(_BESIDE, {"of_tenant": tenant, "wanted": wanted}):
        seen = [it for it in beside if it is not None and it != name]
        if not seen and len(together[account]) == 1:
            continue
        if any(folded(it) == folded(name) for it in seen):  # another spelling: look behind it
            rows = uow.tuples(_NAMES, {"of_tenant": tenant, "of_account": account})
            seen = [row[0] for row in rows]
        others = [
            it
            for it in dict.fromkeys((*seen, *together[account]))
            if it != name and folded(it) != folded(name)
        ]
        if others:
            told = _not_wages(uow, tenant, account, candidates)
            found[account, name] = list(
                dict.fromkeys(it if it in told else _UNNAMED for it in others)
            )
    return found


def _not_wages(
    uow: Uow, tenant: str, account: str, candidates: Sequence[Candidate]
) -> frozenset[str]:
    """Names under which an account gets anything but wages: no finding tells any other."""
    rows = uow.tuples(_NAMES_NOT_WAGES, {"of_tenant": tenant, "of_account": account})
    here = (
        it.creditor_name
        for it in candidates
        if it.creditor_account == account and it.business != BusinessType.PAYROLL.value
    )
    return frozenset((*(row[0] for row in rows), *here))


def _findings(
    candidate: Candidate, known: _Known, rules: PayeeRules, cooled_us: int
) -> Iterator[Finding]:
    """What holds one payment; entries changed after ``cooled_us`` are cooling still."""
    account, name = candidate.creditor_account, candidate.creditor_name
    entries = known.entries.get(account, [])
    unsealed = [it for it in entries if it.id in known.unsealed]
    standing = [it for it in entries if it.id not in known.unsealed]
    active = [it for it in standing if it.state == _ACTIVE]
    mine = [it for it in active if it.called(name)]
    if unsealed:
        yield _not_approved(account, rules)
    yield from (
        blocked(it.account, it.name, it.changed_us)
        for it in standing
        if it.state == PayeeState.BLOCKED.value
    )
    if rules.first_payment and not any(it.changed_us <= cooled_us for it in mine):
        removed = bool(standing) and not active
        if account not in known.settled or removed or unsealed:
            yield _first_payment(account, removed=removed)
    if rules.cooling_hours:
        yield from (_changed(it, rules) for it in mine or active if it.changed_us > cooled_us)
    if active and not mine and (rules.cooling_hours or rules.shared_account):
        rule = HoldRule.PAYEE_CHANGED if rules.cooling_hours else HoldRule.PAYEE_SHARED
        yield _named_otherwise(rule, account, active)
    if rules.shared_account:
        yield from _shared(account, active, known.names.get((account, name), []))


def _not_approved(account: str, rules: PayeeRules) -> Finding:
    """Told under whichever rule is on: the document names who lifts it."""
    if rules.cooling_hours:
        rule = HoldRule.PAYEE_CHANGED
    elif rules.first_payment:
        rule = HoldRule.FIRST_PAYMENT
    else:
        rule = HoldRule.PAYEE_SHARED if rules.shared_account else HoldRule.LISTED
    shown = masked(account)
    return Finding(
        rule.value,
        f"收款人主数据中账户 {shown} 的记录未经审批（数据库中的内容被改动或由外部写入），不作数；"
        "请核查，并重新提议该收款人",
        f"the entry of account {shown} in the payee master was not approved as it stands (it was "
        "written past the gateway) and counts for nothing; look into it and propose the payee anew",
    )


def blocked(account: str, name: str, changed_us: int) -> Finding:
    """What holds a payment to a blocked payee."""
    shown, at = masked(account), _told(from_us(changed_us))
    return Finding(
        HoldRule.LISTED.value,
        f"收款账户 {shown}（{_short(name)}）自 {at} 起在收款人主数据中停用；解除停用后方可付款",
        f"account {shown} ({_short(name)}) is blocked in the payee master since {at}; it "
        "passes when the payee is unblocked",
    )


def _first_payment(account: str, *, removed: bool) -> Finding:
    shown = masked(account)
    if removed:
        return Finding(
            HoldRule.FIRST_PAYMENT.value,
            f"收款账户 {shown} 已从收款人主数据中移除，按首次付款处理",
            f"account {shown} was removed from the payee master and counts as never paid",
        )
    return Finding(
        HoldRule.FIRST_PAYMENT.value,
        f"首次向收款账户 {shown} 付款：从未付款成功，也不是已审批且冷静期已过的收款人",
        f"the first payment to account {shown}: none was settled, and it is no payee that was "
        "approved and whose cooling is over",
    )


def _changed(payee: Payee, rules: PayeeRules) -> Finding:
    shown, at = masked(payee.account), _told(from_us(payee.changed_us))
    until = _told(from_us(payee.changed_us + rules.cooling_hours * _HOUR_US))
    return Finding(
        HoldRule.PAYEE_CHANGED.value,
        f"收款账户 {shown} 的收款人资料于 {at} 变更，冷静期 {rules.cooling_hours} 小时，"
        f"至 {until}；此后的付款不再因此挂起",
        f"the payee of account {shown} was changed at {at}; it cools for {rules.cooling_hours} "
        f"hours, until {until}, from when payments are not held for this",
    )


def _named_otherwise(rule: HoldRule, account: str, active: Sequence[Payee]) -> Finding:
    shown, names = masked(account), _listed([it.name for it in active])
    return Finding(
        rule.value,
        f"收款人名称与收款人主数据不一致：账户 {shown} 登记的户名为 {names}；更正名称或变更主数据",
        f"the payee's name is not that of the payee master: account {shown} is kept for {names}; "
        "correct the name, or change the master",
    )


def _shared(account: str, active: Sequence[Payee], names: Sequence[str]) -> Iterator[Finding]:
    shown = masked(account) if names or len(active) > 1 else ""
    vendors = {it.vendor or folded(it.name): it for it in active} if len(active) > 1 else {}
    if len(vendors) > 1:
        told = _listed([f"{it.name}（{it.vendor or '—'}）" for it in vendors.values()])
        yield Finding(
            HoldRule.PAYEE_SHARED.value,
            f"收款账户 {shown} 在收款人主数据中由多个供应商共用：{told}",
            f"account {shown} is that of several vendors in the payee master: {told}",
        )
    if names:
        told = _listed(names)
        yield Finding(
            HoldRule.PAYEE_SHARED.value,
            f"收款账户 {shown} 还以其他收款人名称付款：{told}",
            f"account {shown} is paid under other payees' names as well: {told}",
        )


def _listed(names: Sequence[str]) -> str:
    told = "、".join(_short(it) for it in names[:_NAMES_TOLD])
    return f"{told} …" if len(names) > _NAMES_TOLD else told


def _short(name: str) -> str:
    return name if len(name) <= _NAME_TOLD else f"{name[:_NAME_TOLD]}…"


def _told(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
