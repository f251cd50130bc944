"""The bank's strictness: elements of a request must stand in exactly this order.

Rule kept here: only the form is judged, not the values; those are for the ledger to refuse.
Kept apart from the XSD on purpose: each finds the other's mistakes.

Source: CIB interface document V4.0.4, request tables ("M" mandatory, "?" optional).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from gateway.wire.libxml import Element
from gateway.wire.xml import Node

_SIGN_ON: Final = "DTCLIENT CID USERID? USERPASS? USERKEY? GENUSERKEY LANGUAGE? APPID? APPVER?"
_SHAPES: Final = {
    "FOX": "SIGNONMSGSRQV1 SECURITIES_MSGSRQV1?",
    "SIGNONMSGSRQV1": "SONRQ",
    "SONRQ": _SIGN_ON,
    "SECURITIES_MSGSRQV1": (
        "XFERTRNRQ? XFERINQTRNRQ? INQSTATETRNRQ? CURRACCTQUERYTRNRQ? SCUSTSTMTTRNRQ?"
        " RBATCHTRSFRTRNRQ? RPAYOFFTRNRQ? RPAYOFFINQTRNRQ? HISBALQUERYTRNRQ?"
        " TRADEOVERVIEWTRNRQ? RECEIPTTRNRQ? ELECTRONICRECEIPTTRNRQ? ASYNRECEIPTINFOTRNRQ?"
        " BATCHCHECKTRNRQ? BATCHCHECKQUERYTRNRQ?"
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
    "CURRACCTQUERYTRNRQ/RQBODY": "ACCTID",
    "SCUSTSTMTTRNRQ": "TRNUID CLTCOOKIE? SCUSTSTMTRQ",
    "SCUSTSTMTRQ": "VERSION? ACCTFROM INCTRAN? SELTYPE?",
    "INCTRAN": "DTSTART DTEND PAGE TRNTYPE?",
    "RBATCHTRSFRTRNRQ": "TRNUID RQBODY?",
    "RBATCHTRSFRTRNRQ/RQBODY": (
        "TITLE? ACCTFROM BIZTYPE TOTALCOUNT? TOTALAMOUNT? CHEQUENUM? CURSYM? PURPOSE DTDUE? MEMO?"
        " XFERINFO+"
    ),
    "RQBODY/XFERINFO": "INDX ACCTTO TRNAMT USE? REMARK?",
    "RPAYOFFTRNRQ": "TRNUID CLTCOOKIE? RPAYOFFRQ?",
    "RPAYOFFRQ": "RPAYOFFINFO",
    "RPAYOFFINFO": (
        "ACCTFROM TITLE DESCRIPTION TOTALCOUNT? TOTALAMOUNT? CHEQUENUM? DTDUE? REMARK? RPAYOFFLIST"
    ),
    "RPAYOFFLIST": "RPAYOFF+",
    "RPAYOFF": "INDX ACCTNAME ACCTID TRNAMT",
    "RPAYOFFINQTRNRQ": "TRNUID XFERINQRQ",
    "HISBALQUERYTRNRQ": "TRNUID CLTCOOKIE? HISBALQUERYRQ",
    "HISBALQUERYRQ": "HISBALQUERYINFO",
    "HISBALQUERYINFO": "ACCTID ACCTNAME? DTSTART DTEND",
    "TRADEOVERVIEWTRNRQ": "TRNUID RQBODY",
    "TRADEOVERVIEWTRNRQ/RQBODY": "QUERYDATE",
    "RECEIPTTRNRQ": "TRNUID BIZTYPE",
    "ELECTRONICRECEIPTTRNRQ": "TRNUID RQBODY",
    "ELECTRONICRECEIPTTRNRQ/RQBODY": "RECEIPT_TYPE ACCTID RECEIPTDATE",
    "ASYNRECEIPTINFOTRNRQ": "TRNUID RQBODY",
    "ASYNRECEIPTINFOTRNRQ/RQBODY": "CLT_REF_NO",
    "BATCHCHECKTRNRQ": "TRNUID RQBODY",
    "BATCHCHECKTRNRQ/RQBODY": "RECONCILEDATE RECONCILEACCOUNT?",
    "BATCHCHECKQUERYTRNRQ": "TRNUID RQBODY",
    "BATCHCHECKQUERYTRNRQ/RQBODY": "CLT_REF_NO",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One child in its parent's order."""

    name: str
    required: bool
    repeated: bool

    @property
    def pattern(self) -> str:
        """A regular expression over child names, each followed by a comma."""
        if self.repeated:
            return f"(?:{self.name},)+"
        return f"{self.name}," if self.required else f"(?:{self.name},)?"


