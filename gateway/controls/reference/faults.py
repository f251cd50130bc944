"""The fault texts of imported files: one table, two languages, each saying what to do."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, TypeVar

from gateway.domain.errors import Fault, Refused

FAULTS_TOLD: Final = 200
"""So many faults of one file are told; a file with more is of another layout."""

T = TypeVar("T")

TEXTS: Final = MappingProxyType(
    {
        "encoding": (
            "该行不是有效的 {detail} 文本，请以 UTF-8 或 GBK 另存",
            "this line is no valid {detail}; save the file as UTF-8 or GBK",
        ),
        "wide_encoding": (
            "不支持 UTF-16/UTF-32，请以 UTF-8 或 GBK 另存",
            "UTF-16 and UTF-32 are not read; save the file as UTF-8 or GBK",
        ),
        "line_too_long": (
            "该行超过 {detail} 字节，不是行格式文件",
            "a line has more than {detail} bytes: this is no file of lines",
        ),
        "quotes": ("该行引号不成对，请修正", "the quotes of this line do not close; correct it"),
        "cells": (
            "该行列数与表头（{detail} 列）不符",
            "this line has not as many cells as the header ({detail})",
        ),
        "no_header": (
            "首行必须是表头，缺少列：{detail}",
            "the first line must be a header; columns missing: {detail}",
        ),
        "header_twice": ("表头中有两列表示：{detail}", "two columns of the header mean: {detail}"),
        "empty": ("文件中没有记录", "there is no record in the file"),
        "required": ("必填，请补充", "is required; fill it in"),
        "forbidden_character": (
            "含不允许的字符（控制符、不可见字符），请删除",
            "holds a character that is not allowed (control, invisible); remove it",
        ),
        "too_long": ("最长 {detail} 个字符", "may have at most {detail} characters"),
        "digits": ("必须是 {detail} 位数字", "must be {detail} digits"),
        "check_digit": (
            "校验位不符，请核对行号",
            "the check digit does not agree; check the number",
        ),
        "disagrees": ("与行号所示不符", "does not agree with the number"),
        "date": ("不是日期，请写 2026-09-15", "is no date; write 2026-09-15"),
        "word": ("不认识的取值，可用：{detail}", "is not known; use one of: {detail}"),
        "contradiction": (
            "与第 {detail} 行同号而内容不同，整个文件不予导入",
            "has the key of line {detail} and other content; the whole file is refused",
        ),
        "json": ("不是有效的 JSON 内容：{detail}", "is no valid JSON content: {detail}"),
        "year_empty": (
            "声明 {detail} 年已完整，但没有该年的节假日",
            "the year {detail} is called complete but has no holiday",
        ),
        "backwards": ("截止日期早于起始日期", "ends before it begins"),
        "amount": ("不是金额，请写 50000.00", "is no amount; write 50000.00"),
        "time": ("不是时间，请写 17:15", "is no time of day; write 17:15"),
        "opening": (
            "开放时间或截止提前量无效",
            "the hours or the cut-off are not possible",
        ),
        "lists_nothing": (
            "没有名称、账号或信用代码",
            "has neither a name, an account nor a code",
        ),
    }
)
"""Code → (zh, en). ``{detail}`` is a limit, a line number, a column; never a value of the file."""


def fault(code: str, path: str, *, detail: str = "", line: int | None = None) -> Fault:
    """Build the fault ``code`` at ``path`` (a column or element) of ``line``."""
    zh, en = TEXTS[code]
    return Fault(
        path=path, code=code, zh=zh.format(detail=detail), en=en.format(detail=detail), line=line
    )


def refused(*faults: Fault) -> Refused:
    """The refusal of a whole file."""
    return Refused("the file was refused", "文件未导入", faults[:FAULTS_TOLD])


def whole(found: Iterable[T | Fault]) -> tuple[T, ...]:
    """All records of a file, or none: raises Refused with every fault when there is any."""
    records: list[T] = []
    faults: list[Fault] = []
    for one in found:
        if isinstance(one, Fault):
            faults.append(one)
            if len(faults) == FAULTS_TOLD:
                break
        else:
            records.append(one)
    if faults:
        raise refused(*faults)
    return tuple(records)
