"""pain.001 of any version as a stream of drafts, in flat memory.

Rule kept here: elements are matched by local name, the version is a hint. What this
adapter does not understand it refuses by name; what it cannot add up it reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.fields import Fields, Form, form_of, identification
from adapters.erp.iso20022.totals import Tally, scaled
from adapters.erp.iso20022.transaction import Block, amount_of, draft
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp import Draft, FileEnd, FileHead, FilePart
from gateway.wire.runs import Alike, runs
from gateway.wire.shapes import Shape
from gateway.wire.stream import Close, Event, Note, Open, Record

MESSAGE: Final = "CstmrCdtTrfInitn"
_ROOT: Final = f"/Document/{MESSAGE}"
_HEADER: Final = f"{_ROOT}/GrpHdr"
_TRANSACTION: Final = "CdtTrfTxInf"
RECORDS: Final = frozenset({"GrpHdr", "PmtTpInf", "ReqdExctnDt", "Dbtr", "DbtrAcct", _TRANSACTION})
_FAULTS_MAX: Final = 1000
"""More faults of the file as a whole than this help nobody; memory stays flat."""
_AFTER_TRANSACTIONS: Final = frozenset({_TRANSACTION, "SplmtryData"})


def read(chunks: Iterable[bytes]) -> Iterator[FilePart]:
    """Read a customer credit transfer initiation: a head, its drafts, an end.

    Versions .03 to .13 and local variants. The drafts are texts as written; NbOfTxs and
    CtrlSum of the file and of every PmtInf are compared exactly and differences
    are faults of the end. Raises WireError with path and line for a broken file, with
    ``unsupported`` for another message and ``namespace`` for a document without one.
    """
    yield from parts(runs(chunks, RECORDS, _TRANSACTION))


def parts(events: Iterable[Event | Alike]) -> Iterator[FilePart]:
    """What ``read`` gives, from XML events in which ``RECORDS`` come whole. Raises WireError."""
    reader = _Reader()
    for event in events:
        if isinstance(event, Alike):
            drafted = reader.alike(event)
            if drafted is not None:
                yield drafted
            continue
        match event:
            case Record(node):
                yield from reader.record(node.name, event)
            case Open():
                reader.opened(event)
            case Close():
                reader.closed(event)
            case Note(code):
                reader.note(code)
    yield reader.end()


def message_gate(event: Open, expected: frozenset[str]) -> str:
    """Check ``Document`` or the message element; the message's local name, '' for Document.

    Raises WireError ``unsupported`` that names the format, ``namespace`` or ``root``.
    """
    if event.path.count("/") == 1:
        if event.name != "Document":
            raise WireError("root", event.path, line=event.line)
        if not event.namespace:
            raise WireError("namespace", event.path, line=event.line)
        return ""
    if event.name not in expected:
        named = codes.format_of(event.namespace)
        where = f"{event.path} ({named})" if named else event.path
        raise WireError("unsupported", where, line=event.line)
    return event.name


class _Reader:
    """Where in the file we are. One per file."""

    def __init__(self) -> None:
        self._format = ""
        self._warnings: list[str] = []
        self._faults: list[Fault] = []
        self._dropped = 0
        self._message_id = ""
        self._whole = Tally(_HEADER)
        self._headed = self._messaged = False
        self._blocks = 0
        self._block: Block | None = None
        self._tally = Tally("")
        self._forms: dict[Shape, Form] = {}

    def note(self, code: str) -> None:
        """Remember a remark by its key in ``codes.WARNINGS``; each is made once."""
        warning = codes.WARNINGS[code]
        if warning not in self._warnings:
            self._warnings.append(warning)

    def opened(self, event: Open) -> None:
        """An element that is no record begins."""
        depth = event.path.count("/")
        if depth <= _MESSAGE_DEPTH:
            self._gate(event)
        elif depth == _BLOCK_DEPTH and event.name == "PmtInf":
            self._open_block(event)
        elif depth == _BLOCK_DEPTH + 1 and self._block is not None:
            self._in_order(event.name, event.line)

    def _gate(self, event: Open) -> None:
        name = message_gate(event, frozenset({MESSAGE}))
        if name and self._messaged:
            raise WireError("surplus", event.path, line=event.line)
        self._messaged = self._messaged or bool(name)
        if not name:
            self._format = codes.format_of(event.namespace)
            if not self._format:
                self._format = "pain.001"
                self.note("version_unknown")

    def _open_block(self, event: Open) -> None:
        if not self._headed:
            raise WireError("missing", _HEADER, line=event.line)
        self._blocks += 1
        path = f"{_ROOT}/PmtInf[{self._blocks}]"
        self._block = Block(path, self._message_id)
        self._tally = Tally(path)

    def closed(self, event: Close) -> None:
        """An element that is no record ended; leaves of a PmtInf carry their text."""
        depth = event.path.count("/")
        if self._block is None or depth < _BLOCK_DEPTH:
            return
        if depth == _BLOCK_DEPTH and event.name == "PmtInf":
            self._end_block(event.line)
        elif depth == _BLOCK_DEPTH + 1:
            self._leaf(self._block, event)

    def _leaf(self, block: Block, event: Close) -> None:
        match event.name:
            case "PmtInfId":
                block.payment_info_id = event.text
                if not identification(event.text):
                    self._fault("identification", f"{block.path}/PmtInfId", event.line)
            case "PmtMtd" if event.text not in codes.TRANSFER_METHODS:
                self._fault("payment_method", f"{block.path}/PmtMtd", event.line)
            case "NbOfTxs":
                self._tally.declared_count, self._tally.count_line = event.text, event.line
            case "CtrlSum":
                self._tally.declared_sum, self._tally.sum_line = event.text, event.line

    def _end_block(self, line: int | None) -> None:
        if not self._tally.count:
            raise WireError("missing", f"{self._tally.path}/{_TRANSACTION}", line=line)
        self._report(self._tally.faults())
        self._block = None

    def record(self, name: str, event: Record) -> Iterator[FilePart]:
        """A whole record: the header, a part of a PmtInf, or a transaction."""
        block = self._block
        if name == "GrpHdr" and block is None:
            yield self._head(Fields(event.node, _HEADER))
        elif block is None or event.node.path.count("/") != _BLOCK_DEPTH + 1:
            return
        elif name == _TRANSACTION:
            yield self._draft(block, event)
        else:
            self._in_order(name, event.node.line)
            self._part(block, name, event)

    def alike(self, event: Alike) -> Draft | None:
        """A transaction of a shape that was met before."""
        block, shape = self._block, event.shape
        if block is None or shape.path.count("/") != _BLOCK_DEPTH + 1:
            return None
        form = self._forms.get(shape)
        if form is None:
            form = self._forms[shape] = form_of(shape)
        path = self._next_path(block)
        return self._drafted(block, Fields.formed(form, event.texts, path, event.line))

    def _next_path(self, block: Block) -> str:
        return f"{block.path}/{_TRANSACTION}[{self._tally.count + 1}]"

    def _part(self, block: Block, name: str, event: Record) -> None:
        fields = Fields(event.node, f"{block.path}/{name}")
        match name:
            case "PmtTpInf":
                block.payment_type(fields)
            case "ReqdExctnDt":
                container = event.node.has("Dt") or event.node.has("DtTm")
                block.execution(fields, "" if container else event.node.text())
            case "Dbtr":
                block.debtor_name = fields["Nm"]
            case "DbtrAcct":
                block.account(fields)

    def _head(self, fields: Fields) -> FileHead:
        if self._headed:
            raise WireError("surplus", _HEADER, line=fields.line)
        self._headed = True
        self._message_id = fields["MsgId"]
        if not self._message_id:
            raise WireError("missing", f"{_HEADER}/MsgId", line=fields.line)
        if not identification(self._message_id):
            self._fault("identification", f"{_HEADER}/MsgId", fields.line)
        whole = self._whole
        whole.declared_count, whole.count_line = fields["NbOfTxs"], fields.line
        whole.declared_sum, whole.sum_line = fields["CtrlSum"], fields.line
        return FileHead(
            format=self._format,
            message_id=self._message_id,
            created=fields["CreDtTm"],
            count=whole.declared_count,
            control_sum=whole.declared_sum,
            warnings=tuple(self._warnings),
        )

    def _draft(self, block: Block, event: Record) -> Draft:
        return self._drafted(block, Fields(event.node, self._next_path(block)))

    def _drafted(self, block: Block, fields: Fields) -> Draft:
        amount = scaled(amount_of(fields))
        self._tally.add(amount)
        self._whole.add(amount)
        if fields.has("Amt/EqvtAmt/Amt"):
            self.note("equivalent_amount")
        return draft(fields, block)

    def _in_order(self, name: str, line: int | None) -> None:
        """What a PmtInf says after its first transaction would not have counted for that one."""
        if self._tally.count and name not in _AFTER_TRANSACTIONS:
            raise WireError("order", f"{self._tally.path}/{name}", line=line)

    def _fault(self, code: str, path: str, line: int | None) -> None:
        zh, en = _TEXTS[code]
        self._report([Fault(path=path, code=code, zh=zh, en=en, line=line)])

    def _report(self, faults: list[Fault]) -> None:
        room = _FAULTS_MAX - len(self._faults)
        self._faults += faults[:room]
        self._dropped += max(0, len(faults) - room)

    def end(self) -> FileEnd:
        """The file is well-formed to its end: compare the totals."""
        if not self._messaged:
            raise WireError("missing", _ROOT)
        if not self._headed:
            raise WireError("missing", _HEADER)
        if not self._blocks:
            raise WireError("missing", f"{_ROOT}/PmtInf")
        faults = (*self._whole.faults(), *self._faults)
        if self._dropped:
            self._warnings.append(f"另有 {self._dropped} 处错误 / {self._dropped} more faults")
        return FileEnd(count=self._whole.count, faults=faults, warnings=tuple(self._warnings))


_MESSAGE_DEPTH: Final = 2
_BLOCK_DEPTH: Final = 3
_TEXTS: Final = {
    "identification": (
        "标识缺失、为 NOTPROVIDED 或超过 35 个字符，请更正后重新生成文件",
        "the identification is empty, NOTPROVIDED or over 35 characters: correct the file",
    ),
    "payment_method": (
        "付款方式不是转账（TRF、TRA），本接口不受理支票等方式",
        "the payment method is no credit transfer (TRF, TRA): others are not taken here",
    ),
}
