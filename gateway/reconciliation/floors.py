"""What a client's rules may never go below, or beyond: the bounds of a rule set in force.

Rule kept here: every bound is one inside which nothing was ever matched wrongly on the planted
traps, and most have a reason of their own, told beside the bound. Stricter is not always safer:
a window that is too narrow hides the rival that would have stopped a match.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.errors import Fault, Refused
from gateway.reconciliation.rules import STANDARD, RuleSet, faults

TOLERANCE_MAX: Final = 100
FEE_MAX: Final = 20_000
_NAME_MAX: Final = 100

_BOUNDS: Final[dict[str, tuple[int, int, str, str]]] = {
    "threshold": (
        STANDARD.threshold,
        1000,
        "低于标准门槛时，没有对方信息的笔也可能自动匹配",
        "below the standard a pair could match without its party",
    ),
    "margin": (
        STANDARD.margin,
        1000,
        "分差不得低于标准：日期与写法之差不能决定匹配",
        "the margin never shrinks: neither a day nor a spelling decides between rivals",
    ),
    "date_window_days": (
        STANDARD.date_window_days,
        6,
        "过窄会看不到竞争候选；满一周则两期周付混入同一窗口",
        "narrower hides rivals; a week puts two weekly payments into one window",
    ),
    "key_window_days": (
        0,
        27,
        "满一个月则按月重复使用的参考号会串月",
        "a month lets a number that is used monthly match another month",
    ),
    "sum_window_days": (
        STANDARD.sum_window_days,
        STANDARD.sum_window_days,
        "过窄会漏看同一对方的其他未达账，过宽会凑出巧合",
        "narrower overlooks open items of the party, wider adds up by chance",
    ),
    "netting_window_days": (
        0,
        STANDARD.netting_window_days,
        "过宽会抵掉另一期的款项",
        "wider takes back the payment of another period",
    ),
    "sum_candidates": (
        2,
        STANDARD.sum_candidates,
        "候选越多，巧合越多",
        "the more candidates, the more chance",
    ),
    "sum_steps": (
        1,
        STANDARD.sum_steps,
        "对账必须能够结束",
        "a run has to end",
    ),
    "sum_rarity": (
        STANDARD.sum_rarity,
        10**9,
        "低于标准时，凑巧相等的组合也会自动匹配",
        "below the standard a sum that adds up by chance would match",
    ),
    "amount_tolerance": (
        0,
        TOLERANCE_MAX,
        "容差以 1.00 为限",
        "1.00 at most: a tolerance is no way to match another document",
    ),
    "fee_max": (
        0,
        FEE_MAX,
        "手续费以 200.00 为限",
        "200.00 at most: a fee is no way to match another document",
    ),
}


def floor_faults(rules: RuleSet) -> tuple[Fault, ...]:
    """Everything for which a rule set may not be in force; nothing when it may."""
    found = list(faults(rules))
    known = {it.path for it in found}
    for name, (low, high, zh, en) in _BOUNDS.items():
        if name not in known and not low <= getattr(rules, name) <= high:
            found.append(
                Fault(
                    path=name,
                    code="beyond_floor",
                    zh=f"须在 {low} 与 {high} 之间：{zh}",
                    en=f"must be {low} to {high}: {en}",
                )
            )
    found += [
        Fault(
            path=f"points.{name}",
            code="beyond_floor",
            zh=f"须为 {standard}：各项分值作为整体测定，改动任何一项都会削弱竞争候选",
            en=f"must be {standard}: points were measured as a whole; another value of any of them"
            " weakens some rival",
        )
        for name in rules.points.__struct_fields__
        if getattr(rules.points, name) != (standard := getattr(STANDARD.points, name))
        and f"points.{name}" not in known
    ]
    if len(rules.name) > _NAME_MAX or not rules.name.isprintable():
        zh, en = f"最长 {_NAME_MAX} 个可见字符", f"at most {_NAME_MAX} visible characters"
        found.append(Fault(path="name", code="text", zh=zh, en=en))
    return tuple(found)


def may_hold(rules: RuleSet) -> RuleSet:
    """Return a rule set that may be in force. Raises Refused with every fault of it."""
    if found := floor_faults(rules):
        raise Refused("the rule set cannot be put in force", "对账规则不可生效", faults=found)
    return rules
