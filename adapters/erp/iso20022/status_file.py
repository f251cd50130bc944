"""A pain.002 of any version as one plain object: what a bank or gateway said about a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.fields import Fields, wanted
from adapters.erp.iso20022.read import message_gate
from gateway.domain.errors import WireError
from gateway.wire.stream import Close, Event, Note, Open, Record

MESSAGE: Final = "CstmrPmtStsRpt"
_ROOT: Final = f"/Document/{MESSAGE}"
RECORDS: Final = frozenset({"GrpHdr", "OrgnlGrpInfAndSts", "StsRsnInf", "TxInfAndSts"})
_CODE: Final = ("StsRsnInf/Rsn/Cd", "StsRsnInf/Rsn/Prtry")
_TEXT: Final = "StsRsnInf/AddtlInf"
_PLACES: Final = wanted(
    frozenset(
        {"MsgId", "CreDtTm", "OrgnlMsgId", "OrgnlMsgNmId", "GrpSts"}
        | {"OrgnlInstrId", "OrgnlEndToEndId", "TxSts", "AcctSvcrRef"}
        | {"OrgnlTxRef/Amt/InstdAmt", "Rsn/Cd", "Rsn/Prtry"}
    ),
    frozenset({"StsRsnInf", "StsRsnInf/Rsn", *_CODE, _TEXT, "AddtlInf"}),
)
_BLOCK_DEPTH: Final = 3


def describe(events: Iterable[Event]) -> dict[str, object]:
    """Read a customer payment status report to its end. Raises WireError."""
    reader = _Reader()
    for event in events:
        match event:
            case Open():
                reader.opened(event)
            case Close():
                reader.closed(event)
            case Record():
                reader.record(event)
            case Note(code):
                reader.warnings.append(codes.WARNINGS[code])
    return reader.result()


class _Reader:
    """The report as far as it was read. One per file."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._format = ""
        self._found: dict[str, str | None] = {}
        self._blocks: list[dict[str, str | None]] = []
        self._transactions: list[dict[str, str | None]] = []

    def opened(self, event: Open) -> None:
        """Check the message; begin a payment information block."""
        depth = event.path.count("/")
        if depth < _BLOCK_DEPTH:
            if not message_gate(event, frozenset({MESSAGE})):
                self._format = codes.format_of(event.namespace)
                if not self._format:
                    self._format = "pain.002"
                    self.warnings.append(codes.WARNINGS["version_unknown"])
        elif depth == _BLOCK_DEPTH and event.name == "OrgnlPmtInfAndSts":
            self._blocks.append(dict.fromkeys(_BLOCK_KEYS))

    def closed(self, event: Close) -> None:
        """Take the leaves of a payment information block."""
        if event.path.count("/") == _BLOCK_DEPTH + 1 and self._blocks:
            if event.name == "OrgnlPmtInfId":
                self._blocks[-1]["original_payment_info_id"] = event.text or None
            elif event.name == "PmtInfSts":
                self._blocks[-1]["status"] = event.text or None

    def record(self, event: Record) -> None:
        """Take the header, the group, a block's reason or a transaction."""
        node = event.node
        fields = Fields(node, node.path, _PLACES)
        match node.name:
            case "GrpHdr":
                if "message_id" in self._found:
                    raise fields.fault("surplus", "MsgId")
                self._found["message_id"] = fields["MsgId"] or None
                self._found["created"] = fields["CreDtTm"] or None
            case "OrgnlGrpInfAndSts":
                self._group(fields)
            case "TxInfAndSts":
                self._transactions.append(self._transaction(fields))
            case "StsRsnInf" if self._blocks:
                self._blocks[-1]["reason"] = fields.choice("Rsn/Cd", "Rsn/Prtry")[1] or None
                self._blocks[-1]["text"] = " ".join(fields.each("AddtlInf")) or None

    def _group(self, fields: Fields) -> None:
        self._found |= {
            "original_message_id": fields["OrgnlMsgId"] or None,
            "original_format": fields["OrgnlMsgNmId"] or None,
            "group_status": fields["GrpSts"] or None,
            "group_reason": _reason(fields),
            "group_text": " ".join(fields.each(_TEXT)) or None,
        }

    def _transaction(self, fields: Fields) -> dict[str, str | None]:
        block = self._blocks[-1]["original_payment_info_id"] if self._blocks else None
        return {
            "original_payment_info_id": block,
            "original_instruction_id": fields["OrgnlInstrId"] or None,
            "original_end_to_end_id": fields["OrgnlEndToEndId"] or None,
            "status": fields["TxSts"] or None,
            "reason": _reason(fields),
            "text": " ".join(fields.each(_TEXT)) or None,
            "amount": fields["OrgnlTxRef/Amt/InstdAmt"] or None,
            "currency": fields["OrgnlTxRef/Amt/InstdAmt@Ccy"] or None,
            "bank_reference": fields["AcctSvcrRef"] or None,
        }

    def result(self) -> dict[str, object]:
        """The whole report. Raises WireError ``missing`` without header or original group."""
        for key, name in (("message_id", "GrpHdr"), ("original_message_id", "OrgnlGrpInfAndSts")):
            if key not in self._found:
                raise WireError("missing", f"{_ROOT}/{name}")
        return {
            "kind": "status_report",
            "format": self._format,
            **self._found,
            "payment_infos": self._blocks,
            "transactions": self._transactions,
            "warnings": self.warnings,
        }


_BLOCK_KEYS: Final = ("original_payment_info_id", "status", "reason", "text")


def _reason(fields: Fields) -> str | None:
    """All reason codes, ISO codes first, joined by a space; None if there is none."""
    return " ".join(code for name in _CODE for code in fields.each(name)) or None
