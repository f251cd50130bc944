"""Wishes to change payees, as the API and files of many bring them.

Rule kept here: every fault is told with its place, a line of a file with its number, and what has
one is not taken at all. No text repeats what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.controls.payee_rows import PayeeAction, PayeeFields
from gateway.controls.reference.faults import FAULTS_TOLD
from gateway.controls.reference.sheet import Readable, Row, rows
from gateway.domain.errors import Fault, Refused
from gateway.wire.charset import forbidden_characters

ITEMS_MAX: Final = 500
"""Most payees of one proposal over the API; a file brings more."""
LINES_MAX: Final = 20_000
"""Most payees of one file."""
COMMENT_MAX: Final = 1000
LONGEST: Final = MappingProxyType(
    {"account": 32, "name": 140, "agent_name": 140, "cnaps": 12, "city": 60, "vendor": 64}
)
"""The members of a payee, and how many characters each may have."""
COLUMNS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "account": ("收款账号", "账号", "account number"),
        "name": ("收款人名称", "收款人", "户名", "账户名称", "payee"),
        "agent_name": ("开户行", "开户行名称", "收款银行", "bank"),
        "cnaps": ("联行号", "行号", "bank number"),
        "city": ("城市", "开户城市"),
        "vendor": ("供应商", "供应商编号", "供应商编码", "supplier"),
    }
)
"""What a header may call them, in any width, case and punctuation."""
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]{1,32}", re.ASCII)
_CNAPS: Final = re.compile(r"(?:[0-9]{12})?", re.ASCII)
_BY_ID: Final = frozenset(
    {PayeeAction.CHANGE, PayeeAction.BLOCK, PayeeAction.UNBLOCK, PayeeAction.REMOVE}
)
_WITH_FIELDS: Final = frozenset({PayeeAction.CREATE, PayeeAction.CHANGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of one payee. ``action`` None: that it be there as the file has it.

    ``told`` are the members that a file has columns for: others stay as they are. ``place`` is
    where it stands, for faults: a JSON pointer, or '' with a ``line``.
    """

    action: PayeeAction | None
    payee: str = ""
    fields: PayeeFields | None = None
    told: frozenset[str] = frozenset(LONGEST)
    place: str = ""
    line: int | None = None

    def fault(self, code: str, member: str = "") -> Fault:
        """A fault of this wish."""
        path = f"{self.place}/{member}" if self.place and member else self.place or member
        return fault(code, path, line=self.line)


TEXTS: Final = MappingProxyType(
    {
        "required": ("必填，请补充", "is required; fill it in"),
        "unknown_field": ("未知字段，请删除或更正", "unknown member; remove or correct it"),
        "not_text": ("应为文本", "must be a text"),
        "not_object": ("应为对象", "must be an object"),
        "items": (
            f"应为 1 至 {ITEMS_MAX} 项的列表，更多请用文件导入",
            f"must be a list of 1 to {ITEMS_MAX}; import a file for more",
        ),
        "action": (
            f"应为以下之一：{', '.join(PayeeAction)}",
            f"must be one of: {', '.join(PayeeAction)}",
        ),
        "account_format": (
            "只能包含数字、字母和连字符，1 至 32 位",
            "must be 1 to 32 digits, letters or hyphens",
        ),
        "cnaps_format": ("须为 12 位数字", "must be exactly 12 digits"),
        "too_long": ("过长，请缩短", "is too long; shorten it"),
        "forbidden_character": (
            "含不允许的字符（控制符、< > &、不可见字符），请删除",
            "holds a character that is not allowed (control, < > &, invisible); remove it",
        ),
        "surrounding_space": (
            "首尾不能有空格，请删除",
            "must not begin or end with a space; remove it",
        ),
        "too_many": (
            f"一个文件最多 {LINES_MAX} 行，请分成几个文件",
            f"a file may have at most {LINES_MAX} lines; make several files of it",
        ),
        "exists": (
            "该账号与供应商的收款人已存在，请改用变更",
            "there is a payee of this account and vendor; change that one",
        ),
        "not_there": ("没有该收款人", "there is no such payee"),
        "is_blocked": ("该收款人已停用，请先解除停用", "this payee is blocked; unblock it first"),
        "not_blocked": ("该收款人未停用", "this payee is not blocked"),
        "is_removed": ("该收款人已移除，请重新新增", "this payee was removed; create it again"),
        "repeated": ("同一收款人在提议中重复", "stands twice in the proposal"),
    }
)
"""Code → (zh, en)."""


def fault(code: str, path: str, *, line: int | None = None) -> Fault:
    """Build the fault ``code`` at ``path``."""
    zh, en = TEXTS[code]
    return Fault(path=path, code=code, zh=zh, en=en, line=line)


