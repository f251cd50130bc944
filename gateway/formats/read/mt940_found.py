"""What a reader of MT messages can find, by its code: two languages and what it means.

Rule kept here: a finding names its place, never a value of the file.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from gateway.domain.bank_file import Finding, Gravity

_N: Final = Gravity.NOTE
_W: Final = Gravity.WARNING
_C: Final = Gravity.CONTRADICTION

_TEXTS: Final = MappingProxyType(
    {
        "account": (_W, "账号缺失", "the account is missing"),
        "amount": (_W, "金额无法识别，已留空", "the amount was not understood and is left empty"),
        "amount_form": (
            _N,
            "金额使用了标准之外的分隔符",
            "the amount has separators that the standard does not know",
        ),
        "amount_unclear": (
            _W,
            "小数点后恰有三位，可能是千位分隔符；已按小数读取",
            "three digits after a point may be thousands; read as decimals",
        ),
        "balance": (
            _W,
            "余额无法识别，已留空",
            "the balance was not understood and is left empty",
        ),
        "balances": (_W, "余额过多，其余未列出", "too many balances; the rest are not listed"),
        "block": (_W, "报文块没有结束符", "the message block is not closed"),
        "ccc": (
            _N,
            "疑似标准电码（四位数字），无可用码表，保留数字",
            "looks like Chinese telegraphic codes; there is no table, the digits are kept",
        ),
        "closing_missing": (
            _W,
            "没有期末余额，无法验证连续性",
            "there is no closing balance, so nothing proves the statement",
        ),
        "closing_twice": (_C, "期末余额重复", "there is more than one closing balance"),
        "control_sum": (
            _C,
            "笔数或合计与明细不符",
            "the stated count or sum is not that of the entries",
        ),
        "control_sum_floor": (
            _N,
            "合计与列出的明细不符，可能有低于起点金额的明细未列出",
            "the stated count or sum is not that of the listed entries; a floor limit is set",
        ),
        "currency": (_W, "币种缺失或无法识别", "the currency is missing or not understood"),
        "currency_differs": (_C, "同一对账单中币种不一致", "balances have different currencies"),
        "currency_rmb": (_N, "币种 RMB 按 CNY 读取", "the currency RMB is read as CNY"),
        "cut": (
            _C,
            "本对账单没有期末余额，而同一文件的其他对账单有：可能被截断",
            "others in the file have a closing balance, this one has none: it may be cut off",
        ),
        "date": (
            _W,
            "日期无效，已留空",
            "this is no date of the calendar; it is left empty",
        ),
        "encoding": (
            _N,
            "不是 UTF-8，按 {} 读取",
            "this is not UTF-8; it is read as {}",
        ),
        "encoding_mixed": (
            _W,
            "文件中混用多种编码，文字可能有误",
            "the file mixes encodings; texts may be wrong",
        ),
        "entry": (
            _C,
            "明细行无法识别，未计入",
            "the entry was not understood and is not among the entries",
        ),
        "entries_more": (
            _C,
            "还有更多明细行无法识别，未逐条列出",
            "more entries were not understood; they are not listed one by one",
        ),
        "entry_code": (_N, "明细行没有业务类型代码", "the entry has no type code"),
        "funds_code": (
            _N,
            "资金代码不是币种的第三个字母",
            "the funds code is not the third letter of the currency",
        ),
        "information": (
            _N,
            "附言不属于任何明细，作为对账单备注保留",
            "information that belongs to no entry is kept as the statement's remark",
        ),
        "information_long": (
            _W,
            "附言过长，超出部分未采用",
            "the information of one line is far too long; the rest is not used",
        ),
        "remarks": (_W, "备注过多，其余未采用", "too many remarks; the rest are not used"),
        "information_tag": (
            _W,
            "应为 :86:，按附言读取",
            "field 86 is due here; it is read as information",
        ),
        "later": (
            _W,
            "有明细的记账日晚于期末余额日期",
            "entries are booked after the day of the closing balance",
        ),
        "earlier": (
            _W,
            "有明细的记账日早于期初余额日期",
            "entries are booked before the day of the opening balance",
        ),
        "opening_missing": (
            _W,
            "没有期初余额，无法验证连续性",
            "there is no opening balance, so nothing proves the statement",
        ),
        "repeated": (
            _W,
            "字段重复，只取第一个",
            "the field comes again; the first one counts",
        ),
        "reference_missing": (_N, "没有 :20:", "there is no :20:"),
        "sequence": (_N, "对账单编号格式不标准", "the statement number has an unusual form"),
        "time": (_N, "时间没有时区或无法识别，未采用", "a time without its zone is not used"),
        "undecodable": (
            _W,
            "有字节不是该编码的字符，以 \\x 形式保留",
            "bytes that are no character of the encoding are kept as \\x",
        ),
        "unknown_tag": (_N, "未知字段，未采用", "an unknown field is not used"),
        "unread": (_N, "此行未采用", "this line is not used"),
    }
)


def finding(code: str, *, path: str = "", line: int = 0, detail: str = "") -> Finding:
    """The finding called ``code``; ``detail`` fills its text, it is a word of ours."""
    gravity, zh, en = _TEXTS[code]
    return Finding(
        code=code,
        zh=zh.format(detail) if detail else zh,
        en=en.format(detail) if detail else en,
        path=path,
        line=line,
        gravity=gravity,
    )
