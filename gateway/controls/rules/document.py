"""The control document of a tenant: who may do what, and what a payment needs to pass.

Rule kept here: a document is one immutable whole; it says everything, and what it does not grant
is refused. Days are whole days: ``since`` and ``until`` both belong to the time they bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

FORMAT: Final = "controls/1"
ANY: Final = "*"
Scope = frozenset[str]
"""Which of something: names, or ``*`` alone for every one."""
EVERY: Final[Scope] = frozenset({ANY})


class Business(StrEnum):
    """业务类型 that permissions tell apart."""

    PAYMENT = "payment"
    PAYROLL = "payroll"
    INTERNAL = "internal"
    COLLECTION = "collection"
    QUERY = "query"


class Right(StrEnum):
    """What may be done with a payment, an account or the controls themselves."""

    VIEW = "view"
    MAKE = "make"
    CANCEL = "cancel"
    ENQUIRE = "enquire"
    APPROVE = "approve"
    RELEASE = "release"
    REJECT = "reject"
    RESOLVE = "resolve"
    STOP = "stop"
    RESUME = "resume"
    PAYEES = "payees"
    RECONCILE = "reconcile"
    CONTROLS = "controls"
    IDENTITIES = "identities"
    AUDIT = "audit"


LIFT: Final = "lift:"
"""Lifting a hold is one right per rule: ``lift:duplicate``, or ``lift:*`` for every rule."""
MACHINES_MAY: Final = frozenset({Right.VIEW, Right.MAKE, Right.CANCEL, Right.ENQUIRE})
"""All a machine can be granted: it asks and reads, it never decides."""


class HoldRule(StrEnum):
    """Why a payment is held, beside the approval that the matrix asks for."""

    DUPLICATE = "duplicate"
    FIRST_PAYMENT = "first_payment"
    PAYEE_CHANGED = "payee_changed"
    PAYEE_SHARED = "payee_shared"
    ERP_ALTERED = "erp_altered"
    NETBANK_PAID = "netbank_paid"
    LISTED = "listed"
    LIMIT = "limit"
    QUOTA = "quota"
    CUTOFF = "cutoff"


class PayeeKind(StrEnum):
    """What a payee is to the payer; a person is one wherever the account is kept."""

    OWN_COMPANY = "own_company"
    OWN_BANK = "own_bank"
    OTHER_BANK = "other_bank"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who may act, by the name of the actor (``person:NAME``)."""

    name: str
    display: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Grants these rights for these companies, accounts and business types together."""

    companies: Scope = EVERY
    accounts: Scope = EVERY
    businesses: Scope = EVERY
    rights: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A duty (岗位) and what it permits."""

    name: str
    display: str
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A role given to a person, for these companies and days."""

    person: str
    role: str
    companies: Scope = EVERY
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The roles of an ERP's key (``machine:NAME``); ``*`` is every key that is not named."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """``giver`` lets ``taker`` act in some or all of the roles that ``giver`` was assigned.

    What was taken by delegation cannot be given on.
    """

    giver: str
    taker: str
    roles: Scope = EVERY
    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusive:
    """Duties of which nobody may hold two (岗位互斥), delegated ones included."""

    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """So many different people who hold this role and have this right there."""

    role: str
    people: int = 1
    right: str = Right.APPROVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The steps for amounts up to ``up_to`` (minor units, inclusive); None is without end.

    It begins right above the band before it. No steps is straight-through.
    """

    up_to: int | None = None
    steps: tuple[Step, ...] = ()
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRule:
    """Which payments it is for, and what they need by amount.

    The first rule that matches is the one that holds. ``known`` asks for payees that were paid
    before (True), never before (False), or both (None). ``currency`` may be ``*`` for one band.
    """

    id: str
    erps: Scope = EVERY
    companies: Scope = EVERY
    accounts: Scope = EVERY
    businesses: Scope = EVERY
    payees: Scope = EVERY
    known: bool | None = None
    currency: str = ANY
    bands: tuple[Band, ...]


