"""Whether a control document holds together: every name exists, no duty excludes another.

Rule kept here: all faults at once, each with its place in the document. Whether the people suffice
is judged in ``gateway.controls.rules.staffing``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import date

from gateway.controls.rules.document import (
    ANY,
    EVERY,
    ControlDocument,
    Ground,
    Limit,
    LimitOf,
    Scope,
)
from gateway.controls.rules.holdings import Holdings
from gateway.controls.rules.reading import DocumentRefused
from gateway.controls.rules.staffing import understaffed
from gateway.controls.rules.table import shown
from gateway.domain.decision import ActorKind
from gateway.domain.errors import Fault
from gateway.domain.party import masked


def check(document: ControlDocument, ground: Ground, on: date) -> None:
    """Raise DocumentRefused with every fault of a document that is to hold from ``on``."""
    found = faults(document, ground, on)
    if found:
        raise DocumentRefused(faults=found)


def faults(document: ControlDocument, ground: Ground, on: date) -> tuple[Fault, ...]:
    """Everything that contradicts itself, names what is not there, or that nobody could fulfil."""
    names = [*_repeated(document), *_references(document, ground), *_excluded(document, on)]
    if names:  # who could do what is told only of names that are right
        return tuple(names)
    return tuple(understaffed(document, ground, on))


def _repeated(document: ControlDocument) -> Iterator[Fault]:
    """Names that stand for two things, or for every thing."""
    plan = [(line.company, line.item, line.period, line.currency) for line in document.plan]
    for place, names in (
        ("people", [it.name for it in document.people]),
        ("roles", [it.name for it in document.roles]),
        ("machines", [it.name for it in document.machines]),
        ("exclusive", [it.name for it in document.exclusive]),
        ("matrix", [it.id for it in document.matrix]),
        ("limits", [it.id for it in document.limits]),
        ("lifts", [it.rule for it in document.lifts]),
        ("plan", plan),
    ):
        more_than_once = {name for name, count in Counter(names).items() if count > 1}
        seen = set()
        for number, name in enumerate(names):
            if name in more_than_once and name in seen:
                yield _fault(f"/{place}/{number}", "repeated", "与前面重复", "is there already")
            if name == ANY and place in {"people", "roles"}:
                yield _fault(
                    f"/{place}/{number}/name", "reserved", "“*”不能作名称", "'*' is not a name"
                )
            seen.add(name)


def _references(document: ControlDocument, ground: Ground) -> Iterator[Fault]:
    yield from _of_people(document, ground)
    yield from _of_places(document, ground)
    yield from _of_matrix(document, ground)
    for number, limit in enumerate(document.limits):
        yield from _of_limit(limit, f"/limits/{number}/subjects", document, ground)


def _of_people(document: ControlDocument, ground: Ground) -> Iterator[Fault]:
    people = {it.name for it in document.people}
    roles = {it.name for it in document.roles}
    for number, assignment in enumerate(document.assignments):
        place = f"/assignments/{number}"
        yield from _unknown(f"{place}/person", [assignment.person], people, _PERSON)
        yield from _unknown(f"{place}/role", [assignment.role], roles, _ROLE)
        yield from _unknown(
            f"{place}/companies", assignment.companies - EVERY, ground.companies, _COMPANY
        )
    for number, machine in enumerate(document.machines):
        place = f"/machines/{number}"
        yield from _unknown(f"{place}/name", {machine.name} - EVERY, ground.machines, _MACHINE)
        yield from _unknown(f"{place}/roles", machine.roles, roles, _ROLE)
    for number, delegation in enumerate(document.delegations):
        place = f"/delegations/{number}"
        yield from _unknown(f"{place}/giver", [delegation.giver], people, _PERSON)
        yield from _unknown(f"{place}/taker", [delegation.taker], people, _PERSON)
        yield from _unknown(f"{place}/roles", delegation.roles - EVERY, roles, _ROLE)
        if delegation.giver == delegation.taker:
            yield _fault(
                f"{place}/taker", "to_oneself", "不能委托给本人", "is the one who delegates"
            )
    for number, duty in enumerate(document.exclusive):
        yield from _unknown(f"/exclusive/{number}/roles", duty.roles, roles, _ROLE)
    yield from _unknown("/payroll_viewers", document.payroll_viewers, roles, _ROLE)


def _of_places(document: ControlDocument, ground: Ground) -> Iterator[Fault]:
    for number, role in enumerate(document.roles):
        for index, permission in enumerate(role.permissions):
            place = f"/roles/{number}/permissions/{index}"
            yield from _where(place, permission.companies, permission.accounts, ground)
    for number, line in enumerate(document.plan):
        yield from _unknown(f"/plan/{number}/company", [line.company], ground.companies, _COMPANY)
    yield from _unknown("/planned", document.planned - EVERY, ground.companies, _COMPANY)


def _of_matrix(document: ControlDocument, ground: Ground) -> Iterator[Fault]:
    roles = {it.name for it in document.roles} | {ANY}
    for number, rule in enumerate(document.matrix):
        place = f"/matrix/{number}"
        yield from _where(place, rule.companies, rule.accounts, ground)
        yield from _unknown(f"{place}/erps", rule.erps - EVERY, ground.erps, _ERP)
        for index, band in enumerate(rule.bands):
            for turn, step in enumerate(band.steps):
                path = f"{place}/bands/{index}/steps/{turn}/role"
                yield from _unknown(path, [step.role], roles, _ROLE)
    for number, lift in enumerate(document.lifts):
        for turn, step in enumerate(lift.steps):
            yield from _unknown(f"/lifts/{number}/steps/{turn}/role", [step.role], roles, _ROLE)


def _where(place: str, companies: Scope, accounts: Scope, ground: Ground) -> Iterator[Fault]:
    """Companies and accounts that exist, and accounts that belong to one of the companies."""
    yield from _unknown(f"{place}/companies", companies - EVERY, ground.companies, _COMPANY)
    yield from _unknown(f"{place}/accounts", accounts - EVERY, ground.accounts, _ACCOUNT)
    for account in sorted(accounts):
        owner = ground.accounts.get(account)
        if owner and ANY not in companies and owner[0] not in companies:
            yield _fault(
                f"{place}/accounts",
                "account_of_another",
                f"账户 {masked(account)} 不属于所列公司",
                f"account {masked(account)} belongs to none of the companies named here",
            )


def _of_limit(
    limit: Limit, place: str, document: ControlDocument, ground: Ground
) -> Iterator[Fault]:
    known: Collection[str] = {
        LimitOf.OPERATOR: {f"{ActorKind.PERSON}:{it.name}" for it in document.people}
        | {f"{ActorKind.MACHINE}:{it}" for it in ground.machines},
        LimitOf.ACCOUNT: ground.accounts.keys(),
        LimitOf.COMPANY: ground.companies,
        LimitOf.TENANT: frozenset[str](),
        LimitOf.ERP: ground.erps,
    }[limit.of]
    what = {
        LimitOf.OPERATOR: (
            "经办人（person:姓名 或 machine:名称）",
            "maker (person:NAME, machine:NAME)",
        ),
        LimitOf.ACCOUNT: _ACCOUNT,
        LimitOf.COMPANY: _COMPANY,
        LimitOf.TENANT: ("集团下的对象（只能写“*”）", "subject of a whole group (only '*')"),
        LimitOf.ERP: _ERP,
    }[limit.of]
    yield from _unknown(place, limit.subjects - EVERY, known, what)


def _excluded(document: ControlDocument, on: date) -> Iterator[Fault]:
    """People who hold two duties that exclude each other, on whichever day from now."""
    holdings = Holdings(document)
    for number, person in enumerate(document.people):
        told: set[str] = set()
        for era in holdings.eras_from(on):
            for duty in holdings.broken(person.name, era):
                if duty.name not in told:
                    told.add(duty.name)
                    since = max(holdings.first_day(era), on)
                    yield _fault(
                        f"/people/{number}",
                        "duties_exclude",
                        f"“{shown(person.name)}”自 {since} 起同时担任互斥岗位“{shown(duty.name)}”"
                        "（含受托岗位）；请收回其一",
                        f"'{shown(person.name)}' holds duties that exclude each other "
                        f"('{shown(duty.name)}') from {since}, delegated ones included; "
                        "take one away",
                    )


_Kind = tuple[str, str]
_PERSON: _Kind = ("人员", "person")
_ROLE: _Kind = ("岗位", "role")
_COMPANY: _Kind = ("公司", "company")
_ACCOUNT: _Kind = ("账户", "account")
_MACHINE: _Kind = ("ERP 密钥", "machine key")
_ERP: _Kind = ("ERP", "ERP")


def _unknown(
    place: str, named: Iterable[str], known: Collection[str], what: _Kind
) -> Iterator[Fault]:
    for name in sorted(set(named)):
        if name not in known:
            told = masked(name) if what is _ACCOUNT else shown(name)
            yield _fault(
                place,
                "not_there",
                f"没有此{what[0]}：{told}",
                f"there is no such {what[1]}: {told}",
            )


def _fault(path: str, code: str, zh: str, en: str) -> Fault:
    return Fault(path=path, code=code, zh=zh, en=en)
