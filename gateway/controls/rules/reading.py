"""A control document from parsed JSON or TOML, and back as canonical bytes.

Rule kept here: all faults of the form are told at once, and a document that was written and read
again is the same document with the same digest. Amounts stand as decimal text in their currency,
because a person who edits the file must not count zeros of minor units.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Final

from gateway.controls.rules.document import (
    ANY,
    EVERY,
    FORMAT,
    LIFT,
    Assignment,
    Band,
    Business,
    CalendarRules,
    ControlDocument,
    Delegation,
    Exclusive,
    HoldRule,
    Lift,
    Limit,
    LimitOf,
    Machine,
    MatrixRule,
    PayeeKind,
    PayeeRules,
    Permission,
    Person,
    PlanLine,
    Quorums,
    Right,
    Role,
    Span,
    Step,
)
from gateway.controls.rules.table import Table
from gateway.domain.errors import Fault, Refused
from gateway.domain.money import Money, currency

PEOPLE_MAX: Final = 12
"""Most people that one band or hold may ask for."""
_STEPS_MAX: Final = 9
_DAYS_MAX: Final = 366
_HOURS_MAX: Final = 24 * 90
_FRESH_MAX: Final = 24 * 60
_CUTOFFS_OFF: Final = "off"
_PERIOD: Final = re.compile(r"20[0-9]{2}(-(0[1-9]|1[0-2])(-[0-9]{2})?)?", re.ASCII)
_RIGHTS: Final = (*Right, f"{LIFT}{ANY}", *(f"{LIFT}{rule}" for rule in HoldRule))
_SIGNING: Final = (Right.APPROVE, Right.RELEASE)


class DocumentRefused(Refused):
    """A control document has faults; the one in force stays."""

    code = "controls_refused"
    zh = "控制文件有误，未生效，原文件继续有效"
    en = "the control document has faults; the one in force stays"


def read(content: Mapping[str, object]) -> ControlDocument:
    """The document as records. Raises DocumentRefused with every fault of its form.

    What its names refer to is judged by ``checks.faults``.
    """
    faults: list[Fault] = []
    table = Table(content, "", faults)
    table.chosen("format", (FORMAT,))
    document = ControlDocument(
        people=table.rows("people", _person),
        roles=table.rows("roles", _role),
        assignments=table.rows("assignments", _assignment),
        machines=table.rows("machines", _machine),
        delegations=table.rows("delegations", _delegation),
        exclusive=table.rows("exclusive", _exclusive),
        matrix=table.rows("matrix", _matrix_rule),
        limits=table.rows("limits", _limit),
        plan=table.rows("plan", _plan_line),
        planned=_some(table, "planned"),
        payees=table.table("payees", _payees),
        lifts=table.rows("lifts", _lift),
        payroll_viewers=_some(table, "payroll_viewers"),
        quorums=table.table("quorums", _quorums),
        calendar=table.table("calendar", _calendar),
    )
    table.done()
    if faults:
        raise DocumentRefused(faults=faults)
    return document


def content(document: ControlDocument) -> dict[str, object]:
    """The document as plain JSON values, every member written out; the inverse of ``read``."""
    return {"format": FORMAT, **_members(document, ANY)}


def canonical(document: ControlDocument) -> bytes:
    """Its canonical bytes: UTF-8 JSON, members in order, no blanks; equal for equal documents."""
    return json.dumps(
        content(document), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()


def digest(document: ControlDocument) -> str:
    """SHA-256 (hex) of the canonical bytes: what people vote on."""
    return hashlib.sha256(canonical(document)).hexdigest()


# ── reading ─────────────────────────────────────────────────────────────────────────────────


def _some(table: Table, name: str) -> frozenset[str]:
    """A list that may also be empty."""
    empty = table.has(name) and table.is_empty(name)
    return frozenset() if empty else table.names(name, frozenset())


def _person(table: Table) -> Person:
    since, until = table.days()
    name = table.name("name")
    return Person(name=name, display=table.name("display", name), since=since, until=until)


def _role(table: Table) -> Role:
    name = table.name("name")
    return Role(
        name=name,
        display=table.name("display", name),
        permissions=table.rows("permissions", _permission),
    )


def _permission(table: Table) -> Permission:
    return Permission(
        companies=table.names("companies", EVERY),
        accounts=table.names("accounts", EVERY),
        businesses=table.words("businesses", tuple(Business), EVERY),
        rights=table.words("rights", _RIGHTS),
    )


def _assignment(table: Table) -> Assignment:
    since, until = table.days()
    return Assignment(
        person=table.name("person"),
        role=table.name("role"),
        companies=table.names("companies", EVERY),
        since=since,
        until=until,
    )


def _machine(table: Table) -> Machine:
    return Machine(name=table.name("name"), roles=tuple(sorted(table.names("roles"))))


def _delegation(table: Table) -> Delegation:
    since, until = table.days()
    for name, day in (("since", since), ("until", until)):
        if day is None and not table.has(name):
            table.fault(name, "required", "委托必须写明起止日", "a delegation has both its days")
    return Delegation(
        giver=table.name("giver"),
        taker=table.name("taker"),
        roles=table.names("roles", EVERY),
        since=since or date.max,
        until=until or date.max,
    )


def _exclusive(table: Table) -> Exclusive:
    made = Exclusive(name=table.name("name"), roles=table.names("roles"))
    if len(made.roles) < 2 or ANY in made.roles:  # noqa: PLR2004 - one duty excludes nothing
        table.fault("roles", "too_few", "互斥岗位至少两个", "it takes at least two duties")
    return made


def _matrix_rule(table: Table) -> MatrixRule:
    unit = table.currency("currency", ANY)
    bands = table.rows("bands", lambda band: _band(band, unit))
    _bounds(table, bands, unit)
    return MatrixRule(
        id=table.name("id"),
        erps=table.names("erps", EVERY),
        companies=table.names("companies", EVERY),
        accounts=table.names("accounts", EVERY),
        businesses=table.words("businesses", tuple(Business), EVERY),
        payees=table.words("payees", tuple(PayeeKind), EVERY),
        known=table.flag("known", default=None),
        currency=unit,
        bands=bands,
    )


def _band(table: Table, unit: str) -> Band:
    up_to = None
    if table.has("up_to"):
        if unit == ANY:
            table.fault(
                "up_to",
                "band_without_currency",
                "分档须先写明币种",
                "amounts need a rule with one currency",
            )
        up_to = table.amount("up_to", "CNY" if unit == ANY else unit)
    steps, ordered = _steps(table, _SIGNING)
    return Band(up_to=up_to, steps=steps, ordered=ordered)


def _steps(table: Table, rights: tuple[str, ...]) -> tuple[tuple[Step, ...], bool]:
    """Steps whose right is one of these, the first where none is written."""

    def step(row: Table) -> Step:
        return Step(
            role=row.name("role"),
            people=row.count("people", 1, 1, PEOPLE_MAX),
            right=row.chosen("right", rights, rights[0]),
        )

    steps = table.rows("steps", step)
    if sum(one.people for one in steps) > PEOPLE_MAX or len(steps) > _STEPS_MAX:
        table.fault(
            "steps",
            "too_many",
            f"最多 {_STEPS_MAX} 步、{PEOPLE_MAX} 人",
            f"at most {_STEPS_MAX} steps and {PEOPLE_MAX} people",
        )
    return steps, bool(table.flag("ordered", default=False))


def _bounds(table: Table, bands: tuple[Band, ...], unit: str) -> None:
    """Each band ends above the one before it, and only the last has no end: no gap, no overlap."""
    if not bands or bands[-1].up_to is not None:
        table.fault(
            f"bands/{len(bands) - 1}/up_to" if bands else "bands",
            "band_gap",
            "最后一档不得有上限，否则更大金额无规则",
            "the last band must have no upper bound, or larger amounts have no rule",
        )
    reached = 0
    for number, band in enumerate(bands[:-1]):
        if band.up_to is None:
            table.fault(
                f"bands/{number}/up_to",
                "band_overlap",
                "只有最后一档可以没有上限",
                "only the last band may have no upper bound",
            )
        elif band.up_to <= reached:
            lower = Money(reached, currency(unit if unit != ANY else "CNY")).text()
            table.fault(
                f"bands/{number}/up_to",
                "band_overlap",
                f"上限须大于前一档的 {lower}",
                f"must be above {lower}, where the band before it ends",
            )
        reached = max(reached, band.up_to or 0)


def _limit(table: Table) -> Limit:
    unit = table.currency("currency")
    return Limit(
        id=table.name("id"),
        of=LimitOf(table.chosen("of", tuple(LimitOf))),
        span=Span(table.chosen("span", tuple(Span))),
        subjects=table.names("subjects", EVERY),
        businesses=table.words("businesses", tuple(Business), EVERY),
        currency=unit,
        amount_minor=table.amount("amount", unit),
    )


def _plan_line(table: Table) -> PlanLine:
    unit = table.currency("currency")
    period = table.name("period")
    if not _is_period(period):
        table.fault(
            "period",
            "period",
            "应为年、月或日，如 2026、2026-09、2026-09-15",
            "must be a year, month or day such as 2026, 2026-09, 2026-09-15",
        )
    return PlanLine(
        company=table.name("company"),
        item=table.name("item"),
        period=period,
        currency=unit,
        amount_minor=table.amount("amount", unit),
    )


def _is_period(period: str) -> bool:
    if not _PERIOD.fullmatch(period):
        return False
    try:
        date.fromisoformat(f"{period}-01-01"[: len("2026-09-15")])
    except ValueError:
        return False
    return True


def _payees(table: Table) -> PayeeRules:
    return PayeeRules(
        first_payment=bool(table.flag("first_payment", default=False)),
        cooling_hours=table.count("cooling_hours", 0, 0, _HOURS_MAX),
        shared_account=bool(table.flag("shared_account", default=False)),
        duplicate_days=table.count("duplicate_days", 0, 0, _DAYS_MAX),
        netbank_paid=bool(table.flag("netbank_paid", default=False)),
        netbank_fresh_minutes=(
            table.count("netbank_fresh_minutes", None, 1, _FRESH_MAX)
            if table.has("netbank_fresh_minutes")
            else None
        ),
    )


def _calendar(table: Table) -> CalendarRules | None:
    chosen = table.chosen("cutoffs", (_CUTOFFS_OFF, "hold"), _CUTOFFS_OFF)
    return CalendarRules(cutoffs=chosen) if chosen != _CUTOFFS_OFF else None


def _lift(table: Table) -> Lift:
    rule = table.chosen("rule", (*HoldRule, ANY))
    steps, ordered = _steps(table, (f"{LIFT}{rule}",))
    if not steps:
        table.fault("steps", "required", "须写明由谁解除", "must say who lifts it")
    return Lift(rule=rule, steps=steps, ordered=ordered)


def _quorums(table: Table) -> Quorums:
    return Quorums(
        resolve=table.count("resolve", 2, 2, PEOPLE_MAX),
        resume=table.count("resume", 2, 2, PEOPLE_MAX),
        controls=table.count("controls", 2, 2, PEOPLE_MAX),
    )


# ── writing ─────────────────────────────────────────────────────────────────────────────────


def _members(record: object, unit: str) -> dict[str, object]:
    """A record as an object; ``unit`` is the currency of the amounts in it."""
    if not is_dataclass(record):
        raise TypeError(f"no record of a document: {type(record).__name__}")
    unit = str(getattr(record, "currency", unit))
    written: dict[str, object] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name in _AMOUNTS and value is not None:
            written[_AMOUNTS[field.name]] = Money(value, currency(unit)).text()
        elif value is not None:
            written[field.name] = _plain(value, unit)
    return written


def _plain(value: object, unit: str) -> object:
    if isinstance(value, tuple):
        return [_plain(one, unit) for one in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return str(value)
    return _members(value, unit) if is_dataclass(value) else value


_AMOUNTS: Final = {"up_to": "up_to", "amount_minor": "amount"}