class LimitOf(StrEnum):
    """Whose use a limit counts. An operator is the maker: a person or a machine."""

    OPERATOR = "operator"
    ACCOUNT = "account"
    COMPANY = "company"
    TENANT = "tenant"
    ERP = "erp"


class Span(StrEnum):
    """How long a limit counts, by the bank's calendar day of the payment."""

    INSTRUCTION = "instruction"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Not more than this amount (minor units) for each subject in a span.

    ``subjects`` are labels of actors, account numbers, companies or ERPs; ``*`` counts every one
    for itself. Payments in another currency are not touched.
    """

    id: str
    of: LimitOf
    span: Span
    subjects: Scope = EVERY
    businesses: Scope = EVERY
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """How much a company may pay under a budget item (预算项目) in a period.

    ``period`` is a year ``2026``, a month ``2026-09`` or a day ``2026-09-15``.
    """

    company: str
    item: str
    period: str
    currency: str
    amount_minor: int


NETBANK_FRESH_MINUTES: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeRules:
    """When a payee holds a payment."""

    first_payment: bool = False
    cooling_hours: int = 0
    """Hours after a payee was changed in which payments to it are held."""
    shared_account: bool = False
    duplicate_days: int = 0
    """Days before and after in which the same money to the same payee looks like it; 0 same day."""
    netbank_paid: bool = False
    netbank_fresh_minutes: int | None = None
    """How old the bank's debits of today may be; None is ``NETBANK_FRESH_MINUTES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRules:
    """What a channel's hours do to a payment: ``hold`` keeps what none takes on its day."""

    cutoffs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """Who lifts the holds of a rule (``*`` for those not named), in which order."""

    rule: str
    steps: tuple[Step, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorums:
    """How many different people it takes; less than two is refused."""

    resolve: int = 2
    resume: int = 2
    controls: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlDocument:
    """All controls of one tenant. ``planned`` names companies that pay by plan only.

    A ``calendar`` of None is not written: documents from before there was one keep their digest.
    """

    people: tuple[Person, ...] = ()
    roles: tuple[Role, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    machines: tuple[Machine, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    exclusive: tuple[Exclusive, ...] = ()
    matrix: tuple[MatrixRule, ...] = ()
    limits: tuple[Limit, ...] = ()
    plan: tuple[PlanLine, ...] = ()
    planned: Scope = frozenset()
    payees: PayeeRules = PayeeRules()
    lifts: tuple[Lift, ...] = ()
    payroll_viewers: frozenset[str] = frozenset()
    quorums: Quorums = Quorums()
    calendar: CalendarRules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a tenant has, for a document to name: ``accounts`` maps number → (company, currency)."""

    companies: frozenset[str]
    accounts: Mapping[str, tuple[str, str]]
    erps: frozenset[str]
    machines: frozenset[str] = frozenset()


def within(scope: Scope, name: str) -> bool:
    """Whether a scope covers a name."""
    return name in scope or ANY in scope


def in_force(since: date | None, until: date | None, day: date) -> bool:
    """Whether a day lies in these bounds, both included; None is no bound."""
    return (since is None or since <= day) and (until is None or day <= until)


def strictest(bands: Iterable[Band]) -> Band | None:
    """The band that asks most people, of those the one with most steps; None without any."""
    return max(
        bands, key=lambda it: (sum(step.people for step in it.steps), len(it.steps)), default=None
    )


def enabled(document: ControlDocument) -> tuple[HoldRule, ...]:
    """The rules that can hold a payment under this document."""
    payees = document.payees
    off = {
        HoldRule.FIRST_PAYMENT: not payees.first_payment,
        HoldRule.PAYEE_CHANGED: not payees.cooling_hours,
        HoldRule.PAYEE_SHARED: not payees.shared_account,
        HoldRule.NETBANK_PAID: not payees.netbank_paid,
        HoldRule.LIMIT: not document.limits,
        HoldRule.QUOTA: not (document.plan or document.planned),
        HoldRule.CUTOFF: document.calendar is None,
    }
    return tuple(rule for rule in HoldRule if not off.get(rule))
