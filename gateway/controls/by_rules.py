"""What the document in force says of payments that are to be released: holds, limits, quotas.

Rule kept here: it reads and says what is to be done; who asks is inside the tenant's release guard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from msgspec.structs import astuple
from sqlalchemy import bindparam, select

from gateway.controls.holds import APPROVAL, Finding
from gateway.controls.in_force import InForce
from gateway.controls.rules.compiled import Judged, Rules
from gateway.controls.rules.document import HoldRule, PayeeKind, Right
from gateway.controls.rules.facts import Facts, Place, actor_of, label_of
from gateway.controls.rules.limits import Counter, Key, Shortfall, Wanted, fit, kept
from gateway.domain.errors import NotPermitted
from gateway.domain.instruction import BusinessType, State
from gateway.lifecycle import reservations
from gateway.lifecycle.release import Candidate, Made
from gateway.lifecycle.rows import NewInstruction
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_i = tables.instruction
_PAID: Final = prepare(
    select(_i.c.creditor_account)
    .where(
        _i.c.tenant == bindparam("of_tenant"),
        among(_i.c.creditor_account, "of_accounts"),
        _i.c.state == State.SETTLED.value,
    )
    .distinct()
)


class Screening(dict[str, list[str]]):
    """What candidates look like, with what the rules in force say of each, in their order.

    ``doubles`` is what holds those that look like others, ``found`` what inspectors found, by id.
    """

    __slots__ = ("doubles", "found", "judged", "used", "version")

    def __init__(  # noqa: PLR0913 - what a screening is made of, the last three by keyword
        self,
        alike: Mapping[str, list[str]],
        judged: Sequence[Judged],
        used: Mapping[reservations.Counter, int],
        *,
        doubles: Mapping[str, Finding],
        found: Mapping[str, Sequence[Finding]],
        version: int,
    ) -> None:
        super().__init__(alike)
        self.doubles = doubles
        self.version = version
        self.judged = judged
        self.used = used
        self.found = found


class Sorted(msgspec.Struct, frozen=True):
    """Candidates that pass, with what they take, and what holds the others."""

    free: list[Candidate]
    taking: dict[str, tuple[int, Sequence[reservations.Counter]]]
    held: list[tuple[Candidate, list[Finding]]]


def made_by(found: InForce, new: NewInstruction, on: date) -> Made:
    """Whether its maker may make an instruction, and who else stands behind it."""
    it = new.instruction
    place = Place(
        company=it.company, account=it.debtor.account.number, business=it.business_type.value
    )
    answer = found.rules.may(actor_of(new.maker), Right.MAKE, place, on)
    if not answer.allowed:
        return Made(refusal=NotPermitted(answer.en, answer.zh))
    makers = ""
    if answer.giver:
        makers = msgspec.json.encode([new.maker, label_of(answer.giver)]).decode()
    return Made(makers, version=found.version)


def made_by_each(found: InForce, news: Sequence[NewInstruction], on: date) -> list[Made]:
    """The same for many, most of which are made by the same maker in the same place."""
    known: dict[tuple[str, str, str, BusinessType], Made] = {}
    each: list[Made] = []
    for new in news:
        it = new.instruction
        kind = (new.maker, it.company, it.debtor.account.number, it.business_type)
        made = known.get(kind)
        if made is None:
            made = known[kind] = made_by(found, new, on)
        each.append(made)
    return each


def facts_of(tenant: Tenant, candidate: Candidate, *, known: bool) -> Facts:
    """A payment as the rules see it."""
    return Facts(
        maker=candidate.standing.maker,
        erp=candidate.erp,
        company=candidate.company,
        account=candidate.debtor_account,
        business=candidate.business,
        payee=_payee_kind(tenant, candidate),
        known=known,
        amount_minor=candidate.amount_minor,
        currency=candidate.currency,
        budget_item=candidate.budget_item,
    )


def facts_now(uow: Uow, tenant: Tenant, candidate: Candidate, rules: Rules) -> Facts:
    """The same for one that is stored."""
    paid = _paid_before(uow, tenant, [candidate], rules)
    return facts_of(tenant, candidate, known=candidate.creditor_account in paid)


def screen(
    uow: Uow,
    tenant: Tenant,
    candidates: Sequence[Candidate],
    rules: Rules,
    today: date,
) -> tuple[list[Judged], dict[reservations.Counter, int]]:
    """What the rules say of each candidate, and what was used of the counters they touch."""
    paid = _paid_before(uow, tenant, candidates, rules)
    judged = [
        rules.judge(
            facts_of(tenant, it, known=it.creditor_account in paid),
            today,
            max(it.pay_day, today),
        )
        for it in candidates
    ]
    return judged, reservations.used(uow, tenant.id, _touched(judged))


def sort(candidates: Sequence[Candidate], screening: Screening) -> Sorted:
    """Which candidates pass. Limits are asked last: what is held takes nothing of them."""
    held: list[tuple[Candidate, list[Finding]]] = []
    passing: list[tuple[Candidate, Judged]] = []
    for candidate, judged in zip(candidates, screening.judged, strict=True):
        name = candidate.standing.id
        double = screening.doubles.get(name)
        found = [*_findings(double, judged), *screening.found.get(name, ())]
        if found:
            held.append((candidate, found))
        else:
            passing.append((candidate, judged))
    wanted = [
        Wanted(amount_minor=candidate.amount_minor, counters=judged.counters)
        for candidate, judged in passing
    ]
    fitted = fit(wanted, {Key(*stored): used for stored, used in screening.used.items()})
    free: list[Candidate] = []
    taking: dict[str, tuple[int, Sequence[reservations.Counter]]] = {}
    for (candidate, judged), lack in zip(passing, fitted.shortfalls, strict=True):
        if lack is not None:
            held.append((candidate, [short(lack)]))
            continue
        free.append(candidate)
        if judged.counters:
            taking[candidate.standing.id] = (candidate.amount_minor, judged.takes)
    return Sorted(free, taking, held)


def short(lack: Shortfall) -> Finding:
    """What holds a payment that does not fit."""
    return Finding(lack.counter.hold.value, lack.zh(), lack.en())


def take(
    uow: Uow,
    tenant: Tenant,
    candidate: Candidate,
    counters: Sequence[Counter],
    lifted: frozenset[str],
) -> Finding | None:
    """Reserve for one payment that people let pass, or say what it does not fit.

    What people have lifted is not asked again, but it is taken all the same; what the payment
    holds already is not taken twice.
    """
    name = candidate.standing.id
    has = reservations.taken_by(uow, tenant.id, name)
    wanted = [it for it in counters if astuple(it.key) not in has.counters]
    taking = kept(wanted)
    used = reservations.used(uow, tenant.id, taking)
    asked = tuple(it for it in wanted if it.hold not in lifted)
    fitted = fit(
        [Wanted(amount_minor=candidate.amount_minor, counters=asked)],
        {Key(*stored): amount for stored, amount in used.items()},
    )
    lack = fitted.shortfalls[0]
    if lack is not None:
        return short(lack)
    took: dict[str, tuple[int, Sequence[reservations.Counter]]] = {
        name: (candidate.amount_minor, taking)
    }
    reservations.reserve(uow, tenant.id, took, used, has.parts + 1)
    return None


def _findings(double: Finding | None, judged: Judged) -> Iterator[Finding]:
    if double is not None:
        yield double
    if not judged.make.allowed:  # it was, when it was accepted
        yield Finding(
            APPROVAL,
            f"经办人已无权经办：{judged.make.zh}",
            f"its maker may no longer make it: {judged.make.en}",
        )
    elif judged.requirement.steps:
        label = judged.requirement.label
        yield Finding(APPROVAL, f"须经审批（{label}）", f"needs approval ({label})")


def looks_like(others: Sequence[str]) -> Finding:
    """What holds a payment that looks like these."""
    return Finding(
        HoldRule.DUPLICATE.value,
        f"收款人、金额、日期与 {'、'.join(others)} 相同",
        f"the same payee, amount and day as {', '.join(others)}",
    )


def _payee_kind(tenant: Tenant, candidate: Candidate) -> PayeeKind:
    if candidate.creditor_account in tenant.accounts:
        return PayeeKind.OWN_COMPANY
    if candidate.business == BusinessType.PAYROLL.value:
        return PayeeKind.PERSON
    return PayeeKind.OWN_BANK if candidate.own_bank else PayeeKind.OTHER_BANK


def _paid_before(
    uow: Uow, tenant: Tenant, candidates: Sequence[Candidate], rules: Rules
) -> frozenset[str]:
    """Payees' accounts that were paid before; asked only where a rule of the matrix asks."""
    if all(rule.known is None for rule in rules.document.matrix):
        return frozenset()
    accounts = sorted({it.creditor_account for it in candidates})
    rows = uow.tuples(_PAID, {"of_tenant": tenant.id, "of_accounts": accounts})
    return frozenset(row[0] for row in rows)


def _touched(judged: Sequence[Judged]) -> set[reservations.Counter]:
    """The counters of payments; neighbours mostly touch the same ones."""
    found: set[reservations.Counter] = set()
    last: Sequence[reservations.Counter] = ()
    for it in judged:
        if it.takes is not last:
            last = it.takes
            found.update(last)
    return found
