"""网银已付: a debit of today that is none of ours, to the same payee with the same amount.

Rule kept here: what people may have paid in the bank's own channels is not paid again unasked, and
what is not known is not taken for nothing: where the data is too old a payment waits until it is
newer, and then goes by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Connection, Text, and_, bindparam, func, or_, select, text

from gateway.controls import holds
from gateway.controls.by_rules import facts_now
from gateway.controls.cancel import DECIDED_ON
from gateway.controls.holds import Finding, Hold
from gateway.controls.in_force import IN_FORCE, Controls, InForce
from gateway.controls.inspecting import Inspection
from gateway.controls.release import Releaser
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import NETBANK_FRESH_MINUTES, HoldRule, PayeeRules
from gateway.controls.sending import ALTERED
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import FATE_OPEN, Cause, State
from gateway.domain.names import folded
from gateway.domain.party import masked
from gateway.lifecycle.apply import apply
from gateway.lifecycle.debits import BookedDebits, Debit
from gateway.lifecycle.release import CANDIDATE, Candidate, candidate_at
from gateway.lifecycle.rows import STANDING, standing, standing_at
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Directory, Tenant
from gateway.store import tables
from gateway.store.elements import elements, number_at, text_at
from gateway.store.instants import BEIJING, from_us, to_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_RULE: Final = HoldRule.NETBANK_PAID.value
BY: Final = "policy:netbank_paid"
"""Who lifts a hold for want of data, once there is data."""
NOT_FRESH: Final = "data not fresh"
"""How the finding of such a hold begins; it alone is lifted by the policy."""
_SHOWN: Final = 4
_i, _h, _v = tables.instruction, tables.hold, tables.control_version
_BOOKED_TODAY: Final = (State.SETTLED.value, State.RETURNED.value, State.PAID_ELSEWHERE.value)
_Key = tuple[str, int]
"""A payee's account and an amount."""
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_OURS: Final = prepare(
    select(_i.c.creditor_account, _i.c.amount_minor, _i.c.debtor_account, _i.c.bank_reference)
    # An outer join, and what it adds left out again: so each key is looked up by its index.
    .select_from(
        _wanted.outerjoin(
            _i,
            and_(
                _i.c.tenant == bindparam("of_tenant"),
                _i.c.creditor_account == text_at(_wanted, 0),
                _i.c.amount_minor == number_at(_wanted, 1),
                or_(
                    _i.c.state.in_([it.value for it in FATE_OPEN]),
                    and_(
                        _i.c.state.in_(_BOOKED_TODAY),
                        _i.c.changed_us >= bindparam("since_us", type_=BigInteger()),
                    ),
                ),
            ),
        )
    )
    .where(func.coalesce(_i.c.id, "") != "")
)
_OF_A_DAY: Final = prepare(
    select(*STANDING, *CANDIDATE).where(
        _i.c.tenant == bindparam("of_tenant"),
        among(_i.c.id, "of_ids"),
        _i.c.execution_date != "",
    )
)
# The rule stands in it as it stands in the condition of the index, and nothing is put in order
# that another index has in order.
_STALE: Final = prepare(
    select(_h.c.instruction).where(
        _h.c.tenant == bindparam("of_tenant"),
        text("hold.rule = 'netbank_paid'"),
        _h.c.lifted_us.is_(None),
        _h.c.en.startswith(NOT_FRESH),
    )
)
_WITH_DOCUMENT: Final = prepare(select(_v.c.tenant).where(_v.c.state == IN_FORCE))
_candidate_columns: Final = attrgetter(*(it.name for it in CANDIDATE))


