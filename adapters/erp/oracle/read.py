"""An Oracle Payments (IBY) XML extract as a stream of drafts, in flat memory.

Rule kept here: elements are matched by local name; what stands twice where once was to be
expected is refused, never chosen from. Payments are the lines; the documents below a payment
only give its purpose.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from adapters.erp.iso20022 import read as read_standard
from adapters.erp.iso20022 import sniff as is_standard
from adapters.erp.iso20022.codes import ID_LENGTH_MAX
from adapters.erp.iso20022.fields import Fields, Wanted, wanted
from adapters.erp.iso20022.totals import Tally, scaled
from adapters.erp.oracle.codes import payroll, urgency
from adapters.erp.oracle.places import Paths, every_path
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp import Draft, FileEnd, FileHead, FilePart
from gateway.wire.stream import Event, Note, Open, Record, stream

ROOT: Final = "OutboundPaymentInstruction"
FORMAT: Final = "IBY OutboundPaymentInstruction"
PAYMENT: Final = "OutboundPayment"
_INFO: Final = "PaymentInstructionInfo"
_TOTALS: Final = "InstructionTotals"
_RECORDS: Final = frozenset({_INFO, _TOTALS, PAYMENT})
_OWN: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?OutboundPaymentInstruction[\s/>]", re.ASCII)
_START: Final = 1 << 16
_CNAPS_DIGITS: Final = 12
_DAY_LENGTH: Final = 10
_HEAD: Final = wanted(
    frozenset(
        {"InstructionReferenceNumber", "InstructionCreationDate"}
        | {"PaymentCount", "TotalPaymentAmount/Value"}
    ),
    frozenset(),
)
_REPEATED: Final = ("DocumentPayable", "Extend")
"""Elements of a payment that may come several times, and everything below them."""
_PURPOSE_MAX: Final = 20
"""Most documents whose numbers make a purpose; with more it says how many there are."""

Read = Callable[[Iterable[bytes]], Iterator[FilePart]]


def reader(paths: Paths) -> Read:
    """A function that reads extracts by these paths, and pain.001 by the standard."""
    places = _places(paths)

    def read(chunks: Iterable[bytes]) -> Iterator[FilePart]:
        """Read an extract, or the pain.001 that a template made of one. Raises WireError."""
        pieces = iter(chunks)
        start = _start(pieces)
        whole = chain([start], pieces)
        if is_standard(start) and not is_own(start):
            return read_standard(whole)
        return _Reader(paths, places).parts(stream(whole, _RECORDS))

    return read


def is_own(head: bytes) -> bool:
    """Whether the first bytes look like an extract."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    return start.startswith(b"<") and _OWN.search(start) is not None


def _start(pieces: Iterator[bytes]) -> bytes:
    """Enough of the file to know its message; the rest is still in ``pieces``."""
    start = b""
    while len(start) < _START and (piece := next(pieces, None)) is not None:
        start += piece
    return start


def _places(paths: Paths) -> Wanted:
    single: set[str] = set()
    repeated: set[str] = set()
    for path in every_path(paths):
        names = path.split("/")
        if names[0] in _REPEATED:
            repeated |= {"/".join(names[: end + 1]) for end in range(len(names))}
        else:
            single.add(path)
    return wanted(frozenset(single), frozenset(repeated))