def refused(faults: Sequence[Fault]) -> Refused:
    """The refusal of a whole proposal."""
    return Refused("nothing was proposed", "未提交，请更正后重新提交", faults[:FAULTS_TOLD])


def read_wishes(members: Mapping[str, object]) -> tuple[list[Wish], str]:
    """The wishes and the comment of a proposal's JSON object. Raises Refused with every fault."""
    found = [
        fault("unknown_field", f"/{name[:40]}")
        for name in members
        if name not in {"items", "comment"}
    ]
    comment = members.get("comment", "")
    if not isinstance(comment, str):
        found.append(fault("not_text", "/comment"))
    elif len(comment) > COMMENT_MAX:
        found.append(fault("too_long", "/comment"))
    elif not "".join(comment.split()).isprintable():
        found.append(fault("forbidden_character", "/comment"))
    items = members.get("items")
    if not isinstance(items, list) or not 0 < len(items) <= ITEMS_MAX:
        raise refused([*found, fault("items", "/items")])
    wishes = [_wish(item, f"/items/{number}", found) for number, item in enumerate(items)]
    if found:
        raise refused(found)
    return wishes, str(comment)


def read_file(source: Readable) -> list[Wish]:
    """The payees of a CSV (or text with ``|`` or tabs), read line by line.

    Raises Refused with every faulty line, up to ``FAULTS_TOLD`` of them.
    """
    faults: list[Fault] = []
    wishes: list[Wish] = []
    for row in rows(source, COLUMNS, ("account", "name")):
        one = row if isinstance(row, Fault) else _of_row(row, faults)
        if isinstance(one, Wish):
            wishes.append(one)
        elif one is not None:
            faults.append(one)
        if len(faults) >= FAULTS_TOLD:
            break
        if len(wishes) > LINES_MAX:
            raise refused([fault("too_many", "")])
    if faults or not wishes:
        raise refused(faults or [fault("items", "")])
    return wishes


def _of_row(row: Row, faults: list[Fault]) -> Wish | None:
    before = len(faults)
    for member, code in _faults(row.cells):
        faults.append(fault(code, row.headers.get(member, member), line=row.line))
    if len(faults) > before:
        return None
    return Wish(action=None, fields=_fields(row.cells), told=frozenset(row.cells), line=row.line)


def _wish(item: object, place: str, found: list[Fault]) -> Wish:
    """One wish; what is wrong with it is added to ``found``."""
    nothing = Wish(action=None, place=place)
    if not isinstance(item, dict):
        found.append(fault("not_object", place))
        return nothing
    named = item.get("action")
    if not isinstance(named, str) or named not in frozenset(PayeeAction):
        found.append(fault("action", f"{place}/action"))
        return nothing
    action = PayeeAction(named)
    allowed = {
        "action",
        *(("payee",) if action in _BY_ID else ()),
        *(LONGEST if action in _WITH_FIELDS else ()),
    }
    before = len(found)
    found.extend(
        fault("unknown_field", f"{place}/{str(name)[:40]}") for name in item if name not in allowed
    )
    texts = {name: value for name, value in item.items() if name in allowed}
    found.extend(
        fault("not_text", f"{place}/{name}")
        for name, value in texts.items()
        if not isinstance(value, str)
    )
    if len(found) > before:
        return nothing
    if action in _BY_ID and not texts.get("payee", "").isprintable():
        found.append(fault("forbidden_character", f"{place}/payee"))
    elif action in _BY_ID and not texts.get("payee"):
        found.append(fault("required", f"{place}/payee"))
    if action in _WITH_FIELDS:
        found.extend(fault(code, f"{place}/{member}") for member, code in _faults(texts))
    fields = _fields(texts) if action in _WITH_FIELDS and len(found) == before else None
    return Wish(action=action, payee=texts.get("payee", ""), fields=fields, place=place)


def _fields(texts: Mapping[str, str]) -> PayeeFields:
    return PayeeFields(**{name: texts.get(name, "") for name in LONGEST})


def _faults(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Member and code of everything that is wrong with a payee's texts."""
    for member, most in LONGEST.items():
        text = texts.get(member, "")
        if member in {"account", "name"} and not text:
            yield member, "required"
        elif text != text.strip():
            yield member, "surrounding_space"
        elif forbidden_characters(text):
            yield member, "forbidden_character"
        elif member == "account" and not _ACCOUNT.fullmatch(text):
            yield member, "account_format"
        elif member == "cnaps" and not _CNAPS.fullmatch(text):
            yield member, "cnaps_format"
        elif len(text) > most:
            yield member, "too_long"
