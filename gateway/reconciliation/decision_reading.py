"""A person's decision as it is sent: read strictly, with the place of what is wrong."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.domain.balance_sheet import Side
from gateway.domain.errors import Fault, Refused
from gateway.reconciliation.deciding import PARTS_MAX, Said, Wanted, Wish
from gateway.reconciliation.ledger_reading import sent

ACTIONS: Final = ("match", "accept", "unmatch", "write_off", "note")
_NEEDS: Final = {
    "match": ("reason",),
    "accept": ("suggestion",),
    "unmatch": ("match", "reason"),
    "write_off": ("reason",),
    "note": ("side", "ref"),
}
_LONGEST: Final = {
    "suggestion": 40,
    "match": 40,
    "reason": 1000,
    "side": 4,
    "ref": 160,
    "owner": 128,
    "comment": 1000,
}


class SentPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line or an item as it was named."""

    ref: str
    amount: str = ""


class SentDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a call."""

    action: str
    entries: tuple[SentPart, ...] = ()
    items: tuple[SentPart, ...] = ()
    suggestion: str = ""
    match: str = ""
    reason: str = ""
    side: str = ""
    ref: str = ""
    owner: str = ""
    comment: str = ""

    @property
    def wish(self) -> Wish:
        """What is to be matched or written off."""
        return Wish(entries=_wanted(self.entries), items=_wanted(self.items), reason=self.reason)

    @property
    def said(self) -> Said:
        """What is said of a thing."""
        return Said(side=Side(self.side), ref=self.ref, owner=self.owner, comment=self.comment)


_decode: Final = msgspec.json.Decoder(SentDecision).decode


def read_decision(body: bytes) -> SentDecision:
    """Read a decision. Raises Refused with every fault."""
    return checked(sent(_decode, body))


def checked(told: SentDecision) -> SentDecision:
    """A decision that says all it must. Raises Refused with every fault."""
    faults = list(_faults(told))
    if faults:
        raise Refused("the decision was refused", "决定有误，未受理", faults)
    return told


def _faults(told: SentDecision) -> list[Fault]:
    if told.action not in ACTIONS:
        listed = ", ".join(ACTIONS)
        return [_fault("action", "unknown_word", f"可选值：{listed}", f"one of {listed}")]
    found = [
        _fault(name, "required", "必填", "required")
        for name in _NEEDS[told.action]
        if not getattr(told, name).strip()
    ]
    for name, most in _LONGEST.items():
        text = getattr(told, name)
        if len(text) > most:
            found.append(_fault(name, "too_long", f"最长 {most} 字符", f"at most {most}"))
        if not text.isprintable():
            zh, en = "含不可见字符", "holds an invisible character"
            found.append(_fault(name, "forbidden_character", zh, en))
    if told.side and told.side not in frozenset(Side):
        found.append(_fault("side", "unknown_word", "可选值：bank, book", "one of bank, book"))
    parts = (*told.entries, *told.items)
    if len(parts) > PARTS_MAX:
        zh, en = f"一次至多 {PARTS_MAX} 条", f"{PARTS_MAX} at most at once"
        found.append(_fault("entries", "too_many", zh, en))
    if any(not it.ref.isprintable() or len(it.ref) > _LONGEST["ref"] for it in parts):
        found.append(_fault("entries", "ref", "标识格式有误", "not the name of a line or item"))
    return found


def _wanted(parts: tuple[SentPart, ...]) -> tuple[Wanted, ...]:
    return tuple(Wanted(it.ref, it.amount) for it in parts)


def _fault(name: str, code: str, zh: str, en: str) -> Fault:
    return Fault(path=f"/{name}", code=code, zh=zh, en=en)
