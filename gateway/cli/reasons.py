"""Why bytes could not be read, in two languages, by the reason of a WireError."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

DETECTED_LATE: Final = frozenset({"encoding", "encoding_mismatch", "declaration", "doctype"})
"""Reasons that hide a file's format: they are worth telling although nothing recognised it."""

_REASONS: Final = MappingProxyType(
    {
        "amount": ("金额格式错误", "this is not an amount"),
        "attributes": ("属性过多", "too many attributes"),
        "comment": ("文本中含注释", "a comment stands inside a text"),
        "content": ("文本与子元素混排", "text and elements are mixed"),
        "date": ("日期格式错误（应为 YYYY-MM-DD）", "this is not a date (YYYY-MM-DD)"),
        "declaration": ("XML 声明不正确", "the XML declaration is wrong"),
        "depth": ("嵌套层数过多", "nested too deeply"),
        "doctype": ("不接受 DOCTYPE 和实体定义", "document types and entities are refused"),
        "empty": ("内容为空", "this must not be empty"),
        "encoding": (
            "编码不受支持或字节与编码不符（支持 UTF-8、GBK、GB2312、GB18030）",
            "encoding not supported, or bytes that do not fit it (UTF-8, GBK, GB2312, GB18030)",
        ),
        "encoding_mismatch": ("声明的编码与实际编码不一致", "declared and real encoding differ"),
        "malformed": ("不是格式良好的 XML，可能被截断", "not well-formed XML, perhaps cut off"),
        "missing": ("缺少必需的元素", "a required element is missing"),
        "name": ("元素或属性名过长", "a name is too long"),
        "namespace": ("根元素没有命名空间，无法判断格式", "no namespace, so no known format"),
        "nodes": ("元素过多", "too many elements"),
        "nothing": ("文件为空", "the file is empty"),
        "pi": ("文本中含处理指令", "a processing instruction stands inside a text"),
        "root": ("根元素不是已知格式", "the root element is of no known format"),
        "schema": ("不符合该格式的规则", "this is against the format's rules"),
        "size": ("超过大小限制", "larger than allowed"),
        "surplus": ("元素重复", "an element comes more than once"),
        "unrecognised": ("无法识别的格式", "not a format that is known here"),
        "unsupported": ("格式已识别，但不受支持", "the format is known but not supported"),
        "xsi": ("含不允许的 xsi/xml 属性", "an xsi or xml attribute is not allowed"),
    }
)


def why(reason: str) -> str:
    """One line for people, Chinese first; an unknown reason stands for itself."""
    zh, en = _REASONS.get(reason, (f"报文格式错误 {reason}", f"not of the promised form: {reason}"))
    return f"{zh} / {en}"