class _Reader:
    """Where in the file we are. One per file."""

    def __init__(self, paths: Paths, places: Wanted) -> None:
        self._paths = paths
        self._places = places
        self._path = f"/{ROOT}"
        self._reference = ""
        self._tally = Tally(f"/{ROOT}/{_TOTALS}", "PaymentCount", "TotalPaymentAmount/Value")
        self._faults: list[Fault] = []
        self._headed = False
        self._totalled = False

    def parts(self, events: Iterable[Event]) -> Iterator[FilePart]:
        for event in events:
            match event:
                case Open() if event.path.count("/") == 1 and event.name != ROOT:
                    raise WireError("root", event.path, line=event.line)
                case Record(node) if node.path.count("/") == _DEPTH:
                    yield from self._record(node.name, event)
                case Record(node):
                    raise WireError("order", node.path, line=node.line)
                case Note() | Open() | _:
                    continue
        yield self._end()

    def _record(self, name: str, event: Record) -> Iterator[FilePart]:
        node = event.node
        if name == _INFO:
            yield self._head(Fields(node, f"{self._path}/{_INFO}", _HEAD))
        elif name == _TOTALS:
            self._totals(Fields(node, f"{self._path}/{_TOTALS}", _HEAD))
        elif not self._headed:
            raise WireError("missing", f"{self._path}/{_INFO}", line=node.line)
        else:
            path = f"{self._path}/{PAYMENT}[{self._tally.count + 1}]"
            yield self._payment(Fields(node, path, self._places))

    def _head(self, fields: Fields) -> FileHead:
        if self._headed:
            raise WireError("surplus", fields.path, line=fields.line)
        self._headed = True
        self._reference = fields["InstructionReferenceNumber"]
        if not self._reference:
            where = f"{fields.path}/InstructionReferenceNumber"
            raise WireError("missing", where, line=fields.line)
        if len(self._reference) > ID_LENGTH_MAX:
            self._faults.append(
                Fault(
                    path=f"{fields.path}/InstructionReferenceNumber",
                    code="identification",
                    zh=f"付款指令编号超过 {ID_LENGTH_MAX} 个字符，请更正后重新生成文件",
                    en=f"the instruction's reference is over {ID_LENGTH_MAX} characters:"
                    " correct the file",
                    line=fields.line,
                )
            )
        return FileHead(
            format=FORMAT,
            message_id=self._reference,
            created=fields["InstructionCreationDate"],
        )

    def _totals(self, fields: Fields) -> None:
        if self._totalled:
            raise WireError("surplus", fields.path, line=fields.line)
        self._totalled = True
        tally = self._tally
        tally.declared_count, tally.count_line = fields["PaymentCount"], fields.line
        tally.declared_sum, tally.sum_line = fields["TotalPaymentAmount/Value"], fields.line

    def _payment(self, fields: Fields) -> Draft:
        texts = {name: self._text(fields, name) for name in self._paths}
        at = {name: f"{fields.path}/{paths[0]}" for name, paths in self._paths.items()}
        own = texts["reference"]
        self._tally.add(scaled(texts["amount"]))
        cnaps = texts["creditor_agent_cnaps"]
        twelve = len(cnaps) == _CNAPS_DIGITS and cnaps.isascii() and cnaps.isdigit()
        business_type, payroll_purpose = payroll(texts["payroll"])
        usable = 0 < len(own) <= ID_LENGTH_MAX
        return Draft(
            erp_reference=f"{self._reference}/{own}" if usable else "",
            debtor_account=texts["debtor_account"],
            debtor_name=texts["debtor_name"],
            creditor_name=texts["creditor_name"],
            creditor_account=texts["creditor_account"],
            creditor_agent_name=texts["creditor_agent_name"],
            creditor_agent_cnaps=cnaps if twelve else "",
            creditor_agent_bic=texts["creditor_agent_bic"],
            creditor_city=texts["creditor_city"],
            amount=texts["amount"],
            currency=texts["currency"],
            purpose=texts["purpose"],
            business_type=business_type,
            payroll_purpose=payroll_purpose,
            urgency=urgency(texts["urgency"]),
            execution_date=texts["execution_date"][:_DAY_LENGTH],
            end_to_end_id=own if usable else "",
            reconciliation_code=texts["reconciliation_code"],
            at={
                **at,
                "erp_reference": at["reference"],
                "end_to_end_id": at["reference"],
                "business_type": at["payroll"],
            },
            line=fields.line,
            source={
                "message_id": self._reference,
                "payment_info_id": self._reference,
                "instruction_id": own,
                "end_to_end_id": own,
                "debtor_account": texts["debtor_account"],
            },
        )

    def _text(self, fields: Fields, name: str) -> str:
        """The text of the first alternative that has one; several documents are joined."""
        for path in self._paths[name]:
            if path.partition("/")[0] not in _REPEATED:
                if fields.has(path):
                    return fields[path]
                continue
            found = list(fields.each(path))
            if len(found) > _PURPOSE_MAX:
                return f"{' '.join(found[:_PURPOSE_MAX])} 等{len(found)}笔"
            if found:
                return " ".join(found)
        return ""

    def _end(self) -> FileEnd:
        if not self._headed:
            raise WireError("missing", f"{self._path}/{_INFO}")
        if not self._tally.count:
            raise WireError("missing", f"{self._path}/{PAYMENT}")
        return FileEnd(count=self._tally.count, faults=(*self._tally.faults(), *self._faults))


_DEPTH: Final = 2
