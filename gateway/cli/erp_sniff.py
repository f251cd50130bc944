"""Which ERP's language a file is in: exactly one, or why not.

Rule kept here: nobody guesses. Where two languages know a file and neither is the more special
one, both are named and a person says which; where none does, what the file seems to be is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.cli.installed import installed
from gateway.dialects import erp_dialects
from gateway.domain.errors import NotFound, Refused
from gateway.ports.erp import ErpDialect

AUTO: Final = "auto"
_STANDARD: Final = "iso20022"
"""Many speak it and add to it: it stands behind all of them."""
_NAMES_MAX: Final = 12
_ELEMENT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)", re.ASCII)
_COMMENT: Final = re.compile(rb"<!--.*?-->", re.DOTALL)
_ZIP: Final = b"PK\x03\x04"


def candidates(name: str) -> dict[str, ErpDialect]:
    """Dialects that a name may mean: one flavour, all of a folder, or all (``auto``).

    Keys are full names. Raises NotFound for a name that nothing has.
    """
    folders = installed("erp")
    folder, _, flavour = name.partition("/")
    if name == AUTO:
        return {key: it for each in folders for key, it in _of(each).items()}
    if folder not in folders:
        listed = ", ".join([AUTO, *folders])
        raise NotFound(f"no such ERP; installed: {listed}", f"没有该 ERP 接口；已安装：{listed}")
    found = _of(folder)
    if not flavour:
        return found
    if name not in found:
        listed = ", ".join(sorted(found))
        raise NotFound(f"no such dialect; {folder} speaks: {listed}", f"没有该方言；有：{listed}")
    return {name: found[name]}


def _of(folder: str) -> dict[str, ErpDialect]:
    return {it.name: it for it in erp_dialects(folder).values()}


def choose(name: str, head: bytes) -> ErpDialect | None:
    """The one dialect that a file's first bytes belong to; None where none knows them.

    A flavour that was named in full is taken at its word: it says itself what is wrong. A
    folder's own dialect stands behind its flavours, and the plain standard behind everybody.
    Raises Refused, naming all, where several know the file equally well; NotFound.
    """
    found = candidates(name)
    if len(found) == 1 and name != AUTO:
        return next(iter(found.values()))
    special = foremost({key: it for key, it in found.items() if _knows(it, head)})
    if len(special) > 1:
        listed = ", ".join(sorted(special))
        raise Refused(
            f"several read such a file: {listed}; name one of them",
            f"多个方言都能读该文件：{listed}；请指明一个",
        )
    return next(iter(special.values()), None)


def behind(name: str) -> ErpDialect | None:
    """Whoever of a folder is to say what is wrong with a file that none of it knows."""
    if name == AUTO:
        return None
    own = erp_dialects(name.partition("/")[0])[""]
    return own if own.read is not None else None


def _knows(dialect: ErpDialect, head: bytes) -> bool:
    looks = (dialect.sniff, dialect.asks)
    return any(look is not None and look(head) for look in looks)


def foremost(knowing: Mapping[str, ErpDialect]) -> dict[str, ErpDialect]:
    """Those of them that stand behind no other one."""
    return {key: it for key, it in knowing.items() if not _stands_behind(key, knowing)}


def _stands_behind(name: str, knowing: Mapping[str, ErpDialect]) -> bool:
    """Whether somebody more special knows the file too."""
    folder = name.partition("/")[0]
    own = erp_dialects(folder)[""].name
    others = (other.partition("/")[0] for other in knowing if other != name)
    return name == own and any(folder in {other, _STANDARD} for other in others)


# ── what else it may be ───────────────────────────────────────────────────────────────────────

_MESSAGES: Final = (
    ("BkToCstmrStmt", "对账单（camt.053）", "a statement (camt.053)"),
    ("BkToCstmrAcctRpt", "账户报告（camt.052）", "an account report (camt.052)"),
    ("BkToCstmrDbtCdtNtfctn", "收付款通知（camt.054）", "a debit/credit notice (camt.054)"),
    ("CstmrPmtStsRpt", "付款状态报告（pain.002）", "a payment status report (pain.002)"),
)
_TEXTS: Final = (
    (
        re.compile(rb"\s*(?:--[^\n]*\n\s*)*(?:CREATE|INSERT|ALTER|SELECT|DROP)\s", re.IGNORECASE),
        "SQL 脚本：建表由 DBA 执行，付款经共享表行读取，不从脚本读取",
        "an SQL script: a DBA runs it; payments are read from rows of tables, never from a script",
    ),
    (
        re.compile(rb"(?:\{\d:[^{}]*\})*\s*(?:\{4:\s*)?:20:"),
        "MT940/MT942 对账单：由网关写给 ERP，不是付款文件",
        "an MT940/MT942 statement: what the gateway writes for an ERP, no payment file",
    ),
    (
        re.compile(rb"01,[^,]*,[^,]*,\d{6},"),
        "BAI2 对账单：由网关写给 ERP，不是付款文件",
        "a BAI2 statement: what the gateway writes for an ERP, no payment file",
    ),
    (
        re.compile(rb"(?:\"\"\"|#!|from \w|import \w|# )"),
        "程序源代码，不是付款文件",
        "a program's source, no payment file",
    ),
)


def seems(head: bytes) -> tuple[str, str]:
    """What a file that no dialect knows seems to be, in zh and en; never its values."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return "文件为空", "the file is empty"
    if start.startswith(b"<"):
        return _xml(head)
    if start.startswith(_ZIP):
        return "压缩包或工作簿，列名未映射", "an archive or workbook whose columns are not mapped"
    for pattern, zh, en in _TEXTS:
        if pattern.match(start):
            return zh, en
    if start.startswith((b"{", b"[")):
        return _json(start)
    if b"\t" in start.partition(b"\n")[0]:
        return "以制表符分隔的表，没有已知的列", "a tab separated table without known columns"
    return "无法识别的文件", "no format that is known here"


def _xml(head: bytes) -> tuple[str, str]:
    """By the names of the first two elements: nothing of it is parsed, it is only named."""
    names = [found.decode() for found in _ELEMENT.findall(_COMMENT.sub(b"", head))[:2]]
    if not names:
        return "损坏的 XML", "broken XML"
    for name, zh, en in _MESSAGES:
        if name in names:
            told = "：由网关写给 ERP，不是付款文件", ": what the gateway writes, no payment file"
            return zh + told[0], en + told[1]
    shown = "/".join(names)[:60]
    return f"XML <{shown}>，没有方言读取它", f"XML <{shown}>, which no dialect reads"


def _json(start: bytes) -> tuple[str, str]:
    try:
        members = msgspec.json.decode(start, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return "JSON，但没有方言读取它", "JSON that no dialect reads"
    listed = ", ".join(name[:40] for name in list(members)[:_NAMES_MAX])
    return (
        f"JSON 对象（{listed}），其中没有方言认得的付款单据",
        f"a JSON object ({listed}) in which no dialect knows a payment document",
    )
