"""Rules and reasons by name, and their words. Pure table.

Rule kept here: the names are stored and printed: for ever. Words are Chinese first.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

AUTO: Final = "auto"
SUGGESTED: Final = "suggested"
NONE: Final = "none"
LEVELS: Final = (AUTO, SUGGESTED, NONE)

RULES: Final = (
    "exact-key",
    "key-tolerance",
    "key-fee",
    "key-sum",
    "batch-parts",
    "key-in-text",
    "amount-date-party",
    "twins",
    "sum-of-items",
    "sum-of-entries",
    "red-letter",
    "reversal",
    "key-amount-differs",
    "not-booked",
    "no-match",
    "remembered",
)
"""The rule of a decision, by its position in this table."""

WORDS: Final = MappingProxyType(
    {
        "key": "参考号一致 / the reference is the same",
        "key_reused": "参考号被重复使用，仅作参考 / the reference was used twice: only a hint",
        "key_in_text": "附言中写明参考号 / the text names the reference",
        "amount": "金额、币种、方向、账户一致 / same amount, currency, direction and account",
        "day": "日期在窗口内 / the dates lie within the window",
        "name": "对方户名一致 / the counterparty's name is the same",
        "spelling": "对方户名仅写法不同 / the counterparty's name differs in spelling only",
        "pinyin": "对方户名拼音一致 / the counterparty's name is the same in pinyin",
        "name_near": "对方户名相近但不同 / the counterparty's name is near, but another",
        "name_other": "对方户名不同 / the counterparty's name is another",
        "account": "对方账号一致 / the counterparty's account is the same",
        "account_other": "对方账号不同 / the counterparty's account is another",
        "text": "附言一致 / the texts are the same",
        "sole": "领先其他候选达到规定分差 / it beats every rival by the margin",
        "rivals": "有分数相近的其他候选 / a rival is about as good",
        "weak": "理由不足以自动匹配 / the reasons are too weak for an automatic match",
        "names_other_document": "明细写明的是另一单据 / the entry names another document",
        "amount_differs": "参考号一致但金额不同 / same reference, other amount",
        "day_far": "日期相差过远 / the dates are too far apart",
        "sum": "金额之和一致 / the amounts add up",
        "only_sum": "这是唯一相符的组合 / no other combination adds up",
        "all_open": "为该对方的全部未达账 / these are all open items of the party",
        "several_sums": "多种组合都相符 / several combinations add up",
        "by_chance": "组合过多，可能是巧合 / so many combinations may add up by chance",
        "twins": "两侧各笔完全相同且笔数相等，可任意配对"
        " / equal in all that matters and equal in number: interchangeable",
        "twins_uneven": "两侧相同的笔数不等 / equal ones differ in number",
        "parts": "批次每笔明细均已对应 / every part of the batch has its item",
        "fee": "差额为银行手续费 / the difference is the bank's fee",
        "tolerance": "差额在容差内 / the difference lies within the tolerance",
        "red_letter": "红字冲销 / a red-letter item takes it back",
        "reversal": "冲正或退票与原笔相抵 / a reversal or return takes the original back",
        "claimed": "被多个候选争用 / more than one claims it",
        "pending": "未记账或仅供参考，不参与对账 / pending or for information only: not matched",
        "no_candidate": "没有相符的候选 / nothing fits",
        "open_suggestion": "仅有建议，需人工判断 / only suggested: a person decides",
        "taken_back": "可能已被冲正、退回或红冲 / it may have been taken back",
        "crowded": "同一对方相同金额的候选过多 / too many alike of one party and amount",
        "remembered": "与人员此前确认的匹配一致 / people matched these two sides before",
    }
)
REASONS: Final = tuple(WORDS)
"""Bit ``n`` of a mask of reasons is the one at position ``n``."""
RULE: Final = MappingProxyType({name: at for at, name in enumerate(RULES)})
BIT: Final = MappingProxyType({name: 1 << at for at, name in enumerate(REASONS)})


def mask(*names: str) -> int:
    """The reasons as one number."""
    return sum(BIT[name] for name in names)


def words(told: int) -> tuple[str, ...]:
    """What a mask of reasons says, in the order of the table."""
    return tuple(WORDS[name] for at, name in enumerate(REASONS) if told >> at & 1)