class NetbankPaid:
    """Holds what may have been paid in netbank; an ``Inspector``."""

    def __init__(self, book: BookedDebits, now: Callable[[], datetime]) -> None:
        self._book = book
        self._now = now

    def look(
        self, uow: Uow, inspection: Inspection, candidates: Sequence[Candidate]
    ) -> Mapping[str, Sequence[Finding]]:
        """See ``Inspector.look``. A payment of a day to come is not held for want of data."""
        asked = inspection.rules.document.payees
        if not asked.netbank_paid or not candidates:
            return {}
        tenant, now = inspection.tenant.id, inspection.now
        today = now.date()
        accounts = {it.debtor_account for it in candidates}
        looked = self._book.looked(uow, tenant, today, accounts)
        debits = _by_amount(
            self._book.booked(uow, tenant, today, {it.amount_minor for it in candidates})
        )
        alike = {it.standing.id: _alike(it, debits) for it in candidates} if debits else {}
        met = [it for it in candidates if alike.get(it.standing.id)]
        ours = _ours(uow, tenant, met, today) if met else {}
        found: dict[str, Sequence[Finding]] = {}
        for it in candidates:
            name, at_us = it.standing.id, looked.get(it.debtor_account)
            key = (it.creditor_account, it.amount_minor)
            foreign = _not_ours(alike.get(name, ()), ours.get(key, ()))
            if foreign is not None:
                found[name] = [_paid(foreign, at_us, now)]
            elif it.pay_day <= today and _too_old(at_us, now, fresh_for(asked)):
                found[name] = [_not_fresh(it.debtor_account, at_us, now, asked)]
        return found

    def at_leaving(
        self, uow: Uow, tenant: Tenant, rules: Rules, names: Sequence[str]
    ) -> Mapping[str, str]:
        """See ``LeavingGuard``. What people have lifted is not found again."""
        if not rules.document.payees.netbank_paid or not names:
            return {}
        rows = uow.tuples(_OF_A_DAY, {"of_tenant": tenant.id, "of_ids": list(names)})
        candidates = [candidate_at(standing_at(row), row[len(STANDING) :]) for row in rows]
        inspection = Inspection(tenant, rules, self._now())
        found = self.look(uow, inspection, candidates)
        refused: dict[str, str] = {}
        for name, findings in found.items():
            if _RULE not in holds.lifted_rules(uow, tenant.id, name):
                holds.raise_more(uow, tenant.id, name, findings, to_us(inspection.now))
                refused[name] = _RULE
        return refused


class NetbankSettling:
    """Lets go what was held for want of data; see ``DebitsWanted``."""

    def __init__(
        self,
        guard: NetbankPaid,
        controls: Controls,
        releaser: Releaser,
        runtime: Runtime,
        directory: Directory,
    ) -> None:
        self._guard = guard
        self._controls = controls
        self._releaser = releaser
        self._runtime = runtime
        self._directory = directory

    def asking(self, db: Connection) -> Mapping[str, timedelta]:
        """The tenants whose document asks for it, each with how old data may be."""
        found: dict[str, timedelta] = {}
        for (name,) in _WITH_DOCUMENT.tuples(db, {}):
            tenant = self._directory.tenants.get(name)
            if tenant is not None:
                asked = self._controls.seen(db, tenant).rules.document.payees
                if asked.netbank_paid:
                    found[name] = fresh_for(asked)
        return found

    def waiting(self, db: Connection, tenant: str) -> Sequence[str]:
        """Instructions that are held for want of data."""
        rows = _STALE.tuples(db, {"of_tenant": tenant})
        return sorted({row[0] for row in rows})

    def settle(self, uow: Uow, tenant: Tenant, instruction: str) -> None:
        """Look at one of them again; release it when nothing else holds it."""
        row = uow.first(DECIDED_ON, {"of_tenant": tenant.id, "of_id": instruction})
        stale = [
            it
            for it in holds.open_holds(uow, tenant.id, instruction)
            if it.rule == _RULE and it.en.startswith(NOT_FRESH)
        ]
        if row is None or not stale:
            return
        found = self._releaser.in_force(uow, tenant)
        if State(row.state) is not State.HELD or found is None:
            self._lift(uow, tenant, stale)
            return
        candidate = candidate_at(standing(row), _candidate_columns(row))
        now = self._runtime.clock.now()
        inspection = Inspection(tenant, found.rules, now)
        seen = self._guard.look(uow, inspection, [candidate]).get(instruction, ())
        if any(it.en.startswith(NOT_FRESH) for it in seen):
            return
        self._lift(uow, tenant, stale)
        if seen:
            holds.raise_more(uow, tenant.id, instruction, seen, to_us(now))
        elif not holds.open_holds(uow, tenant.id, instruction) and row.reason != ALTERED:
            self._release(uow, tenant, row, candidate, found)

    def _lift(self, uow: Uow, tenant: Tenant, stale: Sequence[Hold]) -> None:
        at_us = to_us(self._runtime.clock.now())
        for hold in stale:
            holds.lift(uow, tenant.id, hold, [BY], at_us)

    def _release(
        self,
        uow: Uow,
        tenant: Tenant,
        row: Any,  # noqa: ANN401 - a row of DECIDED_ON
        candidate: Candidate,
        found: InForce,
    ) -> None:
        now = self._runtime.clock.now()
        facts = facts_now(uow, tenant, candidate, found.rules)
        more = self._releaser.last_look(uow, tenant, candidate, found, facts)
        if more:
            holds.raise_more(uow, tenant.id, row.id, more, to_us(now))
            return
        evidence = Evidence(
            cause=Cause.POLICY,
            target=State.APPROVED,
            actor=BY,
            at=now,
            reason="newer data of the bank shows no such debit",
        )
        moved = apply(uow, self._runtime.ids, [candidate.standing], evidence).moved
        self._releaser.release_approved(
            uow, tenant, candidate_at(moved[0], _candidate_columns(row))
        )


