"""A dry run: who would have to approve this payment? As names, and as sentences.

Rule kept here: it asks the same matrix, permissions and votes that the real payment will meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import ANY, HoldRule, Step
from gateway.controls.rules.facts import Facts, label_of
from gateway.controls.rules.limits import Counter
from gateway.controls.rules.matrix import Origin, Requirement
from gateway.controls.rules.permissions import Answer
from gateway.controls.rules.words import HOLDS, place_words, right_words
from gateway.domain.money import Money, currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who could take a step; ``giver`` is in whose place, or ''."""

    name: str
    display: str
    giver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedStep:
    """A step with everybody who could take it."""

    step: Step
    role_display: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a payment would need. ``zh`` and ``en`` are sentences, one per line."""

    make: Answer
    requirement: Requirement
    steps: tuple[ExplainedStep, ...]
    counters: tuple[Counter, ...]
    zh: tuple[str, ...]
    en: tuple[str, ...]


def explain(rules: Rules, facts: Facts, on: date, pay_day: date) -> Explanation:
    """Who would have to approve a payment that is made ``on`` a day and paid on ``pay_day``."""
    judged = rules.judge(facts, on, pay_day)
    steps = tuple(_steps(rules, judged.requirement, facts, on))
    spoken = list(_sentences(judged.requirement, judged.make, facts, steps))
    return Explanation(
        make=judged.make,
        requirement=judged.requirement,
        steps=steps,
        counters=judged.counters,
        zh=tuple(zh for _, zh in spoken),
        en=tuple(en for en, _ in spoken),
    )


def lifting(rules: Rules, rule: HoldRule, facts: Facts, on: date) -> tuple[str, str]:
    """Who can lift a hold of this rule on a payment: a sentence in English and in Chinese."""
    en, zh = HOLDS[rule]
    who_en, who_zh = who_can(rules, rules.hold(rule), facts, on)
    return f"Held: {en}. {who_en}", f"挂起原因：{zh}。{who_zh}"


def who_can(rules: Rules, requirement: Requirement, facts: Facts, on: date) -> tuple[str, str]:
    """Who can give a payment what it requires: sentences in English and in Chinese."""
    spoken = list(_step_sentences(requirement, tuple(_steps(rules, requirement, facts, on))))
    return " ".join(en for en, _ in spoken), "".join(zh for _, zh in spoken)


def candidates(rules: Rules, step: Step, facts: Facts, on: date) -> tuple[Candidate, ...]:
    """Everybody who could take a step for this payment on a day."""
    return tuple(_candidates(rules, step, facts, on))


def _steps(
    rules: Rules, requirement: Requirement, facts: Facts, on: date
) -> Iterator[ExplainedStep]:
    names = {role.name: role.display for role in rules.document.roles}
    for step in requirement.steps:
        yield ExplainedStep(
            step=step,
            role_display="任意岗位" if step.role == ANY else names.get(step.role, step.role),
            candidates=candidates(rules, step, facts, on),
        )


def _candidates(rules: Rules, step: Step, facts: Facts, on: date) -> Iterator[Candidate]:
    makers = rules.makers(facts, on)
    for person in rules.document.people:
        if label_of(person.name) in makers:
            continue
        givers = rules.permissions.capacities(person.name, step.role, step.right, facts.place(), on)
        for giver in givers:
            if not giver or label_of(giver) not in makers:
                yield Candidate(name=person.name, display=person.display, giver=giver)
                break


def _sentences(
    requirement: Requirement, make: Answer, facts: Facts, steps: tuple[ExplainedStep, ...]
) -> Iterator[tuple[str, str]]:
    """Pairs of an English and a Chinese sentence."""
    amount = f"{facts.currency} {Money(facts.amount_minor, currency(facts.currency)).text()}"
    where_en, where_zh = place_words(facts.place())
    yield f"{amount} from {where_en}.", f"付款 {amount}，{where_zh}。"
    if not make.allowed:
        yield (
            f"{facts.maker} may not make it: {make.en}.",
            f"{facts.maker} 无权经办：{make.zh}。",
        )
    yield _rule_sentence(requirement)
    yield from _step_sentences(requirement, steps)


def _step_sentences(
    requirement: Requirement, steps: tuple[ExplainedStep, ...]
) -> Iterator[tuple[str, str]]:
    then = ("First ", "Then "), ("首先", "然后")
    for number, one in enumerate(steps):
        order_en, order_zh = (words[min(number, 1)] for words in then)
        lead_en = order_en if requirement.ordered else ""
        lead_zh = order_zh if requirement.ordered else ""
        right_en, right_zh = right_words(one.step.right)
        names = [_named(it) for it in one.candidates]
        yield (
            f"{lead_en}{one.step.people} of role '{one.step.role}' to {right_en}: "
            + (", ".join(en for en, _ in names) or "nobody can")
            + ".",
            f"{lead_zh}由岗位“{one.role_display}” {one.step.people} 人{right_zh}："
            + ("、".join(zh for _, zh in names) or "无人可办")
            + "。",
        )


def _rule_sentence(requirement: Requirement) -> tuple[str, str]:
    if requirement.origin is Origin.NOBODY:
        return "No rule matches, and nobody can approve it.", "没有匹配的规则，且无人可以审批。"
    if requirement.origin is Origin.STRICTEST:
        return (
            "No rule matches: the strictest steps are needed.",
            "没有匹配的规则：按最严格的步骤审批。",
        )
    name = f"{requirement.rule}/{requirement.band}"
    if requirement.straight_through:
        return (
            f"Rule '{name}': it goes straight through, nobody has to approve.",
            f"规则“{name}”：直通，无需人工审批。",
        )
    return f"Rule '{name}'.", f"规则“{name}”。"


def _named(one: Candidate) -> tuple[str, str]:
    if one.giver:
        return f"{one.display} (for {one.giver})", f"{one.display}（代 {one.giver}）"
    return one.display, one.display
