"""Pure table. What is wrong with receipts, in words for people: what it is and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_WORDS: Final = MappingProxyType(
    {
        "in_doubt": (
            "银行未给出可识别的预约状态，将再次查询",
            "the bank said nothing that is known of the order; it is asked again",
        ),
        "task_failed": ("银行生成回单失败", "the bank could not make the receipts"),
        "ordered_elsewhere": (
            "该日回单已被其他渠道预约，银行只向原预约编号提供文件；请从该渠道下载",
            "the day was ordered elsewhere and its files go to that number only: fetch them there",
        ),
        "list_differs": (
            "银行所列文件数与其合计不符，已列文件照常获取",
            "the bank lists another number of files than it counts; those listed are fetched",
        ),
        "given_up": (
            "日期过久，不再查询；请向银行索取",
            "too long ago, no longer asked for: get them from the bank",
        ),
        "not_fetched": (
            "文件未能完整获取，将重试；请检查连接的 receipt_files 地址",
            "the file did not come whole, tried again: see the connection's receipt_files",
        ),
        "not_pdf": ("不是 PDF，未保存", "it is no PDF and was not kept"),
        "too_large": ("超出允许大小，未保存", "it is larger than allowed and was not kept"),
        "too_many": (
            "压缩包内文件过多，未读取",
            "the archive holds too many files; it was not read",
        ),
        "damaged": ("压缩包损坏，将重新获取", "the archive is damaged; it is fetched again"),
        "path_odd": (
            "压缩包内文件名含路径，未保存；请联系银行",
            "a name in the archive holds a path; not kept, ask the bank",
        ),
        "unreadable": (
            "压缩包内文件已加密或压缩方式不支持，未保存",
            "a file in the archive is encrypted or packed in a way not read here; not kept",
        ),
        "name_odd": (
            "文件名不能作为明细标识，未保存",
            "the file's name can be no line's key; it was not kept",
        ),
    }
)


def words_of(code: str) -> Mapping[str, str]:
    """The words of a finding, by language; the code itself where there are none."""
    zh, en = _WORDS.get(code, (code, code))
    return {"zh": zh, "en": en}
