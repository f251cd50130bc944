"""The bank's strictness: elements of a request must stand in exactly this order.

Rule kept here: only the form is judged, not the values; those are for the ledger to refuse.
Kept apart from the XSD on purpose: each finds the other's mistakes.

Source: CIB interface document V4.0.4, request tables ("M" mandatory, "?" optional).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from gateway.wire.xml import Node

_SIGN_ON: Final = "DTCLIENT CID USERID? USERPASS? USERKEY? GENUSERKEY LANGUAGE? APPID? APPVER?"
_SHAPES: Final = {
    "FOX": "SIGNONMSGSRQV1 SECURITIES_MSGSRQV1?",
    "SIGNONMSGSRQV1": "SONRQ",
    "SONRQ": _SIGN_ON,
    "SECURITIES_MSGSRQV1": (
        "XFERTRNRQ? XFERINQTRNRQ? INQSTATETRNRQ? CURRACCTQUERYTRNRQ? SCUSTSTMTTRNRQ?"
    ),
    "XFERTRNRQ": "TRNUID CLTCOOKIE? XFERRQ",
    "XFERRQ": "XFERINFO",
    "XFERINFO": ("ACCTFROM ACCTTO CHEQUENUM? CURSYM? TRNAMT PMTMODE? PURPOSE DTDUE? MEMO?"),
    "ACCTFROM": "ACCTID NAME? BANKDESC? CITY?",
    "ACCTTO": "ACCTID NAME BANKDESC? BANKNUM? CITY? COLLECT?",
    "XFERINQTRNRQ": "TRNUID XFERINQRQ",
    "XFERINQRQ": "CLIENTREF",
    "INQSTATETRNRQ": "TRNUID INQSTATECOND",
    "INQSTATECOND": "SRVRID? CLIENTREF?",
    "CURRACCTQUERYTRNRQ": "TRNUID RQBODY",
    "RQBODY": "ACCTID",
    "SCUSTSTMTTRNRQ": "TRNUID CLTCOOKIE? SCUSTSTMTRQ",
    "SCUSTSTMTRQ": "VERSION? ACCTFROM INCTRAN? SELTYPE?",
    "INCTRAN": "DTSTART DTEND PAGE TRNTYPE?",
}
ORDER: Final = MappingProxyType(
    {
        name: tuple((part.rstrip("?"), not part.endswith("?")) for part in shape.split())
        for name, shape in _SHAPES.items()
    }
)
"""Parent → its children in order, each with whether it must be there."""
_PATTERNS: Final = MappingProxyType(
    {
        parent: re.compile(
            "".join(f"{name}," if required else f"(?:{name},)?" for name, required in allowed)
        )
        for parent, allowed in ORDER.items()
    }
)
_EMPTY_REFUSED: Final = frozenset({"DTDUE"})
_FLAGS: Final = ("INTERBANK", "LOCAL")
_VALUES: Final = ("Y", "N")


def first_fault(request: Node) -> str:
    """Path of the first element that breaks the form, depth first; '' when there is none."""
    # Nearly every request is in order, and asking only whether it is takes a third of the time.
    return "" if _in_order(request) else _fault(request)


def _in_order(node: Node) -> bool:
    """Whether everything keeps the form; False may also mean "look closer" (namespaces)."""
    element = node.element
    for parent in element.iter():
        name = str(parent.tag)
        pattern = _PATTERNS.get(name)
        if pattern is None:
            if len(parent) or (name in _EMPTY_REFUSED and not parent.text):
                return False
        elif pattern.fullmatch("".join([f"{child.tag!s}," for child in parent])) is None:
            return False
        if name == "ACCTTO" and not all(parent.get(flag) in _VALUES for flag in _FLAGS):
            return False
    return True


def _fault(node: Node) -> str:
    allowed = ORDER.get(node.name)
    if allowed is None:
        return _leaf_fault(node)
    if node.name == "ACCTTO" and not all(node.attr(flag) in _VALUES for flag in _FLAGS):
        return node.path
    waiting = iter(allowed)
    for child in node.children():
        for name, required in waiting:
            if name == child.name:
                break
            if required:
                return f"{node.path}/{name}"
        else:
            return child.path
        if fault := _fault(child):
            return fault
    return next((f"{node.path}/{name}" for name, required in waiting if required), "")


def _leaf_fault(node: Node) -> str:
    if next(node.children(), None) is not None:
        return node.path
    return node.path if node.name in _EMPTY_REFUSED and not node.text() else ""
