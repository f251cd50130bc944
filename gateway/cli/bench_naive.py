"""The same rules asked the plain way: the reference of the bench ``controls``.

Roles, plan lines and what was used are looked up by name; permissions, rules of the matrix and
limits are gone through one by one for each payment, as the document lists them. Nothing is
compiled and nothing remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gateway.controls.rules.document import (
    ControlDocument,
    Limit,
    LimitOf,
    MatrixRule,
    PlanLine,
    Right,
    Span,
    within,
)
from gateway.controls.rules.facts import Facts

_Counter = tuple[str, str, str, str]


class Naive:
    """Permission, approval and limits of machines' payments, with what was used in a dictionary."""

    def __init__(self, document: ControlDocument) -> None:
        self._document = document
        self._roles = {role.name: role for role in document.roles}
        self._machines = {machine.name: machine.roles for machine in document.machines}
        self._plan: dict[tuple[str, str, str, str], PlanLine] = {
            (line.company, line.item, line.currency, line.period): line for line in document.plan
        }
        self.used: dict[_Counter, int] = {}

    def passes(self, facts: Facts, pay_day: date) -> bool:
        """Whether a payment goes straight through; if it does, it is counted."""
        if not self._may_make(facts) or self._steps(facts):
            return False
        touched = list(self._touched(facts, pay_day.isoformat()))
        if not all(self.used.get(key, 0) + facts.amount_minor <= cap for key, cap in touched):
            return False
        for key in dict.fromkeys(key for key, _ in touched if key[2]):
            self.used[key] = self.used.get(key, 0) + facts.amount_minor
        return True

    def _may_make(self, facts: Facts) -> bool:
        name = facts.maker.partition(":")[2]
        return any(
            within(it.rights, Right.MAKE)
            and within(it.companies, facts.company)
            and within(it.accounts, facts.account)
            and within(it.businesses, facts.business)
            for role in self._machines.get(name, ())
            for it in self._roles[role].permissions
        )

    def _steps(self, facts: Facts) -> bool:
        rule = next((it for it in self._document.matrix if _matches(it, facts)), None)
        if rule is None:
            return True
        return next(
            bool(band.steps)
            for band in rule.bands
            if band.up_to is None or facts.amount_minor <= band.up_to
        )

    def _touched(self, facts: Facts, day: str) -> Iterator[tuple[_Counter, int]]:
        for limit in self._document.limits:
            subject = _subject(limit, facts)
            if (
                limit.currency == facts.currency
                and within(limit.businesses, facts.business)
                and within(limit.subjects, subject)
            ):
                period = {Span.INSTRUCTION: "", Span.DAY: day, Span.MONTH: day[:7]}[limit.span]
                yield (limit.of.value, subject, period, limit.currency), limit.amount_minor
        planned = False
        for period in (day, day[:7], day[:4]):
            line = self._plan.get((facts.company, facts.budget_item, facts.currency, period))
            if line is not None:
                planned = True
                key = (facts.company, facts.budget_item, period, facts.currency)
                yield key, line.amount_minor
        if not planned and within(self._document.planned, facts.company):
            yield (facts.company, facts.budget_item, day[:7], facts.currency), 0


def _matches(rule: MatrixRule, facts: Facts) -> bool:
    return (
        within(rule.erps, facts.erp)
        and within(rule.companies, facts.company)
        and within(rule.accounts, facts.account)
        and within(rule.businesses, facts.business)
        and within(rule.payees, facts.payee)
        and rule.known in (None, facts.known)
        and rule.currency in ("*", facts.currency)
    )


def _subject(limit: Limit, facts: Facts) -> str:
    return {
        LimitOf.OPERATOR: facts.maker,
        LimitOf.ACCOUNT: facts.account,
        LimitOf.COMPANY: facts.company,
        LimitOf.TENANT: "",
        LimitOf.ERP: facts.erp,
    }[limit.of]
