"""The rules of a client as data: windows, tolerances, points, margin, and which passes run.

Rule kept here: a rule set decides everything that may differ between clients, is versioned, and
is checked as a whole before it is used. Its JSON form names every value.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.domain.errors import Fault, Refused

PASSES: Final = ("keys", "details", "text", "party", "sums", "netting")
"""Every pass that can be switched, in the order in which they run."""
_NAMED: Final = " ".join(PASSES)
_DAYS_MAX: Final = 400
_POINTS_MAX: Final = 1000
_CANDIDATES_MAX: Final = 24
_STEPS_MAX: Final = 1_000_000


class Points(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each reason is worth, for or against, in whole points."""

    amount: int = 30
    key: int = 60
    key_in_text: int = 45
    key_reused: int = 15
    account: int = 60
    account_tail: int = 50
    """One account ends with the other (IBAN and domestic number), or fits its mask."""
    account_other: int = -40
    name: int = 40
    name_spelling: int = 38
    """Equal but for widths, case, punctuation, traditional characters, form of company."""
    name_pinyin: int = 34
    name_near: int = -20
    name_other: int = -40
    text: int = 12
    day: int = 6
    """The same day; each day apart is one point less, never below none."""


class RuleSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of a client's rules. Amounts are minor units, windows are calendar days."""

    version: int = 1
    name: str = "standard"
    passes: tuple[str, ...] = PASSES
    points: Points = Points()
    threshold: int = 60
    """Fewest points of an automatic match."""
    margin: int = 10
    """By how many points it must beat each rival. More than the day is worth."""
    suggest_from: int = 10
    """Fewest points of a suggestion."""
    key_window_days: int = 20
    """Wider than the other: a payment may wait. Numbers that come again, come months later."""
    date_window_days: int = 5
    sum_window_days: int = 35
    netting_window_days: int = 35
    amount_tolerance: int = 0
    """How far an amount may be off where a key says that entry and item belong together."""
    fee_max: int = 0
    """Up to which amount a bank may have kept its fee out of a payment that carries the key."""
    sum_candidates: int = 14
    """Most open items of a party among which sums are looked for."""
    sum_steps: int = 40_000
    """Most steps of one such search; beyond it nothing is decided."""
    sum_rarity: int = 200
    """How many times rarer than chance a sum of some (not all) items must be."""
    rivals_shown: int = 5


STANDARD: Final = RuleSet()

_RANGES: Final = {
    "version": (1, 10**9),
    "threshold": (1, _POINTS_MAX),
    "margin": (1, _POINTS_MAX),
    "suggest_from": (1, _POINTS_MAX),
    "key_window_days": (0, _DAYS_MAX),
    "date_window_days": (0, _DAYS_MAX),
    "sum_window_days": (0, _DAYS_MAX),
    "netting_window_days": (0, _DAYS_MAX),
    "amount_tolerance": (0, 10**12),
    "fee_max": (0, 10**12),
    "sum_candidates": (2, _CANDIDATES_MAX),
    "sum_steps": (1, _STEPS_MAX),
    "sum_rarity": (1, 10**9),
    "rivals_shown": (1, 100),
}
_FOR: Final = ("amount", "key", "key_in_text", "key_reused", "account", "account_tail")
_FOR_NAMES: Final = ("name", "name_spelling", "name_pinyin", "text", "day")
_AGAINST: Final = ("account_other", "name_near", "name_other")


def faults(rules: RuleSet) -> tuple[Fault, ...]:
    """Everything that is wrong with a rule set; nothing when it may be used."""
    found = [
        _fault(name, "out_of_range", f"须在 {low} 与 {high} 之间", f"must be {low} to {high}")
        for name, (low, high) in _RANGES.items()
        if not low <= getattr(rules, name) <= high
    ]
    found += [
        _fault("passes", "unknown_pass", f"没有这一步；可用：{_NAMED}", f"no such pass: {_NAMED}")
        for name in rules.passes
        if name not in PASSES
    ]
    points = rules.points
    found += [
        _fault(f"points.{name}", "sign", "应为正数且不过大", "must be positive, not too large")
        for name in (*_FOR, *_FOR_NAMES)
        if not 0 <= getattr(points, name) <= _POINTS_MAX
    ]
    found += [
        _fault(f"points.{name}", "sign", "反面理由应为负分", "a reason against takes points away")
        for name in _AGAINST
        if not -_POINTS_MAX <= getattr(points, name) <= 0
    ]
    if points.day >= rules.margin:
        zh, en = (
            "日期分须小于 margin，日期不能单独决定匹配",
            "must be less than margin: no day decides",
        )
        found.append(_fault("points.day", "day_decides", zh, en))
    if points.amount + points.day + points.text >= rules.threshold:
        zh = "须大于金额、日期、附言分之和，否则没有对方信息也会自动匹配"
        en = "must exceed amount + day + text, or pairs match without any party"
        found.append(_fault("threshold", "too_low", zh, en))
    return tuple(found)


def _fault(path: str, code: str, zh: str, en: str) -> Fault:
    return Fault(path=path, code=code, zh=zh, en=en)


def validate(rules: RuleSet) -> RuleSet:
    """Return the rule set. Raises Refused with every fault of it."""
    if found := faults(rules):
        raise Refused("the rule set cannot be used", "对账规则有误", faults=found)
    return rules


def rules_of(document: bytes) -> RuleSet:
    """Read the JSON form and check it; what is not named keeps its standard value.

    Raises Refused for what is not of that form, unknown names included.
    """
    try:
        rules = msgspec.json.decode(document, type=RuleSet)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"not a rule set: {error}", f"对账规则文件格式错误：{error}") from None
    return validate(rules)


def document_of(rules: RuleSet) -> bytes:
    """The JSON form, every value named, for storing and for people."""
    return msgspec.json.format(msgspec.json.encode(rules, order="deterministic"), indent=2)
