"""Options of NC and U8 systems: their form, and what they choose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.bills import KINDS, Bill, Words, bills_of, kind_of
from adapters.erp.yonyou.posting import Desk
from adapters.erp.yonyou.telling import CREDIT, DEBIT
from gateway.domain.errors import Fault, Refused
from gateway.ports.erp import FileFacts, FileWriter
from gateway.ports.erp_told import Told, ToldKind

_PATH: Final = re.compile(r"/[\w./-]{1,200}", re.ASCII)
_TEXT: Final = re.compile(r"[^\s<>&\"']{1,64}")
_NUMBER: Final = re.compile(r"-?[0-9A-Za-z]{1,8}", re.ASCII)
_STATES: Final = {
    codes.PAID: "paystate_paid",
    codes.NOT_PAID: "paystate_failed",
    codes.UNKNOWN: "paystate_unknown",
    codes.UNDER_WAY: "paystate_processing",
}


def refuse_faults(
    options: Mapping[str, str], known: frozenset[str], *, needed: tuple[str, ...]
) -> None:
    """Raises Refused with every option that is missing, of another form, or contradicts others.

    Options that are not ``known`` are the transport's, and none of our business.
    """
    faults = [
        _fault(name, "缺失或格式不对", "is missing or of another form")
        for name in sorted({*(known & options.keys()), *needed})
        if not _form(name).fullmatch(options.get(name, ""))
    ]
    states = words_of(options).pay_states
    # Whoever reads one number as two outcomes would pay again, or never.
    if len(set(states.values())) != len(states):
        faults.append(_fault("paystate_*", "的取值相互重复", "has one number for two outcomes"))
    if faults:
        raise Refused("options of a Yonyou system", "用友系统的选项有误", faults)


def words_of(options: Mapping[str, str]) -> Words:
    """The numbers that a site uses."""
    return Words(
        pay_states={
            name: options.get(option, codes.PAY_STATES[name]) for name, option in _STATES.items()
        },
        debit=options.get("cdflag_debit", DEBIT),
        credit=options.get("cdflag_credit", CREDIT),
    )


def files_of(desk: Desk) -> Mapping[ToldKind, FileWriter]:
    """The same messages as files, for systems that read them from a folder."""
    return {kind: FileWriter(suffix="xml", write=partial(_written, desk)) for kind in KINDS}


def _written(desk: Desk, told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    """One file; records of one kind. The file's own id is the gateway's business."""
    del facts
    bills: list[Bill] = list(
        {bill.id: bill for one in told for bill in bills_of(one, desk.words)}.values()
    )
    for one in islice(told, 1):
        yield desk.write(kind_of(one), bills)


def _form(name: str) -> re.Pattern[str]:
    if name == "servlet":
        return _PATH
    return _NUMBER if name.startswith(("paystate_", "cdflag_")) else _TEXT


def _fault(name: str, zh: str, en: str) -> Fault:
    return Fault(
        path=f"/options/{name}",
        code="option",
        zh=f"选项 {name} {zh}，见 adapters/erp/yonyou/README.md",
        en=f"option {name} {en}: adapters/erp/yonyou/README.md",
    )