def _place(part: str) -> Place:
    return Place(part.rstrip("?+"), not part.endswith("?"), part.endswith("+"))


ORDER: Final = MappingProxyType(
    {name: tuple(map(_place, shape.split())) for name, shape in _SHAPES.items()}
)
"""Parent (below its own parent where names are reused) → its children in order."""
_PATTERNS: Final = MappingProxyType(
    {
        parent: re.compile("".join(place.pattern for place in allowed))
        for parent, allowed in ORDER.items()
    }
)
_REUSED: Final = frozenset({"RQBODY", "XFERINFO"})
"""Names that mean different things below different parents."""
_KNOWN_MAX: Final = 128
"""Children of an element whose order is remembered."""
_EMPTY_REFUSED: Final = frozenset({"DTDUE"})
_FLAGS: Final = ("INTERBANK", "LOCAL")
_VALUES: Final = ("Y", "N")


def first_fault(request: Node) -> str:
    """Path of the first element that breaks the form, depth first; '' when there is none."""
    # Nearly every request is in order, and asking only whether it is takes a third of the time.
    element = request.element
    return "" if _in_order(element, _key(str(element.tag), "")) else _fault(request)


def _in_order(parent: Element, key: str) -> bool:
    """Whether everything keeps the form; False may also mean "look closer" (namespaces)."""
    children = list(parent)
    look = _inner if len(children) <= _KNOWN_MAX else _inner.__wrapped__
    inner = look(key, str(parent.tag), tuple([child.tag for child in children]))
    if inner is None:
        return False
    if key == "ACCTTO" and not all(parent.get(flag) in _VALUES for flag in _FLAGS):
        return False
    for at in inner.filled:
        if not children[at].text:
            return False
    # What is no container has no children: all there are must be those of the containers.
    below = sum(map(len, children))
    for at, inside in inner.containers:
        child = children[at]
        if not _in_order(child, inside):
            return False
        below -= len(child)
    return not below


class _Inner(NamedTuple):
    """Children in order: where containers stand, with their lines of ORDER, and what has a text."""

    containers: tuple[tuple[int, str], ...]
    filled: tuple[int, ...]


@lru_cache(maxsize=512)
def _inner(key: str, parent: str, tags: tuple[object, ...]) -> _Inner | None:
    """What to look at below these children; None when they do not stand in order.

    Remembered, because the lines of a batch have few forms. It holds names of elements only.
    """
    names = [str(tag) for tag in tags]
    if _PATTERNS[key].fullmatch("".join([f"{name}," for name in names])) is None:
        return None
    below = [_key(name, parent) if name in _REUSED else name for name in names]
    return _Inner(
        tuple((at, name) for at, name in enumerate(below) if name in _PATTERNS),
        tuple(at for at, name in enumerate(names) if name in _EMPTY_REFUSED),
    )


def _key(name: str, above: str) -> str:
    """The line of ORDER for ``name`` below an element called ``above`` ('' for the root)."""
    below = f"{above}/{name}"
    return below if below in ORDER else name


def _fault(node: Node) -> str:
    above = node.element.getparent()
    allowed = ORDER.get(_key(node.name, "" if above is None else str(above.tag)))
    if allowed is None:
        return _leaf_fault(node)
    if node.name == "ACCTTO" and not all(node.attr(flag) in _VALUES for flag in _FLAGS):
        return node.path
    at, seen = 0, False
    for child in node.children():
        while at < len(allowed) and allowed[at].name != child.name:
            if allowed[at].required and not seen:
                return f"{node.path}/{allowed[at].name}"
            at, seen = at + 1, False
        if at == len(allowed):
            return child.path
        if fault := _fault(child):
            return fault
        # A repeated element may come again, any other makes room for the next.
        at, seen = (at, True) if allowed[at].repeated else (at + 1, False)
    left = allowed[at + 1 :] if seen else allowed[at:]
    return next((f"{node.path}/{place.name}" for place in left if place.required), "")


def _leaf_fault(node: Node) -> str:
    if next(node.children(), None) is not None:
        return node.path
    return node.path if node.name in _EMPTY_REFUSED and not node.text() else ""
