"""PEXR2002 payment IDocs (PAYEXT) as XML: one IDoc is one payment; read in flat memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from adapters.erp.iso20022.codes import ID_LENGTH_MAX
from adapters.erp.sap.idoc_places import Paths, each, one, written
from gateway.domain.errors import WireError
from gateway.ports.erp import Draft, FileEnd, FileHead, FilePart
from gateway.wire.stream import Open, Record, stream
from gateway.wire.xml import Node

ROOT: Final = "PEXR2002"
FORMAT: Final = "PEXR2002 PAYEXT"
_IDOC: Final = "IDOC"
_CONTROL: Final = "EDI_DC40"
_DEPTH: Final = 2
_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_CNAPS: Final = re.compile(r"[0-9]{12}", re.ASCII)
_OWN: Final = re.compile(rb"<PEXR2002[\s/>]", re.ASCII)
_JOINED: Final = frozenset({"purpose"})

Read = Callable[[Iterable[bytes]], Iterator[FilePart]]


def sniff(head: bytes) -> bool:
    """Whether the first bytes look like payment IDocs."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    return start.startswith(b"<") and _OWN.search(start) is not None


def reader(paths: Paths) -> Read:
    """A function that reads payment IDocs by these paths. It raises WireError."""

    def read(chunks: Iterable[bytes]) -> Iterator[FilePart]:
        count = 0
        for event in stream(chunks, frozenset({_IDOC})):
            match event:
                case Open() if event.path.count("/") == 1 and event.name != ROOT:
                    raise WireError("root", event.path, line=event.line)
                case Record(node) if node.path.count("/") == _DEPTH:
                    count += 1
                    number = _number(node, f"/{ROOT}/{_IDOC}[{count}]")
                    if count == 1:
                        yield FileHead(format=FORMAT, message_id=number)
                    yield _draft(node, f"/{ROOT}/{_IDOC}[{count}]", paths, number)
                case Record(node):
                    raise WireError("order", node.path, line=node.line)
                case _:
                    continue
        if not count:
            raise WireError("missing", f"/{ROOT}/{_IDOC}")
        yield FileEnd(count=count)

    return read


def _number(node: Node, where: str) -> str:
    """The number of the IDoc. Raises WireError ``missing``: no status could name it."""
    control = node.maybe(_CONTROL)
    found = control.maybe("DOCNUM") if control is not None else None
    number = found.text().strip() if found is not None else ""
    if not 0 < len(number) <= ID_LENGTH_MAX:
        raise WireError("missing", f"{where}/{_CONTROL}/DOCNUM", line=node.line)
    return number


def _draft(node: Node, where: str, paths: Paths, number: str) -> Draft:
    texts = {name: _text(node, where, paths, name) for name in paths}
    at = {name: f"{where}/{written(found[0])}" for name, found in paths.items()}
    reference = texts["reference"]
    key = f"{texts['sender']}/{reference}" if texts["sender"] else reference
    usable = 0 < len(reference) <= ID_LENGTH_MAX
    cnaps = texts["creditor_agent_cnaps"]
    day = _DAY.fullmatch(texts["execution_date"])
    return Draft(
        erp_reference=key if usable else "",
        debtor_account=texts["debtor_account"],
        debtor_name=texts["debtor_name"],
        creditor_name=texts["creditor_name"],
        creditor_account=texts["creditor_account"],
        creditor_agent_name=texts["creditor_agent_name"],
        creditor_agent_cnaps=cnaps if _CNAPS.fullmatch(cnaps) else "",
        creditor_city=texts["creditor_city"],
        amount=texts["amount"],
        currency=texts["currency"],
        purpose=texts["purpose"],
        execution_date="-".join(day.groups()) if day else texts["execution_date"],
        end_to_end_id=reference if usable else "",
        at={**at, "erp_reference": at["reference"], "end_to_end_id": at["reference"]},
        line=node.line,
        source={"idoc": number, "end_to_end_id": reference, "message_id": number},
    )


def _text(node: Node, where: str, paths: Paths, name: str) -> str:
    """The text of the first alternative that has one; purposes of several places are joined."""
    for path in paths[name]:
        found = " ".join(each(node, path)) if name in _JOINED else one(node, path, where)
        if found:
            return found
    return ""
