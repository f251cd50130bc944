"""Rule sets and dry runs as they are sent: read strictly, every fault told with its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from gateway.domain.day import day_of
from gateway.domain.errors import Fault, Refused
from gateway.reconciliation.floors import floor_faults
from gateway.reconciliation.ledger_reading import sent
from gateway.reconciliation.rules import STANDARD, RuleSet, document_of

_COMMENT_MAX: Final = 1000
_SHOWN: Final = 40
_VERSION_MAX: Final = 10**9


class SentRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a proposal. What the rules do not name keeps its standard value."""

    rules: RuleSet
    comment: str = ""


class SentTrial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a dry run: rules, or the number of a version, and a period."""

    first: str = msgspec.field(name="from")
    last: str = msgspec.field(name="to")
    rules: RuleSet | None = None
    version: int | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A dry run that was read; exactly one of ``rules`` and ``version`` is there."""

    days: tuple[date, date]
    rules: RuleSet | None
    version: int | None


_rules: Final = msgspec.json.Decoder(SentRules).decode
_trial: Final = msgspec.json.Decoder(SentTrial).decode


def read_proposal(body: bytes) -> tuple[RuleSet, str]:
    """The rules and the comment of a proposal. Raises Refused with every fault."""
    _formed(body, "nothing was proposed", "对账规则未提交")
    told = sent(_rules, body)
    faults = _below(told.rules)
    if len(told.comment) > _COMMENT_MAX or not told.comment.isprintable():
        zh, en = f"最长 {_COMMENT_MAX} 个可见字符", f"at most {_COMMENT_MAX} visible characters"
        faults.append(_fault("/comment", "text", zh, en))
    if faults:
        raise Refused("nothing was proposed", "对账规则未提交", faults)
    return told.rules, told.comment


def read_trial(body: bytes) -> Wanted:
    """The rules and the period of a dry run. Raises Refused with every fault."""
    _formed(body, "nothing was compared", "试算请求有误")
    told = sent(_trial, body)
    faults = _below(told.rules) if told.rules is not None else []
    if (told.rules is None) == (told.version is None):
        zh, en = "rules 与 version 须且只能填一个", "give either rules or a version"
        faults.append(_fault("/rules", "either", zh, en))
    if told.version is not None and not 0 < told.version <= _VERSION_MAX:
        faults.append(_fault("/version", "unknown", "没有该版本", "there is no such version"))
    days = day_of(told.first), day_of(told.last)
    faults += [
        _fault(f"/{name}", "date", "日期须为真实日期 YYYY-MM-DD", "a real day as YYYY-MM-DD")
        for name, day in zip(("from", "to"), days, strict=True)
        if day is None
    ]
    if faults or days[0] is None or days[1] is None:
        raise Refused("nothing was compared", "试算请求有误", faults)
    return Wanted(days=(days[0], days[1]), rules=told.rules, version=told.version)


def _formed(body: bytes, en: str, zh: str) -> None:
    """Raise Refused naming every value of the rules that is unknown or of another kind."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return  # refused as a whole by who decodes it
    rules = told.get("rules") if isinstance(told, dict) else None
    if not isinstance(rules, dict):
        return
    faults = list(_misfits(rules, msgspec.json.decode(document_of(STANDARD)), "/rules"))
    if faults:
        raise Refused(en, zh, faults)


def _misfits(rules: dict[str, object], known: dict[str, object], at: str) -> Iterator[Fault]:
    for name, value in rules.items():
        path, standard = f"{at}/{name[:_SHOWN]}", known.get(name)
        if standard is None:
            yield _fault(path, "unknown_field", "没有该规则项", "there is no such value")
        elif isinstance(standard, dict) and isinstance(value, dict):
            yield from _misfits(value, standard, path)
        elif isinstance(standard, list) and isinstance(value, list):
            if not all(isinstance(it, str) for it in value):
                yield _fault(path, "type", "须为文本列表", "a list of texts")
        elif type(value) is not type(standard):
            zh, en = _KINDS[type(standard)]
            yield _fault(path, "type", zh, en)


_KINDS: Final[dict[type, tuple[str, str]]] = {
    int: ("须为整数", "a whole number"),
    str: ("须为文本", "a text"),
    list: ("须为文本列表", "a list of texts"),
    dict: ("须为各项分值", "points by their names"),
}


def _below(rules: RuleSet) -> list[Fault]:
    """What is wrong with the rules, by where it stands in the body."""
    return [
        _fault(f"/rules/{it.path.replace('.', '/')}", it.code, it.zh, it.en)
        for it in floor_faults(rules)
    ]


def _fault(path: str, code: str, zh: str, en: str) -> Fault:
    return Fault(path=path, code=code, zh=zh, en=en)