def fresh_for(asked: PayeeRules) -> timedelta:
    """How old data may be under a document."""
    return timedelta(minutes=asked.netbank_fresh_minutes or NETBANK_FRESH_MINUTES)


def _by_amount(debits: Sequence[Debit]) -> dict[tuple[int, str], list[Debit]]:
    found: dict[tuple[int, str], list[Debit]] = {}
    for it in debits:
        found.setdefault((it.amount_minor, it.currency), []).append(it)
    return found


def _alike(it: Candidate, debits: Mapping[tuple[int, str], Sequence[Debit]]) -> list[Debit]:
    """Debits of the same amount to the same account; to the same name where none is told."""
    return [
        debit
        for debit in debits.get((it.amount_minor, it.currency), ())
        if (
            debit.creditor_account == it.creditor_account
            if debit.creditor_account
            else folded(debit.creditor_name) == folded(it.creditor_name) != ""
        )
    ]


def _ours(
    uow: Uow, tenant: str, met: Sequence[Candidate], today: date
) -> dict[_Key, list[tuple[str, str]]]:
    """Our own payments that these debits may be, by key: the account and the bank's reference."""
    keys = sorted({(it.creditor_account, it.amount_minor) for it in met})
    since = datetime.combine(today, time(), BEIJING)
    values = {
        "of_tenant": tenant,
        "wanted": msgspec.json.encode(keys).decode(),
        "since_us": to_us(since),
    }
    found: dict[_Key, list[tuple[str, str]]] = {}
    for account, minor, debtor, reference in uow.tuples(_OURS, values):
        found.setdefault((account, minor), []).append((debtor, reference))
    return found


def _not_ours(alike: Sequence[Debit], ours: Sequence[tuple[str, str]]) -> Debit | None:
    """A debit that none of our payments explains, or None.

    One that bears the reference of ours is ours; of the others on an account each payment of ours
    there explains one, for banks call one thing by several numbers.
    """
    left: dict[str, list[Debit]] = {}
    named = {(account, reference) for account, reference in ours if reference}
    told = {(it.account, it.reference) for it in alike}
    for it in alike:
        if (it.account, it.reference) not in named:
            left.setdefault(it.account, []).append(it)
    for account, debits in left.items():
        unnamed = sum(it[0] == account and it not in told for it in ours)
        if len(debits) > unnamed:
            return debits[-1]
    return None


def _too_old(at_us: int | None, now: datetime, fresh: timedelta) -> bool:
    return at_us is None or now - from_us(at_us) > fresh


def _paid(debit: Debit, at_us: int | None, now: datetime) -> Finding:
    asked_zh, asked_en = _age(at_us, now)
    booked = debit.booked_at[:16].replace("T", " ")
    when_zh = f"（{booked} 入账）" if booked else ""
    when_en = f" (booked {booked})" if booked else ""
    payee = masked(debit.creditor_account) if debit.creditor_account else ""
    number = f"…{debit.reference[-_SHOWN:]}" if debit.reference else "-"
    return Finding(
        _RULE,
        f"账户 {masked(debit.account)} 今日有一笔非本系统的付款，收款人{payee}、金额相同{when_zh}，"
        f"银行流水 {number}，可能已在网银支付；{asked_zh}",
        f"account {masked(debit.account)} has a debit of today that is none of ours, to the same "
        f"payee {payee} with the same amount{when_en}, bank reference {number}: perhaps paid in "
        f"netbank already; {asked_en}",
    )


def _not_fresh(account: str, at_us: int | None, now: datetime, asked: PayeeRules) -> Finding:
    asked_zh, asked_en = _age(at_us, now)
    allowed = fresh_for(asked) // timedelta(minutes=1)
    return Finding(
        _RULE,
        f"账户 {masked(account)} 的今日明细不够新：{asked_zh}，限 {allowed} 分钟内；"
        "取得新明细且无同类付款后自动解除",
        f"{NOT_FRESH}: today's debits of account {masked(account)}: {asked_en}, and they may be "
        f"{allowed} minutes old; this lifts itself when newer data shows no such payment",
    )


def _age(at_us: int | None, now: datetime) -> tuple[str, str]:
    if at_us is None:
        return "今日尚未向银行查询", "the bank has not been asked today"
    minutes = (now - from_us(at_us)) // timedelta(minutes=1)
    return f"{minutes} 分钟前向银行查询", f"the bank was asked {minutes} minutes ago"
