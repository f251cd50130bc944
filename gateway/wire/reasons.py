"""Why bytes could not be read, in two languages, by the reason of a WireError."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

DETECTED_LATE: Final = frozenset({"encoding", "encoding_mismatch", "declaration", "doctype"})
"""Reasons that hide a file's format: they are worth telling although nothing recognised it."""

_REASONS: Final = MappingProxyType(
    {
        "archive": (
            "不是完整的压缩包（可能被截断、加密或损坏）",
            "not a whole archive: cut off, encrypted or damaged",
        ),
        "amount": ("金额格式错误", "this is not an amount"),
        "attributes": ("属性过多", "too many attributes"),
        "cells": ("该行的列数与表头不同", "this row has another number of cells than the header"),
        "columns": (
            "表头缺少必需的列，请核对列名或列映射",
            "the header lacks a needed column; check its names or the column mapping",
        ),
        "comment": ("文本中含注释", "a comment stands inside a text"),
        "content": ("文本与子元素混排", "text and elements are mixed"),
        "date": ("日期格式错误（应为 YYYY-MM-DD）", "this is not a date (YYYY-MM-DD)"),
        "declaration": ("XML 声明不正确", "the XML declaration is wrong"),
        "depth": ("嵌套层数过多", "nested too deeply"),
        "doctype": ("不接受 DOCTYPE 和实体定义", "document types and entities are refused"),
        "encoding_unclear": (
            "无法判断是 UTF-8 还是 GBK，请另存为带 BOM 的 UTF-8，或在配置中指定 encoding",
            "UTF-8 or GBK cannot be told apart; save it as UTF-8 with a mark, or set encoding",
        ),
        "empty": ("内容为空", "this must not be empty"),
        "encoding": (
            "编码不受支持或字节与编码不符（支持 UTF-8、GBK、GB2312、GB18030）",
            "encoding not supported, or bytes that do not fit it (UTF-8, GBK, GB2312, GB18030)",
        ),
        "encoding_mismatch": ("声明的编码与实际编码不一致", "declared and real encoding differ"),
        "json": ("不是合法的 JSON，可能被截断", "not valid JSON, perhaps cut off"),
        "json_list": ("此处应为 JSON 数组", "a JSON array is expected here"),
        "json_member": ("JSON 成员有误", "a JSON member is wrong"),
        "json_object": ("此处应为 JSON 对象", "a JSON object is expected here"),
        "malformed": ("不是格式良好的 XML，可能被截断", "not well-formed XML, perhaps cut off"),
        "missing": ("缺少必需的元素", "a required element is missing"),
        "name": ("元素或属性名过长", "a name is too long"),
        "namespace": ("根元素没有命名空间，无法判断格式", "no namespace, so no known format"),
        "nodes": ("元素过多", "too many elements"),
        "nothing": ("文件为空", "the file is empty"),
        "order": ("记录出现在不该出现的位置", "a record stands where it must not"),
        "packed": ("压缩包内还有压缩包", "an archive inside an archive"),
        "pi": ("文本中含处理指令", "a processing instruction stands inside a text"),
        "root": ("根元素不是已知格式", "the root element is of no known format"),
        "schema": ("不符合该格式的规则", "this is against the format's rules"),
        "sheet": ("工作簿中没有该工作表", "the workbook has no such sheet"),
        "size": ("超过大小限制", "larger than allowed"),
        "surplus": ("元素重复", "an element comes more than once"),
        "truncated": (
            "文件被截断：最后一行不完整，或缺少合计行；请重新完整导出",
            "the file is cut off: its last line or its total row is missing; export it again",
        ),
        "unrecognised": ("无法识别的格式", "not a format that is known here"),
        "unsupported": ("格式已识别，但不受支持", "the format is known but not supported"),
        "workbook": (
            "不是完整的 XLSX 工作簿（可能被截断、加密或损坏）",
            "not a whole XLSX workbook: cut off, encrypted or damaged",
        ),
        "value": (
            "字段的类型不符（文本、数字、对象或列表放错）",
            "a text, number, object or list stands where another is due",
        ),
        "xsi": ("含不允许的 xsi/xml 属性", "an xsi or xml attribute is not allowed"),
    }
)


def words(reason: str) -> tuple[str, str]:
    """What went wrong, in Chinese and in English; an unknown reason stands for itself."""
    return _REASONS.get(reason, (f"报文格式错误 {reason}", f"not of the promised form: {reason}"))


def why(reason: str) -> str:
    """One line for people, Chinese first."""
    return " / ".join(words(reason))
